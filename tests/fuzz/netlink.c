/* netlink.c - answers from anywhere: the reader of netlink's answers, and what names an attribute
 *
 * Whatever a datagram holds, reading it ends without touching what it should not (the sanitizers
 * see to that), and leaves an answer that makes sense: an errno or none, a message that was sent,
 * words that end. Then the attribute that it points at is looked up in the request. Made for
 * clang's -fsanitize=fuzzer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/net/netlink.h"
#include "launcher/net/nft.h"
#include "launcher/net/rtnl.h"

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_state(void *context, const uint8_t *payload, size_t length)
{
	*(uint8_t *)context = rtnl_link_state(payload, length);
}

static void build(struct nl_request *request, uint8_t *data, size_t size)
{
	const struct plan_address inside = { 2, 24, { 192, 0, 2, 2 } };
	const struct rtnl_pair pair = { .name = "lune7", .peer_name = "eth0", .mtu = 1400 };

	nl_start(request, data, size);
	rtnl_add_pair(request, &pair);
	rtnl_add_address(request, 2, &inside);
	rtnl_add_route(request, 2, NULL, &inside);
	rtnl_get_link(request, 2);
}

/* What reads the replies of lists: any bytes may come, and names must end. */
static void read_replies(const uint8_t *data, size_t size)
{
	struct rtnl_route route = { 0 };
	struct nft_chain chain = { 0 };

	if (rtnl_read_route(data, size, &route) && route.to.prefix > 128)
		abort();
	(void)rtnl_link_mtu(data, size);
	if (nft_read_chain(data, size, &chain) &&
	    (!memchr(chain.table, '\0', sizeof(chain.table)) ||
	     !memchr(chain.name, '\0', sizeof(chain.name))))
		abort();
}

/* The same bytes as the parts of a list. */
static void read_list(const uint8_t *data, size_t size)
{
	const struct nl_request request = { .count = 1, .dump = true };
	struct nl_answer answer = { 0 };
	int status = nl_read_answers(&request, data, size, &answer);

	if (status != 0 && status != 1 && status != -EBADMSG)
		abort();
	if (answer.error > 0 || answer.error < -4095)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(4) uint8_t room[512];
	struct nl_request request;
	struct nl_answer answer = { 0 };
	uint8_t state = 0;
	char name[16];
	int status;

	build(&request, room, sizeof(room));
	request.reply = take_state;
	request.context = &state;
	status = nl_read_answers(&request, data, size, &answer);
	if (status != 0 && status != 1 && status != -EBADMSG)
		abort();
	if (answer.error > 0 || answer.error < -4095 || answer.message >= request.count ||
	    memchr(answer.text, '\0', sizeof(answer.text)) == NULL)
		abort();
	read_replies(data, size);
	read_list(data, size);
	nl_locate(&request, &answer, rtnl_fields, name, sizeof(name));
	if (memchr(name, '\0', sizeof(name)) == NULL)
		abort();
	return 0;
}
