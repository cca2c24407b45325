/* lookup.h - finding a profile by its name or path
 *
 * A name is a shipped profile's, or else NAME.lua in $XDG_CONFIG_HOME/lunette or /etc/lunette; with
 * a slash it is an absolute path. Never the working directory. As root only files that root owns
 * and nobody else may write are read.
 */
#ifndef LAUNCHER_EVAL_LOOKUP_H
#define LAUNCHER_EVAL_LOOKUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "launcher/base/base.h"

enum { PROFILE_MAX_BYTES = 1 << 20 };

struct profile {
	const char *text;
	size_t length;
	char name[PATH_MAX]; /* to show: "profiles/base.lua" or the path */
	bool shipped;
	struct buf file; /* the text of one that is not shipped */
};

/* lookup_profile() - find and read @name
 * Errors: -ENOENT with the nearest shipped name as hint, -EPERM for a file that root must not
 * trust, -EINVAL for what is no regular file or no name, -EFBIG past PROFILE_MAX_BYTES.
 */
int lookup_profile(const char *name, char *const *environment, struct profile *profile,
		   struct err *err);

/* lookup_shipped() - only the shipped ones; false where @name is none. Reads nothing. */
bool lookup_shipped(const char *name, struct profile *profile);

void profile_finish(struct profile *profile);

#endif
