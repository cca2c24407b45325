/* join.c - a network namespace that is there already (see join.h) */
#include "launcher/net/join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <linux/nsfs.h>

#include "launcher/net/named.h"

static const char own[] = "/proc/self/ns/net";

static int failed(const char *where, int error, const char *hint, struct err *err)
{
	return err_set(err, STAGE_NETWORK, error, hint, "join %s", where);
}

/* plan_decode() has checked the numbers. The profile's author chose the path: links are followed.
 * */
static int open_namespace(const char *where)
{
	char path[32];

	if (strncmp(where, "fd:", 3) == 0)
		return (int)sys_fcntl((int)strtol(where + 3, NULL, 10), F_DUPFD_CLOEXEC, 3);
	if (strncmp(where, "pid:", 4) != 0)
		return (int)sys_openat(AT_FDCWD, where, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	snprintf(path, sizeof(path), "/proc/%.10s/ns/net", where + 4);
	return (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static const char *remedy(int error)
{
	switch (error) {
	case -ENOENT:
		return "there is no such namespace or process";
	case -EBADF:
		return "that descriptor is not open: the caller must pass it on";
	case -EACCES:
	case -EPERM:
		return "the namespace belongs to another user: be root, or join from the user "
		       "namespace that owns it";
	default:
		return NULL;
	}
}

/* The user namespace that owns @network, where it is not the caller's own and its maker was the
 * caller: that one has every capability in it (user_namespaces(7)). */
static int find_owner(int network)
{
	cleanup_fd int owner = (int)sys_ioctl(network, NS_GET_USERNS, NULL);
	uint32_t uid = 0;
	struct stat caller = { 0 };
	struct stat other = { 0 };

	if (owner < 0 || sys_ioctl(owner, NS_GET_OWNER_UID, &uid) < 0 ||
	    uid != (uint32_t)sys_geteuid() || sys_fstat(owner, &other) < 0 ||
	    sys_newfstatat(AT_FDCWD, "/proc/self/ns/user", &caller, 0) < 0 ||
	    caller.st_ino == other.st_ino)
		return -1;
	return take_fd(&owner);
}

int join_open(struct join *join, const char *where, char *const *environment, struct err *err)
{
	static const char sandbox[] = "sandbox:";
	bool named = strncmp(where, sandbox, sizeof(sandbox) - 1) == 0;
	long r;

	*join = JOIN_NONE;
	join->where = where;
	join->network = named ? named_find(where + sizeof(sandbox) - 1, environment, err)
			      : open_namespace(where);
	if (join->network < 0)
		return named ? join->network
			     : failed(where, join->network, remedy(join->network), err);
	r = sys_ioctl(join->network, NS_GET_NSTYPE, NULL);
	if (r != (long)RAW_CLONE_NEWNET) {
		(void)failed(where, EINVAL, "such as /run/netns/NAME or /proc/PID/ns/net", err);
		return err_reason(err, "is no network namespace");
	}
	/* May fail: then only who owns it by the namespaces he is in may enter it. */
	join->owner = find_owner(join->network);
	return 0;
}

int join_enter(const struct join *join, struct err *err)
{
	cleanup_fd int before = (int)sys_openat(AT_FDCWD, own, O_RDONLY | O_CLOEXEC, 0);
	long r;

	if (before < 0)
		return failed(own, before, NULL, err);
	r = sys_setns(join->network, (int)RAW_CLONE_NEWNET);
	return r < 0 ? failed(join->where, (int)r, remedy((int)r), err) : take_fd(&before);
}

int join_visit(const struct join *join, struct err *err)
{
	long r = sys_setns(join->owner, (int)RAW_CLONE_NEWUSER);

	if (r == 0)
		r = sys_setns(join->network, (int)RAW_CLONE_NEWNET);
	/* The kernel hides who gets capabilities, and its children could not write their maps. */
	if (r == 0)
		r = sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return r < 0 ? failed(join->where, (int)r, remedy((int)r), err) : 0;
}

void join_close(struct join *join)
{
	fd_close(&join->network);
	fd_close(&join->owner);
}

int join_leave(int *before, struct err *err)
{
	long r = sys_setns(*before, (int)RAW_CLONE_NEWNET);

	fd_close(before);
	return r < 0 ? failed(own, (int)r, "the launcher cannot go back to its own", err) : 0;
}
