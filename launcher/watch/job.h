/* job.h - this process as a job of its user's shell: stopped with the program, and continued */
#ifndef LAUNCHER_WATCH_JOB_H
#define LAUNCHER_WATCH_JOB_H

#include <stdbool.h>

#include "lua/raw/calls.h"

struct job {
	bool timed; /* there is a timer */
	int timer;
};

/* job_is() - may a stop of this process be undone? Not where its group is an orphan: no shell
 * would. */
bool job_is(void);

/* job_stop() - stop, with the whole group if @group says so, until somebody sends SIGCONT
 * Not all of the program need have stopped, so the clock does that too, after @due (NULL: never),
 * and tells it by the signal's SI_TIMER. */
void job_stop(struct job *job, bool group, const struct raw_timespec *due);

#endif
