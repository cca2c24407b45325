/* plan.h - the validated, immutable description of one launch
 *
 * plan_decode() makes a struct plan from its one text form (docs/plan.md), checking every bound;
 * nothing changes it afterwards. All memory hangs on one arena and all strings end in NUL and hold
 * no other. The stages read their own part and decide nothing.
 */
#ifndef LAUNCHER_PLAN_PLAN_H
#define LAUNCHER_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/base.h"
#include "launcher/base/path.h"
#include "policy/policy.h"

enum {
	PLAN_MAX_BYTES = 16 << 20,
	PLAN_MAX_MOUNTS = 65536,
	PLAN_MAX_STRINGS = 65536, /* of one list */
	PLAN_MAX_FDS = 64,
	PLAN_MAX_RANGES = 32,
	PLAN_MAX_ROUTES = 32,
	PLAN_MAX_PORTS = 64,
	PLAN_MTU_MIN = 68,
	PLAN_MTU_MAX = 65535,
};

/* Where a rule, mount or key was written: "FILE:LINE", or "" where nobody wrote it. */
typedef const char *plan_origin;

struct plan_strings {
	const char *const *items; /* NULL at the end too */
	size_t count;
};

enum plan_mount_kind {
	MOUNT_BIND,
	MOUNT_TMPFS,
	MOUNT_PROC,
	MOUNT_DEV,
	MOUNT_SYSFS,
	MOUNT_MQUEUE,
	MOUNT_OVERLAY,
	MOUNT_SYMLINK, /* source = what the link says */
	MOUNT_FILE,    /* text */
	MOUNT_DIR,
	MOUNT_MASK, /* an empty file or directory over what is there */
};

enum plan_on_symlink { SYMLINK_REFUSE, SYMLINK_RESOLVE, SYMLINK_REPLACE };

struct plan_mount {
	enum plan_mount_kind kind;
	const char *target; /* absolute, no "." or ".." component, no trailing slash but "/" */
	const char *source; /* absolute host path (bind; overlay: the lowest), or NULL */
	const char *upper;  /* overlay: host directory, or NULL for a tmpfs */
	const char *work;   /* overlay: host directory where upper is one */
	const char *text;   /* file */
	size_t text_length;
	bool read_only;
	bool optional;
	bool noexec;
	bool has_mode;
	uint32_t mode;
	uint64_t size;   /* tmpfs, overlay on tmpfs: bytes */
	uint64_t inodes; /* 0: the kernel's default */
	enum plan_on_symlink on_symlink;
	plan_origin origin;
};

struct plan_range {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct plan_env {
	const char *name;
	const char *value;
};

enum plan_groups { GROUPS_DROP, GROUPS_PREFER_DROP, GROUPS_KEEP };

struct plan_user {
	bool has_uid;
	bool has_gid;
	uint32_t uid; /* inside */
	uint32_t gid;
	enum plan_groups groups;      /* the caller's supplementary groups */
	const uint32_t *extra_groups; /* inside ids to have */
	size_t extra_group_count;
	uint32_t outer_uid; /* as root: the host's id of the program */
	uint32_t outer_gid;
	bool nested; /* may it make user namespaces of its own? */
	const struct plan_range *uid_ranges;
	size_t uid_range_count;
	const struct plan_range *gid_ranges;
	size_t gid_range_count;
};

enum {
	NAMESPACE_USER = 1 << 0,
	NAMESPACE_MOUNT = 1 << 1,
	NAMESPACE_PID = 1 << 2,
	NAMESPACE_NET = 1 << 3,
	NAMESPACE_IPC = 1 << 4,
	NAMESPACE_UTS = 1 << 5,
	NAMESPACE_CGROUP = 1 << 6,
	NAMESPACE_TIME = 1 << 7,
};

struct plan_caps {
	uint64_t keep;    /* bounding, permitted, effective, inheritable */
	uint64_t ambient; /* a subset of keep */
	uint32_t securebits;
};

struct plan_landlock_rule {
	uint64_t rights;
	const char *path; /* NULL: a port rule */
	uint16_t port;
	bool optional; /* skip where the path is missing */
	plan_origin origin;
};

struct plan_landlock {
	bool wanted;
	bool prefer; /* use what the kernel's ABI has */
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
	const struct plan_landlock_rule *rules;
	size_t rule_count;
	plan_origin origin;
};

enum plan_net_mode { NET_NONE, NET_HOST, NET_VETH, NET_JOIN };

struct plan_address {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t prefix;
	uint8_t bytes[16];
};

struct plan_veth {
	bool has_address, has_address6, has_gateway, has_gateway6, has_peer, has_peer6, has_mac;
	struct plan_address address;  /* inside, with prefix */
	struct plan_address address6; /* inside, IPv6 */
	struct plan_address gateway;  /* default route's next hop; also the host end's address
					 unless `peer` says another */
	struct plan_address gateway6;
	struct plan_address peer; /* the host end's address, with prefix */
	struct plan_address peer6;
	uint32_t mtu; /* 0: the kernel's default */
	uint8_t mac[6];
	const char *name;      /* inside: eth0 unless given */
	const char *host_name; /* outside; NULL: one is made from the launcher's pid */
	const char *bridge;    /* the host's end is a port of it; NULL: point to point */
	bool pool, pool6;      /* the address and the gateway are lent by the launcher */
	bool nat;              /* what leaves the host carries the host's address */
	bool forward;          /* the launcher may turn the host's forwarding on */
	bool isolate;          /* nobody but the host may open a connection to the sandbox */
	bool no_default_route; /* the gateway is for `routes` only */
	const struct plan_address *routes; /* networks behind the gateway */
	size_t route_count;
	uint32_t rate;  /* bytes a second, each way; 0: as fast as it goes */
	uint32_t delay; /* microseconds, each way */
	uint32_t loss;  /* packets in a million, each way */
};

/* A port of the host that leads to one of the sandbox. */
struct plan_port {
	struct plan_address address; /* of the host, where it listens */
	uint16_t outside;
	uint16_t inside;
	bool udp;
	plan_origin origin;
};

struct plan_limit {
	bool set;
	bool prefer;
	uint64_t value; /* bytes, counts, or milliseconds */
	plan_origin origin;
};

struct plan_cpuset {
	const char *cpus; /* "0-3,7", ascending; NULL: all */
	bool prefer;
};

enum { IO_RBPS, IO_WBPS, IO_RIOPS, IO_WIOPS, IO_KINDS };

/* What a device may do for the program. */
struct plan_io {
	const char *device;      /* path of its node on the host */
	uint64_t most[IO_KINDS]; /* 0: as much as it can */
	bool prefer;
};

struct plan_huge {
	uint64_t page; /* bytes, a power of 2 */
	uint64_t bytes;
	bool prefer;
};

struct plan_limits {
	struct plan_limit wall, grace;
	struct plan_limit cpu;    /* of all processes together */
	struct plan_limit output; /* of each of the program's two outputs */
	bool truncate_output;     /* what is more is thrown away, and the program goes on */
	struct plan_limit files, fsize, stack, core, nproc, address_space, data, memlock, msgqueue;
	struct plan_limit nice, process_cpu, rtprio, rttime, sigpending;
	struct plan_limit pids; /* pids.max where there is a cgroup, else RLIMIT_NPROC */
	/* What only a cgroup can hold. */
	struct plan_limit memory, memory_high, swap;
	struct plan_limit cpus; /* microseconds in each 100 ms */
	struct plan_limit cpu_weight, io_weight;
	struct plan_cpuset cpuset;
	const struct plan_io *io;
	size_t io_count;
	const struct plan_huge *huge;
	size_t huge_count;
};

enum plan_stream {
	STREAM_INHERIT,
	STREAM_NULL,
	STREAM_PATH,
	STREAM_CAPTURE, /* an output: into the report */
	STREAM_STDOUT,  /* standard error: where standard output goes */
};

/* Which of the inherited standard files become a terminal of the sandbox's own. */
enum plan_terminal {
	TERMINAL_NONE,
	TERMINAL_AUTO /* those that are one */,
	TERMINAL_NEW /* all */
};

struct plan_process {
	bool init;
	bool die_with_parent;
	bool keep_session; /* tty = "inherit": no new session */
	enum plan_terminal terminal;
	struct {
		enum plan_stream kind;
		const char *path;
	} streams[3];
	const int *fds; /* ascending, all above 2 */
	size_t fd_count;
	const char *name;
	const char *arg0;
};

struct plan_time {
	bool set; /* either of the two */
	bool has_monotonic;
	bool has_boottime;
	int64_t monotonic; /* seconds */
	int64_t boottime;
};

struct plan_skip {
	const char *what;
	const char *why;
};

/* One recorded question of the profile to the host. */
struct plan_input {
	const char *kind; /* exists, readlink, feature, env, profile */
	const char *argument;
	const char *answer; /* NULL: there was none */
};

/* One `origin` line: where the line of `key` numbered `index` was written. */
struct plan_written {
	const char *key;
	uint32_t index;
	plan_origin where;
};

struct plan {
	struct plan_strings argv;
	struct plan_strings env_keep;
	const struct plan_env *env_set;
	size_t env_set_count;
	const char *profile;
	const char *hostname;   /* NULL: leave it */
	const char *domainname; /* NULL: leave it */
	const char *cwd;        /* NULL: "/" */
	bool has_umask;
	uint32_t umask;
	uint32_t namespaces; /* NAMESPACE_* */
	struct plan_user user;
	struct plan_time time;
	const struct plan_mount *mounts;
	size_t mount_count;
	struct plan_caps caps;
	bool has_seccomp;
	struct policy seccomp;
	bool report_denied;              /* seccomp.on_denied */
	const plan_origin *rule_origins; /* by policy_rule.origin */
	size_t rule_origin_count;
	struct plan_landlock landlock;
	enum plan_net_mode net;
	struct plan_veth veth;
	const char
		*join; /* "fd:N", "pid:N", "sandbox:NAME" or a path; NULL unless net is NET_JOIN */
	plan_origin net_origin;
	const struct plan_port *ports;
	size_t port_count;
	struct plan_limits limits;
	const char *cgroup_parent; /* NULL: the one beside the caller's */
	struct plan_process process;
	const struct plan_skip *skipped;
	size_t skipped_count;
	const struct plan_input *inputs;
	size_t input_count;
	const struct plan_written *written; /* every `origin` line, as they stand */
	size_t written_count;
	void *arena;
};

/* plan_decode() - @text of @length bytes, as docs/plan.md describes it
 * Errors: -EINVAL with line and key in @err, -E2BIG, -ENOMEM. Never reads past @length.
 */
int plan_decode(struct plan *plan, const char *text, size_t length, struct err *err);
void plan_finish(struct plan *plan);

/* plan_writable() - the trees of the host in which the program may write, and so may leave links
 * for a later launch: into @trees, which has room for one a mount
 * @inside: by where they are in the sandbox. Returns how many there are. */
size_t plan_writable(const struct plan *plan, bool inside, struct path_tree *trees);

/* plan_rule_origin() - the profile's line that rule @rule of architecture @arch comes from; ""
 * where it is not known, or there is no such rule (SIZE_MAX). */
const char *plan_rule_origin(const struct plan *plan, size_t arch, size_t rule);

/* plan_refused() - @err for what the policy compiler has against the rules: @why, which makes
 * policy_compile() or policy_verify() fail with @error. Names the rule's line, else @name.
 * Returns @error.
 */
int plan_refused(const struct plan *plan, const struct policy_error *why, int error,
		 const char *name, struct err *err);

/* plan_encode() - the canonical text of @plan: plan_encode(plan_decode(t)) = t for every t that
 * plan_decode() takes. */
int plan_encode(const struct plan *plan, struct buf *out);

/* plan_hash() - a plan's name: the SHA-256, in hex, of its text without origin, input and skipped
 * lines. It costs about 5 ns a byte, so plan_decode() leaves it to those who show it. */
void plan_hash(const char *text, size_t length, char hash[65]);

/* plan_json() - a plan's text as one JSON object: a key that stands once is a list of its tokens, a
 * repeated one a list of such lists. */
int plan_json(const char *text, size_t length, struct buf *out, struct err *err);

#endif
