/* pool.c - addresses for sandboxes whose profiles name none (see pool.h) */
#include "launcher/net/pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/net/batch.h"
#include "launcher/net/rtnl.h"

enum {
	FIRST = 2, /* 0 is the network, 1 the gateway */
	SINGLES = 0x7fff - FIRST,
	ON_BRIDGE = 255 - FIRST,
	UPPER_HALF = 0x8000,
};

static const uint8_t ranges[POOL_RANGES][2] = { { 10, 213 }, { 172, 29 }, { 10, 117 } };

static const char names[] = "10.213.0.0/16, 172.29.0.0/16, 10.117.0.0/16";

static uint32_t number_of(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* Have the networks @one/@prefix and @other/@length an address in common? */
static bool overlap(uint32_t one, unsigned int prefix, uint32_t other, unsigned int length)
{
	unsigned int bits = prefix < length ? prefix : length;

	return bits == 0 || (one ^ other) >> (32 - bits) == 0;
}

/* A route to a single address is a sandbox's, or hurts only itself. */
static void survey_route(void *context, const uint8_t *payload, size_t length)
{
	struct pool_survey *survey = context;
	struct rtnl_route route;
	uint32_t to;

	if (!rtnl_read_route(payload, length, &route))
		return;
	if (route.to.prefix == 0 && !survey->default_link)
		survey->default_link = route.index;
	if (route.to.family != AF_INET || route.to.prefix == 0 || route.to.prefix == 32)
		return;
	to = number_of(route.to.bytes);
	for (int range = 0; range < POOL_RANGES; range++) {
		const uint8_t base_bytes[4] = { ranges[range][0], ranges[range][1] };
		uint32_t base = number_of(base_bytes);

		if (!overlap(to, route.to.prefix, base, 16))
			continue;
		survey->taken[range] |= overlap(to, route.to.prefix, base, 17);
		for (uint32_t i = 0; i < POOL_SUBNETS; i++)
			survey->taken_subnet[range][i] |=
				overlap(to, route.to.prefix, base | UPPER_HALF | i << 8, 24);
	}
}

static void survey_again(void *context)
{
	memset(context, 0, sizeof(struct pool_survey));
}

static int survey_family(int fd, uint8_t family, struct pool_survey *survey,
			 struct nl_answer *answer)
{
	_Alignas(4) uint8_t data[64];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	request.reply = survey_route;
	request.restart = survey_again;
	request.context = survey;
	rtnl_get_routes(&request, family);
	return nl_dump(fd, &request, answer);
}

int pool_survey(int fd, struct pool_survey *survey, struct err *err)
{
	struct pool_survey other = { 0 };
	struct nl_answer answer;
	int r;

	*survey = (struct pool_survey){ 0 };
	r = survey_family(fd, AF_INET, survey, &answer);
	/* A namespace in which no link was ever up has no such table yet. */
	if (r < 0 && r != -ENOENT) {
		err_set(err, STAGE_NETWORK, r, NULL, "routes (%s)", batch_host);
		return answer.text[0] ? err_reason(err, "%s", answer.text) : r;
	}
	/* A kernel without IPv6 has no such routes. */
	if (!survey->default_link && survey_family(fd, AF_INET6, &other, &answer) == 0)
		survey->default_link = other.default_link;
	return 0;
}

/* Lends one of @count numbers from @first on; a different place to start in each launch keeps
 * launchers out of each other's way, and addresses of the dead unused for a while. */
static int take_number(struct held *held, int range, int first, int count, struct err *err)
{
	uint32_t start = (uint32_t)sys_getpid() * 2654435761u >> 8;

	for (int i = 0; i < count; i++) {
		int number = first + (int)((start + (uint32_t)i) % (uint32_t)count);

		snprintf(held->lease_name, sizeof(held->lease_name), "lease-%d-%d", range, number);
		held->lease = state_take(held->directory, held->lease_name, STATE_TRY);
		if (held->lease >= 0)
			return number;
		if (held->lease != -EWOULDBLOCK)
			return err_set(err, STAGE_NETWORK, held->lease, NULL, "state of %s",
				       held->lease_name);
	}
	return err_set(err, STAGE_NETWORK, EADDRNOTAVAIL, "end some sandboxes",
		       "all %d addresses of the pool are lent", count);
}

static struct plan_address address4(int range, int number, uint8_t prefix)
{
	return (struct plan_address){
		AF_INET,
		prefix,
		{ ranges[range][0], ranges[range][1], (uint8_t)(number >> 8), (uint8_t)number },
	};
}

/* The fourth group holds the range, and on a bridge the third byte of the IPv4 address. */
static struct plan_address address6(int range, int number, uint8_t prefix)
{
	struct plan_address address = { AF_INET6, prefix, { 0xfd, 0x4c, 0x75, 0x6e, 0x65, 0x74 } };
	bool bridged = number & UPPER_HALF;

	address.bytes[6] = bridged ? ranges[range][1] : 0;
	address.bytes[7] = bridged ? (uint8_t)(number >> 8) : ranges[range][1];
	address.bytes[14] = bridged ? 0 : (uint8_t)(number >> 8);
	address.bytes[15] = (uint8_t)number;
	return address;
}

static void fill(struct net_pair *pair, int range, int number, int gateway, bool bridged)
{
	struct plan_veth *veth = &pair->veth;

	if (veth->pool) {
		veth->address = address4(range, number, bridged ? 24 : 32);
		veth->gateway = address4(range, gateway, 0);
		veth->has_address = veth->has_gateway = true;
	}
	if (veth->pool6) {
		veth->address6 = address6(range, number, bridged ? 64 : 128);
		veth->gateway6 = address6(range, gateway, 0);
		veth->has_address6 = veth->has_gateway6 = true;
	}
}

int pool_lend(struct held *held, const struct pool_survey *survey, struct net_pair *pair,
	      struct err *err)
{
	int range = 0;
	int number;

	while (range < POOL_RANGES && survey->taken[range])
		range++;
	if (range == POOL_RANGES) {
		(void)err_set(err, STAGE_NETWORK, EADDRINUSE,
			      "give net.veth.address and net.veth.gateway", "pool of addresses");
		return err_reason(err, "routes of this host lead into each of %s", names);
	}
	number = take_number(held, range, FIRST, SINGLES, err);
	if (number < 0)
		return number;
	fill(pair, range, number, 1, false);
	return 0;
}

int pool_lend_on(struct held *held, const struct pool_subnet *subnet, struct net_pair *pair,
		 struct err *err)
{
	int base = UPPER_HALF | subnet->number << 8;
	int number = take_number(held, subnet->range, base + FIRST, ON_BRIDGE, err);

	if (number < 0)
		return number;
	fill(pair, subnet->range, number, base + 1, true);
	return 0;
}

int pool_choose(const struct pool_survey *survey, const char *name, struct pool_subnet *subnet)
{
	uint32_t start = 0;

	for (const char *at = name; *at; at++)
		start = start * 31 + (uint8_t)*at;
	for (int range = 0; range < POOL_RANGES; range++) {
		for (uint32_t i = 0; i < POOL_SUBNETS; i++) {
			int number = (int)((start + i) % POOL_SUBNETS);

			if (survey->taken_subnet[range][number])
				continue;
			*subnet = (struct pool_subnet){ range, number };
			return 0;
		}
	}
	return -EADDRINUSE;
}
