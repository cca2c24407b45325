/* launch.c - from a plan to a running program, and to its end (see launch.h)
 *
 * One clone3 and one unshare make all namespaces (birth.h). The new process sets itself up while
 * this one compiles the filter and does what only a launcher can: id maps it must write, sources it
 * must open, a veth pair it must make; what it has goes over a socket pair, whose end each takes
 * for the other's death. That process can also be made before its plan is known, on a guess; where
 * the plan then wants another, it is thrown away.
 */
#include "launcher/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "launcher/base/stops.h"
#include "launcher/launch/birth.h"
#include "launcher/launch/sandbox.h"
#include "launcher/net/named.h"
#include "launcher/net/net.h"
#include "launcher/stage/cgroup.h"
#include "launcher/stage/exec.h"
#include "launcher/stage/filters.h"
#include "launcher/stage/handover.h"
#include "launcher/stage/ids.h"
#include "launcher/stage/mounts.h"
#include "launcher/stage/network.h"
#include "launcher/stage/stdio.h"
#include "launcher/stage/transfer.h"
#include "launcher/watch/audit.h"
#include "launcher/watch/supervise.h"

struct launch {
	struct setup setup;
	struct supervised supervised;
	struct net net;
	struct named named;
	struct stdio_relay relays[STDIO_RELAYS];
	int ends[STDIO_RELAYS];
	int link; /* the launcher's end, open as long as it lives: the child tells its death by it */
	int foreground; /* the terminal's foreground group before the launch, or -1 */
};

static const uint32_t always = NAMESPACE_USER | NAMESPACE_MOUNT | NAMESPACE_PID;

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
	long r = sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);

	if (r < 0)
		return err_set(err, STAGE_WATCH, (int)r, NULL, "link to the set-up process");
	launch->link = pair[0];
	launch->setup.link = pair[1];
	return 0;
}

static struct launch *new_launch(const struct launch_options *options)
{
	struct launch *launch = malloc(sizeof(*launch));
	long page = sys_mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!launch || (page < 0 && page >= -4095)) {
		free(launch);
		return NULL;
	}
	*launch = (struct launch){ .link = -1, .foreground = -1, .ends = { -1, -1, -1 } };
	launch->net = NET_UNUSED;
	launch->named = NAMED_NOT;
	for (int i = 0; i < STDIO_RELAYS; i++)
		launch->relays[i] = (struct stdio_relay){ -1, -1 };
	launch->setup = (struct setup){ .pair = &launch->net.pair,
					.environment = options->environment,
					.arguments = options->arguments,
					.verify = options->verify,
					.observe = options->observe,
					.trial = options->trial,
					.shared = (struct shared *)page,
					.link = -1,
					.parent.fd = -1,
					.root = -1,
					.stage = -1,
					.proc = -1,
					.dev = -1,
					.cgroup = { .parent = -1, .leaf = -1 } };
	for (int i = 0; i < USUAL_MOUNTS; i++)
		launch->setup.usual[i] = -1;
	for (int i = 0; i < DEVICE_NODES; i++)
		launch->setup.nodes[i] = -1;
	launch->supervised.setup = &launch->setup;
	launch->supervised.audit = -1;
	launch->supervised.relays = launch->relays;
	caller_read(&launch->setup.caller);
	return launch;
}

/* The signals that are passed on. SIGPIPE, SIGTTOU and SIGTTIN are only blocked: a relay's reader
 * may go, the terminal may be given back from the background, and there nothing is read of it. */
static uint64_t passed_on(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT,
	};
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		mask |= 1ull << (signals[i] - 1);
	return mask;
}

/* Those of @signals that the caller ignores. Once blocked they would be queued all the same. */
static uint64_t ignored(uint64_t signals)
{
	uint64_t mask = 0;

	for (int signal = 1; signal < SIGSYS; signal++) {
		struct raw_sigaction action = { 0 };

		if (!(signals & 1ull << (signal - 1)))
			continue;
		/* May fail: by a filter of the caller's; it counts as not ignored then. */
		(void)sys_rt_sigaction(signal, NULL, &action, sizeof(uint64_t));
		if ((uintptr_t)action.handler == (uintptr_t)SIG_IGN)
			mask |= 1ull << (signal - 1);
	}
	return mask;
}

static void block_signals(struct launch *launch)
{
	const struct raw_sigaction by_default = { 0 };
	uint64_t blocked;

	launch->supervised.ignored = ignored(passed_on());
	launch->supervised.signals = passed_on() | 1ull << (SIGCHLD - 1);
	blocked = launch->supervised.signals | 1ull << (SIGPIPE - 1) | 1ull << (SIGTTOU - 1) |
		  1ull << (SIGTTIN - 1) | 1ull << (SIGXFSZ - 1);
	/* A caller that ignores SIGCHLD would make the kernel reap for us, and the status be
	 * lost. */
	(void)sys_rt_sigaction(SIGCHLD, &by_default, NULL, sizeof(uint64_t));
	(void)sys_rt_sigprocmask(SIG_BLOCK, &blocked, &launch->setup.signal_mask, sizeof(blocked));
}

static void unblock_signals(struct launch *launch)
{
	(void)sys_rt_sigprocmask(SIG_SETMASK, &launch->setup.signal_mask, NULL, sizeof(uint64_t));
}

/* The set-up process has no use for the launcher's ends, and few descriptors may be allowed. */
static void close_own_ends(struct stdio_relay *relay)
{
	if (relay->from > 2)
		fd_close(&relay->from);
	if (relay->to > 2)
		fd_close(&relay->to);
}

/* Makes the set-up process, in the namespaces of setup->plan. @unwanted: a descriptor that it
 * has no use for, or -1. */
static int start(struct launch *launch, int unwanted, struct err *err)
{
	struct setup *setup = &launch->setup;
	int r = open_link(launch, err);
	int pid;

	if (r < 0)
		return r;
	setup->network.beside = network_beside(setup);
	block_signals(launch);
	pid = birth(setup, err);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		fd_close(&launch->link);
		fd_close(&unwanted);
		for (int i = 0; i < STDIO_RELAYS; i++)
			close_own_ends(&launch->relays[i]);
		sandbox_run(setup);
	}
	launch->supervised.pid = pid;
	/* On a CPU that both have to share, its work goes first: then ours can wait for another. */
	if (!setup->ahead)
		(void)sys_sched_yield();
	fd_close(&setup->link);
	for (int i = 0; i < STDIO_RELAYS; i++)
		fd_close(&launch->ends[i]);
	return 0;
}

/* The sandbox's end is set up by its own process, which then waits until ours can send. */
static int finish_pair(struct launch *launch)
{
	struct transfer go = { 0 };
	struct err lost;
	int r = transfer_send(&go, launch->link);

	if (r == 0)
		r = transfer_wait(launch->link, &lost);
	if (r < 0)
		return r;
	/* May fail: the first packets may be lost then. */
	net_veth_wait(&launch->net.pair);
	return transfer_send(&go, launch->link);
}

/* While the set-up process still lets others look. A sandbox in the network of others is not the
 * way into it. */
static int tell_name(struct launch *launch, struct err *err)
{
	const struct setup *setup = &launch->setup;
	bool own = setup->plan->namespaces & NAMESPACE_NET && setup->plan->net != NET_HOST &&
		   setup->plan->net != NET_JOIN;

	if (!own || !setup->plan->process.name)
		return 0;
	return named_tell(&launch->named, launch->supervised.pid, !setup->caller.privileged, err);
}

uint64_t launch_stops(const struct launch *launch)
{
	const uint64_t harmless = 1ull << (SIGWINCH - 1) | 1ull << (SIGCONT - 1);

	if (!launch || !launch->supervised.signals)
		return 0;
	return passed_on() & ~(launch->supervised.ignored | harmless);
}

static int send_mounts(struct launch *launch, struct err *err)
{
	uint64_t stops = launch_stops(launch);
	int r = stops_let_through(stops, err);

	if (r == 0)
		r = mounts_send(&launch->setup, launch->link, launch->supervised.pid, err);
	stops_block(stops);
	return r;
}

static int prepare_streams(struct launch *launch, struct err *err)
{
	uint64_t stops = launch_stops(launch);
	int r = stops_let_through(stops, err);

	if (r == 0)
		r = stdio_prepare(&launch->setup, launch->relays, launch->ends, err);
	stops_block(stops);
	return r;
}

/* What the set-up process waits for, in the order in which it does. Where it has failed already,
 * its error is the one. */
static int take_part(struct launch *launch, struct err *err)
{
	struct setup *setup = &launch->setup;
	const struct publish_ids ids = { setup->caller.privileged, setup->uid, setup->gid };
	struct transfer go = { 0 };
	char process[16];
	int r = setup->ahead ? stdio_send(setup, launch->link) : 0;

	snprintf(process, sizeof(process), "%d", launch->supervised.pid);
	if (r == 0 && ids_mapped_by_launcher(setup)) {
		r = ids_map(setup, process, err);
		if (r == 0)
			r = transfer_send(&go, launch->link);
	}
	/* Its network is made beside the rest, and what follows leads into it. */
	if (r == 0 && setup->ahead && network_reached(setup->plan))
		r = transfer_wait(launch->link, err);
	if (r == 0)
		r = net_create(&launch->net, launch->supervised.pid, &ids, err);
	if (r == 0)
		r = tell_name(launch, err);
	if (r == 0 && setup->caller.privileged)
		r = send_mounts(launch, err);
	if (r == 0)
		r = filters_compile(setup, err);
	if (r == 0)
		r = filters_send(setup, launch->link);
	if (r == 0 && setup->plan->net == NET_VETH)
		r = finish_pair(launch);
	if (r == -EPIPE || setup->shared->state == SHARED_FAILED)
		return 0;
	if (r < 0 && !err->number)
		(void)err_set(err, STAGE_WATCH, r, NULL, "link to the set-up process");
	return r;
}

static void keep_foreground(struct launch *launch)
{
	if (launch->setup.plan->process.keep_session &&
	    sys_ioctl(0, TIOCGPGRP, &launch->foreground) < 0)
		launch->foreground = -1;
}

/* The signals stay blocked: a pending SIGXFSZ or SIGTERM must not end the launcher before it has
 * written its report. */
static void finish(struct launch *launch)
{
	struct setup *setup = &launch->setup;

	if (launch->foreground > 0)
		(void)sys_ioctl(0, TIOCSPGRP, &launch->foreground);
	named_drop(&launch->named);
	/* May fail: what is not undone here is the next launch's to undo. */
	net_finish(&launch->net);
	fd_close(&launch->supervised.audit);
	fd_close(&launch->link);
	fd_close(&setup->link);
	cgroup_finish(setup);
	for (int i = 0; i < 3; i++)
		free(setup->streams[i].path);
	free(setup->staging.slots);
	free(setup->own_devices);
	free(setup->writable);
	free(setup->filter);
	/* May fail: the page stays until the launcher ends. */
	(void)sys_munmap(setup->shared, sizeof(*setup->shared));
	free(launch);
}

/* Ends a sandbox whose program never ran. */
static void abandon(struct launch *launch)
{
	(void)sys_kill(launch->supervised.pid, SIGKILL);
	(void)sys_waitid(P_PID, launch->supervised.pid, NULL, WEXITED, NULL);
}

struct launch *launch_ahead(const struct launch_options *options)
{
	/* May fail: the sandbox is made when the plan is there. */
	struct launch *launch = new_launch(options);
	struct err err;

	if (!launch)
		return NULL;
	launch->setup.plan = &sandbox_assumed;
	launch->setup.ahead = true;
	if (options->limited)
		cgroup_ahead(&launch->setup.cgroup);
	/* May fail: the same. */
	if (start(launch, options->unwanted, &err) == 0)
		return launch;
	if (launch->supervised.signals)
		unblock_signals(launch);
	finish(launch);
	return NULL;
}

void launch_drop(struct launch *launch)
{
	if (!launch)
		return;
	abandon(launch);
	unblock_signals(launch);
	finish(launch);
}

void launch_show(struct launch **ahead, const struct buf *text)
{
	struct launch *launch = *ahead;

	/* May fail: it is dropped, as one that got a part only would wait for the rest. */
	if (!launch || transfer_send_bytes(launch->link, text->data, text->length) == 0)
		return;
	launch_drop(launch);
	*ahead = NULL;
}

/* Before the program is there, so that nothing is missed. */
static void listen_to_log(struct launch *launch)
{
	struct setup *setup = &launch->setup;
	int fd;

	if (!filters_audited(setup))
		return;
	/* May fail: refusals are not heard of then, and the report says so. */
	fd = audit_open();
	if (fd >= 0)
		launch->supervised.audit = fd;
	else
		outcome_skip(&setup->shared->enforced, "seccomp.on_denied",
			     "Landlock's refusals and traps are in the kernel's audit log, "
			     "which is root's; ask `lunette why`");
	setup->shared->audited = fd >= 0;
}

int launch_start(struct launch **ahead, const struct plan *plan,
		 const struct launch_options *options, struct err *err)
{
	struct launch *launch = *ahead;
	int r;

	*ahead = NULL;
	if (launch &&
	    !(sandbox_fits(plan, &launch->setup) && cgroup_fits(&launch->setup.cgroup, plan))) {
		launch_drop(launch);
		launch = NULL;
	}
	if (!launch) {
		launch = new_launch(options);
		if (!launch)
			return err_set(err, STAGE_WATCH, ENOMEM, NULL, "launch");
		(void)cgroup_fits(&launch->setup.cgroup, plan);
	}
	r = check(plan, &launch->setup.caller, err);
	if (r == 0)
		r = sandbox_adopt(&launch->setup, plan, err);
	if (r == 0)
		r = prepare_streams(launch, err);
	if (r == 0 && plan->process.name)
		r = named_take(&launch->named, plan->process.name, options->environment, err);
	if (r == 0)
		r = net_prepare(&launch->net, plan, options->environment, err);
	if (r == 0) {
		keep_foreground(launch);
		r = cgroup_make(&launch->setup, err);
	}
	if (r == 0)
		listen_to_log(launch);
	if (r == 0 && !launch->supervised.pid)
		r = start(launch, -1, err);
	if (r == 0) {
		/* Before there is a program: nobody of the same user may look into this process. Its
		 * children inherit it, and could not write their id maps. */
		r = (int)sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (r < 0)
			(void)err_set(err, STAGE_WATCH, r, NULL, "hide the launcher");
	}
	if (r == 0) {
		stdio_give(&launch->setup, launch->relays);
		r = take_part(launch, err);
	}
	if (r == 0) {
		*ahead = launch;
		return 0;
	}
	if (launch->supervised.pid)
		abandon(launch);
	finish(launch);
	return r;
}

const char *launch_notice(const struct launch *launch)
{
	return launch->net.notice;
}

/* What is to be done when the sandbox has ended. */
static int keep(const struct launch *launch, struct confine_needs *needs, struct err *err)
{
	int r = net_keep(&launch->net, needs);

	if (r == 0)
		r = named_keep(&launch->named, needs);
	if (r == 0)
		r = cgroup_keep(&launch->setup, needs);
	return r < 0 ? err_set(err, STAGE_WATCH, r, NULL, "what the supervisor keeps") : 0;
}

int launch_wait(struct launch *launch, struct confine_needs *needs, struct outcome *outcome,
		struct err *err)
{
	int r;

	*outcome = (struct outcome){ .status = OUTCOME_SETUP_FAILED, .exit_code = -1 };
	launch->supervised.link = launch->link;
	launch->supervised.needs = needs;
	cgroup_sweep(&launch->setup);
	r = keep(launch, needs, err);
	if (r == 0)
		r = supervise(&launch->supervised, outcome, err);
	else
		abandon(launch);
	outcome->enforced.namespaces = launch->setup.plan->namespaces;
	if (launch->setup.shared->shares_user)
		outcome->enforced.namespaces &= ~(uint32_t)NAMESPACE_USER;
	outcome->enforced.capabilities = launch->setup.plan->caps.keep;
	net_describe(&launch->net, outcome->network, sizeof(outcome->network));
	finish(launch);
	return r;
}
