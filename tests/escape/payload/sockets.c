/* sockets.c - families, and ways to sockets of the host (see payload.h)
 *
 * AF_VSOCK, which leads out of a virtual machine, is only ever opened.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "payload.h"

enum { FAMILIES = 46 };

/* socket(FAMILY, TYPE, PROTOCOL) */
static int family(int count, char **arguments)
{
	int number[3] = { 0 };

	for (int i = 0; i < count && i < 3; i++)
		number[i] = atoi(arguments[i]);
	return say_fd("socket", socket(number[0], number[1] | SOCK_CLOEXEC, number[2]));
}

/* The families of which any kind of socket can be had. */
static int families(int count, char **arguments)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	(void)count;
	(void)arguments;
	for (int one = 1; one < FAMILIES; one++) {
		int fd = -1;

		for (size_t i = 0; fd < 0 && i < sizeof(types) / sizeof(*types); i++)
			fd = socket(one, types[i] | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		printf("%d ", one);
		close(fd);
	}
	printf("\n");
	return 0;
}

static int connect_unix(const char *what, const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (length > sizeof(address.sun_path))
		return 2;
	memcpy(address.sun_path, name, length);
	r = connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	(void)say(what, r);
	close(fd);
	return 0;
}

static int abstract_socket(int count, char **arguments)
{
	char name[100] = { 0 };

	if (count < 1)
		return 2;
	snprintf(name + 1, sizeof(name) - 1, "%s", arguments[0]);
	return connect_unix("abstract", name, 1 + strlen(name + 1));
}

static int path_socket(int count, char **arguments)
{
	return count < 1 ? 2 : connect_unix("unix", arguments[0], strlen(arguments[0]) + 1);
}

/* Ports of the host's loopback: PORT of IPv4, PORT of IPv6. */
static int ports(int count, char **arguments)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct timeval patience = { .tv_sec = 2 };
	int fd;

	if (count < 2)
		return 2;
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v4.sin_port = htons((uint16_t)atoi(arguments[0]));
	v6.sin6_port = htons((uint16_t)atoi(arguments[1]));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)say("ipv4", connect(fd, (struct sockaddr *)&v4, sizeof(v4)));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return say("ipv6", -1);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)say("ipv6", connect(fd, (struct sockaddr *)&v6, sizeof(v6)));
	close(fd);
	return 0;
}

/* Sends one request to the kernel's @protocol and says what it answers. */
static int request(const char *what, int protocol, struct nlmsghdr *message)
{
	union {
		struct nlmsghdr header;
		char room[4096];
	} reply = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	const struct nlmsgerr *error = NLMSG_DATA(&reply.header);
	struct timeval patience = { .tv_sec = 2 };

	if (fd < 0)
		return say(what, -1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, message, message->nlmsg_len, 0) < 0 ||
	    recv(fd, &reply, sizeof(reply), 0) < (ssize_t)NLMSG_LENGTH(sizeof(*error))) {
		close(fd);
		return say(what, -1);
	}
	close(fd);
	errno = reply.header.nlmsg_type == NLMSG_ERROR ? -error->error : EPROTO;
	return say(what, errno ? -1 : 0);
}

/* Switches loopback off, makes a link, and a netfilter table: the program's own network's, so that
 * nothing of the host's changes; not to be run outside. */
static int configure(int count, char **arguments)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} down = {
		.header = { .nlmsg_len = sizeof(down),
			    .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_index = 1, .ifi_change = 1 },
	};
	struct {
		struct nlmsghdr header;
		unsigned char family, version;
		unsigned short resource;
	} table = {
		.header = { .nlmsg_len = sizeof(table),
			    .nlmsg_type = 10 << 8 | 1, /* NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE */
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
	};

	(void)count;
	(void)arguments;
	(void)request("route", NETLINK_ROUTE, &down.header);
	return request("netfilter", NETLINK_NETFILTER, &table.header);
}

const struct payload sockets_payloads[] = {
	{ "family", family },    { "families", families }, { "abstract", abstract_socket },
	{ "unix", path_socket }, { "ports", ports },       { "configure", configure },
	{ NULL, NULL },
};
