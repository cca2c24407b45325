/* launch.c - from a plan to a running program, and to its end (see launch.h)
 *
 * Everything that needs memory is made before the clone: filter, arguments, environment, slots for
 * staged mounts, a page shared with the child for errors and the ending. One clone3 makes all
 * namespaces. A handshake over a socket pair happens only where the launcher has a part in the
 * set-up: id maps it must write, sources it must open, a veth pair it must make.
 */
#include "launcher/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "launcher/launch/sandbox.h"
#include "launcher/net/net.h"
#include "launcher/stage/exec.h"
#include "launcher/stage/filters.h"
#include "launcher/stage/ids.h"
#include "launcher/stage/mounts.h"
#include "launcher/stage/stdio.h"
#include "launcher/stage/transfer.h"
#include "launcher/watch/supervise.h"

struct launch {
	struct setup setup;
	struct supervised supervised;
	struct stdio_relay relays[STDIO_RELAYS];
	int ends[STDIO_RELAYS];
	int link; /* the launcher's end, open as long as it lives: the child tells its death by it */
	int foreground; /* the terminal's foreground group before the launch, or -1 */
};

static const uint32_t always = NAMESPACE_USER | NAMESPACE_MOUNT | NAMESPACE_PID;

static int allocate(struct setup *setup, struct err *err)
{
	size_t slots = mounts_slots(setup->plan);
	struct staged *staged = calloc(slots + 1, sizeof(*staged));
	long page = sys_mmap(NULL, sizeof(*setup->shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	setup->own_devices = calloc(setup->plan->mount_count + 1, sizeof(uint64_t));
	if (page > 0 || page < -4095)
		setup->shared = (struct shared *)page;
	setup->writable = calloc(setup->plan->mount_count + 1, sizeof(char *));
	if (!staged || !setup->own_devices || !setup->writable || !setup->shared) {
		free(staged);
		return err_set(err, STAGE_WATCH, ENOMEM, NULL, "launch");
	}
	source_find_writable(setup);
	staging_init(&setup->staging, staged, slots, &setup->caller);
	return 0;
}

/* A root that cannot give the program another id would map it onto itself, the owner of the host's
 * files and of /proc/sys: only where the profile writes that 0. */
static int check(const struct plan *plan, const struct caller *caller, struct err *err)
{
	if ((plan->namespaces & always) != always) {
		(void)err_set(err, STAGE_PLAN, EINVAL, "name them too", "namespaces");
		return err_reason(err, "user, mount and pid namespaces are always made");
	}
	if (caller->host_root && !caller->privileged && plan->user.outer_uid != 0) {
		(void)err_set(err, STAGE_IDS, EPERM,
			      "run as an ordinary user, or give back the capabilities",
			      "user.outer");
		return err_reason(err,
				  "root without CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID cannot "
				  "give the program an id that is nobody's");
	}
	return 0;
}

static int open_link(struct launch *launch, struct err *err)
{
	int pair[2];
	long r;

	if (!ids_mapped_by_launcher(&launch->setup) && launch->setup.plan->net != NET_VETH)
		return 0;
	r = sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
	if (r < 0)
		return err_set(err, STAGE_WATCH, (int)r, "raise RLIMIT_NOFILE",
			       "link to the set-up process");
	launch->link = pair[0];
	launch->setup.link = pair[1];
	return 0;
}

static int prepare(struct launch *launch, const struct plan *plan,
		   const struct launch_options *options, struct err *err)
{
	struct setup *setup = &launch->setup;
	int r;

	*setup = (struct setup){ .plan = plan,
				 .environment = options->environment,
				 .arguments = options->arguments,
				 .link = -1,
				 .launcher_pidfd = -1,
				 .root = -1,
				 .stage = -1,
				 .proc = -1,
				 .dev = -1 };
	caller_read(&setup->caller);
	setup->uid = plan->user.has_uid ? plan->user.uid : setup->caller.uid;
	setup->gid = plan->user.has_gid ? plan->user.gid : setup->caller.gid;
	r = check(plan, &setup->caller, err);
	if (r == 0)
		r = allocate(setup, err);
	if (r == 0)
		r = filters_compile(setup, err);
	if (r == 0)
		r = exec_prepare(setup, err);
	if (r == 0)
		r = stdio_prepare(setup, launch->relays, launch->ends, err);
	if (r == 0)
		r = open_link(launch, err);
	if (r == 0 && plan->process.die_with_parent && launch->link < 0) {
		setup->launcher_pidfd = (int)sys_pidfd_open((int)sys_getpid(), 0);
		if (setup->launcher_pidfd < 0)
			r = err_set(err, STAGE_WATCH, setup->launcher_pidfd, NULL, "pidfd_open");
	}
	return r;
}

/* The signals that are passed on. SIGPIPE and SIGTTOU are only blocked: a relay's reader may go,
 * and the terminal may be given back from the background. */
static uint64_t passed_on(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH
	};
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		mask |= 1ull << (signals[i] - 1);
	return mask;
}

static void block_signals(struct launch *launch)
{
	const struct raw_sigaction by_default = { 0 };
	uint64_t blocked;

	launch->supervised.signals = passed_on() | 1ull << (SIGCHLD - 1);
	blocked = launch->supervised.signals | 1ull << (SIGPIPE - 1) | 1ull << (SIGTTOU - 1) |
		  1ull << (SIGXFSZ - 1);
	/* A caller that ignores SIGCHLD would make the kernel reap for us, and the status be
	 * lost. */
	(void)sys_rt_sigaction(SIGCHLD, &by_default, NULL, sizeof(uint64_t));
	(void)sys_rt_sigprocmask(SIG_BLOCK, &blocked, &launch->setup.signal_mask, sizeof(blocked));
}

static uint64_t clone_flags(uint32_t namespaces)
{
	static const struct {
		uint32_t namespace;
		uint64_t flag;
	} rows[] = {
		{ NAMESPACE_USER, RAW_CLONE_NEWUSER },     { NAMESPACE_MOUNT, RAW_CLONE_NEWNS },
		{ NAMESPACE_PID, RAW_CLONE_NEWPID },       { NAMESPACE_NET, RAW_CLONE_NEWNET },
		{ NAMESPACE_IPC, RAW_CLONE_NEWIPC },       { NAMESPACE_UTS, RAW_CLONE_NEWUTS },
		{ NAMESPACE_CGROUP, RAW_CLONE_NEWCGROUP },
	};
	uint64_t flags = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (namespaces & rows[i].namespace)
			flags |= rows[i].flag;
	return flags;
}

static int clone_failed(long error, struct err *err)
{
	const char *hint = NULL;

	if (error == -EMFILE || error == -ENFILE)
		hint = "raise RLIMIT_NOFILE";
	else if (error == -EPERM || error == -EACCES)
		hint = "this host restricts user namespaces; see lunette doctor";
	else if (error == -ENOSPC || error == -EUSERS)
		hint = "user.max_user_namespaces is reached, or this sandbox may not make one";
	else if (error == -EINVAL)
		hint = "this kernel lacks one of the namespaces; see lunette doctor";
	return err_set(err, STAGE_IDS, (int)error, hint, "namespaces");
}

/* The set-up process has no use for the launcher's ends, and few descriptors may be allowed. */
static void close_own_ends(struct stdio_relay *relay)
{
	if (relay->from > 2)
		fd_close(&relay->from);
	if (relay->to > 2)
		fd_close(&relay->to);
}

static int start(struct launch *launch, struct err *err)
{
	struct clone_args args = {
		.flags = clone_flags(launch->setup.plan->namespaces),
		.exit_signal = SIGCHLD,
	};
	long pid = sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return clone_failed(pid, err);
	if (pid == 0) {
		fd_close(&launch->link);
		for (int i = 0; i < STDIO_RELAYS; i++)
			close_own_ends(&launch->relays[i]);
		sandbox_run(&launch->setup);
	}
	launch->supervised.pid = (int)pid;
	fd_close(&launch->setup.link);
	for (int i = 0; i < STDIO_RELAYS; i++)
		fd_close(&launch->ends[i]);
	return 0;
}

/* The sandbox's end is set up by its own process, which then waits until ours can send. */
static int finish_pair(struct launch *launch, const char *host_name)
{
	struct transfer go = { 0 };
	struct err gone;
	int r = transfer_send(&go, launch->link);

	if (r < 0)
		return r;
	if (transfer_wait(launch->link, &gone) < 0)
		return -EPIPE;
	net_veth_wait(host_name);
	return transfer_send(&go, launch->link);
}

/* The launcher's part of the set-up. Where the child has failed already, its error is the one. */
static int take_part(struct launch *launch, struct err *err)
{
	const struct setup *setup = &launch->setup;
	struct transfer go = { 0 };
	char process[16];
	char host_name[16];
	int r = 0;

	if (launch->link < 0)
		return 0;
	snprintf(process, sizeof(process), "%d", launch->supervised.pid);
	if (ids_mapped_by_launcher(setup)) {
		r = ids_map(setup, process, err);
		if (r == 0)
			r = transfer_send(&go, launch->link);
	}
	if (r == 0 && setup->plan->net == NET_VETH)
		r = net_veth_create(&setup->plan->veth, launch->supervised.pid, host_name, err);
	if (r == 0 && setup->caller.privileged)
		r = mounts_send(setup, launch->link, launch->supervised.pid, err);
	if (r == 0 && setup->plan->net == NET_VETH)
		r = finish_pair(launch, host_name);
	return r == -EPIPE ? 0 : r;
}

/* Ends a sandbox whose set-up failed on the launcher's side. */
static void abandon(struct launch *launch)
{
	(void)sys_kill(launch->supervised.pid, SIGKILL);
	(void)sys_waitid(P_PID, launch->supervised.pid, NULL, WEXITED, NULL);
}

static void keep_foreground(struct launch *launch)
{
	launch->foreground = -1;
	if (launch->setup.plan->process.keep_session &&
	    sys_ioctl(0, TIOCGPGRP, &launch->foreground) < 0)
		launch->foreground = -1;
}

static void finish(struct launch *launch)
{
	struct setup *setup = &launch->setup;

	if (launch->foreground > 0)
		(void)sys_ioctl(0, TIOCSPGRP, &launch->foreground);
	/* The signals stay blocked: a pending SIGXFSZ or SIGTERM must not end the launcher before it has
	 * written its report. */
	fd_close(&launch->link);
	fd_close(&setup->launcher_pidfd);
	for (int i = 0; i < 3; i++)
		free(setup->streams[i].path);
	free(setup->staging.slots);
	free(setup->own_devices);
	free(setup->writable);
	free(setup->filter);
	free(setup->argv);
	free(setup->envp);
	if (setup->shared)
		(void)sys_munmap(setup->shared, sizeof(*setup->shared));
}

static void record(const struct launch *launch, struct outcome *outcome)
{
	outcome->enforced.namespaces = launch->setup.plan->namespaces;
	outcome->enforced.capabilities = launch->setup.plan->caps.keep;
}

int launch_run(const struct plan *plan, const struct launch_options *options,
	       struct outcome *outcome, struct err *err)
{
	struct launch launch = { .link = -1, .foreground = -1, .ends = { -1, -1, -1 } };
	int r = prepare(&launch, plan, options, err);

	*outcome = (struct outcome){ .status = OUTCOME_SETUP_FAILED, .exit_code = -1 };
	if (r < 0) {
		finish(&launch);
		return r;
	}
	launch.supervised.setup = &launch.setup;
	launch.supervised.relays = launch.relays;
	keep_foreground(&launch);
	block_signals(&launch);
	r = start(&launch, err);
	if (r == 0) {
		r = take_part(&launch, err);
		if (r < 0)
			abandon(&launch);
		else
			r = supervise(&launch.supervised, outcome, err);
	}
	record(&launch, outcome);
	finish(&launch);
	return r;
}
