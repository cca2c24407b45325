/* trial.h - one access of Landlock's kind, made in place of the program, to see what comes of it
 *
 * It is made twice, before and under Landlock, so that whose refusal it is can be told. Only what
 * changes nothing is tried.
 */
#ifndef LAUNCHER_STAGE_TRIAL_H
#define LAUNCHER_STAGE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

struct trial {
	bool net;        /* `right` is one of the net rights, else of the fs ones */
	uint64_t right;  /* one bit (policy/tables.h) */
	char path[4096]; /* inside; its own, since pid 1 wipes the arguments */
	uint16_t port;
};

enum { TRIAL_BEFORE, TRIAL_UNDER, TRIALS };

/* TRIAL_NOT_MADE: this right cannot be tried without changing something, or not on this kernel; but
 * where something has to be written to, it could be. */
enum { TRIAL_NOT_MADE = 1 };

/* trial_run() - 0, -errno or TRIAL_NOT_MADE. Execution is tried by AT_EXECVE_CHECK, Linux 6.14. */
int trial_run(const struct trial *trial);

#endif
