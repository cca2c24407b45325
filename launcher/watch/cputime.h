/* cputime.h - the CPU time of all of a sandbox's processes
 *
 * A cgroup of the sandbox's own counts exactly what ran in it, set-up included. Where there is none
 * there are two sources, of which the greater is believed. A task-clock counter that every process
 * inherits from pid 1 (perf_event_open(2)) is exact and sees processes as they run, but not those
 * that execute a file that they may not read: the kernel takes counters away there. A scan of the
 * sandbox's /proc sees all that run, and of those that ended what somebody has waited for; children
 * that are reaped unseen are lost. Where the scan is all there is, or says more than the counter,
 * the figure is approximate.
 */
#ifndef LAUNCHER_WATCH_CPUTIME_H
#define LAUNCHER_WATCH_CPUTIME_H

#include <stdbool.h>
#include <stdint.h>

/* Descriptors that may be -1. */
struct cputime_sources {
	int stat;        /* cpu.stat of a cgroup that is the sandbox's alone */
	uint64_t set_up; /* ns of what it has counted that are not the program's */
	int counter;
	int proc; /* a procfs of the sandbox's pid namespace */
};

struct cputime {
	struct cputime_sources from;
	uint64_t limit; /* ns */
	uint64_t used;  /* ns, as far as is known */
	uint64_t sum;   /* of the last scan, and what had vanished from one to the next */
	uint64_t lost;
	int64_t next; /* when to look again: ms of CLOCK_MONOTONIC */
	int64_t next_scan;
	unsigned int cpus;
	bool settled; /* the first look finds out how to look */
	bool approximate;
};

/* cputime_open() - a counter of the calling thread and of all it will make, running in each from
 * its next execve on. Returns a close-on-exec descriptor or -errno (EACCES:
 * kernel.perf_event_paranoid). */
int cputime_open(void);

/* cputime_start() - begin to watch; the descriptors are owned from here on. @limit: ns; @now: ms of
 * CLOCK_MONOTONIC. */
void cputime_start(struct cputime *time, const struct cputime_sources *from, uint64_t limit,
		   int64_t now);

/* cputime_look() - measure, if it is time to; sets time->next. True: the limit is passed. */
bool cputime_look(struct cputime *time, int64_t now);

/* cputime_end() - the last word, with @waited: what pid 1 has got by waiting. */
bool cputime_end(struct cputime *time, uint64_t waited);

void cputime_finish(struct cputime *time);

/* cputime_parse() - ns of utime and stime (unless @children) and of waited-for children that a line
 * of /proc/PID/stat gives; 0 where it is none. */
uint64_t cputime_parse(const char *line, bool children);

#endif
