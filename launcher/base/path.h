/* path.h - opening paths so that nobody who can write in a tree leads us out of it
 *
 * path_in_root() treats @root as "/", symlinks included. On kernels or service managers that refuse
 * openat2 (ENOSYS, or EPERM of a filter) it walks component by component and follows no symlink:
 * fewer trees work then, none escapes. Paths of the host are followed by the text of their links
 * there.
 */
#ifndef LAUNCHER_BASE_PATH_H
#define LAUNCHER_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/fd.h"

/* path_in_root() - open @path below @root; magic links are refused
 * @flags: O_PATH, O_DIRECTORY, O_NOFOLLOW ...; O_CLOEXEC is added. Returns a descriptor or -errno.
 */
int path_in_root(int root, const char *path, int flags);

/* path_host() - open @path of the host as the caller may, magic links refused. Returns a descriptor
 * or -errno. */
int path_host(const char *path, int flags);

/* A directory in which somebody may plant links. What stands below `path` is path_steady()'s. */
struct path_tree {
	const char *path;
	bool known;
	uint64_t device;
	uint64_t inode;
};

struct path_trees {
	struct path_tree *list;
	size_t count;
	bool any_owner; /* a link outside of them is followed whoever owns it, else only root's */
};

/* path_steady() - open @path, O_PATH, through no symlink that a stranger may have planted: below
 * one of @trees none is followed, whatever name leads there. A refused link is -ELOOP. */
int path_steady(const char *path, const struct path_trees *trees);

#endif
