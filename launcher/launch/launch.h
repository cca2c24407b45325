/* launch.h - from a plan to a running program, and to its end
 *
 * One call makes the sandbox and starts the program in it, another stays until nothing of either is
 * left.
 * Its process and namespaces, which are most of what a launch waits for, can be made ahead, while
 * the profile is still being evaluated.
 */
#ifndef LAUNCHER_LAUNCH_LAUNCH_H
#define LAUNCHER_LAUNCH_LAUNCH_H

#include <stdint.h>

#include "launcher/base/base.h"
#include "launcher/base/confine.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/outcome.h"

struct launch_options {
	char *const *environment;  /* the launcher's own: env.keep is taken from it */
	bool observe;              /* record what is refused, whatever the plan says */
	char *const *arguments;    /* the launcher's own: pid 1 of the sandbox wipes its copy */
	bool verify;               /* compare the filter with its rules before it is used */
	const struct trial *trial; /* made in place of the program (stage/trial.h), or NULL */
	bool limited; /* the plan is likely to want a cgroup: one made ahead is made in one */
	int unwanted; /* a descriptor that a sandbox made ahead has no use for, or -1 */
};

struct launch;

/* launch_ahead() - make the sandbox of the usual plan (all namespaces but time, no network, the
 * caller's standard files) before the plan is known
 * Signals that launch_wait() passes on are blocked from here on. NULL: it could not be made, and
 * launch_start() will say why. */
struct launch *launch_ahead(const struct launch_options *options);

/* launch_stops() - the signals, as bits, that are blocked because of a sandbox made ahead (or NULL:
 * none) and stop the launch until its program is there. */
uint64_t launch_stops(const struct launch *launch);

/* launch_show() - give the plan's text to a sandbox that was made ahead (or is NULL), which decodes
 * it while the caller does. It does nothing with it before launch_start(). One that could not be
 * given all of it is dropped, and *@ahead is NULL then. */
void launch_show(struct launch **ahead, const struct buf *text);

/* launch_drop() - end a sandbox that was made ahead (or is NULL) and is not wanted. */
void launch_drop(struct launch *launch);

/* launch_start() - make the sandbox of @plan and do the launcher's part of its set-up
 * @ahead: points to a sandbox made ahead, which was shown the text of @plan, or to NULL. One that
 *          @plan does not fit is dropped and another is made. Receives what launch_wait() takes.
 * Returns 0, or -errno with @err filled: then nothing of the program ran and nothing is left.
 */
int launch_start(struct launch **ahead, const struct plan *plan,
		 const struct launch_options *options, struct err *err);

/* launch_notice() - what the user should know about a launch that was started, or "": a setting of
 * the host that was changed for it, another firewall in its way */
const char *launch_notice(const struct launch *launch);

/* launch_wait() - supervise until nothing of the sandbox is left
 * Before anything comes from the program this process gives up all but what it needs for that, and
 * what the caller says in @needs that it needs afterwards. A launcher that cannot ends the sandbox
 * at once, and its error says so.
 * Returns 0 when the program was executed: @outcome says how it ended. Otherwise -errno with @err
 * filled, and nothing of the program ran. A command that was not found is STAGE_EXEC with ENOENT.
 * In either case nothing is left behind.
 */
int launch_wait(struct launch *launch, struct confine_needs *needs, struct outcome *outcome,
		struct err *err);

#endif
