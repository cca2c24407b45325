/* check.c - is a policy well-formed? (see policy.h)
 *
 * Everything that the compiler and the evaluator rely on is refused here, with the architecture and
 * the index of the rule, so that neither needs to look again.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "policy/tables.h"

__attribute__((format(printf, 4, 5))) static int refuse(struct policy_error *error, size_t arch,
							size_t rule, const char *format, ...)
{
	va_list args;

	error->arch = arch;
	error->rule = rule;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

static bool action_known(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return (action & SECCOMP_RET_DATA) <= 4095;
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
		return true;
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return (action & SECCOMP_RET_DATA) == 0;
	}
	return false;
}

/* Returns what is wrong with @token, or NULL. */
static const char *compare_fault(const struct policy_token *token)
{
	uint64_t widest = token->width == 4 ? UINT32_MAX : UINT64_MAX;

	if (token->argument > 5)
		return "an argument above 5";
	if (token->width != 4 && token->width != 8)
		return "a width that is neither 4 nor 8";
	if (token->mask > widest || token->low > widest || token->high > widest)
		return "a mask or bound wider than its argument";
	if (token->low > token->high)
		return "a range whose low end is above its high end";
	return NULL;
}

static int check_test(const struct policy_rule *rule, size_t arch, size_t index,
		      struct policy_error *error)
{
	size_t depth = 0;
	size_t i;

	if (rule->token_count > POLICY_MAX_TOKENS)
		return refuse(error, arch, index, "a test of %zu tokens, at most %d",
			      rule->token_count, POLICY_MAX_TOKENS);
	for (i = 0; i < rule->token_count; i++) {
		const struct policy_token *token = &rule->test[i];
		size_t needs = token->op == OP_NOT ? 1 : 2;
		const char *fault;

		if (token->op == OP_COMPARE) {
			fault = compare_fault(token);
			if (fault)
				return refuse(error, arch, index, "token %zu has %s", i, fault);
			depth++;
			continue;
		}
		if (token->op > OP_NOT)
			return refuse(error, arch, index, "token %zu is no operator", i);
		if (depth < needs)
			return refuse(error, arch, index, "token %zu lacks an operand", i);
		depth -= needs - 1;
	}
	if (rule->token_count && depth != 1)
		return refuse(error, arch, index, "the test leaves %zu values in place of one",
			      depth);
	return 0;
}

/* Numbers of x86_64 and x32 stand without bit 30, which tells the two apart. */
static uint32_t highest_number(enum policy_entry entry)
{
	return entry == ENTRY_X86_64 || entry == ENTRY_X32 ? 0x3fffffff : 0xfffffffe;
}

static int check_rule(const struct policy_arch *arch, size_t at, size_t index,
		      struct policy_error *error)
{
	const struct policy_rule *rule = &arch->rules[index];
	size_t i;

	if (!action_known(rule->action))
		return refuse(error, at, index, "unknown action 0x%x", rule->action);
	for (i = 0; i < rule->call_count; i++) {
		if (rule->calls[i].first > rule->calls[i].last ||
		    rule->calls[i].last > highest_number(arch->entry))
			return refuse(error, at, index, "calls %u-%u are no range of calls",
				      rule->calls[i].first, rule->calls[i].last);
	}
	return check_test(rule, at, index, error);
}

static int check_arch(const struct policy *policy, size_t at, struct policy_error *error)
{
	const struct policy_arch *arch = &policy->archs[at];
	size_t i;

	if ((unsigned int)arch->entry >= ENTRY_COUNT)
		return refuse(error, at, SIZE_MAX, "unknown architecture");
	for (i = 0; i < at; i++)
		if (policy->archs[i].entry == arch->entry)
			return refuse(error, at, SIZE_MAX, "%s stands twice",
				      tables_entry_name(arch->entry));
	if (arch->rule_count > POLICY_MAX_RULES)
		return refuse(error, at, SIZE_MAX, "%zu rules, at most %d", arch->rule_count,
			      POLICY_MAX_RULES);
	for (i = 0; i < arch->known_count; i++)
		if (arch->known[i].first > arch->known[i].last ||
		    arch->known[i].last > highest_number(arch->entry) ||
		    (i && arch->known[i].first <= arch->known[i - 1].last))
			return refuse(error, at, SIZE_MAX, "known calls out of order");
	for (i = 0; i < arch->rule_count; i++)
		if (check_rule(arch, at, i, error))
			return -EINVAL;
	return 0;
}

int policy_check(const struct policy *policy, struct policy_error *error)
{
	size_t i;

	if (!action_known(policy->fallback) || !action_known(policy->newer) ||
	    !action_known(policy->foreign))
		return refuse(error, SIZE_MAX, SIZE_MAX, "unknown default action");
	if (policy->arch_count == 0)
		return refuse(error, SIZE_MAX, SIZE_MAX, "no architecture");
	for (i = 0; i < policy->arch_count; i++)
		if (check_arch(policy, i, error))
			return -EINVAL;
	return 0;
}
