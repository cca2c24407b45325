/* forward.h - the host's own forwarding, without which no packet gets through it
 *
 * net.ipv4.ip_forward and net.ipv6.conf.all.forwarding are one number each for the whole network
 * namespace. They are changed only where the profile says so, and back by the last who needs them.
 * With IPv6 forwarding on a host ignores router advertisements, by which many have their own
 * addresses: net.ipv6.conf.DEVICE.accept_ra = 2 keeps them.
 */
#ifndef LAUNCHER_NET_FORWARD_H
#define LAUNCHER_NET_FORWARD_H

#include "launcher/net/held.h"

/* forward_hold() - under held_mutex(): make sure that packets of the families of @veth are
 * forwarded -EHOSTUNREACH where they are not and veth->forward does not allow to turn it on. Writes
 * to @notice what was turned on, or "". */
int forward_hold(struct held *held, const struct plan_veth *veth, char *notice, size_t size,
		 struct err *err);

/* forward_keep() - what forward_release() will need */
void forward_keep(const struct held *held, struct confine_needs *needs);

/* forward_release(), forward_sweep() - under held_mutex(): let go of what this launch has held;
 * turn off what the dead have turned on */
void forward_release(struct held *held);
void forward_sweep(const struct held *held, const char *name);

#endif
