/* supervise.c - the launcher's half of a running sandbox (see supervise.h)
 *
 * The sandbox ends when its pid 1 has ended: the kernel has killed and reaped everything in the pid
 * namespace by then. pid 1 ends by itself after the program, is killed when time is up, or dies of
 * its parent-death signal with us.
 */
#include "launcher/watch/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/stage/filters.h"
#include "launcher/stage/handover.h"
#include "launcher/stage/terminal.h"
#include "launcher/watch/guard.h"
#include "launcher/watch/watch.h"

enum {
	CAPTURE_MOST = 1 << 20, /* bytes of a captured output where the plan has no limit */
	BEFORE_STOP = 16,       /* chunks of output that are shown before a stop */
};

int64_t watch_now(void)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.seconds * 1000 + ts.nanoseconds / 1000000;
}

/* Once pid 1 was waited for, its number may be another process's. */
static void end_sandbox(struct watch *watch, int signal)
{
	if (!watch->info.si_pid)
		(void)sys_kill(watch->of->pid, signal);
}

/* Everything dies now, and nothing of it is waited for. */
static void stop(struct watch *watch, enum watch_cause cause)
{
	if (watch->cause == CAUSE_NONE)
		watch->cause = cause;
	end_sandbox(watch, SIGKILL);
	watch->deadline = -1;
}

/* Without @what the run cannot be held to its plan. */
static void lose(struct watch *watch, int error, const char *what)
{
	watch->lost = err_set(&watch->why, STAGE_WATCH, error, NULL, "%s", what);
	stop(watch, CAUSE_NONE);
}

/* When the program began, ms, as pid 1 has noted it; now, where that cannot be. */
static int64_t begun(const struct watch *watch)
{
	const struct shared *shared = watch->of->setup->shared;
	const struct raw_timespec at = *(const volatile struct raw_timespec *)&shared->started;
	int64_t now = watch_now();

	if (shared->state == SHARED_SETUP || at.seconds < 0 || at.seconds > now / 1000 ||
	    at.nanoseconds < 0 || at.nanoseconds >= 1000000000)
		return now;
	return at.seconds * 1000 + at.nanoseconds / 1000000 + 1;
}

/* The limit is the program's, so what set-up took is added, once: set-up itself must end too. */
static bool began_late(struct watch *watch)
{
	if (watch->late)
		return false;
	watch->late = true;
	watch->deadline += begun(watch) - watch->begin;
	return watch->deadline > watch_now();
}

static void time_up(struct watch *watch)
{
	const struct plan_limits *limits = &watch->of->setup->plan->limits;
	bool first = watch->cause == CAUSE_NONE;

	if (first && began_late(watch))
		return;
	if (first && limits->grace.set && limits->grace.value &&
	    watch->of->setup->plan->process.init) {
		watch->cause = CAUSE_WALL;
		end_sandbox(watch, SIGTERM);
		watch->deadline = watch_now() + (int64_t)limits->grace.value;
		return;
	}
	stop(watch, CAUSE_WALL);
}

/* A program that has said too much is ended at once. */
static void pump(struct watch *watch, struct relay *relay)
{
	relay_pump(relay);
	if (relay_stopped(relay) && watch->cause == CAUSE_NONE)
		stop(watch, CAUSE_OUTPUT);
}

static void show(struct watch *watch, int pump)
{
	console_pump(&watch->console, pump, watch->at);
	if (relay_stopped(&watch->console.pumps[pump]) && watch->cause == CAUSE_NONE)
		stop(watch, CAUSE_OUTPUT);
}

static void start_timing(struct watch *watch, const struct handover *handover)
{
	const struct setup *setup = watch->of->setup;
	uint64_t limit = setup->plan->limits.cpu.value;
	struct cputime_sources from = { .stat = -1,
					.set_up = setup->shared->set_up,
					.counter = handover->counter,
					.proc = handover->proc };

	if (limit > UINT64_MAX / 1000000)
		limit = UINT64_MAX / 1000000;
	if (setup->cgroup.leaf >= 0)
		from.stat =
			(int)sys_openat(setup->cgroup.leaf, "cpu.stat", O_RDONLY | O_CLOEXEC, 0);
	cputime_start(&watch->cpu, &from, limit * 1000000, watch_now());
	watch->timing = true;
}

/* Without its listener the calls fail all the same: they are denied, but nobody hears of it. */
static void start_answering(struct watch *watch, int listener)
{
	const struct setup *setup = watch->of->setup;
	struct err err;

	/* May fail: the calls are denied all the same, and the report says that nobody heard. */
	if (notify_start(&watch->notify, listener, setup->plan, setup->shared->program,
			 watch->denials, &err) == 0)
		return;
	notify_finish(&watch->notify);
	outcome_skip(&setup->shared->enforced, "seccomp.on_denied", err.reason);
}

static void start_reading(struct watch *watch, int program)
{
	const struct setup *setup = watch->of->setup;
	int abi = setup->shared->enforced.landlock_abi;
	const char *silence = abi ? audit_silence(abi) : NULL;

	if (silence)
		outcome_skip(&setup->shared->enforced, "seccomp.on_denied", silence);
	watch->audit = (struct audit){ .fd = watch->of->audit,
				       .plan = setup->plan,
				       .denials = watch->denials,
				       .init = watch->of->pid,
				       .program = program };
}

static void start_console(struct watch *watch, const struct handover *handover)
{
	const struct plan_limits *limits = &watch->of->setup->plan->limits;
	const struct relay_limit limit = { limits->output.set, limits->truncate_output,
					   limits->output.value };
	int r = console_start(&watch->console, watch->of->setup, handover, &limit);

	if (r < 0)
		lose(watch, r, "terminal of the sandbox");
}

/* The time until something is due, or NULL. */
static struct raw_timespec *patience(const struct watch *watch, struct raw_timespec *left)
{
	int64_t due = watch->deadline;
	int64_t wait;

	if (watch->timing && watch->cause == CAUSE_NONE && (due < 0 || watch->cpu.next < due))
		due = watch->cpu.next;
	if (watch->console.rest > watch->at && (due < 0 || watch->console.rest < due))
		due = watch->console.rest;
	if (due < 0)
		return NULL;
	wait = due - watch->at;
	*left = (struct raw_timespec){ 0 };
	if (wait > 0)
		*left = (struct raw_timespec){ wait / 1000, wait % 1000 * 1000000 };
	return left;
}

/* Puts @group in the foreground of the user's terminal in place of @from, if that is there. */
static void pass_terminal(const struct watch *watch, int from, int group)
{
	int now = 0;

	if (watch->shares && from > 0 && group > 0 && sys_ioctl(0, TIOCGPGRP, &now) == 0 &&
	    now == from)
		(void)sys_ioctl(0, TIOCSPGRP, &group);
}

/* Has this process's group the user's terminal? */
static bool is_front(const struct watch *watch)
{
	int now = 0;

	if (watch->shares)
		return sys_ioctl(0, TIOCGPGRP, &now) == 0 && now == sys_getpgid(0);
	return console_is_front(&watch->console);
}

/* Pid 1 is to know of it before a stop that it tells of later. */
static void go_on(struct watch *watch)
{
	watch->of->setup->shared->continued++;
	end_sandbox(watch, SIGCONT);
}

/* Does pid 1 tell when the program stops? */
static bool hears_of_stops(const struct watch *watch)
{
	return watch->console.master >= 0 || watch->shares;
}

bool watch_ignores(const struct watch *watch, unsigned int signal)
{
	return watch->of->ignored & 1ull << (signal - 1);
}

/* What the program has shown before its stop comes before the shell's prompt; not all that others
 * of it go on to show. False: that was more than its limit. */
static bool show_rest(struct watch *watch)
{
	for (int i = 0; i < BEFORE_STOP && watch->console.pumps; i++) {
		struct pollfd poll = { .fd = -1 };
		struct raw_timespec now = { 0 };

		poll.fd = console_want(&watch->console, CONSOLE_OUT, watch->at, &poll.events);
		/* May fail: it is shown when the launcher goes on. */
		if (poll.fd < 0 || sys_ppoll(&poll, 1, &now, NULL, 0) <= 0)
			break;
		show(watch, CONSOLE_OUT);
	}
	return !watch->console.pumps || !relay_stopped(&watch->console.pumps[CONSOLE_OUT]);
}

void watch_stop_too(struct watch *watch)
{
	struct raw_timespec left;

	if (!show_rest(watch))
		return;
	console_leave(&watch->console);
	pass_terminal(watch, watch->program, (int)sys_getpgid(0));
	if (job_is()) {
		job_stop(&watch->job, true, patience(watch, &left));
	} else {
		go_on(watch);
		console_resume(&watch->console);
	}
}

/* The clock has continued a launcher that was stopped, and the limits were looked at: it stops
 * again, unless the user's shell has continued it at the same time. */
static void stop_again(struct watch *watch)
{
	struct raw_timespec left;

	watch->woken = false;
	if (watch->cause == CAUSE_NONE && !watch->info.si_pid && !is_front(watch))
		job_stop(&watch->job, false, patience(watch, &left));
}

/* Of what it opens for its own use everything is open. */
static void confine(struct watch *watch)
{
	const struct guard guard = {
		.setup = watch->of->setup,
		.needs = watch->of->needs,
		.pid = watch->of->pid,
		.proc = watch->timing ? watch->cpu.from.proc : -1,
		.listener = watch->notify.listener >= 0,
		.audit = watch->audit.fd >= 0,
		.console = watch->console.master >= 0,
	};

	if (watch->guarded)
		return;
	watch->guarded = true;
	if (watch->lost)
		return;
	/* May fail: the sandbox is ended then. */
	watch->lost = guard_supervisor(&guard, &watch->why);
	if (watch->lost < 0)
		stop(watch, CAUSE_NONE);
}

static void take_handover(struct watch *watch)
{
	struct handover handover;
	/* May fail: then the sandbox ends where something was to come. */
	int r = handover_receive(&handover, watch->link);

	if (r == -EAGAIN)
		return;
	if (r <= 0 || watch->handed_over) {
		handover_drop(&handover);
		/* A stop from before a SIGCONT is over: who sent that sends no other. */
		if (r > 0 && hears_of_stops(watch) &&
		    handover.heard == watch->of->setup->shared->continued) {
			watch_stop_too(watch);
		} else if (r <= 0) {
			watch->link = -1;
			/* Without it nobody would hold a limit of time, or answer. */
			if (r < 0 && !watch->handed_over && handover_wanted(watch->of->setup))
				lose(watch, r, "what pid 1 of the sandbox hands over");
		}
		confine(watch);
		return;
	}
	watch->handed_over = true;
	watch->program = handover.program;
	if (watch->of->audit >= 0)
		start_reading(watch, handover.program);
	if (handover.listener >= 0)
		start_answering(watch, handover.listener);
	if (watch->of->setup->plan->limits.cpu.set)
		start_timing(watch, &handover);
	if (handover.master >= 0)
		start_console(watch, &handover);
	confine(watch);
}

/* A signal while the sandbox is still being made stops the launch: nothing of the program runs. */
static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;
	bool ignored;

	/* May fail: asked again in the next round. */
	if (sys_read(watch->signalfd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		(void)sys_waitid(P_PID, watch->of->pid, &watch->info, WEXITED | WNOHANG,
				 &watch->usage);
		return;
	}
	ignored = watch_ignores(watch, info.ssi_signo);
	if (watch->of->setup->shared->state == SHARED_SETUP && !ignored &&
	    info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT) {
		watch->stopped_by = (int)info.ssi_signo;
		end_sandbox(watch, SIGKILL);
		return;
	}
	switch (info.ssi_signo) {
	case SIGINT:
		/* The second in a second is not a request. */
		if (!ignored && watch->interrupted && watch_now() - watch->interrupted < 1000)
			end_sandbox(watch, SIGKILL);
		watch->interrupted = watch_now();
		break;
	case SIGTSTP:
		end_sandbox(watch, SIGTSTP);
		/* Where pid 1 tells of it, the program has the last word. */
		if (!ignored && !hears_of_stops(watch))
			watch_stop_too(watch);
		return;
	case SIGCONT:
		watch->woken = info.ssi_code == SI_TIMER;
		if (watch->woken)
			return;
		pass_terminal(watch, (int)sys_getpgid(0), watch->program);
		console_resume(&watch->console);
		go_on(watch);
		return;
	case SIGWINCH:
		console_resume(&watch->console);
		break;
	default:
		break;
	}
	/* The size of its own terminal has told the program already. */
	if (info.ssi_signo != SIGWINCH || watch->console.master < 0)
		end_sandbox(watch, (int)info.ssi_signo);
}

/* The kernel says that no process is left which has the filter. */
static void answer(struct watch *watch, short events)
{
	if (events & POLLIN)
		notify_answer(&watch->notify);
	else
		notify_finish(&watch->notify);
}

enum {
	POLL_SIGNALS,
	POLL_LINK,
	POLL_LISTENER,
	POLL_AUDIT,
	POLL_CONSOLE,
	POLL_RELAYS = POLL_CONSOLE + CONSOLE_PUMPS
};

static unsigned int ask(const struct watch *watch, struct pollfd polls[POLL_RELAYS + STDIO_RELAYS])
{
	unsigned int count = POLL_RELAYS;

	polls[POLL_SIGNALS] = (struct pollfd){ .fd = watch->signalfd, .events = POLLIN };
	polls[POLL_LINK] = (struct pollfd){ .fd = watch->link, .events = POLLIN };
	polls[POLL_LISTENER] = (struct pollfd){ .fd = watch->notify.listener, .events = POLLIN };
	polls[POLL_AUDIT] = (struct pollfd){ .fd = watch->audit.fd, .events = POLLIN };
	for (int i = 0; i < CONSOLE_PUMPS; i++) {
		struct pollfd *poll = &polls[POLL_CONSOLE + i];

		*poll = (struct pollfd){ .fd = -1 };
		if (watch->console.pumps && watch->guarded)
			poll->fd = console_want(&watch->console, i, watch->at, &poll->events);
	}
	for (int i = 0; watch->relays && watch->guarded && i < STDIO_RELAYS; i++, count++) {
		polls[count] = (struct pollfd){ 0 };
		polls[count].fd = relay_want(&watch->relays[i], &polls[count].events);
	}
	return count;
}

/* Waits for those that have a descriptor. The others must not reach the kernel: it counts them too,
 * and takes no more than RLIMIT_NOFILE (poll(2)), which may be 8. */
static long wait_for(struct pollfd polls[], unsigned int count, struct raw_timespec *left)
{
	struct pollfd open[POLL_RELAYS + STDIO_RELAYS];
	unsigned int opened = 0;
	long r;

	for (unsigned int i = 0; i < count; i++)
		if (polls[i].fd >= 0)
			open[opened++] = polls[i];
	r = sys_ppoll(open, opened, left, NULL, 0);
	opened = 0;
	for (unsigned int i = 0; r > 0 && i < count; i++)
		if (polls[i].fd >= 0)
			polls[i].revents = open[opened++].revents;
	return r;
}

/* One round: waits for what comes first and deals with it. Returns true when pid 1 has ended:
 * whatever the clock says, it has ended by itself, or of our kill. */
static bool step(struct watch *watch)
{
	struct pollfd polls[POLL_RELAYS + STDIO_RELAYS];
	struct raw_timespec left;
	unsigned int count = ask(watch, polls);
	/* May fail: asked again in the next round. */
	long r = wait_for(polls, count, patience(watch, &left));

	watch->at = watch_now();
	if (r > 0 && polls[POLL_SIGNALS].revents)
		take_signal(watch);
	if (watch->info.si_pid)
		return true;
	if (watch->deadline >= 0 && watch->at >= watch->deadline)
		time_up(watch);
	/* May fail: it is looked at again; the counter and each process's own limit go on. */
	if (watch->timing && watch->cause == CAUSE_NONE && cputime_look(&watch->cpu, watch->at))
		stop(watch, CAUSE_CPU);
	if (watch->woken)
		stop_again(watch);
	if (r > 0 && polls[POLL_LINK].revents)
		take_handover(watch);
	if (r > 0 && polls[POLL_LISTENER].revents)
		answer(watch, polls[POLL_LISTENER].revents);
	if (r > 0 && polls[POLL_AUDIT].revents)
		audit_take(&watch->audit);
	for (int i = 0; r > 0 && i < CONSOLE_PUMPS; i++)
		if (polls[POLL_CONSOLE + i].revents)
			show(watch, i);
	for (unsigned int i = POLL_RELAYS; r > 0 && i < count; i++)
		if (polls[i].revents)
			pump(watch, &watch->relays[i - POLL_RELAYS]);
	return false;
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
	watch->relays = malloc(STDIO_RELAYS * sizeof(struct relay));
	if (!watch->relays)
		return err_set(err, STAGE_WATCH, ENOMEM, NULL, "relays");
	for (int i = 0; i < STDIO_RELAYS; i++) {
		struct relay_limit limit = limit_of(watch, i);

		relay_start(&watch->relays[i], &relays[i], &limit);
	}
	return 0;
}

static int start_records(struct watch *watch, struct err *err)
{
	watch->denials = denials_new();
	return watch->denials ? 0 : err_set(err, STAGE_WATCH, ENOMEM, NULL, "records of refusals");
}

static void settle_log(struct watch *watch)
{
	audit_settle(&watch->audit);
	if (watch->audit.lost)
		outcome_skip(&watch->of->setup->shared->enforced, "seccomp.on_denied",
			     "not all records of the kernel's audit log could be read");
}

static void finish(struct watch *watch)
{
	for (int i = 0; watch->relays && i < STDIO_RELAYS; i++)
		relay_finish(&watch->relays[i]);
	if (watch->timing)
		cputime_finish(&watch->cpu);
	console_finish(&watch->console);
	notify_finish(&watch->notify);
	denials_free(watch->denials);
	fd_close(&watch->signalfd);
	free(watch->relays);
}

int supervise(const struct supervised *supervised, struct outcome *outcome, struct err *err)
{
	const struct plan_limits *limits = &supervised->setup->plan->limits;
	struct watch watch = { .of = supervised,
			       .link = supervised->link,
			       .begin = watch_now(),
			       .at = watch_now(),
			       .deadline = -1,
			       .notify.listener = -1,
			       .audit.fd = -1,
			       .shares = terminal_shared(supervised->setup) && terminal_is(0),
			       .console = { .user = -1, .master = -1, .slave = -1 } };
	int r;

	watch.signalfd = (int)sys_signalfd4(-1, &supervised->signals, sizeof(uint64_t),
					    SFD_CLOEXEC | SFD_NONBLOCK);
	r = watch.signalfd < 0 ? err_set(err, STAGE_WATCH, watch.signalfd, NULL, "signalfd")
			       : start_relays(&watch, err);
	if (r == 0 && (filters_observed(supervised->setup) || filters_listened(supervised->setup)))
		r = start_records(&watch, err);
	if (r < 0) {
		end_sandbox(&watch, SIGKILL);
		(void)sys_waitid(P_PID, supervised->pid, NULL, WEXITED, NULL);
	}
	if (handover_wanted(supervised->setup))
		handover_expect(watch.link);
	else if (r == 0)
		confine(&watch);
	if (limits->wall.set)
		watch.deadline = watch.begin + (int64_t)limits->wall.value;
	while (r == 0 && !step(&watch))
		;
	if (r == 0) {
		if (watch.link >= 0 && !watch.handed_over)
			take_handover(&watch);
		if (watch.audit.fd >= 0)
			settle_log(&watch);
		drain(&watch);
		r = end_conclude(&watch, outcome, err);
	}
	if (r == 0 && watch.lost < 0) {
		*err = watch.why;
		r = watch.lost;
	}
	finish(&watch);
	return r;
}
