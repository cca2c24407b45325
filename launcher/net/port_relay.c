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
	bool more;     /* it could go on at once */
};

struct connection {
	int fds[2]; /* CLIENT, INSIDE; the first is -1 where the slot is free */
	bool connecting;
	bool asked[2]; /* epoll tells when there is room again, too */
	bool six;      /* the other family's loopback has refused */
	bool again;    /* a direction could go on at once */
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
		r = port_watch(relay->epoll, EPOLL_CTL_ADD, ports[i].listener, KIND_LISTENER, i,
			       EPOLLIN);
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
		if (!relay->ports[i].udp)
			(void)port_watch(relay->epoll, EPOLL_CTL_MOD, relay->ports[i].listener,
					 KIND_LISTENER, i, ask ? EPOLLIN : 0);
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

/* Without this, epoll tells of what comes only: to most sockets no write ever has to wait. */
static int ask_room(struct port_relay *relay, struct connection *connection, int side)
{
	uint32_t number = (uint32_t)(connection - relay->connections);
	enum port_kind kind = side == CLIENT ? KIND_CLIENT : KIND_INSIDE;

	if (connection->asked[side])
		return 0;
	connection->asked[side] = true;
	return port_watch(relay->epoll, EPOLL_CTL_MOD, connection->fds[side], kind, number,
			  EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

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
	if (put < 0 && direction->held > 0 && ask_room(relay, connection, !from) < 0)
		return PUMP_BROKEN;
	if (put > 0)
		direction->held -= (uint32_t)put;
	if (got > 0 || put > 0)
		connection->last = relay->now;
	return got > 0 || put > 0 ? PUMP_MORE : PUMP_WAIT;
}

/* Many turns; false where the connection is broken. */
static bool pump(struct port_relay *relay, struct connection *connection, int from)
{
	struct direction *direction = &connection->directions[from];
	enum pumped result = PUMP_MORE;

	if (direction->told)
		return true;
	for (int i = 0; i < TURNS && result == PUMP_MORE; i++)
		result = turn(relay, connection, from);
	if (result == PUMP_BROKEN)
		return false;
	direction->more = result == PUMP_MORE;
	if (direction->held == 0 && !direction->more)
		return_pipe(relay, direction);
	if (direction->ended && direction->held == 0) {
		direction->told = true;
		direction->more = false;
		connection->last = relay->now;
		/* Where both have ended, the close tells. */
		if (!connection->directions[!from].told)
			(void)sys_shutdown(connection->fds[!from], SHUT_WR);
	}
	return true;
}

static void set_again(struct port_relay *relay, struct connection *connection, bool again)
{
	relay->again += again;
	relay->again -= connection->again;
	connection->again = again;
}

/* @ready: what its sockets are ready for, as epoll says it */
static void move(struct port_relay *relay, struct connection *connection, const uint32_t ready[2])
{
	struct direction *directions = connection->directions;
	bool whole = true;

	for (int from = 0; from < 2 && whole; from++) {
		bool full = directions[from].held > 0;

		if (ready[from] & ~(uint32_t)EPOLLOUT || (full && ready[!from]))
			whole = pump(relay, connection, from);
	}
	if (!whole)
		end_connection(relay, connection, true);
	else if (directions[CLIENT].told && directions[INSIDE].told)
		end_connection(relay, connection, false);
	else
		set_again(relay, connection, directions[CLIENT].more || directions[INSIDE].more);
}

/* Begins to connect to the inside. */
static int dial(struct port_relay *relay, struct connection *connection)
{
	uint32_t number = (uint32_t)(connection - relay->connections);
	const int on = 1;
	int *fd = &connection->fds[INSIDE];

	*fd = port_dial(SOCK_STREAM, connection->six, relay->ports[connection->port].inside);
	if (*fd < 0)
		return *fd;
	(void)sys_setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection->asked[INSIDE] = false;
	return port_watch(relay->epoll, EPOLL_CTL_ADD, *fd, KIND_INSIDE, number,
			  EPOLLIN | EPOLLRDHUP | EPOLLET);
}

/* Goes on connecting, to 127.0.0.1 first, then to ::1. Over loopback it is done when connect(2) is
 * back, though that says EINPROGRESS: asked again it tells what came of it. */
static void reach(struct port_relay *relay, struct connection *connection)
{
	int *fd = &connection->fds[INSIDE];
	int r;

	for (;;) {
		r = *fd < 0 ? dial(relay, connection) : 0;
		if (r == 0)
			r = port_connect(*fd, connection->six,
					 relay->ports[connection->port].inside);
		if (r == 0 || r == -EALREADY || connection->six)
			break;
		fd_close(fd);
		connection->six = true;
	}
	connection->connecting = r == -EALREADY;
	if (connection->connecting)
		r = ask_room(relay, connection, INSIDE);
	if (r < 0)
		end_connection(relay, connection, true);
}

static void take(struct port_relay *relay, struct connection *connection, uint32_t port, int client)
{
	uint32_t number = (uint32_t)(connection - relay->connections);

	*connection = (struct connection){
		.fds = { client, -1 },
		.port = (uint16_t)port,
		.born = relay->round,
		.last = relay->now,
		.directions = { { .pipe = { -1, -1 } }, { .pipe = { -1, -1 } } },
	};
	relay->used++;
	if (port_watch(relay->epoll, EPOLL_CTL_ADD, client, KIND_CLIENT, number,
		       EPOLLIN | EPOLLRDHUP | EPOLLET) < 0)
		end_connection(relay, connection, true);
	else
		reach(relay, connection);
	/* Mostly the first bytes are there already, and the inside has not to be woken twice. */
	if (connection->fds[CLIENT] >= 0 && !connection->connecting)
		move(relay, connection, (const uint32_t[2]){ EPOLLIN, 0 });
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
	uint32_t ready[2] = { 0 };
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
	if (!connection->connecting) {
		ready[kind == KIND_INSIDE ? INSIDE : CLIENT] = event->events;
	} else {
		if (kind == KIND_INSIDE)
			reach(relay, connection);
		if (connection->fds[CLIENT] < 0 || connection->connecting)
			return;
		/* What the client sent meanwhile was not looked at. */
		ready[CLIENT] = ready[INSIDE] = EPOLLIN;
	}
	move(relay, connection, ready);
}

static void go_on(struct port_relay *relay)
{
	for (uint32_t i = 0; i < relay->limits.connections && relay->again > 0; i++) {
		struct connection *connection = &relay->connections[i];
		uint32_t ready[2];

		if (connection->fds[CLIENT] < 0 || !connection->again)
			continue;
		for (int from = 0; from < 2; from++)
			ready[from] = connection->directions[from].more ? EPOLLIN : 0;
		move(relay, connection, ready);
	}
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
