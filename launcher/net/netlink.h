/* netlink.h - messages to the kernel over netlink, and its one kind of answer
 *
 * A request is built in the caller's memory: one message, or several in a row (a batch), each
 * begun with nl_begin() and followed by its attributes. The builder has one sticky flag: when
 * something does not fit, `overflow` is set, every later call does nothing, and nl_call() refuses
 * the request. Those who build messages therefore check nothing.
 *
 * nl_call() sends the request in one datagram and waits for the answer to its last message, the
 * only one that asks for an acknowledgement. A message that fails is answered unasked and in
 * order, so the first failure of a batch is known, with the kernel's own words and the attribute
 * that it points at. A transaction (nl_transaction()) is a batch that is carried out as a whole or
 * not at all; only nfnetlink knows them.
 *
 * nl_dump() asks for a list. A list that changed while the kernel wrote it is asked for again.
 *
 * Nothing here knows what a link or an address is (rtnl.h does), allocates, or prints.
 * Sources: netlink(7), Documentation/userspace-api/netlink/intro.rst, include/uapi/linux/netlink.h.
 */
#ifndef LAUNCHER_NET_NETLINK_H
#define LAUNCHER_NET_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Invariants: length <= size; data[0 .. length) holds whole messages, padded to four bytes; the
 * last one starts at `message`, and its nlmsg_len is right after every call. */
struct nl_request {
	uint8_t *data; /* the caller's */
	size_t size;
	size_t length;
	size_t message;
	size_t previous; /* where the message before that starts */
	uint32_t count;  /* messages begun; their sequence numbers are 1 to count */
	bool overflow;
	bool transaction; /* the first and the last message only frame the others */
	bool dump;
	/* Where the request asks for something: what takes a message of the reply, without its
	 * header. NULL: replies are skipped. */
	void (*reply)(void *context, const uint8_t *payload, size_t length);
	void (*restart)(void *context); /* of a dump: forget what the replies said */
	void *context;
};

/* What the kernel said to a request. */
struct nl_answer {
	int error;        /* 0 or -errno, of the first message that failed */
	uint32_t message; /* that message, from 0 */
	bool interrupted; /* a dump is no picture of one moment */
	bool has_offset;  /* did the kernel point into it? */
	uint32_t offset;  /* at this byte, from the start of its header */
	char text[160];   /* the kernel's words, or "" */
};

/* A table of names for messages and attributes, ended by a NULL name; see nl_locate(). */
struct nl_field {
	const char *name;
	const struct nl_field *inside; /* attributes nested in it, or NULL */
	uint16_t type;
	uint16_t header; /* bytes that stand before those nested attributes */
};

/* nl_start() - an empty request in @size bytes at @data */
void nl_start(struct nl_request *request, void *data, size_t size);

/* nl_begin() - the next message: its type, its NLM_F_* flags beside NLM_F_REQUEST, and the fixed
 * header of its family (struct ifinfomsg and the like) */
void nl_begin(struct nl_request *request, uint16_t type, uint16_t flags, const void *header,
	      size_t header_length);

void nl_put(struct nl_request *request, uint16_t type, const void *value, size_t length);
void nl_put_text(struct nl_request *request, uint16_t type, const char *text);
void nl_put_u8(struct nl_request *request, uint16_t type, uint8_t value);
void nl_put_u32(struct nl_request *request, uint16_t type, uint32_t value);

/* nl_put_be32() - @value in network byte order, as all of nfnetlink has it */
void nl_put_be32(struct nl_request *request, uint16_t type, uint32_t value);

/* nl_nest() - open an attribute that holds attributes, after @header_length bytes of @header (a few
 * families put a fixed header there). Returns what nl_end() wants to close it. */
size_t nl_nest(struct nl_request *request, uint16_t type, const void *header, size_t header_length);
void nl_end(struct nl_request *request, size_t nest);

/* nl_transaction() - begin or, the second time, end the frame around a transaction of the nfnetlink
 * subsystem @subsystem (NFNL_SUBSYS_*)
 * A transaction is the whole of a request. Sources: include/uapi/linux/netfilter/nfnetlink.h,
 * nfnetlink_rcv_batch() of net/netfilter/nfnetlink.c. */
void nl_transaction(struct nl_request *request, uint16_t subsystem);

/* nl_open() - a socket of @protocol (NETLINK_ROUTE and the like) in the caller's network namespace
 * Returns an fd that the caller owns, close-on-exec, with extended answers on, or -errno. It keeps
 * that namespace alive until it is closed. Kernel: NETLINK_EXT_ACK is Linux 4.12. */
int nl_open(int protocol);

/* nl_call() - send @request on @fd, wait for the kernel's verdict on every message of it
 * Returns 0 or answer->error, which is -errno of the first message that failed, or -EMSGSIZE (the
 * request overflowed, or an answer was cut), -EBADMSG (an answer that makes no sense), or what
 * sendto(2) and recvfrom(2) give. All are in @answer too. The messages after a failed one have been
 * carried out. */
int nl_call(int fd, struct nl_request *request, struct nl_answer *answer);

/* nl_dump() - send @request, whose one message asks for a list, and give each item to
 * request->reply
 * When the list changed meanwhile (NLM_F_DUMP_INTR), request->restart is called and the list asked
 * for again; -EAGAIN when that happens ten times.
 * Otherwise as nl_call(). Kernel: filters in the message's header want NETLINK_GET_STRICT_CHK,
 * Linux 4.20. */
int nl_dump(int fd, struct nl_request *request, struct nl_answer *answer);

/* nl_read_answers() - take one datagram of answers to @request into @answer, and its replies to
 * request->reply. Foreign messages are skipped. Returns 1 when the last message has been answered
 * or the last item of a dump has come, 0 when more is to come, -EBADMSG. Never reads past @length.
 * */
int nl_read_answers(const struct nl_request *request, const void *data, size_t length,
		    struct nl_answer *answer);

/* nl_find() - the value of the first attribute of @type in @length bytes of them, and its length in
 * @value_length; NULL where there is none, or where the attributes make no sense before it. */
const uint8_t *nl_find(const uint8_t *attributes, size_t length, uint16_t type,
		       size_t *value_length);

/* nl_locate() - which attribute is at answer->offset: its name, with those around it before it
 * ("IFLA_LINKINFO/IFLA_INFO_KIND"). @messages names the message types, their fixed headers and what
 * is inside. Writes "" where the offset is in no attribute that the table names. */
void nl_locate(const struct nl_request *request, const struct nl_answer *answer,
	       const struct nl_field *messages, char *out, size_t size);

#endif
