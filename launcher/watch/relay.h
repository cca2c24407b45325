/* relay.h - one pump of bytes between a file and a pipe of the program's
 *
 * It never waits: relay_want() says what to poll for, relay_pump() moves what there is.
 */
#ifndef LAUNCHER_WATCH_RELAY_H
#define LAUNCHER_WATCH_RELAY_H

#include <stddef.h>

#include "launcher/stage/stdio.h"

enum { RELAY_CHUNK = 16384 };

struct relay {
	struct stdio_relay ends;
	size_t held; /* bytes of chunk that are not yet written, from `at` */
	size_t at;
	size_t most; /* to be written at once: PIPE_BUF where the destination may be a pipe, which takes
			that much without waiting when it is ready */
	int error; /* the first failed write (-ENOSPC ...); what follows is discarded */
	char chunk[RELAY_CHUNK];
};

/* relay_start() - @relay pumps between @ends. */
void relay_start(struct relay *relay, const struct stdio_relay *ends);

/* relay_last() - the program is gone: take what its pipe still holds, if anything. False when that
 * was all; somebody outside who keeps the pipe open does not count. */
bool relay_last(struct relay *relay);

/* relay_want() - what to poll for; returns the descriptor, or -1 when the pump is done. */
int relay_want(const struct relay *relay, short *events);

/* relay_pump() - move what there is. At the end of the source, or when a pipe's reader is gone, the
 * pump's own ends are closed. A write that fails otherwise is kept in relay->error, and the rest is
 * read and discarded so that the program does not hang. */
void relay_pump(struct relay *relay);

#endif
