/* nat.c - the rules of nftables that one sandbox needs on the host (see nat.h)
 *
 * For a sandbox with the device lune7 and the address 192.0.2.2, point to point:
 *
 *	table inet lunette-lune7 {
 *		flags owner
 *
 *		chain postrouting {
 *			type nat hook postrouting priority srcnat; policy accept;
 *			ip saddr 192.0.2.2 oifname != "lune7" masquerade
 *		}
 *
 *		chain prerouting {
 *			type filter hook prerouting priority raw; policy accept;
 *			iifname "lune7" ip saddr != 192.0.2.2 drop
 *			iifname "lune7" meta nfproto ipv6 drop
 *		}
 *
 *		chain forward {
 *			type filter hook forward priority filter; policy accept;
 *			oifname "lune7" ct state invalid,new drop
 *		}
 *	}
 *
 * The first rule is `nat`. The next two keep the sandbox from sending under another's address, to
 * the host too; on a bridge, whose ports look alike here, those of forged.h stand for them, whether
 * there is nat or isolate or not. The last one is
 * `isolate`; on a bridge it says `ip daddr 192.0.2.2` too, and covers what a neighbour sends by way
 * of the host.
 */
#include "launcher/net/nat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "launcher/net/batch.h"
#include "launcher/net/forged.h"
#include "launcher/net/nft.h"
#include "launcher/net/xtables.h"

enum { REQUEST_SIZE = 8192, TABLE_SIZE = 32, TEXT_SIZE = 128, WALL_SIZE = 160 };

static const char forward[] = "forward";
static const char postrouting[] = "postrouting";
static const char prerouting[] = "prerouting";

/* The device that packets of the sandbox come from as the host sees it. */
static const char *device_of(const struct net_pair *pair)
{
	return pair->veth.bridge ? pair->veth.bridge : pair->host_name;
}

static void translate(struct nl_request *request, const char *table, const struct net_pair *pair,
		      const struct plan_address *address)
{
	struct nft_rule rule;

	nft_rule(request, NFPROTO_INET, table, postrouting, &rule);
	nft_match_source(request, address, true);
	nft_match_link(request, NFT_OUT, device_of(pair), false);
	nft_masquerade(request, &rule);
}

/* Point to point: nothing comes but from the sandbox's own address. @address NULL: it has none of
 * this @family. */
static void hold_to_address(struct nl_request *request, const char *table,
			    const struct net_pair *pair, uint8_t family,
			    const struct plan_address *address)
{
	struct nft_rule rule;

	nft_rule(request, NFPROTO_INET, table, prerouting, &rule);
	nft_match_link(request, NFT_IN, pair->host_name, true);
	if (address)
		nft_match_source(request, address, false);
	else
		nft_match_family(request, family);
	nft_drop(request, &rule);
}

static void isolate(struct nl_request *request, const char *table, const struct net_pair *pair,
		    const struct plan_address *address)
{
	struct nft_rule rule;

	nft_rule(request, NFPROTO_INET, table, forward, &rule);
	nft_match_link(request, NFT_OUT, device_of(pair), true);
	if (address)
		nft_match_target(request, address);
	nft_match_new(request);
	nft_drop(request, &rule);
}

static void write_rules(struct nl_request *request, const char *table, const struct net_pair *pair)
{
	const struct plan_veth *veth = &pair->veth;
	const struct plan_address *addresses[] = {
		veth->has_address ? &veth->address : NULL,
		veth->has_address6 ? &veth->address6 : NULL,
	};

	nft_add_table(request, NFPROTO_INET, table);
	if (veth->nat)
		nft_add_nat_chain(request, table, postrouting);
	if (!veth->bridge)
		nft_add_arrival_chain(request, table, prerouting);
	if (veth->isolate)
		nft_add_forward_chain(request, table, forward);
	for (int i = 0; i < 2; i++) {
		if (veth->nat && addresses[i])
			translate(request, table, pair, addresses[i]);
		if (!veth->bridge)
			hold_to_address(request, table, pair, i ? AF_INET6 : AF_INET, addresses[i]);
		if (veth->isolate && veth->bridge && addresses[i])
			isolate(request, table, pair, addresses[i]);
	}
	if (veth->isolate && !veth->bridge)
		isolate(request, table, pair, NULL);
}

/* Whoever may not use nftables at all is told so at the first message. */
static const char *remedy(int error, uint32_t message)
{
	switch (error) {
	case EPERM:
		if (message > 0)
			return "another launcher has a table of that name: give net.veth.host_name "
			       "another";
		return "nftables need CAP_NET_ADMIN where lunette runs: be root, or be in a network "
		       "namespace of your own (unshare -Urn)";
	case EPROTONOSUPPORT:
	case EOPNOTSUPP:
		return "this kernel has no nf_tables: load the module, or leave out nat, isolate and "
		       "bridge";
	case ENOENT:
		return "this kernel lacks a part of nf_tables: load nft_chain_nat, nft_masq and "
		       "nft_ct, or leave out nat and isolate";
	default:
		return NULL;
	}
}

/* What the message that failed was to make: the frame around the messages counts too. */
static const char *part_of(const struct nl_request *request, const struct nl_answer *answer)
{
	struct nlmsghdr header = { 0 };
	size_t at = 0;

	for (uint32_t i = 0; at < request->length; i++) {
		memcpy(&header, request->data + at, sizeof(header));
		if (i == answer->message)
			break;
		at += header.nlmsg_len;
	}
	switch (header.nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
		return "table";
	case NFT_MSG_NEWCHAIN:
		return "chain of table";
	case NFT_MSG_NEWRULE:
		return "rule of table";
	default:
		return "transaction of table";
	}
}

static int failed(const struct nl_request *request, const struct nl_answer *answer,
		  const char *table, struct err *err)
{
	char attribute[TEXT_SIZE];

	err_set(err, STAGE_NETWORK, answer->error, remedy(-answer->error, answer->message),
		"nftables: %s %s (%s)", part_of(request, answer), table, batch_host);
	nl_locate(request, answer, nft_fields, attribute, sizeof(attribute));
	if (answer->text[0] || attribute[0])
		err_reason(err, "%s%s%s%s%s", answer->text, answer->text[0] ? ": " : "",
			   strerror(-answer->error), attribute[0] ? " at " : "", attribute);
	return answer->error;
}

int nat_add(struct nat *nat, const struct net_pair *pair, struct err *err)
{
	_Alignas(4) uint8_t data[REQUEST_SIZE];
	struct nl_request request;
	struct nl_answer answer;
	char table[TABLE_SIZE];
	bool rules = pair->veth.nat || pair->veth.isolate;

	nat->socket = -1;
	if (!rules && !pair->veth.bridge)
		return 0;
	nat->socket = nl_open(NETLINK_NETFILTER);
	if (nat->socket < 0)
		return err_set(err, STAGE_NETWORK, nat->socket, remedy(-nat->socket, 0),
			       "nftables socket (%s)", batch_host);
	snprintf(table, sizeof(table), "lunette-%s", pair->host_name);
	nl_start(&request, data, sizeof(data));
	nft_begin(&request);
	if (rules)
		write_rules(&request, table, pair);
	if (pair->veth.bridge)
		forged_rules(&request, table, pair);
	nft_commit(&request);
	if (nl_call(nat->socket, &request, &answer) == 0)
		return 0;
	nat_finish(nat);
	return failed(&request, &answer, table, err);
}

struct search {
	struct nft_chain found;
	bool any;
	bool six; /* do chains that see IPv6 alone count? */
	bool four;
};

static void look(void *context, const uint8_t *payload, size_t length)
{
	struct search *search = context;
	struct nft_chain chain;

	if (search->any || !nft_read_chain(payload, length, &chain) || !chain.base)
		return;
	if (chain.hook != NF_INET_FORWARD || !chain.drops)
		return;
	if (chain.family == NFPROTO_INET || (chain.family == NFPROTO_IPV4 && search->four) ||
	    (chain.family == NFPROTO_IPV6 && search->six)) {
		search->found = chain;
		search->any = true;
	}
}

static void look_again(void *context)
{
	((struct search *)context)->any = false;
}

/* Fills @what, which stays empty where nobody drops anything. */
static void find_wall(const struct nat *nat, const struct net_pair *pair, char *what, size_t size)
{
	_Alignas(4) uint8_t data[64];
	struct search search = { .four = pair->veth.has_address, .six = pair->veth.has_address6 };
	struct nl_request request;
	struct nl_answer answer;

	what[0] = '\0';
	nl_start(&request, data, sizeof(data));
	request.reply = look;
	request.restart = look_again;
	request.context = &search;
	nft_get_chains(&request);
	if (nl_dump(nat->socket, &request, &answer) == 0 && search.any)
		snprintf(what, size, "chain %s of table %s", search.found.name, search.found.table);
	else if (search.four && xtables_drops(AF_INET))
		snprintf(what, size, "chain FORWARD of iptables-legacy");
	else if (search.six && xtables_drops(AF_INET6))
		snprintf(what, size, "chain FORWARD of ip6tables-legacy");
}

void nat_explain(const struct nat *nat, const struct net_pair *pair, char *out, size_t size)
{
	char what[WALL_SIZE];
	size_t used = strlen(out);

	if (nat->socket < 0 || !pair->veth.nat)
		return;
	find_wall(nat, pair, what, sizeof(what));
	if (what[0])
		snprintf(out + used, size - used,
			 "%s%s drops what is forwarded and not named there: it must accept packets "
			 "from and to the device %s for nat to work",
			 used > 0 ? "; " : "", what, device_of(pair));
}

void nat_finish(struct nat *nat)
{
	fd_close(&nat->socket);
}
