/* transfer.h - what the launcher sends to the set-up process: detached mounts, the word to go on,
 * the text of a plan, a filter
 *
 * Messages of up to TRANSFER_MOST answers over a SOCK_SEQPACKET pair, in the order of the plan; an
 * answer is a descriptor or the word that an optional source is missing. Both ends are ours and the
 * program has not started, yet every count is checked. Where RLIMIT_NOFILE is small a message holds
 * one descriptor, so that neither end runs out.
 */
#ifndef LAUNCHER_STAGE_TRANSFER_H
#define LAUNCHER_STAGE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/base.h"

enum { TRANSFER_MOST = 32 };

struct transfer {
	int fds[TRANSFER_MOST]; /* in order, of those that are there */
	uint8_t there[TRANSFER_MOST];
	uint8_t count;
	uint8_t next; /* answer to be taken next */
	uint8_t next_fd;
	uint8_t fd_count;
};

/* transfer_batch() - how many answers a message may hold under @open_files. */
unsigned int transfer_batch(uint64_t open_files);

/* transfer_send() - send what @transfer holds and close its descriptors. An empty one is sent too:
 * it says only "go on". Returns 0 or -errno; -EPIPE: the set-up process is gone, and has said
 * why. */
int transfer_send(struct transfer *transfer, int link);

/* transfer_receive() - the next answer: a descriptor, -ENOENT (missing), or -errno with @err. */
int transfer_receive(struct transfer *transfer, int link, struct err *err);

/* transfer_wait() - wait for one empty message. Returns 0 or -errno with @err; -EPIPE: the other
 * end is gone. */
int transfer_wait(int link, struct err *err);

/* transfer_receive_fds() - the descriptors of the next message, which holds nothing else. They are
 * in @transfer, to be closed by transfer_finish() or taken. */
int transfer_receive_fds(struct transfer *transfer, int link, struct err *err);

/* transfer_send_bytes() - send @length bytes, in as many messages as that takes. As
 * transfer_send(). */
int transfer_send_bytes(int link, const void *bytes, size_t length);

/* transfer_receive_bytes() - append what transfer_send_bytes() sent to @bytes, or -errno with @err;
 * more than @most is refused. */
int transfer_receive_bytes(int link, struct buf *bytes, size_t most, struct err *err);

void transfer_finish(struct transfer *transfer);

#endif
