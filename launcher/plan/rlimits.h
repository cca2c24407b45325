/* rlimits.h - the limits of a plan that are rlimits, for who sets them and for who reports them */
#ifndef LAUNCHER_PLAN_RLIMITS_H
#define LAUNCHER_PLAN_RLIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "launcher/plan/plan.h"

struct plan_rlimit {
	const char *name; /* "limits.files" */
	size_t at;        /* of the struct plan_limit, in struct plan_limits */
	int resource;     /* RLIMIT_* */
	uint64_t unit;    /* the limit's value in one of the kernel's; 0: it is the kernel's own */
	uint64_t scale;   /* the kernel's units in one of the limit's */
};

enum { PLAN_RLIMITS = 15 };

extern const struct plan_rlimit plan_rlimits[PLAN_RLIMITS]; /* by name */

/* plan_rlimit_of() - the limit that @row is of. */
const struct plan_limit *plan_rlimit_of(const struct plan_rlimit *row,
					const struct plan_limits *limits);

#endif
