/* origin.c - which line of the profile decided (see origin.h, landlock(7)) */
#include "launcher/watch/origin.h"

#include <string.h>

#include "policy/tables.h"

static const char *of_key(const struct plan *plan, const char *key)
{
	for (size_t i = 0; i < plan->written_count; i++)
		if (strcmp(plan->written[i].key, key) == 0)
			return plan->written[i].where;
	return "";
}

const char *origin_of_call(const struct plan *plan, enum policy_entry entry, uint32_t number,
			   size_t decided)
{
	for (size_t i = 0; i < plan->seccomp.arch_count; i++) {
		const struct policy_arch *arch = &plan->seccomp.archs[i];
		uint32_t index;

		if (arch->entry != entry)
			continue;
		if (decided >= arch->rule_count)
			return of_key(plan, tables_call_at(entry, number) < 0 ? "seccomp.newer"
									      : "seccomp.default");
		index = arch->rules[decided].origin;
		return index < plan->rule_origin_count ? plan->rule_origins[index] : "";
	}
	return "";
}

static const char *section(const struct plan *plan)
{
	return plan->landlock.origin ? plan->landlock.origin : "";
}

bool origin_beneath(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (length && top[length - 1] == '/')
		length--;
	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Rules grant, and what any of those above a path grants is granted. */
const char *origin_of_path(const struct plan *plan, const char *path, uint64_t right, bool *granted)
{
	const char *nearest = section(plan);
	size_t longest = 0;
	bool found = false;

	for (size_t i = 0; i < plan->landlock.rule_count; i++) {
		const struct plan_landlock_rule *rule = &plan->landlock.rules[i];
		size_t length = rule->path ? strlen(rule->path) : 0;

		if (!rule->path || !origin_beneath(path, rule->path))
			continue;
		if (rule->rights & right)
			found = true;
		if (length < longest || !rule->origin || !rule->origin[0])
			continue;
		longest = length;
		nearest = rule->origin;
	}
	if (granted)
		*granted = found || !(plan->landlock.handled_fs & right);
	return nearest;
}

const char *origin_of_port(const struct plan *plan, uint16_t port, uint64_t right, bool *granted)
{
	const char *nearest = section(plan);
	bool found = false;

	for (size_t i = 0; i < plan->landlock.rule_count; i++) {
		const struct plan_landlock_rule *rule = &plan->landlock.rules[i];

		if (rule->path || rule->port != port)
			continue;
		found |= (rule->rights & right) != 0;
		if (rule->origin && rule->origin[0])
			nearest = rule->origin;
	}
	if (granted)
		*granted = found || !(plan->landlock.handled_net & right);
	return nearest;
}
