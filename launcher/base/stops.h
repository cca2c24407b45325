/* stops.h - looks at file systems that may never answer
 *
 * A launcher blocks the signals that stop a launch, and hears of them where it waits. A process
 * that waits for a file system (a FUSE without its daemon, a server that is gone) hears of nothing,
 * and only a signal that ends it ends the wait. So around what opens a path of the user's these
 * signals are let through: the launcher dies of one there, and its sandbox with it.
 *
 * @stops: signals as bits, which are blocked; 0 does nothing
 */
#ifndef LAUNCHER_BASE_STOPS_H
#define LAUNCHER_BASE_STOPS_H

#include <signal.h>
#include <stdint.h>

#include "lua/raw/calls.h"

static inline void stops_let_through(uint64_t stops)
{
	if (stops)
		(void)sys_rt_sigprocmask(SIG_UNBLOCK, &stops, NULL, sizeof(stops));
}

static inline void stops_block(uint64_t stops)
{
	if (stops)
		(void)sys_rt_sigprocmask(SIG_BLOCK, &stops, NULL, sizeof(stops));
}

#endif
