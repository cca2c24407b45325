/* launch.h - from a plan to a running program, and to its end
 *
 * A launch has two halves. launch_prepare() makes the sandbox up to the last step before exec;
 * launch_go() lets the program start and waits for its end. launch_run() is both at once, without
 * the round trip in between.
 */
#ifndef LAUNCHER_LAUNCH_LAUNCH_H
#define LAUNCHER_LAUNCH_LAUNCH_H

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/outcome.h"

struct launch_options {
	char *const *environment; /* the launcher's own: env.keep is taken from it */
};

/* launch_run() - prepare and go, then supervise until nothing of the sandbox is left
 * Returns 0 when the program was executed: @outcome says how it ended. Otherwise -errno with @err
 * filled, and nothing of the program ran. A command that was not found is STAGE_EXEC with ENOENT.
 * In either case nothing is left behind.
 */
int launch_run(const struct plan *plan, const struct launch_options *options,
	       struct outcome *outcome, struct err *err);

#endif
