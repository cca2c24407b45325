/* veth.c - what the set-up of a veth sandbox with nat costs, beside the same messages sent bare
 *
 *	veth ROUNDS
 *
 * In a network namespace of its own: for each round a process in a new one gets its pair by the
 * launcher's functions (net.h), and another by the same messages without pool, locks, names and
 * errors. Prints the lowest tenth of both in microseconds: what they take when nothing else runs.
 * What removes a pair is not measured.
 */
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netlink.h>

#include "launcher/net/batch.h"
#include "launcher/net/net.h"
#include "launcher/net/nft.h"
#include "launcher/net/rtnl.h"

enum { MOST = 1000 };

/* In memory that the sandbox's process shares. */
static struct net_pair *shared;

static _Noreturn void give_up(const char *what, const struct err *err)
{
	char text[2048] = "";

	if (err)
		err_format(err, text, sizeof(text));
	fprintf(stderr, "veth: %s %s\n", what, text);
	exit(1);
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static void must(int fd, struct nl_request *request, bool dump)
{
	struct nl_answer answer;

	if ((dump ? nl_dump(fd, request, &answer) : nl_call(fd, request, &answer)) < 0)
		give_up(answer.text, NULL);
}

static void ignore(void *context, const uint8_t *payload, size_t length)
{
	(void)context;
	(void)payload;
	(void)length;
}

static void bare_inside(void)
{
	const struct plan_veth *veth = &shared->veth;
	_Alignas(4) uint8_t data[2048];
	struct nl_request request;
	int fd = nl_open(NETLINK_ROUTE);
	int index = batch_index(fd, "eth0");

	nl_start(&request, data, sizeof(data));
	rtnl_link_up(&request, 1);
	rtnl_link_up(&request, index);
	rtnl_add_address(&request, index, &veth->address);
	rtnl_add_host_route(&request, index, &veth->gateway, &veth->address);
	rtnl_add_neighbour(&request, index, &veth->gateway, shared->host_mac);
	rtnl_add_route(&request, index, NULL, &veth->gateway);
	rtnl_get_link(&request, index);
	must(fd, &request, false);
	close(fd);
}

/* A process in a new network namespace that sets up its end when it is told to. */
static int start_sandbox(bool bare, int *control)
{
	struct clone_args args = { .flags = RAW_CLONE_NEWNET, .exit_signal = SIGCHLD };
	struct err err;
	char byte;
	int pair[2];
	int pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		give_up("socketpair", NULL);
	pid = (int)sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		close(pair[0]);
		if (read(pair[1], &byte, 1) != 1)
			_exit(0);
		if (bare)
			bare_inside();
		else if (net_veth_configure(shared, &err) < 0)
			give_up("inside", &err);
		(void)!write(pair[1], &byte, 1);
		(void)!read(pair[1], &byte, 1);
		_exit(0);
	}
	close(pair[1]);
	*control = pair[0];
	return pid;
}

static void configure(int control)
{
	char byte = 'x';

	if (write(control, &byte, 1) != 1 || read(control, &byte, 1) != 1)
		give_up("sandbox", NULL);
}

static void put_rules(struct nl_request *request)
{
	const struct plan_address *address = &shared->veth.address;
	struct nft_rule rule;

	nft_begin(request);
	nft_add_table(request, NFPROTO_INET, "lunette-bare");
	nft_add_nat_chain(request, "lunette-bare", "postrouting");
	nft_add_arrival_chain(request, "lunette-bare", "prerouting");
	nft_add_forward_chain(request, "lunette-bare", "forward");
	nft_rule(request, NFPROTO_INET, "lunette-bare", "postrouting", &rule);
	nft_match_source(request, address, true);
	nft_match_link(request, NFT_OUT, "bare", false);
	nft_masquerade(request, &rule);
	nft_rule(request, NFPROTO_INET, "lunette-bare", "prerouting", &rule);
	nft_match_link(request, NFT_IN, "bare", true);
	nft_match_source(request, address, false);
	nft_drop(request, &rule);
	nft_rule(request, NFPROTO_INET, "lunette-bare", "prerouting", &rule);
	nft_match_link(request, NFT_IN, "bare", true);
	nft_match_family(request, AF_INET6);
	nft_drop(request, &rule);
	nft_rule(request, NFPROTO_INET, "lunette-bare", "forward", &rule);
	nft_match_link(request, NFT_OUT, "bare", true);
	nft_match_new(request);
	nft_drop(request, &rule);
	nft_commit(request);
}

static void list(int fd, void (*build)(struct nl_request *request))
{
	_Alignas(4) uint8_t data[64];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	request.reply = ignore;
	build(&request);
	must(fd, &request, true);
}

static void get_routes(struct nl_request *request)
{
	rtnl_get_routes(request, AF_INET);
}

static int bare_outside(int pid)
{
	const struct plan_veth *veth = &shared->veth;
	struct rtnl_pair pair = { .name = "bare",
				  .peer_name = "eth0",
				  .peer_pid = pid,
				  .mac = shared->host_mac,
				  .peer_mac = veth->mac,
				  .mtu = 1500 };
	_Alignas(4) uint8_t data[4096];
	struct nl_request request;
	int fd = nl_open(NETLINK_ROUTE);
	int nft = nl_open(NETLINK_NETFILTER);
	int index;

	list(fd, get_routes);
	nl_start(&request, data, sizeof(data));
	rtnl_get_link(&request, 1);
	must(fd, &request, false);
	nl_start(&request, data, sizeof(data));
	rtnl_add_pair(&request, &pair);
	must(fd, &request, false);
	index = batch_index(fd, "bare");
	nl_start(&request, data, sizeof(data));
	rtnl_add_address(&request, index, &veth->gateway);
	rtnl_add_host_route(&request, index, &veth->address, &veth->gateway);
	rtnl_add_neighbour(&request, index, &veth->address, veth->mac);
	must(fd, &request, false);
	nl_start(&request, data, sizeof(data));
	put_rules(&request);
	must(nft, &request, false);
	list(nft, nft_get_chains);
	close(fd);
	return nft;
}

static void end(int pid, int control, const char *device)
{
	close(control);
	waitpid(pid, NULL, 0);
	while (if_nametoindex(device))
		usleep(1000);
}

static double bare_round(void)
{
	int control;
	int pid = start_sandbox(true, &control);
	double begin = now();
	int nft = bare_outside(pid);

	configure(control);
	begin = now() - begin;
	close(nft);
	end(pid, control, "bare");
	return begin;
}

static double round_of_ours(const struct plan *plan)
{
	struct net net = NET_UNUSED;
	struct err err;
	int control;
	int pid = start_sandbox(false, &control);
	double begin = now();

	if (net_prepare(&net, plan, NULL, &err) < 0 ||
	    net_create(&net, pid, &(struct publish_ids){ 0 }, &err) < 0)
		give_up("outside", &err);
	*shared = net.pair;
	configure(control);
	begin = now() - begin;
	net_finish(&net);
	end(pid, control, net.pair.host_name);
	return begin;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return (a > b) - (a < b);
}

/* Over lo, and to nowhere: that of most hosts is where the MTU comes from. */
static void add_default_route(void)
{
	const struct plan_address gateway = { AF_INET, 32, { 192, 0, 2, 1 } };
	_Alignas(4) uint8_t data[128];
	struct nl_request request;
	int fd = nl_open(NETLINK_ROUTE);

	nl_start(&request, data, sizeof(data));
	rtnl_add_route(&request, 1, NULL, &gateway);
	must(fd, &request, false);
	close(fd);
}

int main(int argc, char **argv)
{
	static double ours[MOST];
	static double bare[MOST];
	const struct plan plan = { .net = NET_VETH,
				   .veth = { .pool = true, .nat = true, .isolate = true } };
	int rounds = argc == 2 ? atoi(argv[1]) : 0;
	struct err err;
	int on;

	if (rounds < 1 || rounds > MOST)
		return 2;
	shared = (struct net_pair *)sys_mmap(NULL, sizeof(*shared), 3, 0x21, -1, 0);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 || net_loopback_up(&err) < 0)
		give_up("namespaces", NULL);
	add_default_route();
	on = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
	if (write(on, "1", 1) != 1)
		give_up("forwarding", NULL);
	for (int i = 0; i < rounds; i++) {
		ours[i] = round_of_ours(&plan);
		bare[i] = bare_round();
	}
	qsort(ours, (size_t)rounds, sizeof(double), compare);
	qsort(bare, (size_t)rounds, sizeof(double), compare);
	printf("%.0f %.0f\n", ours[rounds / 10], bare[rounds / 10]);
	return 0;
}
