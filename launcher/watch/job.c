/* job.c - this process as a job of its user's shell (see job.h)
 *
 * Sources: timer_create(2), signal(7).
 */
#include "launcher/watch/job.h"

#include <signal.h>
#include <time.h>

enum { SHORTEST = 100000000 }; /* ns, of a stop */

bool job_is(void)
{
	long session = sys_getsid(0);

	/* The group of a session's leader has no shell above it: `ssh -t HOST 'lunette ...; ...'`. */
	return session != sys_getpgid(0) && sys_getsid((int)sys_getppid()) == session;
}

/* It goes off again and again: the first time may come just before the stop. A stop is long enough
 * for a shell to see it, on a busy machine too. */
static void set_alarm(struct job *job, const struct raw_timespec *due)
{
	struct sigevent event = { .sigev_signo = SIGCONT, .sigev_notify = SIGEV_SIGNAL };
	struct raw_itimerspec times = { .interval = { .seconds = 1 }, .value = *due };

	if (!times.value.seconds && times.value.nanoseconds < SHORTEST)
		times.value.nanoseconds = SHORTEST;
	if (!job->timed)
		job->timed = sys_timer_create(CLOCK_MONOTONIC, &event, &job->timer) == 0;
	if (job->timed)
		(void)sys_timer_settime(job->timer, 0, &times, NULL);
}

void job_stop(struct job *job, bool group, const struct raw_timespec *due)
{
	const struct raw_itimerspec never = { 0 };

	if (due)
		set_alarm(job, due);
	if (group)
		(void)sys_kill(0, SIGTSTP);
	(void)sys_kill((int)sys_getpid(), SIGSTOP);
	if (job->timed)
		(void)sys_timer_settime(job->timer, 0, &never, NULL);
}
