/* xtables.c - what the older firewall of Linux does with packets that are forwarded (see xtables.h)
 *
 * A table is a run of entries, each with where its target and the next one begin. A chain's policy
 * is an entry too, the last of the chain, whose target is a verdict.
 */
#include "launcher/net/xtables.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "launcher/base/base.h"

enum {
	ENTRIES_MOST = 1 << 24, /* bytes of a table that is looked at */
	NAMES_SIZE = 1024,
	TRIES = 3, /* while somebody else changes the table */
	/* Verdicts are kept as their negative, less one, so that positive ones are places to go
	 * to. */
	VERDICT_DROP = -NF_DROP - 1,
};

static const char table[] = "filter";

bool xtables_listed(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 &&
		    (line[length] == '\n' || line[length] == '\0'))
			return true;
	}
	return false;
}

bool xtables_policy_drops(const uint8_t *entries, size_t size, size_t policy, int family)
{
	bool six = family == AF_INET6;
	size_t head = six ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
	size_t offsets = six ? offsetof(struct ip6t_entry, target_offset)
			     : offsetof(struct ipt_entry, target_offset);
	struct xt_standard_target target;
	uint16_t at;

	if (policy > size || size - policy < head)
		return false;
	memcpy(&at, entries + policy + offsets, sizeof(at));
	if (at < head || at > size - policy || size - policy - at < sizeof(target))
		return false;
	memcpy(&target, entries + policy + at, sizeof(target));
	return target.target.u.user.name[0] == '\0' && target.verdict == VERDICT_DROP;
}

/* Both families' structures are alike but for the entries. */
static int ask_once(int fd, int family, bool *drops)
{
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct ipt_getinfo info = { .name = "filter" };
	struct ipt_get_entries *entries;
	unsigned int length = sizeof(info);
	int r = (int)sys_getsockopt(fd, level, IPT_SO_GET_INFO, &info, &length);

	if (r < 0 || length != sizeof(info) || info.size > ENTRIES_MOST)
		return r;
	length = (unsigned int)sizeof(*entries) + info.size;
	entries = calloc(1, length);
	if (!entries)
		return 0;
	memcpy(entries->name, table, sizeof(table));
	entries->size = info.size;
	r = (int)sys_getsockopt(fd, level, IPT_SO_GET_ENTRIES, entries, &length);
	if (r == 0)
		*drops = xtables_policy_drops((const uint8_t *)entries->entrytable, info.size,
					      info.underflow[NF_INET_FORWARD], family);
	free(entries);
	return r;
}

static bool has_table(int family)
{
	const char *path =
		family == AF_INET6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names";
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	char text[NAMES_SIZE];
	long got = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	return xtables_listed(text, table);
}

bool xtables_drops(int family)
{
	cleanup_fd int fd = -1;
	bool drops = false;
	int r = -EAGAIN;

	if (!has_table(family))
		return false;
	fd = (int)sys_socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < TRIES && fd >= 0 && r == -EAGAIN; i++)
		r = ask_once(fd, family, &drops);
	return drops;
}
