/* cgroup.h - where cgroup v2 lets the caller make cgroups (cgroups(7))
 *
 * A cgroup that hands controllers to cgroups below it may hold no process itself, but for the root.
 * So a new one lies beside the caller's own, not in it: below the parent of the one that
 * /proc/self/cgroup names, or below the root where the caller is there.
 */
#ifndef LAUNCHER_BASE_CGROUP_H
#define LAUNCHER_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/base/err.h"

enum { CGROUP_PATH_MAX = 1024 };

/* cgroup_parent() - open the directory to make cgroups in
 * @wanted: its path as /proc/self/cgroup writes paths, or NULL: the one beside the caller
 * @path:   becomes its path, CGROUP_PATH_MAX bytes
 * Returns a descriptor that can be locked and listed, or -errno with reason and remedy in @err
 * (stage cgroup). It says nothing of whether the caller may write there.
 */
int cgroup_parent(const char *wanted, char *path, struct err *err);

/* cgroup_parent_of() - the pure half: from the text of /proc/self/cgroup to the parent's path
 * Returns 0, -ENOENT where no line is version 2's, -EXDEV where the caller's cgroup lies outside of
 * its cgroup namespace, -ENAMETOOLONG.
 */
int cgroup_parent_of(const char *text, char *path);

/* cgroup_has() - does the list of words @text, as cgroup.controllers has it, hold @name? */
bool cgroup_has(const char *text, const char *name);

/* cgroup_read() - the text of the file @file below @dirfd, cut at @size - 1 bytes and ended by NUL.
 * Returns its length or -errno; @text is empty then. */
long cgroup_read(int dirfd, const char *file, char *text, size_t size);

/* cgroup_value() - the number at the start of @text or, with @name, that of the line "NAME NUMBER".
 * Returns false where there is none ("max", say). */
bool cgroup_value(const char *text, const char *name, unsigned long long *value);

/* cgroup_write() - write @text to the file @file below @dirfd. Returns 0 or -errno. */
int cgroup_write(int dirfd, const char *file, const char *text);

#endif
