/* uapi.h - the kernel's structures and constants that Debian 12's headers (Linux 6.1) lack, or that
 * clash with the C library's
 *
 * Each row names its source in the kernel tree. Where the installed header has the same thing, a
 * static assertion in tests/unit/ holds the two equal.
 */
#ifndef LUA_RAW_UAPI_H
#define LUA_RAW_UAPI_H

#include <stddef.h>
#include <stdint.h>

/* The kernel's own timespec and rlimit: 64 bits on every architecture we build for.
 * Sources: include/uapi/linux/time_types.h, include/uapi/linux/resource.h */
struct raw_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

struct raw_itimerspec {
	struct raw_timespec interval;
	struct raw_timespec value;
};

struct raw_rlimit {
	uint64_t current;
	uint64_t maximum;
};

/* include/linux/signal_types.h, for x86_64; aarch64 and riscv64 have no restorer there, and take
 * the mask in its place, so only SIG_DFL and SIG_IGN without flags are to be set through it. */
struct raw_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* include/uapi/linux/openat2.h */
struct open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

#define RESOLVE_NO_XDEV 0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS 0x04
#define RESOLVE_BENEATH 0x08
#define RESOLVE_IN_ROOT 0x10

/* include/uapi/linux/sched.h: clone_args of Linux 5.7 (CLONE_ARGS_SIZE_VER2) */
struct clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

#define RAW_CLONE_VM 0x00000100ull
#define RAW_CLONE_FILES 0x00000400ull
#define RAW_CLONE_SIGHAND 0x00000800ull
#define RAW_CLONE_THREAD 0x00010000ull
#define RAW_CLONE_CHILD_CLEARTID 0x00200000ull
#define RAW_CLONE_VFORK 0x00004000ull
#define RAW_CLONE_PARENT 0x00008000ull
#define RAW_CLONE_PIDFD 0x00001000ull
#define RAW_CLONE_NEWTIME 0x00000080ull
#define RAW_CLONE_NEWNS 0x00020000ull
#define RAW_CLONE_NEWCGROUP 0x02000000ull
#define RAW_CLONE_NEWUTS 0x04000000ull
#define RAW_CLONE_NEWIPC 0x08000000ull
#define RAW_CLONE_NEWUSER 0x10000000ull
#define RAW_CLONE_NEWPID 0x20000000ull
#define RAW_CLONE_NEWNET 0x40000000ull
#define RAW_CLONE_CLEAR_SIGHAND 0x100000000ull
#define RAW_CLONE_INTO_CGROUP 0x200000000ull

/* include/uapi/linux/mount.h */
#ifndef _LINUX_MOUNT_H
struct mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC 02000000
#define MOVE_MOUNT_F_SYMLINKS 0x00000001
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#define MOVE_MOUNT_T_SYMLINKS 0x00000010
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#define FSOPEN_CLOEXEC 0x00000001
#define FSMOUNT_CLOEXEC 0x00000001
#define FSCONFIG_SET_FLAG 0
#define FSCONFIG_SET_STRING 1
#define FSCONFIG_SET_FD 5
#define FSCONFIG_CMD_CREATE 6
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#define RAW_AT_RECURSIVE 0x8000
#define RAW_AT_EMPTY_PATH 0x1000
#define RAW_AT_SYMLINK_NOFOLLOW 0x100
#define RAW_AT_EACCESS 0x200 /* of faccessat2 */
#define RAW_MS_PRIVATE (1u << 18)
#define RAW_MNT_DETACH 2

/* include/uapi/linux/close_range.h, Linux 5.11 */
#define RAW_CLOSE_RANGE_CLOEXEC (1u << 2)

/* include/uapi/linux/landlock.h, Linux 6.18 (ABI 7) */
struct raw_landlock_ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct raw_landlock_path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

struct raw_landlock_net_port_attr {
	uint64_t allowed_access;
	uint64_t port;
};

#define RAW_LANDLOCK_CREATE_RULESET_VERSION 1u
#define RAW_LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON 2u /* Linux 6.15, ABI 7 */
#define RAW_LANDLOCK_RULE_PATH_BENEATH 1
#define RAW_LANDLOCK_RULE_NET_PORT 2

/* include/uapi/asm-generic/termbits.h and ioctls.h: the same on x86, arm64 and riscv. The C
 * library's struct termios is another. */
struct raw_termios {
	uint32_t input;
	uint32_t output;
	uint32_t control;
	uint32_t local;
	uint8_t line;
	uint8_t characters[19];
};

#define RAW_TCGETS 0x5401ul
#define RAW_TCSETS 0x5402ul

/* include/uapi/linux/seccomp.h, Linux 6.6 */
#define RAW_SECCOMP_IOCTL_NOTIF_SET_FLAGS 0x40082104ul
#define RAW_SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1ul

#endif
