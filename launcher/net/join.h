/* join.h - a network namespace that is there already
 *
 * A process enters it before the sandbox's is made, which so begins in it: from its own user
 * namespace that one could not enter what another owns. The launcher is back in its own at once.
 */
#ifndef LAUNCHER_NET_JOIN_H
#define LAUNCHER_NET_JOIN_H

#include "launcher/base/base.h"

/* join_enter() - go into the namespace @where (plan.join). Returns a descriptor of the one before,
 * for join_leave(), or -errno. Needs CAP_SYS_ADMIN in the caller's user namespace and in the one
 * that owns the namespace. */
int join_enter(const char *where, struct err *err);

/* join_leave() - go back, and close @before. */
int join_leave(int *before, struct err *err);

#endif
