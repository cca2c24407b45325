/* sandbox.h - the set-up process: from the clone to the program's exec */
#ifndef LAUNCHER_LAUNCH_SANDBOX_H
#define LAUNCHER_LAUNCH_SANDBOX_H

#include "launcher/stage/setup.h"

/* sandbox_assumed - what a sandbox that is made ahead of its plan is made for. */
extern const struct plan sandbox_assumed;

/* sandbox_fits() - is that what @plan asks for, as far as it shows before the plan is there? */
bool sandbox_fits(const struct plan *plan, const struct setup *setup);

/* sandbox_adopt() - fill in what follows from @plan: on both sides of the clone. */
int sandbox_adopt(struct setup *setup, const struct plan *plan, struct err *err);

/* sandbox_run() - in the child of the launcher's clone: make the sandbox, start the program, be its
 * pid 1 (or become the program itself, where the plan wants no init). A failure goes to
 * setup->shared.
 */
void sandbox_run(struct setup *setup) __attribute__((noreturn));

#endif
