/* probe.h - what the kernel and this host can do, found out by trying
 *
 * Everything that changes a namespace is tried in a child that is thrown away; nothing of the host
 * is changed.
 */
#ifndef LAUNCHER_EVAL_PROBE_H
#define LAUNCHER_EVAL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/base/err.h"

/* probe_feature() - host.feature(name) of the profile language
 * @out: room for the answer. Returns the answer as text, or NULL where the host has no such thing.
 */
const char *probe_feature(const char *name, char *out, size_t size);

/* probe_landlock() - the kernel's Landlock ABI, or -errno. */
int probe_landlock(void);

/* Each returns 0 where it works, else -errno of the step that failed. */
int probe_userns(void);  /* a user namespace with a map and a capability in it */
int probe_overlay(void); /* an overlay inside a new user namespace */
int probe_removal(void); /* removing a directory of the lower tree, where the upper is a tmpfs */
int probe_idmap(void);   /* an idmapped mount of a tmpfs, or of the working directory */
int probe_time_namespace(void);
int probe_veth(void);
int probe_nftables(void); /* net.veth.nat and .isolate */
int probe_rate(void);     /* net.veth.rate */
int probe_delay(void);    /* net.veth.delay and .loss */
int probe_openat2(void);
int probe_proc(void); /* a /proc of a new pid namespace */
int probe_seccomp(void);

/* probe_cgroup() - may the caller make cgroups beside its own?
 * @path becomes their parent's (CGROUP_PATH_MAX bytes), @controllers the list of what they can be
 * given. Returns 0, or -errno with cause and remedy in @err.
 */
int probe_cgroup(char *path, char *controllers, size_t size, struct err *err);

/* probe_subids() - has the caller ranges in /etc/subuid and /etc/subgid, and newuidmap to use them?
 * Returns 0, -ENOENT for the ranges, -ENOEXEC for the programs. */
int probe_subids(void);

#endif
