/* field_net.c - the network: its kind and, for veth, names, addresses, MAC and MTU */
#include "launcher/plan/field.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/plan/at.h"

enum { INTERFACE_MAX = 15, MTU_MIN = 68, MTU_MAX = 65535 };

static const char *const mode_names[] = {
	[NET_NONE] = "none",
	[NET_HOST] = "host",
	[NET_VETH] = "veth",
};

int decode_net(struct plan_reader *reader)
{
	reader->plan->net_origin = "";
	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(reader->tokens[0], mode_names[i]) == 0) {
			reader->plan->net = (enum plan_net_mode)i;
			return 0;
		}
	}
	return reader_wrong(reader, "%s is not none, host or veth", reader->tokens[0]);
}

void encode_net(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	buf_format(out, "%s %s\n", key->name, mode_names[plan->net]);
}

/* The flag that says whether the address at @key's offset is there. */
static bool *presence(struct plan_veth *veth, const struct plan_address *address)
{
	if (address == &veth->address)
		return &veth->has_address;
	if (address == &veth->address6)
		return &veth->has_address6;
	if (address == &veth->gateway)
		return &veth->has_gateway;
	if (address == &veth->gateway6)
		return &veth->has_gateway6;
	return address == &veth->peer ? &veth->has_peer : &veth->has_peer6;
}

static bool has_prefix(const struct plan_key *key)
{
	return !strstr(key->name, "gateway");
}

static void format_address(const struct plan_address *address, bool prefix, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->family, address->bytes, text, sizeof(text));
	if (prefix)
		snprintf(out, size, "%s/%u", text, address->prefix);
	else
		snprintf(out, size, "%s", text);
}

int decode_address(struct plan_reader *reader)
{
	const char *token = reader->tokens[0];
	struct plan_address *address = AT(reader->plan, reader->key);
	bool prefix = has_prefix(reader->key);
	bool v6 = strchr(reader->key->name, '6') != NULL;
	size_t length = strcspn(token, "/");
	char text[INET6_ADDRSTRLEN + 4] = "";
	uint32_t bits = 0;

	address->family = v6 ? AF_INET6 : AF_INET;
	if (length < INET6_ADDRSTRLEN)
		memcpy(text, token, length);
	if (inet_pton(address->family, text, address->bytes) != 1 ||
	    (prefix && (!token[length] || !token_u32(token + length + 1, v6 ? 128 : 32, &bits))))
		return reader_wrong(reader, "%s is no IPv%d address%s", token, v6 ? 6 : 4,
				    prefix ? " with prefix" : "");
	address->prefix = (uint8_t)bits;
	format_address(address, prefix, text, sizeof(text));
	if (strcmp(text, token) != 0)
		return reader_wrong(reader, "%s is written as %s", token, text);
	*presence(&reader->plan->veth, address) = true;
	return 0;
}

void encode_address(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const struct plan_address *address = AT_CONST(plan, key);
	char text[INET6_ADDRSTRLEN + 4];

	if (!address->family)
		return;
	format_address(address, has_prefix(key), text, sizeof(text));
	buf_format(out, "%s %s\n", key->name, text);
}

static void format_mac(const uint8_t mac[6], char out[18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

/* Reads any text: whether it was an address shows when it is written again. */
static void read_mac(const char *text, uint8_t mac[6])
{
	for (size_t i = 0; i < 6; i++) {
		char *end;

		mac[i] = (uint8_t)strtoul(text, &end, 16);
		text = *end == ':' ? end + 1 : end;
	}
}

int decode_mac(struct plan_reader *reader)
{
	struct plan_veth *veth = &reader->plan->veth;
	char text[18];

	read_mac(reader->tokens[0], veth->mac);
	format_mac(veth->mac, text);
	if (strcmp(text, reader->tokens[0]) != 0)
		return reader_wrong(reader, "%s is no MAC address in lower case",
				    reader->tokens[0]);
	if (veth->mac[0] & 1)
		return reader_wrong(reader, "%s is a multicast address", text);
	veth->has_mac = true;
	return 0;
}

void encode_mac(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	char text[18];

	if (!plan->veth.has_mac)
		return;
	format_mac(plan->veth.mac, text);
	buf_format(out, "%s %s\n", key->name, text);
}

int decode_mtu(struct plan_reader *reader)
{
	uint32_t *mtu = &reader->plan->veth.mtu;

	if (!token_u32(reader->tokens[0], MTU_MAX, mtu) || *mtu < MTU_MIN)
		return reader_wrong(reader, "%s is not between %d and %d", reader->tokens[0],
				    MTU_MIN, MTU_MAX);
	return 0;
}

void encode_mtu(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->veth.mtu)
		buf_format(out, "%s %u\n", key->name, plan->veth.mtu);
}

/* dev_valid_name() of the kernel, and no `%`, which it takes for a template. */
int decode_interface(struct plan_reader *reader)
{
	const char *name = reader->tokens[0];

	if (!*name || strlen(name) > INTERFACE_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 || strpbrk(name, "/:% \t\n\v\f\r"))
		return reader_wrong(reader, "%s is no name of an interface", name);
	*(const char **)AT(reader->plan, reader->key) = name;
	return 0;
}

void encode_interface(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const char *name = *(const char *const *)AT_CONST(plan, key);

	if (!name)
		return;
	buf_format(out, "%s ", key->name);
	token_text(out, name);
	buf_text(out, "\n");
}

int field_check_net(struct plan_reader *reader)
{
	static const char first[] = "net.veth.";

	if (reader->plan->net == NET_VETH)
		return 0;
	for (size_t i = 0; i < plan_key_count; i++) {
		reader->key = &plan_keys[i];
		if (reader->totals[i] && strncmp(plan_keys[i].name, first, sizeof(first) - 1) == 0)
			return reader_wrong(reader, "has no meaning without \"net veth\"");
	}
	return 0;
}
