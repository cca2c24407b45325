/* field.c - the table of a plan's keys (see field.h; what they mean is in docs/plan.md)
 *
 * Sorted bytewise by name. The columns: name, least and most tokens, then what is not zero.
 */
#include "launcher/plan/field.h"

#define IN(member) .offset = (uint16_t)offsetof(struct plan, member)
#define BY(kind) .decode = decode_##kind, .encode = encode_##kind
#define LIST .repeated = true
#define ALWAYS .required = true

const struct plan_key plan_keys[] = {
	{ "arg", 1, 1, LIST, IN(argv), BY(strings) },
	{ "caps.ambient", 1, 1, IN(caps.ambient), .limit = 64, BY(hex) },
	{ "caps.keep", 1, 1, IN(caps.keep), .limit = 64, BY(hex) },
	{ "caps.securebits", 1, 1, IN(caps.securebits), .limit = 32, BY(hex) },
	{ "cwd", 1, 1, IN(cwd), BY(path) },
	{ "domainname", 1, 1, IN(domainname), .limit = 64, BY(text) },
	{ "env.keep", 1, 1, LIST, IN(env_keep), BY(strings) },
	{ "env.set", 2, 2, LIST, BY(env) },
	{ "hostname", 1, 1, IN(hostname), .limit = 64, BY(text) },
	{ "input", 2, 3, LIST, BY(input) },
	{ "landlock.fs", 1, 1, IN(landlock.handled_fs), BY(landlock_handled) },
	{ "landlock.net", 1, 1, IN(landlock.handled_net), BY(landlock_handled) },
	{ "landlock.path", 2, 3, LIST, BY(landlock_path) },
	{ "landlock.port", 2, 2, LIST, BY(landlock_port) },
	{ "landlock.prefer", 0, 0, BY(landlock_prefer) },
	{ "landlock.scope", 1, 1, IN(landlock.scoped), BY(landlock_handled) },
	{ "limit.address_space", 1, 2, IN(limits.address_space), BY(limit) },
	{ "limit.core", 1, 2, IN(limits.core), BY(limit) },
	{ "limit.files", 1, 2, IN(limits.files), BY(limit) },
	{ "limit.fsize", 1, 2, IN(limits.fsize), BY(limit) },
	{ "limit.grace", 1, 2, IN(limits.grace), BY(limit) },
	{ "limit.nproc", 1, 2, IN(limits.nproc), BY(limit) },
	{ "limit.pids", 1, 2, IN(limits.pids), BY(limit) },
	{ "limit.stack", 1, 2, IN(limits.stack), BY(limit) },
	{ "limit.wall", 1, 2, IN(limits.wall), BY(limit) },
	{ "mount", 2, 13, LIST, .attributes = true, BY(mount) },
	{ "namespaces", 1, 8, BY(namespaces) },
	{ "net", 1, 1, ALWAYS, BY(net) },
	{ "net.veth.address", 1, 1, IN(veth.address), BY(address) },
	{ "net.veth.address6", 1, 1, IN(veth.address6), BY(address) },
	{ "net.veth.gateway", 1, 1, IN(veth.gateway), BY(address) },
	{ "net.veth.gateway6", 1, 1, IN(veth.gateway6), BY(address) },
	{ "net.veth.host_name", 1, 1, IN(veth.host_name), BY(interface) },
	{ "net.veth.mac", 1, 1, BY(mac) },
	{ "net.veth.mtu", 1, 1, BY(mtu) },
	{ "net.veth.name", 1, 1, IN(veth.name), BY(interface) },
	{ "net.veth.peer", 1, 1, IN(veth.peer), BY(address) },
	{ "net.veth.peer6", 1, 1, IN(veth.peer6), BY(address) },
	{ "origin", 3, 3, LIST, BY(origin) },
	{ "process.arg0", 1, 1, IN(process.arg0), BY(text) },
	{ "process.die_with_parent", 1, 1, ALWAYS, IN(process.die_with_parent), BY(flag) },
	{ "process.fd", 1, 1, LIST, BY(fds) },
	{ "process.init", 1, 1, ALWAYS, IN(process.init), BY(flag) },
	{ "process.name", 1, 1, IN(process.name), BY(text) },
	{ "process.stderr", 1, 1, IN(process.streams[2]), BY(stream) },
	{ "process.stdin", 1, 1, IN(process.streams[0]), BY(stream) },
	{ "process.stdout", 1, 1, IN(process.streams[1]), BY(stream) },
	{ "process.tty", 1, 1, BY(tty) },
	{ "profile", 1, 1, IN(profile), BY(text) },
	{ "seccomp.default", 1, 1, IN(seccomp.fallback), BY(action) },
	{ "seccomp.foreign", 1, 1, IN(seccomp.foreign), BY(action) },
	{ "seccomp.known", 2, 2, LIST, BY(known) },
	{ "seccomp.newer", 1, 1, IN(seccomp.newer), BY(action) },
	{ "seccomp.rule", 3, PLAN_MAX_TOKENS, LIST, BY(rule) },
	{ "skipped", 2, 2, LIST, BY(skip) },
	{ "time.boottime", 1, 1, IN(time.boottime), BY(time) },
	{ "time.monotonic", 1, 1, IN(time.monotonic), BY(time) },
	{ "umask", 1, 1, BY(umask) },
	{ "user.gid", 1, 1, BY(inside_id) },
	{ "user.group", 1, 1, LIST, BY(group) },
	{ "user.groups", 1, 1, ALWAYS, BY(groups) },
	{ "user.map.gid", 3, 3, LIST, BY(ranges) },
	{ "user.map.uid", 3, 3, LIST, BY(ranges) },
	{ "user.nested", 1, 1, BY(nested) },
	{ "user.outer.gid", 1, 1, ALWAYS, IN(user.outer_gid), BY(outer_id) },
	{ "user.outer.uid", 1, 1, ALWAYS, IN(user.outer_uid), BY(outer_id) },
	{ "user.uid", 1, 1, BY(inside_id) },
};

const size_t plan_key_count = sizeof(plan_keys) / sizeof(plan_keys[0]);

_Static_assert(sizeof(plan_keys) / sizeof(plan_keys[0]) < PLAN_KEYS_MAX, "PLAN_KEYS_MAX is too small");
