/* birth.h - the clone of the set-up process
 *
 * It begins in all of its namespaces. The network that it is to join, if any, its maker is in: the
 * launcher, which then goes back to its own; or, where only the user namespace that owns the
 * network leads there, a process in between, which ends at once.
 */
#ifndef LAUNCHER_LAUNCH_BIRTH_H
#define LAUNCHER_LAUNCH_BIRTH_H

#include "launcher/stage/setup.h"

/* birth() - make the set-up process, a child of the launcher in the namespaces of setup->plan
 * Below an ordinary user a sandbox that joins another may be in that one's user namespace, instead
 * of one of its own (setup->shared->shares_user). Returns the pid, 0 in that process, or -errno. */
int birth(struct setup *setup, struct err *err);

#endif
