/* stops.h - looks at file systems that may never answer
 *
 * A launcher blocks the signals that stop a launch, and hears of them where it waits. A process
 * that waits for a file system (a FUSE without its daemon, a server that is gone) hears of nothing,
 * and only a signal that ends it ends the wait. So around what opens a path of the user's these
 * signals are let through: the launcher dies of one there, and its sandbox with it. What has come
 * before is taken first, since a launcher that goes on can say why it ends.
 *
 * @stops: signals as bits, which are blocked; 0 does nothing
 */
#ifndef LAUNCHER_BASE_STOPS_H
#define LAUNCHER_BASE_STOPS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/err.h"
#include "lua/raw/calls.h"

/* stops_take() - one that has come, and is taken, or 0 */
static inline int stops_take(uint64_t stops)
{
	const struct raw_timespec now = { 0 };
	/* May fail: EAGAIN says that none has come. */
	long signal = stops ? sys_rt_sigtimedwait(&stops, NULL, &now, sizeof(stops)) : 0;

	return signal > 0 ? (int)signal : 0;
}

/* stops_let_through() - from here to stops_block() a stop ends this process; one that came before
 * is the error. Returns 0 or -EINTR. */
static inline int stops_let_through(uint64_t stops, struct err *err)
{
	int signal = stops_take(stops);

	if (signal)
		return err_stopped(err, signal);
	if (stops)
		(void)sys_rt_sigprocmask(SIG_UNBLOCK, &stops, NULL, sizeof(stops));
	return 0;
}

static inline void stops_block(uint64_t stops)
{
	if (stops)
		(void)sys_rt_sigprocmask(SIG_BLOCK, &stops, NULL, sizeof(stops));
}

#endif
