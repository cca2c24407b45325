/* cgroup_limits.h - a plan's limits as the files of a cgroup; for cgroup.c only */
#ifndef LAUNCHER_STAGE_CGROUP_LIMITS_H
#define LAUNCHER_STAGE_CGROUP_LIMITS_H

#include "launcher/stage/setup.h"

/* cgroup_limits_wanted() - does the plan limit something that only a cgroup can hold, or that one
 * holds better? */
bool cgroup_limits_wanted(const struct plan_limits *limits);

/* cgroup_limits_write() - write them to setup->cgroup
 * @why: NULL, or why there is no leaf: then nothing is written and each limit is refused with that.
 * A preferred one that is refused is recorded as skipped, one that is written in
 * setup->cgroup.limits. Returns 0, or -errno with limit, cause and remedy of the first required one
 * that was refused in @err.
 */
int cgroup_limits_write(struct setup *setup, const struct err *why, struct err *err);

/* cgroup_cpus_within() - is each CPU of @inner in @outer? Both are lists such as "0-3,7\n". */
bool cgroup_cpus_within(const char *inner, const char *outer);

#endif
