/* relay.h - one pump of bytes between a file and a pipe of the program's
 *
 * It never waits: relay_want() says what to poll for, relay_pump() moves what there is. Where the
 * program's output is limited the pump is what holds the limit: no byte more than that is passed
 * on. Where an output is to be kept there is no destination, and the pump holds the bytes.
 */
#ifndef LAUNCHER_WATCH_RELAY_H
#define LAUNCHER_WATCH_RELAY_H

#include <stddef.h>

#include "launcher/base/buf.h"
#include "launcher/stage/stdio.h"

enum { RELAY_CHUNK = 65536 };

/* What may be passed on. */
struct relay_limit {
	bool set;
	bool truncate; /* throw the rest away; otherwise the pump stops there */
	uint64_t bytes;
};

struct relay {
	struct stdio_relay ends;
	struct relay_limit limit;
	uint64_t seen;   /* bytes that came */
	uint64_t passed; /* of them, those that are within the limit */
	uint64_t last;   /* at the end: how much may have come by then */
	bool over;       /* more came than the limit says */
	size_t held;     /* bytes of chunk that are not yet written, from `at` */
	size_t at;
	size_t most;     /* to be written at once without waiting when the destination is ready */
	bool socket;     /* the destination is one */
	bool again;      /* it was opened again, so that no write waits */
	int reader;      /* the source, opened again so that no read waits; or -1 */
	struct buf kept; /* of an output without a destination */
	int error;       /* the first failed write (-ENOSPC ...); what follows is discarded */
	char chunk[RELAY_CHUNK];
};

/* relay_start() - @relay, whatever it holds, pumps between @ends, whose descriptors it owns but for
 * 0, 1 and 2. */
void relay_start(struct relay *relay, const struct stdio_relay *ends,
		 const struct relay_limit *limit);

/* relay_want() - what to poll for; returns the descriptor, or -1 when the pump is done. */
int relay_want(const struct relay *relay, short *events);

/* relay_pump() - move what there is. At the end of the source, or when a pipe's reader is gone, the
 * pump's own ends are closed. A write that fails otherwise is kept in relay->error, and the rest is
 * read and discarded so that the program does not hang. */
void relay_pump(struct relay *relay);

/* relay_stopped() - has more come than the limit lets through, and is that the end? */
bool relay_stopped(const struct relay *relay);

/* relay_last() - the program is gone: take what its pipe still holds, if anything. False when that
 * was all; somebody outside who keeps the pipe open does not count. */
bool relay_last(struct relay *relay);

/* relay_finish() - close what is open and let go of what was kept. */
void relay_finish(struct relay *relay);

#endif
