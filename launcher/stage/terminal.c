/* terminal.c - a terminal of the sandbox's own (see terminal.h)
 *
 * Sources: pty(7), ioctl_tty(2).
 */
#include "launcher/stage/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

bool terminal_wanted(const struct setup *setup)
{
	return setup->streams[0].terminal || setup->streams[1].terminal ||
	       setup->streams[2].terminal;
}

bool terminal_shared(const struct setup *setup)
{
	return setup->plan->process.keep_session && setup->plan->process.init;
}

bool terminal_is(int fd)
{
	struct winsize size;

	/* May fail: what cannot say so counts as none. */
	return sys_ioctl(fd, TIOCGWINSZ, &size) == 0;
}

static int failed(struct err *err, long error)
{
	return err_set(err, STAGE_DEVICES, (int)error,
		       error == -ENOENT ? "mount a dev \"/dev\", or say process.tty = false" : NULL,
		       "/dev/ptmx");
}

/* The user's own, which still lies there, lends its size and its modes. */
static void copy_modes(int from, int to)
{
	struct raw_termios modes;
	struct winsize size;

	if (sys_ioctl(from, TIOCGWINSZ, &size) == 0)
		(void)sys_ioctl(to, TIOCSWINSZ, &size);
	if (sys_ioctl(from, RAW_TCGETS, &modes) == 0)
		(void)sys_ioctl(to, RAW_TCSETS, &modes);
}

int terminal_open(struct setup *setup, struct err *err)
{
	int master;
	int slave = -1;
	int unlocked = 0;
	int from = -1;
	long r = 0;

	if (!terminal_wanted(setup))
		return 0;
	master = (int)sys_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
				 0);
	if (master < 0)
		return failed(err, master);
	r = sys_ioctl(master, TIOCSPTLCK, &unlocked);
	if (r == 0)
		r = slave = (int)sys_ioctl(master, TIOCGPTPEER,
					   (void *)(uintptr_t)(O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (r < 0)
		return failed(err, r);
	for (int i = 2; i >= 0; i--)
		if (setup->streams[i].terminal && terminal_is(i))
			from = i;
	if (from >= 0)
		copy_modes(from, slave);
	for (int i = 0; i < 3; i++) {
		r = setup->streams[i].terminal ? sys_dup3(slave, i, 0) : 0;
		if (r < 0)
			return failed(err, r);
	}
	setup->shared->master = master;
	setup->shared->slave = slave;
	return 0;
}

int terminal_lead(const struct setup *setup, struct err *err)
{
	long r = setup->shared->slave ? sys_ioctl(setup->shared->slave, TIOCSCTTY, NULL) : 0;

	return r < 0 ? failed(err, r) : 0;
}
