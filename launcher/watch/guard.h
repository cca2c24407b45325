/* guard.h - what the supervisor takes from itself before anything comes from the program */
#ifndef LAUNCHER_WATCH_GUARD_H
#define LAUNCHER_WATCH_GUARD_H

#include "launcher/base/confine.h"
#include "launcher/stage/setup.h"

struct guard {
	const struct setup *setup;
	struct confine_needs *needs; /* of what follows the sandbox's end */
	int pid;                     /* of the sandbox's pid 1 */
	int proc;                    /* a procfs of the sandbox that is read, or -1 */
	bool listener;               /* there is one of seccomp's */
	bool audit;                  /* the kernel's audit log is read */
	bool console;                /* the user's terminal is joined to the sandbox's */
};

/* guard_supervisor() - no capability, file or system call from here on but what the rest of this
 * launch needs; what the filter refuses kills the launcher, and the sandbox with it
 * A kernel without Landlock is recorded as skipped. Returns 0 or -errno with @err of the stage
 * `watch`. */
int guard_supervisor(const struct guard *guard, struct err *err);

#endif
