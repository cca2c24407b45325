/* test_netlink.c - the netlink layer without a kernel: what the builders write, byte by byte, and
 * what the reader of answers makes of good, cut, foreign and hostile ones
 *
 * The golden bytes are those of a little-endian machine, which all that we build for are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "launcher/net/netlink.h"
#include "launcher/net/rtnl.h"
#include "tests/unit/hex.h"
#include "tests/unit/tap.h"

static const struct plan_address inside = { AF_INET, 24, { 192, 0, 2, 2 } };
static const struct plan_address gateway = { AF_INET, 32, { 192, 0, 2, 1 } };
static const struct plan_address inside6 = {
	AF_INET6, 64, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 }
};
static const struct plan_address gateway6 = {
	AF_INET6, 128, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }
};

static void test_builder(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	rtnl_link_up(&request, 1);
	is_text(hex(data, request.length),
		"20000000 10000100 01000000 00000000 00000000 01000000 01000000 01000000",
		"lo up is one header and one ifinfomsg");

	nl_start(&request, data, sizeof(data));
	rtnl_add_address(&request, 3, &inside);
	is_text(hex(data, request.length),
		"30000000 14000106 01000000 00000000 02180000 03000000 "
		"08000200 c0000202 08000100 c0000202 08000400 c00002ff",
		"an IPv4 address with its broadcast address");

	nl_start(&request, data, sizeof(data));
	rtnl_add_address(&request, 3, &gateway);
	is_text(hex(data, request.length),
		"28000000 14000106 01000000 00000000 02200000 03000000 "
		"08000200 c0000201 08000100 c0000201",
		"an IPv4 address without a network");

	nl_start(&request, data, sizeof(data));
	rtnl_add_host_route(&request, 3, &inside, &gateway);
	is_text(hex(data, request.length),
		"34000000 18000104 01000000 00000000 02200000 fe04fd01 00000000 "
		"08000100 c0000202 08000700 c0000201 08000400 03000000",
		"a route to an address goes before what there is");

	nl_start(&request, data, sizeof(data));
	rtnl_add_host_route(&request, 3, &inside6, &gateway6);
	is_text(hex(data, request.length),
		"4c000000 18000105 01000000 00000000 0a800000 fe04fd01 00000000 "
		"14000100 20010db8 00000000 00000000 00000002 "
		"14000700 20010db8 00000000 00000000 00000001 08000400 03000000",
		"or replaces it");

	nl_start(&request, data, sizeof(data));
	rtnl_add_address(&request, 3, &inside6);
	is_text(hex(data, request.length),
		"48000000 14000106 01000000 00000000 0a400000 03000000 "
		"14000200 20010db8 00000000 00000000 00000002 "
		"14000100 20010db8 00000000 00000000 00000002 08000800 02000000",
		"an IPv6 address without duplicate address detection");

	nl_start(&request, data, sizeof(data));
	rtnl_add_route(&request, 3, NULL, &gateway);
	is_text(hex(data, request.length),
		"2c000000 18000106 01000000 00000000 02000000 fe040001 04000000 "
		"08000500 c0000201 08000400 03000000",
		"a default route with its gateway on the link");

	nl_start(&request, data, sizeof(data));
	rtnl_add_route(&request, 3, NULL, &gateway6);
	is_text(hex(data, request.length),
		"38000000 18000106 01000000 00000000 0a000000 fe040001 04000000 "
		"14000500 20010db8 00000000 00000000 00000001 08000400 03000000",
		"an IPv6 default route");
}

enum { PAIR_LENGTH = 132 }; /* of the request that makes `pair` */

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
static const struct rtnl_pair pair = {
	.name = "lune7",
	.peer_name = "eth0",
	.peer_pid = 258,
	.peer_mac = mac,
	.mtu = 1400,
};

static void test_pair(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	rtnl_add_pair(&request, &pair);
	is_text(hex(data, request.length),
		"84000000 10000106 01000000 00000000 "
		"00000000 00000000 01000000 01000000 "
		"0a000300 6c756e65 37000000 08000400 78050000 "
		"50001280 09000100 76657468 00000000 "
		"40000280 3c000180 00000000 00000000 00000000 00000000 "
		"09000300 65746830 00000000 08001300 02010000 "
		"0a000100 02000000 00090000 08000400 78050000",
		"both ends of a pair are one message");
	is_number(request.length, PAIR_LENGTH, "and its length is that of its header");
}

static void test_batch(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;

	nl_start(&request, data, sizeof(data));
	rtnl_link_up(&request, 1);
	rtnl_link_up(&request, 2);
	is_text(hex(data, request.length),
		"20000000 10000100 01000000 00000000 00000000 01000000 01000000 01000000 "
		"20000000 10000100 02000000 00000000 00000000 02000000 01000000 01000000",
		"the messages of a batch are numbered and follow each other");
}

/* A request is whole in just enough room, and refused in any less. */
static void test_overflow(void)
{
	_Alignas(4) uint8_t data[PAIR_LENGTH + 4];
	struct nl_request request;
	struct nl_answer answer;
	size_t refused = 0;
	size_t untouched = 0;

	for (size_t size = 0; size < PAIR_LENGTH; size++) {
		memset(data, 0xee, sizeof(data));
		nl_start(&request, data, size);
		rtnl_add_pair(&request, &pair);
		refused += request.overflow && nl_call(-1, &request, &answer) == -EMSGSIZE;
		untouched += data[size] == 0xee;
	}
	is_number(refused, PAIR_LENGTH, "a request that does not fit is refused at every size");
	is_number(untouched, PAIR_LENGTH, "and nothing is written past its room");
	nl_start(&request, data, PAIR_LENGTH);
	rtnl_add_pair(&request, &pair);
	ok(!request.overflow, "it fits where there is just enough");
}

static void test_long_attributes(void)
{
	static uint8_t data[200000];
	static uint8_t value[70000];
	struct nl_request request;
	size_t nest;

	nl_start(&request, data, sizeof(data));
	nl_begin(&request, 16, 0, NULL, 0);
	nl_put(&request, 1, value, 65531);
	ok(!request.overflow, "an attribute has up to 65535 bytes with its header");
	nl_put(&request, 1, value, 65532);
	ok(request.overflow, "and not one more");
	nl_start(&request, data, sizeof(data));
	nl_begin(&request, 16, 0, NULL, 0);
	nest = nl_nest(&request, 1, NULL, 0);
	nl_put(&request, 1, value, 40000);
	nl_put(&request, 1, value, 40000);
	nl_end(&request, nest);
	ok(request.overflow, "nor have the attributes nested in one");
	nl_start(&request, data, sizeof(data));
	ok(nl_call(-1, &request, &(struct nl_answer){ 0 }) == -EMSGSIZE,
	   "a request without a message is refused");
}

/* An answer to message @seq: the error, then @details bytes of attributes. */
struct reply {
	struct nlmsghdr header;
	struct nlmsgerr error;
	uint8_t details[256];
};

static struct reply make_reply(uint32_t seq, int error, const void *details, size_t length)
{
	struct reply reply = {
		.header = {
			.nlmsg_len = (uint32_t)(offsetof(struct reply, details) + length),
			.nlmsg_type = NLMSG_ERROR,
			.nlmsg_flags = (uint16_t)(NLM_F_CAPPED | (length ? NLM_F_ACK_TLVS : 0)),
			.nlmsg_seq = seq,
		},
		.error = { .error = error, .msg = { .nlmsg_len = PAIR_LENGTH } },
	};

	if (length > 0)
		memcpy(reply.details, details, length);
	return reply;
}

static int read_answers(const void *data, size_t length, uint32_t count, struct nl_answer *answer)
{
	const struct nl_request request = { .count = count };

	return nl_read_answers(&request, data, length, answer);
}

static void test_answers(void)
{
	struct nl_answer answer = { 0 };
	struct reply reply = make_reply(2, 0, NULL, 0);

	is_number(read_answers(&reply, reply.header.nlmsg_len, 2, &answer), 1,
		  "the acknowledgement of the last message ends a call");
	is_number(answer.error, 0, "without an error");
	reply = make_reply(1, -EEXIST, NULL, 0);
	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 0,
		  "a failure before the last one does not end it");
	is_number(answer.error, -EEXIST, "but is kept");
	reply = make_reply(2, -EPERM, NULL, 0);
	(void)read_answers(&reply, reply.header.nlmsg_len, 3, &answer);
	is_number(answer.error, -EEXIST, "and the first one is what counts");
	is_number(answer.message, 0, "with its message");
	reply = make_reply(3, -EPERM, NULL, 0);
	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 1,
		  "a failure of the last message ends the call too");
}

static void test_foreign_answers(void)
{
	struct nl_answer answer = { 0 };
	struct reply reply = make_reply(7, -EPERM, NULL, 0);

	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 0,
		  "another request's answer is skipped");
	reply.header.nlmsg_seq = 0;
	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 0,
		  "and so is a notification");
	reply = make_reply(3, -EPERM, NULL, 0);
	reply.header.nlmsg_type = RTM_NEWLINK;
	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 0,
		  "and a message that is no answer");
	reply.header.nlmsg_type = NLMSG_DONE;
	reply.header.nlmsg_flags = NLM_F_DUMP_INTR;
	is_number(read_answers(&reply, reply.header.nlmsg_len, 3, &answer), 0,
		  "and the end of a dump that nobody asked for");
	is_number(answer.error, 0, "none of them says anything");
	is_number(read_answers(&reply, 0, 3, &answer), 0, "an empty datagram is no answer");
}

/* "Unknown device type", and an offset of 48. */
static const uint8_t details[] = "\x18\0\x01\0Unknown device type\0\x08\0\x02\0\x30\0\0";

static void test_details(void)
{
	struct nl_answer answer = { 0 };
	struct reply reply = make_reply(1, -EOPNOTSUPP, details, sizeof(details));
	uint8_t echo[sizeof(reply) + 256] = { 0 };
	const uint32_t copy = PAIR_LENGTH;

	is_number(read_answers(&reply, reply.header.nlmsg_len, 1, &answer), 1, "details are read");
	is_text(answer.text, "Unknown device type", "the kernel's words");
	ok(answer.has_offset && answer.offset == 48, "and where they point");

	/* The same with the request repeated before the details, as without NETLINK_CAP_ACK. */
	answer = (struct nl_answer){ 0 };
	reply.header.nlmsg_flags = NLM_F_ACK_TLVS;
	reply.header.nlmsg_len += copy - (uint32_t)sizeof(struct nlmsghdr);
	memcpy(echo, &reply, offsetof(struct reply, details));
	memcpy(echo + sizeof(reply.header) + sizeof(int) + copy, details, sizeof(details));
	is_number(read_answers(echo, reply.header.nlmsg_len, 1, &answer), 1,
		  "they are found behind a copy of the request");
	is_text(answer.text, "Unknown device type", "with the same words");
}

static int read_changed(struct reply reply, size_t length, struct nl_answer *answer)
{
	/* In memory of exactly that size, so that a sanitizer sees a read past it. */
	void *exact = malloc(length ? length : 1);
	int status;

	*answer = (struct nl_answer){ 0 };
	memcpy(exact, &reply, length);
	status = read_answers(exact, length, 1, answer);
	free(exact);
	return status;
}

static void test_hostile_answers(void)
{
	struct reply good = make_reply(1, -EOPNOTSUPP, details, sizeof(details));
	struct reply bad;
	struct nl_answer answer;
	size_t refused = 0;

	for (size_t length = 1; length < good.header.nlmsg_len; length++)
		refused += read_changed(good, length, &answer) == -EBADMSG;
	is_number(refused, good.header.nlmsg_len - 1, "an answer cut anywhere is refused");
	bad = good;
	bad.header.nlmsg_len = 8;
	is_number(read_changed(bad, good.header.nlmsg_len, &answer), -EBADMSG,
		  "a length below the header's");
	bad.header.nlmsg_len = UINT32_MAX;
	is_number(read_changed(bad, good.header.nlmsg_len, &answer), -EBADMSG,
		  "a length beyond the datagram");
	bad = good;
	bad.error.error = 1;
	is_number(read_changed(bad, good.header.nlmsg_len, &answer), -EBADMSG, "a positive error");
	bad.error.error = INT32_MIN;
	is_number(read_changed(bad, good.header.nlmsg_len, &answer), -EBADMSG,
		  "an error of no errno");
	bad = good;
	bad.header.nlmsg_flags = NLM_F_ACK_TLVS;
	bad.error.msg.nlmsg_len = UINT32_MAX;
	is_number(read_changed(bad, good.header.nlmsg_len, &answer), -EBADMSG,
		  "a copy of the request that is longer than the answer");
}

/* Details that make no sense are left out; the error itself is not. */
static void test_broken_details(void)
{
	static const struct {
		uint8_t at;
		uint8_t value;
		bool words;
		const char *what;
	} rows[] = {
		{ 0, 0, false, "an attribute that is shorter than its header" },
		{ 0, 0xff, false, "an attribute that is longer than the answer" },
		{ 24, 6, true, "an offset that is no number of four bytes" },
		{ 24, 0xff, true, "an offset that is longer than the answer" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply reply = make_reply(1, -EOPNOTSUPP, details, sizeof(details));
		struct nl_answer answer;

		reply.details[rows[i].at] = rows[i].value;
		ok(read_changed(reply, reply.header.nlmsg_len, &answer) == 1 &&
			   answer.error == -EOPNOTSUPP && !answer.has_offset &&
			   (answer.text[0] != 0) == rows[i].words,
		   "%s", rows[i].what);
	}
}

static void take_state(void *context, const uint8_t *payload, size_t length)
{
	*(uint8_t *)context = rtnl_link_state(payload, length);
}

/* A reply to RTM_GETLINK: ifinfomsg, IFLA_MTU, IFLA_OPERSTATE. */
static void test_reply(void)
{
	static const uint8_t attributes[] = "\x08\0\x04\0\x78\x05\0\0\x05\0\x10\0\x06\0\0";
	struct nlmsghdr header = {
		.nlmsg_len = sizeof(header) + sizeof(struct ifinfomsg) + sizeof(attributes),
		.nlmsg_type = RTM_NEWLINK,
		.nlmsg_seq = 1,
	};
	uint8_t data[64] = { 0 };
	uint8_t state = 0;
	struct nl_request request = { .count = 1, .reply = take_state, .context = &state };
	struct nl_answer answer = { 0 };

	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header) + sizeof(struct ifinfomsg), attributes, sizeof(attributes));
	is_number(nl_read_answers(&request, data, header.nlmsg_len, &answer), 0,
		  "a reply does not end a call");
	is_number(state, 6, "it is handed on, and an attribute found in it");
	state = 0;
	header.nlmsg_seq = 2;
	memcpy(data, &header, sizeof(header));
	(void)nl_read_answers(&request, data, header.nlmsg_len, &answer);
	is_number(state, 0, "another request's is not");
	is_number(rtnl_link_state(data, 10), 0, "a reply that is cut says nothing");
}

/* Words without an end, and more of them than there is room for. */
static void test_long_words(void)
{
	struct nl_answer answer;
	uint8_t words[244];
	struct reply reply;

	memset(words, 'x', sizeof(words));
	memcpy(words, "\xf4\0\x01\0", 4);
	reply = make_reply(1, -EPERM, words, sizeof(words));
	is_number(read_changed(reply, reply.header.nlmsg_len, &answer), 1,
		  "endless words are read");
	is_number(strlen(answer.text), sizeof(answer.text) - 1, "as far as there is room");
}

static const char *located(const struct nl_request *request, uint32_t message, uint32_t offset)
{
	struct nl_answer answer = { .message = message, .has_offset = true, .offset = offset };
	static char name[128];

	nl_locate(request, &answer, rtnl_fields, name, sizeof(name));
	return name;
}

static void test_locate(void)
{
	_Alignas(4) uint8_t data[512];
	struct nl_request request;
	char small[8];

	nl_start(&request, data, sizeof(data));
	rtnl_link_up(&request, 1);
	rtnl_add_pair(&request, &pair);
	is_text(located(&request, 1, 32), "IFLA_IFNAME", "an attribute is found by its offset");
	is_text(located(&request, 1, 44), "IFLA_MTU", "and the one behind its padding");
	is_text(located(&request, 1, 56), "IFLA_LINKINFO/IFLA_INFO_KIND", "and a nested one");
	is_text(located(&request, 1, 52), "IFLA_LINKINFO", "and the nest itself");
	is_text(located(&request, 1, 92), "IFLA_LINKINFO/IFLA_INFO_DATA/VETH_INFO_PEER/IFLA_IFNAME",
		"and one behind the header of a nest");
	is_text(located(&request, 1, 80), "IFLA_LINKINFO/IFLA_INFO_DATA/VETH_INFO_PEER",
		"a nest's header is in the nest");
	is_text(located(&request, 1, 4), "", "the message's header is in no attribute");
	is_text(located(&request, 1, 20), "", "nor is the family's");
	is_text(located(&request, 0, 32), "", "an offset past the message has no name");
	is_text(located(&request, 1, UINT32_MAX), "", "nor has one past the request");
	is_text(located(&request, 9, 32), "", "nor one in a message that was never sent");
	nl_locate(&request, &(struct nl_answer){ .message = 1, .has_offset = true, .offset = 92 },
		  rtnl_fields, small, sizeof(small));
	is_text(small, "IFLA_LI", "a long name is cut");
}

int main(void)
{
	test_builder();
	test_pair();
	test_batch();
	test_overflow();
	test_long_attributes();
	test_answers();
	test_foreign_answers();
	test_details();
	test_hostile_answers();
	test_broken_details();
	test_reply();
	test_long_words();
	test_locate();
	return done();
}
