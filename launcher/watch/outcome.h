/* outcome.h - how a launch ended, and what was really enforced
 *
 * Filled by launch_wait() from kernel evidence alone (wait status, clocks), read by the report
 * writer and by the verbs. It holds no pointer into the program's world, and no number or text of
 * pid 1's that was not looked at.
 */
#ifndef LAUNCHER_WATCH_OUTCOME_H
#define LAUNCHER_WATCH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_status {
	OUTCOME_EXITED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMEOUT,
	OUTCOME_CPU_TIME,
	OUTCOME_MEMORY,
	OUTCOME_OUTPUT,
	OUTCOME_DENIED,
	OUTCOME_SETUP_FAILED,
};

/* More than a launch has to skip: one for each limit and a few more. What a profile's evaluation
 * skips stands in the plan. */
enum { OUTCOME_MAX_SKIPS = 40 };

/* How it is known that a rule killed the program: the supervisor did it, or it died of SIGSYS,
 * which a program can also send to itself. */
enum outcome_evidence { OUTCOME_NO_EVIDENCE, OUTCOME_BY_LISTENER, OUTCOME_BY_SIGNAL };

/* How the CPU time was measured, if it was. */
enum outcome_cpu { OUTCOME_CPU_UNKNOWN, OUTCOME_CPU_EXACT, OUTCOME_CPU_APPROXIMATE };

struct denials;

/* One of the program's outputs that went through the launcher. */
struct outcome_stream {
	bool counted; /* all else is empty where it is not */
	bool over;    /* more came than limits.output lets through */
	uint64_t bytes;
	char *text; /* of one that was captured (malloc'ed), or NULL */
	size_t length;
};

struct outcome_skip {
	char what[48];
	char why[96];
};

struct outcome_enforced {
	uint32_t namespaces;         /* NAMESPACE_* of plan.h */
	uint64_t capabilities;       /* the program's permitted set */
	uint32_t rlimits;            /* that the plan has asked for: 1 << RLIMIT_* */
	size_t seccomp_instructions; /* 0: no filter */
	int landlock_abi;            /* 0: no Landlock */
	struct outcome_skip skipped[OUTCOME_MAX_SKIPS];
	size_t skipped_count;
};

/* The limits that a cgroup holds, as bits. */
enum outcome_limit {
	LIMIT_MEMORY,
	LIMIT_MEMORY_HIGH,
	LIMIT_SWAP,
	LIMIT_PIDS,
	LIMIT_CPUS,
	LIMIT_CPU_WEIGHT,
	LIMIT_CPUSET,
	LIMIT_IO,
	LIMIT_IO_WEIGHT,
	LIMIT_HUGETLB,
};

/* What the sandbox's cgroup held and counted; a number that it did not count is OUTCOME_UNKNOWN. */
#define OUTCOME_UNKNOWN (~0ull)

struct outcome_cgroup {
	bool used;
	uint32_t limits;                /* 1 << enum outcome_limit */
	unsigned long long memory_peak; /* bytes */
	unsigned long long pids_peak;   /* Linux 6.1 */
	unsigned long long user_us;     /* CPU time, of all that ever ran there */
	unsigned long long system_us;
	unsigned long long memory_hits;  /* how often memory.max was reached */
	unsigned long long oom_hits;     /* how often what could be freed was not enough */
	unsigned long long oom_kills;    /* processes killed for want of memory, here or above */
	unsigned long long pids_refused; /* forks that pids.max made fail */
};

struct outcome {
	enum outcome_status status;
	int exit_code; /* -1: it did not exit */
	int signal;    /* 0: none killed it */
	int lost_output; /* errno of a write to a regular file that failed: the program saw none of it */
	struct outcome_stream streams[2]; /* standard output and standard error */
	enum outcome_evidence evidence;
	int tried[2];            /* what came of a trial (stage/trial.h) */
	struct denials *denials; /* what was refused, where that was recorded, or NULL */
	enum outcome_cpu cpu;
	double cpu_ms; /* of the whole tree */
	double wall_ms;
	double user_ms;
	double system_ms;
	long max_rss_kib;
	char network[160]; /* a veth's device on the host and addresses inside, or "" */
	struct outcome_cgroup cgroup;
	struct outcome_enforced enforced;
};

/* outcome_finish() - let go of what was captured and recorded. */
void outcome_finish(struct outcome *outcome);

/* outcome_take() - copy what a set-up process has left in memory that is still shared with a pid 1,
 * who may write anything there: its list and texts have an end. */
void outcome_take(struct outcome_enforced *to, const volatile struct outcome_enforced *from);

/* outcome_skip() - record that @what was not enforced, and why. Past OUTCOME_MAX_SKIPS it is
 * lost. */
void outcome_skip(struct outcome_enforced *enforced, const char *what, const char *why);

#endif
