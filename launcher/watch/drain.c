/* drain.c - what a run has said, once it has ended
 *
 * The program and all its kin are dead; what they wrote is still in the pipes. A destination that
 * takes nothing any more holds us up no longer than a signal or the wall time says.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "launcher/watch/watch.h"

enum { LAST_WORDS = 500 }; /* ms for slow readers, when a limit has ended the run */

/* A signal that the program would have got: does it ask the launcher, too, to end? */
static bool told_to_end(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (sys_read(watch->signalfd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (watch_ignores(watch, info.ssi_signo))
		return false;
	if (info.ssi_signo == SIGTSTP)
		watch_stop_too(watch);
	return info.ssi_signo == SIGHUP || info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT ||
	       info.ssi_signo == SIGTERM;
}

/* Waits for the destinations of what is left, for a signal, or for the end of the wall time; of a
 * run that a limit has ended until @last. False: the launcher is to stop here. */
static bool wait_for_readers(struct watch *watch, struct pollfd polls[STDIO_RELAYS + 1],
			     int64_t last)
{
	bool forever = watch->deadline < 0 && watch->cause == CAUSE_NONE;
	int64_t wait = (watch->cause != CAUSE_NONE ? last : watch->deadline) - watch_now();
	struct raw_timespec left = { 0 };
	long r;

	if (wait > 0)
		left = (struct raw_timespec){ wait / 1000, wait % 1000 * 1000000 };
	/* May fail: what readers have not taken is lost then, and the launcher says so. */
	r = sys_ppoll(polls, STDIO_RELAYS + 1, forever ? NULL : &left, NULL, 0);
	return r == -EINTR || (r > 0 && !(polls[0].revents && told_to_end(watch)));
}

/* The pump in place @i, of standard output, standard error, and the terminal; or NULL. */
static struct relay *output(const struct watch *watch, int i)
{
	if (i == STDIO_RELAYS)
		return watch->console.pumps ? &watch->console.pumps[CONSOLE_OUT] : NULL;
	return watch->relays ? &watch->relays[i] : NULL;
}

void drain(struct watch *watch)
{
	int64_t last = watch_now() + LAST_WORDS;
	bool left = true;

	while (left) {
		struct pollfd polls[STDIO_RELAYS + 1] = { { .fd = watch->signalfd,
							    .events = POLLIN } };

		left = false;
		for (int i = 1; i <= STDIO_RELAYS; i++) {
			struct relay *relay = output(watch, i);
			bool more = relay && relay_last(relay);

			if (relay && relay_stopped(relay) && watch->cause == CAUSE_NONE)
				watch->cause = CAUSE_OUTPUT;
			polls[i].fd = more ? relay->ends.to : -1;
			polls[i].events = POLLOUT;
			left |= more;
		}
		if (!left || !wait_for_readers(watch, polls, last))
			return;
		for (int i = 1; i <= STDIO_RELAYS; i++)
			if (polls[i].revents)
				relay_pump(output(watch, i));
	}
}
