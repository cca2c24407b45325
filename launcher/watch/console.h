/* console.h - the user's terminal, joined to the one that the sandbox has
 *
 * What the user types goes to the sandbox's terminal as it is, since that one knows lines, echo and
 * the keys that make signals; what it shows goes to the user. The user's terminal is raw meanwhile,
 * and gets its modes back whenever the launcher stops or ends.
 */
#ifndef LAUNCHER_WATCH_CONSOLE_H
#define LAUNCHER_WATCH_CONSOLE_H

#include "launcher/stage/handover.h"
#include "launcher/watch/relay.h"

struct console {
	int user;   /* the user's terminal, or -1 */
	int master; /* the sandbox's; -1: there is no console */
	int slave;
	bool typed; /* the user types there, so it is to be raw */
	bool raw;
	bool ended;                /* the input's end was passed on */
	int64_t rest;              /* when what the user types is looked at again */
	struct raw_termios before; /* the user's modes, valid while raw */
	struct relay *pumps;       /* towards the sandbox, and from it */
};

enum { CONSOLE_PUMPS = 2, CONSOLE_IN = 0, CONSOLE_OUT = 1 };

/* console_start() - join the two; the descriptors are owned from here on. @limit is for what the
 * sandbox shows. Returns 0 or -errno. */
int console_start(struct console *console, const struct setup *setup,
		  const struct handover *handover, const struct relay_limit *limit);

/* console_want() - what to poll for, as relay_want(). @now: ms of CLOCK_MONOTONIC. */
int console_want(const struct console *console, int pump, int64_t now, short *events);

/* console_pump() - move what a pump, which poll(2) says is ready, has. */
void console_pump(struct console *console, int pump, int64_t now);

/* console_resume() - the user looks at it (again): the size, and raw modes if it is ours to read.
 * console_leave(): give the modes back. Neither touches a terminal whose foreground another has. */
void console_resume(struct console *console);
void console_leave(struct console *console);

/* console_is_front() - has this process's group the user's terminal? */
bool console_is_front(const struct console *console);

void console_finish(struct console *console);

#endif
