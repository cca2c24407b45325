/* publish.c - ports of the host that lead into the sandbox (see publish.h) */
#include "launcher/net/publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "launcher/net/port_confine.h"

enum {
	BACKLOG = 4096, /* the kernel cuts it to net.core.somaxconn */
	CONNECTIONS = 512,
	FLOWS = 256,
	EACH = 6, /* descriptors of a connection: two sockets, two pipes */
	OTHERS = 64,
	HOUR = 3600 * 1000,
	MINUTE = 60 * 1000,
};

static const struct port_limits usual = {
	.connections = CONNECTIONS,
	.flows = FLOWS,
	.idle = HOUR,
	.half_idle = 5 * MINUTE,
	.flow_idle = MINUTE,
};

static int listen_failed(const struct plan_port *port, int error, struct err *err)
{
	char text[INET6_ADDRSTRLEN] = "?";
	const char *hint = NULL;
	bool six = port->address.family == AF_INET6;
	bool written = port->origin && port->origin[0];

	(void)inet_ntop(port->address.family, port->address.bytes, text, sizeof(text));
	if (error == -EADDRINUSE)
		hint = "another program listens there: publish under another port of the host";
	else if (error == -EACCES)
		hint = "ports below net.ipv4.ip_unprivileged_port_start are for root: publish under a "
		       "higher one";
	else if (error == -EADDRNOTAVAIL)
		hint = "no device of this host has that address";
	else if (error == -EAFNOSUPPORT)
		hint = "this kernel has no IPv6";
	return err_set(err, STAGE_NETWORK, error, hint, "publish %s%s%s:%u/%s%s%s (host)",
		       six ? "[" : "", text, six ? "]" : "", port->outside,
		       port->udp ? "udp" : "tcp", written ? " at " : "",
		       written ? port->origin : "");
}

static int listen_on(const struct plan_port *port)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port->outside) };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port->outside) };
	bool six = port->address.family == AF_INET6;
	int type = port->udp ? SOCK_DGRAM : SOCK_STREAM;
	cleanup_fd int fd =
		(int)sys_socket(port->address.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;
	long r = fd < 0 ? fd : 0;

	memcpy(&four.sin_addr, port->address.bytes, sizeof(four.sin_addr));
	memcpy(&any.sin6_addr, port->address.bytes, sizeof(any.sin6_addr));
	/* A listener whose last connections linger may be followed by another at once. For UDP it
	 * would mean that two listen. What accept(2) gives has the other two options too. */
	if (r == 0 && !port->udp)
		r = sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (r == 0 && !port->udp)
		r = sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (r == 0 && !port->udp)
		r = sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (r == 0 && six)
		r = sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (r == 0)
		r = six ? sys_bind(fd, &any, sizeof(any)) : sys_bind(fd, &four, sizeof(four));
	if (r == 0 && !port->udp)
		r = sys_listen(fd, BACKLOG);
	return r < 0 ? (int)r : take_fd(&fd);
}

int publish_listen(struct publish *publish, const struct plan *plan, struct err *err)
{
	*publish = (struct publish){ 0 };
	if (plan->port_count == 0)
		return 0;
	publish->ports = calloc(plan->port_count, sizeof(*publish->ports));
	if (!publish->ports)
		return err_set(err, STAGE_NETWORK, ENOMEM, NULL, "publish");
	for (size_t i = 0; i < plan->port_count; i++) {
		int fd = listen_on(&plan->ports[i]);

		if (fd < 0)
			return listen_failed(&plan->ports[i], fd, err);
		publish->ports[i] =
			(struct published){ fd, plan->ports[i].inside, plan->ports[i].udp };
		publish->count++;
	}
	return 0;
}

/* Closes all but the listeners and @report. */
static long close_others(const struct publish *publish, int report)
{
	int next = 0;
	long r = 0;

	while (r == 0) {
		int lowest = -1;

		for (size_t i = 0; i <= publish->count; i++) {
			int fd = i < publish->count ? publish->ports[i].listener : report;

			if (fd >= next && (lowest < 0 || fd < lowest))
				lowest = fd;
		}
		if (lowest < 0)
			break;
		if (lowest > next)
			r = sys_close_range((unsigned int)next, (unsigned int)lowest - 1, 0);
		next = lowest + 1;
	}
	return r < 0 ? r : sys_close_range((unsigned int)next, ~0u, 0);
}

/* The ids of the program, so that nothing of the host's root is left but its memory, which nobody
 * may read. */
static long enter(int sandbox, const struct publish_ids *ids)
{
	long r = sys_setns(sandbox, (int)(RAW_CLONE_NEWUSER | RAW_CLONE_NEWNET));

	if (r < 0 || !ids->change)
		return r;
	r = sys_setgroups(0, NULL);
	if (r == 0)
		r = sys_setresgid(ids->gid, ids->gid, ids->gid);
	if (r == 0)
		r = sys_setresuid(ids->uid, ids->uid, ids->uid);
	return r;
}

/* As many connections as the limit of descriptors allows. */
static struct port_limits fit_limits(void)
{
	struct port_limits limits = usual;
	struct raw_rlimit files = { 1024, 1024 };
	uint64_t wanted = CONNECTIONS * EACH + FLOWS + PLAN_MAX_PORTS + OTHERS;
	uint64_t spare;

	(void)sys_prlimit64(0, RLIMIT_NOFILE, NULL, &files);
	if (files.current < wanted) {
		files.current = files.maximum < wanted ? files.maximum : wanted;
		(void)sys_prlimit64(0, RLIMIT_NOFILE, &files, NULL);
	}
	if (files.current >= wanted)
		return limits;
	spare = files.current > PLAN_MAX_PORTS + OTHERS ? files.current - PLAN_MAX_PORTS - OTHERS
							: 0;
	limits.flows = (uint32_t)(spare / 8) + 1;
	limits.connections = (uint32_t)(spare * 7 / 8 / EACH) + 1;
	return limits;
}

static void __attribute__((noreturn)) leave(int report, const struct err *err)
{
	(void)sys_write(report, err, sizeof(*err));
	for (;;)
		(void)sys_exit_group(1);
}

/* Whoever dies before the signal is set up leaves us with another parent. */
static void die_with(int launcher)
{
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || sys_getppid() != launcher)
		(void)sys_exit_group(1);
}

static void __attribute__((noreturn)) serve(const struct publish *publish, int sandbox,
					    const struct publish_ids *ids, int launcher, int report)
{
	const uint64_t all = ~0ull;
	struct port_limits limits;
	struct port_relay relay;
	struct err err = { 0 };
	long r = enter(sandbox, ids);

	if (r < 0) {
		(void)err_set(&err, STAGE_NETWORK, (int)r,
			      "the launcher must own the sandbox's user namespace",
			      "publish: entering the network (sandbox)");
		leave(report, &err);
	}
	(void)sys_rt_sigprocmask(SIG_SETMASK, &all, NULL, sizeof(all));
	r = close_others(publish, report);
	/* May fail: fewer connections at once then. */
	limits = fit_limits();
	if (r == 0)
		r = port_relay_start(&relay, publish->ports, publish->count, &limits);
	if (r < 0) {
		(void)err_set(&err, STAGE_NETWORK, (int)r, NULL, "publish: relay");
		leave(report, &err);
	}
	die_with(launcher);
	if (port_confine(publish->ports, publish->count, &err) < 0)
		leave(report, &err);
	(void)sys_sendto(report, &err, sizeof(err), MSG_NOSIGNAL, NULL, 0);
	fd_close(&report);
	/* May fail: it ends then, and the host's ports are closed. */
	while (port_relay_round(&relay, -1) == 0)
		;
	for (;;)
		(void)sys_exit_group(1);
}

static void close_listeners(struct publish *publish)
{
	for (size_t i = 0; i < publish->count; i++)
		fd_close(&publish->ports[i].listener);
}

/* An error without a number comes when the relay serves; nothing, when it has died. */
static int wait_for_relay(int report, struct err *err)
{
	struct err told;
	long got;

	do {
		got = sys_read(report, &told, sizeof(told));
	} while (got == -EINTR);
	if (got != sizeof(told))
		return err_set(err, STAGE_NETWORK, got < 0 ? (int)got : EIO, NULL,
			       "publish: relay");
	if (told.number)
		*err = told;
	return -told.number;
}

int publish_start(struct publish *publish, int pid, const struct publish_ids *ids, struct err *err)
{
	struct clone_args args = { 0 }; /* its end is no signal: publish_finish() waits for it */
	int launcher = (int)sys_getpid();
	cleanup_fd int sandbox = -1;
	int report[2];
	long r;

	if (publish->count == 0)
		return 0;
	sandbox = (int)sys_pidfd_open(pid, 0);
	/* A socket: the relay's filter knows no write. */
	r = sandbox < 0 ? sandbox
			: sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report);
	if (r < 0)
		return err_set(err, STAGE_NETWORK, (int)r, NULL, "publish");
	r = sys_clone3(&args, sizeof(args));
	if (r == 0) {
		fd_close(&report[0]);
		serve(publish, sandbox, ids, launcher, report[1]);
	}
	fd_close(&report[1]);
	if (r > 0) {
		publish->pid = (int)r;
		close_listeners(publish);
		r = wait_for_relay(report[0], err);
	} else {
		r = err_set(err, STAGE_NETWORK, (int)r, "a limit of processes is reached",
			    "publish: relay");
	}
	fd_close(&report[0]);
	return (int)r;
}

void publish_finish(struct publish *publish)
{
	if (publish->pid) {
		(void)sys_kill(publish->pid, SIGKILL);
		(void)sys_waitid(P_PID, publish->pid, NULL, WEXITED | __WALL, NULL);
	}
	close_listeners(publish);
	free(publish->ports);
	*publish = (struct publish){ 0 };
}
