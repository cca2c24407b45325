/* host.c - what a profile may learn of the host (see host.h)
 *
 * These run in the launcher, for the child, with the caller's own rights.
 */
#include "launcher/eval/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "launcher/base/caller.h"
#include "policy/policy.h"
#include "policy/tables.h"

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
	struct caller caller;

	caller_read(&caller);
	return caller.privileged;
}

/* The home, or the working directory where the two are one under different names, so that a profile
 * which compares them as text is not fooled by a link. */
static const char *home_of(char *const *environment, const char *cwd)
{
	const char *home = host_env(environment, "HOME");
	struct stat here, there;

	/* May fail: a home that cannot be looked at keeps its name. */
	if (home && sys_newfstatat(AT_FDCWD, home, &there, 0) == 0 &&
	    sys_newfstatat(AT_FDCWD, ".", &here, 0) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino)
		return cwd;
	return home;
}

int host_facts(struct host_facts *facts, char *const *environment, struct err *err)
{
	struct utsname name;
	long ret;

	facts->uid = (unsigned int)sys_getuid();
	facts->gid = (unsigned int)sys_getgid();
	/* May fail: profiles only warn by it; the launch looks for itself. */
	facts->privileged = facts->uid == 0 && host_privileged();
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
	facts->home = home_of(environment, facts->cwd);
	return 0;
}

const char *host_exists(const char *path)
{
	struct stat st;

	/* May differ: for a profile what cannot be looked at is not there; the plan records the
	 * answer. */
	if (sys_newfstatat(AT_FDCWD, path, &st, 0) < 0)
		return NULL;
	if (S_ISREG(st.st_mode))
		return "file";
	return S_ISDIR(st.st_mode) ? "dir" : "other";
}

const char *host_readlink(const char *path, char *out)
{
	/* May differ: for a profile it is no link then; the plan records the answer. */
	long length = sys_readlinkat(AT_FDCWD, path, out, PATH_MAX - 1);

	if (length < 0)
		return NULL;
	out[length] = '\0';
	return out;
}
