/* notified.c - a policy whose refusals go to a listener (see policy.h) */
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t handed_over(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
		return SECCOMP_RET_USER_NOTIF;
	default:
		return action;
	}
}

int policy_notified(const struct policy *policy, struct policy *copy, void **block)
{
	struct policy_arch *archs;
	struct policy_rule *rules;
	size_t count = 0;

	for (size_t i = 0; i < policy->arch_count; i++)
		count += policy->archs[i].rule_count;
	archs = malloc(policy->arch_count * sizeof(*archs) + count * sizeof(*rules) + 1);
	*block = archs;
	if (!archs)
		return -ENOMEM;
	rules = (struct policy_rule *)(archs + policy->arch_count);
	for (size_t i = 0; i < policy->arch_count; i++) {
		archs[i] = policy->archs[i];
		archs[i].rules = rules;
		for (size_t k = 0; k < archs[i].rule_count; k++) {
			rules[k] = policy->archs[i].rules[k];
			rules[k].action = handed_over(rules[k].action);
		}
		rules += archs[i].rule_count;
	}
	*copy = *policy;
	copy->fallback = handed_over(policy->fallback);
	copy->newer = handed_over(policy->newer);
	copy->foreign = handed_over(policy->foreign);
	copy->archs = archs;
	return 0;
}
