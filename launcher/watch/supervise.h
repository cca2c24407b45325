/* supervise.h - the launcher's half of a running sandbox: signals, time, relays, and the end */
#ifndef LAUNCHER_WATCH_SUPERVISE_H
#define LAUNCHER_WATCH_SUPERVISE_H

#include "launcher/base/confine.h"
#include "launcher/stage/setup.h"
#include "launcher/stage/stdio.h"

struct supervised {
	const struct setup *setup;
	int pid; /* pid 1 of the sandbox, our child: its number stays its own until we have waited */
	int audit;        /* the kernel's log (watch/audit.h), or -1 */
	int link;         /* the launcher's end of the link, where a handover comes, or -1 */
	uint64_t signals; /* blocked ones: to be passed on, and SIGCHLD */
	uint64_t ignored; /* of these, those that the caller ignores */
	struct stdio_relay *relays;  /* STDIO_RELAYS of them */
	struct confine_needs *needs; /* of what follows */
};

/* supervise() - until nothing of the sandbox is left
 * Passes signals on, ends the sandbox at its wall time (SIGTERM first where there is a grace
 * period), runs the relays to their end. Confines this process before anything comes from the
 * program (guard.h). Fills the ending of @outcome. Returns 0 when the program
 * had been executed; otherwise -errno with the set-up's own error in @err.
 */
int supervise(const struct supervised *supervised, struct outcome *outcome, struct err *err);

#endif
