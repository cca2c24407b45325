/* field_net.c - the network: its kind and, for veth, names, addresses, MAC and MTU */
#include "launcher/plan/field.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/plan/at.h"

enum { INTERFACE_MAX = 15 };

static const char *const mode_names[] = {
	[NET_NONE] = "none",
	[NET_HOST] = "host",
	[NET_VETH] = "veth",
	[NET_JOIN] = "join",
};

int decode_net(struct plan_reader *reader)
{
	reader->plan->net_origin = "";
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (strcmp(reader->tokens[0], mode_names[i]) == 0) {
			reader->plan->net = (enum plan_net_mode)i;
			return 0;
		}
	}
	return reader_wrong(reader, "%s is not none, host, veth or join", reader->tokens[0]);
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

/* Reads @token into @address: with a prefix or without one, of IPv6 or not. */
static int read_address(struct plan_reader *reader, const char *token, bool prefix, bool v6,
			struct plan_address *address)
{
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
	return 0;
}

int decode_address(struct plan_reader *reader)
{
	struct plan_address *address = AT(reader->plan, reader->key);
	bool v6 = strchr(reader->key->name, '6') != NULL;
	int r = read_address(reader, reader->tokens[0], has_prefix(reader->key), v6, address);

	if (r == 0)
		*presence(&reader->plan->veth, address) = true;
	return r;
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

	if (!token_u32(reader->tokens[0], PLAN_MTU_MAX, mtu) || *mtu < PLAN_MTU_MIN)
		return reader_wrong(reader, "%s is not between %d and %d", reader->tokens[0],
				    PLAN_MTU_MIN, PLAN_MTU_MAX);
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

/* A flag that is only written where it is set. */
int decode_set(struct plan_reader *reader)
{
	if (strcmp(reader->tokens[0], "1") != 0)
		return reader_wrong(reader, "%s is not 1", reader->tokens[0]);
	*(bool *)AT(reader->plan, reader->key) = true;
	return 0;
}

void encode_set(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (*(const bool *)AT_CONST(plan, key))
		buf_format(out, "%s 1\n", key->name);
}

/* Bytes a second, microseconds, or packets in a million. */
int decode_shape(struct plan_reader *reader)
{
	uint32_t *value = AT(reader->plan, reader->key);
	uint32_t most = reader->key->limit ? (1u << reader->key->limit) - 1 : 1000000;

	if (!token_u32(reader->tokens[0], most, value) || *value == 0)
		return reader_wrong(reader, "%s is not between 1 and %u", reader->tokens[0], most);
	return 0;
}

void encode_shape(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	uint32_t value = *(const uint32_t *)AT_CONST(plan, key);

	if (value)
		buf_format(out, "%s %u\n", key->name, value);
}

int decode_route(struct plan_reader *reader)
{
	struct plan_veth *veth = &reader->plan->veth;
	struct plan_address *route =
		reader_element(reader, &veth->routes, sizeof(*route), PLAN_MAX_ROUTES);
	const char *token = reader->tokens[0];

	if (!route)
		return -reader->err->number;
	veth->route_count = reader->at + 1;
	return read_address(reader, token, true, strchr(token, ':') != NULL, route);
}

void encode_route(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	char text[INET6_ADDRSTRLEN + 4];

	for (size_t i = 0; i < plan->veth.route_count; i++) {
		format_address(&plan->veth.routes[i], true, text, sizeof(text));
		buf_format(out, "%s %s\n", key->name, text);
	}
}

/* ADDRESS OUTSIDE INSIDE tcp|udp */
int decode_port(struct plan_reader *reader)
{
	struct plan_port *port =
		reader_element(reader, &reader->plan->ports, sizeof(*port), PLAN_MAX_PORTS);
	char *const *tokens = reader->tokens;
	uint32_t outside;
	uint32_t inside;

	if (!port)
		return -reader->err->number;
	reader->plan->port_count = reader->at + 1;
	port->origin = "";
	port->udp = strcmp(tokens[3], "udp") == 0;
	if (!port->udp && strcmp(tokens[3], "tcp") != 0)
		return reader_wrong(reader, "%s is neither tcp nor udp", tokens[3]);
	if (!token_u32(tokens[1], UINT16_MAX, &outside) || outside == 0)
		return reader_wrong(reader, "%s is no port", tokens[1]);
	if (!token_u32(tokens[2], UINT16_MAX, &inside) || inside == 0)
		return reader_wrong(reader, "%s is no port", tokens[2]);
	port->outside = (uint16_t)outside;
	port->inside = (uint16_t)inside;
	return read_address(reader, tokens[0], false, strchr(tokens[0], ':') != NULL,
			    &port->address);
}

void encode_port(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	char text[INET6_ADDRSTRLEN + 4];

	for (size_t i = 0; i < plan->port_count; i++) {
		const struct plan_port *port = &plan->ports[i];

		format_address(&port->address, false, text, sizeof(text));
		buf_format(out, "%s %s %u %u %s\n", key->name, text, port->outside, port->inside,
			   port->udp ? "udp" : "tcp");
	}
}

/* "fd:N", "pid:N" and "sandbox:NAME", or an absolute path. */
int decode_join(struct plan_reader *reader)
{
	const char *text = reader->tokens[0];
	const char *rest = strchr(text, ':');
	bool numbered = strncmp(text, "fd:", 3) == 0 || strncmp(text, "pid:", 4) == 0;
	bool named = strncmp(text, "sandbox:", 8) == 0;
	uint32_t value;

	if (text[0] != '/' && !(numbered && token_u32(rest + 1, INT32_MAX, &value)) &&
	    !(named && token_name(rest + 1)))
		return reader_wrong(reader, "%s is neither a path, fd:N, pid:N nor sandbox:NAME",
				    text);
	reader->plan->join = text;
	return 0;
}

void encode_join(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (!plan->join)
		return;
	buf_format(out, "%s ", key->name);
	token_text(out, plan->join);
	buf_text(out, "\n");
}

/* A device without any address, or with more than one source of one. */
static int check_veth(struct plan_reader *reader)
{
	const struct plan_veth *veth = &reader->plan->veth;

	if ((veth->pool && (veth->has_address || veth->has_gateway || veth->has_peer)) ||
	    (veth->pool6 && (veth->has_address6 || veth->has_gateway6 || veth->has_peer6)))
		return reader_wrong(reader, "an address of the pool comes with its gateway");
	if (veth->bridge && (veth->has_peer || veth->has_peer6))
		return reader_wrong(reader, "on a bridge the host's end has no address of its own");
	return 0;
}

int field_check_net(struct plan_reader *reader)
{
	static const char first[] = "net.veth.";
	enum plan_net_mode mode = reader->plan->net;

	if ((mode == NET_JOIN) != (reader->plan->join != NULL))
		return reader_wrong(reader, "net join and net.join need each other");
	if (reader->plan->port_count &&
	    (mode == NET_HOST || mode == NET_JOIN || !(reader->plan->namespaces & NAMESPACE_NET)))
		return reader_wrong(reader, "publish needs a network of the sandbox's own");
	if (mode == NET_VETH)
		return check_veth(reader);
	for (size_t i = 0; i < plan_key_count; i++) {
		reader->key = &plan_keys[i];
		if (reader->totals[i] && strncmp(plan_keys[i].name, first, sizeof(first) - 1) == 0)
			return reader_wrong(reader, "has no meaning without \"net veth\"");
	}
	return 0;
}
