/* test_veth.c - a sandbox's network on the running kernel: what is set up, and that it works */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "launcher/net/net.h"
#include "launcher/net/netlink.h"
#include "launcher/net/rtnl.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/tap.h"

/* The kernel writes IFLA_IFNAME first: after both headers and its own. */
enum { NAME_AT = sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg) + 4 };

static bool disappears(const char *name)
{
	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (if_nametoindex(name) == 0)
			return true;
		usleep(10000);
	}
	return false;
}

static short flags_of(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	(void)ioctl(fd, SIOCGIFFLAGS, &request);
	close(fd);
	return request.ifr_flags;
}

/* The kernel says so a moment after both ends are up. */
static bool gets_carrier(const char *name)
{
	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (flags_of(name) & IFF_RUNNING)
			return true;
		usleep(10000);
	}
	return false;
}

/* A socket that hears of every device that comes to be in this namespace. */
static int watch_links(void)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (bind(fd, (struct sockaddr *)&groups, sizeof(groups)) != 0)
		_exit(9);
	return fd;
}

/* Was a device of this name announced? Counts what was announced in *@count. */
static bool announced(int fd, const char *name, int *count)
{
	static char data[65536];
	bool seen = false;
	ssize_t got;

	*count = 0;
	while ((got = recv(fd, data, sizeof(data) - 1, 0)) > 0) {
		data[got] = '\0';
		++*count;
		seen = seen || strcmp(data + NAME_AT, name) == 0;
	}
	return seen;
}

/* Gives the host addresses that only a default route leads to. */
static bool add_far_addresses(void)
{
	const struct plan_address far[] = { address("198.51.100.7", 32),
					    address("2001:db8:ff::7", 128) };
	_Alignas(4) uint8_t data[512];
	struct nl_request request;
	struct nl_answer answer;
	struct err err;
	int fd = nl_open(NETLINK_ROUTE);
	bool added;

	nl_start(&request, data, sizeof(data));
	rtnl_add_address(&request, 1, &far[0]);
	rtnl_add_address(&request, 1, &far[1]);
	rtnl_add_local_route(&request, 1, &far[1]);
	added = net_loopback_up(&err) == 0 && nl_call(fd, &request, &answer) == 0;
	close(fd);
	return added;
}

static char accept_ra_of(const char *name)
{
	char path[128];
	char value = '?';
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &value, 1) != 1)
		value = '?';
	close(fd);
	return value;
}

/* Answers on the host while the sandbox tries to reach it. */
static bool reaches(struct sandbox *box, char order)
{
	int fd = listener(SOCK_STREAM);
	bool told = write(box->control, &order, 1) == 1;

	if (told && readable(fd))
		serve_stream(fd);
	close(fd);
	return told && readable(box->control) && read(box->control, &order, 1) == 1 && box->reached;
}

static void pair_scenario(void)
{
	const struct plan_veth veth = make_veth(0);
	struct sandbox *box = &outcome->box[0];
	int watch = watch_links();
	int count;

	if (!add_far_addresses())
		return;
	start_with_pair(box, &veth);
	net_veth_wait(&box->pair);
	outcome->peer_seen = announced(watch, "box0", &count) || count == 0;
	outcome->up = flags_of(box->host_name) & IFF_UP;
	outcome->running = gets_carrier(box->host_name);
	outcome->advertised = accept_ra_of(box->host_name);
	outcome->echo = echoes(SOCK_DGRAM, "::ffff:192.0.2.2");
	outcome->echo6 = echoes(SOCK_DGRAM, "2001:db8::2");
	outcome->stream = echoes(SOCK_STREAM, "2001:db8::2");
	box->reached = reaches(box, REACH) && reaches(box, REACH6);
	stop_sandbox(box);
	outcome->gone = disappears(box->host_name);
	outcome->ran = true;
}

static void two_scenario(void)
{
	const struct plan_veth veth[] = { make_veth(0), make_veth(1) };

	if (!add_far_addresses())
		return;
	for (int i = 0; i < 2; i++) {
		start_with_pair(&outcome->box[i], &veth[i]);
		net_veth_wait(&outcome->box[i].pair);
	}
	outcome->echo =
		echoes(SOCK_DGRAM, "::ffff:192.0.2.2") && echoes(SOCK_DGRAM, "::ffff:192.0.2.3");
	outcome->echo6 = echoes(SOCK_DGRAM, "2001:db8::2") && echoes(SOCK_DGRAM, "2001:db8::3");
	for (int i = 0; i < 2; i++)
		outcome->box[i].reached = reaches(&outcome->box[i], REACH);
	for (int i = 0; i < 2; i++)
		stop_sandbox(&outcome->box[i]);
	outcome->ran = true;
}

static int64_t milliseconds(void)
{
	struct raw_timespec now;

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return now.seconds * 1000 + now.nanoseconds / 1000000;
}

/* One sandbox right after the other, all with the same address. A packet that is lost, or that goes
 * to the one before, is repeated a second later. */
static void successors_scenario(void)
{
	const struct plan_veth veth = make_veth(0);
	struct sandbox *box = &outcome->box[0];

	outcome->ran = add_far_addresses();
	for (int i = 0; i < 10 && outcome->ran; i++) {
		int64_t start;

		start_with_pair(box, &veth);
		net_veth_wait(&box->pair);
		start = milliseconds();
		outcome->reached += reaches(box, REACH);
		outcome->late += milliseconds() - start >= 900;
		start = milliseconds();
		outcome->reached6 += reaches(box, REACH6);
		outcome->late6 += milliseconds() - start >= 900;
		stop_sandbox(box);
	}
}

/* Only IPv4, no gateway, the host's end in a network that the profile names. */
static void peer_scenario(void)
{
	const struct plan_veth veth = {
		.has_address = true,
		.has_peer = true,
		.address = address("192.0.2.66", 26),
		.peer = address("192.0.2.65", 26),
		.host_name = "outer0",
	};

	start_with_pair(&outcome->box[0], &veth);
	net_veth_wait(&outcome->box[0].pair);
	outcome->echo = echoes(SOCK_DGRAM, "::ffff:192.0.2.66");
	stop_sandbox(&outcome->box[0]);
	outcome->ran = true;
}

static void loopback_scenario(void)
{
	struct sandbox *box = &outcome->box[0];

	start_sandbox(box);
	(void)tell(box, LOOPBACK);
	stop_sandbox(box);
	/* Once more here, where it can be looked at. */
	outcome->box[1].configured = net_loopback_up(&outcome->box[1].err);
	outcome->up = flags_of("lo") & IFF_UP;
	start_sandbox(box);
	stop_sandbox(box);
	outcome->ran = true;
}

static void test_pair(bool rootless)
{
	const char *who = rootless ? "rootless" : "root";
	const struct sandbox *box = &outcome->box[0];

	if (!ok(run(pair_scenario, rootless), "%s: a host with a sandbox can be made", who))
		return;
	is_number(box->created, 0, "%s: the pair is made", who);
	is_number(box->configured, 0, "%s: the sandbox's end is set up", who);
	show_failure(box);
	ok(strncmp(box->host_name, "lune", 4) == 0, "%s: its name here is ours: %s", who,
	   box->host_name);
	ok(!outcome->peer_seen, "%s: the other end was never on the host", who);
	ok(outcome->up && outcome->running, "%s: the end here is up and has a carrier", who);
	ok(outcome->advertised == '0' || outcome->advertised == '?',
	   "%s: and takes no router advertisements", who);
	ok(outcome->echo, "%s: a datagram goes in and comes back", who);
	ok(outcome->echo6, "%s: by IPv6 too", who);
	ok(outcome->stream, "%s: a TCP connection too", who);
	ok(box->reached, "%s: the default routes lead out, and back", who);
	ok(outcome->gone, "%s: the pair goes with the sandbox", who);
}

static void test_two(void)
{
	if (!ok(run(two_scenario, false), "two sandboxes can be made"))
		return;
	ok(outcome->echo, "two sandboxes with the same gateway are both reachable");
	ok(outcome->echo6, "by IPv6 too");
	ok(outcome->box[0].reached && outcome->box[1].reached, "and both get out");
	ok(strcmp(outcome->box[0].host_name, outcome->box[1].host_name) != 0,
	   "a launcher finds a free name for each: %s, %s", outcome->box[0].host_name,
	   outcome->box[1].host_name);
	show_failure(&outcome->box[0]);
	show_failure(&outcome->box[1]);
}

static void test_successors(void)
{
	ok(run(successors_scenario, false), "one sandbox can follow another");
	is_number(outcome->reached, 10, "each reaches the host");
	is_number(outcome->late, 0, "and loses no packet");
	is_number(outcome->reached6, 10, "by IPv6 too");
	is_number(outcome->late6, 0, "which need not ask for a neighbour either");
	show_failure(&outcome->box[0]);
}

static void test_peer(void)
{
	ok(run(peer_scenario, false) && outcome->echo, "the host's end can have a network");
	is_text(outcome->box[0].host_name, "outer0", "and a name of the profile's");
	show_failure(&outcome->box[0]);
}

static void test_loopback(void)
{
	if (!ok(run(loopback_scenario, true), "a sandbox without a network can be made"))
		return;
	is_number(outcome->box[0].configured, 0, "its loopback comes up in a nested namespace");
	is_number(outcome->box[1].configured, 0, "and in the user's own");
	ok(outcome->up, "and is up");
}

int main(void)
{
	if (!prepare())
		return done();
	test_loopback();
	test_pair(false);
	test_pair(true);
	test_two();
	test_successors();
	test_peer();
	return done();
}
