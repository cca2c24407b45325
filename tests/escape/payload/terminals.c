/* terminals.c - what can be done to a terminal by its descriptor (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "payload.h"

/* Types a byte into the terminal of each standard file and into /dev/tty; with a bit set above the
 * 32 that the kernel looks at, too (CVE-2019-10063). */
static int inject(int count, char **arguments)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	static const char *const names[] = { "0", "1", "2", "tty" };

	(void)count;
	(void)arguments;
	for (int i = 0; i < 4; i++) {
		int fd = i < 3 ? i : terminal;

		(void)say(names[i], ioctl(fd, TIOCSTI, "x"));
		(void)say(names[i], syscall(SYS_ioctl, fd, (1L << 32) | TIOCSTI, "x"));
	}
	return 0;
}

/* The console's requests: paste and keyboard. Subcode 6 only asks for the shift state. */
static int console(int count, char **arguments)
{
	char sub = 6;

	(void)count;
	(void)arguments;
	(void)say("TIOCLINUX", ioctl(0, TIOCLINUX, &sub));
	return say("TIOCLINUX", syscall(SYS_ioctl, 0L, (1L << 32) | TIOCLINUX, &sub));
}

/* Requests that take a terminal, or the console's messages, from others. */
static int take(int count, char **arguments)
{
	int slip = 1;  /* a line discipline that needs CAP_NET_ADMIN */
	int plain = 0; /* one that everybody may set */

	(void)count;
	(void)arguments;
	(void)say("TIOCSCTTY", ioctl(0, TIOCSCTTY, 1));
	(void)say("TIOCCONS", ioctl(0, TIOCCONS));
	(void)say("TIOCSETD", ioctl(0, TIOCSETD, &slip));
	(void)say("N_TTY", ioctl(0, TIOCSETD, &plain));
	(void)say("TIOCEXCL", ioctl(0, TIOCEXCL));
	(void)ioctl(0, TIOCNXCL);
	return say("TIOCVHANGUP", ioctl(0, 0x5437));
}

const struct payload terminals_payloads[] = {
	{ "inject", inject },
	{ "console", console },
	{ "take-terminal", take },
	{ NULL, NULL },
};
