/* handover.h - descriptors that come to be inside the sandbox and that only the supervisor may keep
 *
 * A seccomp listener is made by the very call after which the program-to-be can do nothing but
 * execve, so it shares its descriptors with pid 1, which is still there when execve has taken them
 * from the program, and sends them on. What pid 1 has itself goes the same way.
 */
#ifndef LAUNCHER_STAGE_HANDOVER_H
#define LAUNCHER_STAGE_HANDOVER_H

#include "launcher/stage/setup.h"

struct handover {
	int listener;        /* seccomp's; each of them -1 where there is none */
	int counter;         /* of CPU time */
	int proc;            /* a procfs of the sandbox */
	int master;          /* of its terminal */
	int slave;           /* held open, so that the master has no end before the sandbox has */
	int program;         /* no descriptor: its pid, as whoever reads it numbers processes */
	unsigned char heard; /* handover_stopped()'s */
};

#define HANDOVER_NONE ((struct handover){ -1, -1, -1, -1, -1, -1, 0 })

/* handover_wanted() - is there anything that the plan needs pid 1 to hand over? */
bool handover_wanted(const struct setup *setup);

/* handover_send() - in pid 1, over its end of the link. */
int handover_send(const struct handover *handover, int link);

/* handover_stopped() - in pid 1, later: the program has stopped. @heard: shared->continued when it
 * last passed on SIGCONT. Nobody need hear it. */
void handover_stopped(int link, unsigned char heard);

/* handover_expect() - in the launcher, before the first handover_receive(): with the pid. */
void handover_expect(int link);

/* handover_receive() - in the launcher: what has come. Returns 1, 0 at the end of the link, or
 * -errno. */
int handover_receive(struct handover *handover, int link);

/* handover_drop() - in the launcher: closes what has come where nothing was to come. */
void handover_drop(struct handover *handover);

#endif
