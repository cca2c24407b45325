/* veth.c - the pair of devices between a sandbox and the host (see veth.h)
 *
 * Each side is one batch of messages. A socket is opened in the namespace it is for and closed
 * before returning, as it would keep that namespace alive, and the pair with it.
 *
 * Point to point, the host reaches the sandbox by a route to its one address, and its own end is in
 * no network unless the profile says one (`peer`), so that any number of sandboxes can have the
 * same gateway there. On a bridge the gateway is the bridge's.
 */
#include "launcher/net/veth.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#include "launcher/net/batch.h"
#include "launcher/net/rtnl.h"

_Static_assert(NET_NAME_SIZE == IFNAMSIZ, "veth.h has the kernel's limit on names");

enum {
	LOOPBACK_INDEX = 1, /* include/net/flow.h: LOOPBACK_IFINDEX */
	NAME_ATTEMPTS = 100,
	TEXT_SIZE = 128,
	OPERATIONAL = 6, /* <linux/if.h>, which clashes with <net/if.h>: IF_OPER_UP */
	WAIT_NS = 100000,
	WAIT_ROUNDS = 5000, /* a round takes about 200 us */
};

/* What the profile says of one family; NULL where it says nothing. */
struct ends {
	const struct plan_address *inside;
	const struct plan_address *outside;
	const struct plan_address *gateway;
	struct plan_address gateway_alone; /* the gateway as a network of one */
};

static uint8_t full_prefix(uint8_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

static void find_ends(const struct plan_veth *veth, bool six, struct ends *ends)
{
	bool has_address = six ? veth->has_address6 : veth->has_address;
	bool has_gateway = six ? veth->has_gateway6 : veth->has_gateway;
	bool has_peer = six ? veth->has_peer6 : veth->has_peer;

	*ends = (struct ends){ 0 };
	if (has_address)
		ends->inside = six ? &veth->address6 : &veth->address;
	if (has_gateway) {
		ends->gateway = six ? &veth->gateway6 : &veth->gateway;
		ends->gateway_alone = *ends->gateway;
		ends->gateway_alone.prefix = full_prefix(ends->gateway->family);
		ends->outside = &ends->gateway_alone;
	}
	if (has_peer)
		ends->outside = six ? &veth->peer6 : &veth->peer;
}

/* Is @address in the network of @network, which has more than one address? */
static bool in_network(const struct plan_address *network, const struct plan_address *address)
{
	unsigned int whole = network->prefix / 8u;
	unsigned int mask = 0xff00u >> (network->prefix % 8u);

	if (network->family != address->family || network->prefix >= full_prefix(network->family))
		return false;
	return memcmp(network->bytes, address->bytes, whole) == 0 &&
	       ((network->bytes[whole] ^ address->bytes[whole]) & mask & 0xffu) == 0;
}

static void put_address(struct batch *batch, const struct plan_address *address)
{
	batch_note(batch, STEP_ADDRESS, address);
	rtnl_add_address(&batch->request, batch->index, address);
	if (address->family != AF_INET6)
		return;
	batch_note(batch, STEP_ADDRESS, address);
	rtnl_add_local_route(&batch->request, batch->index, address);
}

static void put_host_route(struct batch *batch, const struct plan_address *address,
			   const struct plan_address *source)
{
	batch_note(batch, STEP_HOST_ROUTE, address);
	rtnl_add_host_route(&batch->request, batch->index, address, source);
}

static void put_neighbour(struct batch *batch, const struct plan_address *address,
			  const uint8_t mac[6])
{
	batch_note(batch, STEP_NEIGHBOUR, address);
	rtnl_add_neighbour(&batch->request, batch->index, address, mac);
}

/* The kernel says EEXIST of either end's name, and not of which. */
static int name_taken(int fd, const char *name, const char *peer_name, struct err *err)
{
	if (batch_index(fd, name) > 0)
		return err_hint(err,
				"another device has that name: give net.veth.host_name another");
	err_set(err, STAGE_NETWORK, EEXIST, "give net.veth.name another", "veth %s (%s)", peer_name,
		batch_sandbox);
	return -EEXIST;
}

/* A name of ours carries the launcher's pid. It may still be there, from a launcher in another pid
 * namespace or from a sandbox that the kernel is taking down: then the next one is tried. */
static int create_pair(int fd, const struct rtnl_pair *pair, bool own_name,
		       char name[NET_NAME_SIZE], struct err *err)
{
	int launcher = (int)sys_getpid();

	for (int attempt = 0;; attempt++) {
		struct nl_answer answer;
		struct batch batch;

		if (own_name && attempt > 0)
			snprintf(name, NET_NAME_SIZE, "lune%d-%d", launcher, attempt);
		else if (own_name)
			snprintf(name, NET_NAME_SIZE, "lune%d", launcher);
		batch_start(&batch, batch_host, name);
		batch_note(&batch, STEP_PAIR, NULL);
		rtnl_add_pair(&batch.request, pair);
		if (nl_call(fd, &batch.request, &answer) == 0)
			return 0;
		if (answer.error == -EEXIST && own_name && attempt + 1 < NAME_ATTEMPTS &&
		    batch_index(fd, name) > 0)
			continue;
		batch_failed(&batch, &answer, err);
		if (answer.error == -EEXIST)
			return name_taken(fd, name, pair->peer_name, err);
		return answer.error;
	}
}

static bool refuses_advertisements(const char *path)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	char value = 0;

	return fd >= 0 && sys_read(fd, &value, 1) == 1 && value == '0';
}

/* A kernel without IPv6 has no such file, and no need of it. */
static int refuse_advertisements(const char *name, struct err *err)
{
	char path[TEXT_SIZE];
	cleanup_fd int fd = -1;
	long status;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	status = fd < 0 ? fd : sys_write(fd, "0", 1);
	if (status >= 0 || status == -ENOENT || refuses_advertisements(path))
		return 0;
	return err_set(
		err, STAGE_NETWORK, (int)status,
		"refusing router advertisements from the sandbox needs a writable /proc/sys/net, "
		"or net.ipv6.conf.default.accept_ra = 0",
		"%s", path);
}

static void shape(struct batch *batch, const struct plan_veth *veth)
{
	const struct rtnl_shape shape = { veth->rate, veth->delay, veth->loss };

	if (!veth->rate && !veth->delay && !veth->loss)
		return;
	batch_note(batch, STEP_SHAPE, NULL);
	rtnl_add_shape(&batch->request, batch->index, &shape);
}

/* The end here: a port of a bridge, or addresses of its own. */
static int set_up_end(int fd, const struct net_pair *pair, struct err *err)
{
	struct ends ends[2];
	struct batch batch;
	int status;

	batch_start(&batch, batch_host, pair->host_name);
	status = batch_find(&batch, fd, err);
	if (status < 0)
		return status;
	if (pair->master && pair->veth.isolate) {
		batch_note(&batch, STEP_PORT, NULL);
		rtnl_isolate_port(&batch.request, batch.index);
	}
	for (int i = 0; i < 2; i++) {
		find_ends(&pair->veth, i == 1, &ends[i]);
		if (pair->master || !ends[i].inside || !ends[i].outside)
			continue;
		put_address(&batch, ends[i].outside);
		put_host_route(&batch, ends[i].inside, ends[i].outside);
		if (pair->neighbours)
			put_neighbour(&batch, ends[i].inside, pair->veth.mac);
	}
	shape(&batch, &pair->veth);
	return batch.count > 0 ? batch_call(&batch, fd, err) : 0;
}

int net_veth_create(struct net_pair *pair, int pid, struct err *err)
{
	const struct plan_veth *veth = &pair->veth;
	struct rtnl_pair both = {
		.name = pair->host_name,
		.peer_name = veth->name ? veth->name : "eth0",
		.peer_pid = pid,
		.master = pair->master,
		.mac = pair->neighbours ? pair->host_mac : NULL,
		.peer_mac = veth->has_mac || pair->neighbours ? veth->mac : NULL,
		.mtu = veth->mtu,
	};
	cleanup_fd int fd = -1;
	int status;

	if (veth->host_name && strlen(veth->host_name) >= NET_NAME_SIZE)
		return err_set(err, STAGE_NETWORK, ENAMETOOLONG,
			       "a device's name has at most 15 bytes", "veth %s (%s)",
			       veth->host_name, batch_host);
	if (veth->host_name)
		snprintf(pair->host_name, NET_NAME_SIZE, "%s", veth->host_name);
	fd = batch_open(batch_host, err);
	if (fd < 0)
		return fd;
	status = create_pair(fd, &both, !veth->host_name, pair->host_name, err);
	if (status < 0)
		return status;
	status = refuse_advertisements(pair->host_name, err);
	if (status < 0)
		return status;
	return set_up_end(fd, pair, err);
}

static void put_routes(struct batch *batch, const struct plan_veth *veth, const struct ends *ends)
{
	for (size_t i = 0; i < veth->route_count; i++) {
		const struct plan_address *to = &veth->routes[i];

		if (to->family != ends->gateway->family)
			continue;
		batch_note(batch, STEP_ROUTE, to);
		rtnl_add_route(&batch->request, batch->index, to, ends->gateway);
	}
	if (veth->no_default_route)
		return;
	batch_note(batch, STEP_DEFAULT_ROUTE, ends->gateway);
	rtnl_add_route(&batch->request, batch->index, NULL, ends->gateway);
}

int net_veth_configure(const struct net_pair *pair, struct err *err)
{
	const struct plan_veth *veth = &pair->veth;
	struct ends ends[2];
	struct batch batch;
	cleanup_fd int fd = batch_open(batch_sandbox, err);
	int status;

	if (fd < 0)
		return fd;
	batch_start(&batch, batch_sandbox, veth->name ? veth->name : "eth0");
	status = batch_find(&batch, fd, err);
	if (status < 0)
		return status;
	batch_note(&batch, STEP_LOOPBACK, NULL);
	rtnl_link_up(&batch.request, LOOPBACK_INDEX);
	batch_note(&batch, STEP_LINK, NULL);
	rtnl_link_up(&batch.request, batch.index);
	for (int i = 0; i < 2; i++) {
		find_ends(veth, i == 1, &ends[i]);
		if (!ends[i].inside)
			continue;
		put_address(&batch, ends[i].inside);
		if (!ends[i].outside)
			continue;
		if (!in_network(ends[i].inside, ends[i].outside))
			put_host_route(&batch, ends[i].outside, ends[i].inside);
		if (pair->neighbours)
			put_neighbour(&batch, ends[i].outside, pair->host_mac);
	}
	for (int i = 0; i < 2; i++)
		if (ends[i].gateway)
			put_routes(&batch, veth, &ends[i]);
	shape(&batch, veth);
	/* Since Linux 6.8 the kernel finishes what is pending before it answers this; else the
	 * program may see its device as down for a moment. */
	batch_note(&batch, STEP_LINK, NULL);
	rtnl_get_link(&batch.request, batch.index);
	return batch_call(&batch, fd, err);
}

static void read_state(void *context, const uint8_t *payload, size_t length)
{
	*(uint8_t *)context = rtnl_link_state(payload, length);
}

void net_veth_wait(const struct net_pair *pair)
{
	struct batch batch;
	struct nl_answer answer;
	uint8_t state = 0;
	cleanup_fd int fd = nl_open(NETLINK_ROUTE);
	int index = fd < 0 ? fd : batch_index(fd, pair->host_name);

	for (int round = 0; index > 0 && round < WAIT_ROUNDS; round++) {
		struct raw_timespec pause = { .nanoseconds = WAIT_NS };

		if (round > 0)
			(void)sys_ppoll(NULL, 0, &pause, NULL, 0);
		batch_start(&batch, batch_host, pair->host_name);
		batch.request.reply = read_state;
		batch.request.context = &state;
		/* Since Linux 6.8 the kernel finishes what is pending before it answers this. */
		rtnl_get_link(&batch.request, index);
		if (nl_call(fd, &batch.request, &answer) < 0 || state == OPERATIONAL)
			return;
	}
}
