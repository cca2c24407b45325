/* cmd.h - the verbs of the command line
 *
 * A verb is a function of what was asked; it prints and returns the exit status. This directory is
 * the only one that prints, and holds no more than that takes.
 */
#ifndef LAUNCHER_CMD_CMD_H
#define LAUNCHER_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/base/base.h"
#include "launcher/eval/eval.h"

#define LUNETTE_VERSION "0.1.0"

enum {
	EXIT_YES = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_WALL = 124,
	EXIT_LIMIT = 123,
	EXIT_FAILED = 125, /* of run: lunette itself failed or was misused */
};

struct request;

/* What words a verb takes beside options. */
enum verb_words {
	WORDS_NONE,
	WORDS_ANY,     /* options may stand behind them too */
	WORDS_COMMAND, /* options end at the first: what follows is a command's own */
};

struct verb {
	const char *name;
	const char *arguments; /* of the usage line, after the verb */
	const char *summary;
	int (*run)(const struct request *request);
	int misuse; /* exit status of a wrong command line */
	enum verb_words words;
	const char *more; /* of the help, before the options; or NULL */
};

extern const struct verb verbs[]; /* ended by a NULL name */

struct request {
	const struct verb *verb;
	const char *profile; /* as it was given, or NULL */
	const char *report;
	const char *plan;
	const char *out;
	bool verbose;
	bool verify;
	bool json;
	bool help;
	struct eval_option *options; /* those that change the plan */
	size_t option_count;
	char **words; /* what is no option, NULL at the end */
	size_t word_count;
	char *const *environment;
	char *const *arguments; /* of main() */
};

int cmd_run(const struct request *request);
int cmd_check(const struct request *request);
int cmd_plan(const struct request *request);
int cmd_doctor(const struct request *request);
int cmd_profiles(const struct request *request);
int cmd_seccomp(const struct request *request);
int cmd_why(const struct request *request);
int cmd_lua(const struct request *request);

/* help_print() - the usage of @verb, or of all where it is NULL. Returns the exit status. */
int help_print(const struct verb *verb);

/* print_out() - write @text to standard output; returns 0, or -errno and has said so. */
int print_out(const char *text, size_t length);

/* print_error() - one line on standard error: "lunette: stage: object: reason (hint)". */
void print_error(const struct err *err);

/* print_note() - one line on standard error, escaped, after "lunette: ". */
void print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* print_escaped() - append @text with every byte outside printable ASCII as \xHH. */
void print_escaped(struct buf *out, const char *text);

/* ask_plan() - evaluate what @request asks for
 * @profile: as it was given, or NULL for `default`
 * @record: with its inputs. Returns 0 or -errno with @err.
 */
int ask_plan(const struct request *request, const char *profile, bool record,
	     struct eval_answer *answer, struct err *err);

/* ask_start() - the first half of it: eval_wait() is the other. */
int ask_start(struct evaluation **evaluation, const struct request *request, const char *profile,
	      bool record, struct eval_answer *answer, struct err *err);

struct plan;

/* ask_profile() - evaluate @profile for itself, without the request's words, and decode its plan
 * @here: NULL, or is filled with why it refuses the working directory where it is a plan in others
 * Returns 0 or -errno with @err.
 */
int ask_profile(const struct request *request, const char *profile, struct eval_answer *answer,
		struct plan *plan, struct err *here, struct err *err);

/* warn_all() - print each of the answer's warnings as a note. */
void warn_all(const struct eval_answer *answer);

#endif
