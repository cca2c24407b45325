/* init.c - pid 1 of the sandbox (see init.h)
 *
 * It holds no descriptor (but, beside a terminal, its end of the link), no capability and no
 * secret: its environment and arguments are wiped (everyone may read /proc/1/cmdline), its memory
 * is not dumpable, so the program, which has the same uid, can read neither /proc/1/environ nor
 * /proc/1/mem. All signals are blocked and taken by sigtimedwait; those from inside the sandbox,
 * which have a sender's pid, are not passed on.
 *
 * It holds limits.wall too, a second after its supervisor should have: that one may be stopped, or
 * wait for a page of the program's that never comes.
 *
 * Mustn't: allocate, open a path, trust anything of the program.
 */
#include "launcher/watch/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/stage/credentials.h"
#include "launcher/stage/handover.h"
#include "launcher/stage/terminal.h"

enum { LATE = 1000 }; /* ms that the supervisor has to end the sandbox in its own way */

static void wipe(char *const *words)
{
	for (; words && *words; words++)
		memset(*words, 0, strlen(*words));
}

/* A terminal's signals are for the program's whole group, as a terminal sends them; the others are
 * for the program alone. */
static void pass_on(int signal, int program)
{
	switch (signal) {
	case SIGINT:
	case SIGQUIT:
	case SIGHUP:
	case SIGWINCH:
	case SIGTSTP:
	case SIGCONT:
		if (sys_kill(-program, signal) < 0)
			(void)sys_kill(program, signal);
		break;
	default:
		(void)sys_kill(program, signal);
	}
}

/* Reaps all that has ended; does not return once @program is among it. @heard: as
 * handover_stopped(). */
static void reap(struct shared *shared, int program, int link, unsigned char heard)
{
	int stops = link >= 0 ? WSTOPPED : 0;

	for (;;) {
		siginfo_t info = { 0 };
		long r = sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG | stops, NULL);

		if (r < 0 || info.si_pid == 0)
			return;
		if (info.si_pid != program)
			continue;
		if (info.si_code == CLD_STOPPED) {
			handover_stopped(link, heard);
			continue;
		}
		shared->code = info.si_code;
		shared->status = info.si_status;
		(void)sys_getrusage(RUSAGE_CHILDREN, &shared->usage);
		shared->ended = 1;
		(void)sys_exit_group(0);
	}
}

/* A sender outside the pid namespace shows as pid 0; a program that queues a signal may claim the
 * same, but not with the codes that only the kernel gives. */
static bool from_outside(const siginfo_t *info)
{
	return info->si_pid == 0 && (info->si_code == SI_USER || info->si_code == SI_KERNEL);
}

/* Where ranges map several ids the program may change its own, and only CAP_KILL reaches it
 * then. */
static uint64_t kept(const struct setup *setup)
{
	return setup->plan->user.uid_range_count ? 1ull << CAP_KILL : 0;
}

static void __attribute__((noreturn)) time_up(struct shared *shared)
{
	shared->overdue = 1;
	for (;;)
		(void)sys_exit_group(0);
}

/* The time until this process ends the sandbox, or NULL; where that is over, it does. */
static struct raw_timespec *patience(const struct setup *setup, struct raw_timespec *left)
{
	const struct plan_limits *limits = &setup->plan->limits;
	const struct raw_timespec *started = &setup->shared->started;
	int64_t ms = (int64_t)limits->wall.value + LATE;
	struct raw_timespec now = { 0 };

	if (!limits->wall.set)
		return NULL;
	if (limits->grace.set)
		ms += (int64_t)limits->grace.value;
	(void)sys_clock_gettime(CLOCK_MONOTONIC, &now);
	ms -= (now.seconds - started->seconds) * 1000 +
	      (now.nanoseconds - started->nanoseconds) / 1000000;
	if (ms <= 0)
		time_up(setup->shared);
	*left = (struct raw_timespec){ ms / 1000, ms % 1000 * 1000000 };
	return left;
}

/* The program has left what is the supervisor's behind at its exec. Without it there is nobody to
 * hold a limit of time, or to answer. */
static void hand_over(const struct setup *setup, int program)
{
	const struct shared *shared = setup->shared;
	const struct handover handover = {
		.listener = shared->listener ? shared->listener : -1,
		.counter = shared->counter ? shared->counter : -1,
		.proc = setup->plan->limits.cpu.set ? setup->proc : -1,
		.master = shared->master ? shared->master : -1,
		.slave = shared->slave ? shared->slave : -1,
		.program = program,
	};

	/* May fail: then pid 1 ends, and with it all that has begun; the launcher says so. */
	if (handover_send(&handover, setup->link) < 0)
		(void)sys_exit_group(1);
}

/* The arguments that the program and its environment come from are the plan's own copies. */
int init_hide(const struct setup *setup, struct err *err)
{
	long r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

	wipe(setup->arguments);
	return r < 0 ? err_set(err, STAGE_WATCH, (int)r, NULL, "hide pid 1") : 0;
}

void init_run(const struct setup *setup, int program)
{
	const uint64_t all = ~0ull;
	unsigned char heard = 0;
	int link = -1;
	struct err err;

	setup->shared->program = program;
	if (handover_wanted(setup))
		hand_over(setup, program);
	/* Only the link stays, where there is a terminal whose user is to hear that the program
	 * stopped. */
	if (terminal_wanted(setup) || terminal_shared(setup)) {
		link = 0;
		/* May fail: as below. */
		if (sys_dup3(setup->link, link, O_CLOEXEC) < 0)
			(void)sys_exit_group(1);
	}
	/* May fail: then it ends, and with it all that has begun; the launcher says so. */
	if (credentials_drop(kept(setup), 0, 0, &err) < 0 ||
	    sys_close_range((unsigned int)(link + 1), ~0u, 0) < 0)
		(void)sys_exit_group(1);
	wipe(setup->environment);
	(void)sys_rt_sigprocmask(SIG_SETMASK, &all, NULL, sizeof(all));
	for (;;) {
		struct raw_timespec left;
		siginfo_t info = { 0 };
		long signal;

		reap(setup->shared, program, link, heard);
		/* May fail: asked again in the next round. */
		signal = sys_rt_sigtimedwait(&all, &info, patience(setup, &left), sizeof(all));
		if (signal <= 0 || signal == SIGCHLD || !from_outside(&info))
			continue;
		if (signal == SIGCONT)
			heard = setup->shared->continued;
		pass_on((int)signal, program);
	}
}
