/* net.h - the network of a sandbox
 *
 * A `none` sandbox is a new network namespace with lo up. A `veth` sandbox has a device besides,
 * whose other end is in the launcher's own namespace, alone (veth.h) or on a bridge with others
 * (bridge.h); perhaps an address from a pool (pool.h) and translation of addresses (nat.h). A
 * `join` sandbox has the network of somebody else (join.h). Ports of the host lead into a sandbox
 * through a process of their own (publish.h).
 *
 * What a launch takes on the host it gives back in net_finish(); what a killed launcher could not
 * give back the kernel takes (devices, nftables) or the next launch does (state.h).
 *
 * Every error is of the stage `network`; its object names the link, address, route or rule and the
 * namespace it was in, "host" (the launcher's own) or "sandbox". Needs CAP_NET_ADMIN over the
 * namespaces it works in.
 */
#ifndef LAUNCHER_NET_NET_H
#define LAUNCHER_NET_NET_H

#include "launcher/base/base.h"
#include "launcher/base/confine.h"
#include "launcher/net/nat.h"
#include "launcher/net/pool.h"
#include "launcher/net/publish.h"
#include "launcher/net/veth.h"
#include "launcher/plan/plan.h"

/* The launcher's side of a sandbox's network. */
struct net {
	const struct plan *plan;
	struct net_pair pair; /* of a veth sandbox */
	struct nat nat;
	struct held held;
	struct publish publish;
	char notice[512]; /* what the user should know although it is no failure, or "" */
};

/* Of a launch that has taken nothing yet. */
#define NET_UNUSED ((struct net){ .nat = { -1 }, .held = HELD_NOTHING })

/* net_loopback_up() - bring up lo of the caller's network namespace, which must be a new one
 * The kernel itself then gives it 127.0.0.1/8 and ::1/128. */
int net_loopback_up(struct err *err);

/* net_prepare() - what can be taken and decided before there is a sandbox: an address of the pool,
 * the MTU, the bridge, forwarding
 * @net: NET_UNUSED. @environment: the launcher's own. On failure net_finish() is to be called as
 * well. */
int net_prepare(struct net *net, const struct plan *plan, char *const *environment,
		struct err *err);

/* net_create() - the launcher's part, when the sandbox's process @pid is in its namespaces, and its
 * ids are mapped if @ids are to be changed to: the pair, the rules, the relay */
int net_create(struct net *net, int pid, const struct publish_ids *ids, struct err *err);

/* net_describe() - the device on the host and the addresses inside, "lune7 192.0.2.2/24"; "" where
 * there are none */
void net_describe(const struct net *net, char *out, size_t size);

/* net_probe_right() - may the caller change the network that it is in? 0, -EPERM or -errno. */
int net_probe_right(void);

/* net_probe_rules(), net_probe_shape() - can this kernel do what nat and isolate, and what a rate,
 * or a delay and loss, need? 0 or -errno. To be called in a new network namespace. */
int net_probe_rules(void);
int net_probe_shape(bool delay);

/* net_keep() - what net_finish() will need, when net_create() has succeeded. Returns 0 or
 * -errno. */
int net_keep(const struct net *net, struct confine_needs *needs);

/* net_finish() - give back what was taken. The sandbox's processes are gone. */
void net_finish(struct net *net);

#endif
