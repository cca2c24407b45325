/* sandbox.c - the set-up process: from the clone to the program's exec (see sandbox.h)
 *
 * The order is design.md part 3's, and each step's reason stands in its stage. This process is a
 * copy of the launcher in namespaces of its own; it holds every capability over them and none over
 * the host. It has the plan from before the clone; or it was made while the profile was still being
 * evaluated, does what every such launch needs, gets the plan's text over the link, decodes it for
 * itself, and goes on at the launcher's word.
 *
 * The program's process shares this one's memory until its exec (as vfork does), which spares the
 * copy of the page tables; it must not return from start_program().
 */
#include "launcher/launch/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>

#include "launcher/launch/birth.h"
#include "launcher/net/net.h"
#include "launcher/stage/cgroup.h"
#include "launcher/stage/credentials.h"
#include "launcher/stage/exec.h"
#include "launcher/stage/handover.h"
#include "launcher/stage/filters.h"
#include "launcher/stage/ids.h"
#include "launcher/stage/limits.h"
#include "launcher/stage/mounts.h"
#include "launcher/stage/network.h"
#include "launcher/stage/stdio.h"
#include "launcher/stage/system.h"
#include "launcher/stage/terminal.h"
#include "launcher/stage/transfer.h"
#include "launcher/stage/trial.h"
#include "launcher/watch/cputime.h"
#include "launcher/watch/init.h"

static void __attribute__((noreturn)) fail(struct setup *setup)
{
	setup->shared->state = SHARED_FAILED;
	for (;;)
		(void)sys_exit_group(125);
}

const struct plan sandbox_assumed = {
	.namespaces = NAMESPACE_USER | NAMESPACE_MOUNT | NAMESPACE_PID | NAMESPACE_NET |
		      NAMESPACE_IPC | NAMESPACE_UTS | NAMESPACE_CGROUP,
	.process = { .init = true, .die_with_parent = true },
};

bool sandbox_fits(const struct plan *plan, const struct setup *setup)
{
	return plan->namespaces == sandbox_assumed.namespaces && plan->net == NET_NONE &&
	       (setup->caller.privileged || !plan->user.uid_range_count);
}

int sandbox_adopt(struct setup *setup, const struct plan *plan, struct err *err)
{
	setup->plan = plan;
	setup->uid = plan->user.has_uid ? plan->user.uid : setup->caller.uid;
	setup->gid = plan->user.has_gid ? plan->user.gid : setup->caller.gid;
	return mounts_prepare(setup, err);
}

/* The signal comes when the launcher dies. A death before prctl shows as the end of the link.
 * Changing ids clears the signal, so this is done again after that. */
static int die_with_launcher(const struct setup *setup, struct err *err)
{
	struct pollfd launcher = { .fd = setup->link };
	unsigned long signal = setup->plan->process.die_with_parent ? SIGKILL : 0;
	struct raw_timespec now = { 0 };
	long r = sys_prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);

	if (r == 0 && signal)
		r = sys_ppoll(&launcher, 1, &now, NULL, 0);
	if (r > 0)
		(void)sys_exit_group(125);
	return r < 0 ? err_set(err, STAGE_WATCH, (int)r, NULL, "die with the launcher") : 0;
}

static int become_inside(struct setup *setup, struct err *err)
{
	int r = die_with_launcher(setup, err);

	if (r == 0)
		r = ids_mapped_by_launcher(setup) ? transfer_wait(setup->link, err)
		    : setup->shared->shares_user  ? 0
						  : ids_map(setup, "self", err);
	if (r == 0)
		r = ids_enter(setup, err);
	if (r == 0)
		r = die_with_launcher(setup, err);
	return r == 0 ? cgroup_enter(setup, err) : r;
}

static int set_up_network(struct setup *setup, struct err *err)
{
	struct transfer done = { 0 };
	int r;

	if (!(setup->plan->namespaces & NAMESPACE_NET))
		return 0;
	if (setup->plan->net != NET_VETH)
		return setup->network.beside ? network_enter(setup, err) : net_loopback_up(err);
	r = transfer_wait(setup->link, err);
	if (r == 0)
		r = net_veth_configure(setup->pair, err);
	if (r == 0)
		r = transfer_send(&done, setup->link);
	return r == 0 ? transfer_wait(setup->link, err) : r;
}

/* The launcher reaches into a network that it did not know of at the clone. */
static int show_network(struct setup *setup, struct err *err)
{
	struct transfer ready = { 0 };
	int r = network_enter(setup, err);

	return r == 0 ? transfer_send(&ready, setup->link) : r;
}

/* What a launch by sandbox_assumed needs, whatever else its plan says; then the plan. */
static int await_plan(struct setup *setup, struct plan *plan, struct err *err)
{
	struct buf text = BUF_EMPTY;
	int r = die_with_launcher(setup, err);

	if (r == 0)
		r = mounts_make_private(err);
	mounts_ahead(setup);
	if (r == 0)
		r = transfer_receive_bytes(setup->link, &text, PLAN_MAX_BYTES, err);
	if (r == 0)
		r = plan_decode(plan, text.data, text.length, err);
	if (r == 0)
		r = sandbox_adopt(setup, plan, err);
	if (r == 0)
		r = stdio_receive(setup, err);
	return r == 0 && network_reached(plan) ? show_network(setup, err) : r;
}

/* It is taken late, when the launcher has surely compiled it; but early where the launcher sends
 * something after it, or where the link's descriptor is needed for something else. */
static bool wants_filter_early(const struct setup *setup)
{
	return setup->plan->net == NET_VETH || setup->caller.open_files < FEW_FILES;
}

static int take_filter(struct setup *setup, struct err *err)
{
	int r = filters_receive(setup, err);

	if (setup->plan->net != NET_VETH && !handover_wanted(setup))
		fd_close(&setup->link);
	return r;
}

/* As many mounts may be staged while the network's thread shares the descriptors: a table of them
 * that grows past 64 would wait for all CPUs then, some ms (expand_fdtable(), fs/file.c). */
enum { STAGED_FEW = 36 };

static int set_up(struct setup *setup, struct err *err)
{
	int r = exec_prepare(setup, err);

	if (r == 0)
		r = become_inside(setup, err);
	setup->umask = (uint32_t)sys_umask(0);
	if (r == 0)
		r = system_clocks(setup, err);
	if (r == 0)
		r = stdio_reopen(setup, err);
	if (r == 0)
		r = stdio_apply(setup, err);
	if (r == 0 && !setup->ahead)
		r = mounts_make_private(err);
	if (r == 0 && setup->staging.count > STAGED_FEW)
		r = network_enter(setup, err);
	if (r == 0)
		r = mounts_open_root(setup, err);
	if (r == 0)
		r = mounts_collect(setup, err);
	if (r == 0)
		r = system_close_nesting(setup, err);
	if (r == 0)
		r = mounts_detach(setup, err);
	if (r == 0 && wants_filter_early(setup))
		r = take_filter(setup, err);
	if (r == 0)
		r = mounts_build(setup, err);
	if (r == 0)
		r = set_up_network(setup, err);
	if (r == 0)
		r = system_names(setup, err);
	if (r == 0)
		r = terminal_open(setup, err);
	if (r == 0)
		r = exec_enter_directory(setup, err);
	if (r == 0)
		r = credentials_bound(setup, err);
	if (r == 0 && !wants_filter_early(setup))
		r = take_filter(setup, err);
	if (!handover_wanted(setup))
		fd_close(&setup->link);
	return r;
}

/* Out of reach of the caller's terminal: in the session that pid 1 leads, or one of its own where
 * there is no pid 1 of ours; in it a process group, so that it can be stopped and continued as a
 * shell's job can. It is the foreground one of the sandbox's terminal, or of the caller's where the
 * profile keeps that. */
static int new_session(const struct setup *setup, struct err *err)
{
	int terminal = setup->shared->slave ? setup->shared->slave : 0;
	int group;
	long r;

	if (!setup->plan->process.keep_session && !setup->plan->process.init) {
		r = sys_setsid();
		return r < 0 ? err_set(err, STAGE_EXEC, (int)r, NULL, "new session") : 0;
	}
	r = sys_setpgid(0, 0);
	if (r < 0)
		return err_set(err, STAGE_EXEC, (int)r, NULL, "new process group");
	group = (int)sys_getpid();
	r = 0;
	if (setup->shared->slave)
		r = sys_ioctl(terminal, TIOCSPGRP, &group);
	/* May fail: the caller may have no terminal. */
	if (!setup->shared->slave && setup->plan->process.keep_session)
		(void)sys_ioctl(terminal, TIOCSPGRP, &group);
	return r < 0 ? err_set(err, STAGE_EXEC, (int)r, NULL, "foreground of the terminal") : 0;
}

static int confine(struct setup *setup, struct err *err)
{
	const struct plan_caps *caps = &setup->plan->caps;
	int r = new_session(setup, err);

	if (r == 0)
		r = limits_apply(setup, err);
	if (r == 0)
		r = credentials_drop(caps->keep, caps->ambient, caps->securebits, err);
	if (r == 0 && setup->trial)
		setup->shared->tried[TRIAL_BEFORE] = trial_run(setup->trial);
	if (r == 0)
		r = filters_landlock(setup, err);
	if (r == 0 && setup->trial)
		setup->shared->tried[TRIAL_UNDER] = trial_run(setup->trial);
	return r;
}

static void __attribute__((noreturn)) start_program(struct setup *setup)
{
	struct shared *shared = setup->shared;
	char path[4096];
	const char *file;
	long r;

	if (confine(setup, &shared->err) < 0)
		fail(setup);
	if (setup->trial) {
		shared->state = SHARED_EXEC;
		(void)sys_exit_group(0);
	}
	if (exec_close(setup, &shared->err) < 0)
		fail(setup);
	file = exec_find(setup, path, &shared->err);
	if (!file)
		fail(setup);
	(void)sys_rt_sigprocmask(SIG_SETMASK, &setup->signal_mask, NULL, sizeof(uint64_t));
	if (filters_seccomp(setup, &shared->err) < 0)
		fail(setup);
	shared->state = SHARED_EXEC;
	r = sys_execve(file, setup->argv, setup->envp);
	/* The filter may forbid what the explanation does, so the bare facts go first. With a
	 * listener that nobody reads yet, any call may wait for ever: then this process dies
	 * without one, and pid 1 explains. */
	(void)err_set(&shared->err, STAGE_EXEC, r == -ENOENT ? ENOEXEC : (int)r, NULL, "%s", file);
	shared->err.status = 126;
	shared->state = SHARED_FAILED;
	if (shared->listener)
		__builtin_trap();
	exec_failed(file, r, &shared->err);
	fail(setup);
}

/* A cgroup of the sandbox's own counts the program's time: there only what this process has used so
 * far must be known. Else a counter does, where the limit is more than preferred: while no task of
 * the system has a counter, the first waits for all CPUs to know of it, 13 ms against a launch of 6
 * (synchronize_rcu() in account_event(); Linux 6.18). It is this process's, which does not count
 * before an execve, and so never: what a program has opened it may stop by
 * prctl(PR_TASK_PERF_EVENTS_DISABLE). Where counters are not for ordinary users the supervisor does
 * without. */
static void count_time(const struct setup *setup)
{
	struct raw_timespec used = { 0 };
	int counter;

	if (!setup->plan->limits.cpu.set)
		return;
	(void)sys_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	setup->shared->set_up = (uint64_t)used.seconds * 1000000000 + (uint64_t)used.nanoseconds;
	/* May fail: the supervisor reads the processes' own times then, and says that they are less
	 * exact. */
	counter = setup->cgroup.inside || setup->plan->limits.cpu.prefer ? -1 : cputime_open();
	if (counter > 0)
		setup->shared->counter = counter;
}

/* A time namespace is entered by a true fork only: a child that shares memory stays in its
 * parent's. Either waits for the exec. Descriptors are shared where pid 1 is to hand some over. */
static long __attribute__((noinline)) spawn(struct setup *setup)
{
	struct clone_args args = { .flags = RAW_CLONE_VFORK, .exit_signal = SIGCHLD };
	long pid;

	if (!(setup->plan->namespaces & NAMESPACE_TIME))
		args.flags |= RAW_CLONE_VM;
	if (handover_wanted(setup))
		args.flags |= RAW_CLONE_FILES;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		start_program(setup);
	return pid;
}

/* What a program-to-be under a listener could not say: its error holds the path. */
static void explain(struct shared *shared)
{
	char path[sizeof(shared->err.object)];

	if (!shared->listener || shared->err.status != 126)
		return;
	memcpy(path, shared->err.object, sizeof(path));
	exec_failed(path, shared->err.number == ENOEXEC ? -ENOENT : -shared->err.number,
		    &shared->err);
}

/* Away from the terminal's foreground group: its signals come through the launcher only. */
static int leave_foreground(const struct setup *setup, struct err *err)
{
	long r = setup->plan->process.keep_session ? sys_setpgid(0, 0) : sys_setsid();

	return r < 0 ? err_set(err, STAGE_EXEC, (int)r, NULL, "session of pid 1") : 0;
}

void sandbox_run(struct setup *setup)
{
	struct shared *shared = setup->shared;
	_Alignas(16) char stack[NETWORK_STACK];
	struct plan plan;
	long pid;

	network_begin(setup, stack);
	/* May fail: where it was made ahead, the launcher makes another. */
	if (birth_finish(setup, &shared->err) < 0)
		fail(setup);
	/* May fail: before it has the plan, the launcher makes another. */
	if (setup->ahead && await_plan(setup, &plan, &shared->err) < 0)
		fail(setup);
	if (set_up(setup, &shared->err) < 0)
		fail(setup);
	(void)sys_clock_gettime(CLOCK_MONOTONIC, &shared->started);
	if (!setup->plan->process.init)
		start_program(setup);
	if (leave_foreground(setup, &shared->err) < 0)
		fail(setup);
	if (terminal_lead(setup, &shared->err) < 0)
		fail(setup);
	if (init_hide(setup, &shared->err) < 0)
		fail(setup);
	count_time(setup);
	pid = spawn(setup);
	if (pid < 0) {
		(void)err_set(&shared->err, STAGE_EXEC, (int)pid, "a limit of processes is reached",
			      "clone");
		fail(setup);
	}
	if (shared->state == SHARED_FAILED) {
		explain(shared);
		fail(setup);
	}
	init_run(setup, (int)pid);
}
