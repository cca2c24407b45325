/* account.c - what the sandbox's cgroup has counted (see account.h)
 *
 * Read once, when all processes are dead and before the cgroup goes: the counters are final then.
 */
#include "launcher/watch/account.h"

static unsigned long long value(const char *text, const char *name)
{
	unsigned long long number;

	return cgroup_value(text, name, &number) ? number : OUTCOME_UNKNOWN;
}

void account_read(const struct cgroup *cgroup, struct outcome_cgroup *account)
{
	int leaf = cgroup->leaf;
	char text[1024];

	*account = (struct outcome_cgroup){ .used = leaf >= 0, .limits = cgroup->limits };
	if (leaf < 0)
		return;
	(void)cgroup_read(leaf, "memory.peak", text, sizeof(text));
	account->memory_peak = value(text, NULL);
	(void)cgroup_read(leaf, "memory.events", text, sizeof(text));
	account->memory_hits = value(text, "max");
	account->oom_hits = value(text, "oom");
	account->oom_kills = value(text, "oom_kill");
	(void)cgroup_read(leaf, "pids.peak", text, sizeof(text));
	account->pids_peak = value(text, NULL);
	(void)cgroup_read(leaf, "pids.events", text, sizeof(text));
	account->pids_refused = value(text, "max");
	(void)cgroup_read(leaf, "cpu.stat", text, sizeof(text));
	account->user_us = value(text, "user_usec");
	account->system_us = value(text, "system_usec");
}

static bool is_killed(const struct outcome_cgroup *account)
{
	return account->used && account->oom_kills != OUTCOME_UNKNOWN && account->oom_kills > 0;
}

bool account_out_of_memory(const struct outcome_cgroup *account)
{
	return is_killed(account) && account->oom_hits > 0;
}

bool account_out_of_others(const struct outcome_cgroup *account)
{
	return is_killed(account) && account->oom_hits == 0;
}
