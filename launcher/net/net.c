/* net.c - the network of a sandbox (see net.h)
 *
 * Here the profile's open ends are closed, in the order in which one needs the other: what the host
 * has, the bridge, the addresses, forwarding. The steps themselves stand in files of their own.
 */
#include "launcher/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#include "launcher/net/batch.h"
#include "launcher/net/bridge.h"
#include "launcher/net/forward.h"
#include "launcher/net/rtnl.h"

enum {
	LOOPBACK_INDEX = 1, /* include/net/flow.h: LOOPBACK_IFINDEX */
};

int net_loopback_up(struct err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct batch batch;
	cleanup_fd int fd = batch_open(batch_sandbox, err);

	if (fd < 0)
		return fd;
	/* May fail: the message then says why. Any socket takes this call, which costs a tenth less
	 * (15 of 110 us). */
	if (sys_ioctl(fd, SIOCSIFFLAGS, &request) == 0)
		return 0;
	batch_start(&batch, batch_sandbox, "lo");
	batch_note(&batch, STEP_LOOPBACK, NULL);
	rtnl_link_up(&batch.request, LOOPBACK_INDEX);
	return batch_call(&batch, fd, err);
}

static void read_mtu(void *context, const uint8_t *payload, size_t length)
{
	*(uint32_t *)context = rtnl_link_mtu(payload, length);
}

/* A sandbox whose packets are longer than those of the way out has them split, or lost. Without a
 * way out the kernel's default stays. */
static void choose_mtu(int fd, int link, struct plan_veth *veth)
{
	_Alignas(4) uint8_t data[64];
	struct nl_request request;
	struct nl_answer answer;
	uint32_t mtu = 0;

	if (veth->mtu || link <= 0)
		return;
	nl_start(&request, data, sizeof(data));
	request.reply = read_mtu;
	request.context = &mtu;
	rtnl_get_link(&request, link);
	/* May fail: the kernel's default stays. */
	if (nl_call(fd, &request, &answer) == 0 && mtu >= PLAN_MTU_MIN && mtu <= PLAN_MTU_MAX)
		veth->mtu = mtu;
}

/* Locally administered, for one device: IEEE 802. */
static int choose_macs(struct net_pair *pair, struct err *err)
{
	uint8_t bytes[12];
	long r = sys_getrandom(bytes, sizeof(bytes), 0);

	if (r != sizeof(bytes))
		return err_set(err, STAGE_NETWORK, r < 0 ? (int)r : EIO, NULL, "getrandom");
	for (int i = 0; i < 6; i++) {
		if (!pair->veth.has_mac)
			pair->veth.mac[i] = bytes[i];
		pair->host_mac[i] = bytes[6 + i];
	}
	if (!pair->veth.has_mac)
		pair->veth.mac[0] = (uint8_t)((bytes[0] & 0xfc) | 2);
	pair->host_mac[0] = (uint8_t)((bytes[6] & 0xfc) | 2);
	pair->veth.has_mac = true;
	pair->neighbours = !pair->veth.bridge;
	return 0;
}

/* What is shared with other launches. */
static int hold(struct net *net, int fd, const struct pool_survey *survey, char *const *environment,
		struct err *err)
{
	struct plan_veth *veth = &net->pair.veth;
	int mutex;
	int r = held_open(&net->held, environment, err);

	if (r < 0)
		return r;
	mutex = held_mutex(&net->held, err);
	if (mutex < 0)
		return mutex;
	/* May fail: what is not swept is left to the next launch. */
	held_sweep(&net->held);
	if (veth->bridge)
		r = bridge_hold(&net->held, fd, survey, &net->pair, err);
	else if (veth->pool || veth->pool6)
		r = pool_lend(&net->held, survey, &net->pair, err);
	if (r == 0 && veth->nat)
		r = forward_hold(&net->held, veth, net->notice, sizeof(net->notice), err);
	fd_close(&mutex);
	return r;
}

/* May we change the network that @fd speaks to? The kernel looks for the right before it looks for
 * the link, and there is none of that number. */
static int ask_right(int fd)
{
	_Alignas(4) uint8_t data[64];
	struct nl_request request;
	struct nl_answer answer;

	nl_start(&request, data, sizeof(data));
	rtnl_link_up(&request, INT32_MAX);
	/* May fail: it does. Only EPERM is an answer; what else is wrong, the next call meets too. */
	(void)nl_call(fd, &request, &answer);
	return answer.error == -EPERM ? -EPERM : 0;
}

static int no_right(struct err *err)
{
	(void)err_set(
		err, STAGE_NETWORK, EPERM,
		"be root; else there are `none`, with --publish for ports that lead in, `host`, "
		"`join`, or lunette in a network namespace of your own (unshare -Urn)",
		"net.veth");
	return err_reason(err, "only root may add to the host's network (CAP_NET_ADMIN)");
}

static int prepare_veth(struct net *net, char *const *environment, struct err *err)
{
	struct plan_veth *veth = &net->pair.veth;
	struct pool_survey survey;
	cleanup_fd int fd = batch_open(batch_host, err);
	int r;

	if (fd < 0)
		return fd;
	if (ask_right(fd) < 0)
		return no_right(err);
	r = pool_survey(fd, &survey, err);
	if (r < 0)
		return r;
	choose_mtu(fd, survey.default_link, veth);
	r = choose_macs(&net->pair, err);
	if (r == 0 && (veth->pool || veth->pool6 || veth->bridge || veth->nat))
		r = hold(net, fd, &survey, environment, err);
	return r;
}

int net_prepare(struct net *net, const struct plan *plan, char *const *environment, struct err *err)
{
	int r = publish_listen(&net->publish, plan, err);

	net->plan = plan;
	if (r < 0 || plan->net != NET_VETH)
		return r;
	net->pair.veth = plan->veth;
	return prepare_veth(net, environment, err);
}

static int create_veth(struct net *net, int pid, struct err *err)
{
	int r = net_veth_create(&net->pair, pid, err);

	if (r == 0)
		r = nat_add(&net->nat, &net->pair, err);
	if (r == 0)
		/* May fail: only a note. */
		nat_explain(&net->nat, &net->pair, net->notice, sizeof(net->notice));
	return r;
}

int net_create(struct net *net, int pid, const struct publish_ids *ids, struct err *err)
{
	int r = net->plan->net == NET_VETH ? create_veth(net, pid, err) : 0;

	return r == 0 ? publish_start(&net->publish, pid, ids, err) : r;
}

void net_describe(const struct net *net, char *out, size_t size)
{
	const struct plan_veth *veth = &net->pair.veth;
	const struct plan_address *addresses[] = { veth->has_address ? &veth->address : NULL,
						   veth->has_address6 ? &veth->address6 : NULL };
	char text[INET6_ADDRSTRLEN];
	size_t used;

	snprintf(out, size, "%s", net->pair.host_name);
	for (int i = 0; i < 2; i++) {
		if (!addresses[i] || !out[0])
			continue;
		used = strlen(out);
		(void)inet_ntop(addresses[i]->family, addresses[i]->bytes, text, sizeof(text));
		snprintf(out + used, size - used, " %s/%u", text, addresses[i]->prefix);
	}
}

int net_probe_right(void)
{
	struct err err;
	cleanup_fd int fd = batch_open(batch_host, &err);

	return fd < 0 ? fd : ask_right(fd);
}

int net_probe_rules(void)
{
	const struct net_pair pair = { .veth = { .has_address = true,
						 .address = { .family = AF_INET },
						 .nat = true,
						 .isolate = true },
				       .host_name = "probe0" };
	struct nat nat = { -1 };
	struct err err;
	int r = nat_add(&nat, &pair, &err);

	nat_finish(&nat);
	return r;
}

int net_probe_shape(bool delay)
{
	const struct rtnl_shape shape = { .rate = 1 << 20, .delay = delay ? 1000 : 0 };
	struct batch batch;
	struct err err;
	cleanup_fd int fd = batch_open(batch_host, &err);

	if (fd < 0)
		return fd;
	batch_start(&batch, batch_host, "lo");
	batch_note(&batch, STEP_SHAPE, NULL);
	rtnl_add_shape(&batch.request, LOOPBACK_INDEX, &shape);
	return batch_call(&batch, fd, &err);
}

int net_keep(const struct net *net, struct confine_needs *needs)
{
	if (net->publish.pid)
		needs->processes[needs->process_count++] = net->publish.pid;
	return held_keep(&net->held, needs);
}

void net_finish(struct net *net)
{
	publish_finish(&net->publish);
	nat_finish(&net->nat);
	held_release(&net->held);
}
