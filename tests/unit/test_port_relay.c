/* test_port_relay.c - the relay of published ports: streams, their ends, limits and idle times
 *
 * Each scenario runs in a network namespace of its own, where the "host" and the "inside" share one
 * loopback: the relay's listener has one port, the server another. The relay is a child with limits
 * that a test can reach.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <time.h>

#include "launcher/net/port_confine.h"
#include "launcher/net/port_relay.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/tap.h"

enum { OUTSIDE_PORT = 7001, INSIDE_PORT = 7002, BIG = 8 << 20, IDLE_MS = 400, LONG_MS = 60000 };

/* A machine may stand still for seconds: only the test of idle times has short ones. */
static struct port_limits limits = {
	.connections = 4, .flows = 2, .idle = LONG_MS, .half_idle = LONG_MS, .flow_idle = LONG_MS
};

static int relay_pid;
static bool confined;

static int bound(int family, int type, uint16_t port)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
					 .sin6_port = htons(port),
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool six = family == AF_INET6;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, six ? (struct sockaddr *)&loopback : (struct sockaddr *)&four,
		 six ? sizeof(loopback) : sizeof(four)) != 0)
		_exit(9);
	if (type == SOCK_STREAM)
		(void)listen(fd, 64);
	return fd;
}

static int inside_server(int family, int type)
{
	struct err err;

	if (net_loopback_up(&err) < 0)
		_exit(11);
	return bound(family, type, INSIDE_PORT);
}

static int dial(int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(OUTSIDE_PORT),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { WAIT_MS / 1000, 0 };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		_exit(10);
	return fd;
}

/* A relay for one port. */
static void start_relay(bool udp)
{
	struct published port = { .inside = INSIDE_PORT, .udp = udp };
	struct port_relay relay;
	struct err err;

	if (net_loopback_up(&err) < 0)
		_exit(11);
	port.listener =
		bound(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, OUTSIDE_PORT);
	if (!udp)
		(void)listen(port.listener, 64);
	relay_pid = start(0);
	if (relay_pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		if (port_relay_start(&relay, &port, 1, &limits) < 0 ||
		    (confined && port_confine(&port, 1, &err) < 0))
			_exit(12);
		while (port_relay_round(&relay, -1) == 0)
			;
		_exit(13);
	}
	close(port.listener);
}

static int accepted(int server)
{
	struct timeval limit = { WAIT_MS / 1000, 0 };
	int fd = readable(server) ? accept(server, NULL, NULL) : -1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Sends @length bytes of a pattern without waiting for the far side; how many were taken. */
static size_t push(int fd, size_t from, size_t length)
{
	static uint8_t data[65536];
	size_t sent = 0;

	while (sent < length) {
		size_t chunk = length - sent < sizeof(data) ? length - sent : sizeof(data);
		ssize_t put;

		for (size_t i = 0; i < chunk; i++)
			data[i] = (uint8_t)((from + sent + i) * 7 % 251);
		put = send(fd, data, chunk, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && errno != EAGAIN)
			break;
		if (put <= 0) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			if (poll(&wait, 1, 300) != 1)
				break;
			continue;
		}
		sent += (size_t)put;
	}
	return sent;
}

/* Reads to the end, or @most bytes; how many came as they should. */
static size_t pull(int fd, size_t from, size_t most)
{
	static uint8_t data[65536];
	size_t right = 0;

	while (right < most) {
		size_t chunk = most - right < sizeof(data) ? most - right : sizeof(data);
		ssize_t got = recv(fd, data, chunk, 0);

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			if (data[i] != (uint8_t)((from + right + (size_t)i) * 7 % 251))
				return right;
		right += (size_t)got;
	}
	return right;
}

/* The far side reads nothing: what the relay takes is bounded, and comes later. */
static void stream_scenario(void)
{
	int server = inside_server(AF_INET, SOCK_STREAM);
	char byte;
	int client, inside;
	size_t sent;

	start_relay(false);
	client = dial(SOCK_STREAM);
	inside = accepted(server);
	sent = push(client, 0, (size_t)BIG * 8);
	outcome->up = sent > 0 && sent < (size_t)BIG * 8;
	outcome->echo = pull(inside, 0, sent) == sent;
	(void)shutdown(client, SHUT_WR);
	outcome->echo6 = recv(inside, &byte, 1, 0) == 0;
	/* The other way is still open. */
	outcome->stream = push(inside, 0, 100000) == 100000;
	close(inside);
	outcome->running = pull(client, 0, BIG) == 100000;
	outcome->gone = recv(client, &byte, 1, 0) == 0;
	outcome->ran = true;
}

/* Both sides send and read at once, more than fits anywhere. */
static void both_scenario(void)
{
	static uint8_t data[65536];
	int server = inside_server(AF_INET, SOCK_STREAM);
	size_t sent[2] = { 0 };
	size_t got[2] = { 0 };
	struct pollfd ends[2];

	start_relay(false);
	ends[0].fd = dial(SOCK_STREAM);
	ends[1].fd = accepted(server);
	while (got[0] < BIG || got[1] < BIG) {
		for (int i = 0; i < 2; i++)
			ends[i].events = sent[i] < BIG ? POLLIN | POLLOUT : POLLIN;
		if (poll(ends, 2, WAIT_MS) <= 0)
			break;
		for (int i = 0; i < 2; i++) {
			size_t most = BIG - sent[i] < sizeof(data) ? BIG - sent[i] : sizeof(data);
			ssize_t put = send(ends[i].fd, data, most, MSG_DONTWAIT | MSG_NOSIGNAL);
			ssize_t came = recv(ends[i].fd, data, sizeof(data), MSG_DONTWAIT);

			sent[i] += put > 0 ? (size_t)put : 0;
			got[i] += came > 0 ? (size_t)came : 0;
		}
	}
	outcome->up = got[0] == BIG && got[1] == BIG;
	outcome->ran = true;
}

static void refused_scenario(void)
{
	char byte;
	int client;

	start_relay(false);
	client = dial(SOCK_STREAM);
	outcome->up = recv(client, &byte, 1, 0) < 0 && errno == ECONNRESET;
	outcome->ran = true;
}

/* The inside listens on ::1 alone. */
static void six_scenario(void)
{
	int server;
	int inside;

	server = inside_server(AF_INET6, SOCK_STREAM);
	start_relay(false);
	(void)dial(SOCK_STREAM);
	inside = accepted(server);
	outcome->up = inside >= 0;
	outcome->ran = true;
}

/* A reset of either side is one for the other. */
static void reset_scenario(void)
{
	const struct linger now = { .l_onoff = 1 };
	int server = inside_server(AF_INET, SOCK_STREAM);
	char byte;
	int client, inside;

	start_relay(false);
	client = dial(SOCK_STREAM);
	inside = accepted(server);
	(void)setsockopt(inside, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(inside);
	outcome->up = recv(client, &byte, 1, 0) < 0 && errno == ECONNRESET;
	outcome->ran = true;
}

/* Four connections are served; the fifth waits, and is served when one ends. */
static void limit_scenario(void)
{
	int server = inside_server(AF_INET, SOCK_STREAM);
	int clients[5];
	int inside[5];
	char byte = 'x';

	start_relay(false);
	for (int i = 0; i < 5; i++)
		clients[i] = dial(SOCK_STREAM);
	for (int i = 0; i < 4; i++)
		inside[i] = accepted(server);
	outcome->up = inside[3] >= 0;
	usleep(50000);
	{
		struct pollfd waiting = { .fd = server, .events = POLLIN };

		outcome->running = poll(&waiting, 1, 0) == 0;
	}
	close(clients[0]);
	close(inside[0]);
	inside[4] = accepted(server);
	outcome->echo = inside[4] >= 0 && write(clients[4], &byte, 1) == 1 &&
			read(inside[4], &byte, 1) == 1;
	outcome->ran = true;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void idle_scenario(void)
{
	int server = inside_server(AF_INET, SOCK_STREAM);
	int64_t begin;
	char byte = 'x';
	int client, inside;

	limits.idle = limits.half_idle = IDLE_MS;
	start_relay(false);
	client = dial(SOCK_STREAM);
	inside = accepted(server);
	begin = milliseconds();
	/* Traffic keeps it: past the idle time it is still there. */
	while (milliseconds() - begin < IDLE_MS * 2) {
		outcome->up = write(client, &byte, 1) == 1 && read(inside, &byte, 1) == 1;
		usleep(50000);
	}
	begin = milliseconds();
	outcome->gone = recv(client, &byte, 1, 0) <= 0;
	outcome->late = (int)(milliseconds() - begin);
	outcome->ran = true;
}

static bool udp_echo(int client, int server, const char *text)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char data[64] = { 0 };
	size_t size = strlen(text);

	return send(client, text, size, 0) == (ssize_t)size && readable(server) &&
	       recvfrom(server, data, sizeof(data), 0, (struct sockaddr *)&from, &length) ==
		       (ssize_t)size &&
	       strcmp(data, text) == 0 &&
	       sendto(server, data, size, 0, (struct sockaddr *)&from, length) == (ssize_t)size &&
	       recv(client, data, sizeof(data), 0) == (ssize_t)size && strcmp(data, text) == 0;
}

/* Three clients where two flows fit: the silent one gives way, and gets a new one. */
static void udp_scenario(void)
{
	int server = inside_server(AF_INET, SOCK_DGRAM);
	int clients[3];

	start_relay(true);
	for (int i = 0; i < 3; i++) {
		clients[i] = dial(SOCK_DGRAM);
		outcome->reached += udp_echo(clients[i], server, "datagram");
	}
	outcome->echo = udp_echo(clients[0], server, "again");
	outcome->ran = true;
}

static void udp_six_scenario(void)
{
	int server;
	int client;

	server = inside_server(AF_INET6, SOCK_DGRAM);
	start_relay(true);
	client = dial(SOCK_DGRAM);
	/* The first one finds out that nobody is at 127.0.0.1. */
	for (int i = 0; i < 3 && !outcome->up; i++) {
		struct pollfd waiting = { .fd = server, .events = POLLIN };

		(void)send(client, "x", 1, 0);
		outcome->up = poll(&waiting, 1, 100) == 1;
	}
	outcome->ran = true;
}

static void test_streams(void)
{
	ok(run(stream_scenario, true) && outcome->up,
	   "a client whose far side reads nothing has to wait");
	ok(outcome->echo, "and what it has sent comes whole and in order");
	ok(outcome->echo6, "its end is passed on");
	ok(outcome->stream && outcome->running, "while the other direction still carries bytes");
	ok(outcome->gone, "until that ends too");
	ok(run(both_scenario, true) && outcome->up, "both directions carry bytes at once");
	ok(run(refused_scenario, true) && outcome->up, "where nobody listens the client is reset");
	ok(run(six_scenario, true) && outcome->up, "a server on ::1 alone is found");
	ok(run(reset_scenario, true) && outcome->up, "a reset is passed on");
}

static void test_limits(void)
{
	ok(run(limit_scenario, true) && outcome->up, "connections up to the limit are served");
	ok(outcome->running, "the next one waits");
	ok(outcome->echo, "until one ends");
	ok(run(idle_scenario, true) && outcome->up, "a connection with traffic lives on");
	ok(outcome->gone && outcome->late >= IDLE_MS / 2 && outcome->late < WAIT_MS,
	   "an idle one is ended, after %d ms", outcome->late);
}

static void test_datagrams(void)
{
	ok(run(udp_scenario, true), "datagrams are relayed");
	is_number(outcome->reached, 3, "each client's to and fro");
	ok(outcome->echo, "the one that was forgotten is known again");
	ok(run(udp_six_scenario, true) && outcome->up, "a server of datagrams on ::1 is found");
}

int main(void)
{
	if (!prepare())
		return done();
	for (int i = 0; i < 2; i++) {
		confined = i == 1;
		note("%s", confined ? "confined" : "not confined");
		test_streams();
		test_limits();
		test_datagrams();
	}
	return done();
}
