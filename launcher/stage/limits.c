/* limits.c - resource limits that need no cgroup, and the file mode mask (see limits.h) */
#include "launcher/stage/limits.h"

#include <errno.h>
#include <sys/resource.h>

#include "launcher/plan/rlimits.h"

/* At least what the plan says, in the kernel's unit. */
static uint64_t in_kernel(const struct plan_rlimit *row, uint64_t value)
{
	if (row->scale)
		return value > RLIM_INFINITY / row->scale ? RLIM_INFINITY : value * row->scale;
	return row->unit ? value / row->unit + (value % row->unit != 0) : value;
}

static int apply(const struct setup *setup, const struct plan_rlimit *row, struct err *err)
{
	const struct plan_limit *limit = plan_rlimit_of(row, &setup->plan->limits);
	uint64_t value = in_kernel(row, limit->value);
	const struct raw_rlimit wanted = { .current = value, .maximum = value };
	long r = sys_prlimit64(0, row->resource, &wanted, NULL);

	if (r == 0) {
		setup->shared->enforced.rlimits |= 1u << row->resource;
		return 0;
	}
	if (r == -EPERM && limit->prefer) {
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

/* Of limits.pids, where no cgroup holds it, and limits.nproc the lower one is the kernel's. */
static bool gives_way(const struct setup *setup, const struct plan_limit *limit)
{
	const struct plan_limit *pids = &setup->plan->limits.pids;
	const struct plan_limit *nproc = &setup->plan->limits.nproc;
	bool in_cgroup = setup->shared->in_cgroup & 1u << LIMIT_PIDS;

	if (!in_cgroup && pids->set && (!nproc->set || pids->value < nproc->value))
		return limit == nproc;
	return limit == pids;
}

static int apply_processes(const struct setup *setup, const struct plan_rlimit *row,
			   struct err *err)
{
	static const char reason[] = "no rlimit counts the processes of the host's root";
	const struct plan_limit *limit = plan_rlimit_of(row, &setup->plan->limits);

	if (gives_way(setup, limit))
		return 0;
	if (!may_be_root(setup))
		return apply(setup, row, err);
	if (limit->prefer) {
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
	int r = 0;

	for (size_t i = 0; i < PLAN_RLIMITS && r == 0; i++) {
		const struct plan_rlimit *row = &plan_rlimits[i];

		if (plan_rlimit_of(row, limits)->set)
			r = row->resource == RLIMIT_NPROC ? apply_processes(setup, row, err)
							  : apply(setup, row, err);
	}
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
