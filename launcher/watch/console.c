/* console.c - the user's terminal, joined to the sandbox's (see console.h)
 *
 * Sources: termios(3) (cfmakeraw), ioctl_tty(2).
 */
#include "launcher/watch/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "launcher/stage/terminal.h"

enum { REST = 100 }; /* ms that input of the shell's is given to be taken */

/* The user's terminal in a description of our own, on which nothing waits; else as it was given. */
static int open_user(int fd)
{
	char self[32];
	int own;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	/* May fail: the caller's own description does as well, only a write may wait on it. */
	own = (int)sys_openat(AT_FDCWD, self, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	return own >= 0 ? own : fd;
}

static int copy(int fd)
{
	return (int)sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* A pump each way. What the sandbox shows goes to the first output that its terminal stands for. */
static int start_pumps(struct console *console, const struct setup *setup,
		       const struct relay_limit *limit)
{
	const struct relay_limit none = { 0 };
	struct stdio_relay in = { .from = -1, .to = -1 };
	struct stdio_relay out = { .from = copy(console->master), .to = console->user };

	if (setup->streams[0].terminal) {
		in.from = console->typed && console->user > 2 ? copy(console->user) : 0;
		in.to = copy(console->master);
	}
	if (setup->streams[1].terminal)
		out.to = 1;
	else if (setup->streams[2].terminal)
		out.to = 2;
	else
		out.to = console->user > 2 ? copy(console->user) : console->user;
	console->pumps = calloc(CONSOLE_PUMPS, sizeof(*console->pumps));
	if (!console->pumps)
		return -ENOMEM;
	if (out.from < 0 || (setup->streams[0].terminal && (in.from < 0 || in.to < 0)))
		return -EMFILE;
	relay_start(&console->pumps[CONSOLE_IN], &in, &none);
	relay_start(&console->pumps[CONSOLE_OUT], &out, limit);
	return 0;
}

int console_start(struct console *console, const struct setup *setup,
		  const struct handover *handover, const struct relay_limit *limit)
{
	int r;

	*console = (struct console){ .user = -1,
				     .master = handover->master,
				     .slave = handover->slave };
	for (int i = 2; i >= 0; i--)
		if (setup->streams[i].terminal && terminal_is(i))
			console->user = i;
	console->typed = console->user == 0;
	if (console->user >= 0)
		console->user = open_user(console->user);
	r = start_pumps(console, setup, limit);
	console_resume(console);
	return r;
}

/* Has another group the user's terminal? Where that is not this session's, nobody does. */
static bool is_behind(const struct console *console)
{
	int group = 0;

	return console->typed && sys_ioctl(console->user, TIOCGPGRP, &group) == 0 &&
	       group != sys_getpgid(0);
}

int console_want(const struct console *console, int pump, int64_t now, short *events)
{
	if (pump == CONSOLE_IN && now < console->rest)
		return -1;
	return relay_want(&console->pumps[pump], events);
}

/* What the user types while this process is in the background is for his shell, and to read it
 * would stop this process with the limits that it holds. A shell need not say when it brings a job
 * that runs to the front.
 *
 * A terminal has no end: the key for it says that the input is over. */
void console_pump(struct console *console, int pump, int64_t now)
{
	const char end_of_file = 4;

	if (pump == CONSOLE_IN && !console->pumps[pump].held && is_behind(console)) {
		console->rest = now + REST;
		return;
	}
	if (pump == CONSOLE_IN && !console->raw)
		console_resume(console);
	relay_pump(&console->pumps[pump]);
	if (pump == CONSOLE_IN && !console->ended && console->pumps[CONSOLE_IN].ends.from < 0) {
		console->ended = true;
		/* May fail: the program reads on, and nothing comes. */
		(void)sys_write(console->master, &end_of_file, 1);
	}
}

bool console_is_front(const struct console *console)
{
	int group = 0;

	return console->user >= 0 && sys_ioctl(console->user, TIOCGPGRP, &group) == 0 &&
	       group == sys_getpgid(0);
}

static void make_raw(struct raw_termios *modes)
{
	modes->input &=
		~(uint32_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	modes->output &= ~(uint32_t)OPOST;
	modes->local &= ~(uint32_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	modes->control = (modes->control & ~(uint32_t)(CSIZE | PARENB)) | CS8;
	modes->characters[VMIN] = 1;
	modes->characters[VTIME] = 0;
}

/* The modes change at once: to wait until what was written is out (TCSETSW) may take for ever where
 * the other side has stopped the flow. */
void console_resume(struct console *console)
{
	struct raw_termios modes;
	struct winsize size;

	if (console->user < 0)
		return;
	if (sys_ioctl(console->user, TIOCGWINSZ, &size) == 0)
		(void)sys_ioctl(console->master, TIOCSWINSZ, &size);
	if (!console->typed || console->raw || !console_is_front(console) ||
	    sys_ioctl(console->user, RAW_TCGETS, &console->before) < 0)
		return;
	modes = console->before;
	make_raw(&modes);
	console->raw = sys_ioctl(console->user, RAW_TCSETS, &modes) == 0;
}

void console_leave(struct console *console)
{
	if (console->raw && console_is_front(console))
		(void)sys_ioctl(console->user, RAW_TCSETS, &console->before);
	console->raw = false;
}

void console_finish(struct console *console)
{
	if (console->master < 0)
		return;
	console_leave(console);
	for (int i = 0; console->pumps && i < CONSOLE_PUMPS; i++)
		relay_finish(&console->pumps[i]);
	free(console->pumps);
	console->pumps = NULL;
	if (console->user > 2)
		fd_close(&console->user);
	fd_close(&console->master);
	fd_close(&console->slave);
}
