/* system.c - the namespaces' own settings (see system.h) */
#include "launcher/stage/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

int system_names(const struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	long r;

	if (plan->hostname) {
		r = sys_sethostname(plan->hostname, strlen(plan->hostname));
		if (r < 0)
			return err_set(err, STAGE_IDS, (int)r, NULL, "hostname %s", plan->hostname);
	}
	if (plan->domainname) {
		r = sys_setdomainname(plan->domainname, strlen(plan->domainname));
		if (r < 0)
			return err_set(err, STAGE_IDS, (int)r, NULL, "domainname %s",
				       plan->domainname);
	}
	return 0;
}

static int write_offset(const char *clock, int64_t seconds)
{
	char line[48];
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC, 0);
	long r;

	if (fd < 0)
		return fd;
	snprintf(line, sizeof(line), "%s %lld 0\n", clock, (long long)seconds);
	r = sys_write(fd, line, strlen(line));
	return r < 0 ? (int)r : 0;
}

int system_clocks(const struct setup *setup, struct err *err)
{
	const struct plan_time *time = &setup->plan->time;
	long r;

	if (!(setup->plan->namespaces & NAMESPACE_TIME))
		return 0;
	r = sys_unshare(RAW_CLONE_NEWTIME);
	if (r < 0)
		return err_set(err, STAGE_IDS, (int)r, "time namespaces need CONFIG_TIME_NS",
			       "time namespace");
	if (!time->set)
		return 0;
	/* The switch to the inside ids has made this process's /proc files root's. */
	/* May fail: the offsets cannot be written then, and that is an error. */
	(void)sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	r = write_offset("monotonic", time->monotonic);
	if (r == 0)
		r = write_offset("boottime", time->boottime);
	if (r < 0)
		return err_set(err, STAGE_IDS, (int)r,
			       r == -ERANGE ? "no clock may go below zero" : NULL,
			       "time.monotonic %lld, time.boottime %lld",
			       (long long)time->monotonic, (long long)time->boottime);
	return 0;
}

int system_close_nesting(const struct setup *setup, struct err *err)
{
	static const char path[] = "sys/user/max_user_namespaces";
	cleanup_fd int fd = -1;
	long r;

	if (setup->plan->user.nested)
		return 0;
	if (setup->proc >= 0)
		fd = (int)sys_openat(setup->proc, path, O_WRONLY | O_CLOEXEC, 0);
	else
		fd = (int)sys_openat(AT_FDCWD, "/proc/sys/user/max_user_namespaces",
				     O_WRONLY | O_CLOEXEC, 0);
	r = fd < 0 ? fd : sys_write(fd, "0", 1);
	if (r < 0)
		return err_set(err, STAGE_IDS, (int)r,
			       "mount a proc \"/proc\", or say user.nested = true",
			       "user.max_user_namespaces");
	return 0;
}
