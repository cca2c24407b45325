/* port_relay.h - bytes between ports of the host and ports of the sandbox
 *
 * The relay is a process of its own, in the sandbox's network namespace: what it connects to is
 * there, while its listeners were made on the host. TCP is spliced, so that no byte of a stream
 * enters its memory; UDP goes through one buffer, a socket inside for each client.
 *
 * It holds no memory but what port_relay_start() takes, opens no file, and waits for whoever is
 * slower: a connection whose far side takes nothing holds at most a pipe of bytes, and when all
 * connections are in use the next ones wait in the listener's queue.
 */
#ifndef LAUNCHER_NET_PORT_RELAY_H
#define LAUNCHER_NET_PORT_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/net/port_udp.h"

/* One published port. */
struct published {
	int listener; /* non-blocking; listens, where it is for TCP */
	uint16_t inside;
	bool udp;
};

struct port_limits {
	uint32_t connections; /* of TCP, at once */
	uint32_t flows;       /* clients of UDP, at once; the least recent one gives way */
	int64_t idle;         /* ms: a connection without a byte is ended */
	int64_t half_idle;    /* the same where one side has sent its end already */
	int64_t flow_idle;    /* and a client of UDP */
};

struct connection;

struct port_relay {
	const struct published *ports;
	size_t port_count;
	struct port_limits limits;
	int epoll;
	bool paused; /* the TCP listeners are not asked: all connections are in use */
	uint32_t round;
	int64_t now;                    /* ms, CLOCK_MONOTONIC, of this round */
	int64_t swept;                  /* when idle ones were last looked for */
	struct connection *connections; /* limits.connections of them */
	uint32_t used;
	uint32_t again; /* of these, how many have more to do at once */
	struct flows flows;
	int spare[16][2]; /* empty pipes */
	uint32_t spare_count;
};

/* port_relay_start() - take what the relay needs for @ports, which must stay; -errno. */
int port_relay_start(struct port_relay *relay, const struct published *ports, size_t count,
		     const struct port_limits *limits);

/* port_relay_round() - wait for what comes first, at most @timeout ms (-1: for ever), and deal with
 * it. -errno when waiting itself fails. */
int port_relay_round(struct port_relay *relay, int timeout);

#endif
