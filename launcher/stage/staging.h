/* staging.h - detached mounts, numbered, between collect and build
 *
 * Everything that only the host can give (binds, the new /proc and /sys, device nodes, lower trees)
 * is cloned while the host is still there and put here; after the host's root is gone it is taken
 * out by number. Few mounts are kept as descriptors, which costs nothing more. Many, or a small
 * RLIMIT_NOFILE, make them wait as mounts on numbered directories of the new root's tmpfs, so that
 * the number of mounts does not depend on the number of descriptors.
 */
#ifndef LAUNCHER_STAGE_STAGING_H
#define LAUNCHER_STAGE_STAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/base.h"
#include "launcher/base/caller.h"

enum staging_type { STAGED_NONE, STAGED_DIRECTORY, STAGED_FILE };

struct staged {
	int fd;       /* -1: nothing, or it waits on a numbered directory */
	uint8_t type; /* of that one */
};

struct staging {
	struct staged *slots;
	size_t count;
	bool by_directory;
	bool raised; /* more descriptors than the soft RLIMIT_NOFILE: limits_apply() puts it back */
	uint64_t most; /* the hard one */
	int stage;     /* borrowed: the directory that ".s" is in, where by_directory */
};

/* staging_init() - @slots: zeroed room for @count; decides how they wait, by RLIMIT_NOFILE. */
void staging_init(struct staging *staging, struct staged *slots, size_t count,
		  const struct caller *caller);

/* staging_open() - in the set-up process: make room, of descriptors or of directories below
 * @stage. */
int staging_open(struct staging *staging, int stage, struct err *err);

/* staging_put() - take over the detached mount *@fd as number @slot (set to -1 on success). */
int staging_put(struct staging *staging, size_t slot, int *fd, struct err *err);

/* staging_move() - mount number @slot on @name below @parent, or on @parent itself where @name is
 * "". A symlink as @name is not followed. */
int staging_move(struct staging *staging, size_t slot, int parent, const char *name);

/* staging_type() - STAGED_NONE where nothing was put (an optional source that is missing), or
 * -errno. */
int staging_type(const struct staging *staging, size_t slot);

/* staging_close() - drop what was not taken out, and the numbered directories. */
void staging_close(struct staging *staging);

#endif
