/* evaluate.c - what a policy says of one call, straight from its rules
 *
 * This is the ground truth that every filter is compared with. It shares no code with the compiler
 * and takes no short cut: each rule is looked at in turn, each token of its test in turn.
 */
#include "policy/policy.h"

#include <errno.h>
#include <linux/audit.h>

static const uint32_t audit_archs[ENTRY_COUNT] = {
	[ENTRY_X86_64] = AUDIT_ARCH_X86_64,   [ENTRY_I386] = AUDIT_ARCH_I386,
	[ENTRY_X32] = AUDIT_ARCH_X86_64,      [ENTRY_AARCH64] = AUDIT_ARCH_AARCH64,
	[ENTRY_RISCV64] = AUDIT_ARCH_RISCV64,
};

#define X32_BIT UINT32_C(0x40000000)
#define SKIPPED UINT32_MAX /* what a tracer leaves as the number of a call that it wants skipped */

uint32_t policy_audit_arch(enum policy_entry entry)
{
	return audit_archs[entry];
}

enum policy_entry policy_native(void)
{
#if defined(__x86_64__) && defined(__ILP32__)
	return ENTRY_X32;
#elif defined(__x86_64__)
	return ENTRY_X86_64;
#elif defined(__i386__)
	return ENTRY_I386;
#elif defined(__aarch64__)
	return ENTRY_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
	return ENTRY_RISCV64;
#else
#error "no entry for this architecture"
#endif
}

static bool holds(const struct policy_interval *intervals, size_t count, uint32_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (number >= intervals[i].first && number <= intervals[i].last)
			return true;
	return false;
}

static bool compare(const struct policy_token *token, const struct seccomp_data *call)
{
	uint64_t value = call->args[token->argument];

	if (token->width == 4)
		value &= UINT32_MAX;
	value &= token->mask;
	return token->low <= value && value <= token->high;
}

static bool test_true(const struct policy_rule *rule, const struct seccomp_data *call)
{
	bool stack[POLICY_MAX_TOKENS] = { false };
	size_t depth = 0;
	size_t i;

	if (rule->token_count == 0)
		return true;
	for (i = 0; i < rule->token_count; i++) {
		switch (rule->test[i].op) {
		case OP_COMPARE:
			stack[depth++] = compare(&rule->test[i], call);
			break;
		case OP_AND:
			depth--;
			stack[depth - 1] = stack[depth - 1] && stack[depth];
			break;
		case OP_OR:
			depth--;
			stack[depth - 1] = stack[depth - 1] || stack[depth];
			break;
		default:
			stack[depth - 1] = !stack[depth - 1];
			break;
		}
	}
	return stack[0];
}

/* Which architecture's rules are for @call; its number at that entry goes to @number. */
static const struct policy_arch *find_arch(const struct policy *policy,
					   const struct seccomp_data *call, uint32_t *number)
{
	size_t i;
	bool x32 = call->arch == AUDIT_ARCH_X86_64 && ((uint32_t)call->nr & X32_BIT) &&
		   (uint32_t)call->nr != SKIPPED;

	*number = x32 ? (uint32_t)call->nr & ~X32_BIT : (uint32_t)call->nr;
	for (i = 0; i < policy->arch_count; i++) {
		enum policy_entry entry = policy->archs[i].entry;

		if (audit_archs[entry] == call->arch && (entry == ENTRY_X32) == x32)
			return &policy->archs[i];
	}
	return NULL;
}

static bool is_kill(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_KILL_PROCESS || kind == SECCOMP_RET_KILL_THREAD;
}

static bool refuses(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return is_kill(action) || kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRAP;
}

bool policy_may_allow(const struct policy *policy, const struct policy_arch *arch, uint32_t number)
{
	if (!arch)
		return !refuses(policy->foreign);
	for (size_t i = 0; i < arch->rule_count; i++) {
		const struct policy_rule *rule = &arch->rules[i];

		if (!holds(rule->calls, rule->call_count, number))
			continue;
		if (!refuses(rule->action))
			return true;
		if (rule->token_count == 0)
			return false;
	}
	return !refuses(holds(arch->known, arch->known_count, number) ? policy->fallback
								      : policy->newer);
}

uint32_t policy_evaluate(const struct policy *policy, const struct seccomp_data *call,
			 size_t *decided)
{
	uint32_t number, action;
	const struct policy_arch *arch = find_arch(policy, call, &number);
	size_t i;

	if (decided)
		*decided = SIZE_MAX;
	if (!arch)
		return policy->foreign;
	for (i = 0; i < arch->rule_count; i++) {
		if (!holds(arch->rules[i].calls, arch->rules[i].call_count, number) ||
		    !test_true(&arch->rules[i], call))
			continue;
		if (decided)
			*decided = i;
		return arch->rules[i].action;
	}
	action = holds(arch->known, arch->known_count, number) ? policy->fallback : policy->newer;
	if ((uint32_t)call->nr == SKIPPED && is_kill(action))
		return SECCOMP_RET_ERRNO | ENOSYS;
	return action;
}
