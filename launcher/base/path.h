/* path.h - opening paths so that nobody who can write in a tree leads us out of it
 *
 * path_in_root() treats @root as "/", symlinks included. On kernels or service managers that refuse
 * openat2 (ENOSYS, or EPERM of a filter) it walks component by component and follows no symlink:
 * fewer trees work then, none escapes.
 */
#ifndef LAUNCHER_BASE_PATH_H
#define LAUNCHER_BASE_PATH_H

#include <stdbool.h>

#include "launcher/base/fd.h"

/* path_in_root() - open @path below @root; magic links are refused
 * @flags: O_PATH, O_DIRECTORY, O_NOFOLLOW ...; O_CLOEXEC is added. Returns a descriptor or -errno.
 */
int path_in_root(int root, const char *path, int flags);

/* path_host() - open @path of the host as the caller may, magic links refused. Returns a descriptor
 * or -errno. */
int path_host(const char *path, int flags);

/* path_steady() - open the host's @path, O_PATH, through no symlink that a stranger may have
 * planted
 * @steady: a directory that @path lies in and below which no link at all is followed, or NULL.
 * Elsewhere a link is followed where @any_owner, or where root owns it. A refused link is
 * -ELOOP. */
int path_steady(const char *path, const char *steady, bool any_owner);

/* path_within() - is @path the same as @directory or below it? Both absolute and normal. */
bool path_within(const char *path, const char *directory);

#endif
