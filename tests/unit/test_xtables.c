/* test_xtables.c - the policy of the older firewall: the bytes of its tables, and a live one
 *
 * The golden bytes are what Linux 6.18 says about the FORWARD chain of a new table.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "launcher/net/xtables.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/hex.h"
#include "tests/unit/tap.h"

enum { SIZE_4 = 152, SIZE_6 = 208, VERDICT_4 = 144, VERDICT_6 = 200, OFFSETS_4 = 88, MOST = 8192 };

/* Behind the zeroes of an entry that matches everything: where the target and the next entry begin;
 * the target's size and name, which is empty, and the verdict. */
static size_t golden(int family, uint8_t *entry)
{
	bool six = family == AF_INET6;
	size_t head = six ? 140 : OFFSETS_4;

	memset(entry, 0, SIZE_6);
	(void)unhex(six ? "a800d000 04000000" : "70009800 04000000", entry + head, 8);
	(void)unhex("28000000", entry + (six ? 168 : 112), 4);
	(void)unhex("feffffff", entry + (six ? VERDICT_6 : VERDICT_4), 4);
	return six ? SIZE_6 : SIZE_4;
}

static void test_golden(int family)
{
	uint8_t entry[SIZE_6];
	size_t size = golden(family, entry);
	size_t verdict = family == AF_INET6 ? VERDICT_6 : VERDICT_4;
	const char *name = family == AF_INET6 ? "IPv6" : "IPv4";
	bool cut = false;

	ok(!xtables_policy_drops(entry, size, 0, family), "%s: a policy of ACCEPT", name);
	(void)unhex("ffffffff", entry + verdict, 4);
	ok(xtables_policy_drops(entry, size, 0, family), "%s: a policy of DROP", name);
	for (size_t i = 0; i < size - 4; i++)
		cut = cut || xtables_policy_drops(entry, i, 0, family);
	ok(!cut, "%s: a table that is cut anywhere says nothing", name);
	entry[verdict - 30] = 'E';
	ok(!xtables_policy_drops(entry, size, 0, family), "%s: another target is no policy", name);
}

static void test_hostile(void)
{
	static const uint16_t wrong[] = { 0, 111, 117, 152, 0x7fff, 0xffff };
	uint8_t entry[SIZE_6];
	size_t size = golden(AF_INET, entry);
	bool any = false;

	(void)unhex("ffffffff", entry + VERDICT_4, 4);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(entry + OFFSETS_4, &wrong[i], sizeof(wrong[i]));
		any = any || xtables_policy_drops(entry, size, 0, AF_INET);
	}
	ok(!any, "a target that begins outside its entry says nothing");
	(void)golden(AF_INET, entry);
	any = xtables_policy_drops(entry, size, size, AF_INET) ||
	      xtables_policy_drops(entry, size, size + 1, AF_INET) ||
	      xtables_policy_drops(entry, size, SIZE_MAX, AF_INET) ||
	      xtables_policy_drops(entry, 0, 0, AF_INET);
	ok(!any, "nor does a policy that is outside the table");
}

static void test_names(void)
{
	ok(xtables_listed("nat\nfilter\n", "filter") && xtables_listed("filter", "filter") &&
		   xtables_listed("filter\nnat\n", "filter"),
	   "a table is found among the names");
	ok(!xtables_listed("", "filter") && !xtables_listed("nat\nfilter2\n", "filter") &&
		   !xtables_listed("my filter\nfilt", "filter"),
	   "and only as a whole line");
}

/* What iptables-legacy does for `-P FORWARD DROP`: the whole table, with one verdict changed. */
static bool set_policy(int family)
{
	static union {
		struct ipt_get_entries got;
		struct ipt_replace set;
		uint8_t bytes[MOST];
	} table;
	static struct xt_counters counters[16];
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ipt_getinfo info = { .name = "filter" };
	socklen_t length = sizeof(info);
	uint8_t *entries = (uint8_t *)table.set.entries;
	int drop = -NF_DROP - 1;
	size_t at;

	if (getsockopt(fd, level, IPT_SO_GET_INFO, &info, &length) != 0 || info.size > MOST / 2)
		return false;
	table.got = (struct ipt_get_entries){ .name = "filter", .size = info.size };
	length = (socklen_t)sizeof(table.got) + info.size;
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, &table, &length) != 0)
		return false;
	memmove(entries, table.bytes + sizeof(table.got), info.size);
	memset(&table.set, 0, sizeof(table.set));
	table.set = (struct ipt_replace){ .name = "filter",
					  .valid_hooks = info.valid_hooks,
					  .num_entries = info.num_entries,
					  .size = info.size,
					  .num_counters = info.num_entries,
					  .counters = counters };
	memcpy(table.set.hook_entry, info.hook_entry, sizeof(info.hook_entry));
	memcpy(table.set.underflow, info.underflow, sizeof(info.underflow));
	at = info.underflow[NF_INET_FORWARD] + (family == AF_INET6 ? VERDICT_6 : VERDICT_4);
	memcpy(entries + at, &drop, sizeof(drop));
	return setsockopt(fd, level, IPT_SO_SET_REPLACE, &table,
			  (socklen_t)sizeof(table.set) + info.size) == 0;
}

/* In a network whose user namespace has its map already: else nobody may read its tables' names. */
static void live_scenario(void)
{
	if (sys_unshare(RAW_CLONE_NEWNET) < 0)
		return;
	outcome->up = xtables_drops(AF_INET) || xtables_drops(AF_INET6);
	outcome->running = set_policy(AF_INET);
	outcome->echo = xtables_drops(AF_INET) && !xtables_drops(AF_INET6);
	outcome->stream = set_policy(AF_INET6);
	outcome->echo6 = xtables_drops(AF_INET6);
	outcome->ran = true;
}

static void test_live(bool rootless)
{
	const char *who = rootless ? "an ordinary user" : "root";

	if (!ok(run(live_scenario, rootless) && !outcome->up, "%s: a new network drops nothing",
		who))
		return;
	if (!outcome->running || !outcome->stream) {
		skip("host: no ip_tables", "%s: the policy of a live table", who);
		return;
	}
	ok(outcome->echo, "%s: a policy of DROP for IPv4 is seen", who);
	ok(outcome->echo6, "%s: and one for IPv6", who);
}

int main(void)
{
	test_golden(AF_INET);
	test_golden(AF_INET6);
	test_hostile();
	test_names();
	if (prepare()) {
		test_live(false);
		test_live(true);
	}
	return done();
}
