/* port_udp.h - the relay's clients of UDP (see port_relay.h)
 *
 * UDP knows no connection: a flow is a client's address and a socket inside that stands for it, for
 * as long as datagrams come now and then.
 */
#ifndef LAUNCHER_NET_PORT_UDP_H
#define LAUNCHER_NET_PORT_UDP_H

#include <stddef.h>
#include <stdint.h>

struct port_relay;
struct flow;

struct flows {
	struct flow *list; /* port_limits.flows of them */
	uint8_t *datagram; /* FLOW_DATAGRAM bytes */
	uint32_t used;
};

enum { FLOW_DATAGRAM = 65536 };

/* The size of the list that port_relay_start() takes for @count flows, and making it. */
size_t flow_list_size(uint32_t count);
void flow_list_start(struct port_relay *relay);

/* flow_receive() - take what has come to the listener of the port number @port. */
void flow_receive(struct port_relay *relay, uint32_t port);

/* flow_reply() - take what has come to the socket of the flow number @flow. */
void flow_reply(struct port_relay *relay, uint32_t flow);

/* flow_sweep() - end the flows that have been idle too long. */
void flow_sweep(struct port_relay *relay);

#endif
