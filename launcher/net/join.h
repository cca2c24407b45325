/* join.h - a network namespace that is there already
 *
 * A process enters it before the sandbox's is made, which so begins in it: from its own user
 * namespace that one could not enter what another owns. Where the launcher may, it goes there
 * itself, and is back in its own at once. An ordinary user may enter only what a user namespace of
 * theirs owns, through that one, from which there is no way back: a child of the launcher does it.
 */
#ifndef LAUNCHER_NET_JOIN_H
#define LAUNCHER_NET_JOIN_H

#include "launcher/base/base.h"

struct join {
	const char *where; /* plan.join */
	int network;
	int owner; /* the user namespace that owns it and is another one of the caller's; or -1 */
};

#define JOIN_NONE ((struct join){ .network = -1, .owner = -1 })

/* join_open() - find the namespace @where (plan.join, which must stay)
 * @environment: the launcher's own. The descriptors are the caller's, on failure too. Kernel:
 * ioctl_ns(2), Linux 4.11. */
int join_open(struct join *join, const char *where, char *const *environment, struct err *err);

/* join_enter() - go into it. Returns a descriptor of the one before, for join_leave(), or -errno.
 * Needs CAP_SYS_ADMIN in the caller's user namespace and in the one that owns the namespace. */
int join_enter(const struct join *join, struct err *err);

/* join_leave() - go back, and close @before. */
int join_leave(int *before, struct err *err);

/* join_visit() - go into join->owner, with every capability there, and into the network. There is
 * no way back. */
int join_visit(const struct join *join, struct err *err);

void join_close(struct join *join);

#endif
