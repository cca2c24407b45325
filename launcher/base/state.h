/* state.h - the directory in which launchers tell each other what they hold
 *
 * /run/lunette for root, else $XDG_RUNTIME_DIR/lunette. Each entry is a file that its owner keeps
 * locked with flock(2) as long as it means something: the kernel lets go of the lock when the owner
 * dies, however it dies, and whoever takes the lock next owns the entry. Contents are hints for
 * that next owner, never facts about a running one.
 *
 * Must not follow a link or use a directory that somebody else can write in.
 */
#ifndef LAUNCHER_BASE_STATE_H
#define LAUNCHER_BASE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/base/base.h"

enum state_lock {
	STATE_OWN,   /* LOCK_EX, waits */
	STATE_TRY,   /* LOCK_EX, -EWOULDBLOCK when somebody has it */
	STATE_SHARE, /* LOCK_SH, waits */
};

/* state_open() - the directory, made where it is missing
 * @environment: the launcher's own. Returns a descriptor or -errno with @err of @stage. */
int state_open(char *const *environment, enum err_stage stage, struct err *err);

/* state_directory() - the directory @name in @parent, made where it is missing. Returns a
 * descriptor or -errno. */
int state_directory(int parent, const char *name);

/* state_take() - open, or make, the entry @name of @directory, and lock it
 * Returns a descriptor, close-on-exec, or -errno. The entry is there when this returns: an owner
 * may have removed it while we waited. */
int state_take(int directory, const char *name, enum state_lock how);

/* state_lock() - change the lock of an entry that is held, which may drop it for a moment. Returns
 * 0 or -errno. */
int state_lock(int entry, enum state_lock how);

/* state_each() - call @visit for the entries of @directory, as many as fit into one listing: what
 * is left over is another launch's to find */
void state_each(int directory, void (*visit)(const void *context, const char *name),
		const void *context);

/* state_read(), state_write() - what an entry says, of at most size - 1 bytes and then a NUL, and
 * the same from now on */
int state_read(int entry, char *text, size_t size);
int state_write(int entry, const char *text);

/* state_drop() - remove the entry, which must be locked by STATE_OWN or STATE_TRY, and let go. */
void state_drop(int directory, const char *name, int *entry);

#endif
