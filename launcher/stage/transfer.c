/* transfer.c - what the launcher sends to the set-up process (see transfer.h) */
#include "launcher/stage/transfer.h"

#include <errno.h>
#include <string.h>

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int) * TRANSFER_MOST)];
};

unsigned int transfer_batch(uint64_t open_files)
{
	return open_files < 4 * TRANSFER_MOST ? 1 : TRANSFER_MOST;
}

void transfer_finish(struct transfer *transfer)
{
	for (size_t i = transfer->next_fd; i < transfer->fd_count; i++)
		fd_close(&transfer->fds[i]);
	*transfer = (struct transfer){ 0 };
}

/* A peer that ended with something unread shows as a reset. */
static int gone(long error)
{
	return error == -ECONNRESET ? -EPIPE : (int)error;
}

int transfer_send(struct transfer *transfer, int link)
{
	union control control = { 0 };
	uint8_t bytes[1 + TRANSFER_MOST];
	struct iovec part = { .iov_base = bytes, .iov_len = 1u + transfer->count };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	size_t size = sizeof(int) * transfer->fd_count;
	long r;

	bytes[0] = transfer->count;
	memcpy(bytes + 1, transfer->there, transfer->count);
	if (size) {
		message.msg_control = &control;
		message.msg_controllen = (unsigned int)CMSG_SPACE(size);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = (unsigned int)CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), transfer->fds, size);
	}
	do {
		r = sys_sendmsg(link, &message, MSG_NOSIGNAL);
	} while (r == -EINTR);
	transfer_finish(transfer);
	return r < 0 ? gone(r) : 0;
}

static int lost(struct err *err, int number, const char *reason)
{
	int r = err_set(err, STAGE_WATCH, number, NULL, "link to the launcher");

	(void)err_reason(err, "%s", reason);
	return r;
}

static int receive(struct transfer *transfer, int link, struct err *err)
{
	union control control = { 0 };
	uint8_t bytes[1 + TRANSFER_MOST];
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	long r;

	*transfer = (struct transfer){ 0 };
	do {
		r = sys_recvmsg(link, &message, MSG_CMSG_CLOEXEC);
	} while (r == -EINTR);
	if (r < 0)
		return lost(err, gone(r), "it failed");
	if (r == 0)
		return lost(err, EPIPE, "the launcher has stopped");
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		size_t size = header->cmsg_len - CMSG_LEN(0);

		memcpy(transfer->fds, CMSG_DATA(header), size);
		transfer->fd_count = (uint8_t)(size / sizeof(int));
	}
	transfer->count = bytes[0];
	if (message.msg_flags & MSG_CTRUNC || transfer->count > TRANSFER_MOST ||
	    r != 1 + transfer->count) {
		transfer_finish(transfer);
		return lost(err, EMFILE, "too few file descriptors are allowed (RLIMIT_NOFILE)");
	}
	memcpy(transfer->there, bytes + 1, transfer->count);
	return 0;
}

int transfer_receive(struct transfer *transfer, int link, struct err *err)
{
	int r;

	while (transfer->next == transfer->count) {
		r = receive(transfer, link, err);
		if (r < 0)
			return r;
	}
	if (!transfer->there[transfer->next++])
		return -ENOENT;
	if (transfer->next_fd == transfer->fd_count)
		return lost(err, EPROTO, "a mount is missing");
	return transfer->fds[transfer->next_fd++];
}

int transfer_wait(int link, struct err *err)
{
	struct transfer transfer;
	int r = receive(&transfer, link, err);

	if (r == 0)
		transfer_finish(&transfer);
	return r;
}

int transfer_receive_fds(struct transfer *transfer, int link, struct err *err)
{
	return receive(transfer, link, err);
}

enum { BYTES_MOST = 32 << 10 }; /* in one message */

static long send_some(int link, const void *bytes, size_t length)
{
	long r;

	do {
		r = sys_sendto(link, bytes, length, MSG_NOSIGNAL, NULL, 0);
	} while (r == -EINTR);
	return r;
}

int transfer_send_bytes(int link, const void *bytes, size_t length)
{
	const char *at = bytes;
	uint64_t head = length;
	long r = send_some(link, &head, sizeof(head));

	for (; r >= 0 && length; at += r, length -= (size_t)r)
		r = send_some(link, at, length < BYTES_MOST ? length : BYTES_MOST);
	return r < 0 ? gone(r) : 0;
}

/* One message into @room; its length is never 0. */
static int receive_some(int link, void *room, size_t size, struct err *err)
{
	long r;

	do {
		r = sys_read(link, room, size);
	} while (r == -EINTR);
	if (r < 0)
		return lost(err, (int)r, "it failed");
	return r ? (int)r : lost(err, EPIPE, "the launcher has stopped");
}

int transfer_receive_bytes(int link, struct buf *bytes, size_t most, struct err *err)
{
	uint64_t left;
	int r = receive_some(link, &left, sizeof(left), err);

	if (r >= 0 && (r != sizeof(left) || left > most))
		return lost(err, EPROTO, "too much came over it");
	while (r >= 0 && left) {
		char *room = buf_reserve(bytes, BYTES_MOST);

		if (!room)
			return lost(err, ENOMEM, "no memory for what comes over it");
		r = receive_some(link, room, BYTES_MOST, err);
		if (r < 0)
			break;
		if ((uint64_t)r > left)
			return lost(err, EPROTO, "too much came over it");
		buf_grew(bytes, (size_t)r);
		left -= (uint64_t)r;
	}
	return r < 0 ? r : 0;
}
