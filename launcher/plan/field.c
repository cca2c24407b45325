/* field.c - the table of a plan's keys (see field.h; what they mean is in docs/plan.md)
 *
 * Sorted bytewise by name. The columns: name, least and most tokens, then what is not zero.
 */
#include "launcher/plan/field.h"

#define NAME(text) .name = (text), .length = sizeof(text) - 1
#define TOKENS(at_least, at_most) .least = (at_least), .most = (at_most)
#define IN(member) .offset = (uint16_t)offsetof(struct plan, member)
#define BY(kind) .decode = decode_##kind, .encode = encode_##kind
#define LIST .repeated = true
#define ALWAYS .required = true

const struct plan_key plan_keys[] = {
	{ NAME("arg"), TOKENS(1, 1), LIST, IN(argv), BY(strings) },
	{ NAME("caps.ambient"), TOKENS(1, 1), IN(caps.ambient), .limit = 64, BY(hex) },
	{ NAME("caps.keep"), TOKENS(1, 1), IN(caps.keep), .limit = 64, BY(hex) },
	{ NAME("caps.securebits"), TOKENS(1, 1), IN(caps.securebits), .limit = 32, BY(hex) },
	{ NAME("cwd"), TOKENS(1, 1), IN(cwd), BY(path) },
	{ NAME("domainname"), TOKENS(1, 1), IN(domainname), .limit = 64, BY(text) },
	{ NAME("env.keep"), TOKENS(1, 1), LIST, IN(env_keep), BY(strings) },
	{ NAME("env.set"), TOKENS(2, 2), LIST, BY(env) },
	{ NAME("hostname"), TOKENS(1, 1), IN(hostname), .limit = 64, BY(text) },
	{ NAME("input"), TOKENS(2, 3), LIST, BY(input) },
	{ NAME("landlock.fs"), TOKENS(1, 1), IN(landlock.handled_fs), BY(landlock_handled) },
	{ NAME("landlock.net"), TOKENS(1, 1), IN(landlock.handled_net), BY(landlock_handled) },
	{ NAME("landlock.path"), TOKENS(2, 3), LIST, BY(landlock_path) },
	{ NAME("landlock.port"), TOKENS(2, 2), LIST, BY(landlock_port) },
	{ NAME("landlock.prefer"), TOKENS(0, 0), BY(landlock_prefer) },
	{ NAME("landlock.scope"), TOKENS(1, 1), IN(landlock.scoped), BY(landlock_handled) },
	{ NAME("limit.address_space"), TOKENS(1, 2), IN(limits.address_space), BY(limit) },
	{ NAME("limit.core"), TOKENS(1, 2), IN(limits.core), BY(limit) },
	{ NAME("limit.data"), TOKENS(1, 2), IN(limits.data), BY(limit) },
	{ NAME("limit.files"), TOKENS(1, 2), IN(limits.files), BY(limit) },
	{ NAME("limit.fsize"), TOKENS(1, 2), IN(limits.fsize), BY(limit) },
	{ NAME("limit.grace"), TOKENS(1, 2), IN(limits.grace), BY(limit) },
	{ NAME("limit.memlock"), TOKENS(1, 2), IN(limits.memlock), BY(limit) },
	{ NAME("limit.msgqueue"), TOKENS(1, 2), IN(limits.msgqueue), BY(limit) },
	{ NAME("limit.nice"), TOKENS(1, 2), IN(limits.nice), BY(limit) },
	{ NAME("limit.nproc"), TOKENS(1, 2), IN(limits.nproc), BY(limit) },
	{ NAME("limit.on_output"), TOKENS(1, 1), BY(on_output) },
	{ NAME("limit.output"), TOKENS(1, 2), IN(limits.output), BY(limit) },
	{ NAME("limit.pids"), TOKENS(1, 2), IN(limits.pids), BY(limit) },
	{ NAME("limit.process_cpu"), TOKENS(1, 2), IN(limits.process_cpu), BY(limit) },
	{ NAME("limit.rtprio"), TOKENS(1, 2), IN(limits.rtprio), BY(limit) },
	{ NAME("limit.rttime"), TOKENS(1, 2), IN(limits.rttime), BY(limit) },
	{ NAME("limit.sigpending"), TOKENS(1, 2), IN(limits.sigpending), BY(limit) },
	{ NAME("limit.stack"), TOKENS(1, 2), IN(limits.stack), BY(limit) },
	{ NAME("limit.wall"), TOKENS(1, 2), IN(limits.wall), BY(limit) },
	{ NAME("mount"), TOKENS(2, 13), LIST, .attributes = true, BY(mount) },
	{ NAME("namespaces"), TOKENS(1, 8), BY(namespaces) },
	{ NAME("net"), TOKENS(1, 1), ALWAYS, BY(net) },
	{ NAME("net.veth.address"), TOKENS(1, 1), IN(veth.address), BY(address) },
	{ NAME("net.veth.address6"), TOKENS(1, 1), IN(veth.address6), BY(address) },
	{ NAME("net.veth.gateway"), TOKENS(1, 1), IN(veth.gateway), BY(address) },
	{ NAME("net.veth.gateway6"), TOKENS(1, 1), IN(veth.gateway6), BY(address) },
	{ NAME("net.veth.host_name"), TOKENS(1, 1), IN(veth.host_name), BY(interface) },
	{ NAME("net.veth.mac"), TOKENS(1, 1), BY(mac) },
	{ NAME("net.veth.mtu"), TOKENS(1, 1), BY(mtu) },
	{ NAME("net.veth.name"), TOKENS(1, 1), IN(veth.name), BY(interface) },
	{ NAME("net.veth.peer"), TOKENS(1, 1), IN(veth.peer), BY(address) },
	{ NAME("net.veth.peer6"), TOKENS(1, 1), IN(veth.peer6), BY(address) },
	{ NAME("origin"), TOKENS(3, 3), LIST, BY(origin) },
	{ NAME("process.arg0"), TOKENS(1, 1), IN(process.arg0), BY(text) },
	{ NAME("process.die_with_parent"), TOKENS(1, 1), ALWAYS, IN(process.die_with_parent),
	  BY(flag) },
	{ NAME("process.fd"), TOKENS(1, 1), LIST, BY(fds) },
	{ NAME("process.init"), TOKENS(1, 1), ALWAYS, IN(process.init), BY(flag) },
	{ NAME("process.name"), TOKENS(1, 1), IN(process.name), BY(text) },
	{ NAME("process.stderr"), TOKENS(1, 1), IN(process.streams[2]), BY(stream) },
	{ NAME("process.stdin"), TOKENS(1, 1), IN(process.streams[0]), BY(stream) },
	{ NAME("process.stdout"), TOKENS(1, 1), IN(process.streams[1]), BY(stream) },
	{ NAME("process.tty"), TOKENS(1, 1), BY(tty) },
	{ NAME("profile"), TOKENS(1, 1), IN(profile), BY(text) },
	{ NAME("seccomp.default"), TOKENS(1, 1), IN(seccomp.fallback), BY(action) },
	{ NAME("seccomp.foreign"), TOKENS(1, 1), IN(seccomp.foreign), BY(action) },
	{ NAME("seccomp.known"), TOKENS(2, 2), LIST, BY(known) },
	{ NAME("seccomp.newer"), TOKENS(1, 1), IN(seccomp.newer), BY(action) },
	{ NAME("seccomp.rule"), TOKENS(3, PLAN_MAX_TOKENS), LIST, BY(rule) },
	{ NAME("skipped"), TOKENS(2, 2), LIST, BY(skip) },
	{ NAME("time.boottime"), TOKENS(1, 1), IN(time.boottime), BY(time) },
	{ NAME("time.monotonic"), TOKENS(1, 1), IN(time.monotonic), BY(time) },
	{ NAME("umask"), TOKENS(1, 1), BY(umask) },
	{ NAME("user.gid"), TOKENS(1, 1), BY(inside_id) },
	{ NAME("user.group"), TOKENS(1, 1), LIST, BY(group) },
	{ NAME("user.groups"), TOKENS(1, 1), ALWAYS, BY(groups) },
	{ NAME("user.map.gid"), TOKENS(3, 3), LIST, BY(ranges) },
	{ NAME("user.map.uid"), TOKENS(3, 3), LIST, BY(ranges) },
	{ NAME("user.nested"), TOKENS(1, 1), BY(nested) },
	{ NAME("user.outer.gid"), TOKENS(1, 1), ALWAYS, IN(user.outer_gid), BY(outer_id) },
	{ NAME("user.outer.uid"), TOKENS(1, 1), ALWAYS, IN(user.outer_uid), BY(outer_id) },
	{ NAME("user.uid"), TOKENS(1, 1), BY(inside_id) },
};

const size_t plan_key_count = sizeof(plan_keys) / sizeof(plan_keys[0]);

_Static_assert(sizeof(plan_keys) / sizeof(plan_keys[0]) < PLAN_KEYS_MAX,
	       "PLAN_KEYS_MAX is too small");
