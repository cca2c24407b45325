/* caller.h - who the launcher is on this host */
#ifndef LAUNCHER_BASE_CALLER_H
#define LAUNCHER_BASE_CALLER_H

#include <stdbool.h>
#include <stdint.h>

struct caller {
	uint32_t uid;
	uint32_t gid;
	/* Real root: euid 0 with CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID in the initial user
	 * namespace. Only then are sources opened by the launcher, and writable mounts idmapped. */
	bool privileged;
	bool host_root;           /* uid 0 of the initial user namespace, with or without those */
	uint64_t open_files;      /* RLIMIT_NOFILE, soft */
	uint64_t open_files_most; /* and hard */
};

/* caller_read() - fill @caller. It cannot fail: a capability that cannot be found out counts as
 * absent, and uid 0 as the host's root. */
void caller_read(struct caller *caller);

#endif
