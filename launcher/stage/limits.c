/* limits.c - resource limits that need no cgroup, and the file mode mask (see limits.h) */
#include "launcher/stage/limits.h"

#include <errno.h>
#include <sys/resource.h>

struct row {
	const char *name;
	const struct plan_limit *limit;
	int resource;
	uint64_t unit;  /* the limit's value in one of the kernel's; 0: it is the kernel's own */
	uint64_t scale; /* the kernel's units in one of the limit's */
};

/* At least what the plan says, in the kernel's unit. */
static uint64_t in_kernel(const struct row *row)
{
	uint64_t value = row->limit->value;

	if (row->scale)
		return value > RLIM_INFINITY / row->scale ? RLIM_INFINITY : value * row->scale;
	return row->unit ? value / row->unit + (value % row->unit != 0) : value;
}

static int apply(const struct setup *setup, const struct row *row, struct err *err)
{
	struct raw_rlimit wanted = { .current = in_kernel(row), .maximum = in_kernel(row) };
	struct raw_rlimit old;
	long r;

	if (!row->limit->set)
		return 0;
	r = sys_prlimit64(0, row->resource, &wanted, &old);
	if (r == 0)
		setup->shared->enforced.rlimits |= 1u << row->resource;
	if (r == 0)
		return 0;
	if (r == -EPERM && row->limit->prefer) {
		outcome_skip(&setup->shared->enforced, row->name, "above the caller's hard limit");
		return 0;
	}
	return err_set(err, STAGE_LIMITS, (int)r,
		       r == -EPERM ? "it is above the caller's hard limit" : NULL, "%s", row->name);
}

/* May the program be the host's root, whose processes RLIMIT_NPROC does not hold (getrlimit(2))? */
static bool may_be_root(const struct setup *setup)
{
	const struct plan_user *user = &setup->plan->user;
	bool root = !user->uid_range_count && user->outer_uid == 0;

	for (size_t i = 0; i < user->uid_range_count; i++)
		root |= user->uid_ranges[i].outside == 0;
	return root && setup->caller.host_root;
}

static int apply_processes(const struct setup *setup, const struct row *row, struct err *err)
{
	static const char reason[] = "no rlimit counts the processes of the host's root";

	if (!row->limit->set || !may_be_root(setup))
		return apply(setup, row, err);
	if (row->limit->prefer) {
		outcome_skip(&setup->shared->enforced, row->name, reason);
		return 0;
	}
	(void)err_set(err, STAGE_LIMITS, EPERM,
		      "let user.outer or user.map name other ids, or a cgroup hold limits.pids",
		      "%s", row->name);
	return err_reason(err, reason);
}

/* What the supervisor measures for all processes holds for each: should one escape it, the kernel
 * ends that one a second later. A caller's own hard limit below that does as well. */
static void stop_in_kernel(const struct plan_limits *limits)
{
	uint64_t seconds = limits->cpu.value / 1000 + 2;
	const struct raw_rlimit wanted = { seconds, seconds };

	/* May differ: a caller's own hard limit below that does as well. */
	if (limits->cpu.set && !limits->process_cpu.set)
		(void)sys_prlimit64(0, RLIMIT_CPU, &wanted, NULL);
}

int limits_apply(const struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	const struct plan_limits *limits = &plan->limits;
	bool in_cgroup = setup->shared->in_cgroup & 1u << LIMIT_PIDS;
	struct row processes = { "limits.nproc", &limits->nproc, RLIMIT_NPROC, 0, 0 };
	const struct row rows[] = {
		{ "limits.files", &limits->files, RLIMIT_NOFILE, 0, 0 },
		{ "limits.fsize", &limits->fsize, RLIMIT_FSIZE, 0, 0 },
		{ "limits.stack", &limits->stack, RLIMIT_STACK, 0, 0 },
		{ "limits.core", &limits->core, RLIMIT_CORE, 0, 0 },
		{ "limits.address_space", &limits->address_space, RLIMIT_AS, 0, 0 },
		{ "limits.data", &limits->data, RLIMIT_DATA, 0, 0 },
		{ "limits.memlock", &limits->memlock, RLIMIT_MEMLOCK, 0, 0 },
		{ "limits.msgqueue", &limits->msgqueue, RLIMIT_MSGQUEUE, 0, 0 },
		{ "limits.nice", &limits->nice, RLIMIT_NICE, 0, 0 },
		{ "limits.process_cpu", &limits->process_cpu, RLIMIT_CPU, 1000, 0 },
		{ "limits.rtprio", &limits->rtprio, RLIMIT_RTPRIO, 0, 0 },
		{ "limits.rttime", &limits->rttime, RLIMIT_RTTIME, 0, 1000 },
		{ "limits.sigpending", &limits->sigpending, RLIMIT_SIGPENDING, 0, 0 },
	};
	int r;

	if (!in_cgroup && limits->pids.set &&
	    (!limits->nproc.set || limits->pids.value < limits->nproc.value))
		processes = (struct row){ "limits.pids", &limits->pids, RLIMIT_NPROC, 0, 0 };
	r = apply_processes(setup, &processes, err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && r == 0; i++)
		r = apply(setup, &rows[i], err);
	if (r < 0)
		return r;
	stop_in_kernel(limits);
	if (setup->staging.raised && !limits->files.set) {
		const struct raw_rlimit files = { setup->caller.open_files,
						  setup->caller.open_files_most };

		r = (int)sys_prlimit64(0, RLIMIT_NOFILE, &files, NULL);
		if (r < 0)
			return err_set(err, STAGE_LIMITS, r, NULL, "limits.files");
	}
	(void)sys_umask(plan->has_umask ? plan->umask : setup->umask);
	return 0;
}
