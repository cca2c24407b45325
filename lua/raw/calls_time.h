/* calls_time.h - the system calls of clocks and timers, in the manner of calls.h
 *
 * Included through calls.h, whose rules hold here: the kernel's own order and width, the value or
 * -errno, and nothing but the call.
 */
#ifndef LUA_RAW_CALLS_TIME_H
#define LUA_RAW_CALLS_TIME_H

#include "lua/raw/entry.h"
#include "lua/raw/uapi.h"
#include "raw/number.h"

static inline long sys_clock_gettime(int clock, struct raw_timespec *ts)
{
	return raw_entry(RAW_clock_gettime, (long)clock, (long)ts, 0, 0, 0, 0);
}

/* @event: the kernel's struct sigevent is the C library's, as far as a signal goes. */
static inline long sys_timer_create(int clock, const void *event, int *id)
{
	return raw_entry(RAW_timer_create, (long)clock, (long)event, (long)id, 0, 0, 0);
}

static inline long sys_timer_settime(int id, int flags, const struct raw_itimerspec *times,
				     struct raw_itimerspec *old)
{
	return raw_entry(RAW_timer_settime, (long)id, (long)flags, (long)times, (long)old, 0, 0);
}

#endif
