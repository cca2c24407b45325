/* port_relay.c - the relay's event loop and its connections of TCP (see port_relay.h)
 *
 * A connection is two sockets and two directions. epoll tells of changes only (EPOLLET), so a
 * direction is pumped until its source has nothing or its destination takes nothing; one that could
 * go on for ever is put off to the next round, after the others. A pipe is lent to a direction for
 * as long as bytes are in it.
 */
#include "launcher/net/port_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <time.h>

#include "launcher/net/port_end.h"

enum {
	PIPE_BYTES = 1 << 18,
	TURNS = 16, /* of a direction in one round: at most 4 MiB */
	EVENTS = 64,
	ACCEPTS = 64,
	SPARES = sizeof(((struct port_relay *)0)->spare) / sizeof(int[2]),
};

enum { CLIENT, INSIDE };

/* From one socket to the other. */
struct direction {
	int pipe[2];   /* -1: none is lent */
	uint32_t held; /* bytes in it */
	bool ended;    /* the source has sent its end */
	bool told;     /* and the destination knows */
};

struct connection {
	int fds[2]; /* CLIENT, INSIDE; the first is -1 where the slot is free */
	bool connecting;
	bool six;   /* the other family's loopback has refused */
	bool again; /* there is more to do at once */
	uint16_t port;
	uint32_t born;                  /* the round it began in */
	int64_t last;                   /* when a byte was moved */
	struct direction directions[2]; /* by the socket that they begin at */
};

static int64_t clock_now(void)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.seconds * 1000 + ts.nanoseconds / 1000000;
}

int port_relay_start(struct port_relay *relay, const struct published *ports, size_t count,
		     const struct port_limits *limits)
{
	size_t size = limits->connections * sizeof(struct connection);
	long r = sys_epoll_create1(EPOLL_CLOEXEC);

	*relay = (struct port_relay){ .ports = ports,
				      .port_count = count,
				      .limits = *limits,
				      .epoll = (int)r,
				      .connections = malloc(size),
				      .flows = { .list = malloc(flow_list_size(limits->flows)),
						 .datagram = malloc(FLOW_DATAGRAM) } };
	if (r < 0)
		return (int)r;
	if (!relay->connections || !relay->flows.list || !relay->flows.datagram)
		return -ENOMEM;
	for (uint32_t i = 0; i < limits->connections; i++)
		relay->connections[i].fds[CLIENT] = -1;
	flow_list_start(relay);
	for (uint32_t i = 0; i < count; i++) {
		r = port_watch(relay->epoll, ports[i].listener, KIND_LISTENER, i, EPOLLIN);
		if (r < 0)
			return (int)r;
	}
	relay->now = relay->swept = clock_now();
	return 0;
}

/* The listeners of TCP are asked, or left alone. */
static void ask_listeners(struct port_relay *relay, bool ask)
{
	if (relay->paused == !ask)
		return;
	relay->paused = !ask;
	for (uint32_t i = 0; i < relay->port_count; i++) {
		struct epoll_event event = { .events = ask ? EPOLLIN : 0,
					     .data.u64 = (uint64_t)KIND_LISTENER << 32 | i };

		if (!relay->ports[i].udp)
			(void)sys_epoll_ctl(relay->epoll, EPOLL_CTL_MOD, relay->ports[i].listener,
					    &event);
	}
}

static bool lend_pipe(struct port_relay *relay, struct direction *direction)
{
	if (relay->spare_count > 0) {
		relay->spare_count--;
		direction->pipe[0] = relay->spare[relay->spare_count][0];
		direction->pipe[1] = relay->spare[relay->spare_count][1];
		return true;
	}
	if (sys_pipe2(direction->pipe, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	/* Where the user's share of pipes is used up it stays small, and works. */
	(void)sys_fcntl(direction->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
	return true;
}

/* A pipe that holds bytes is of no use to anybody else. */
static void return_pipe(struct port_relay *relay, struct direction *direction)
{
	if (direction->pipe[0] < 0)
		return;
	if (direction->held == 0 && relay->spare_count < SPARES) {
		relay->spare[relay->spare_count][0] = take_fd(&direction->pipe[0]);
		relay->spare[relay->spare_count][1] = take_fd(&direction->pipe[1]);
		relay->spare_count++;
	}
	fd_close(&direction->pipe[0]);
	fd_close(&direction->pipe[1]);
	direction->held = 0;
}

/* The next close of @fd resets the connection, as the far side has. */
static void reset_on_close(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	(void)sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void end_connection(struct port_relay *relay, struct connection *connection, bool reset)
{
	for (int i = 0; i < 2; i++) {
		if (reset && connection->fds[i] >= 0)
			reset_on_close(connection->fds[i]);
		fd_close(&connection->fds[i]);
		return_pipe(relay, &connection->directions[i]);
	}
	relay->again -= connection->again;
	relay->used--;
	ask_listeners(relay, true);
}

enum pumped { PUMP_WAIT, PUMP_MORE, PUMP_BROKEN };

/* One turn: fill the pipe, then empty it. */
static enum pumped turn(struct port_relay *relay, struct connection *connection, int from)
{
	struct direction *direction = &connection->directions[from];
	long got = -EAGAIN;
	long put = -EAGAIN;

	if (direction->pipe[0] < 0 && !lend_pipe(relay, direction))
		return PUMP_BROKEN;
	if (!direction->ended && direction->held < PIPE_BYTES)
		got = sys_splice(connection->fds[from], NULL, direction->pipe[1], NULL, PIPE_BYTES,
				 SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (got < 0 && got != -EAGAIN)
		return PUMP_BROKEN;
	if (got == 0)
		direction->ended = true;
	if (got > 0)
		direction->held += (uint32_t)got;
	if (direction->held > 0)
		put = sys_splice(direction->pipe[0], NULL, connection->fds[!from], NULL,
				 direction->held, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (put < 0 && put != -EAGAIN)
		return PUMP_BROKEN;
	if (put > 0)
		direction->held -= (uint32_t)put;
	if (got > 0 || put > 0)
		connection->last = relay->now;
	return got > 0 || put > 0 ? PUMP_MORE : PUMP_WAIT;
}

static enum pumped pump(struct port_relay *relay, struct connection *connection, int from)
{
	struct direction *direction = &connection->directions[from];
	enum pumped result = PUMP_MORE;

	if (direction->told)
		return PUMP_WAIT;
	for (int i = 0; i < TURNS && result == PUMP_MORE; i++)
		result = turn(relay, connection, from);
	if (result == PUMP_BROKEN)
		return result;
	if (direction->held == 0 && result == PUMP_WAIT)
		return_pipe(relay, direction);
	if (direction->ended && direction->held == 0) {
		(void)sys_shutdown(connection->fds[!from], SHUT_WR);
		direction->told = true;
		connection->last = relay->now;
	}
	return result;
}

static void set_again(struct port_relay *relay, struct connection *connection, bool again)
{
	relay->again += again;
	relay->again -= connection->again;
	connection->again = again;
}

static void move(struct port_relay *relay, struct connection *connection)
{
	enum pumped out = pump(relay, connection, CLIENT);
	enum pumped in = out == PUMP_BROKEN ? out : pump(relay, connection, INSIDE);

	if (in == PUMP_BROKEN)
		end_connection(relay, connection, true);
	else if (connection->directions[CLIENT].told && connection->directions[INSIDE].told)
		end_connection(relay, connection, false);
	else
		set_again(relay, connection, out == PUMP_MORE || in == PUMP_MORE);
}

/* Begins to connect to the inside: 127.0.0.1 first, then ::1. */
static bool dial(struct port_relay *relay, struct connection *connection)
{
	const int on = 1;
	uint32_t number = (uint32_t)(connection - relay->connections);
	int *fd = &connection->fds[INSIDE];

	fd_close(fd);
	*fd = port_dial(SOCK_STREAM, connection->six, relay->ports[connection->port].inside);
	if (*fd < 0 && !connection->six) {
		connection->six = true;
		*fd = port_dial(SOCK_STREAM, true, relay->ports[connection->port].inside);
	}
	if (*fd < 0)
		return false;
	(void)sys_setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return port_watch(relay->epoll, *fd, KIND_INSIDE, number,
			  EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) == 0;
}

static void finish_dial(struct port_relay *relay, struct connection *connection)
{
	int error = 0;
	unsigned int length = sizeof(error);
	long r = sys_getsockopt(connection->fds[INSIDE], SOL_SOCKET, SO_ERROR, &error, &length);

	if (r == 0 && error == 0) {
		connection->connecting = false;
		move(relay, connection);
		return;
	}
	if (!connection->six) {
		connection->six = true;
		if (dial(relay, connection))
			return;
	}
	end_connection(relay, connection, true);
}

static void take(struct port_relay *relay, struct connection *connection, uint32_t port, int client)
{
	const int on = 1;
	uint32_t number = (uint32_t)(connection - relay->connections);

	*connection = (struct connection){
		.fds = { client, -1 },
		.connecting = true,
		.port = (uint16_t)port,
		.born = relay->round,
		.last = relay->now,
		.directions = { { .pipe = { -1, -1 } }, { .pipe = { -1, -1 } } },
	};
	relay->used++;
	(void)sys_setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)sys_setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (port_watch(relay->epoll, client, KIND_CLIENT, number,
		       EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) < 0 ||
	    !dial(relay, connection))
		end_connection(relay, connection, true);
}

static struct connection *free_slot(const struct port_relay *relay)
{
	for (uint32_t i = 0; i < relay->limits.connections; i++)
		if (relay->connections[i].fds[CLIENT] < 0)
			return &relay->connections[i];
	return NULL;
}

/* Out of descriptors, as out of slots, they wait until a connection ends. */
static void accept_some(struct port_relay *relay, uint32_t port)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct connection *slot = free_slot(relay);
		long client;

		if (!slot) {
			ask_listeners(relay, false);
			return;
		}
		client = sys_accept4(relay->ports[port].listener, NULL, NULL,
				     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client == -EMFILE || client == -ENFILE || client == -ENOBUFS ||
		    client == -ENOMEM)
			ask_listeners(relay, false);
		if (client < 0)
			return;
		take(relay, slot, port, (int)client);
	}
}

static void sweep(struct port_relay *relay)
{
	for (uint32_t i = 0; i < relay->limits.connections; i++) {
		struct connection *connection = &relay->connections[i];
		bool half = connection->directions[0].told || connection->directions[1].told ||
			    connection->connecting;
		int64_t most = half ? relay->limits.half_idle : relay->limits.idle;

		if (connection->fds[CLIENT] >= 0 && relay->now - connection->last >= most)
			end_connection(relay, connection, true);
	}
	ask_listeners(relay, relay->used < relay->limits.connections);
	relay->swept = relay->now;
}

static void handle(struct port_relay *relay, const struct epoll_event *event)
{
	enum port_kind kind = (enum port_kind)(event->data.u64 >> 32);
	uint32_t number = (uint32_t)event->data.u64;
	struct connection *connection;

	if (kind == KIND_FLOW) {
		flow_reply(relay, number);
		return;
	}
	if (kind == KIND_LISTENER) {
		if (relay->ports[number].udp)
			flow_receive(relay, number);
		else
			accept_some(relay, number);
		return;
	}
	connection = &relay->connections[number];
	/* What it had in this slot is ended, by another event of this round. */
	if (connection->fds[CLIENT] < 0 || connection->born == relay->round)
		return;
	if (!connection->connecting)
		move(relay, connection);
	else if (kind == KIND_INSIDE)
		finish_dial(relay, connection);
}

static void go_on(struct port_relay *relay)
{
	for (uint32_t i = 0; i < relay->limits.connections && relay->again > 0; i++)
		if (relay->connections[i].fds[CLIENT] >= 0 && relay->connections[i].again)
			move(relay, &relay->connections[i]);
}

/* A quarter of the shortest idle time: so exact is each of them. */
static int64_t interval(const struct port_relay *relay)
{
	const struct port_limits *limits = &relay->limits;
	int64_t shortest = limits->idle < limits->half_idle ? limits->idle : limits->half_idle;

	shortest = shortest < limits->flow_idle ? shortest : limits->flow_idle;
	return shortest / 4 + 1;
}

int port_relay_round(struct port_relay *relay, int timeout)
{
	struct epoll_event events[EVENTS];
	int64_t every = interval(relay);
	bool busy = relay->used > 0 || relay->paused || relay->flows.used > 0;
	long count;

	if (busy && (timeout < 0 || timeout > every))
		timeout = (int)every;
	if (relay->again > 0)
		timeout = 0;
	count = sys_epoll_pwait(relay->epoll, events, EVENTS, timeout, NULL, 0);
	if (count < 0 && count != -EINTR)
		return (int)count;
	relay->now = clock_now();
	relay->round++;
	for (long i = 0; i < count; i++)
		handle(relay, &events[i]);
	go_on(relay);
	if (relay->now - relay->swept >= every) {
		sweep(relay);
		flow_sweep(relay);
	}
	return 0;
}
