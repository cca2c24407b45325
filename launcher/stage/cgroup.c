/* cgroup.c - the sandbox's own cgroup (see cgroup.h, cgroups(7) and the kernel's
 * Documentation/admin-guide/cgroup-v2.rst)
 *
 * A leaf is open to its owner alone (0700), so that nobody else can hold its lock. It has none
 * between mkdir and flock, and a sweep that comes just then takes it away; its maker then makes
 * another.
 */
#include "launcher/stage/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "launcher/base/cgroup.h"
#include "launcher/stage/cgroup_limits.h"

#define PREFIX "lunette-"

enum { TRIES = 16, KILL_MS = 1000 };

static int not_made(const struct cgroup *cgroup, int number, struct err *err)
{
	(void)err_set(err, STAGE_CGROUP, number, NULL, "%s", cgroup->parent_path);
	if (number == -EROFS) {
		(void)err_hint(err, "in a container: mount its cgroups read-write");
		return err_reason(err, "the cgroup file system is read-only");
	}
	if (number == -EACCES || number == -EPERM) {
		(void)err_hint(err,
			       "start lunette by `systemd-run --user --scope`, or name a cgroup "
			       "that is yours with --cgroup-parent");
		return err_reason(err, "this cgroup is not delegated to the caller");
	}
	return number;
}

/* One leaf with our lock on it; -EAGAIN where a sweep was quicker. */
static int try_leaf(struct cgroup *cgroup)
{
	struct raw_timespec now = { 0 };
	cleanup_fd int leaf = -1;
	long r;

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(cgroup->name, sizeof(cgroup->name), PREFIX "%ld-%llx", sys_getpid(),
		 (unsigned long long)now.seconds * 1000000000ull +
			 (unsigned long long)now.nanoseconds);
	r = sys_mkdirat(cgroup->parent, cgroup->name, 0700);
	if (r < 0)
		return r == -EEXIST ? -EAGAIN : (int)r;
	leaf = (int)sys_openat(cgroup->parent, cgroup->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	r = leaf < 0 ? leaf : sys_flock(leaf, LOCK_EX | LOCK_NB);
	if (r == 0)
		r = sys_faccessat2(leaf, "cgroup.procs", F_OK, 0);
	if (r == -ENOENT || r == -ENODEV || r == -EWOULDBLOCK)
		return -EAGAIN;
	if (r < 0) {
		(void)sys_unlinkat(cgroup->parent, cgroup->name, AT_REMOVEDIR);
		return (int)r;
	}
	cgroup->leaf = take_fd(&leaf);
	return 0;
}

static int make_leaf(struct cgroup *cgroup)
{
	int r = -EAGAIN;

	if (cgroup->parent < 0)
		return -ENOENT;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++)
		r = try_leaf(cgroup);
	return r < 0 ? not_made(cgroup, r, &cgroup->why) : 0;
}

void cgroup_ahead(struct cgroup *cgroup)
{
	/* May fail: what the plan needs of cgroups is asked for again when it is there. */
	cgroup->parent = cgroup_parent(NULL, cgroup->parent_path, &cgroup->why);
	if (make_leaf(cgroup) < 0)
		fd_close(&cgroup->parent);
}

bool cgroup_fits(struct cgroup *cgroup, const struct plan *plan)
{
	bool wanted = cgroup_limits_wanted(&plan->limits);

	if (cgroup->leaf >= 0)
		return !wanted || !plan->cgroup_parent;
	/* May differ: a host without cgroups; what the plan needs of them is an error then. */
	if (wanted)
		cgroup->parent =
			cgroup_parent(plan->cgroup_parent, cgroup->parent_path, &cgroup->why);
	return cgroup->parent < 0;
}

int cgroup_make(struct setup *setup, struct err *err)
{
	struct cgroup *cgroup = &setup->cgroup;
	bool ahead = cgroup->leaf >= 0;
	int r;

	if (!cgroup_limits_wanted(&setup->plan->limits))
		return 0;
	r = ahead ? 0 : make_leaf(cgroup);
	r = cgroup_limits_write(setup, r < 0 ? &cgroup->why : NULL, err);
	if (!ahead && (r < 0 || !cgroup->limits))
		cgroup_finish(setup);
	return r;
}

bool cgroup_may_refuse(int number)
{
	return number == -EACCES || number == -EOPNOTSUPP || number == -EBUSY || number == -ENODEV;
}

int cgroup_refused(struct setup *setup, int number, struct err *err)
{
	struct err why;

	(void)err_set(&why, STAGE_CGROUP, number, NULL, "%s/%s", setup->cgroup.parent_path,
		      setup->cgroup.name);
	if (number == -EACCES) {
		(void)err_hint(&why,
			       "start lunette by `systemd-run --user --scope`, or below a cgroup "
			       "that is delegated to you");
		(void)err_reason(&why,
				 "no process may be moved from the caller's cgroup to this one");
	} else if (number == -EOPNOTSUPP) {
		(void)err_hint(&why, "name another with --cgroup-parent");
		(void)err_reason(&why, "its parent is threaded");
	}
	cgroup_finish(setup);
	return cgroup_limits_write(setup, &why, err);
}

int cgroup_enter(struct setup *setup, struct err *err)
{
	long r;

	setup->cgroup.inside = setup->cgroup.leaf >= 0;
	fd_close(&setup->cgroup.leaf);
	fd_close(&setup->cgroup.parent);
	if (!setup->cgroup.inside || !(setup->plan->namespaces & NAMESPACE_CGROUP))
		return 0;
	r = sys_unshare(RAW_CLONE_NEWCGROUP);
	return r < 0 ? err_set(err, STAGE_CGROUP, (int)r, NULL, "cgroup namespace") : 0;
}

/* Does the process live that @name, "lunette-PID-TIME", tells? If unsure, no: the lock decides. */
static bool lives(const char *name)
{
	long pid = strtol(name + sizeof(PREFIX) - 1, NULL, 10);

	return pid > 1 && pid <= INT32_MAX && sys_kill((int)pid, 0) != -ESRCH;
}

static void sweep(int parent, const char *name)
{
	cleanup_fd int leaf = -1;

	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0 || lives(name))
		return;
	leaf = (int)sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	/* What lives on without its launcher, as die_with_parent = false has it, stays: EBUSY. */
	if (leaf >= 0 && sys_flock(leaf, LOCK_EX | LOCK_NB) == 0)
		(void)sys_unlinkat(parent, name, AT_REMOVEDIR);
}

void cgroup_sweep(const struct setup *setup)
{
	char buffer[4096] __attribute__((aligned(8)));
	long got;

	if (setup->cgroup.leaf < 0)
		return;
	while ((got = sys_getdents64(setup->cgroup.parent, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const struct dirent *)(buffer + at);

			if (entry->d_type == DT_DIR)
				sweep(setup->cgroup.parent, entry->d_name);
			at += entry->d_reclen;
		}
	}
}

int cgroup_keep(const struct setup *setup, struct confine_needs *needs)
{
	const struct cgroup *cgroup = &setup->cgroup;
	int r = 0;

	if (cgroup->leaf < 0)
		return 0;
	r = confine_need(needs, cgroup->leaf, ".", CONFINE_READ | CONFINE_WRITE);
	return r < 0 ? r : confine_need(needs, cgroup->parent, ".", CONFINE_REMOVE_DIRECTORY);
}

/* Usually everything is dead by now, and the first try removes it. */
void cgroup_finish(struct setup *setup)
{
	struct cgroup *cgroup = &setup->cgroup;
	struct raw_timespec pause = { .nanoseconds = 1000000 };
	long r = 0;

	if (cgroup->leaf >= 0)
		r = sys_unlinkat(cgroup->parent, cgroup->name, AT_REMOVEDIR);
	if (r == -EBUSY)
		(void)cgroup_write(cgroup->leaf, "cgroup.kill", "1");
	for (int i = 0; i < KILL_MS && r == -EBUSY; i++) {
		(void)sys_ppoll(NULL, 0, &pause, NULL, 0);
		pause.nanoseconds = 1000000;
		r = sys_unlinkat(cgroup->parent, cgroup->name, AT_REMOVEDIR);
	}
	fd_close(&cgroup->leaf);
	fd_close(&cgroup->parent);
	cgroup->limits = 0;
}
