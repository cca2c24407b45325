/* verify.c - does a filter say what its policy says, for every call?
 *
 * Both look at a call through comparisons with constants only. So the numbers are represented by
 * the ends of all intervals in either, and for each number the words of the arguments by one value
 * of each class that the comparisons reachable there can tell apart. All combinations are run
 * through policy_evaluate() and bpf_run(). Where masks on one word overlap, or combinations are too
 * many, pseudo-random ones are added and the answer is marked as not exact. It shares no code with
 * the compiler.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

enum {
	WORDS = 12,        /* of the arguments */
	MAX_TESTS = 512,   /* of one word */
	MAX_VALUES = 2048, /* candidates of one word */
	MAX_COMBINED = 1 << 17,
	SAMPLES = 4096,
	DENSE = 2048, /* numbers below are all tried */
};

/* Where (word & mask) begins to mean something else. */
struct test {
	uint32_t mask;
	uint32_t start;
};

struct word {
	struct test tests[MAX_TESTS];
	size_t test_count;
	uint32_t values[MAX_VALUES];
	size_t value_count;
};

/* An instruction and what A holds there: word -1 is nothing that the arguments decide. */
struct state {
	uint16_t at;
	int8_t word;
	uint32_t mask;
};

enum { MAX_STATES = 3 * POLICY_MAX_INSTRUCTIONS };

struct verifier {
	const struct policy *policy;
	const struct sock_filter *filter;
	size_t count;
	struct policy_error *error;
	bool exact;
	uint64_t random;
	struct word words[WORDS];
	struct state states[MAX_STATES];
	size_t state_count;
	size_t first_state[POLICY_MAX_INSTRUCTIONS]; /* index + 1 of the last state added there */
	size_t next_state[MAX_STATES];
};

static uint64_t next_random(struct verifier *v)
{
	v->random ^= v->random << 13;
	v->random ^= v->random >> 7;
	v->random ^= v->random << 17;
	return v->random;
}

static void add_test(struct verifier *v, int word, uint32_t mask, uint32_t start)
{
	struct word *to = &v->words[word];
	size_t i;

	for (i = 0; i < to->test_count; i++)
		if (to->tests[i].mask == mask && to->tests[i].start == start)
			return;
	if (to->test_count == MAX_TESTS)
		v->exact = false;
	else
		to->tests[to->test_count++] = (struct test){ mask, start };
}

static void add_edges(struct verifier *v, int word, uint32_t mask, uint32_t low, uint32_t high)
{
	add_test(v, word, mask, low);
	if (high != UINT32_MAX)
		add_test(v, word, mask, high + 1);
}

static void add_token(struct verifier *v, const struct policy_token *token)
{
	int word = 2 * token->argument;

	if (token->op != OP_COMPARE)
		return;
	add_edges(v, word, (uint32_t)token->mask, (uint32_t)token->low, (uint32_t)token->low);
	add_edges(v, word, (uint32_t)token->mask, (uint32_t)token->high, (uint32_t)token->high);
	if (token->width == 4)
		return;
	add_edges(v, word + 1, (uint32_t)(token->mask >> 32), (uint32_t)(token->low >> 32),
		  (uint32_t)(token->low >> 32));
	add_edges(v, word + 1, (uint32_t)(token->mask >> 32), (uint32_t)(token->high >> 32),
		  (uint32_t)(token->high >> 32));
}

/* All tests of the rules of @call's architecture that speak of its number. */
static void add_rules(struct verifier *v, const struct seccomp_data *call)
{
	uint32_t number;
	size_t a, r, i;

	for (a = 0; a < v->policy->arch_count; a++) {
		const struct policy_arch *arch = &v->policy->archs[a];

		if (policy_audit_arch(arch->entry) != call->arch)
			continue;
		number = arch->entry == ENTRY_X32 ? (uint32_t)call->nr & ~0x40000000u
						  : (uint32_t)call->nr;
		for (r = 0; r < arch->rule_count; r++) {
			const struct policy_rule *rule = &arch->rules[r];
			bool here = false;

			for (i = 0; i < rule->call_count && !here; i++)
				here = number >= rule->calls[i].first &&
				       number <= rule->calls[i].last;
			for (i = 0; here && i < rule->token_count; i++)
				add_token(v, &rule->test[i]);
		}
	}
}

static void reach(struct verifier *v, size_t at, int word, uint32_t mask)
{
	size_t i;

	for (i = v->first_state[at]; i; i = v->next_state[i - 1])
		if (v->states[i - 1].word == word && v->states[i - 1].mask == mask)
			return;
	if (v->state_count == MAX_STATES) {
		v->exact = false;
		return;
	}
	v->states[v->state_count] = (struct state){ (uint16_t)at, (int8_t)word, mask };
	v->next_state[v->state_count] = v->first_state[at];
	v->first_state[at] = ++v->state_count;
}

static void note_jump(struct verifier *v, const struct sock_filter *now, const struct state *state)
{
	switch (BPF_OP(now->code)) {
	case BPF_JEQ:
		add_edges(v, state->word, state->mask, now->k, now->k);
		break;
	case BPF_JGE:
		add_test(v, state->word, state->mask, now->k);
		break;
	case BPF_JGT:
		if (now->k != UINT32_MAX)
			add_test(v, state->word, state->mask, now->k + 1);
		break;
	default:
		add_test(v, state->word, state->mask & now->k, 0);
		add_test(v, state->word, state->mask & now->k, 1);
		break;
	}
}

static bool jump_taken(const struct sock_filter *now, uint32_t a)
{
	switch (BPF_OP(now->code)) {
	case BPF_JEQ:
		return a == now->k;
	case BPF_JGE:
		return a >= now->k;
	case BPF_JGT:
		return a > now->k;
	}
	return (a & now->k) != 0;
}

/* With word -1 A is a constant, which stands in mask. */
static void follow_jump(struct verifier *v, const struct sock_filter *now,
			const struct state *state)
{
	bool constant = state->word < 0;
	bool taken = constant && jump_taken(now, state->mask);

	if (!constant)
		note_jump(v, now, state);
	if (!constant || taken)
		reach(v, state->at + 1u + now->jt, state->word, state->mask);
	if (!constant || !taken)
		reach(v, state->at + 1u + now->jf, state->word, state->mask);
}

/* Where the filter can come to with the number and architecture of @call, noting the tests it makes
 * on the way. Instructions that our compiler never writes end the exactness.
 */
static void follow(struct verifier *v, const struct seccomp_data *call)
{
	size_t i;

	memset(v->first_state, 0, sizeof(v->first_state));
	v->state_count = 0;
	reach(v, 0, -1, 0);
	for (i = 0; i < v->state_count; i++) {
		struct state state = v->states[i];
		const struct sock_filter *now = &v->filter[state.at];
		uint32_t value;

		switch (now->code) {
		case BPF_RET | BPF_K:
			break;
		case BPF_LD | BPF_W | BPF_ABS:
			if (now->k >= 16) {
				reach(v, state.at + 1u, (int)(now->k / 4 - 4), UINT32_MAX);
				break;
			}
			memcpy(&value, (const char *)call + now->k, sizeof(value));
			reach(v, state.at + 1u, -1, value);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reach(v, state.at + 1u, state.word, state.mask & now->k);
			break;
		case BPF_JMP | BPF_JA:
			reach(v, state.at + 1u + now->k, state.word, state.mask);
			break;
		default:
			if (BPF_CLASS(now->code) != BPF_JMP || BPF_SRC(now->code) != BPF_K) {
				v->exact = false;
				break;
			}
			follow_jump(v, now, &state);
			break;
		}
	}
}

static void add_value(struct verifier *v, struct word *word, uint32_t value)
{
	size_t i;

	for (i = 0; i < word->value_count; i++)
		if (word->values[i] == value)
			return;
	if (word->value_count == MAX_VALUES)
		v->exact = false;
	else
		word->values[word->value_count++] = value;
}

/* One value for each class of the word: first what full comparisons tell apart, then each mask's
 * part put into each of those. */
static void find_values(struct verifier *v, struct word *word)
{
	uint32_t masks[32];
	size_t mask_count = 0, i, k, n;

	word->value_count = 0;
	add_value(v, word, 0);
	for (i = 0; i < word->test_count; i++) {
		uint32_t mask = word->tests[i].mask;

		add_value(v, word, word->tests[i].start);
		for (k = 0; k < mask_count && masks[k] != mask; k++)
			if ((masks[k] & mask) && mask != UINT32_MAX && masks[k] != UINT32_MAX)
				v->exact = false;
		if (k == mask_count && mask_count < 32)
			masks[mask_count++] = mask;
	}
	for (k = 0; k < mask_count; k++) {
		size_t before = word->value_count;

		for (i = 0; masks[k] != UINT32_MAX && i < word->test_count; i++)
			for (n = 0; word->tests[i].mask == masks[k] && n < before; n++) {
				uint32_t start = word->tests[i].start;

				/* A start that the mask can't have means the next one it can. */
				if (start & ~masks[k])
					start = ((start | ~masks[k]) + 1) & masks[k];
				add_value(v, word, (word->values[n] & ~masks[k]) | start);
				if (masks[k] & -masks[k])
					add_value(v, word,
						  (word->values[n] & ~masks[k]) |
							  (masks[k] & -masks[k]));
			}
	}
	add_value(v, word, UINT32_MAX);
}

static int compare(struct verifier *v, const struct seccomp_data *call)
{
	uint32_t wanted = policy_evaluate(v->policy, call, NULL);
	uint32_t got = bpf_run(v->filter, v->count, call, NULL);

	if (wanted == got)
		return 0;
	v->error->arch = v->error->rule = SIZE_MAX;
	snprintf(v->error->text, sizeof(v->error->text),
		 "%x:%u(%llx,%llx,%llx,%llx,%llx,%llx): rules 0x%x, filter 0x%x", call->arch,
		 (uint32_t)call->nr, (unsigned long long)call->args[0],
		 (unsigned long long)call->args[1], (unsigned long long)call->args[2],
		 (unsigned long long)call->args[3], (unsigned long long)call->args[4],
		 (unsigned long long)call->args[5], wanted, got);
	return -EBADMSG;
}

static void set_word(struct seccomp_data *call, size_t word, uint32_t value)
{
	memcpy((char *)call->args + 4 * word, &value, sizeof(value));
}

/* Every combination of the words' values, or a sample of them. */
static int compare_all(struct verifier *v, struct seccomp_data *call)
{
	size_t at[WORDS] = { 0 };
	size_t total = 1, i, samples = 0;
	int rc = 0;

	for (i = 0; i < WORDS && total <= MAX_COMBINED; i++)
		total *= v->words[i].value_count;
	if (total > MAX_COMBINED) {
		v->exact = false;
		samples = SAMPLES;
	}
	for (; samples && !rc; samples--) {
		for (i = 0; i < WORDS; i++)
			set_word(call, i,
				 v->words[i].values[next_random(v) % v->words[i].value_count]);
		rc = compare(v, call);
	}
	while (total <= MAX_COMBINED && !rc) {
		for (i = 0; i < WORDS; i++)
			set_word(call, i, v->words[i].values[at[i]]);
		rc = compare(v, call);
		for (i = 0; i < WORDS && ++at[i] == v->words[i].value_count; i++)
			at[i] = 0;
		if (i == WORDS)
			break;
	}
	return rc;
}

static int verify_number(struct verifier *v, uint32_t arch, uint32_t number)
{
	struct seccomp_data call = { .nr = (int)number, .arch = arch };
	size_t i, samples = 16;
	int rc;

	for (i = 0; i < WORDS; i++)
		v->words[i].test_count = 0;
	add_rules(v, &call);
	follow(v, &call);
	for (i = 0; i < WORDS; i++) {
		/* A word that nothing looks at stands for itself with one value. */
		v->words[i].value_count = 1;
		v->words[i].values[0] = 0;
		if (v->words[i].test_count) {
			find_values(v, &v->words[i]);
			samples = 256;
		}
	}
	rc = compare_all(v, &call);
	for (; samples && !rc; samples--) {
		for (i = 0; i < WORDS; i++)
			set_word(&call, i, (uint32_t)(next_random(v) >> 16));
		rc = compare(v, &call);
	}
	return rc;
}

struct numbers {
	uint32_t *list;
	size_t count;
};

static void add_number(struct numbers *numbers, uint32_t number)
{
	int i;

	for (i = -1; i <= 1; i++) {
		numbers->list[numbers->count++] = number + (uint32_t)i;
		numbers->list[numbers->count++] = (number + (uint32_t)i) ^ 0x40000000u;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static void find_numbers(const struct verifier *v, struct numbers *numbers)
{
	size_t a, r, i;

	for (i = 0; i < DENSE; i++)
		numbers->list[numbers->count++] = (uint32_t)i;
	for (i = 0; i < 4; i++)
		add_number(numbers, (uint32_t)i << 30);
	for (i = 0; i < v->count; i++)
		if (BPF_CLASS(v->filter[i].code) == BPF_JMP)
			add_number(numbers, v->filter[i].k);
	for (a = 0; a < v->policy->arch_count; a++) {
		const struct policy_arch *arch = &v->policy->archs[a];

		for (i = 0; i < arch->known_count; i++) {
			add_number(numbers, arch->known[i].first);
			add_number(numbers, arch->known[i].last);
		}
		for (r = 0; r < arch->rule_count; r++)
			for (i = 0; i < arch->rules[r].call_count; i++) {
				add_number(numbers, arch->rules[r].calls[i].first);
				add_number(numbers, arch->rules[r].calls[i].last);
			}
	}
	qsort(numbers->list, numbers->count, sizeof(*numbers->list), compare_numbers);
}

static size_t number_limit(const struct verifier *v)
{
	size_t limit = DENSE + 6 * (4 + v->count);
	size_t a, r;

	for (a = 0; a < v->policy->arch_count; a++) {
		limit += 12 * v->policy->archs[a].known_count;
		for (r = 0; r < v->policy->archs[a].rule_count; r++)
			limit += 12 * v->policy->archs[a].rules[r].call_count;
	}
	return limit;
}

int policy_verify(const struct policy *policy, const struct sock_filter *filter, size_t count,
		  bool *exact, struct policy_error *error)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64,  AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					  AUDIT_ARCH_RISCV64, AUDIT_ARCH_ARM,  0,
					  UINT32_MAX };
	struct verifier *v = calloc(1, sizeof(*v));
	struct numbers numbers = { NULL, 0 };
	size_t a, i;
	int rc = v ? 0 : -ENOMEM;

	if (!rc) {
		*v = (struct verifier){ .policy = policy,
					.filter = filter,
					.count = count,
					.error = error,
					.exact = true,
					.random = 88172645463325252u };
		numbers.list = malloc(number_limit(v) * sizeof(*numbers.list));
		rc = numbers.list ? 0 : -ENOMEM;
	}
	if (!rc)
		find_numbers(v, &numbers);
	for (a = 0; a < sizeof(archs) / sizeof(*archs); a++)
		for (i = 0; i < numbers.count && !rc; i++)
			if (i == 0 || numbers.list[i] != numbers.list[i - 1])
				rc = verify_number(v, archs[a], numbers.list[i]);
	if (!rc && exact)
		*exact = v->exact;
	free(numbers.list);
	free(v);
	return rc;
}
