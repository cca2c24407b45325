/* test_messages.c - what the launcher makes of bytes that an evaluator taken over by its profile
 * sends
 *
 * Includes eval.c itself, to hand it bytes without a child that would have to be made to misbehave.
 * A process that only waits stands for the child, which every fault must kill.
 */
#include "launcher/eval/eval.c"

#include "tests/unit/tap.h"

static struct eval_answer answer;
static struct profile profile = { .name = "test.lua" };

static int waiting_child(void)
{
	long pid = sys_clone(SIGCHLD);

	if (pid == 0) {
		for (;;)
			(void)sys_ppoll(NULL, 0, NULL, NULL, 0);
	}
	return (int)pid;
}

static int64_t began; /* when the session began, ms */

/* What take_messages() answers to @length bytes of @text behind a head. */
static int take(uint32_t kind, uint32_t claimed, const char *text, size_t length, bool *killed)
{
	struct message head = { kind, claimed };
	struct evaluation session = {
		.socket = -1,
		.pid = waiting_child(),
		.profile = profile,
		.answer = &answer,
		.started_ms = began,
	};
	struct err err = { 0 };
	siginfo_t info = { 0 };
	int ret;

	buf_bytes(&session.in, &head, sizeof(head));
	buf_bytes(&session.in, text, length);
	ret = take_messages(&session, &err);
	*killed = sys_waitid(P_PID, session.pid, &info, WEXITED | WNOHANG, NULL) == 0 &&
		  info.si_status == SIGKILL;
	for (int i = 0; ret == -EPROTO && !*killed && i < 100; i++) {
		(void)sys_ppoll(NULL, 0, &(struct raw_timespec){ 0, 10000000 }, NULL, 0);
		info.si_status = 0;
		(void)sys_waitid(P_PID, session.pid, &info, WEXITED | WNOHANG, NULL);
		*killed = info.si_status == SIGKILL;
	}
	if (!*killed) {
		(void)sys_kill(session.pid, SIGKILL);
		(void)sys_waitid(P_PID, session.pid, &info, WEXITED, NULL);
	}
	buf_finish(&session.in);
	buf_finish(&session.out);
	return ret;
}

static void refused(uint32_t kind, uint32_t claimed, const char *text, size_t length,
		    const char *what)
{
	bool killed;
	int ret = take(kind, claimed, text, length, &killed);

	ok(ret == -EPROTO && killed, "%s ends the child", what);
}

static void taken(uint32_t kind, uint32_t claimed, const char *text, size_t length, int expected,
		  const char *what)
{
	bool killed;

	is_number(take(kind, claimed, text, length, &killed), expected, "%s", what);
	ok(!killed, "and does not end the child");
}

/* Questions that came in one read are answered one by one, and each may take its time. */
static void too_late(void)
{
	bool killed;

	began = clock_ms(CLOCK_MONOTONIC) - WALL_MS - 1;
	is_number(take(MESSAGE_WARNING, 3, "abc", 3, &killed), -ETIMEDOUT,
		  "a message past the time limit is not looked at");
	began = clock_ms(CLOCK_MONOTONIC);
}

int main(void)
{
	began = clock_ms(CLOCK_MONOTONIC);
	too_late();
	taken(MESSAGE_WARNING, 0, "", 0, 0, "an empty warning, before any other");
	is_number((int64_t)answer.warnings.length, 1, "is one");
	refused(0, 1, "x", 1, "an unknown kind");
	refused(MESSAGE_REPLY, 1, "x", 1, "an answer where a question is due");
	refused(0xffffffff, 1, "x", 1, "the greatest kind");
	refused(MESSAGE_ASK, 0, "", 0, "an empty question");
	refused(MESSAGE_PLAN, 0, "", 0, "an empty plan");
	refused(MESSAGE_ASK, MESSAGE_MAX_ASK + 1, "", 0, "a question that is too long");
	refused(MESSAGE_PLAN, PLAN_MAX_BYTES + 1, "", 0, "a plan that is too long");
	refused(MESSAGE_WARNING, 0xffffffff, "", 0, "the greatest length");
	refused(MESSAGE_ASK, 2, "\x05x", 2, "an unknown question");
	refused(MESSAGE_ASK, 2, "\xffx", 2, "the greatest question");
	refused(MESSAGE_ASK, 4, "\x00/\0x", 4, "a NUL in a question");
	refused(MESSAGE_ERROR, 1, "\x01", 1, "an error without words");
	refused(MESSAGE_ERROR, 5,
		"\x01"
		"a\0b\0",
		5, "an error that is cut off");
	taken(MESSAGE_ERROR, 7,
	      "\x7f"
	      "a\0b\0c",
	      7, -EINVAL, "an error of a strange stage");
	taken(MESSAGE_PLAN, 10, "short", 5, 0, "a plan that is not all there yet waits");
	taken(MESSAGE_PLAN, 5, "bytes", 5, 1, "any bytes are a plan to be decoded");
	taken(MESSAGE_WARNING, 3, "a\0b", 3, 0, "a warning with a NUL");
	is_number((int64_t)answer.warnings.length, 3, "is cut there");
	eval_finish(&answer);
	return done();
}
