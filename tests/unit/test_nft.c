/* test_nft.c - nftables: what the builders write, and what the running kernel makes of it
 *
 * What `nft list ruleset` says about the rules is compared in tests/cli/network_nat.bats.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "launcher/net/nat.h"
#include "launcher/net/nft.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/hex.h"
#include "tests/unit/tap.h"

static void test_frame(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	nft_begin(&request);
	nft_add_table(&request, NFPROTO_INET, "t");
	nft_commit(&request);
	is_text(hex(data, request.length),
		"14000000 10000100 01000000 00000000 0000000a "
		"24000000 000a0106 02000000 00000000 01000000 "
		"06000100 74000000 08000200 00000002 "
		"14000000 11000100 03000000 00000000 0000000a",
		"a transaction with a table of our own");
	is_number(request.count, 3, "counts three messages");
}

static void test_rule(void)
{
	const struct plan_address from = address("192.0.2.2", 24);
	_Alignas(4) uint8_t data[512];
	struct nl_request request;
	struct nft_rule rule;

	nl_start(&request, data, sizeof(data));
	nft_rule(&request, NFPROTO_INET, "t", "c", &rule);
	nft_match_source(&request, &from, true);
	nft_masquerade(&request, &rule);
	is_text(hex(data, request.length),
		"ec000000 060a010c 01000000 00000000 01000000 "
		"06000100 74000000 06000200 63000000 c8000480 "
		/* meta nfproto => reg 1; cmp eq reg 1 ipv4 */
		"24000180 09000100 6d657461 00000000 14000280 08000200 0000000f 08000100 00000001 "
		"2c000180 08000100 636d7000 20000280 08000100 00000001 08000200 00000000 "
		"0c000380 05000100 02000000 "
		/* payload load 4b @ network header + 12 => reg 1; cmp eq reg 1 192.0.2.2 */
		"34000180 0c000100 7061796c 6f616400 24000280 08000100 00000001 08000200 00000001 "
		"08000300 0000000c 08000400 00000004 "
		"2c000180 08000100 636d7000 20000280 08000100 00000001 08000200 00000000 "
		"0c000380 08000100 c0000202 "
		/* masq */
		"14000180 09000100 6d617371 00000000 04000280",
		"ip saddr 192.0.2.2 masquerade");
	nl_start(&request, data, 200);
	nft_rule(&request, NFPROTO_INET, "t", "c", &rule);
	nft_match_source(&request, &from, true);
	nft_masquerade(&request, &rule);
	ok(request.overflow, "a rule that does not fit says so");
}

/* A chain as a dump gives it. */
static size_t make_chain(uint8_t *data, size_t size, uint32_t policy)
{
	struct nl_request request;
	struct nfgenmsg header = { .nfgen_family = NFPROTO_IPV4 };
	size_t hook;

	nl_start(&request, data, size);
	nl_begin(&request, 0, 0, &header, sizeof(header));
	nl_put_text(&request, NFTA_CHAIN_TABLE, "filter");
	nl_put_text(&request, NFTA_CHAIN_NAME, "FORWARD");
	hook = nl_nest(&request, NFTA_CHAIN_HOOK, NULL, 0);
	nl_put_be32(&request, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
	nl_end(&request, hook);
	nl_put_be32(&request, NFTA_CHAIN_POLICY, policy);
	return request.length;
}

static void test_chain(void)
{
	_Alignas(4) uint8_t data[256];
	const size_t skip = sizeof(struct nlmsghdr);
	size_t length = make_chain(data, sizeof(data), NF_DROP);
	struct nft_chain chain;

	ok(nft_read_chain(data + skip, length - skip, &chain) && chain.base && chain.drops &&
		   chain.hook == NF_INET_FORWARD && chain.family == NFPROTO_IPV4,
	   "a chain that drops is read");
	is_text(chain.name, "FORWARD", "with its name");
	length = make_chain(data, sizeof(data), NF_ACCEPT);
	ok(nft_read_chain(data + skip, length - skip, &chain) && !chain.drops, "one that accepts");
	ok(!nft_read_chain(data + skip, 3, &chain), "one that is cut is refused");
	ok(nft_read_chain(data + skip, 4, &chain) && !chain.base && !chain.name[0],
	   "one that says nothing is no base chain");
}

/* The far end of a netlink socket, played by ourselves: a part, then the end of the list. */
static int part(uint8_t *out, uint16_t type, uint16_t flags, int32_t word)
{
	struct nlmsghdr header = { .nlmsg_len = sizeof(header) + sizeof(word),
				   .nlmsg_type = type,
				   .nlmsg_flags = flags,
				   .nlmsg_seq = 1 };

	memcpy(out, &header, sizeof(header));
	memcpy(out + sizeof(header), &word, sizeof(word));
	return (int)header.nlmsg_len;
}

static void count_part(void *context, const uint8_t *payload, size_t length)
{
	(void)payload;
	*(size_t *)context += length;
}

static void test_dump(void)
{
	_Alignas(4) uint8_t data[128];
	size_t seen = 0;
	struct nl_request request = {
		.count = 1, .dump = true, .reply = count_part, .context = &seen
	};
	struct nl_answer answer = { 0 };
	size_t length = (size_t)part(data, 100, NLM_F_MULTI, 0);

	is_number(nl_read_answers(&request, data, length, &answer), 0,
		  "a part of a list is not its end");
	is_number(seen, 4, "and is given on");
	length = (size_t)part(data, NLMSG_DONE, NLM_F_MULTI, 0);
	is_number(nl_read_answers(&request, data, length, &answer), 1, "the end is");
	ok(!answer.interrupted && answer.error == 0, "of a list of one moment");
	(void)part(data, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0);
	is_number(nl_read_answers(&request, data, length, &answer), 1, "a list that changed");
	ok(answer.interrupted, "is known as such");
	answer = (struct nl_answer){ 0 };
	(void)part(data, NLMSG_DONE, NLM_F_MULTI, -EPERM);
	(void)nl_read_answers(&request, data, length, &answer);
	is_number(answer.error, -EPERM, "a list may end with an error");
	(void)part(data, NLMSG_DONE, NLM_F_MULTI, 1);
	is_number(nl_read_answers(&request, data, length, &answer), -EBADMSG, "but not a positive");
	is_number(nl_read_answers(&request, data, length - 4, &answer), -EBADMSG, "nor a cut one");
}

static void count_chain(void *context, const uint8_t *payload, size_t length)
{
	struct nft_chain chain;

	if (nft_read_chain(payload, length, &chain) && strncmp(chain.table, "lunette-", 8) == 0)
		++*(int *)context;
}

/* Chains of ours in this network namespace. */
static int chains(void)
{
	_Alignas(4) uint8_t data[64];
	struct nl_request request;
	struct nl_answer answer;
	int count = 0;
	int fd = nl_open(NETLINK_NETFILTER);

	nl_start(&request, data, sizeof(data));
	request.reply = count_chain;
	request.context = &count;
	nft_get_chains(&request);
	if (nl_dump(fd, &request, &answer) < 0)
		count = -1;
	close(fd);
	return count;
}

/* Another process's `nft delete table`, by another socket. */
static int delete_table(const char *table)
{
	_Alignas(4) uint8_t data[128];
	struct nfgenmsg header = { .nfgen_family = NFPROTO_INET };
	struct nl_request request;
	struct nl_answer answer;
	int fd = nl_open(NETLINK_NETFILTER);
	int r;

	nl_start(&request, data, sizeof(data));
	nft_begin(&request);
	nl_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0, &header,
		 sizeof(header));
	nl_put_text(&request, NFTA_TABLE_NAME, table);
	nft_commit(&request);
	r = nl_call(fd, &request, &answer);
	close(fd);
	return r;
}

static struct net_pair pair = { .veth = { .has_address = true, .nat = true, .isolate = true } };

static void owner_scenario(void)
{
	struct nat nat = { -1 };
	struct nat other = { -1 };
	struct sandbox *box = &outcome->box[0];

	outcome->reached = chains();
	box->created = nat_add(&nat, &pair, &box->err);
	outcome->reached6 = chains();
	outcome->late = delete_table("lunette-box7");
	outcome->late6 = nat_add(&other, &pair, &outcome->box[1].err);
	outcome->up = chains() == 3;
	nat_finish(&nat);
	outcome->gone = chains() == 0;
	outcome->ran = true;
}

static void forbidden_scenario(void)
{
	struct nat nat = { -1 };

	outcome->late = nat_add(&nat, &pair, &outcome->box[0].err);
	outcome->ran = nat.socket == -1;
}

static void drop_scenario(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;
	struct nl_answer answer;
	struct nfgenmsg header = { .nfgen_family = NFPROTO_INET };
	struct nat nat = { -1 };
	int fd = nl_open(NETLINK_NETFILTER);
	size_t hook;

	(void)nat_add(&nat, &pair, &outcome->box[0].err);
	nat_explain(&nat, &pair, outcome->box[0].err.reason, sizeof(outcome->box[0].err.reason));
	outcome->up = outcome->box[0].err.reason[0] == '\0';
	nl_start(&request, data, sizeof(data));
	nft_begin(&request);
	nft_add_table(&request, NFPROTO_INET, "wall");
	nl_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, NLM_F_CREATE, &header,
		 sizeof(header));
	nl_put_text(&request, NFTA_CHAIN_TABLE, "wall");
	nl_put_text(&request, NFTA_CHAIN_NAME, "fw");
	hook = nl_nest(&request, NFTA_CHAIN_HOOK, NULL, 0);
	nl_put_be32(&request, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
	nl_put_be32(&request, NFTA_HOOK_PRIORITY, 0);
	nl_end(&request, hook);
	nl_put_be32(&request, NFTA_CHAIN_POLICY, NF_DROP);
	nl_put_text(&request, NFTA_CHAIN_TYPE, "filter");
	nft_commit(&request);
	outcome->late = nl_call(fd, &request, &answer);
	nat_explain(&nat, &pair, outcome->box[0].err.reason, sizeof(outcome->box[0].err.reason));
	outcome->ran = true;
}

static void test_kernel(bool rootless)
{
	const char *who = rootless ? "rootless" : "root";

	if (!ok(run(owner_scenario, rootless), "%s: a host can have rules", who))
		return;
	is_number(outcome->reached, 0, "%s: it has none of ours", who);
	is_number(outcome->box[0].created, 0, "%s: the table is made", who);
	is_number(outcome->reached6, 3, "%s: with its three chains", who);
	is_number(outcome->late, -EPERM, "%s: nobody else can delete it", who);
	is_number(outcome->late6, -EPERM, "%s: a second one of that name is refused", who);
	ok(strstr(message(&outcome->box[1]), "nftables: table lunette-box7 (host)") &&
		   strstr(message(&outcome->box[1]), "another launcher"),
	   "%s: and named: %s", who, message(&outcome->box[1]));
	ok(outcome->up, "%s: of which nothing is left", who);
	ok(outcome->gone, "%s: the table goes with its socket", who);
	show_failure(&outcome->box[0]);
}

static void test_refusals(void)
{
	ok(run_as(forbidden_scenario, true, 0) && outcome->late == -EPERM,
	   "without the capability there is no table");
	ok(strstr(message(&outcome->box[0]), "CAP_NET_ADMIN"), "and one is told what lacks");
	note("%s", message(&outcome->box[0]));
	ok(run(drop_scenario, false) && outcome->up, "without another firewall nothing is said");
	is_number(outcome->late, 0, "with one that drops");
	ok(strstr(outcome->box[0].err.reason, "chain fw of table wall") &&
		   strstr(outcome->box[0].err.reason, "device box7"),
	   "its chain is named: %s", outcome->box[0].err.reason);
}

int main(void)
{
	test_frame();
	test_rule();
	test_chain();
	test_dump();
	if (!prepare())
		return done();
	pair.veth.address = address("192.0.2.2", 24);
	snprintf(pair.host_name, sizeof(pair.host_name), "box7");
	test_kernel(false);
	test_kernel(true);
	test_refusals();
	return done();
}
