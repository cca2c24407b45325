/* eval.h - from a profile and a command line to the text of a plan
 *
 * Lua runs in a child that is thrown away afterwards. It can only compute: one socket, a seccomp
 * filter that leaves read, write, memory and exit, and limits on memory and time. What it wants to
 * know of the host it asks over the socket; the launcher answers, and records the questions as the
 * plan's inputs. Nothing that comes back is trusted: plan_decode() checks the text.
 */
#ifndef LAUNCHER_EVAL_EVAL_H
#define LAUNCHER_EVAL_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/base.h"

/* An option of the command line that changes the plan. */
struct eval_option {
	const char *key;   /* "ro" */
	const char *value; /* NULL: a flag */
};

struct eval_question {
	const char *verb;
	const char *profile; /* a name, or a path with a slash */
	const struct eval_option *options;
	size_t option_count;
	char *const *command;
	size_t command_count;
	char *const *environment;
	bool record;    /* add `input` lines to the plan */
	bool elsewhere; /* as if asked in a directory in which nothing is, and that is nobody's */
};

struct eval_answer {
	struct buf plan;
	struct buf warnings; /* each ended by NUL */
	int child;           /* pid of the evaluator until it is reaped, or 0 */
};

/* eval_run() - ask the profile language for a plan
 * Returns 0 with @answer filled, or -errno with @err; limits are 0.5 s of the child's processor
 * time and 10 s in all. The child may still be on its way out: eval_reap() waits for it.
 */
int eval_run(const struct eval_question *question, struct eval_answer *answer, struct err *err);

struct evaluation;

/* eval_start(), eval_wait() - the two halves of eval_run(), for a launcher that has something else
 * to do meanwhile; the child's questions wait as long. @answer must live until eval_wait(), which
 * is called once after each successful eval_start().
 * @stops: signals that are blocked, as bits, of which one ends the evaluation: -EINTR. See
 *         base/stops.h for what is done where a question is answered. */
int eval_start(struct evaluation **evaluation, const struct eval_question *question,
	       struct eval_answer *answer, struct err *err);
int eval_wait(struct evaluation *evaluation, uint64_t stops, struct err *err);

/* eval_socket() - its descriptor, which another child of the launcher has no use for. */
int eval_socket(const struct evaluation *evaluation);

/* eval_reap() - end the child, which has nothing more to say, before the program's end: a launcher
 * may run for days. */
void eval_reap(struct eval_answer *answer);

void eval_finish(struct eval_answer *answer);

#endif
