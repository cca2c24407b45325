/* birth.h - the set-up process and its namespaces
 *
 * It begins in those of users, processes and, but for a thread's (stage/network.h), the network,
 * and makes the others itself: its maker has other things to do meanwhile, such as to let Lua run.
 * Until then it is among the host's mounts, over which it has no power. The network that it is to
 * join, if any, its maker is in: the launcher, which then goes back to its own; or, where only the
 * user namespace that owns the network leads there, a process in between, which ends at once.
 */
#ifndef LAUNCHER_LAUNCH_BIRTH_H
#define LAUNCHER_LAUNCH_BIRTH_H

#include "launcher/stage/setup.h"

/* birth() - make the set-up process, a child of the launcher in the namespaces of setup->plan
 * Below an ordinary user a sandbox that joins another may be in that one's user namespace, instead
 * of one of its own (setup->shared->shares_user). Returns the pid, 0 in that process, or -errno. */
int birth(struct setup *setup, struct err *err);

/* birth_finish() - in that process: its other namespaces; before it does anything else in them
 * Returns 0 or -errno. */
int birth_finish(const struct setup *setup, struct err *err);

#endif
