/* birth.c - the clone of the set-up process (see birth.h) */
#include "launcher/launch/birth.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "launcher/net/join.h"
#include "launcher/stage/cgroup.h"

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

static int no_namespaces(long error, struct err *err)
{
	const char *hint = NULL;

	if (error == -EPERM || error == -EACCES)
		hint = "this host restricts user namespaces; see lunette doctor";
	else if (error == -ENOSPC || error == -EUSERS)
		hint = "user.max_user_namespaces is reached, or this sandbox may not make one";
	else if (error == -ENOSYS)
		hint = "a filter around lunette refuses clone3, as sandboxes and containers do where no "
		       "other may be made inside; see lunette doctor";
	else if (error == -EAGAIN)
		hint = "a limit of processes is reached: RLIMIT_NPROC, or pids.max of the cgroup";
	else if (error == -EINVAL)
		hint = "this kernel lacks one of the namespaces; see lunette doctor";
	return err_set(err, STAGE_IDS, (int)error, hint, "namespaces");
}

/* Those that the set-up process makes for itself, which takes half of the clone's time. */
static const uint64_t made_inside =
	RAW_CLONE_NEWNS | RAW_CLONE_NEWIPC | RAW_CLONE_NEWUTS | RAW_CLONE_NEWCGROUP;

/* A cgroup namespace shows the cgroup that its maker was in, so with one of its own the process
 * makes it there (cgroup_enter). */
int birth_finish(const struct setup *setup, struct err *err)
{
	uint64_t flags = clone_flags(setup->plan->namespaces) & made_inside;
	long r;

	if (setup->cgroup.leaf >= 0)
		flags &= ~RAW_CLONE_NEWCGROUP;
	r = sys_unshare(flags);
	return r < 0 ? no_namespaces(r, err) : 0;
}

/* @parent: RAW_CLONE_PARENT, whose signal it is then, or 0. */
static long clone_child(const struct setup *setup, uint64_t parent)
{
	struct clone_args args = {
		.flags = (clone_flags(setup->plan->namespaces) & ~made_inside) | parent,
		.exit_signal = parent ? 0 : SIGCHLD,
	};

	if (setup->network.beside)
		args.flags &= ~RAW_CLONE_NEWNET;
	if (setup->shared->shares_user)
		args.flags &= ~RAW_CLONE_NEWUSER;
	if (setup->cgroup.leaf >= 0) {
		args.flags |= RAW_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)setup->cgroup.leaf;
	}
	return sys_clone3(&args, sizeof(args));
}

/* May the sandbox be in the very user namespace of the one that it joins? Capabilities would be
 * power over that one's network too, and its map is as it is. */
static int check_shared(const struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	const char *key = plan->caps.keep ? "caps.keep" : plan->user.nested ? "user.nested" : NULL;

	if (key) {
		(void)err_set(err, STAGE_IDS, EPERM, "leave it out, or join as root", "%s", key);
		return err_reason(err, "needs a user namespace of its own, which the sandbox that "
				       "is joined does not allow");
	}
	if (setup->uid == setup->caller.uid && setup->gid == setup->caller.gid)
		return 0;
	(void)err_set(err, STAGE_IDS, EPERM, "give it the user.uid and user.gid of the other",
		      "become %u:%u", setup->uid, setup->gid);
	return err_reason(err,
			  "the caller is %u:%u in the user namespace of the sandbox that is "
			  "joined",
			  setup->caller.uid, setup->caller.gid);
}

/* In a child of the launcher: goes where join->owner leads and makes the set-up process there, as
 * the launcher's child too. Where that namespace closes nested ones, as those of sandboxes do, it
 * is shared. Returns in the set-up process only. */
static void visit(struct setup *setup, const struct join *join)
{
	struct shared *shared = setup->shared;
	long pid = join_visit(join, &shared->err);

	if (pid == 0) {
		setup->caller.uid = (uint32_t)sys_getuid();
		setup->caller.gid = (uint32_t)sys_getgid();
		pid = clone_child(setup, RAW_CLONE_PARENT);
		if (pid == -ENOSPC) {
			pid = check_shared(setup, &shared->err);
			shared->shares_user = pid == 0;
			if (pid == 0)
				pid = clone_child(setup, RAW_CLONE_PARENT);
		}
		if (pid == 0)
			return;
	}
	if (pid < 0 && !shared->err.number)
		(void)no_namespaces(pid, &shared->err);
	shared->visitor = (int)pid;
	for (;;)
		(void)sys_exit_group(0);
}

static long clone_visitor(struct setup *setup, const struct join *join, struct err *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct shared *shared = setup->shared;
	long pid;

	if (setup->plan->user.uid_range_count) {
		(void)err_set(err, STAGE_IDS, EPERM, "leave it out, or join as root", "user.map");
		return err_reason(err, "ranges of ids are for a user namespace of the host's");
	}
	shared->visitor = -EIO;
	shared->err.number = 0;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		visit(setup, join);
		return 0;
	}
	if (pid < 0)
		return no_namespaces(pid, err);
	(void)sys_waitid(P_PID, (int)pid, NULL, WEXITED, NULL);
	if (shared->visitor < 0 && !shared->err.number)
		return no_namespaces(shared->visitor, err);
	if (shared->visitor < 0)
		*err = shared->err;
	return shared->visitor;
}

static long clone_by(struct setup *setup, const struct join *join, struct err *err)
{
	long pid;

	if (join->owner >= 0)
		return clone_visitor(setup, join, err);
	pid = clone_child(setup, 0);
	return pid < 0 ? no_namespaces(pid, err) : pid;
}

/* Once in the cgroup and, where that may not be, once without. */
static long clone_twice(struct setup *setup, const struct join *join, struct err *err)
{
	long pid = clone_by(setup, join, err);
	int r;

	if (pid >= 0 || setup->cgroup.leaf < 0 || !cgroup_may_refuse((int)pid))
		return pid;
	r = cgroup_refused(setup, (int)pid, err);
	return r < 0 ? r : clone_by(setup, join, err);
}

/* Goes to the network that the sandbox is to be in, where the launcher may: then @before is a
 * descriptor of the one it leaves. Else join->owner is the way. */
static int find_network(const struct setup *setup, struct join *join, int *before, struct err *err)
{
	int r;

	if (setup->plan->net != NET_JOIN)
		return 0;
	r = join_open(join, setup->plan->join, setup->environment, err);
	if (r < 0)
		return r;
	*before = join_enter(join, err);
	if (*before == -EPERM && join->owner >= 0)
		return 0;
	fd_close(&join->owner);
	return *before < 0 ? *before : 0;
}

int birth(struct setup *setup, struct err *err)
{
	struct join join = JOIN_NONE;
	int before = -1;
	long pid = find_network(setup, &join, &before, err);
	struct err lost;

	if (pid == 0)
		pid = clone_twice(setup, &join, err);
	join_close(&join);
	if (pid == 0) {
		fd_close(&before);
	} else if (before >= 0 && join_leave(&before, &lost) < 0 && pid > 0) {
		(void)sys_kill((int)pid, SIGKILL);
		(void)sys_waitid(P_PID, (int)pid, NULL, WEXITED, NULL);
		*err = lost;
		pid = -err->number;
	}
	return (int)pid;
}
