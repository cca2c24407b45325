/* port_udp.c - the relay's clients of UDP (see port_udp.h)
 *
 * A reply must come from the address that the client has written to, which a listener on any
 * address does not know: the kernel tells it with each datagram (IP_PKTINFO), and is told it with
 * each reply.
 */
#include "launcher/net/port_udp.h"

#include <errno.h>
#include <string.h>

#include "launcher/net/port_relay.h"
#include "launcher/net/port_end.h"

enum {
	AT_ONCE = 64, /* datagrams of one socket in one round */
};

union client_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* A control message with the address of ours that a datagram came to, or 0 bytes. */
struct control {
	_Alignas(struct cmsghdr) uint8_t data[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	size_t length;
};

struct flow {
	int fd; /* connected to the port inside; -1: the slot is free */
	uint32_t port;
	bool six;      /* which family's loopback: the other one has refused */
	bool answered; /* the inside has sent something */
	int64_t last;
	union client_address client;
	unsigned int client_length;
	struct control control;
};

size_t flow_list_size(uint32_t count)
{
	return count * sizeof(struct flow);
}

/* Both options are without effect on a socket of the other family. */
void flow_list_start(struct port_relay *relay)
{
	const int on = 1;

	for (uint32_t i = 0; i < relay->limits.flows; i++)
		relay->flows.list[i].fd = -1;
	for (size_t i = 0; i < relay->port_count; i++) {
		if (!relay->ports[i].udp)
			continue;
		/* May fail: answers come from the address that the kernel takes. */
		(void)sys_setsockopt(relay->ports[i].listener, IPPROTO_IP, IP_PKTINFO, &on,
				     sizeof(on));
		/* May fail: the same. */
		(void)sys_setsockopt(relay->ports[i].listener, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
				     sizeof(on));
	}
}

static void end_flow(struct port_relay *relay, struct flow *flow)
{
	if (flow->fd >= 0)
		relay->flows.used--;
	fd_close(&flow->fd);
}

static bool open_flow(struct port_relay *relay, struct flow *flow)
{
	uint32_t number = (uint32_t)(flow - relay->flows.list);

	flow->fd = port_dial(SOCK_DGRAM, flow->six, relay->ports[flow->port].inside);
	if (flow->fd < 0)
		return false;
	relay->flows.used++;
	if (port_watch(relay->epoll, EPOLL_CTL_ADD, flow->fd, KIND_FLOW, number, EPOLLIN) == 0)
		return true;
	end_flow(relay, flow);
	return false;
}

/* The flow of this client; else a free slot, or that of the client that was silent for longest. */
static struct flow *find_flow(struct port_relay *relay, uint32_t port,
			      const union client_address *from, unsigned int length)
{
	struct flow *oldest = &relay->flows.list[0];

	for (uint32_t i = 0; i < relay->limits.flows; i++) {
		struct flow *flow = &relay->flows.list[i];

		if (flow->fd >= 0 && flow->port == port && flow->client_length == length &&
		    memcmp(&flow->client, from, length) == 0)
			return flow;
		if (oldest->fd >= 0 && (flow->fd < 0 || flow->last < oldest->last))
			oldest = flow;
	}
	end_flow(relay, oldest);
	*oldest = (struct flow){ .fd = -1, .port = port, .client_length = length };
	memcpy(&oldest->client, from, length);
	return open_flow(relay, oldest) ? oldest : NULL;
}

/* What came with a datagram, turned into what goes with a reply: the device is the routes' affair.
 * */
static void keep_control(struct flow *flow, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	flow->control.length = 0;
	if (!header || header->cmsg_len > sizeof(flow->control.data) ||
	    message->msg_flags & MSG_CTRUNC)
		return;
	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO &&
	    header->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo)))
		((struct in_pktinfo *)(void *)CMSG_DATA(header))->ipi_ifindex = 0;
	else if (header->cmsg_level != IPPROTO_IPV6 || header->cmsg_type != IPV6_PKTINFO)
		return;
	memcpy(flow->control.data, header, header->cmsg_len);
	flow->control.length = CMSG_ALIGN(header->cmsg_len);
}

static bool receive_one(struct port_relay *relay, uint32_t port)
{
	union client_address from = { 0 };
	struct control control = { 0 };
	struct iovec bytes = { relay->flows.datagram, FLOW_DATAGRAM };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.data,
		.msg_controllen = sizeof(control.data),
	};
	long got = sys_recvmsg(relay->ports[port].listener, &message, MSG_DONTWAIT);
	struct flow *flow;

	if (got < 0)
		return got != -EAGAIN; /* an error of an earlier reply */
	flow = find_flow(relay, port, &from, message.msg_namelen);
	if (!flow)
		return true;
	keep_control(flow, &message);
	flow->last = relay->now;
	(void)sys_sendto(flow->fd, relay->flows.datagram, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL,
			 NULL, 0);
	return true;
}

void flow_receive(struct port_relay *relay, uint32_t port)
{
	for (int i = 0; i < AT_ONCE && receive_one(relay, port); i++)
		;
}

static bool reply_one(struct port_relay *relay, struct flow *flow)
{
	long got = sys_recvfrom(flow->fd, relay->flows.datagram, FLOW_DATAGRAM, MSG_DONTWAIT, NULL,
				NULL);
	struct iovec bytes = { relay->flows.datagram, got > 0 ? (size_t)got : 0 };
	struct msghdr message = {
		.msg_name = &flow->client,
		.msg_namelen = flow->client_length,
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = flow->control.length ? flow->control.data : NULL,
		.msg_controllen = (uint32_t)flow->control.length,
	};

	if (got == -ECONNREFUSED && !flow->answered) {
		/* The client will send again, and then try the other family's loopback. */
		end_flow(relay, flow);
		flow->six = !flow->six;
		(void)open_flow(relay, flow);
		return false;
	}
	if (got < 0)
		return false;
	flow->answered = true;
	flow->last = relay->now;
	(void)sys_sendmsg(relay->ports[flow->port].listener, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

void flow_reply(struct port_relay *relay, uint32_t flow)
{
	struct flow *at = &relay->flows.list[flow];

	for (int i = 0; i < AT_ONCE && at->fd >= 0 && reply_one(relay, at); i++)
		;
}

void flow_sweep(struct port_relay *relay)
{
	for (uint32_t i = 0; i < relay->limits.flows; i++) {
		struct flow *flow = &relay->flows.list[i];

		if (flow->fd >= 0 && relay->now - flow->last >= relay->limits.flow_idle)
			end_flow(relay, flow);
	}
}
