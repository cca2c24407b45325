/* watch.h - what supervise.c and end.c share about one running sandbox */
#ifndef LAUNCHER_WATCH_WATCH_H
#define LAUNCHER_WATCH_WATCH_H

#include <signal.h>

#include "launcher/watch/audit.h"
#include "launcher/watch/console.h"
#include "launcher/watch/cputime.h"
#include "launcher/watch/job.h"
#include "launcher/watch/notify.h"
#include "launcher/watch/relay.h"
#include "launcher/watch/supervise.h"

/* Why the launcher ended the sandbox: the first reason stands, whatever came after it. */
enum watch_cause { CAUSE_NONE, CAUSE_WALL, CAUSE_CPU, CAUSE_OUTPUT };

struct watch {
	const struct supervised *of;
	struct relay *relays; /* STDIO_RELAYS, or NULL where there is none */
	int signalfd;
	int link; /* from which the handover comes, and word that the program stopped; or -1 */
	bool handed_over;
	struct console console;
	bool shares; /* the program has the user's terminal itself */
	int program; /* its pid and its process group, as we number them; 0: not told */
	struct job job;
	bool woken;          /* from a stop, by the clock */
	int64_t interrupted; /* when the last SIGINT came, ms */
	int64_t begin;       /* ms, CLOCK_MONOTONIC */
	int64_t at;          /* the time of this round */
	int64_t deadline;    /* ms, or -1 */
	bool late;           /* the deadline was moved because the program began after `begin` */
	enum watch_cause cause;
	struct denials *denials; /* where they are reported, or a listener wants them */
	struct notify notify;
	struct audit audit;
	bool timing; /* CPU time is measured */
	struct cputime cpu;
	bool guarded; /* this process is confined, and may take what comes from the program */
	int lost; /* -errno: it cannot be held to its plan, and was ended; the reason is in @why */
	struct err why;
	int stopped_by; /* a signal that came before the program was there */
	siginfo_t info; /* of pid 1's end, si_pid 0 until then */
	struct rusage usage;
};

/* watch_now() - ms of CLOCK_MONOTONIC. */
int64_t watch_now(void);

/* watch_ignores() - does the caller ignore @signal (`nohup`, a script's `&`)? The launcher then
 * does so too. The program, which has begun with the same, is told all the same: it may have
 * installed a handler. */
bool watch_ignores(const struct watch *watch, unsigned int signal);

/* watch_stop_too() - stop as the program has: the user's shell gets its terminal back, as if the
 * program ran in it. SIGCONT goes on. */
void watch_stop_too(struct watch *watch);

/* drain() - move what is left in the pipes of a run that has ended. */
void drain(struct watch *watch);

/* end_conclude() - how it ended, decided once, from what the kernel says: pid 1's record of the
 * program, or pid 1's own end, and why the launcher intervened if it did. Returns 0, or -errno with
 * @err where the program was never executed. */
int end_conclude(struct watch *watch, struct outcome *outcome, struct err *err);

#endif
