/* stdio.h - the program's standard files, so that none can be opened again with more rights
 *
 * A descriptor of a regular file is a way back to the file: /proc/self/fd/0 can be opened for
 * writing, truncated, its mode changed, also under a read-only root. So a regular file as standard
 * input is opened again, read-only, through a read-only detached mount of its path, which keeps it
 * seekable; where its path cannot be found, and for outputs, a relay copies between the file and a
 * pipe. So is a terminal, for reading and writing as it was: whose user the program is could let
 * others have it. Pipes and sockets are passed as they are, unless the plan limits the program's
 * output, which only a relay can count, or keeps it for the report. A directory or block device is
 * refused.
 */
#ifndef LAUNCHER_STAGE_STDIO_H
#define LAUNCHER_STAGE_STDIO_H

#include "launcher/stage/setup.h"

/* A pump that the supervisor runs: bytes from @from, -1 where there is no pump, to @to until the
 * end; an output without a @to is kept for the report. */
struct stdio_relay {
	int from;
	int to;
};

enum { STDIO_RELAYS = 3 };

/* stdio_prepare() - in the launcher, before the clone: decide each stream
 * Fills setup->streams and @relays. @ends: descriptors that only the program may keep; the launcher
 * closes them after the clone.
 */
int stdio_prepare(struct setup *setup, struct stdio_relay relays[STDIO_RELAYS],
		  int ends[STDIO_RELAYS], struct err *err);

/* stdio_give() - in a privileged launcher, once the plan is known: the program is nobody on the
 * host and could not open /dev/stdout again, a pipe that root made. An anonymous pipe has no name,
 * so its new owner concerns the holders of its ends only. */
void stdio_give(const struct setup *setup, const struct stdio_relay relays[STDIO_RELAYS]);

/* stdio_send(), stdio_receive() - setup->streams, to a set-up process that was made before they
 * were decided. Closes the descriptors that are sent. */
int stdio_send(const struct setup *setup, int link);
int stdio_receive(struct setup *setup, struct err *err);

/* stdio_reopen() - in the set-up process of an ordinary caller, while the host's root is there. (A
 * privileged launcher has done it in stdio_prepare().) */
int stdio_reopen(struct setup *setup, struct err *err);

/* stdio_apply() - in the set-up process: put the streams at 0, 1 and 2, and let go of what lay
 * there. */
int stdio_apply(struct setup *setup, struct err *err);

#endif
