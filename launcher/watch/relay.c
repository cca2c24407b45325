/* relay.c - one pump of bytes between a file and a pipe of the program's (see relay.h)
 *
 * Files that are opened with O_APPEND refuse splice(2), so bytes are read and written.
 */
#include "launcher/watch/relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

int relay_want(const struct relay *relay, short *events)
{
	*events = relay->held ? POLLOUT : POLLIN;
	return relay->held ? relay->ends.to : relay->ends.from;
}

/* The launcher's own standard files stay open: the caller's shell goes on with them. */
static void finish(struct relay *relay)
{
	if (relay->ends.from > 2)
		fd_close(&relay->ends.from);
	if (relay->ends.to > 2)
		fd_close(&relay->ends.to);
	relay->ends = (struct stdio_relay){ -1, -1 };
	relay->held = 0;
}

void relay_start(struct relay *relay, const struct stdio_relay *ends)
{
	struct stat st;

	relay->ends = *ends;
	relay->most = sys_fstat(ends->to, &st) == 0 && S_ISREG(st.st_mode) ? RELAY_CHUNK : PIPE_BUF;
}

static void fill(struct relay *relay)
{
	long got = sys_read(relay->ends.from, relay->chunk, sizeof(relay->chunk));

	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got <= 0) {
		finish(relay);
		return;
	}
	relay->at = 0;
	relay->held = relay->error ? 0 : (size_t)got;
}

static void empty(struct relay *relay)
{
	size_t length = relay->held < relay->most ? relay->held : relay->most;
	long put = sys_write(relay->ends.to, relay->chunk + relay->at, length);

	if (put == -EAGAIN || put == -EINTR)
		return;
	if (put == -EPIPE) {
		finish(relay);
	} else if (put < 0) {
		relay->error = (int)put;
		relay->held = 0;
	} else {
		relay->at += (size_t)put;
		relay->held -= (size_t)put;
	}
}

/* A regular file takes what it is given at once; a pipe is asked first, by the next poll. */
void relay_pump(struct relay *relay)
{
	if (relay->held)
		empty(relay);
	else
		fill(relay);
	if (relay->held && relay->most == RELAY_CHUNK)
		empty(relay);
}

bool relay_last(struct relay *relay)
{
	if (relay->ends.from < 0)
		return false;
	if (!relay->held)
		fill(relay);
	if (!relay->held)
		finish(relay);
	return relay->held != 0;
}
