/* limits.h - resource limits that need no cgroup, and the file mode mask */
#ifndef LAUNCHER_STAGE_LIMITS_H
#define LAUNCHER_STAGE_LIMITS_H

#include "launcher/stage/setup.h"

/* limits_apply() - in the program-to-be: rlimits and umask of the plan
 * `pids` is RLIMIT_NPROC where no cgroup holds it; the kernel counts that per user namespace from
 * Linux 5.14. A limit above the caller's hard limit is an error, or skipped under `prefer`.
 */
int limits_apply(const struct setup *setup, struct err *err);

#endif
