/* rtnl.h - the messages about links, addresses and routes
 *
 * Each function appends one message to a request (netlink.h); what it would be in the language of
 * ip(8) stands above it. They decide nothing and check nothing: the kernel does, and rtnl_fields
 * lets its complaint be told by the attribute's name.
 *
 * An interface index belongs to one network namespace and means something else, or nothing, in any
 * other: it must come from the namespace that the request is sent in.
 *
 * Sources: rtnetlink(7), include/uapi/linux/{rtnetlink,if_link,if_addr,veth,
 * neighbour,pkt_sched}.h.
 */
#ifndef LAUNCHER_NET_RTNL_H
#define LAUNCHER_NET_RTNL_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/net/netlink.h"
#include "launcher/plan/plan.h"

/* Both ends of a new pair of virtual Ethernet devices. */
struct rtnl_pair {
	const char *name; /* here */
	const char *peer_name;
	int peer_pid;            /* the peer is made in the network namespace of this process */
	int master;              /* the bridge that the end here is a port of, or 0 */
	const uint8_t *mac;      /* 6 bytes, or NULL: the kernel's random one */
	const uint8_t *peer_mac; /* the same of the other end */
	uint32_t mtu;            /* of both, in bytes; 0: the kernel's default */
};

/* What one route of a dump says. */
struct rtnl_route {
	struct plan_address to; /* prefix 0: the default route */
	int index;              /* of the link; 0: none, or several */
};

/* How fast a link may be, and how bad. */
struct rtnl_shape {
	uint32_t rate;  /* bytes a second, or 0 */
	uint32_t delay; /* microseconds, or 0 */
	uint32_t loss;  /* packets in a million, or 0 */
};

/* The names of what these functions write, for nl_locate(). */
extern const struct nl_field rtnl_fields[];

/* ip link set dev INDEX up */
void rtnl_link_up(struct nl_request *request, int index);

/* ip link show dev INDEX
 * Of the reply's payload, rtnl_link_state() reads RFC 2863's state, an IF_OPER_* of <linux/if.h>,
 * and rtnl_link_mtu() the MTU, or 0. */
void rtnl_get_link(struct nl_request *request, int index);
uint8_t rtnl_link_state(const uint8_t *payload, size_t length);
uint32_t rtnl_link_mtu(const uint8_t *payload, size_t length);

/* ip link delete dev INDEX */
void rtnl_delete_link(struct nl_request *request, int index);

/* ip link add NAME address MAC up type bridge
 * A bridge without an address of its own takes that of its lowest port, and another one with each
 * port that comes or goes, which its neighbours learn late. */
void rtnl_add_bridge(struct nl_request *request, const char *name, const uint8_t mac[6]);

/* bridge link set dev INDEX isolated on
 * An isolated port sends only to ports that are not, and to the bridge itself. */
void rtnl_isolate_port(struct nl_request *request, int index);

/* ip link add NAME up [master MASTER] type veth peer name PEER_NAME netns PEER_PID
 * Kernel: needs CAP_NET_ADMIN over this namespace and over the peer's. */
void rtnl_add_pair(struct nl_request *request, const struct rtnl_pair *pair);

/* ip address add ADDRESS dev INDEX [nodad]
 * An IPv6 address is usable at once. */
void rtnl_add_address(struct nl_request *request, int index, const struct plan_address *address);

/* ip -6 route add local ADDRESS dev INDEX table local
 * The kernel makes such a route for each address, but for IPv6 in a worker, some time later; until
 * then packets to the address are thrown away. */
void rtnl_add_local_route(struct nl_request *request, int index,
			  const struct plan_address *address);

/* ip route prepend ADDRESS dev INDEX src SOURCE (IPv4), ip route replace ... (IPv6)
 * The prefix of @address is not used. The route goes before one to the same address over another
 * link: that may be what is left of an earlier sandbox, which the kernel has not taken down yet.
 * IPv6 knows no "before". */
void rtnl_add_host_route(struct nl_request *request, int index, const struct plan_address *address,
			 const struct plan_address *source);

/* ip route add TO via GATEWAY dev INDEX onlink
 * The gateway need not be in a network that the link has an address of. @to NULL: the default
 * route. */
void rtnl_add_route(struct nl_request *request, int index, const struct plan_address *to,
		    const struct plan_address *gateway);

/* ip neighbour add ADDRESS lladdr MAC dev INDEX nud permanent */
void rtnl_add_neighbour(struct nl_request *request, int index, const struct plan_address *address,
			const uint8_t mac[6]);

/* ip [-6] route show table main, for nl_dump()
 * rtnl_read_route() reads one reply; false where it is of another table, or no route to
 * anywhere. */
void rtnl_get_routes(struct nl_request *request, uint8_t family);
bool rtnl_read_route(const uint8_t *payload, size_t length, struct rtnl_route *route);

/* tc qdisc add dev INDEX root tbf rate RATE burst ... latency 50ms, where only a rate is asked for;
 * else tc qdisc add dev INDEX root netem [delay DELAY] [loss LOSS] [rate RATE].
 * Kernel: sch_tbf, sch_netem; -ENOENT where it is not there. */
void rtnl_add_shape(struct nl_request *request, int index, const struct rtnl_shape *shape);

#endif
