/* caller.c - who the launcher is on this host (see caller.h) */
#include "launcher/base/caller.h"

#include <fcntl.h>
#include <string.h>

#include "launcher/base/base.h"

/* include/linux/proc_ns.h: PROC_USER_INIT_INO, the same since Linux 3.8. */
static const char initial[] = "user:[4026531837]";

static bool holds(uint32_t effective, int capability)
{
	return effective & (1u << capability);
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	return sys_capget(&header, data) == 0 && holds(data[0].effective, CAP_SYS_ADMIN) &&
	       holds(data[0].effective, CAP_SETUID) && holds(data[0].effective, CAP_SETGID);
}

/* Only a name that is another says no: a root taken for an ordinary user would map the program onto
 * itself. */
static bool in_initial_namespace(void)
{
	char name[sizeof(initial)];
	/* May fail: then uid 0 counts as the host's. */
	long length = sys_readlinkat(AT_FDCWD, "/proc/self/ns/user", name, sizeof(name));

	return length < 0 || (length == (long)sizeof(initial) - 1 &&
			      memcmp(name, initial, sizeof(initial) - 1) == 0);
}

void caller_read(struct caller *caller)
{
	struct raw_rlimit files = { .current = 1024, .maximum = 1024 };

	caller->uid = (uint32_t)sys_geteuid();
	caller->gid = (uint32_t)sys_getegid();
	caller->host_root = caller->uid == 0 && in_initial_namespace();
	caller->privileged = caller->host_root && has_capabilities();
	/* May fail: with 1024 any plan can be launched. */
	(void)sys_prlimit64(0, RLIMIT_NOFILE, NULL, &files);
	caller->open_files = files.current;
	caller->open_files_most = files.maximum;
}
