/* relay.c - one pump of bytes between a file and a pipe of the program's (see relay.h)
 *
 * Files that are opened with O_APPEND refuse splice(2), so bytes are read and written. The launcher
 * must never wait in a write, since it has deadlines to hold: a regular file takes what it is given
 * at once, a socket is told not to wait, and a terminal or a pipe is opened again for this, as a
 * terminal's user may have stopped it, and a pipe is filled by whoever has it too. A pipe that
 * cannot be opened, another user's, takes PIPE_BUF bytes when it is ready. Nor must it wait in a
 * read: a pipe is emptied by whoever has it, which the program may where it is a FIFO in a tree of
 * its own. So that is read by another description, while poll(2) is asked about the first: only
 * that one knows whether there was a writer who has gone.
 */
#include "launcher/watch/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "launcher/stage/terminal.h"

/* What is left in a pipe at the end: its largest size (fs.pipe-max-size), unless somebody outside
 * goes on writing. */
enum { MOST_LEFT = 2 << 20 };

int relay_want(const struct relay *relay, short *events)
{
	*events = relay->held ? POLLOUT : POLLIN;
	return relay->held ? relay->ends.to : relay->ends.from;
}

/* The launcher's own standard files stay open: the caller's shell goes on with them. */
static void close_ends(struct relay *relay)
{
	if (relay->ends.from > 2)
		fd_close(&relay->ends.from);
	if (relay->ends.to > 2)
		fd_close(&relay->ends.to);
	if (relay->reader > 2)
		fd_close(&relay->reader);
	relay->ends = (struct stdio_relay){ .from = -1, .to = -1 };
	relay->held = 0;
}

void relay_finish(struct relay *relay)
{
	close_ends(relay);
	buf_finish(&relay->kept);
}

/* The file of @fd by a description of our own, on which nothing waits. */
static int open_again(int fd, int how)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return (int)sys_openat(AT_FDCWD, self, how | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fd >= 0 && sys_fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* May a read of @fd wait for bytes that poll(2) has told of, and another reader has taken? */
static bool may_wait(int fd)
{
	/* May fail: then it is opened again. */
	return is_pipe(fd) && !(sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK);
}

/* The master of a pair that the sandbox uses: opened again it would be another pair's. */
static bool is_master(int fd)
{
	unsigned int number;

	/* May fail: then it is opened again, which fails for it. */
	return sys_ioctl(fd, TIOCGPTN, &number) == 0;
}

void relay_start(struct relay *relay, const struct stdio_relay *ends,
		 const struct relay_limit *limit)
{
	struct stat st = { 0 };

	/* The chunk's pages are touched by who has something to say. */
	memset(relay, 0, offsetof(struct relay, chunk));
	relay->ends = *ends;
	relay->limit = *limit;
	relay->most = PIPE_BUF;
	/* May fail: whoever may not open it again, the program may not either. */
	relay->reader = may_wait(ends->from) ? open_again(ends->from, O_RDONLY) : -1;
	/* May fail: it takes what fits into a pipe at once, after a poll. */
	if (ends->to < 0 || sys_fstat(ends->to, &st) < 0)
		return;
	relay->socket = S_ISSOCK(st.st_mode);
	relay->again = S_ISCHR(st.st_mode) && is_master(ends->to);
	if (S_ISFIFO(st.st_mode) ||
	    (S_ISCHR(st.st_mode) && !relay->again && terminal_is(ends->to))) {
		/* May fail: the same. */
		int fd = open_again(ends->to, O_WRONLY);

		if (fd < 0)
			return;
		if (ends->to > 2)
			fd_close(&relay->ends.to);
		relay->ends.to = fd;
		relay->again = true;
	}
	if (S_ISREG(st.st_mode) || relay->socket || relay->again)
		relay->most = RELAY_CHUNK;
}

bool relay_stopped(const struct relay *relay)
{
	return relay->over && !relay->limit.truncate;
}

/* How much of the @got bytes that came may be passed on. */
static size_t within(struct relay *relay, size_t got)
{
	uint64_t left = relay->limit.bytes - relay->passed;

	relay->seen += got;
	if (relay->limit.set && got > left) {
		relay->over = true;
		got = (size_t)left;
	}
	relay->passed += got;
	return relay->error ? 0 : got;
}

/* Takes what has come. False: nothing had. */
static bool fill(struct relay *relay)
{
	long got;

	if (relay_stopped(relay)) {
		close_ends(relay);
		return false;
	}
	/* May fail: the same; a terminal's end is EIO. */
	got = sys_read(relay->reader >= 0 ? relay->reader : relay->ends.from, relay->chunk,
		       sizeof(relay->chunk));
	if (got == -EAGAIN || got == -EINTR)
		return false;
	if (got <= 0) {
		if (got < 0 && got != -EIO)
			relay->error = (int)got;
		close_ends(relay);
		return false;
	}
	relay->at = 0;
	relay->held = within(relay, (size_t)got);
	if (relay->ends.to < 0) {
		buf_bytes(&relay->kept, relay->chunk, relay->held);
		if (relay->kept.failed)
			relay->error = -ENOMEM;
		relay->held = 0;
	}
	return true;
}

static void empty(struct relay *relay)
{
	size_t length = relay->held < relay->most ? relay->held : relay->most;
	const char *bytes = relay->chunk + relay->at;
	/* May fail: output is lost then, and the launcher says so. */
	long put = relay->socket ? sys_sendto(relay->ends.to, bytes, length,
					      MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0)
				 : sys_write(relay->ends.to, bytes, length);

	if (put == -EAGAIN || put == -EINTR)
		return;
	if (put == -EPIPE) {
		close_ends(relay);
	} else if (put < 0) {
		relay->error = (int)put;
		relay->held = 0;
	} else {
		relay->at += (size_t)put;
		relay->held -= (size_t)put;
	}
}

/* What takes its bytes at once is not asked first, by another poll. */
void relay_pump(struct relay *relay)
{
	if (relay->held)
		empty(relay);
	else
		(void)fill(relay);
	if (relay->held && relay->most == RELAY_CHUNK)
		empty(relay);
}

bool relay_last(struct relay *relay)
{
	uint64_t most = relay->last ? relay->last : relay->seen + MOST_LEFT;

	relay->last = most;
	while (relay->ends.from >= 0 && !relay->held && relay->seen < most && fill(relay))
		;
	if (!relay->held)
		close_ends(relay);
	return relay->held != 0;
}
