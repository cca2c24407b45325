/* fake_host.h - hosts and sandboxes made of namespaces, for the tests of the network
 *
 * A scenario runs in a process of its own, the "host", with a new network namespace (and, for the
 * rootless ones, a new user namespace of an ordinary user). It starts "sandboxes", processes in
 * namespaces below it, that answer on UDP and TCP and do as they are told through a socket pair.
 * What happened comes back in shared memory. All are killed and reaped at the end; addresses are of
 * the documentation ranges.
 */
#ifndef TESTS_UNIT_FAKE_HOST_H
#define TESTS_UNIT_FAKE_HOST_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/net/net.h"
#include "tests/unit/tap.h"

enum {
	PORT = 7777,
	WAIT_MS = 3000,
	NOBODY = 65534,
	SANDBOXES = 2,
};

/* What a sandbox is told to do, a byte each; it answers with one byte when it is done. */
enum { CONFIGURE = 'c', LOOPBACK = 'l', NO_IPV6 = '6', REACH = 'r', REACH6 = 'R' };

struct sandbox {
	int pid;
	int control;
	char host_name[NET_NAME_SIZE];
	struct net_pair pair; /* as the launcher has made it */
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
	bool peer_seen;  /* a device of the sandbox's name was announced on the host */
	char advertised; /* accept_ra of the host's end */
	int reached, reached6, late, late6; /* of the successors */
};

static struct outcome *outcome;

static inline struct plan_address address(const char *text, uint8_t prefix)
{
	struct plan_address made = { .family = strchr(text, ':') ? AF_INET6 : AF_INET,
				     .prefix = prefix };

	(void)inet_pton(made.family, text, made.bytes);
	return made;
}

/* Both families; the second sandbox has the same gateway on the host. */
static inline struct plan_veth make_veth(int number)
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

static inline int start(uint64_t flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	fflush(stdout);
	return (int)sys_clone3(&args, sizeof(args));
}

static inline bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static inline struct sockaddr_in6 far_end(const char *text)
{
	struct sockaddr_in6 end = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	(void)inet_pton(AF_INET6, text, &end.sin6_addr);
	return end;
}

static inline int listener(int type)
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

static inline bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, WAIT_MS) == 1;
}

/* Sends four bytes to @text and waits for them to come back. */
static inline bool echoes(int type, const char *text)
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

static inline void serve_datagram(int fd)
{
	struct sockaddr_in6 from;
	socklen_t length = sizeof(from);
	char data[16];
	ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

	if (got > 0)
		(void)sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&from, length);
}

static inline void serve_stream(int fd)
{
	int client = accept(fd, NULL, NULL);
	char data[16];
	ssize_t got = client < 0 ? -1 : recv(client, data, sizeof(data), 0);

	if (got > 0)
		(void)send(client, data, (size_t)got, MSG_NOSIGNAL);
	if (client >= 0)
		close(client);
}

static inline void obey(struct sandbox *box, char order)
{
	switch (order) {
	case CONFIGURE:
		box->configured = net_veth_configure(&box->pair, &box->err);
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

_Noreturn static inline void be_sandbox(struct sandbox *box, int control)
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
			obey(box, order);
			if (write(control, &order, 1) != 1)
				break;
		}
		if (fds[1].revents)
			serve_datagram(fds[1].fd);
		if (fds[2].revents)
			serve_stream(fds[2].fd);
	}
	_exit(0);
}

/* A sandbox in namespaces of its own; its network is still bare. */
static inline void start_sandbox(struct sandbox *box)
{
	int pair[2];
	int pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		_exit(9);
	pid = start(RAW_CLONE_NEWNET | RAW_CLONE_NEWUSER);
	if (pid == 0) {
		close(pair[0]);
		be_sandbox(box, pair[1]);
	}
	close(pair[1]);
	box->pid = pid;
	box->control = pair[0];
}

static inline bool tell(struct sandbox *box, char order)
{
	char answer = 0;

	return write(box->control, &order, 1) == 1 && readable(box->control) &&
	       read(box->control, &answer, 1) == 1 && answer == order;
}

static inline void stop_sandbox(struct sandbox *box)
{
	if (box->pid > 0) {
		(void)kill(box->pid, SIGKILL);
		(void)waitpid(box->pid, NULL, 0);
		close(box->control);
	}
	box->pid = 0;
}

/* The launcher's half. `outcome` is shared, so that the sandbox knows the result. */
static inline void create_pair(struct sandbox *box, const struct plan_veth *veth, int pid)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 };

	box->pair = (struct net_pair){ .veth = *veth, .neighbours = veth->has_mac };
	memcpy(box->pair.host_mac, mac, sizeof(mac));
	box->created = net_veth_create(&box->pair, pid, &box->err);
	memcpy(box->host_name, box->pair.host_name, NET_NAME_SIZE);
}

/* A sandbox with its pair, or as far as it gets. */
static inline void start_with_pair(struct sandbox *box, const struct plan_veth *veth)
{
	start_sandbox(box);
	create_pair(box, veth, box->pid);
	if (box->created == 0)
		(void)tell(box, CONFIGURE);
}

/* Runs @scenario as the "host", as root or as an ordinary user's own root. */
static inline bool run_as(void (*scenario)(void), bool rootless, uint64_t flags)
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

static inline bool run(void (*scenario)(void), bool rootless)
{
	return run_as(scenario, rootless, RAW_CLONE_NEWNET);
}

static inline const char *message(const struct sandbox *box)
{
	static char text[2048];

	err_format(&box->err, text, sizeof(text));
	return box->err.number ? text : "";
}

static inline void show_failure(const struct sandbox *box)
{
	if (box->err.number)
		note("%s", message(box));
}

static inline void nothing(void)
{
	outcome->ran = true;
}

/* prepare() - shared memory for the outcomes. Returns false, and has said so, where this machine
 * makes no such hosts. */
static inline bool prepare(void)
{
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome != MAP_FAILED && run(nothing, false) && run(nothing, true))
		return true;
	skip("host: needs root and user namespaces", "the network of a sandbox");
	return false;
}

#endif
