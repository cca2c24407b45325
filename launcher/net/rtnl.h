/* rtnl.h - the messages about links, addresses and routes
 *
 * Each function appends one message to a request (netlink.h); what it would be in the language of
 * ip(8) stands above it. They decide nothing and check nothing: the kernel does, and rtnl_fields
 * lets its complaint be told by the attribute's name.
 *
 * An interface index belongs to one network namespace and means something else, or nothing, in any
 * other: it must come from the namespace that the request is sent in.
 *
 * Sources: rtnetlink(7), include/uapi/linux/{rtnetlink,if_link,if_addr,veth}.h.
 */
#ifndef LAUNCHER_NET_RTNL_H
#define LAUNCHER_NET_RTNL_H

#include <stdint.h>

#include "launcher/net/netlink.h"
#include "launcher/plan/plan.h"

/* Both ends of a new pair of virtual Ethernet devices. */
struct rtnl_pair {
	const char *name; /* here */
	const char *peer_name;
	int peer_pid;            /* the peer is made in the network namespace of this process */
	const uint8_t *peer_mac; /* 6 bytes, or NULL: the kernel's random one */
	uint32_t mtu;            /* of both, in bytes; 0: the kernel's default */
};

/* The names of what these functions write, for nl_locate(). */
extern const struct nl_field rtnl_fields[];

/* ip link set dev INDEX up */
void rtnl_link_up(struct nl_request *request, int index);

/* ip link show dev INDEX
 * rtnl_link_state() reads RFC 2863's state from the reply's payload: an IF_OPER_* of
 * <linux/if.h>. */
void rtnl_get_link(struct nl_request *request, int index);
uint8_t rtnl_link_state(const uint8_t *payload, size_t length);

/* ip link add NAME up type veth peer name PEER_NAME netns PEER_PID
 * Kernel: needs CAP_NET_ADMIN over this namespace and over the peer's. */
void rtnl_add_pair(struct nl_request *request, const struct rtnl_pair *pair);

/* ip address add ADDRESS dev INDEX [nodad]
 * An IPv6 address is usable at once. */
void rtnl_add_address(struct nl_request *request, int index, const struct plan_address *address);

/* ip route prepend ADDRESS dev INDEX src SOURCE (IPv4), ip route replace ... (IPv6)
 * The prefix of @address is not used. The route goes before one to the same address over another
 * link: that may be what is left of an earlier sandbox, which the kernel has not taken down yet.
 * IPv6 knows no "before". */
void rtnl_add_host_route(struct nl_request *request, int index, const struct plan_address *address,
			 const struct plan_address *source);

/* ip route add default via GATEWAY dev INDEX onlink
 * The gateway need not be in a network that the link has an address of. */
void rtnl_add_default_route(struct nl_request *request, int index,
			    const struct plan_address *gateway);

#endif
