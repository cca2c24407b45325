/* net.h - the network of a sandbox: its loopback, and a pair of devices between it and the host
 *
 * A `none` sandbox is a new network namespace with lo up. A `veth` sandbox has a virtual Ethernet
 * device besides, whose other end is in the launcher's own namespace: the launcher makes the pair,
 * the set-up process inside gives its end addresses and a route. The device inside is made there;
 * it is never moved, which takes the kernel tens of milliseconds. Nothing removes the pair: the
 * kernel does, some moments after the last process of the sandbox is gone.
 *
 * Every error is of the stage `network`; its object names the link, address or route and the
 * namespace it was in, "host" (the launcher's own) or "sandbox". Needs CAP_NET_ADMIN over the
 * namespaces it works in.
 */
#ifndef LAUNCHER_NET_NET_H
#define LAUNCHER_NET_NET_H

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"

/* IFNAMSIZ: a name and its NUL. */
enum { NET_NAME_SIZE = 16 };

/* net_loopback_up() - bring up lo of the caller's network namespace, which must be a new one
 * The kernel itself then gives it 127.0.0.1/8 and ::1/128. */
int net_loopback_up(struct err *err);

/* net_veth_create() - in the launcher: make the pair, with its other end inside the namespace of
 * the process @pid, and bring up the end here, with its addresses
 * @host_name: receives the name of the end here (veth->host_name, or one made from the pid of the
 *             launcher)
 * Router advertisements are refused on the end here: a program inside could send them, and move the
 * host's IPv6 traffic to itself. Kernel: veth (a module in most). */
int net_veth_create(const struct plan_veth *veth, int pid, char host_name[NET_NAME_SIZE],
		    struct err *err);

/* net_veth_configure() - in the sandbox's namespace, after net_veth_create(): lo and the device up,
 * its addresses (IPv6 ones usable at once) and its default routes, in one request */
int net_veth_configure(const struct plan_veth *veth, struct err *err);

/* net_veth_wait() - in the launcher, after net_veth_configure() in the sandbox: wait until the end
 * here can send
 * The kernel opens a device's queue only some time after the other end has come up, in a worker
 * that waits for the lock that every other launch takes too. What is sent before is lost, and ARP
 * and TCP repeat it a second later. Gives up after about a second: then too the sandbox works, only
 * its first packets are at risk. IPv6 keeps a risk of its own: the kernel joins the group in which
 * neighbours ask for the host's address by a worker too, and shows nowhere cheaply when it has. */
void net_veth_wait(const char *host_name);

#endif
