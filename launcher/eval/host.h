/* host.h - what a profile may learn of the host */
#ifndef LAUNCHER_EVAL_HOST_H
#define LAUNCHER_EVAL_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <sys/utsname.h>

#include "launcher/base/base.h"

struct host_facts {
	unsigned int uid;
	unsigned int gid;
	bool privileged; /* root of the initial user namespace, with CAP_SYS_ADMIN */
	const char *home;
	const char *arch;
	char kernel[sizeof(((struct utsname *)0)->release)];
	char cwd[PATH_MAX];
};

/* host_facts() - fill @facts. Errors: that of getcwd(2). */
int host_facts(struct host_facts *facts, char *const *environment, struct err *err);

/* host_env() - the value of @name in @environment, or NULL. */
const char *host_env(char *const *environment, const char *name);

/* host_exists() - "file", "dir" or "other", following symlinks; NULL where there is nothing. */
const char *host_exists(const char *path);

/* host_readlink() - what the symlink @path says, or NULL; @out: PATH_MAX bytes. */
const char *host_readlink(const char *path, char *out);

/* host_privileged() - struct caller's `privileged`. */
bool host_privileged(void);

#endif
