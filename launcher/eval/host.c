/* host.c - what a profile may learn of the host (see host.h)
 *
 * These run in the launcher, for the child, with the caller's own rights.
 */
#include "launcher/eval/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <linux/capability.h>

#include "policy/policy.h"
#include "policy/tables.h"

/* Linux gives the initial user namespace this inode; include/uapi/linux/nsfs.h since 6.18. */
#define INITIAL_USER_NAMESPACE 0xeffffffdu

const char *host_env(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return NULL;
}

bool host_privileged(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	struct stat st;

	if (sys_geteuid() != 0 || sys_capget(&header, data) < 0 ||
	    !(data[0].effective & 1u << CAP_SYS_ADMIN))
		return false;
	if (sys_newfstatat(AT_FDCWD, "/proc/self/ns/user", &st, 0) < 0)
		return false;
	return st.st_ino == INITIAL_USER_NAMESPACE;
}

int host_facts(struct host_facts *facts, char *const *environment, struct err *err)
{
	struct utsname name;
	long ret;

	facts->uid = (unsigned int)sys_getuid();
	facts->gid = (unsigned int)sys_getgid();
	facts->privileged = facts->uid == 0 && host_privileged();
	facts->home = host_env(environment, "HOME");
	facts->arch = tables_entry_name(policy_native());
	ret = sys_uname(&name);
	if (ret < 0)
		return err_set(err, STAGE_PROFILE, (int)ret, NULL, "uname");
	memcpy(facts->kernel, name.release, sizeof(facts->kernel));
	ret = sys_getcwd(facts->cwd, sizeof(facts->cwd));
	if (ret < 0)
		return err_set(err, STAGE_USAGE, (int)ret, "cd to a directory that is there",
			       "working directory");
	/* "(unreachable)/...": the directory lies outside of our root. */
	if (facts->cwd[0] != '/')
		return err_set(err, STAGE_USAGE, ENOENT, "cd to a directory that is there",
			       "working directory");
	return 0;
}

const char *host_exists(const char *path)
{
	struct stat st;

	if (sys_newfstatat(AT_FDCWD, path, &st, 0) < 0)
		return NULL;
	if (S_ISREG(st.st_mode))
		return "file";
	return S_ISDIR(st.st_mode) ? "dir" : "other";
}

const char *host_readlink(const char *path, char *out)
{
	long length = sys_readlinkat(AT_FDCWD, path, out, PATH_MAX - 1);

	if (length < 0)
		return NULL;
	out[length] = '\0';
	return out;
}
