/* end.c - how a sandbox ended (see watch.h)
 *
 * Nothing here is taken from what the program has written. The kernel's evidence is the program's
 * status as pid 1 has waited for it, pid 1's own where it is the program, what the seccomp listener
 * was told, what its cgroup has counted, and the clocks. Should somebody have taken pid 1 over, its
 * record is a lie, but one that fits: texts end, and numbers are such as the kernel gives.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/watch/account.h"
#include "launcher/watch/watch.h"

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
	return ((double)ts.seconds - (double)shared->started.seconds) * 1e3 +
	       ((double)ts.nanoseconds - (double)shared->started.nanoseconds) / 1e6;
}

static int lost_of(const struct watch *watch, const struct relay *relay)
{
	if (relay->error)
		return -relay->error;
	/* A run that was ended has no claim that its last words are heard. */
	return relay->held && watch->cause == CAUSE_NONE ? EINTR : 0;
}

static int lost_output(const struct watch *watch)
{
	int lost = 0;

	for (int i = 1; watch->relays && i < STDIO_RELAYS && !lost; i++)
		lost = lost_of(watch, &watch->relays[i]);
	if (!lost && watch->console.pumps)
		lost = lost_of(watch, &watch->console.pumps[CONSOLE_OUT]);
	return lost;
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
			/* May fail: it is lost then, and the launcher says so. */
			buf_bytes(&relay->kept, "", 1); /* a text, though nothing came */
			if (relay->kept.failed)
				relay->error = -ENOMEM;
			outcome->streams[i].text = relay->kept.data;
			relay->kept = BUF_EMPTY;
		}
	}
}

/* Rules that kill without asking a listener: their SIGSYS looks like one that was sent. */
static bool kills_alone(const struct watch *watch)
{
	const struct policy *policy = &watch->of->setup->plan->seccomp;

	if (!watch->of->setup->plan->has_seccomp)
		return false;
	if (!watch->notify.plan)
		return true;
	for (size_t i = 0; i < policy->arch_count; i++) {
		for (size_t k = 0; k < policy->archs[i].rule_count; k++) {
			uint32_t action = policy->archs[i].rules[k].action;

			action &= SECCOMP_RET_ACTION_FULL;
			if (action == SECCOMP_RET_TRAP)
				return true;
		}
	}
	return false;
}

static void fill_end(const struct watch *watch, struct outcome *outcome, int code, int status)
{
	if (code == CLD_EXITED) {
		outcome->status = OUTCOME_EXITED;
		outcome->exit_code = status & 0xff;
		return;
	}
	outcome->status = OUTCOME_SIGNALED;
	outcome->signal = status & 0x7f;
	if (watch->notify.killed_program && status == SIGKILL) {
		outcome->status = OUTCOME_DENIED;
		outcome->evidence = OUTCOME_BY_LISTENER;
		outcome->signal = SIGSYS; /* as without a listener */
	} else if (status == SIGSYS && kills_alone(watch)) {
		outcome->status = OUTCOME_DENIED;
		outcome->evidence = OUTCOME_BY_SIGNAL;
	}
}

static const enum outcome_status of_cause[] = {
	[CAUSE_WALL] = OUTCOME_TIMEOUT,
	[CAUSE_CPU] = OUTCOME_CPU_TIME,
	[CAUSE_OUTPUT] = OUTCOME_OUTPUT,
};

/* The program may have ended by itself after its limit and before the launcher has looked. */
static void fill_cpu(struct watch *watch, struct outcome *outcome)
{
	double used = (outcome->user_ms + outcome->system_ms) * 1e6;

	if (!watch->timing)
		return;
	if (cputime_end(&watch->cpu, used > 0 && used < 1e18 ? (uint64_t)used : 0) &&
	    watch->cause == CAUSE_NONE)
		watch->cause = CAUSE_CPU;
	outcome->cpu = watch->cpu.approximate ? OUTCOME_CPU_APPROXIMATE : OUTCOME_CPU_EXACT;
	outcome->cpu_ms = (double)watch->cpu.used / 1e6;
}

/* Nothing of the program ran: why. */
static bool never_ran(const struct watch *watch, const struct outcome_cgroup *cgroup,
		      struct err *err)
{
	const struct shared *shared = watch->of->setup->shared;

	if (shared->state == SHARED_FAILED) {
		err_take(err, &shared->err);
		return true;
	}
	if (watch->stopped_by && shared->state == SHARED_SETUP) {
		(void)err_stopped(err, watch->stopped_by);
		return true;
	}
	if (shared->state == SHARED_SETUP) {
		(void)err_set(err, STAGE_WATCH, ECHILD, NULL, "set-up process");
		if (watch->cause == CAUSE_WALL)
			(void)err_reason(err, "it was not ready within limits.wall");
		else if (account_out_of_memory(cgroup))
			(void)err_reason(err, "limits.memory is less than setting up takes");
		else
			(void)err_reason(err, "it ended with %s %d",
					 watch->info.si_code == CLD_EXITED ? "status" : "signal",
					 watch->info.si_status);
		return true;
	}
	if (watch->of->setup->plan->process.init && !shared->ended && !shared->overdue &&
	    watch->info.si_code == CLD_EXITED) {
		(void)err_set(err, STAGE_WATCH, ECHILD, NULL, "pid 1 of the sandbox");
		(void)err_reason(err, "it ended with status %d before the program did",
				 watch->info.si_status);
		return true;
	}
	return false;
}

int end_conclude(struct watch *watch, struct outcome *outcome, struct err *err)
{
	const struct shared *shared = watch->of->setup->shared;
	bool overdue = shared->overdue && watch->of->setup->plan->limits.wall.set;

	if (overdue && watch->cause == CAUSE_NONE)
		watch->cause = CAUSE_WALL;
	outcome->exit_code = -1;
	outcome_take(&outcome->enforced, &shared->enforced);
	account_read(&watch->of->setup->cgroup, &outcome->cgroup);
	if (never_ran(watch, &outcome->cgroup, err))
		return -err->number;
	outcome->wall_ms = elapsed(shared);
	memcpy(outcome->tried, shared->tried, sizeof(outcome->tried));
	fill_streams(watch, outcome);
	outcome->lost_output = lost_output(watch);
	if (shared->ended) {
		fill_usage(outcome, &shared->usage);
		fill_end(watch, outcome, shared->code, shared->status);
	} else {
		fill_usage(outcome, &watch->usage);
		fill_end(watch, outcome, overdue ? CLD_KILLED : watch->info.si_code,
			 overdue ? SIGKILL : watch->info.si_status);
	}
	if (outcome->signal == SIGKILL && account_out_of_memory(&outcome->cgroup))
		outcome->status = OUTCOME_MEMORY;
	fill_cpu(watch, outcome);
	outcome->denials = watch->denials;
	watch->denials = NULL;
	if (watch->cause != CAUSE_NONE)
		outcome->status = of_cause[watch->cause];
	return 0;
}
