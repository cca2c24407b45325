/* batch.c - several messages about links in one request (see batch.h) */
#include "launcher/net/batch.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/netlink.h>

#include "launcher/net/rtnl.h"

enum { TEXT_SIZE = 128 };

const char batch_host[] = "host";
const char batch_sandbox[] = "sandbox";

int batch_open(const char *where, struct err *err)
{
	int fd = nl_open(NETLINK_ROUTE);

	if (fd < 0)
		return err_set(err, STAGE_NETWORK, fd, NULL, "netlink socket (%s)", where);
	return fd;
}

void batch_start(struct batch *batch, const char *where, const char *device)
{
	batch->where = where;
	batch->device = device;
	batch->index = 0;
	batch->count = 0;
	nl_start(&batch->request, batch->data, sizeof(batch->data));
}

void batch_note(struct batch *batch, enum batch_step step, const struct plan_address *address)
{
	if (batch->count == BATCH_STEPS) {
		batch->request.overflow = true;
		return;
	}
	batch->steps[batch->count].step = step;
	batch->steps[batch->count].address = address;
	batch->count++;
}

static void set_object(const struct batch *batch, uint32_t message, int error, struct err *err)
{
	const struct plan_address *address = batch->steps[message].address;
	const char *device = batch->device;
	const char *where = batch->where;
	char text[INET6_ADDRSTRLEN] = "?";
	unsigned int prefix = 0;

	if (address) {
		(void)inet_ntop(address->family, address->bytes, text, sizeof(text));
		prefix = address->prefix;
	}
	switch (batch->steps[message].step) {
	case STEP_LOOPBACK:
		err_set(err, STAGE_NETWORK, error, NULL, "lo (%s)", where);
		break;
	case STEP_PAIR:
	case STEP_LINK:
		err_set(err, STAGE_NETWORK, error, NULL, "veth %s (%s)", device, where);
		break;
	case STEP_ADDRESS:
		err_set(err, STAGE_NETWORK, error, NULL, "address %s/%u on %s (%s)", text, prefix,
			device, where);
		break;
	case STEP_NEIGHBOUR:
		err_set(err, STAGE_NETWORK, error, NULL, "neighbour %s on %s (%s)", text, device,
			where);
		break;
	case STEP_HOST_ROUTE:
		err_set(err, STAGE_NETWORK, error, NULL, "route to %s on %s (%s)", text, device,
			where);
		break;
	case STEP_ROUTE:
		err_set(err, STAGE_NETWORK, error, NULL, "route to %s/%u on %s (%s)", text, prefix,
			device, where);
		break;
	case STEP_DEFAULT_ROUTE:
		err_set(err, STAGE_NETWORK, error, NULL, "default route via %s on %s (%s)", text,
			device, where);
		break;
	case STEP_BRIDGE:
		err_set(err, STAGE_NETWORK, error, NULL, "bridge %s (%s)", device, where);
		break;
	case STEP_PORT:
		err_set(err, STAGE_NETWORK, error, NULL, "port %s of its bridge (%s)", device,
			where);
		break;
	case STEP_SHAPE:
		err_set(err, STAGE_NETWORK, error, NULL, "rate, delay and loss of %s (%s)", device,
			where);
		break;
	}
}

static const char *remedy_of_pair(int error)
{
	switch (error) {
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
		return "this kernel has no veth device: load its module (modprobe veth)";
	case EADDRNOTAVAIL:
		return "mac must be that of one device: not zero, no multicast bit";
	case EINVAL:
	case ERANGE:
		return "a name has 1 to 15 bytes without space, slash or colon; see mtu and mac too";
	default:
		return NULL;
	}
}

/* A remedy for what the kernel said, or NULL. */
static const char *remedy(const struct batch *batch, enum batch_step step, int error)
{
	const char *special = step == STEP_PAIR ? remedy_of_pair(error) : NULL;

	if (special)
		return special;
	switch (error) {
	case EPERM:
		if (batch->where == batch_sandbox)
			return "the set-up process has lost CAP_NET_ADMIN over its own network";
		return "a veth needs CAP_NET_ADMIN over this network: be root, or be in a network "
		       "namespace of your own (unshare -Urn)";
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
		if (step == STEP_BRIDGE)
			return "this kernel has no bridge device: load its module (modprobe bridge)";
		return "this kernel has no support for that family: load the module ipv6, or leave "
		       "its addresses out";
	case EACCES:
		return "IPv6 is off here (sysctl net.ipv6.conf.*.disable_ipv6): leave its addresses "
		       "out, or turn it on";
	case ESRCH:
		return "the sandbox's process is gone";
	case ENOENT:
		if (step == STEP_SHAPE)
			return "a rate needs the module sch_tbf, delay and loss need sch_netem: see "
			       "lunette doctor";
		return NULL;
	default:
		return NULL;
	}
}

/* The kernel's words if it had any, and the attribute they are about. */
int batch_failed(const struct batch *batch, const struct nl_answer *answer, struct err *err)
{
	char attribute[TEXT_SIZE];
	const char *hint;

	set_object(batch, answer->message, answer->error, err);
	nl_locate(&batch->request, answer, rtnl_fields, attribute, sizeof(attribute));
	if (answer->text[0] || attribute[0])
		err_reason(err, "%s%s%s%s%s", answer->text, answer->text[0] ? ": " : "",
			   strerror(-answer->error), attribute[0] ? " at " : "", attribute);
	hint = remedy(batch, batch->steps[answer->message].step, -answer->error);
	if (hint)
		err_hint(err, "%s", hint);
	return answer->error;
}

int batch_call(struct batch *batch, int fd, struct err *err)
{
	struct nl_answer answer;

	if (nl_call(fd, &batch->request, &answer) == 0)
		return 0;
	return batch_failed(batch, &answer, err);
}

int batch_index(int fd, const char *name)
{
	struct ifreq request = { 0 };
	long status;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	status = sys_ioctl(fd, SIOCGIFINDEX, &request);
	return status < 0 ? (int)status : request.ifr_ifindex;
}

int batch_find(struct batch *batch, int fd, struct err *err)
{
	batch->index = batch_index(fd, batch->device);
	if (batch->index < 0)
		return err_set(err, STAGE_NETWORK, batch->index, NULL, "veth %s (%s)",
			       batch->device, batch->where);
	return 0;
}
