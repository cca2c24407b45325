/* test_relay.c - the pump between a program's pipe and what it writes to, and its limit */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "launcher/watch/relay.h"
#include "tests/unit/tap.h"

struct ends {
	int in[2];
	int out[2];
	struct relay *relay;
};

static void begin(struct ends *ends, bool kept, struct relay_limit limit)
{
	struct stdio_relay both;

	ends->relay = calloc(1, sizeof(*ends->relay));
	if (sys_pipe2(ends->in, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    sys_pipe2(ends->out, O_CLOEXEC | O_NONBLOCK) < 0 || !ends->relay)
		abort();
	(void)sys_fcntl(ends->out[1], F_SETFL, O_WRONLY); /* as a program's caller has it */
	both = (struct stdio_relay){ ends->in[0], kept ? -1 : ends->out[1] };
	relay_start(ends->relay, &both, &limit);
}

static void end(struct ends *ends)
{
	relay_finish(ends->relay);
	free(ends->relay);
	fd_close(&ends->in[1]);
	fd_close(&ends->out[0]);
}

/* What comes out when @bytes go in, at most 99 of them; the rounds that the pump may need. */
static const char *through(struct ends *ends, const char *bytes)
{
	static char out[100];
	long got;

	(void)sys_write(ends->in[1], bytes, strlen(bytes));
	for (int i = 0; i < 4; i++) {
		short events;

		if (relay_want(ends->relay, &events) >= 0)
			relay_pump(ends->relay);
	}
	got = sys_read(ends->out[0], out, sizeof(out) - 1);
	out[got > 0 ? got : 0] = '\0';
	return out;
}

static void check_limits(void)
{
	struct ends ends;

	begin(&ends, false, (struct relay_limit){ 0 });
	is_text(through(&ends, "hello"), "hello", "without a limit all of it passes");
	end(&ends);
	begin(&ends, false, (struct relay_limit){ true, false, 5 });
	is_text(through(&ends, "1234"), "1234", "less than the limit");
	ok(!relay_stopped(ends.relay) && !ends.relay->over, "is not over it");
	is_text(through(&ends, "5"), "5", "the limit itself");
	ok(!relay_stopped(ends.relay) && !ends.relay->over, "is not over it");
	is_text(through(&ends, "6"), "", "nothing past the limit");
	ok(relay_stopped(ends.relay) && ends.relay->over, "which is over it");
	end(&ends);
	begin(&ends, false, (struct relay_limit){ true, false, 3 });
	is_text(through(&ends, "123456"), "123", "what is within the limit passes");
	ok(relay_stopped(ends.relay), "the rest stops the pump");
	end(&ends);
	begin(&ends, false, (struct relay_limit){ true, true, 3 });
	is_text(through(&ends, "123456"), "123", "the same where the rest is thrown away");
	is_text(through(&ends, "789"), "", "for ever");
	ok(!relay_stopped(ends.relay) && ends.relay->over, "which does not stop it");
	is_number(ends.relay->seen, 9, "all of it is counted");
	end(&ends);
}

static void check_kept(void)
{
	struct ends ends;

	begin(&ends, true, (struct relay_limit){ true, true, 4 });
	(void)through(&ends, "abc");
	(void)sys_write(ends.in[1], "def", 3);
	ok(!relay_last(ends.relay), "what is left at the end is taken at once");
	is_number(ends.relay->kept.length, 4, "an output is kept up to its limit");
	ok(memcmp(ends.relay->kept.data, "abcd", 4) == 0, "as it came");
	end(&ends);
}

/* Somebody outside who has the pipe and goes on writing must not keep the launcher for ever. */
static void check_last(void)
{
	struct ends ends;
	char block[4096] = { 0 };
	int rounds = 0;
	long put = 0;

	begin(&ends, false, (struct relay_limit){ true, true, 10 });
	for (; rounds < 2000; rounds++) {
		put = sys_write(ends.in[1], block, sizeof(block));
		if (!relay_last(ends.relay) && ends.relay->ends.from < 0)
			break;
		if (ends.relay->held)
			relay_pump(ends.relay);
	}
	ok(rounds < 1000, "the pump ends though more comes (%d rounds, %ld)", rounds, put);
	end(&ends);
}

/* The program may have the pipe too, as a FIFO, and fill it between the poll and the write of the
 * pump. */
static void check_filled(void)
{
	struct ends ends;
	char block[4096] = { 0 };
	char self[32];
	int other;

	begin(&ends, false, (struct relay_limit){ 0 });
	snprintf(self, sizeof(self), "/proc/self/fd/%d", ends.out[0]);
	other = (int)sys_openat(AT_FDCWD, self, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
	while (sys_write(other, block, sizeof(block)) > 0)
		;
	alarm(5); /* a pump that waits is killed */
	(void)through(&ends, "x");
	alarm(0);
	is_number(ends.relay->held, 1, "what finds no room is held, and nothing waits");
	fd_close(&other);
	end(&ends);
}

/* A pump whose source lets a read wait, as a program's caller has it. */
static void begin_waiting(struct ends *ends, const char *bytes, bool writer)
{
	const struct relay_limit limit = { true, true, 4 };
	struct stdio_relay both = { .to = -1 };

	begin(ends, true, limit);
	both.from = take_fd(&ends->relay->ends.from);
	relay_finish(ends->relay);
	(void)sys_fcntl(both.from, F_SETFL, 0);
	(void)sys_write(ends->in[1], bytes, strlen(bytes));
	if (!writer)
		fd_close(&ends->in[1]);
	relay_start(ends->relay, &both, &limit);
}

/* It may empty it as well, between the poll and the read. */
static void check_emptied(void)
{
	struct ends ends;

	begin_waiting(&ends, "", true);
	alarm(5); /* a pump that waits is killed */
	relay_pump(ends.relay);
	alarm(0);
	ok(ends.relay->ends.from >= 0, "what another reader has taken is not waited for");
	end(&ends);
}

/* The last writer may be gone before the pump begins. */
static void check_left(void)
{
	struct ends ends;

	begin_waiting(&ends, "end", false);
	for (int i = 0; i < 2; i++) {
		struct raw_timespec patience = { .seconds = 5 };
		struct pollfd poll = { 0 };

		poll.fd = relay_want(ends.relay, &poll.events);
		if (poll.fd >= 0 && sys_ppoll(&poll, 1, &patience, NULL, 0) > 0)
			relay_pump(ends.relay);
	}
	is_number(ends.relay->kept.length, 3, "what a writer left who is gone is read");
	is_number(ends.relay->ends.from, -1, "and the end is seen");
	end(&ends);
}

static void check_broken(void)
{
	struct ends ends;
	uint64_t pipe = 1ull << (SIGPIPE - 1);

	(void)sys_rt_sigprocmask(SIG_BLOCK, &pipe, NULL, sizeof(pipe));
	begin(&ends, false, (struct relay_limit){ 0 });
	fd_close(&ends.out[0]);
	(void)through(&ends, "x");
	is_number(ends.relay->ends.from, -1, "a reader who is gone ends the pump");
	end(&ends);
}

int main(void)
{
	check_limits();
	check_kept();
	check_last();
	check_filled();
	check_emptied();
	check_left();
	check_broken();
	return done();
}
