/* launch.h - from a plan to a running program, and to its end
 *
 * One call makes the sandbox, starts the program in it and stays until nothing of either is left.
 */
#ifndef LAUNCHER_LAUNCH_LAUNCH_H
#define LAUNCHER_LAUNCH_LAUNCH_H

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/outcome.h"

struct launch_options {
	char *const *environment; /* the launcher's own: env.keep is taken from it */
	char *const *arguments;   /* the launcher's own: pid 1 of the sandbox wipes its copy */
};

/* launch_run() - prepare and go, then supervise until nothing of the sandbox is left
 * Returns 0 when the program was executed: @outcome says how it ended. Otherwise -errno with @err
 * filled, and nothing of the program ran. A command that was not found is STAGE_EXEC with ENOENT.
 * In either case nothing is left behind.
 */
int launch_run(const struct plan *plan, const struct launch_options *options,
	       struct outcome *outcome, struct err *err);

#endif
