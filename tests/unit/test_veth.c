/* test_veth.c - the network of a sandbox on the running kernel, in namespaces that the test makes
 *
 * Each scenario runs in a process of its own, the "host", with a new network namespace (and, for
 * the rootless ones, a new user namespace of an ordinary user). It starts "sandboxes", processes in
 * namespaces below it, that answer on UDP and TCP and do as they are told through a socket pair.
 * What happened comes back in shared memory. All are killed and reaped at the end; addresses are of
 * the documentation ranges.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "launcher/net/net.h"
#include "launcher/net/netlink.h"
#include "launcher/net/rtnl.h"
#include "tests/unit/tap.h"

enum {
	PORT = 7777,
	WAIT_MS = 3000,
	NOBODY = 65534,
	SANDBOXES = 2,
	/* The kernel writes IFLA_IFNAME first: after both headers and its own. */
	NAME_AT = sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg) + 4,
};

/* What a sandbox is told to do, a byte each; it answers with one byte when it is done. */
enum { CONFIGURE = 'c', LOOPBACK = 'l', NO_IPV6 = '6', REACH = 'r', REACH6 = 'R' };

struct sandbox {
	int pid;
	int control;
	char host_name[NET_NAME_SIZE];
	int created;
	int configured;
	bool reached;
	struct err err;
};

/* What a scenario leaves for main(), in shared memory. */
struct outcome {
	bool ran;
	struct sandbox box[SANDBOXES];
	bool up, running, echo, echo6, stream, gone;
	bool peer_seen;              /* a device of the sandbox's name was announced on the host */
	char advertised;             /* accept_ra of the host's end */
	int reached, reached6, late; /* of the successors */
};

static struct outcome *outcome;

static struct plan_address address(const char *text, uint8_t prefix)
{
	struct plan_address made = { .family = strchr(text, ':') ? AF_INET6 : AF_INET,
				     .prefix = prefix };

	(void)inet_pton(made.family, text, made.bytes);
	return made;
}

/* Both families; the second sandbox has the same gateway on the host. */
static struct plan_veth make_veth(int number)
{
	struct plan_veth veth = {
		.has_address = true,
		.has_address6 = true,
		.has_gateway = true,
		.has_gateway6 = true,
		.has_mac = true,
		.address = address(number ? "192.0.2.3" : "192.0.2.2", 24),
		.address6 = address(number ? "2001:db8::3" : "2001:db8::2", 64),
		.gateway = address("192.0.2.1", 0),
		.gateway6 = address("2001:db8::1", 0),
		.mtu = 1400,
		.mac = { 2, 0, 0, 0, 0, (uint8_t)(number + 1) },
		.name = "box0",
	};

	return veth;
}

static int start(uint64_t flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	fflush(stdout);
	return (int)sys_clone3(&args, sizeof(args));
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static struct sockaddr_in6 far_end(const char *text)
{
	struct sockaddr_in6 end = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	(void)inet_pton(AF_INET6, text, &end.sin6_addr);
	return end;
}

static int listener(int type)
{
	struct sockaddr_in6 any = far_end("::");
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	int off = 0;
	int on = 1;

	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0)
		_exit(9);
	if (type == SOCK_STREAM)
		(void)listen(fd, 8);
	return fd;
}

static bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, WAIT_MS) == 1;
}

/* Sends four bytes to @text and waits for them to come back. */
static bool echoes(int type, const char *text)
{
	struct sockaddr_in6 end = far_end(text);
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	char back[8] = { 0 };
	bool same;

	same = connect(fd, (struct sockaddr *)&end, sizeof(end)) == 0 &&
	       send(fd, "ping", 4, MSG_NOSIGNAL) == 4 && readable(fd) &&
	       recv(fd, back, sizeof(back), 0) == 4 && memcmp(back, "ping", 4) == 0;
	close(fd);
	return same;
}

static void serve_datagram(int fd)
{
	struct sockaddr_in6 from;
	socklen_t length = sizeof(from);
	char data[16];
	ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

	if (got > 0)
		(void)sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&from, length);
}

static void serve_stream(int fd)
{
	int client = accept(fd, NULL, NULL);
	char data[16];
	ssize_t got = client < 0 ? -1 : recv(client, data, sizeof(data), 0);

	if (got > 0)
		(void)send(client, data, (size_t)got, MSG_NOSIGNAL);
	if (client >= 0)
		close(client);
}

static void obey(struct sandbox *box, const struct plan_veth *veth, char order)
{
	switch (order) {
	case CONFIGURE:
		box->configured = net_veth_configure(veth, &box->err);
		break;
	case LOOPBACK:
		box->configured = net_loopback_up(&box->err);
		break;
	case NO_IPV6:
		box->reached = write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
		break;
	case REACH:
		box->reached = echoes(SOCK_STREAM, "::ffff:198.51.100.7");
		break;
	default:
		box->reached = echoes(SOCK_STREAM, "2001:db8:ff::7");
		break;
	}
}

_Noreturn static void be_sandbox(struct sandbox *box, const struct plan_veth *veth, int control)
{
	struct pollfd fds[] = {
		{ .fd = control, .events = POLLIN },
		{ .fd = listener(SOCK_DGRAM), .events = POLLIN },
		{ .fd = listener(SOCK_STREAM), .events = POLLIN },
	};
	char order;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (poll(fds, 3, -1) > 0) {
		if (fds[0].revents) {
			if (read(control, &order, 1) != 1)
				break;
			obey(box, veth, order);
			(void)write(control, &order, 1);
		}
		if (fds[1].revents)
			serve_datagram(fds[1].fd);
		if (fds[2].revents)
			serve_stream(fds[2].fd);
	}
	_exit(0);
}

/* A sandbox in namespaces of its own; its network is still bare. */
static void start_sandbox(struct sandbox *box, const struct plan_veth *veth)
{
	int pair[2];
	int pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		_exit(9);
	pid = start(RAW_CLONE_NEWNET | RAW_CLONE_NEWUSER);
	if (pid == 0) {
		close(pair[0]);
		be_sandbox(box, veth, pair[1]);
	}
	close(pair[1]);
	box->pid = pid;
	box->control = pair[0];
}

static bool tell(struct sandbox *box, char order)
{
	char answer = 0;

	return write(box->control, &order, 1) == 1 && readable(box->control) &&
	       read(box->control, &answer, 1) == 1 && answer == order;
}

static void stop_sandbox(struct sandbox *box)
{
	if (box->pid > 0) {
		(void)kill(box->pid, SIGKILL);
		(void)waitpid(box->pid, NULL, 0);
		close(box->control);
	}
	box->pid = 0;
}

/* A sandbox with its pair, or as far as it gets. */
static void start_with_pair(struct sandbox *box, const struct plan_veth *veth)
{
	start_sandbox(box, veth);
	box->created = net_veth_create(veth, box->pid, box->host_name, &box->err);
	if (box->created == 0)
		(void)tell(box, CONFIGURE);
}

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
	for (int i = 0; i < 2; i++)
		start_with_pair(&outcome->box[i], &veth[i]);
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
		net_veth_wait(box->host_name);
		start = milliseconds();
		if (reaches(box, REACH))
			outcome->reached++;
		if (milliseconds() - start >= 900)
			outcome->late++;
		outcome->reached6 += reaches(box, REACH6);
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
	outcome->echo = echoes(SOCK_DGRAM, "::ffff:192.0.2.66");
	stop_sandbox(&outcome->box[0]);
	outcome->ran = true;
}

static void loopback_scenario(void)
{
	struct sandbox *box = &outcome->box[0];

	start_sandbox(box, NULL);
	(void)tell(box, LOOPBACK);
	stop_sandbox(box);
	/* Once more here, where it can be looked at. */
	outcome->box[1].configured = net_loopback_up(&outcome->box[1].err);
	outcome->up = flags_of("lo") & IFF_UP;
	start_sandbox(box, NULL);
	stop_sandbox(box);
	outcome->ran = true;
}

/* Runs @scenario as the "host", as root or as an ordinary user's own root. */
static bool run_as(void (*scenario)(void), bool rootless, uint64_t flags)
{
	int status = 0;
	int pid;

	memset(outcome, 0, sizeof(*outcome));
	pid = start(rootless ? 0 : flags);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (rootless &&
		    (sys_setgroups(0, NULL) < 0 || sys_setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		     sys_setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_DUMPABLE, 1) != 0 ||
		     sys_unshare(flags | RAW_CLONE_NEWUSER) < 0 ||
		     !write_file("/proc/self/setgroups", "deny") ||
		     !write_file("/proc/self/uid_map", "0 65534 1") ||
		     !write_file("/proc/self/gid_map", "0 65534 1")))
			_exit(8);
		scenario();
		_exit(0);
	}
	if (pid < 0)
		return false;
	(void)waitpid(pid, &status, 0);
	return outcome->ran;
}

static bool run(void (*scenario)(void), bool rootless)
{
	return run_as(scenario, rootless, RAW_CLONE_NEWNET);
}

static const char *message(const struct sandbox *box)
{
	static char text[2048];

	err_format(&box->err, text, sizeof(text));
	return box->err.number ? text : "";
}

static void show_failure(const struct sandbox *box)
{
	if (box->err.number)
		note("%s", message(box));
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
	is_number(outcome->reached6, 10,
		  "by IPv6 too, which may have to ask for a neighbour twice");
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

/* What goes wrong, one after the other; what was said is looked at in main(). */
static struct plan_veth faulty;
static char pre_order;

static void fault_scenario(void)
{
	struct sandbox *box = &outcome->box[0];

	start_sandbox(box, &faulty);
	if (pre_order)
		(void)tell(box, pre_order);
	box->created = net_veth_create(&faulty, box->pid, box->host_name, &box->err);
	if (box->created == 0)
		(void)tell(box, CONFIGURE);
	stop_sandbox(box);
	outcome->ran = true;
}

static void no_device_scenario(void)
{
	start_sandbox(&outcome->box[0], &faulty);
	(void)tell(&outcome->box[0], CONFIGURE);
	stop_sandbox(&outcome->box[0]);
	outcome->ran = true;
}

static void no_process_scenario(void)
{
	struct sandbox *box = &outcome->box[0];
	int pid;

	start_sandbox(box, &faulty);
	pid = box->pid;
	stop_sandbox(box);
	box->created = net_veth_create(&faulty, pid, box->host_name, &box->err);
	outcome->ran = true;
}

/* The error must say all of @parts, which end in NULL. */
static void says(const char *what, const char *const *parts)
{
	const char *text = message(&outcome->box[0]);
	bool all = outcome->ran && strncmp(text, "network: ", 9) == 0;

	for (; *parts; parts++)
		all = all && strstr(text, *parts);
	ok(all, "%s", what);
	note("%s", text);
}

#define SAYS(what, ...) says(what, (const char *const[]){ __VA_ARGS__, NULL })

static void test_names(void)
{
	faulty = make_veth(0);
	faulty.host_name = "lo";
	run(fault_scenario, false);
	SAYS("a name that is taken on the host", "veth lo (host)", "File exists",
	     "net.veth.host_name");
	faulty = make_veth(0);
	faulty.name = "lo";
	run(fault_scenario, false);
	SAYS("a name that is taken in the sandbox", "veth lo (sandbox)", "File exists",
	     "net.veth.name");
	faulty = make_veth(0);
	faulty.name = "a-name-of-20-bytes-..";
	run(fault_scenario, false);
	SAYS("a name that is too long inside", "(host)", "VETH_INFO_PEER/IFLA_IFNAME",
	     "1 to 15 bytes");
	faulty = make_veth(0);
	faulty.host_name = "a-name-of-20-bytes-.";
	run(fault_scenario, false);
	SAYS("a name that is too long outside", "a-name-of-20-bytes-. (host)", "15 bytes");
}

static void test_faults(void)
{
	faulty = make_veth(0);
	faulty.mac[0] = 1;
	run(fault_scenario, false);
	SAYS("a mac of many devices", "(host)", "mac must be");
	faulty = make_veth(0);
	faulty.mtu = 70000;
	run(fault_scenario, false);
	SAYS("an mtu beyond what there is", "(host)", "Invalid argument", "mtu");
	faulty = make_veth(0);
	faulty.gateway = address("127.0.0.1", 0);
	run(fault_scenario, false);
	SAYS("a gateway that can't be one", "default route via 127.0.0.1 on box0 (sandbox)",
	     "invalid gateway", "Invalid argument");
	faulty = make_veth(0);
	run_as(fault_scenario, true, 0);
	SAYS("a launcher without the capability", "(host)", "Operation not permitted",
	     "CAP_NET_ADMIN");
	run(no_device_scenario, false);
	SAYS("a sandbox without its device", "veth box0 (sandbox)", "No such device");
	run(no_process_scenario, false);
	SAYS("a sandbox whose process is gone", "(host)", "No such process", "is gone");
}

static void test_no_ipv6(void)
{
	faulty = make_veth(0);
	pre_order = NO_IPV6;
	run(fault_scenario, false);
	if (outcome->box[0].reached)
		SAYS("a sandbox where IPv6 is off", "address 2001:db8::2/64 on box0 (sandbox)",
		     "IPv6 is off here");
	else
		skip("host: its IPv6 can't be turned off", "a sandbox where IPv6 is off");
	pre_order = 0;
}

static void nothing(void)
{
	outcome->ran = true;
}

int main(void)
{
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		return 1;
	if (!run(nothing, false) || !run(nothing, true)) {
		skip("needs root and user namespaces", "the network of a sandbox");
		return done();
	}
	test_loopback();
	test_pair(false);
	test_pair(true);
	test_two();
	test_successors();
	test_peer();
	test_names();
	test_faults();
	test_no_ipv6();
	return done();
}
