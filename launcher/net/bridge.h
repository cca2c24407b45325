/* bridge.h - named bridges, which several sandboxes share
 *
 * The first sandbox on a bridge makes it, with a hardware address that stays; the last removes it.
 * A bridge of that name that somebody else made is used as it is, and left. The bridge has the
 * gateway's address in the network of the sandboxes.
 */
#ifndef LAUNCHER_NET_BRIDGE_H
#define LAUNCHER_NET_BRIDGE_H

#include "launcher/net/held.h"
#include "launcher/net/pool.h"

/* bridge_hold() - under held_mutex(): have the bridge pair->veth.bridge, and an address of its pool
 * where the profile names none; sets pair->master
 * @fd: a socket for links. */
int bridge_hold(struct held *held, int fd, const struct pool_survey *survey, struct net_pair *pair,
		struct err *err);

/* bridge_release(), bridge_sweep() - under held_mutex(): let go of the bridge that this launch
 * holds; remove the bridge @name of @context, a struct held, if all who have held it are dead */
void bridge_release(struct held *held);
void bridge_sweep(const void *context, const char *name);

#endif
