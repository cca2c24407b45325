/* notify.h - the supervisor's end of a seccomp listener: it decides as the policy says, and records
 *
 * Where denied calls are to be reported, the filter hands them here in place of deciding itself
 * (stage/filters.c). The decision is taken from the numbers in the notification alone, by the same
 * rules; what pointers lead to is read for the record only, never believed. A call that nobody
 * answers any more fails with ENOSYS: the kernel says so as soon as the listener is closed.
 */
#ifndef LAUNCHER_WATCH_NOTIFY_H
#define LAUNCHER_WATCH_NOTIFY_H

#include <linux/seccomp.h>

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/denials.h"

enum { NOTIFY_KNOWN = 16 };

/* What became of a call: the same numbers are decided the same again. */
struct notify_known {
	struct seccomp_data call; /* but for its place, which decides nothing */
	bool set;
	bool plain; /* no argument leads to more, so it is the same record too */
	uint32_t action;
	const char *origin;
	size_t record;
};

struct notify {
	int listener; /* -1: none, or no process is left that it is for */
	const struct plan *plan;
	struct denials *denials; /* the caller's */
	int program;             /* the program's pid inside */
	bool killed_program;     /* by a rule */
	struct notify_known known[NOTIFY_KNOWN];
};

/* notify_start() - take @listener, which is owned from here on. Returns 0 or -errno with @err. */
int notify_start(struct notify *notify, int listener, const struct plan *plan, int program,
		 struct denials *denials, struct err *err);

/* notify_answer() - the notification that poll(2) says is there, and more that come at once. */
void notify_answer(struct notify *notify);

/* notify_finish() - close the listener. */
void notify_finish(struct notify *notify);

#endif
