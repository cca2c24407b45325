/* limits.h - resource limits that need no cgroup, and the file mode mask */
#ifndef LAUNCHER_STAGE_LIMITS_H
#define LAUNCHER_STAGE_LIMITS_H

#include "launcher/stage/setup.h"

/* limits_apply() - in the program-to-be: rlimits and umask of the plan
 * `pids` is RLIMIT_NPROC where no cgroup holds it; the kernel counts that per user namespace from
 * Linux 5.14. A limit above the caller's hard limit is an error, or skipped under `prefer`.
 */
int limits_apply(const struct setup *setup, struct err *err);

/* A limit of the plan that is an rlimit. */
struct limits_row {
	const char *name; /* "limits.files" */
	size_t at;        /* of the struct plan_limit, in struct plan_limits */
	int resource;     /* RLIMIT_* */
	uint64_t unit;    /* the limit's value in one of the kernel's; 0: it is the kernel's own */
	uint64_t scale;   /* the kernel's units in one of the limit's */
};

enum { LIMITS_ROWS = 15 };

extern const struct limits_row limits_rows[LIMITS_ROWS]; /* by name */

/* limits_of() - the plan's limit of @row. */
const struct plan_limit *limits_of(const struct limits_row *row, const struct plan_limits *limits);

#endif
