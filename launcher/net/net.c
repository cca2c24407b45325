/* net.c - bringing up the network of a sandbox (see net.h)
 *
 * Each side is one batch of messages: the kernel locks, and we pay, once per request. A socket is
 * opened in the namespace it is for and closed before returning, as it would keep that namespace
 * alive, and the pair with it.
 *
 * The host reaches the sandbox by a route to its one address, and its own end is in no network
 * unless the profile says one (`peer`), so that any number of sandboxes can have the same gateway
 * there.
 */
#include "launcher/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/netlink.h>

#include "launcher/net/netlink.h"
#include "launcher/net/rtnl.h"

_Static_assert(NET_NAME_SIZE == IFNAMSIZ, "net.h has the kernel's limit on names");

enum {
	LOOPBACK_INDEX = 1, /* include/net/flow.h: LOOPBACK_IFINDEX */
	MAX_STEPS = 9,
	REQUEST_SIZE = 1024,
	NAME_ATTEMPTS = 100,
	TEXT_SIZE = 128,
	OPERATIONAL = 6, /* <linux/if.h>, which clashes with <net/if.h>: IF_OPER_UP */
	WAIT_NS = 100000,
	WAIT_ROUNDS = 5000, /* a round takes about 200 us */
};

static const char host[] = "host";
static const char sandbox[] = "sandbox";

enum step { STEP_LOOPBACK, STEP_PAIR, STEP_LINK, STEP_ADDRESS, STEP_HOST_ROUTE, STEP_ROUTE };

/* A request and what each of its messages is about, for the sake of errors. */
struct batch {
	const char *where;  /* the namespace: host or sandbox */
	const char *device; /* what the messages are about, but for lo */
	int index;
	struct {
		enum step step;
		const struct plan_address *address;
	} steps[MAX_STEPS];
	size_t count;
	struct nl_request request;
	_Alignas(4) uint8_t data[REQUEST_SIZE];
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

static void batch_start(struct batch *batch, const char *where, const char *device)
{
	batch->where = where;
	batch->device = device;
	batch->index = 0;
	batch->count = 0;
	nl_start(&batch->request, batch->data, sizeof(batch->data));
}

/* What the next message is about; one too many makes the request overflow by itself. */
static void batch_note(struct batch *batch, enum step step, const struct plan_address *address)
{
	if (batch->count == MAX_STEPS) {
		batch->request.overflow = true;
		return;
	}
	batch->steps[batch->count].step = step;
	batch->steps[batch->count].address = address;
	batch->count++;
}

static void batch_address(struct batch *batch, const struct plan_address *address)
{
	batch_note(batch, STEP_ADDRESS, address);
	rtnl_add_address(&batch->request, batch->index, address);
}

static void batch_host_route(struct batch *batch, const struct plan_address *address,
			     const struct plan_address *source)
{
	batch_note(batch, STEP_HOST_ROUTE, address);
	rtnl_add_host_route(&batch->request, batch->index, address, source);
}

static void set_object(const struct batch *batch, uint32_t message, int error, struct err *err)
{
	const struct plan_address *address = batch->steps[message].address;
	char text[INET6_ADDRSTRLEN] = "?";
	unsigned int prefix = 0;

	if (address) {
		(void)inet_ntop(address->family, address->bytes, text, sizeof(text));
		prefix = address->prefix;
	}
	switch (batch->steps[message].step) {
	case STEP_LOOPBACK:
		err_set(err, STAGE_NETWORK, error, NULL, "lo (%s)", batch->where);
		break;
	case STEP_PAIR:
	case STEP_LINK:
		err_set(err, STAGE_NETWORK, error, NULL, "veth %s (%s)", batch->device,
			batch->where);
		break;
	case STEP_ADDRESS:
		err_set(err, STAGE_NETWORK, error, NULL, "address %s/%u on %s (%s)", text, prefix,
			batch->device, batch->where);
		break;
	case STEP_HOST_ROUTE:
		err_set(err, STAGE_NETWORK, error, NULL, "route to %s on %s (%s)", text,
			batch->device, batch->where);
		break;
	case STEP_ROUTE:
		err_set(err, STAGE_NETWORK, error, NULL, "default route via %s on %s (%s)", text,
			batch->device, batch->where);
		break;
	}
}

/* A remedy for what the kernel said, or NULL. */
static const char *remedy(const struct batch *batch, enum step step, int error)
{
	switch (-error) {
	case EPERM:
		if (batch->where == sandbox)
			return "the set-up process has lost CAP_NET_ADMIN over its own network";
		return "a veth needs CAP_NET_ADMIN where lunette runs: be root, or be in a network "
		       "namespace of your own (unshare -Urn)";
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
		if (step == STEP_PAIR)
			return "this kernel has no veth device: load its module (modprobe veth)";
		return "this kernel has no support for that family: load the module ipv6, or leave "
		       "its addresses out";
	case EACCES:
		return "IPv6 is off here (sysctl net.ipv6.conf.*.disable_ipv6): leave its addresses "
		       "out, or turn it on";
	case ESRCH:
		return "the sandbox's process is gone";
	case EADDRNOTAVAIL:
		if (step == STEP_PAIR)
			return "mac must be that of one device: not zero, no multicast bit";
		return NULL;
	case EINVAL:
	case ERANGE:
		if (step == STEP_PAIR)
			return "a name has 1 to 15 bytes without space, slash or colon; see mtu and "
			       "mac too";
		return NULL;
	default:
		return NULL;
	}
}

/* Fills @err from the kernel's answer: its words if it had any, and the attribute they are
 * about. */
static int batch_failed(const struct batch *batch, const struct nl_answer *answer, struct err *err)
{
	char attribute[TEXT_SIZE];
	const char *hint;

	set_object(batch, answer->message, answer->error, err);
	nl_locate(&batch->request, answer, rtnl_fields, attribute, sizeof(attribute));
	if (answer->text[0] || attribute[0])
		err_reason(err, "%s%s%s%s%s", answer->text, answer->text[0] ? ": " : "",
			   strerror(-answer->error), attribute[0] ? " at " : "", attribute);
	hint = remedy(batch, batch->steps[answer->message].step, answer->error);
	if (hint)
		err_hint(err, "%s", hint);
	return answer->error;
}

static int batch_call(struct batch *batch, int fd, struct err *err)
{
	struct nl_answer answer;

	if (nl_call(fd, &batch->request, &answer) == 0)
		return 0;
	return batch_failed(batch, &answer, err);
}

static int open_route(const char *where, struct err *err)
{
	int fd = nl_open(NETLINK_ROUTE);

	if (fd < 0)
		return err_set(err, STAGE_NETWORK, fd, NULL, "netlink socket (%s)", where);
	return fd;
}

/* The index of @name in the namespace that @fd was opened in, or -errno. */
static int index_of(int fd, const char *name)
{
	struct ifreq request = { 0 };
	long status;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	status = sys_ioctl(fd, SIOCGIFINDEX, &request);
	return status < 0 ? (int)status : request.ifr_ifindex;
}

static int find_device(struct batch *batch, int fd, struct err *err)
{
	batch->index = index_of(fd, batch->device);
	if (batch->index < 0)
		return err_set(err, STAGE_NETWORK, batch->index, NULL, "veth %s (%s)",
			       batch->device, batch->where);
	return 0;
}

int net_loopback_up(struct err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct batch batch;
	cleanup_fd int fd = open_route(sandbox, err);

	if (fd < 0)
		return fd;
	/* Any socket takes this call, which costs a tenth less than the message (15 of 110 us); the
	 * message is for where it fails, to say why. */
	if (sys_ioctl(fd, SIOCSIFFLAGS, &request) == 0)
		return 0;
	batch_start(&batch, sandbox, "lo");
	batch_note(&batch, STEP_LOOPBACK, NULL);
	rtnl_link_up(&batch.request, LOOPBACK_INDEX);
	return batch_call(&batch, fd, err);
}

/* The kernel says EEXIST of either end's name, and not of which. */
static int name_taken(int fd, const char *name, const char *peer_name, struct err *err)
{
	if (index_of(fd, name) > 0)
		return err_hint(err,
				"another device has that name: give net.veth.host_name another");
	err_set(err, STAGE_NETWORK, EEXIST, "give net.veth.name another", "veth %s (%s)", peer_name,
		sandbox);
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
		batch_start(&batch, host, name);
		batch_note(&batch, STEP_PAIR, NULL);
		rtnl_add_pair(&batch.request, pair);
		if (nl_call(fd, &batch.request, &answer) == 0)
			return 0;
		if (answer.error == -EEXIST && own_name && attempt + 1 < NAME_ATTEMPTS &&
		    index_of(fd, name) > 0)
			continue;
		batch_failed(&batch, &answer, err);
		if (answer.error == -EEXIST)
			return name_taken(fd, name, pair->peer_name, err);
		return answer.error;
	}
}

/* Writes 0 where it is not 0 yet. A kernel without IPv6 has no such file, and no need of it. */
static int refuse_advertisements(const char *name, struct err *err)
{
	char path[TEXT_SIZE];
	char value = 0;
	cleanup_fd int fd = -1;
	long status;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd == -ENOENT)
		return 0;
	if (fd >= 0 && sys_read(fd, &value, 1) == 1 && value == '0')
		return 0;
	fd_close(&fd);
	fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	status = fd < 0 ? fd : sys_write(fd, "0", 1);
	if (status >= 0)
		return 0;
	return err_set(
		err, STAGE_NETWORK, (int)status,
		"refusing router advertisements from the sandbox needs a writable /proc/sys/net, "
		"or net.ipv6.conf.default.accept_ra = 0",
		"%s", path);
}

static int add_host_addresses(int fd, const struct plan_veth *veth, const char *name,
			      struct err *err)
{
	struct ends ends[2];
	struct batch batch;
	int status;

	batch_start(&batch, host, name);
	status = find_device(&batch, fd, err);
	if (status < 0)
		return status;
	for (int i = 0; i < 2; i++) {
		find_ends(veth, i == 1, &ends[i]);
		if (!ends[i].inside || !ends[i].outside)
			continue;
		batch_address(&batch, ends[i].outside);
		batch_host_route(&batch, ends[i].inside, ends[i].outside);
	}
	return batch.count > 0 ? batch_call(&batch, fd, err) : 0;
}

int net_veth_create(const struct plan_veth *veth, int pid, char host_name[NET_NAME_SIZE],
		    struct err *err)
{
	struct rtnl_pair pair = {
		.name = host_name,
		.peer_name = veth->name ? veth->name : "eth0",
		.peer_pid = pid,
		.peer_mac = veth->has_mac ? veth->mac : NULL,
		.mtu = veth->mtu,
	};
	cleanup_fd int fd = -1;
	int status;

	if (veth->host_name && strlen(veth->host_name) >= NET_NAME_SIZE)
		return err_set(err, STAGE_NETWORK, ENAMETOOLONG,
			       "a device's name has at most 15 bytes", "veth %s (%s)",
			       veth->host_name, host);
	if (veth->host_name)
		snprintf(host_name, NET_NAME_SIZE, "%s", veth->host_name);
	fd = open_route(host, err);
	if (fd < 0)
		return fd;
	status = create_pair(fd, &pair, !veth->host_name, host_name, err);
	if (status < 0)
		return status;
	status = refuse_advertisements(host_name, err);
	if (status < 0)
		return status;
	return add_host_addresses(fd, veth, host_name, err);
}

int net_veth_configure(const struct plan_veth *veth, struct err *err)
{
	struct ends ends[2];
	struct batch batch;
	cleanup_fd int fd = open_route(sandbox, err);
	int status;

	if (fd < 0)
		return fd;
	batch_start(&batch, sandbox, veth->name ? veth->name : "eth0");
	status = find_device(&batch, fd, err);
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
		batch_address(&batch, ends[i].inside);
		if (ends[i].outside && !in_network(ends[i].inside, ends[i].outside))
			batch_host_route(&batch, ends[i].outside, ends[i].inside);
	}
	for (int i = 0; i < 2; i++) {
		if (!ends[i].gateway)
			continue;
		batch_note(&batch, STEP_ROUTE, ends[i].gateway);
		rtnl_add_default_route(&batch.request, batch.index, ends[i].gateway);
	}
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

void net_veth_wait(const char *host_name)
{
	struct batch batch;
	struct nl_answer answer;
	uint8_t state = 0;
	cleanup_fd int fd = nl_open(NETLINK_ROUTE);
	int index = fd < 0 ? fd : index_of(fd, host_name);

	for (int round = 0; index > 0 && round < WAIT_ROUNDS; round++) {
		struct raw_timespec pause = { .nanoseconds = WAIT_NS };

		if (round > 0)
			(void)sys_ppoll(NULL, 0, &pause, NULL, 0);
		batch_start(&batch, host, host_name);
		batch.request.reply = read_state;
		batch.request.context = &state;
		/* Since Linux 6.8 the kernel finishes what is pending before it answers this. */
		rtnl_get_link(&batch.request, index);
		if (nl_call(fd, &batch.request, &answer) < 0 || state == OPERATIONAL)
			return;
	}
}
