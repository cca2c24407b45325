/* veth.h - the pair of devices between a sandbox and the host
 *
 * The launcher makes the pair, the set-up process inside gives its end addresses and routes. The
 * device inside is made there; it is never moved, which takes the kernel tens of milliseconds.
 * Nothing removes the pair: the kernel does, some moments after the last process of the sandbox is
 * gone.
 *
 * Point to point, each end knows the other's hardware address from the start (a permanent
 * neighbour): nobody has to ask, nobody can answer falsely, and IPv6 does not lose its first packet
 * while a worker of the kernel joins the multicast group in which neighbours ask.
 *
 * Must not decide anything: what the profile left open is filled in before (net.c).
 */
#ifndef LAUNCHER_NET_VETH_H
#define LAUNCHER_NET_VETH_H

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"

/* IFNAMSIZ: a name and its NUL. */
enum { NET_NAME_SIZE = 16 };

/* A pair as it is to be. It holds nothing that is not also valid in a forked process. */
struct net_pair {
	struct plan_veth veth; /* the profile's, with no address left to the pool */
	bool neighbours;       /* both hardware addresses are decided: veth.mac and host_mac */
	uint8_t host_mac[6];   /* of the end here */
	int master;            /* the bridge's index here, or 0 */
	char host_name[NET_NAME_SIZE]; /* of the end here, from net_veth_create() on */
};

/* net_veth_create() - in the launcher: make the pair, with its other end inside the namespace of
 * the process @pid, and bring up the end here, with its addresses
 * pair->host_name receives the name of the end here (veth.host_name, or one made from the pid of
 * the launcher). Router advertisements are refused there: a program inside could send them, and
 * move the host's IPv6 traffic to itself. Kernel: veth (a module in most). */
int net_veth_create(struct net_pair *pair, int pid, struct err *err);

/* net_veth_configure() - in the sandbox's namespace, after net_veth_create(): lo and the device up,
 * its addresses (IPv6 ones usable at once) and its routes, in one request */
int net_veth_configure(const struct net_pair *pair, struct err *err);

/* net_veth_wait() - in the launcher, after net_veth_configure() in the sandbox: wait until the end
 * here can send
 * The kernel opens a device's queue only some time after the other end has come up, in a worker
 * that waits for the lock that every other launch takes too. What is sent before is lost, and ARP
 * and TCP repeat it a second later. Gives up after about a second: then too the sandbox works, only
 * its first packets are at risk. */
void net_veth_wait(const struct net_pair *pair);

#endif
