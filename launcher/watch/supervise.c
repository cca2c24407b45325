/* supervise.c - the launcher's half of a running sandbox (see supervise.h)
 *
 * The sandbox ends when its pid 1 has ended: the kernel has killed and reaped everything in the pid
 * namespace by then. pid 1 ends by itself after the program, is killed when time is up, or dies of
 * its parent-death signal with us.
 */
#include "launcher/watch/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/watch/relay.h"

enum { CAPTURE_MOST = 1 << 20 }; /* bytes of a captured output where the plan has no limit */

struct watch {
	const struct supervised *of;
	struct relay *relays; /* STDIO_RELAYS, or NULL where there is none */
	int signalfd;
	int64_t begin;    /* ms, CLOCK_MONOTONIC */
	int64_t deadline; /* ms, or -1 */
	bool late;        /* the deadline was moved because the program began after `begin` */
	bool timed_out;
	bool flooded;   /* more output came than the plan lets through */
	int stopped_by; /* a signal that came before the program was there */
	siginfo_t info; /* of pid 1's end, si_pid 0 until then */
	struct rusage usage;
};

static int64_t now(void)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.seconds * 1000 + ts.nanoseconds / 1000000;
}

static void end_sandbox(struct watch *watch, int signal)
{
	(void)sys_kill(watch->of->pid, signal);
}

/* The limit is the program's, so what set-up took is added, once: set-up itself must end too. */
static bool began_late(struct watch *watch)
{
	const struct shared *shared = watch->of->setup->shared;
	const struct raw_timespec *started = &shared->started;
	int64_t begin = shared->state == SHARED_SETUP
				? now()
				: started->seconds * 1000 + started->nanoseconds / 1000000 + 1;

	if (watch->late)
		return false;
	watch->late = true;
	watch->deadline += begin - watch->begin;
	return watch->deadline > now();
}

static void time_up(struct watch *watch)
{
	const struct plan_limits *limits = &watch->of->setup->plan->limits;
	bool first = !watch->timed_out;

	if (first && began_late(watch))
		return;
	watch->timed_out = true;
	if (first && limits->grace.set && limits->grace.value &&
	    watch->of->setup->plan->process.init) {
		end_sandbox(watch, SIGTERM);
		watch->deadline = now() + (int64_t)limits->grace.value;
		return;
	}
	end_sandbox(watch, SIGKILL);
	watch->deadline = -1;
}

/* A signal while the sandbox is still being made stops the launch: nothing of the program runs. */
static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (sys_read(watch->signalfd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		(void)sys_waitid(P_PID, watch->of->pid, &watch->info, WEXITED | WNOHANG,
				 &watch->usage);
		return;
	}
	if (watch->of->setup->shared->state == SHARED_SETUP && info.ssi_signo != SIGWINCH) {
		watch->stopped_by = (int)info.ssi_signo;
		end_sandbox(watch, SIGKILL);
		return;
	}
	end_sandbox(watch, (int)info.ssi_signo);
}

/* A program that has said too much is ended at once, and what is left of it is not waited for. */
static void pump(struct watch *watch, struct relay *relay)
{
	relay_pump(relay);
	if (!relay_stopped(relay) || watch->flooded)
		return;
	watch->flooded = true;
	end_sandbox(watch, SIGKILL);
	watch->deadline = -1;
}

/* One round: waits for what comes first and deals with it. Returns true when pid 1 has ended. */
static bool step(struct watch *watch)
{
	struct pollfd polls[1 + STDIO_RELAYS] = { { .fd = watch->signalfd, .events = POLLIN } };
	struct raw_timespec left = { 0 };
	int64_t wait = watch->deadline < 0 ? 0 : watch->deadline - now();
	unsigned int count = 1;
	long r;

	for (int i = 0; watch->relays && i < STDIO_RELAYS; i++, count++)
		polls[count].fd = relay_want(&watch->relays[i], &polls[count].events);
	if (wait > 0) {
		left.seconds = wait / 1000;
		left.nanoseconds = wait % 1000 * 1000000;
	}
	r = sys_ppoll(polls, count, watch->deadline < 0 ? NULL : &left, NULL, 0);
	if (r > 0 && polls[0].revents)
		take_signal(watch);
	if (watch->info.si_pid)
		return true; /* whatever the clock says: it has ended by itself, or of our kill */
	if (watch->deadline >= 0 && now() >= watch->deadline)
		time_up(watch);
	for (unsigned int i = 1; r > 0 && i < count; i++)
		if (polls[i].revents)
			pump(watch, &watch->relays[i - 1]);
	return false;
}

/* Waits for the destinations of what is left, for a signal, or for the end of the wall time. False:
 * the launcher is to stop here. */
static bool wait_for_readers(struct watch *watch, struct pollfd polls[STDIO_RELAYS])
{
	bool forever = watch->deadline < 0 && !watch->timed_out && !watch->flooded;
	int64_t wait = watch->timed_out || forever ? 0 : watch->deadline - now();
	struct raw_timespec left = { 0 };

	if (wait > 0)
		left = (struct raw_timespec){ wait / 1000, wait % 1000 * 1000000 };
	return sys_ppoll(polls, STDIO_RELAYS, forever ? NULL : &left, NULL, 0) > 0 &&
	       !polls[0].revents;
}

/* The program and all its kin are dead; what they wrote is still in the pipes. A destination that
 * takes nothing any more holds us up no longer than a signal or the wall time says. */
static void drain(struct watch *watch)
{
	struct relay *relays = watch->relays;

	while (relays) {
		struct pollfd polls[STDIO_RELAYS] = { { .fd = watch->signalfd, .events = POLLIN } };
		bool left = false;

		for (int i = 1; i < STDIO_RELAYS; i++) {
			bool more = relay_last(&relays[i]);

			watch->flooded |= relay_stopped(&relays[i]);
			polls[i].fd = more ? relays[i].ends.to : -1;
			polls[i].events = POLLOUT;
			left |= more;
		}
		if (!left || !wait_for_readers(watch, polls))
			return;
		for (int i = 1; i < STDIO_RELAYS; i++)
			if (polls[i].revents)
				relay_pump(&relays[i]);
	}
}

static double milliseconds(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void fill_usage(struct outcome *outcome, const struct rusage *usage)
{
	outcome->user_ms = milliseconds(usage->ru_utime);
	outcome->system_ms = milliseconds(usage->ru_stime);
	outcome->max_rss_kib = usage->ru_maxrss;
}

static double elapsed(const struct shared *shared)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)(ts.seconds - shared->started.seconds) * 1e3 +
	       (double)(ts.nanoseconds - shared->started.nanoseconds) / 1e6;
}

static int lost_output(const struct watch *watch)
{
	for (int i = 1; watch->relays && i < STDIO_RELAYS; i++) {
		if (watch->relays[i].error)
			return -watch->relays[i].error;
		/* A run that was ended has no claim that its last words are heard. */
		if (watch->relays[i].held && !watch->timed_out && !watch->flooded)
			return EINTR;
	}
	return 0;
}

static void fill_streams(struct watch *watch, struct outcome *outcome)
{
	for (int i = 0; watch->relays && i < 2; i++) {
		struct relay *relay = &watch->relays[i + 1];
		bool kept = watch->of->relays[i + 1].from >= 0 && watch->of->relays[i + 1].to < 0;

		if (watch->of->relays[i + 1].from < 0)
			continue;
		outcome->streams[i] = (struct outcome_stream){ .counted = true,
							       .over = relay->over,
							       .bytes = relay->seen };
		if (kept) {
			outcome->streams[i].length = relay->kept.length;
			buf_bytes(&relay->kept, "", 1); /* a text, though nothing came */
			outcome->streams[i].text = relay->kept.data;
			relay->kept = BUF_EMPTY;
		}
	}
}

static void fill_end(struct outcome *outcome, bool filtered, int code, int status)
{
	if (code == CLD_EXITED) {
		outcome->status = OUTCOME_EXITED;
		outcome->exit_code = status;
		return;
	}
	outcome->status = filtered && status == SIGSYS ? OUTCOME_DENIED : OUTCOME_SIGNALED;
	outcome->signal = status;
}

/* Decided once, from what the kernel says: pid 1's record of the program, or pid 1's own end. */
static int conclude(struct watch *watch, struct outcome *outcome, struct err *err)
{
	const struct shared *shared = watch->of->setup->shared;
	bool filtered = watch->of->setup->filter_length > 0;

	outcome->exit_code = -1;
	outcome->enforced = shared->enforced;
	if (shared->state == SHARED_FAILED) {
		*err = shared->err;
		return err->number ? -err->number : -EINVAL;
	}
	if (watch->stopped_by && shared->state == SHARED_SETUP) {
		(void)err_set(err, STAGE_WATCH, EINTR, NULL, "signal %d", watch->stopped_by);
		return err_reason(err, "stopped before the program started");
	}
	if (shared->state == SHARED_SETUP) {
		(void)err_set(err, STAGE_WATCH, ECHILD, NULL, "set-up process");
		if (watch->timed_out)
			return err_reason(err, "it was not ready within limits.wall");
		return err_reason(err, "it ended with %s %d",
				  watch->info.si_code == CLD_EXITED ? "status" : "signal",
				  watch->info.si_status);
	}
	if (watch->of->setup->plan->process.init && !shared->ended &&
	    watch->info.si_code == CLD_EXITED) {
		(void)err_set(err, STAGE_WATCH, ECHILD, NULL, "pid 1 of the sandbox");
		return err_reason(err, "it ended with status %d before the program did",
				  watch->info.si_status);
	}
	outcome->wall_ms = elapsed(shared);
	outcome->lost_output = lost_output(watch);
	fill_streams(watch, outcome);
	if (shared->ended) {
		fill_usage(outcome, &shared->usage);
		fill_end(outcome, filtered, shared->code, shared->status);
	} else {
		fill_usage(outcome, &watch->usage);
		fill_end(outcome, filtered, watch->info.si_code, watch->info.si_status);
	}
	if (watch->timed_out)
		outcome->status = OUTCOME_TIMEOUT;
	else if (watch->flooded)
		outcome->status = OUTCOME_OUTPUT;
	return 0;
}

/* The limit is for the outputs; one that is captured has a limit in any case. */
static struct relay_limit limit_of(const struct watch *watch, int stream)
{
	const struct plan_limits *limits = &watch->of->setup->plan->limits;
	bool kept = watch->of->relays[stream].to < 0;

	if (stream == 0 || (!limits->output.set && !kept))
		return (struct relay_limit){ 0 };
	if (!limits->output.set)
		return (struct relay_limit){ true, true, CAPTURE_MOST };
	return (struct relay_limit){ true, limits->truncate_output, limits->output.value };
}

static int start_relays(struct watch *watch, struct err *err)
{
	const struct stdio_relay *relays = watch->of->relays;

	if (relays[0].from < 0 && relays[1].from < 0 && relays[2].from < 0)
		return 0;
	watch->relays = calloc(STDIO_RELAYS, sizeof(struct relay));
	if (!watch->relays)
		return err_set(err, STAGE_WATCH, ENOMEM, NULL, "relays");
	for (int i = 0; i < STDIO_RELAYS; i++) {
		struct relay_limit limit = limit_of(watch, i);

		relay_start(&watch->relays[i], &relays[i], &limit);
	}
	return 0;
}

int supervise(const struct supervised *supervised, struct outcome *outcome, struct err *err)
{
	const struct plan_limits *limits = &supervised->setup->plan->limits;
	struct watch watch = { .of = supervised, .begin = now(), .deadline = -1 };
	int r;

	watch.signalfd = (int)sys_signalfd4(-1, &supervised->signals, sizeof(uint64_t),
					    SFD_CLOEXEC | SFD_NONBLOCK);
	r = watch.signalfd < 0 ? err_set(err, STAGE_WATCH, watch.signalfd, NULL, "signalfd")
			       : start_relays(&watch, err);
	if (r < 0) {
		end_sandbox(&watch, SIGKILL);
		(void)sys_waitid(P_PID, supervised->pid, NULL, WEXITED, NULL);
	}
	if (limits->wall.set)
		watch.deadline = watch.begin + (int64_t)limits->wall.value;
	while (r == 0 && !step(&watch))
		;
	if (r == 0) {
		drain(&watch);
		r = conclude(&watch, outcome, err);
	}
	for (int i = 0; watch.relays && i < STDIO_RELAYS; i++)
		relay_finish(&watch.relays[i]);
	fd_close(&watch.signalfd);
	free(watch.relays);
	return r;
}
