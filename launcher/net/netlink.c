/* netlink.c - building requests, sending them, and reading the kernel's answers (see netlink.h)
 *
 * Numbers in netlink are in the machine's own byte order and aligned to four bytes at most, so all
 * of them go through memcpy. What comes back is read with every length checked, although only the
 * kernel can have sent it: a datagram from another port is thrown away before it is looked at.
 */
#include "launcher/net/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "launcher/base/fd.h"

enum {
	/* An answer is a header, the error, at most a copy of the request and a few attributes. A
	 * part of a dump is no longer than NLMSG_GOODSIZE. */
	ANSWER_SIZE = 8192,
	DUMP_ATTEMPTS = 10,
	LAST_ERRNO = 4095,
	ATTRIBUTE = sizeof(struct nlattr), /* an attribute's header */
};

static size_t aligned(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

void nl_start(struct nl_request *request, void *data, size_t size)
{
	*request = (struct nl_request){ .data = data, .size = size };
}

/* Appends @length bytes and zeros up to the next multiple of four, and keeps nlmsg_len right. */
static void append(struct nl_request *request, const void *bytes, size_t length)
{
	uint32_t message_length;

	if (request->overflow || length > request->size ||
	    aligned(length) > request->size - request->length) {
		request->overflow = true;
		return;
	}
	memset(request->data + request->length, 0, aligned(length));
	if (length > 0)
		memcpy(request->data + request->length, bytes, length);
	request->length += aligned(length);
	message_length = (uint32_t)(request->length - request->message);
	memcpy(request->data + request->message, &message_length, sizeof(message_length));
}

void nl_begin(struct nl_request *request, uint16_t type, uint16_t flags, const void *header,
	      size_t header_length)
{
	struct nlmsghdr message = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = request->count + 1,
	};

	if (request->overflow)
		return;
	request->previous = request->message;
	request->message = request->length;
	append(request, &message, sizeof(message));
	append(request, header, header_length);
	request->count++;
}

static void put_header(struct nl_request *request, uint16_t type, size_t length)
{
	struct nlattr attribute = { .nla_type = type };

	if (length > UINT16_MAX - ATTRIBUTE) {
		request->overflow = true;
		return;
	}
	attribute.nla_len = (uint16_t)(ATTRIBUTE + length);
	append(request, &attribute, sizeof(attribute));
}

void nl_put(struct nl_request *request, uint16_t type, const void *value, size_t length)
{
	put_header(request, type, length);
	append(request, value, length);
}

void nl_put_text(struct nl_request *request, uint16_t type, const char *text)
{
	nl_put(request, type, text, strlen(text) + 1);
}

void nl_put_u8(struct nl_request *request, uint16_t type, uint8_t value)
{
	nl_put(request, type, &value, sizeof(value));
}

void nl_put_u32(struct nl_request *request, uint16_t type, uint32_t value)
{
	nl_put(request, type, &value, sizeof(value));
}

void nl_put_be32(struct nl_request *request, uint16_t type, uint32_t value)
{
	nl_put_u32(request, type, htonl(value));
}

size_t nl_nest(struct nl_request *request, uint16_t type, const void *header, size_t header_length)
{
	size_t nest = request->length;

	put_header(request, (uint16_t)(type | NLA_F_NESTED), header_length);
	append(request, header, header_length);
	return nest;
}

void nl_end(struct nl_request *request, size_t nest)
{
	uint16_t length;

	if (request->overflow)
		return;
	if (request->length - nest > UINT16_MAX) {
		request->overflow = true;
		return;
	}
	length = (uint16_t)(request->length - nest);
	memcpy(request->data + nest + offsetof(struct nlattr, nla_len), &length, sizeof(length));
}

void nl_transaction(struct nl_request *request, uint16_t subsystem)
{
	struct nfgenmsg header = { .res_id = htons(subsystem) };

	nl_begin(request, request->transaction ? NFNL_MSG_BATCH_END : NFNL_MSG_BATCH_BEGIN, 0,
		 &header, sizeof(header));
	request->transaction = true;
}

int nl_open(int protocol)
{
	int on = 1;
	long fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return (int)fd;
	/* May fail: the errors stay, only their words are lost. */
	(void)sys_setsockopt((int)fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	/* May fail: a dump holds more than was asked for then. */
	(void)sys_setsockopt((int)fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return (int)fd;
}

const uint8_t *nl_find(const uint8_t *attributes, size_t length, uint16_t type,
		       size_t *value_length)
{
	while (length >= ATTRIBUTE) {
		struct nlattr attribute;

		memcpy(&attribute, attributes, sizeof(attribute));
		if (attribute.nla_len < ATTRIBUTE || attribute.nla_len > length)
			return NULL;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*value_length = (size_t)attribute.nla_len - ATTRIBUTE;
			return attributes + ATTRIBUTE;
		}
		if (aligned(attribute.nla_len) >= length)
			return NULL;
		attributes += aligned(attribute.nla_len);
		length -= aligned(attribute.nla_len);
	}
	return NULL;
}

/* The attributes of an extended answer: the words and the offset, either of which may be
 * missing. */
static void read_details(const uint8_t *data, size_t length, struct nl_answer *answer)
{
	size_t size;
	const uint8_t *words = nl_find(data, length, NLMSGERR_ATTR_MSG, &size);
	const uint8_t *offset;

	if (words)
		snprintf(answer->text, sizeof(answer->text), "%.*s", (int)size,
			 (const char *)words);
	offset = nl_find(data, length, NLMSGERR_ATTR_OFFS, &size);
	answer->has_offset = offset && size == sizeof(answer->offset);
	if (answer->has_offset)
		memcpy(&answer->offset, offset, sizeof(answer->offset));
}

/* One NLMSG_ERROR, whose header is already checked: data[0 .. length) is its payload. */
static int read_error(const struct nlmsghdr *header, const uint8_t *data, size_t length,
		      struct nl_answer *answer)
{
	struct nlmsgerr failure;
	size_t echo = sizeof(failure);

	if (length < sizeof(failure))
		return -EBADMSG;
	memcpy(&failure, data, sizeof(failure));
	if (failure.error > 0 || failure.error < -LAST_ERRNO)
		return -EBADMSG;
	if (failure.error == 0 || answer->error != 0)
		return 0;
	answer->error = failure.error;
	answer->message = header->nlmsg_seq - 1;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;
	if (!(header->nlmsg_flags & NLM_F_CAPPED)) {
		if (failure.msg.nlmsg_len < sizeof(failure.msg) ||
		    failure.msg.nlmsg_len > length - sizeof(failure.error))
			return -EBADMSG;
		echo = sizeof(failure.error) + aligned(failure.msg.nlmsg_len);
	}
	if (echo < length)
		read_details(data + echo, length - echo, answer);
	return 0;
}

/* The message that asks for an acknowledgement, from 1: the last that does something. */
static uint32_t awaited(const struct nl_request *request)
{
	return request->transaction ? request->count - 1 : request->count;
}

/* The end of a dump, whose payload is its errno. */
static int read_done(const uint8_t *payload, size_t length, struct nl_answer *answer)
{
	int32_t error;

	if (length < sizeof(error))
		return -EBADMSG;
	memcpy(&error, payload, sizeof(error));
	if (error > 0 || error < -LAST_ERRNO)
		return -EBADMSG;
	answer->error = error;
	return 1;
}

/* One message of a datagram. Returns 1 if it is the last that the request brings. */
static int read_message(const struct nl_request *request, const struct nlmsghdr *header,
			const uint8_t *payload, struct nl_answer *answer)
{
	size_t length = header->nlmsg_len - sizeof(*header);
	int status;

	if (header->nlmsg_seq < 1 || header->nlmsg_seq > request->count)
		return 0;
	if (request->dump && header->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (request->dump && header->nlmsg_type == NLMSG_DONE)
		return read_done(payload, length, answer);
	if (header->nlmsg_type >= NLMSG_MIN_TYPE && request->reply)
		request->reply(request->context, payload, length);
	if (header->nlmsg_type != NLMSG_ERROR)
		return 0;
	status = read_error(header, payload, length, answer);
	if (status < 0)
		return status;
	/* A transaction that is refused as such is answered once, at its first message. */
	return header->nlmsg_seq == awaited(request) ||
	       (request->transaction && answer->error && header->nlmsg_seq == 1);
}

int nl_read_answers(const struct nl_request *request, const void *data, size_t length,
		    struct nl_answer *answer)
{
	const uint8_t *at = data;

	while (length > 0) {
		struct nlmsghdr header;
		int status;

		if (length < sizeof(header))
			return -EBADMSG;
		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > length)
			return -EBADMSG;
		status = read_message(request, &header, at + sizeof(header), answer);
		if (status != 0 || aligned(header.nlmsg_len) >= length)
			return status;
		at += aligned(header.nlmsg_len);
		length -= aligned(header.nlmsg_len);
	}
	return 0;
}

static int fail(struct nl_answer *answer, long error, const char *text)
{
	answer->error = (int)error;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
	return answer->error;
}

static int receive(int fd, const struct nl_request *request, struct nl_answer *answer)
{
	_Alignas(4) uint8_t data[ANSWER_SIZE];
	struct sockaddr_nl sender = { 0 };
	unsigned int sender_length = sizeof(sender);
	int status;
	long got;

	do {
		got = sys_recvfrom(fd, data, sizeof(data), MSG_TRUNC, &sender, &sender_length);
	} while (got == -EINTR);
	if (got < 0)
		return fail(answer, got, "receiving the kernel's answer");
	if (sender_length != sizeof(sender) || sender.nl_pid != 0)
		return 0;
	if ((size_t)got > sizeof(data))
		return fail(answer, -EMSGSIZE, "the kernel's answer is too long");
	status = nl_read_answers(request, data, (size_t)got, answer);
	return status < 0 ? fail(answer, status, "the kernel's answer makes no sense") : status;
}

/* Sets @flag of the message that starts at @message, sends all, and reads what comes back. */
static int transact(int fd, struct nl_request *request, size_t message, uint16_t flag,
		    struct nl_answer *answer)
{
	size_t flags_at = message + offsetof(struct nlmsghdr, nlmsg_flags);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint16_t flags;
	long sent;
	int status;

	*answer = (struct nl_answer){ 0 };
	memcpy(&flags, request->data + flags_at, sizeof(flags));
	flags |= flag;
	memcpy(request->data + flags_at, &flags, sizeof(flags));
	do {
		sent = sys_sendto(fd, request->data, request->length, 0, &kernel, sizeof(kernel));
	} while (sent == -EINTR);
	if (sent < 0)
		return fail(answer, sent, "sending the request");
	do {
		status = receive(fd, request, answer);
	} while (status == 0);
	return status < 0 ? status : answer->error;
}

int nl_call(int fd, struct nl_request *request, struct nl_answer *answer)
{
	if (request->overflow || awaited(request) == 0)
		return fail(answer, -EMSGSIZE, "the request does not fit its buffer");
	return transact(fd, request, request->transaction ? request->previous : request->message,
			NLM_F_ACK, answer);
}

int nl_dump(int fd, struct nl_request *request, struct nl_answer *answer)
{
	request->dump = true;
	if (request->overflow || request->count != 1)
		return fail(answer, -EMSGSIZE, "the request does not fit its buffer");
	for (int i = 0; i < DUMP_ATTEMPTS; i++) {
		int status = transact(fd, request, request->message, NLM_F_DUMP, answer);

		if (!answer->interrupted)
			return status;
		if (request->restart)
			request->restart(request->context);
	}
	return fail(answer, -EAGAIN, "the list changes faster than it can be read");
}

/* Appends "/NAME" or, at the start, "NAME". */
static void add_name(char *out, size_t size, const char *name)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s%s", used > 0 ? "/" : "", name);
}

static const struct nl_field *field_of(const struct nl_field *fields, uint16_t type)
{
	for (; fields && fields->name; fields++)
		if (fields->type == type)
			return fields;
	return NULL;
}

void nl_locate(const struct nl_request *request, const struct nl_answer *answer,
	       const struct nl_field *messages, char *out, size_t size)
{
	const struct nl_field *field;
	struct nlmsghdr header = { 0 };
	size_t at = 0;
	size_t end;
	size_t wanted;

	out[0] = '\0';
	for (uint32_t i = 0; at < request->length; i++) {
		memcpy(&header, request->data + at, sizeof(header));
		if (i == answer->message)
			break;
		at += header.nlmsg_len;
	}
	if (!answer->has_offset || at >= request->length || answer->offset >= header.nlmsg_len)
		return;
	wanted = at + answer->offset;
	end = at + header.nlmsg_len;
	field = field_of(messages, header.nlmsg_type);
	at += sizeof(header);
	while (field && field->inside) {
		const struct nl_field *fields = field->inside;
		struct nlattr attribute = { 0 };

		at += aligned(field->header);
		while (at < end) {
			memcpy(&attribute, request->data + at, sizeof(attribute));
			if (wanted < at + aligned(attribute.nla_len))
				break;
			at += aligned(attribute.nla_len);
		}
		if (at >= end || wanted < at)
			return;
		field = field_of(fields, (uint16_t)(attribute.nla_type & NLA_TYPE_MASK));
		if (!field)
			return;
		add_name(out, size, field->name);
		if (wanted < at + ATTRIBUTE)
			return;
		end = at + attribute.nla_len;
		at += ATTRIBUTE;
	}
}
