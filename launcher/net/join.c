/* join.c - a network namespace that is there already (see join.h) */
#include "launcher/net/join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/nsfs.h>

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

int join_enter(const char *where, struct err *err)
{
	cleanup_fd int before = -1;
	cleanup_fd int fd = open_namespace(where);
	long r = fd < 0 ? fd : sys_ioctl(fd, NS_GET_NSTYPE, NULL);

	if (fd < 0)
		return failed(where, fd, remedy(fd), err);
	if (r != (long)RAW_CLONE_NEWNET) {
		(void)failed(where, EINVAL, "such as /run/netns/NAME or /proc/PID/ns/net", err);
		return err_reason(err, "is no network namespace");
	}
	before = (int)sys_openat(AT_FDCWD, own, O_RDONLY | O_CLOEXEC, 0);
	if (before < 0)
		return failed(own, before, NULL, err);
	r = sys_setns(fd, (int)RAW_CLONE_NEWNET);
	return r < 0 ? failed(where, (int)r, remedy((int)r), err) : take_fd(&before);
}

int join_leave(int *before, struct err *err)
{
	long r = sys_setns(*before, (int)RAW_CLONE_NEWNET);

	fd_close(before);
	return r < 0 ? failed(own, (int)r, "the launcher cannot go back to its own", err) : 0;
}
