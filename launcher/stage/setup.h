/* setup.h - what the stages of one launch share
 *
 * The launcher fills a struct setup before the clone; the set-up process (pid 1 of the sandbox)
 * owns its copy afterwards. One that was made ahead of its plan gets that over the link, and each
 * side fills in what follows from it. A stage reads its own part of the plan and leaves here what a
 * later stage needs; nothing else is shared between stages.
 */
#ifndef LAUNCHER_STAGE_SETUP_H
#define LAUNCHER_STAGE_SETUP_H

#include <linux/filter.h>

#include "launcher/base/base.h"
#include "launcher/base/cgroup.h"
#include "launcher/base/path.h"
#include "launcher/net/veth.h"
#include "launcher/plan/plan.h"
#include "launcher/base/caller.h"
#include "launcher/stage/staging.h"
#include "launcher/watch/outcome.h"

/* One of the program's standard files, decided by stdio_prepare(). */
struct stdio_stream {
	int fd;          /* what becomes 0, 1 or 2; -1: opened by stdio_apply() */
	bool reopen;     /* a regular file or terminal to be opened again on a read-only mount */
	bool terminal;   /* the sandbox's own takes its place, once there is one */
	bool landlocked; /* a regular file for which Landlock needs a rule of its own */
	char *path;      /* reopen: its path on the host (malloc'ed) */
};

/* How far the set-up is, in memory that launcher, set-up process and program-to-be share. Whoever
 * fails writes `err` before it sets SHARED_FAILED; the page is gone from the program with exec. */
enum shared_state { SHARED_SETUP, SHARED_EXEC, SHARED_FAILED };

struct shared {
	volatile int state; /* enum shared_state */
	struct err err;
	struct outcome_enforced enforced;
	uint32_t in_cgroup;          /* struct cgroup's `limits`, which are known late */
	int visitor;                 /* its pid, where a process in another namespace made it */
	bool shares_user;            /* it has no user namespace of its own (join) */
	struct raw_timespec started; /* CLOCK_MONOTONIC just before the program's clone */
	int program;                 /* its pid inside */
	int tried[2];                /* what came of a trial */
	int listener;                /* seccomp's, a descriptor of the program-to-be's; 0: none */
	bool audited;                /* the launcher reads the kernel's audit log */
	int counter;                 /* of CPU time, one of pid 1's; 0: none */
	uint64_t set_up;             /* ns of CPU time before the program's clone */
	int master;                  /* of the sandbox's own terminal, likewise */
	int slave;
	volatile unsigned char continued; /* by the launcher: how often it has passed on SIGCONT */
	volatile int overdue; /* pid 1 has ended the sandbox, as its supervisor did not in time */
	volatile int ended;   /* the program's status is below */
	int code;             /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
	int status;           /* exit code or signal */
	struct rusage usage;  /* of all that init has reaped */
};

/* The directory in which something was placed last, for the next that goes there too. */
struct parent {
	int fd; /* -1: none */
	char path[4096];
	uint64_t device;
};

/* File systems that are the same whatever the plan says. */
enum usual_mount { USUAL_ROOT, USUAL_PROC, USUAL_DEV, USUAL_TERMINALS, USUAL_SHM, USUAL_MOUNTS };

enum { DEVICE_NODES = 6 };

/* The sandbox's own cgroup (stage/cgroup.h). */
struct cgroup {
	int parent;      /* -1: none */
	int leaf;        /* the lock on it says that its launcher lives; -1: none */
	bool inside;     /* in the set-up process: it is in the leaf */
	uint32_t limits; /* those it holds: 1 << enum outcome_limit */
	char name[48];
	char parent_path[CGROUP_PATH_MAX];
	struct err why; /* there is no parent, though the plan wants one */
};

/* The network namespace, where it is made while the rest is set up (stage/network.h). */
struct network {
	bool beside;
	volatile uint32_t running; /* 0 once the thread that makes it has ended */
	int fd;                    /* the namespace; -1: it is entered, or there is an error */
	struct err err;
};

struct setup {
	const struct plan *plan;
	const struct net_pair *pair; /* of a veth, whose gaps the launcher has filled */
	char *const *environment;    /* the launcher's own, and its arguments */
	char *const *arguments;
	struct caller caller;
	uint32_t uid; /* inside */
	uint32_t gid;
	struct shared *shared;
	struct stdio_stream streams[3];
	struct sock_filter *filter;
	size_t filter_length;
	const struct trial *trial; /* made in place of the program (stage/trial.h), or NULL */
	bool verify;               /* compare the filter with its rules before it is used */
	bool observe;              /* report what is refused, whatever the plan says */
	uint64_t signal_mask;      /* the caller's, restored before exec */
	uint32_t umask;            /* the caller's; the set-up itself works under none */
	int link;                  /* socket to the launcher; its end is the launcher's death */
	bool ahead;                /* the namespaces were made before the plan was there */
	int root;                  /* the new root directory */
	int stage; /* the tmpfs that the set-up works in; the same as root unless "/" is a mount */
	int proc;  /* a procfs of the new pid namespace, or -1 */
	int dev;   /* the last /dev that was built, still writable, or -1 */
	uint64_t *own_devices; /* file systems that this launch made: there mount points are made */
	size_t own_count;
	struct path_tree *writable; /* host trees in which the program, in an earlier run too, may
				     * plant links */
	size_t writable_count;
	struct parent parent;
	int usual[USUAL_MOUNTS]; /* made ahead of the plan and not yet used, detached; or -1 */
	int nodes[DEVICE_NODES]; /* the same: clones of the host's devices */
	struct staging staging;
	struct cgroup cgroup;
	struct network network;
	char **argv;
	char **envp;
};

#endif
