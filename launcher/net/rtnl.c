/* rtnl.c - the messages about links, addresses and routes (see rtnl.h) */
#include "launcher/net/rtnl.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/pkt_sched.h>
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

static const struct nl_field port_fields[] = {
	{ .name = "IFLA_BRPORT_ISOLATED", .type = IFLA_BRPORT_ISOLATED },
	{ 0 },
};

static const struct nl_field link_fields[] = {
	{ .name = "IFLA_ADDRESS", .type = IFLA_ADDRESS },
	{ .name = "IFLA_MASTER", .type = IFLA_MASTER },
	{ .name = "IFLA_PROTINFO", .inside = port_fields, .type = IFLA_PROTINFO },
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

static const struct nl_field neighbour_fields[] = {
	{ .name = "NDA_DST", .type = NDA_DST },
	{ .name = "NDA_LLADDR", .type = NDA_LLADDR },
	{ 0 },
};

static const struct nl_field shape_fields[] = {
	{ .name = "TCA_KIND", .type = TCA_KIND },
	{ .name = "TCA_OPTIONS", .type = TCA_OPTIONS },
	{ 0 },
};

const struct nl_field rtnl_fields[] = {
	{ .name = "RTM_SETLINK",
	  .inside = link_fields,
	  .type = RTM_SETLINK,
	  .header = sizeof(struct ifinfomsg) },
	{ .name = "RTM_NEWNEIGH",
	  .inside = neighbour_fields,
	  .type = RTM_NEWNEIGH,
	  .header = sizeof(struct ndmsg) },
	{ .name = "RTM_NEWQDISC",
	  .inside = shape_fields,
	  .type = RTM_NEWQDISC,
	  .header = sizeof(struct tcmsg) },
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

/* An attribute of a link, where it has @wanted bytes. */
static const uint8_t *link_attribute(const uint8_t *payload, size_t length, uint16_t type,
				     size_t wanted)
{
	const size_t header = sizeof(struct ifinfomsg);
	const uint8_t *value = NULL;
	size_t size = 0;

	if (length > header)
		value = nl_find(payload + header, length - header, type, &size);
	return size == wanted ? value : NULL;
}

uint8_t rtnl_link_state(const uint8_t *payload, size_t length)
{
	const uint8_t *state = link_attribute(payload, length, IFLA_OPERSTATE, 1);

	return state ? *state : 0;
}

uint32_t rtnl_link_mtu(const uint8_t *payload, size_t length)
{
	const uint8_t *value = link_attribute(payload, length, IFLA_MTU, sizeof(uint32_t));
	uint32_t mtu = 0;

	if (value)
		memcpy(&mtu, value, sizeof(mtu));
	return mtu;
}

void rtnl_delete_link(struct nl_request *request, int index)
{
	struct ifinfomsg link = { .ifi_index = index };

	nl_begin(request, RTM_DELLINK, 0, &link, sizeof(link));
}

void rtnl_add_bridge(struct nl_request *request, const char *name, const uint8_t mac[6])
{
	struct ifinfomsg link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	size_t info;

	nl_begin(request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	nl_put_text(request, IFLA_IFNAME, name);
	nl_put(request, IFLA_ADDRESS, mac, 6);
	info = nl_nest(request, IFLA_LINKINFO, NULL, 0);
	nl_put_text(request, IFLA_INFO_KIND, "bridge");
	nl_end(request, info);
}

void rtnl_isolate_port(struct nl_request *request, int index)
{
	struct ifinfomsg link = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	size_t port;

	nl_begin(request, RTM_SETLINK, 0, &link, sizeof(link));
	port = nl_nest(request, IFLA_PROTINFO, NULL, 0);
	nl_put_u8(request, IFLA_BRPORT_ISOLATED, 1);
	nl_end(request, port);
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
	if (pair->mac)
		nl_put(request, IFLA_ADDRESS, pair->mac, 6);
	if (pair->master)
		nl_put_u32(request, IFLA_MASTER, (uint32_t)pair->master);
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

void rtnl_add_local_route(struct nl_request *request, int index, const struct plan_address *address)
{
	size_t length = address_length(address->family);
	struct rtmsg route = {
		.rtm_family = address->family,
		.rtm_dst_len = (uint8_t)(length * 8),
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_HOST,
		.rtm_type = RTN_LOCAL,
	};

	nl_begin(request, RTM_NEWROUTE, NLM_F_CREATE, &route, sizeof(route));
	nl_put(request, RTA_DST, address->bytes, length);
	nl_put_u32(request, RTA_OIF, (uint32_t)index);
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

void rtnl_add_route(struct nl_request *request, int index, const struct plan_address *to,
		    const struct plan_address *gateway)
{
	size_t length = address_length(gateway->family);
	struct rtmsg route = {
		.rtm_family = gateway->family,
		.rtm_dst_len = to ? to->prefix : 0,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = RTNH_F_ONLINK,
	};

	nl_begin(request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	if (to)
		nl_put(request, RTA_DST, to->bytes, length);
	nl_put(request, RTA_GATEWAY, gateway->bytes, length);
	nl_put_u32(request, RTA_OIF, (uint32_t)index);
}

void rtnl_add_neighbour(struct nl_request *request, int index, const struct plan_address *address,
			const uint8_t mac[6])
{
	struct ndmsg neighbour = {
		.ndm_family = address->family,
		.ndm_ifindex = index,
		.ndm_state = NUD_PERMANENT,
	};

	nl_begin(request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &neighbour,
		 sizeof(neighbour));
	nl_put(request, NDA_DST, address->bytes, address_length(address->family));
	nl_put(request, NDA_LLADDR, mac, 6);
}

void rtnl_get_routes(struct nl_request *request, uint8_t family)
{
	struct rtmsg route = { .rtm_family = family, .rtm_table = RT_TABLE_MAIN };

	nl_begin(request, RTM_GETROUTE, 0, &route, sizeof(route));
}

bool rtnl_read_route(const uint8_t *payload, size_t length, struct rtnl_route *route)
{
	const size_t header = sizeof(struct rtmsg);
	const uint8_t *value;
	struct rtmsg message;
	size_t size;

	if (length < header)
		return false;
	memcpy(&message, payload, header);
	if (message.rtm_table != RT_TABLE_MAIN || message.rtm_type != RTN_UNICAST ||
	    (message.rtm_family != AF_INET && message.rtm_family != AF_INET6) ||
	    message.rtm_dst_len > 8 * address_length(message.rtm_family))
		return false;
	*route = (struct rtnl_route){ .to = { .family = message.rtm_family,
					      .prefix = message.rtm_dst_len } };
	value = nl_find(payload + header, length - header, RTA_DST, &size);
	if (value && size == address_length(message.rtm_family))
		memcpy(route->to.bytes, value, size);
	value = nl_find(payload + header, length - header, RTA_OIF, &size);
	if (value && size == sizeof(route->index))
		memcpy(&route->index, value, size);
	return true;
}

/* A bucket of 10 ms, and of a whole segmented packet at least; a queue of 50 ms behind it. The
 * kernel computes its own table where the link layer is known. */
static void put_tbf(struct nl_request *request, uint32_t rate)
{
	uint64_t burst = rate / 100 > 65536 ? rate / 100 : 65536;
	uint64_t queue = rate / 20 + burst;
	struct tc_tbf_qopt tbf = {
		.rate = { .rate = rate, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = queue > UINT32_MAX ? UINT32_MAX : (uint32_t)queue,
	};
	size_t options;

	nl_put_text(request, TCA_KIND, "tbf");
	options = nl_nest(request, TCA_OPTIONS, NULL, 0);
	nl_put(request, TCA_TBF_PARMS, &tbf, sizeof(tbf));
	nl_put_u32(request, TCA_TBF_BURST, (uint32_t)burst);
	nl_end(request, options);
}

/* Its options begin with a structure, as others' attributes do not. */
static void put_netem(struct nl_request *request, const struct rtnl_shape *shape)
{
	struct tc_netem_qopt netem = {
		.limit = 1000, /* packets; tc's own default */
		.loss = (uint32_t)((uint64_t)shape->loss * UINT32_MAX / 1000000),
	};
	struct tc_netem_rate rate = { .rate = shape->rate };
	int64_t delay = (int64_t)shape->delay * 1000;
	size_t options;

	nl_put_text(request, TCA_KIND, "netem");
	options = nl_nest(request, TCA_OPTIONS, &netem, sizeof(netem));
	if (shape->delay)
		nl_put(request, TCA_NETEM_LATENCY64, &delay, sizeof(delay));
	if (shape->rate)
		nl_put(request, TCA_NETEM_RATE, &rate, sizeof(rate));
	nl_end(request, options);
}

void rtnl_add_shape(struct nl_request *request, int index, const struct rtnl_shape *shape)
{
	struct tcmsg qdisc = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT };

	nl_begin(request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &qdisc, sizeof(qdisc));
	if (shape->delay || shape->loss)
		put_netem(request, shape);
	else
		put_tbf(request, shape->rate);
}
