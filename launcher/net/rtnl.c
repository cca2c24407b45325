/* rtnl.c - the messages about links, addresses and routes (see rtnl.h) */
#include "launcher/net/rtnl.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>
#include <linux/veth.h>

static const struct nl_field peer_fields[] = {
	{ .name = "IFLA_ADDRESS", .type = IFLA_ADDRESS },
	{ .name = "IFLA_IFNAME", .type = IFLA_IFNAME },
	{ .name = "IFLA_MTU", .type = IFLA_MTU },
	{ .name = "IFLA_NET_NS_PID", .type = IFLA_NET_NS_PID },
	{ 0 },
};

static const struct nl_field veth_fields[] = {
	{ .name = "VETH_INFO_PEER",
	  .inside = peer_fields,
	  .type = VETH_INFO_PEER,
	  .header = sizeof(struct ifinfomsg) },
	{ 0 },
};

static const struct nl_field kind_fields[] = {
	{ .name = "IFLA_INFO_KIND", .type = IFLA_INFO_KIND },
	{ .name = "IFLA_INFO_DATA", .inside = veth_fields, .type = IFLA_INFO_DATA },
	{ 0 },
};

static const struct nl_field link_fields[] = {
	{ .name = "IFLA_IFNAME", .type = IFLA_IFNAME },
	{ .name = "IFLA_MTU", .type = IFLA_MTU },
	{ .name = "IFLA_LINKINFO", .inside = kind_fields, .type = IFLA_LINKINFO },
	{ 0 },
};

static const struct nl_field address_fields[] = {
	{ .name = "IFA_LOCAL", .type = IFA_LOCAL },
	{ .name = "IFA_ADDRESS", .type = IFA_ADDRESS },
	{ .name = "IFA_BROADCAST", .type = IFA_BROADCAST },
	{ .name = "IFA_FLAGS", .type = IFA_FLAGS },
	{ 0 },
};

static const struct nl_field route_fields[] = {
	{ .name = "RTA_DST", .type = RTA_DST },
	{ .name = "RTA_GATEWAY", .type = RTA_GATEWAY },
	{ .name = "RTA_PREFSRC", .type = RTA_PREFSRC },
	{ .name = "RTA_OIF", .type = RTA_OIF },
	{ 0 },
};

const struct nl_field rtnl_fields[] = {
	{ .name = "RTM_NEWLINK",
	  .inside = link_fields,
	  .type = RTM_NEWLINK,
	  .header = sizeof(struct ifinfomsg) },
	{ .name = "RTM_NEWADDR",
	  .inside = address_fields,
	  .type = RTM_NEWADDR,
	  .header = sizeof(struct ifaddrmsg) },
	{ .name = "RTM_NEWROUTE",
	  .inside = route_fields,
	  .type = RTM_NEWROUTE,
	  .header = sizeof(struct rtmsg) },
	{ 0 },
};

void rtnl_link_up(struct nl_request *request, int index)
{
	struct ifinfomsg link = {
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};

	nl_begin(request, RTM_NEWLINK, 0, &link, sizeof(link));
}

void rtnl_get_link(struct nl_request *request, int index)
{
	struct ifinfomsg link = { .ifi_index = index };

	nl_begin(request, RTM_GETLINK, 0, &link, sizeof(link));
}

uint8_t rtnl_link_state(const uint8_t *payload, size_t length)
{
	size_t size = 0;
	const uint8_t *state = NULL;

	if (length > sizeof(struct ifinfomsg))
		state = nl_find(payload + sizeof(struct ifinfomsg),
				length - sizeof(struct ifinfomsg), IFLA_OPERSTATE, &size);
	return size == 1 ? *state : 0;
}

void rtnl_add_pair(struct nl_request *request, const struct rtnl_pair *pair)
{
	struct ifinfomsg link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct ifinfomsg peer_link = { 0 };
	size_t info;
	size_t data;
	size_t peer;

	nl_begin(request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	nl_put_text(request, IFLA_IFNAME, pair->name);
	if (pair->mtu)
		nl_put_u32(request, IFLA_MTU, pair->mtu);
	info = nl_nest(request, IFLA_LINKINFO, NULL, 0);
	nl_put_text(request, IFLA_INFO_KIND, "veth");
	data = nl_nest(request, IFLA_INFO_DATA, NULL, 0);
	peer = nl_nest(request, VETH_INFO_PEER, &peer_link, sizeof(peer_link));
	nl_put_text(request, IFLA_IFNAME, pair->peer_name);
	nl_put_u32(request, IFLA_NET_NS_PID, (uint32_t)pair->peer_pid);
	if (pair->peer_mac)
		nl_put(request, IFLA_ADDRESS, pair->peer_mac, 6);
	if (pair->mtu)
		nl_put_u32(request, IFLA_MTU, pair->mtu);
	nl_end(request, peer);
	nl_end(request, data);
	nl_end(request, info);
}

static size_t address_length(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

/* The last address of an IPv4 network, which all of its hosts hear. */
static void put_broadcast(struct nl_request *request, const struct plan_address *address)
{
	uint8_t bytes[4];

	for (unsigned int bit = 0; bit < 32; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		if (bit % 8 == 0)
			bytes[bit / 8] = address->bytes[bit / 8];
		if (bit >= address->prefix)
			bytes[bit / 8] |= mask;
	}
	nl_put(request, IFA_BROADCAST, bytes, sizeof(bytes));
}

void rtnl_add_address(struct nl_request *request, int index, const struct plan_address *address)
{
	size_t length = address_length(address->family);
	struct ifaddrmsg message = {
		.ifa_family = address->family,
		.ifa_prefixlen = address->prefix,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (uint32_t)index,
	};

	nl_begin(request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof(message));
	nl_put(request, IFA_LOCAL, address->bytes, length);
	nl_put(request, IFA_ADDRESS, address->bytes, length);
	if (address->family == AF_INET6)
		nl_put_u32(request, IFA_FLAGS, IFA_F_NODAD);
	else if (address->prefix < 31)
		put_broadcast(request, address);
}

void rtnl_add_host_route(struct nl_request *request, int index, const struct plan_address *address,
			 const struct plan_address *source)
{
	size_t length = address_length(address->family);
	uint16_t order = address->family == AF_INET6 ? NLM_F_REPLACE : 0;
	struct rtmsg route = {
		.rtm_family = address->family,
		.rtm_dst_len = (uint8_t)(length * 8),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};

	nl_begin(request, RTM_NEWROUTE, NLM_F_CREATE | order, &route, sizeof(route));
	nl_put(request, RTA_DST, address->bytes, length);
	nl_put(request, RTA_PREFSRC, source->bytes, length);
	nl_put_u32(request, RTA_OIF, (uint32_t)index);
}

void rtnl_add_default_route(struct nl_request *request, int index,
			    const struct plan_address *gateway)
{
	struct rtmsg route = {
		.rtm_family = gateway->family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = RTNH_F_ONLINK,
	};

	nl_begin(request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	nl_put(request, RTA_GATEWAY, gateway->bytes, address_length(gateway->family));
	nl_put_u32(request, RTA_OIF, (uint32_t)index);
}
