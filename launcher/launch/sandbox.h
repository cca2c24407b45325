/* sandbox.h - the set-up process: from the clone to the program's exec */
#ifndef LAUNCHER_LAUNCH_SANDBOX_H
#define LAUNCHER_LAUNCH_SANDBOX_H

#include "launcher/stage/setup.h"

/* sandbox_run() - in the child of the launcher's clone: make the sandbox, start the program, be its
 * pid 1 (or become the program itself, where the plan wants no init). A failure goes to
 * setup->shared.
 */
void sandbox_run(struct setup *setup) __attribute__((noreturn));

#endif
