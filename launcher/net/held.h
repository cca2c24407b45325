/* held.h - what a launch holds of the host's network, and shares with other launches
 *
 * Entries of the state directory (state.h), in one directory for each network namespace of
 * launchers, which the kernel's cookie for it names:
 *
 *	mutex               locked for moments, around changes of what follows
 *	lease-RANGE-NUMBER  locked by the one sandbox that has this address of the pool
 *	bridges/NAME        shared by all on this bridge; "made RANGE NUMBER INDEX" where we made it
 *	forward4, forward6  shared by all who need forwarding; "set" where we turned it on
 *
 * What a killed launcher left is undone by the next launch that holds anything; a lease is free as
 * soon as nobody has its lock.
 */
#ifndef LAUNCHER_NET_HELD_H
#define LAUNCHER_NET_HELD_H

#include "launcher/base/base.h"
#include "launcher/base/confine.h"
#include "launcher/base/state.h"
#include "launcher/net/veth.h"

enum { HELD_NAME = 32 };

struct held {
	int directory; /* -1: nothing is held */
	int bridges;   /* the directory of that name */
	int lease;
	int bridge;
	int forward[2]; /* IPv4, IPv6 */
	char lease_name[HELD_NAME];
	char bridge_name[NET_NAME_SIZE];
};

#define HELD_NOTHING                                                                               \
	((struct held){ .directory = -1,                                                           \
			.bridges = -1,                                                             \
			.lease = -1,                                                               \
			.bridge = -1,                                                              \
			.forward = { -1, -1 } })

/* held_open() - open the directory of the caller's network namespace
 * @environment: the launcher's own. */
int held_open(struct held *held, char *const *environment, struct err *err);

/* held_mutex() - the lock around changes; closing the descriptor lets go */
int held_mutex(const struct held *held, struct err *err);

/* held_sweep() - under held_mutex(): undo what the dead left */
void held_sweep(const struct held *held);

/* held_keep() - what held_release() will need. Returns 0 or -errno. */
int held_keep(const struct held *held, struct confine_needs *needs);

/* held_release() - give everything back: the last user undoes what the first did */
void held_release(struct held *held);

#endif
