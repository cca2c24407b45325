/* nft.c - the messages about tables, chains and rules of nftables (see nft.h) */
#include "launcher/net/nft.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

enum {
	SRCNAT = 100, /* the names of priorities: nft(8) */
	FILTER = 0,
	RAW = -300,
	/* NF_CT_STATE_BIT() and NF_CT_STATE_INVALID_BIT of net/netfilter/nf_conntrack.h */
	STATE_INVALID = 1 << 0,
	STATE_NEW = 1 << (IP_CT_NEW + 1),
};

static const struct nl_field table_fields[] = {
	{ .name = "NFTA_TABLE_NAME", .type = NFTA_TABLE_NAME },
	{ .name = "NFTA_TABLE_FLAGS", .type = NFTA_TABLE_FLAGS },
	{ 0 },
};

static const struct nl_field hook_fields[] = {
	{ .name = "NFTA_HOOK_HOOKNUM", .type = NFTA_HOOK_HOOKNUM },
	{ .name = "NFTA_HOOK_PRIORITY", .type = NFTA_HOOK_PRIORITY },
	{ .name = "NFTA_HOOK_DEV", .type = NFTA_HOOK_DEV },
	{ 0 },
};

static const struct nl_field chain_fields[] = {
	{ .name = "NFTA_CHAIN_TABLE", .type = NFTA_CHAIN_TABLE },
	{ .name = "NFTA_CHAIN_NAME", .type = NFTA_CHAIN_NAME },
	{ .name = "NFTA_CHAIN_HOOK", .inside = hook_fields, .type = NFTA_CHAIN_HOOK },
	{ .name = "NFTA_CHAIN_POLICY", .type = NFTA_CHAIN_POLICY },
	{ .name = "NFTA_CHAIN_TYPE", .type = NFTA_CHAIN_TYPE },
	{ 0 },
};

static const struct nl_field expression_fields[] = {
	{ .name = "NFTA_EXPR_NAME", .type = NFTA_EXPR_NAME },
	{ .name = "NFTA_EXPR_DATA", .type = NFTA_EXPR_DATA },
	{ 0 },
};

static const struct nl_field list_fields[] = {
	{ .name = "NFTA_LIST_ELEM", .inside = expression_fields, .type = NFTA_LIST_ELEM },
	{ 0 },
};

static const struct nl_field rule_fields[] = {
	{ .name = "NFTA_RULE_TABLE", .type = NFTA_RULE_TABLE },
	{ .name = "NFTA_RULE_CHAIN", .type = NFTA_RULE_CHAIN },
	{ .name = "NFTA_RULE_EXPRESSIONS", .inside = list_fields, .type = NFTA_RULE_EXPRESSIONS },
	{ 0 },
};

enum { SUBSYSTEM = NFNL_SUBSYS_NFTABLES << 8 };

const struct nl_field nft_fields[] = {
	{ .name = "NFT_MSG_NEWTABLE",
	  .inside = table_fields,
	  .type = SUBSYSTEM | NFT_MSG_NEWTABLE,
	  .header = sizeof(struct nfgenmsg) },
	{ .name = "NFT_MSG_NEWCHAIN",
	  .inside = chain_fields,
	  .type = SUBSYSTEM | NFT_MSG_NEWCHAIN,
	  .header = sizeof(struct nfgenmsg) },
	{ .name = "NFT_MSG_NEWRULE",
	  .inside = rule_fields,
	  .type = SUBSYSTEM | NFT_MSG_NEWRULE,
	  .header = sizeof(struct nfgenmsg) },
	{ 0 },
};

void nft_begin(struct nl_request *request)
{
	nl_transaction(request, NFNL_SUBSYS_NFTABLES);
}

void nft_commit(struct nl_request *request)
{
	nl_transaction(request, NFNL_SUBSYS_NFTABLES);
}

static void begin(struct nl_request *request, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nfgenmsg header = { .nfgen_family = family };

	nl_begin(request, (uint16_t)(SUBSYSTEM | type), flags, &header, sizeof(header));
}

void nft_add_table(struct nl_request *request, uint8_t family, const char *table)
{
	begin(request, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, family);
	nl_put_text(request, NFTA_TABLE_NAME, table);
	nl_put_be32(request, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
}

/* @device: of an ingress chain, which is of family netdev; else NULL */
static void add_chain(struct nl_request *request, const char *table, const char *chain,
		      const char *type, uint32_t hook_number, uint32_t priority, const char *device)
{
	size_t hook;

	begin(request, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL,
	      device ? NFPROTO_NETDEV : NFPROTO_INET);
	nl_put_text(request, NFTA_CHAIN_TABLE, table);
	nl_put_text(request, NFTA_CHAIN_NAME, chain);
	hook = nl_nest(request, NFTA_CHAIN_HOOK, NULL, 0);
	nl_put_be32(request, NFTA_HOOK_HOOKNUM, hook_number);
	nl_put_be32(request, NFTA_HOOK_PRIORITY, priority);
	if (device)
		nl_put_text(request, NFTA_HOOK_DEV, device);
	nl_end(request, hook);
	nl_put_be32(request, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nl_put_text(request, NFTA_CHAIN_TYPE, type);
}

void nft_add_nat_chain(struct nl_request *request, const char *table, const char *chain)
{
	add_chain(request, table, chain, "nat", NF_INET_POST_ROUTING, SRCNAT, NULL);
}

void nft_add_forward_chain(struct nl_request *request, const char *table, const char *chain)
{
	add_chain(request, table, chain, "filter", NF_INET_FORWARD, FILTER, NULL);
}

void nft_add_arrival_chain(struct nl_request *request, const char *table, const char *chain)
{
	add_chain(request, table, chain, "filter", NF_INET_PRE_ROUTING, (uint32_t)RAW, NULL);
}

void nft_add_ingress_chain(struct nl_request *request, const char *table, const char *chain,
			   const char *device)
{
	add_chain(request, table, chain, "filter", NF_NETDEV_INGRESS, FILTER, device);
}

void nft_rule(struct nl_request *request, uint8_t family, const char *table, const char *chain,
	      struct nft_rule *rule)
{
	begin(request, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family);
	nl_put_text(request, NFTA_RULE_TABLE, table);
	nl_put_text(request, NFTA_RULE_CHAIN, chain);
	rule->expressions = nl_nest(request, NFTA_RULE_EXPRESSIONS, NULL, 0);
}

/* The two nests of an expression that is being written. */
struct expression {
	size_t element;
	size_t data;
};

static struct expression open_expression(struct nl_request *request, const char *name)
{
	struct expression open = { .element = nl_nest(request, NFTA_LIST_ELEM, NULL, 0) };

	nl_put_text(request, NFTA_EXPR_NAME, name);
	open.data = nl_nest(request, NFTA_EXPR_DATA, NULL, 0);
	return open;
}

static void close_expression(struct nl_request *request, const struct expression *open)
{
	nl_end(request, open->data);
	nl_end(request, open->element);
}

static void load_meta(struct nl_request *request, uint32_t key)
{
	struct expression meta = open_expression(request, "meta");

	nl_put_be32(request, NFTA_META_KEY, key);
	nl_put_be32(request, NFTA_META_DREG, NFT_REG_1);
	close_expression(request, &meta);
}

static void compare(struct nl_request *request, bool is, const void *value, size_t length)
{
	struct expression cmp = open_expression(request, "cmp");
	size_t data;

	nl_put_be32(request, NFTA_CMP_SREG, NFT_REG_1);
	nl_put_be32(request, NFTA_CMP_OP, is ? NFT_CMP_EQ : NFT_CMP_NEQ);
	data = nl_nest(request, NFTA_CMP_DATA, NULL, 0);
	nl_put(request, NFTA_DATA_VALUE, value, length);
	nl_end(request, data);
	close_expression(request, &cmp);
}

void nft_match_family(struct nl_request *request, uint8_t family)
{
	uint8_t protocol = family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;

	load_meta(request, NFT_META_NFPROTO);
	compare(request, true, &protocol, sizeof(protocol));
}

void nft_match_protocol(struct nl_request *request, uint16_t protocol, bool is)
{
	const uint16_t wire = htons(protocol);

	load_meta(request, NFT_META_PROTOCOL);
	compare(request, is, &wire, sizeof(wire));
}

void nft_match_transport(struct nl_request *request, uint8_t protocol)
{
	load_meta(request, NFT_META_L4PROTO);
	compare(request, true, &protocol, sizeof(protocol));
}

void nft_match_bytes(struct nl_request *request, uint32_t base, uint32_t offset, const void *bytes,
		     uint32_t length, bool is)
{
	struct expression payload = open_expression(request, "payload");

	nl_put_be32(request, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nl_put_be32(request, NFTA_PAYLOAD_BASE, base);
	nl_put_be32(request, NFTA_PAYLOAD_OFFSET, offset);
	nl_put_be32(request, NFTA_PAYLOAD_LEN, length);
	close_expression(request, &payload);
	compare(request, is, bytes, length);
}

/* RFC 791, RFC 8200: where the addresses stand in their headers. */
static void match_address(struct nl_request *request, const struct plan_address *address,
			  bool source, bool is)
{
	bool six = address->family == AF_INET6;
	uint32_t length = six ? 16 : 4;
	uint32_t offset = (six ? 8 : 12) + (source ? 0 : length);

	nft_match_family(request, address->family);
	nft_match_bytes(request, NFT_PAYLOAD_NETWORK_HEADER, offset, address->bytes, length, is);
}

void nft_match_source(struct nl_request *request, const struct plan_address *address, bool is)
{
	match_address(request, address, true, is);
}

void nft_match_target(struct nl_request *request, const struct plan_address *address)
{
	match_address(request, address, false, true);
}

void nft_match_link(struct nl_request *request, enum nft_direction direction, const char *name,
		    bool is)
{
	char padded[IFNAMSIZ] = { 0 };

	snprintf(padded, sizeof(padded), "%s", name);
	load_meta(request, direction == NFT_IN ? NFT_META_IIFNAME : NFT_META_OIFNAME);
	compare(request, is, padded, sizeof(padded));
}

/* (state & (invalid | new)) ^ 0 != 0 */
void nft_match_new(struct nl_request *request)
{
	const uint32_t states = STATE_INVALID | STATE_NEW;
	const uint32_t none = 0;
	struct expression load = open_expression(request, "ct");
	struct expression bits;
	size_t data;

	nl_put_be32(request, NFTA_CT_KEY, NFT_CT_STATE);
	nl_put_be32(request, NFTA_CT_DREG, NFT_REG_1);
	close_expression(request, &load);
	bits = open_expression(request, "bitwise");
	nl_put_be32(request, NFTA_BITWISE_SREG, NFT_REG_1);
	nl_put_be32(request, NFTA_BITWISE_DREG, NFT_REG_1);
	nl_put_be32(request, NFTA_BITWISE_LEN, sizeof(states));
	data = nl_nest(request, NFTA_BITWISE_MASK, NULL, 0);
	nl_put(request, NFTA_DATA_VALUE, &states, sizeof(states));
	nl_end(request, data);
	data = nl_nest(request, NFTA_BITWISE_XOR, NULL, 0);
	nl_put(request, NFTA_DATA_VALUE, &none, sizeof(none));
	nl_end(request, data);
	close_expression(request, &bits);
	compare(request, false, &none, sizeof(none));
}

void nft_masquerade(struct nl_request *request, const struct nft_rule *rule)
{
	struct expression masquerade = open_expression(request, "masq");

	close_expression(request, &masquerade);
	nl_end(request, rule->expressions);
}

void nft_drop(struct nl_request *request, const struct nft_rule *rule)
{
	struct expression immediate = open_expression(request, "immediate");
	size_t data;
	size_t code;

	nl_put_be32(request, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nl_nest(request, NFTA_IMMEDIATE_DATA, NULL, 0);
	code = nl_nest(request, NFTA_DATA_VERDICT, NULL, 0);
	nl_put_be32(request, NFTA_VERDICT_CODE, NF_DROP);
	nl_end(request, code);
	nl_end(request, data);
	close_expression(request, &immediate);
	nl_end(request, rule->expressions);
}

void nft_get_chains(struct nl_request *request)
{
	struct nfgenmsg header = { .nfgen_family = NFPROTO_UNSPEC };

	nl_begin(request, SUBSYSTEM | NFT_MSG_GETCHAIN, 0, &header, sizeof(header));
}

static bool read_be32(const uint8_t *attributes, size_t length, uint16_t type, uint32_t *value)
{
	size_t size = 0;
	const uint8_t *found = nl_find(attributes, length, type, &size);

	if (!found || size != sizeof(*value))
		return false;
	memcpy(value, found, sizeof(*value));
	*value = ntohl(*value);
	return true;
}

static void read_name(const uint8_t *attributes, size_t length, uint16_t type, char *out,
		      size_t room)
{
	size_t size = 0;
	const uint8_t *found = nl_find(attributes, length, type, &size);

	out[0] = '\0';
	if (found)
		snprintf(out, room, "%.*s", (int)size, (const char *)found);
}

bool nft_read_chain(const uint8_t *payload, size_t length, struct nft_chain *chain)
{
	struct nfgenmsg header;
	const uint8_t *hook;
	size_t hook_length = 0;
	uint32_t policy;

	if (length < sizeof(header))
		return false;
	memcpy(&header, payload, sizeof(header));
	payload += sizeof(header);
	length -= sizeof(header);
	*chain = (struct nft_chain){ .family = header.nfgen_family };
	read_name(payload, length, NFTA_CHAIN_TABLE, chain->table, sizeof(chain->table));
	read_name(payload, length, NFTA_CHAIN_NAME, chain->name, sizeof(chain->name));
	hook = nl_find(payload, length, NFTA_CHAIN_HOOK, &hook_length);
	chain->base = hook && read_be32(hook, hook_length, NFTA_HOOK_HOOKNUM, &chain->hook);
	chain->drops = read_be32(payload, length, NFTA_CHAIN_POLICY, &policy) && policy == NF_DROP;
	return true;
}
