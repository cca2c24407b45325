/* test_rtnl.c - the messages of bridges, neighbours, routes and queues, byte by byte */
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include "launcher/net/netlink.h"
#include "launcher/net/rtnl.h"
#include "tests/unit/hex.h"
#include "tests/unit/tap.h"

static const struct plan_address inside = { AF_INET, 24, { 192, 0, 2, 2 } };
static const struct plan_address gateway = { AF_INET, 32, { 192, 0, 2, 1 } };
static const struct plan_address network = { AF_INET, 24, { 198, 51, 100, 0 } };
static const struct plan_address inside6 = {
	AF_INET6, 64, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 }
};
static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

static _Alignas(4) uint8_t data[512];
static struct nl_request request;

static const char *written(void)
{
	return hex(data, request.length);
}

static void begin(void)
{
	nl_start(&request, data, sizeof(data));
}

static void test_links(void)
{
	begin();
	rtnl_add_bridge(&request, "lab0", mac);
	is_text(written(),
		"48000000 10000106 01000000 00000000 00000000 00000000 01000000 01000000 "
		"09000300 6c616230 00000000 0a000100 02000000 00090000 "
		"10001280 0b000100 62726964 67650000",
		"a bridge with an address of its own");
	begin();
	rtnl_isolate_port(&request, 5);
	is_text(written(),
		"2c000000 13000100 01000000 00000000 07000000 05000000 00000000 00000000 "
		"0c000c80 05002100 01000000",
		"an isolated port");
	begin();
	rtnl_delete_link(&request, 5);
	is_text(written(),
		"20000000 11000100 01000000 00000000 00000000 05000000 00000000 00000000",
		"a link goes");
}

static void test_routes(void)
{
	begin();
	rtnl_add_route(&request, 3, &network, &gateway);
	is_text(written(),
		"34000000 18000106 01000000 00000000 02180000 fe040001 04000000 "
		"08000100 c6336400 08000500 c0000201 08000400 03000000",
		"a network behind the gateway");
	begin();
	rtnl_add_local_route(&request, 3, &inside6);
	is_text(written(),
		"38000000 18000104 01000000 00000000 0a800000 ff04fe02 00000000 "
		"14000100 20010db8 00000000 00000000 00000002 08000400 03000000",
		"a local address");
	begin();
	rtnl_add_neighbour(&request, 3, &inside, mac);
	is_text(written(),
		"30000000 1c000105 01000000 00000000 02000000 03000000 80000000 "
		"08000100 c0000202 0a000200 02000000 00090000",
		"a permanent neighbour");
	begin();
	rtnl_get_routes(&request, AF_INET);
	is_text(written(), "1c000000 1a000100 01000000 00000000 02000000 fe000000 00000000",
		"the routes of the main table");
}

static void test_read_route(void)
{
	const size_t skip = sizeof(struct nlmsghdr);
	struct rtnl_route route = { .index = 9 };
	size_t wrong = 0;

	begin();
	rtnl_add_route(&request, 3, &network, &gateway);
	ok(rtnl_read_route(data + skip, request.length - skip, &route), "a route is read");
	ok(route.index == 3 && route.to.prefix == 24 && route.to.bytes[0] == 198, "as it was");
	begin();
	rtnl_add_route(&request, 4, NULL, &gateway);
	ok(rtnl_read_route(data + skip, request.length - skip, &route) && route.to.prefix == 0 &&
		   route.index == 4,
	   "and a default route");
	for (size_t length = 0; length < request.length - skip; length++)
		wrong += rtnl_read_route(data + skip, length, &route) && route.index == 4;
	is_number(wrong, 0, "a cut one is not mistaken for it");
	begin();
	rtnl_add_local_route(&request, 3, &inside6);
	ok(!rtnl_read_route(data + skip, request.length - skip, &route), "another table's is not");
	data[skip + 1] = 200;
	ok(!rtnl_read_route(data + skip, request.length - skip, &route), "nor a prefix of 200");
}

static void test_shapes(void)
{
	const struct rtnl_shape rate = { .rate = 1000000 };
	const struct rtnl_shape bad = { .rate = 1000000, .delay = 20000, .loss = 500000 };

	begin();
	rtnl_add_shape(&request, 3, &rate);
	is_text(written(),
		"60000000 24000105 01000000 00000000 00000000 03000000 00000000 ffffffff 00000000 "
		"08000100 74626600 34000280 "
		"28000100 00010000 00000000 40420f00 00000000 00000000 00000000 50c30100 00000000 "
		"00000000 08000600 00000100",
		"a rate alone is a token bucket");
	begin();
	rtnl_add_shape(&request, 3, &bad);
	ok(memmem(data, request.length, "netem", 6) != NULL, "delay and loss are netem");
}

int main(void)
{
	test_links();
	test_routes();
	test_read_route();
	test_shapes();
	return done();
}
