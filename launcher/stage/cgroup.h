/* cgroup.h - the sandbox's own cgroup: made before the clone, gone when the sandbox is
 *
 * One leaf for each launch that limits something only a cgroup can hold, beside the caller's cgroup
 * or below `cgroup_parent`. Its name is lunette-PID-TIME; its launcher holds a lock on it. A leaf
 * that nobody holds was left by a launcher that crashed: the next run below the same parent takes
 * it away.
 */
#ifndef LAUNCHER_STAGE_CGROUP_H
#define LAUNCHER_STAGE_CGROUP_H

#include "launcher/base/confine.h"
#include "launcher/stage/setup.h"

/* cgroup_ahead() - before the plan is there: a leaf beside the caller, if one can be made */
void cgroup_ahead(struct cgroup *cgroup);

/* cgroup_fits() - may a process that was made ahead, in @cgroup's leaf or in none, go on with
 * @plan? Opens the parent of the leaf that @plan needs and there is not: cgroup->parent, or why
 * there is none. Where there is one, a process outside of it is no use: to move it into the leaf
 * costs 8 ms, to make one there nothing. */
bool cgroup_fits(struct cgroup *cgroup, const struct plan *plan);

/* cgroup_make() - make the leaf below what cgroup_fits() has found, unless there is one, and write
 * its limits, in the launcher before the clone or at least before the program
 * Leaves setup->cgroup with an open leaf, or without one where the plan asks for none or all that
 * it asks for is preferred and can't be had here (recorded as skipped). One that was made ahead
 * stays, without limits then. Errors: -errno with the
 * limit, the cause and the remedy in @err.
 */
int cgroup_make(struct setup *setup, struct err *err);

/* cgroup_may_refuse() - is the errno @number, of a clone3 into a leaf, one that the leaf gives? */
bool cgroup_may_refuse(int number);

/* cgroup_refused() - the kernel took no process into the leaf: @number was what clone3 answered
 * Returns 0 where the launch may go on without (the leaf is gone then), else -errno with @err.
 */
int cgroup_refused(struct setup *setup, int number, struct err *err);

/* cgroup_enter() - in the set-up process, which is in the leaf: make the leaf the root of what the
 * program sees of cgroups. */
int cgroup_enter(struct setup *setup, struct err *err);

/* cgroup_sweep() - take away the leaves that crashed launchers left below the parent. */
void cgroup_sweep(const struct setup *setup);

/* cgroup_keep() - what reading the leaf's files and cgroup_finish() will need. Returns 0 or
 * -errno. */
int cgroup_keep(const struct setup *setup, struct confine_needs *needs);

/* cgroup_finish() - kill what is still in the leaf, and remove it. Does nothing without one. */
void cgroup_finish(struct setup *setup);

#endif
