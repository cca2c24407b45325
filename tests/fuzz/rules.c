/* rules.c - rules from anywhere: check, compile, and compare the filter with the evaluator
 *
 * The bytes become a policy of at most three architectures, each field read from the next bytes.
 * What policy_check() takes must compile or be too large; the filter must be one that the kernel
 * takes, and answer calls made of the rules' own numbers and bounds as policy_evaluate() does. Made
 * for clang's -fsanitize=fuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/tables.h"

enum { RULES = 24, TOKENS = 12, INTERVALS = 3, CALLS = 400 };

struct input {
	const uint8_t *at;
	size_t left;
};

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;

	bytes = bytes < input->left ? bytes : input->left;
	memcpy(&value, input->at, bytes);
	input->at += bytes;
	input->left -= bytes;
	return value;
}

static uint32_t take_action(struct input *input)
{
	static const uint32_t actions[] = { SECCOMP_RET_ALLOW,        SECCOMP_RET_KILL_PROCESS,
					    SECCOMP_RET_ERRNO | 1,    SECCOMP_RET_TRAP | 9,
					    SECCOMP_RET_LOG,          SECCOMP_RET_KILL_THREAD,
					    SECCOMP_RET_ERRNO | 5000, 0x12340000 };

	return actions[take(input, 1) % 8];
}

static void take_token(struct input *input, struct policy_token *token)
{
	uint8_t kind = (uint8_t)take(input, 1);
	size_t width = kind & 8 ? 8 : 4;

	token->op = kind % 8 < 4 ? OP_COMPARE : kind % 8 - 4;
	token->argument = kind >> 4 & 7;
	token->width = (uint8_t)width;
	token->mask = kind & 4 ? take(input, width) : width == 4 ? UINT32_MAX : UINT64_MAX;
	token->low = take(input, kind & 0x80 ? 1 : width);
	token->high = kind & 1 ? token->low : take(input, width);
}

struct made {
	struct policy policy;
	struct policy_arch archs[3];
	struct policy_rule rules[3][RULES];
	struct policy_interval calls[3][RULES][INTERVALS];
	struct policy_interval known[3][INTERVALS];
	struct policy_token tokens[3][RULES][TOKENS];
};

/* Small numbers mostly, or any of 32 bits. */
static void take_intervals(struct input *input, struct policy_interval *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t first = (uint32_t)take(input, 2);

		if (first >> 13 == 7)
			first = (uint32_t)take(input, 4);
		else
			first %= 1024;
		list[i] =
			(struct policy_interval){ first, first + (uint32_t)take(input, first % 3) };
	}
}

static void make(struct made *m, struct input *input)
{
	m->policy = (struct policy){ .fallback = take_action(input),
				     .newer = take_action(input),
				     .foreign = take_action(input),
				     .archs = m->archs,
				     .arch_count = take(input, 1) % 4 };
	for (size_t a = 0; a < m->policy.arch_count; a++) {
		struct policy_arch *arch = &m->archs[a];

		uint8_t kind = (uint8_t)take(input, 1);

		arch->entry = (enum policy_entry)(kind % (ENTRY_COUNT + 1));
		arch->known = tables_known(arch->entry, &arch->known_count);
		if (kind & 0x80) {
			arch->known = m->known[a];
			arch->known_count = kind >> 5 & 3;
			take_intervals(input, m->known[a], arch->known_count);
		}
		arch->rules = m->rules[a];
		arch->rule_count = take(input, 1) % RULES;
		for (size_t r = 0; r < arch->rule_count; r++) {
			struct policy_rule *rule = &m->rules[a][r];

			rule->action = take_action(input);
			rule->calls = m->calls[a][r];
			rule->call_count = take(input, 1) % (INTERVALS + 1);
			take_intervals(input, m->calls[a][r], rule->call_count);
			rule->test = m->tokens[a][r];
			rule->token_count = take(input, 1) % TOKENS;
			for (size_t i = 0; i < rule->token_count; i++)
				take_token(input, &m->tokens[a][r][i]);
		}
	}
}

/* A call near what the rules speak of. */
static struct seccomp_data pick_call(const struct made *m, uint64_t *random)
{
	struct seccomp_data call = { 0 };
	size_t a, r;

	*random = *random * 6364136223846793005u + 1442695040888963407u;
	a = (*random >> 33) % m->policy.arch_count;
	call.arch = policy_audit_arch(m->archs[a].entry);
	call.nr = (int)(*random >> 40 & 1023);
	if (m->archs[a].rule_count) {
		const struct policy_rule *rule;

		r = (*random >> 50) % m->archs[a].rule_count;
		rule = &m->rules[a][r];
		if (rule->call_count) {
			const struct policy_interval *calls =
				&rule->calls[(*random >> 45) % rule->call_count];

			call.nr = (int)((*random >> 35 & 1 ? calls->last : calls->first) +
					(uint32_t)(*random >> 36 & 7 ? 0 : 1));
		}
		for (size_t i = 0; i < rule->token_count; i++) {
			uint64_t bits = *random >> (i + 3);

			call.args[rule->test[i].argument % 6] =
				(bits & 1 ? rule->test[i].low : rule->test[i].high) +
				(bits >> 1 & 3) - 1 + ((bits >> 4 & 7) ? 0 : UINT64_C(1) << 32);
		}
	}
	if (m->archs[a].entry == ENTRY_X32)
		call.nr |= 0x40000000;
	if ((*random >> 57) == 0)
		call.nr = -1;
	return call;
}

/* What is shown of a policy: none of it may read or write where it must not. */
static void show(const struct policy *policy, const struct sock_filter *filter, size_t count)
{
	struct policy_warning warnings[8];
	struct policy_stats stats;
	char text[24];
	size_t found;

	(void)policy_warn(policy, warnings, sizeof(warnings) / sizeof(*warnings), &found);
	policy_stats(filter, count, policy->archs[0].entry, &stats);
	if (stats.worst > stats.longest || stats.longest > count)
		abort();
	for (size_t i = 0; i < count; i++)
		(void)bpf_disassemble(filter, i, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	static struct made made;
	struct input input = { data, size };
	struct policy_error error;
	uint64_t random = size;
	size_t count = 0;

	memset(&made, 0, sizeof(made));
	make(&made, &input);
	if (policy_check(&made.policy, &error) ||
	    policy_compile(&made.policy, filter, &count, NULL, &error))
		return 0;
	/* Without an architecture there is no policy: pick_call() takes one. */
	if (!made.policy.arch_count || !bpf_valid(filter, count))
		abort();
	/* Each warning takes a compilation, so not for every input. */
	if (size % 16 == 0)
		show(&made.policy, filter, count);
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = pick_call(&made, &random);

		if (policy_evaluate(&made.policy, &call, NULL) !=
		    bpf_run(filter, count, &call, NULL))
			abort();
	}
	return 0;
}
