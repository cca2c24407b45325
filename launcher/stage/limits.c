/* limits.c - resource limits that need no cgroup, and the file mode mask (see limits.h) */
#include "launcher/stage/limits.h"

#include <errno.h>
#include <sys/resource.h>

struct row {
	const char *name;
	const struct plan_limit *limit;
	int resource;
};

static int apply(const struct setup *setup, const struct row *row, struct err *err)
{
	struct raw_rlimit wanted = { .current = row->limit->value, .maximum = row->limit->value };
	struct raw_rlimit old;
	long r;

	if (!row->limit->set)
		return 0;
	r = sys_prlimit64(0, row->resource, &wanted, &old);
	if (r == 0)
		return 0;
	if (r == -EPERM && row->limit->prefer) {
		outcome_skip(&setup->shared->enforced, row->name, "above the caller's hard limit");
		return 0;
	}
	return err_set(err, STAGE_LIMITS, (int)r,
		       r == -EPERM ? "it is above the caller's hard limit" : NULL, "%s", row->name);
}

int limits_apply(const struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	const struct plan_limits *limits = &plan->limits;
	const struct row rows[] = {
		{ "limits.files", &limits->files, RLIMIT_NOFILE },
		{ "limits.fsize", &limits->fsize, RLIMIT_FSIZE },
		{ "limits.stack", &limits->stack, RLIMIT_STACK },
		{ "limits.core", &limits->core, RLIMIT_CORE },
		{ "limits.address_space", &limits->address_space, RLIMIT_AS },
		{ "limits.pids", &limits->pids, RLIMIT_NPROC },
		{ "limits.nproc", &limits->nproc, RLIMIT_NPROC },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = apply(setup, &rows[i], err);

		if (r < 0)
			return r;
	}
	if (setup->staging.raised && !limits->files.set) {
		const struct raw_rlimit files = { setup->caller.open_files,
						  setup->caller.open_files_most };
		long r = sys_prlimit64(0, RLIMIT_NOFILE, &files, NULL);

		if (r < 0)
			return err_set(err, STAGE_LIMITS, (int)r, NULL, "limits.files");
	}
	(void)sys_umask(plan->has_umask ? plan->umask : setup->umask);
	return 0;
}
