/* test_evaluation.c - the launcher's end of an evaluation, whose child a profile has taken over
 *
 * The child here is none of the evaluator's: it says what a row of a table says, and ends. What
 * more there could be said tests/fuzz/evaluator.c tries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/eval/child.h"
#include "launcher/eval/message.h"
#include "launcher/plan/plan.h"
#include "tests/unit/tap.h"

enum { WARNINGS = MESSAGE_MAX_WARNINGS + 1 };

static struct buf words;

/* Stands in for child.c. */
_Noreturn void child_main(int socket, const struct child_birth *birth)
{
	(void)birth;
	for (size_t done = 0; done < words.length;) {
		long sent = sys_sendto(socket, words.data + done, words.length - done, MSG_NOSIGNAL,
				       NULL, 0);

		if (sent <= 0)
			break;
		done += (size_t)sent;
	}
	for (;;)
		(void)sys_exit_group(0);
}

/* @length: what the head says, whatever follows. */
static void say(uint32_t kind, size_t length, const char *bytes, size_t count)
{
	const struct message head = { kind, (uint32_t)length };

	buf_bytes(&words, &head, sizeof(head));
	buf_bytes(&words, bytes, count);
	if (words.failed)
		abort();
}

static int hear(struct eval_answer *answer, struct err *err)
{
	static char *const environment[] = { NULL };
	const struct eval_question question = {
		.verb = "run", .profile = "base", .environment = environment, .record = true
	};
	int r = eval_run(&question, answer, err);

	words.length = 0;
	return r;
}

static void is_refused(const char *reason, const char *what)
{
	struct eval_answer answer;
	struct err err = { 0 };
	int r = hear(&answer, &err);

	ok(r < 0 && err.stage == STAGE_PROFILE, "%s: refused", what);
	is_text(err.reason, reason, "%s: and said so", what);
	eval_finish(&answer);
}

static void check_heads(void)
{
	static const char none[] = "sent a message that is none";
	static const uint32_t kinds[] = { 0, MESSAGE_REPLY, 77, UINT32_MAX };
	static const struct {
		uint32_t kind;
		size_t most;
	} rows[] = { { MESSAGE_ASK, MESSAGE_MAX_ASK },
		     { MESSAGE_WARNING, MESSAGE_MAX_WARNING },
		     { MESSAGE_ERROR, MESSAGE_MAX_ERROR },
		     { MESSAGE_PLAN, PLAN_MAX_BYTES } };
	static const char zeros[MESSAGE_MAX_ASK + 1];

	is_refused("its evaluator ended without an answer (status 0)", "nothing");
	buf_bytes(&words, zeros, sizeof(struct message) - 1);
	is_refused("its evaluator ended without an answer (status 0)", "half a head");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		say(kinds[i], 1, "x", 1);
		is_refused(none, "an unknown kind");
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say(rows[i].kind, rows[i].most + 1, zeros, sizeof(zeros));
		is_refused(none, "more than its kind may have");
		if (rows[i].kind == MESSAGE_WARNING)
			continue;
		say(rows[i].kind, 0, NULL, 0);
		is_refused("sent an empty message", "an empty one");
	}
}

static void check_questions(void)
{
	static const char what[] = "asked what it cannot ask";

	say(MESSAGE_ASK, 2, "\5x", 2);
	is_refused(what, "a question of no kind");
	say(MESSAGE_ASK, 2, "\377x", 2);
	is_refused(what, "one of a number below 0");
	say(MESSAGE_ASK, 5, "\3HO\0E", 5);
	is_refused(what, "a NUL byte in one");
	for (int i = 0; i < WARNINGS; i++)
		say(MESSAGE_WARNING, 0, NULL, 0);
	is_refused("sent too many warnings", "warnings without an end");
}

static void check_ends(void)
{
	static const char plan[] = "lunette-plan 1\nargv true\n";
	static const char inputs[] = "lunette-plan 1\nargv true\ninput exists /secret dir\n";
	static const char error[] = "\1object\0reason\0hint";
	struct eval_answer answer;
	struct err err = { 0 };

	say(MESSAGE_ERROR, sizeof(error) - 1, error, sizeof(error) - 1);
	is_refused("sent an error that is cut off", "an error of two texts and a half");
	say(MESSAGE_ERROR, sizeof(error), error, sizeof(error));
	is_refused("reason", "one of three");
	say(MESSAGE_PLAN, sizeof(inputs) - 1, inputs, sizeof(inputs) - 1);
	is_refused("sent a plan with inputs of its own", "a plan that says what was asked");
	say(MESSAGE_PLAN, sizeof(plan) - 1, plan, sizeof(plan) - 1);
	say(77, 1, "x", 1);
	is_number(hear(&answer, &err), 0, "a plan is the end, whatever follows");
	buf_bytes(&answer.plan, "", 1);
	ok(!answer.plan.failed && strstr(answer.plan.data, "\nargv true\n"), "and it is this one");
	eval_finish(&answer);
}

int main(void)
{
	check_heads();
	check_questions();
	check_ends();
	buf_finish(&words);
	return done();
}
