/* port_end.h - what both halves of the relay know: who an event is for, and the way inside */
#ifndef LAUNCHER_NET_PORT_END_H
#define LAUNCHER_NET_PORT_END_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "launcher/base/fd.h"

/* An event's data: the kind in the upper half, a number in the lower. */
enum port_kind { KIND_LISTENER, KIND_CLIENT, KIND_INSIDE, KIND_FLOW };

static inline int port_watch(int epoll, int how, int fd, enum port_kind kind, uint32_t number,
			     uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)kind << 32 | number };

	return (int)sys_epoll_ctl(epoll, how, fd, &event);
}

/* port_connect() - connect(2) of @fd to @port of the sandbox's loopback */
static inline int port_connect(int fd, bool six, uint16_t port)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
					 .sin6_port = htons(port),
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const void *address = six ? (const void *)&loopback : &four;

	return (int)sys_connect(fd, address, six ? sizeof(loopback) : sizeof(four));
}

/* port_dial() - a socket to @port of the sandbox's loopback; it may still be connecting
 * @type: SOCK_STREAM or SOCK_DGRAM. Returns a descriptor or -errno. */
static inline int port_dial(int type, bool six, uint16_t port)
{
	cleanup_fd int fd =
		(int)sys_socket(six ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? fd : port_connect(fd, six, port);

	return r < 0 && r != -EINPROGRESS ? r : take_fd(&fd);
}

#endif
