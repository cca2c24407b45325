/* bridge.c - named bridges, which several sandboxes share (see bridge.h) */
#include "launcher/net/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>

#include "launcher/net/batch.h"
#include "launcher/net/rtnl.h"

enum { ENTRY_SIZE = 48 };

static const char made[] = "made ";

/* The number at *@at, which moves behind it; -1 where it is none that anything can have. */
static int read_number(char **at)
{
	long number = strtol(*at, at, 10);

	return number >= 0 && number <= INT32_MAX ? (int)number : -1;
}

/* What the entry says: 0 where the bridge is not ours, 1 where it is. @index receives the device's,
 * or 0 where the launcher was killed before it could note it. */
static int read_entry(int entry, struct pool_subnet *subnet, int *index)
{
	char text[ENTRY_SIZE];
	char *rest;
	int r;

	*subnet = (struct pool_subnet){ 0, -1 };
	*index = 0;
	r = state_read(entry, text, sizeof(text));
	if (r < 0 || strncmp(text, made, sizeof(made) - 1) != 0)
		return r;
	rest = text + sizeof(made) - 1;
	subnet->range = read_number(&rest);
	subnet->number = read_number(&rest);
	*index = read_number(&rest);
	if (subnet->range < 0 || subnet->range >= POOL_RANGES || subnet->number >= POOL_SUBNETS)
		*subnet = (struct pool_subnet){ 0, -1 };
	return 1;
}

/* A device of that name but with another index is somebody else's. Returns 0 when ours is gone. */
static int delete_link(const char *name, int noted)
{
	cleanup_fd int fd = nl_open(NETLINK_ROUTE);
	int index = fd < 0 ? fd : batch_index(fd, name);
	struct nl_answer answer;
	struct batch batch;

	if (index < 0)
		return index == -ENODEV ? 0 : index;
	if (noted && noted != index)
		return 0;
	batch_start(&batch, batch_host, name);
	batch_note(&batch, STEP_BRIDGE, NULL);
	rtnl_delete_link(&batch.request, index);
	return nl_call(fd, &batch.request, &answer);
}

/* The first user of a name: whoever had it before is dead. The entry stays as long as the
 * device. */
static void remove_entry(const struct held *held, const char *name, int *entry)
{
	struct pool_subnet subnet;
	int index;
	int r = read_entry(*entry, &subnet, &index);

	if (r > 0)
		r = delete_link(name, index);
	/* What can be no bridge of ours, by its name or by what it is, is nothing to come back for. */
	if (r < 0 && r != -EOPNOTSUPP && r != -EINVAL && r != -ENAMETOOLONG)
		return;
	state_drop(held->bridges, name, entry);
}

void bridge_sweep(const void *context, const char *name)
{
	const struct held *held = context;
	cleanup_fd int entry = state_take(held->bridges, name, STATE_TRY);

	if (entry >= 0)
		remove_entry(held, name, &entry);
}

void bridge_release(struct held *held)
{
	if (held->bridge >= 0 && state_lock(held->bridge, STATE_TRY) == 0)
		remove_entry(held, held->bridge_name, &held->bridge);
	fd_close(&held->bridge);
}

static int make_link(int fd, const char *name, struct err *err)
{
	struct batch batch;
	uint8_t mac[6];
	long r = sys_getrandom(mac, sizeof(mac), 0);

	if (r != sizeof(mac))
		return err_set(err, STAGE_NETWORK, r < 0 ? (int)r : EIO, NULL, "getrandom");
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
	batch_start(&batch, batch_host, name);
	batch_note(&batch, STEP_BRIDGE, NULL);
	rtnl_add_bridge(&batch.request, name, mac);
	return batch_call(&batch, fd, err);
}

/* Makes the bridge, or takes the one that is there. */
static int begin(struct held *held, int fd, const struct pool_survey *survey,
		 const struct plan_veth *veth, struct pool_subnet *subnet, struct err *err)
{
	char text[ENTRY_SIZE];
	int index;
	int r = read_entry(held->bridge, subnet, &index);

	if (r > 0) /* its last user was killed */
		r = delete_link(veth->bridge, index);
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, NULL, "state of bridge %s", veth->bridge);
	*subnet = (struct pool_subnet){ 0, -1 };
	/* May fail: then it is made, and the kernel refuses a second of that name. */
	if (batch_index(fd, veth->bridge) > 0)
		return state_write(held->bridge, "");
	if (veth->pool || veth->pool6)
		r = pool_choose(survey, veth->bridge, subnet);
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, "give net.veth.address and net.veth.gateway",
			       "network of bridge %s", veth->bridge);
	snprintf(text, sizeof(text), "%s%d %d", made, subnet->range, subnet->number);
	r = state_write(held->bridge, text);
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, NULL, "state of bridge %s", veth->bridge);
	r = make_link(fd, veth->bridge, err);
	if (r < 0)
		return r;
	/* May fail: the name alone tells the device then. */
	index = batch_index(fd, veth->bridge);
	snprintf(text, sizeof(text), "%s%d %d %d", made, subnet->range, subnet->number,
		 index > 0 ? index : 0);
	r = state_write(held->bridge, text);
	if (r < 0) {
		(void)delete_link(veth->bridge, 0);
		return err_set(err, STAGE_NETWORK, r, NULL, "state of bridge %s", veth->bridge);
	}
	return 0;
}

/* The bridge is in the sandboxes' network by the gateway's address. */
static int add_addresses(int fd, int index, const struct plan_veth *veth, struct err *err)
{
	struct plan_address gateways[2] = { veth->gateway, veth->gateway6 };
	const bool there[2] = { veth->has_gateway, veth->has_gateway6 };
	struct nl_answer answer;
	struct batch batch;

	gateways[0].prefix = veth->address.prefix;
	gateways[1].prefix = veth->address6.prefix;
	for (int i = 0; i < 2; i++) {
		if (!there[i])
			continue;
		batch_start(&batch, batch_host, veth->bridge);
		batch_note(&batch, STEP_ADDRESS, &gateways[i]);
		rtnl_add_address(&batch.request, index, &gateways[i]);
		if (nl_call(fd, &batch.request, &answer) < 0 && answer.error != -EEXIST)
			return batch_failed(&batch, &answer, err);
	}
	return 0;
}

static int hold(struct held *held, int fd, const struct pool_survey *survey, struct net_pair *pair,
		struct err *err)
{
	struct plan_veth *veth = &pair->veth;
	struct pool_subnet subnet = { 0, -1 };
	bool ours;
	int index;
	int r = 0;

	held->bridge = state_take(held->bridges, veth->bridge, STATE_TRY);
	if (held->bridge >= 0)
		r = begin(held, fd, survey, veth, &subnet, err);
	else if (held->bridge == -EWOULDBLOCK)
		held->bridge = state_take(held->bridges, veth->bridge, STATE_SHARE);
	if (held->bridge < 0)
		return err_set(err, STAGE_NETWORK, held->bridge, NULL, "state of bridge %s",
			       veth->bridge);
	if (r < 0)
		return r;
	r = read_entry(held->bridge, &subnet, &index);
	ours = r > 0;
	if (r >= 0)
		r = state_lock(held->bridge, STATE_SHARE);
	pair->master = batch_index(fd, veth->bridge);
	if (r == 0 && pair->master < 0)
		r = pair->master;
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, NULL, "bridge %s (%s)", veth->bridge,
			       batch_host);
	if ((veth->pool || veth->pool6) && subnet.number < 0) {
		(void)err_set(err, STAGE_NETWORK, EADDRNOTAVAIL,
			      "give net.veth.address and net.veth.gateway", "address on bridge %s",
			      veth->bridge);
		return err_reason(err, "the pool has no network for a bridge that was made with "
				       "addresses of its own");
	}
	if (veth->pool || veth->pool6)
		r = pool_lend_on(held, &subnet, pair, err);
	return r == 0 && ours ? add_addresses(fd, pair->master, veth, err) : r;
}

int bridge_hold(struct held *held, int fd, const struct pool_survey *survey, struct net_pair *pair,
		struct err *err)
{
	int r;

	snprintf(held->bridge_name, sizeof(held->bridge_name), "%s", pair->veth.bridge);
	r = hold(held, fd, survey, pair, err);
	if (r < 0)
		bridge_release(held);
	return r;
}
