/* eval.c - the launcher's side of an evaluation: a child, its questions, its time
 *
 * The child is a copy of this process, so that the question need not be sent. The launcher waits on
 * the socket with a look at the child's processor clock in between, answers, and takes the first
 * plan or error as the end. A child that says anything that is not understood is killed.
 */
#include "launcher/eval/eval.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/base/stops.h"
#include "launcher/eval/child.h"
#include "launcher/eval/host.h"
#include "launcher/eval/lookup.h"
#include "launcher/eval/message.h"
#include "launcher/eval/reply.h"
#include "launcher/plan/plan.h"

enum {
	CPU_MS = 500,    /* 10,000 mounts take 120 */
	WALL_MS = 10000, /* for a child that waits for us, or on a busy machine for a CPU */
	LOOK_MS = 20,    /* between two looks at the clocks */
	READ_BYTES = 65536,
};

struct evaluation {
	int socket;
	int pid;
	bool killed;    /* for taking too long */
	bool starved;   /* by the clock, and not by its own computing */
	uint64_t stops; /* see eval_wait() */
	int stopped_by; /* one of them, or 0 */
	int64_t started_ms;
	int64_t own_ms; /* of our CPU time then: answering is part of what a profile costs */
	struct buf in;
	struct buf out; /* the reply in the making; kept, so that many questions cost one buffer */
	size_t taken;   /* how much of `in` is dealt with */
	unsigned int questions;
	unsigned int warnings;
	struct record record;
	struct profile profile; /* the one that was asked for */
	struct eval_answer *answer;
};

static int64_t clock_ms(int clock)
{
	struct raw_timespec now;

	if (sys_clock_gettime(clock, &now) < 0)
		return 0;
	return now.seconds * 1000 + now.nanoseconds / 1000000;
}

/* The processor clock of a process: CPUCLOCK_SCHED of include/linux/posix-timers_types.h. */
static int process_clock(int pid)
{
	return (int)(~(unsigned int)pid << 3 | 2);
}

static int broken(struct evaluation *session, struct err *err, const char *what)
{
	(void)sys_kill(session->pid, SIGKILL);
	err_set(err, STAGE_PROFILE, EPROTO, "this is a bug in lunette or an attack by the profile",
		"evaluator");
	return err_reason(err, "%s", what);
}

static int give_up(struct evaluation *session)
{
	session->killed = true;
	(void)sys_kill(session->pid, SIGKILL);
	return -ETIMEDOUT;
}

/* Has it taken too long, of a processor or by the clock, or does a signal end it? */
static bool is_over(struct evaluation *session)
{
	int64_t used = clock_ms(process_clock(session->pid)) + clock_ms(CLOCK_PROCESS_CPUTIME_ID) -
		       session->own_ms;

	session->starved = used < CPU_MS;
	if (!session->stopped_by)
		session->stopped_by = stops_take(session->stops);
	return session->stopped_by || !session->starved ||
	       clock_ms(CLOCK_MONOTONIC) - session->started_ms >= WALL_MS;
}

/* Waits for POLLIN or POLLOUT; 0, or -ETIMEDOUT after the child was killed. */
static int wait_for(struct evaluation *session, short events)
{
	struct pollfd poll = { .fd = session->socket, .events = events };

	for (;;) {
		struct raw_timespec pause = { 0, LOOK_MS * 1000000l };
		long ready = sys_ppoll(&poll, 1, &pause, NULL, 0);

		if (ready > 0)
			return 0;
		if (ready < 0 && ready != -EINTR)
			return (int)ready;
		if (!is_over(session))
			continue;
		return give_up(session);
	}
}

static int receive(struct evaluation *session)
{
	char *room = buf_reserve(&session->in, READ_BYTES);
	int ret = wait_for(session, POLLIN);
	long got;

	if (!room)
		return -ENOMEM;
	if (ret < 0)
		return ret;
	got = sys_read(session->socket, room, READ_BYTES);
	if (got == -ECONNRESET)
		return 0;
	if (got > 0)
		buf_grew(&session->in, (size_t)got);
	return (int)got;
}

/* The child may be one that never reads, so no step of this blocks. */
static int send_all(struct evaluation *session, const struct buf *out)
{
	size_t done = 0;

	while (done < out->length) {
		long sent = sys_sendto(session->socket, out->data + done, out->length - done,
				       MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);

		if (sent == -EAGAIN)
			sent = wait_for(session, POLLOUT);
		if (sent < 0 && sent != -EINTR)
			return (int)sent;
		done += sent < 0 ? 0 : (size_t)sent;
	}
	return 0;
}

static int take_question(struct evaluation *session, const char *bytes, size_t length,
			 struct err *err)
{
	char argument[MESSAGE_MAX_ASK];
	unsigned int kind = (unsigned char)bytes[0];
	int ret;

	if (kind >= ASK_KINDS || memchr(bytes + 1, '\0', length - 1))
		return broken(session, err, "asked what it cannot ask");
	if (++session->questions > MESSAGE_MAX_ASKS)
		return broken(session, err, "asked too many questions");
	memcpy(argument, bytes + 1, length - 1);
	argument[length - 1] = '\0';
	session->out.length = 0;
	ret = stops_let_through(session->stops, err);
	if (ret < 0)
		return ret;
	reply_to(&session->record, (enum question_kind)kind, argument, &session->out);
	stops_block(session->stops);
	if (session->out.failed)
		return err_set(err, STAGE_PROFILE, ENOMEM, NULL, "%s", argument);
	ret = send_all(session, &session->out);
	/* A child that is gone is seen as the end of the socket, and one that was killed for its time
	 * as its death. */
	if (ret == 0 || ret == -EPIPE || ret == -ECONNRESET || ret == -ETIMEDOUT)
		return 0;
	(void)sys_kill(session->pid, SIGKILL);
	return err_set(err, STAGE_PROFILE, ret, NULL, "evaluator: answer to %s", argument);
}

static int take_error(struct evaluation *session, const char *bytes, size_t length, struct err *err)
{
	const char *end = bytes + length;
	const char *parts[3] = { NULL };
	const char *at = bytes + 1;

	for (int i = 0; i < 3; i++) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul)
			return broken(session, err, "sent an error that is cut off");
		parts[i] = at;
		at = nul + 1;
	}
	err_set(err, bytes[0] == STAGE_USAGE ? STAGE_USAGE : STAGE_PROFILE, EINVAL, parts[2], "%s",
		*parts[0] ? parts[0] : session->profile.name);
	return err_reason(err, "%s", parts[1]);
}

/* The longest message of a kind; 0 for what the child may not send. */
static size_t longest(uint32_t kind)
{
	switch (kind) {
	case MESSAGE_ASK:
		return MESSAGE_MAX_ASK;
	case MESSAGE_WARNING:
		return MESSAGE_MAX_WARNING;
	case MESSAGE_PLAN:
		return PLAN_MAX_BYTES;
	case MESSAGE_ERROR:
		return MESSAGE_MAX_ERROR;
	default:
		return 0;
	}
}

/* One message: 1 when it was the plan, 0 to go on, or -errno. */
static int take_message(struct evaluation *session, const struct message *head, const char *bytes,
			struct err *err)
{
	struct buf *warnings = &session->answer->warnings;

	if (head->length == 0 && head->kind != MESSAGE_WARNING)
		return broken(session, err, "sent an empty message");
	switch (head->kind) {
	case MESSAGE_ASK:
		return take_question(session, bytes, head->length, err);
	case MESSAGE_ERROR:
		return take_error(session, bytes, head->length, err);
	case MESSAGE_PLAN:
		buf_bytes(&session->answer->plan, bytes, head->length);
		return 1;
	default:
		break;
	}
	if (++session->warnings > MESSAGE_MAX_WARNINGS)
		return broken(session, err, "sent too many warnings");
	buf_bytes(warnings, bytes, strnlen(bytes, head->length));
	buf_bytes(warnings, "", 1);
	return 0;
}

/* Deals with all whole messages that have arrived; as take_message(). */
static int take_messages(struct evaluation *session, struct err *err)
{
	while (session->in.length - session->taken >= sizeof(struct message)) {
		const char *at = session->in.data + session->taken;
		struct message head;
		int ret;

		memcpy(&head, at, sizeof(head));
		if (longest(head.kind) == 0 || head.length > longest(head.kind))
			return broken(session, err, "sent a message that is none");
		if (session->in.length - session->taken - sizeof(head) < head.length)
			return 0;
		/* Thousands of questions fit into what was read at once, and each may take a while. */
		if (is_over(session))
			return give_up(session);
		ret = take_message(session, &head, at + sizeof(head), err);
		if (ret != 0)
			return ret;
		session->taken += sizeof(head) + head.length;
	}
	if (session->taken == session->in.length)
		session->taken = session->in.length = 0;
	return 0;
}

/* Why the child ended without a plan or an error. */
static int explain_death(struct evaluation *session, struct err *err)
{
	siginfo_t info = { 0 };
	long ret;

	do {
		ret = sys_waitid(P_PID, session->pid, &info, WEXITED, NULL);
	} while (ret == -EINTR);
	session->answer->child = 0;
	/* The terminal's Ctrl-C goes to the child as well. */
	if (!session->stopped_by)
		session->stopped_by = stops_take(session->stops);
	if (session->stopped_by)
		return err_stopped(err, session->stopped_by);
	err_set(err, STAGE_PROFILE, session->killed ? ETIMEDOUT : EPROTO, NULL, "%s",
		session->profile.name);
	if (session->killed && session->starved) {
		err_hint(err, "is the machine too busy? try again");
		return err_reason(err, "not ready after %d s, with less than %d ms of a processor",
				  WALL_MS / 1000, CPU_MS);
	}
	if (session->killed) {
		err_hint(err, "look for a loop that does not end, or a costly string pattern");
		return err_reason(err, "not ready after %d ms of processor time", CPU_MS);
	}
	if (info.si_code == CLD_EXITED)
		return err_reason(err, "its evaluator ended without an answer (status %d)",
				  info.si_status);
	if (info.si_status == SIGSYS || info.si_status == SIGKILL)
		return err_reason(err, "its evaluator made a system call that it may not make, or "
				       "was killed");
	return err_reason(err, "its evaluator was killed by signal %d", info.si_status);
}

static int converse(struct evaluation *session, struct err *err)
{
	for (;;) {
		int ret = receive(session);

		if (ret == -EINTR)
			continue;
		/* One that always has another question never lets wait_for() look at the clock. */
		if (ret > 0 && is_over(session))
			ret = give_up(session);
		if (ret == 0 || ret == -ETIMEDOUT)
			return explain_death(session, err);
		if (ret < 0)
			return err_set(err, STAGE_PROFILE, ret, NULL, "evaluator");
		ret = take_messages(session, err);
		if (ret == -ETIMEDOUT && session->killed)
			return explain_death(session, err);
		if (ret != 0)
			return ret < 0 ? ret : 0;
	}
}

/* Makes the child; returns only in the launcher: its pid or -errno. */
static int start(int sockets[2], struct child_birth *birth)
{
	struct clone_args args = { .flags = RAW_CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	long pid;

	birth->launcher = (int)sys_getpid();
	pid = sys_clone3(&args, sizeof(args));
	/* Filters of an outer sandbox answer so, because they cannot look into clone3's
	 * argument. */
	if (pid == -ENOSYS)
		pid = sys_clone(SIGCHLD);
	if (pid == 0)
		child_main(sockets[1], birth);
	return (int)pid;
}

/* The first question, which the launcher puts to itself. */
static void record_first(struct evaluation *session, const struct eval_question *question)
{
	cleanup_buf struct buf ignored = BUF_EMPTY;

	if (question->record)
		reply_to(&session->record, ASK_PROFILE, question->profile, &ignored);
}

static int finish_plan(struct evaluation *session, struct err *err)
{
	int ret = session->answer->plan.failed
			  ? -ENOMEM
			  : record_insert(&session->record, &session->answer->plan);

	if (ret == -EINVAL)
		return broken(session, err, "sent a plan with inputs of its own");
	return ret < 0 ? err_set(err, STAGE_PROFILE, ret, NULL, "plan") : 0;
}

/* Makes the child for what @session->profile holds. */
static int begin(struct evaluation *session, const struct eval_question *question, struct err *err)
{
	struct likely_answers likely = { .count = 0 };
	struct host_facts facts;
	struct child_birth birth = { question, &facts, &session->profile, &likely, 0 };
	int sockets[2];
	int ret = host_facts(&facts, question->environment, err);

	if (ret == 0)
		ret = lookup_profile(question->profile, question->environment, &session->profile,
				     err);
	if (ret < 0)
		return ret;
	if (question->elsewhere) {
		snprintf(facts.cwd, sizeof(facts.cwd), "/srv/lunette/elsewhere");
		facts.home = host_env(question->environment, "HOME");
	}
	record_first(session, question);
	ret = (int)sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
	if (ret < 0)
		return err_set(err, STAGE_PROFILE, ret, NULL, "socketpair");
	if (!question->record)
		likely_gather(&likely);
	session->started_ms = clock_ms(CLOCK_MONOTONIC);
	session->own_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	session->pid = start(sockets, &birth);
	fd_close(&sockets[1]);
	session->socket = sockets[0];
	if (session->pid < 0)
		return err_set(err, STAGE_PROFILE, session->pid,
			       session->pid == -EAGAIN ? "a limit of processes is reached" : NULL,
			       "evaluator: clone3");
	session->answer->child = session->pid;
	return 0;
}

static void free_evaluation(struct evaluation *session)
{
	profile_finish(&session->profile);
	fd_close(&session->socket);
	buf_finish(&session->in);
	buf_finish(&session->out);
	buf_finish(&session->record.lines);
	free(session);
}

int eval_start(struct evaluation **evaluation, const struct eval_question *question,
	       struct eval_answer *answer, struct err *err)
{
	struct evaluation *session = malloc(sizeof(*session));
	int ret;

	*answer = (struct eval_answer){ 0 };
	if (!session)
		return err_set(err, STAGE_PROFILE, ENOMEM, NULL, "evaluator");
	*session = (struct evaluation){
		.socket = -1,
		.record = { .environment = question->environment, .keep = question->record },
		.answer = answer,
	};
	ret = begin(session, question, err);
	if (ret < 0)
		free_evaluation(session);
	else
		*evaluation = session;
	return ret;
}

int eval_socket(const struct evaluation *evaluation)
{
	return evaluation->socket;
}

int eval_wait(struct evaluation *evaluation, uint64_t stops, struct err *err)
{
	struct eval_answer *answer = evaluation->answer;
	int ret;

	evaluation->stops = stops;
	ret = converse(evaluation, err);
	/* Whatever it answered, it must not live beside the program. */
	if (answer->child)
		(void)sys_kill(evaluation->pid, SIGKILL);
	if (ret == 0)
		ret = finish_plan(evaluation, err);
	free_evaluation(evaluation);
	if (ret < 0)
		eval_finish(answer);
	return ret;
}

int eval_run(const struct eval_question *question, struct eval_answer *answer, struct err *err)
{
	struct evaluation *evaluation = NULL;
	int ret = eval_start(&evaluation, question, answer, err);

	return ret < 0 || !evaluation ? ret : eval_wait(evaluation, 0, err);
}

void eval_reap(struct eval_answer *answer)
{
	siginfo_t info;
	long ret = 0;

	if (answer->child > 0) {
		(void)sys_kill(answer->child, SIGKILL);
		do {
			ret = sys_waitid(P_PID, answer->child, &info, WEXITED, NULL);
		} while (ret == -EINTR);
	}
	answer->child = 0;
}

void eval_finish(struct eval_answer *answer)
{
	eval_reap(answer);
	buf_finish(&answer->plan);
	buf_finish(&answer->warnings);
}
