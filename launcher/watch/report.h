/* report.h - the machine-readable account of a launch (design.md, part 4: The report)
 *
 * The destination is opened before the launch, so that a path means what it meant then and a fault
 * is known early; the object is written once, at the end.
 */
#ifndef LAUNCHER_WATCH_REPORT_H
#define LAUNCHER_WATCH_REPORT_H

#include "launcher/base/base.h"
#include "launcher/base/confine.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/outcome.h"

struct report {
	const char *hash;              /* of the plan; NULL: there is no plan */
	const char *profile;           /* NULL: none is known */
	const struct plan *plan;       /* NULL as above */
	const struct outcome *outcome; /* NULL: nothing of the program ran */
	const struct err *err;         /* why, then */
};

/* report_open() - @where is a path or "fd:N"
 * A path must name a regular file (made, or emptied), a FIFO with a reader or a character device. A
 * symlink is refused as the file, and on the way where the program may have planted it in an
 * earlier run: in a tree that @plan mounts writable or, without a plan, in the working directory.
 * @place: receives a handle (O_PATH) of the directory of a regular file, else -1.
 * Returns a descriptor or -errno with @err of the stage `report`.
 */
int report_open(const char *where, const struct plan *plan, int *place, struct err *err);

/* report_keep() - what report_write() will need of the file system besides its descriptors. */
void report_keep(int place, struct confine_needs *needs);

/* report_format() - the object and a newline. Returns 0 or -ENOMEM. */
int report_format(const struct report *report, struct buf *out);

/* report_write() - write the object to @fd, which was opened as @where
 * A program that can write in the directory may have put another file in that place: it is replaced
 * by the report, in the directory @place (report_open()) alone. SIGPIPE and SIGXFSZ stay blocked
 * afterwards.
 * Returns 0 or -errno with @err of the stage `report`. */
int report_write(int fd, int place, const char *where, const struct report *report,
		 struct err *err);

#endif
