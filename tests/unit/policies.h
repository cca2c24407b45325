/* policies.h - policies for tests: read from tests/policies/, or made up at random
 *
 * The text form is one rule a line: `default ACTION`, then `ACTION NAME [argN OP VALUE
 * [VALUE2]]...`; tests on one line are and-ed. OP is EQ, NE, LT, LE, GT, GE or MEQ, which means
 * (arg & VALUE) == VALUE2. Names that an entry does not have are left out there.
 */
#ifndef TESTS_UNIT_POLICIES_H
#define TESTS_UNIT_POLICIES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/tables.h"

enum {
	TEST_RULES = 2048,
	TEST_TOKENS = 32768,
	TEST_INTERVALS = 8192,
};

/* A policy and all that it points to. */
struct test_policy {
	struct policy policy;
	struct policy_arch archs[ENTRY_COUNT];
	struct policy_rule rules[ENTRY_COUNT][TEST_RULES];
	struct policy_token tokens[TEST_TOKENS];
	size_t token_count;
	struct policy_interval intervals[TEST_INTERVALS];
	size_t interval_count;
};

static inline uint32_t test_action(const char *word, const char *number)
{
	uint32_t data = number ? (uint32_t)strtoul(number, NULL, 0) : 0;

	if (strcmp(word, "errno") == 0)
		return SECCOMP_RET_ERRNO | data;
	if (strcmp(word, "allow") == 0)
		return SECCOMP_RET_ALLOW;
	return SECCOMP_RET_KILL_PROCESS;
}

/* The width at which argument @index of @call is compared: by its type, or 8 where @typed is not
 * set. */
static inline uint8_t test_width(int call, enum policy_entry entry, int index, bool typed)
{
	const char *at = tables_signature(call, entry);

	if (entry == ENTRY_I386)
		return 4;
	if (!typed)
		return 8;
	for (; index > 0 && at; index--) {
		at = strstr(at, ", ");
		if (at)
			at += 2;
	}
	if (!at || !strncmp(at, "i64", 3) || !strncmp(at, "u64", 3) || !strncmp(at, "ptr", 3) ||
	    !strncmp(at, "str", 3) || !strncmp(at, "flags64", 7) || !strncmp(at, "enum64", 6))
		return 8;
	return 4;
}

static inline struct policy_token test_compare(const char *op, int argument, uint8_t width,
					       uint64_t value, uint64_t second)
{
	uint64_t widest = width == 4 ? UINT32_MAX : UINT64_MAX;
	struct policy_token token = { .op = OP_COMPARE,
				      .argument = (uint8_t)argument,
				      .width = width,
				      .mask = widest,
				      .high = widest };

	value &= widest;
	if (!strcmp(op, "MEQ")) {
		token.mask = value;
		token.low = token.high = second & widest;
	} else if (!strcmp(op, "LE")) {
		token.high = value;
	} else if (!strcmp(op, "LT")) {
		token.high = value - 1;
	} else if (!strcmp(op, "GE")) {
		token.low = value;
	} else if (!strcmp(op, "GT")) {
		token.low = value + 1;
	} else {
		token.low = token.high = value;
	}
	return token;
}

static inline void test_add_line(struct test_policy *t, char *line, size_t arch, bool typed)
{
	struct policy_arch *to = &t->archs[arch];
	struct policy_rule *rule = &t->rules[arch][to->rule_count];
	char *save = NULL, *word = strtok_r(line, " \n", &save), *name;
	const char *number = NULL, *action = word;
	int call, tests = 0;

	if (!word)
		return;
	name = strtok_r(NULL, " \n", &save);
	if (!strcmp(action, "errno")) {
		number = name;
		name = strtok_r(NULL, " \n", &save);
	}
	call = name ? tables_call(name) : -1;
	if (tables_call_number(call, to->entry) < 0)
		return;
	*rule = (struct policy_rule){ .action = test_action(action, number),
				      .origin = (uint32_t)to->rule_count,
				      .calls = &t->intervals[t->interval_count],
				      .call_count = 1,
				      .test = &t->tokens[t->token_count] };
	t->intervals[t->interval_count].first = (uint32_t)tables_call_number(call, to->entry);
	t->intervals[t->interval_count].last = t->intervals[t->interval_count].first;
	t->interval_count++;
	while ((word = strtok_r(NULL, " \n", &save))) {
		int argument = word[3] - '0';
		const char *op = strtok_r(NULL, " \n", &save);
		uint64_t value = strtoull(strtok_r(NULL, " \n", &save), NULL, 0);
		uint64_t second = 0;

		if (!strcmp(op, "MEQ"))
			second = strtoull(strtok_r(NULL, " \n", &save), NULL, 0);
		t->tokens[t->token_count++] =
			test_compare(op, argument, test_width(call, to->entry, argument, typed),
				     value, second);
		if (!strcmp(op, "NE"))
			t->tokens[t->token_count++].op = OP_NOT;
		if (tests++)
			t->tokens[t->token_count++].op = OP_AND;
	}
	rule->token_count = (size_t)(&t->tokens[t->token_count] - rule->test);
	to->rule_count++;
}

/* Reads @path for @count entries. `newer` is the default action and other architectures are killed,
 * unless the caller changes that. Returns NULL where the file is missing.
 */
static inline struct test_policy *test_read(const char *path, const enum policy_entry *entries,
					    size_t count, bool typed)
{
	FILE *file = fopen(path, "r");
	struct test_policy *t = calloc(1, sizeof(*t));
	char line[512];

	if (!file || !t) {
		free(t);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		t->archs[i].entry = entries[i];
		t->archs[i].rules = t->rules[i];
		t->archs[i].known = tables_known(entries[i], &t->archs[i].known_count);
	}
	while (fgets(line, sizeof(line), file)) {
		char word[32] = "", number[32] = "";

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "default %31s %31s", word, number) >= 1) {
			t->policy.fallback = test_action(word, number);
			continue;
		}
		for (size_t i = 0; i < count; i++) {
			char copy[512];

			memcpy(copy, line, sizeof(copy));
			test_add_line(t, copy, i, typed);
		}
	}
	fclose(file);
	t->policy.newer = t->policy.fallback;
	t->policy.foreign = SECCOMP_RET_KILL_PROCESS;
	t->policy.archs = t->archs;
	t->policy.arch_count = count;
	return t;
}

/* Pseudo-random, the same in every run. */
static uint64_t test_seed = 42;

static inline uint32_t pick(uint32_t below)
{
	test_seed ^= test_seed << 13;
	test_seed ^= test_seed >> 7;
	test_seed ^= test_seed << 17;
	return (uint32_t)(test_seed >> 33) % below;
}

static inline struct policy_token random_compare(int arguments)
{
	static const uint64_t bounds[] = { 0,
					   1,
					   2,
					   3,
					   4,
					   7,
					   8,
					   15,
					   16,
					   255,
					   4096,
					   0x7fffffff,
					   0x80000000,
					   0xfffffffe,
					   0xffffffff,
					   0x100000000,
					   0x1ffffffff,
					   0x200000003,
					   0x8000000000000000,
					   0xffffffffffffffff };
	static const uint64_t masks[] = {
		1,          4,          6,          0xf,         0xf0,        0x7f,
		0xfffffff0, 0x80000001, 0x7e020000, 0xf00000000, 0x100000001, 0xfffffffffffffff0
	};
	struct policy_token token = { .op = OP_COMPARE };
	uint64_t widest, a, b;

	token.argument = (uint8_t)pick((uint32_t)arguments);
	token.width = pick(3) ? 4 : 8;
	widest = token.width == 4 ? UINT32_MAX : UINT64_MAX;
	token.mask = pick(3) ? widest : masks[pick(12)] & widest;
	a = bounds[pick(20)] & widest;
	b = pick(2) ? a : bounds[pick(20)] & widest;
	token.low = a < b ? a : b;
	token.high = a < b ? b : a;
	return token;
}

/* A test of up to @terms comparisons, and- and or-ed in a random order. */
static inline size_t random_test(struct policy_token *tokens, uint32_t terms, int arguments)
{
	size_t count = 0, depth = 0;

	while (terms || depth > 1) {
		if (terms && (depth < 2 || pick(2))) {
			tokens[count++] = random_compare(arguments);
			terms--;
			depth++;
		} else {
			tokens[count++].op = pick(2) ? OP_AND : OP_OR;
			depth--;
		}
		if (pick(6) == 0)
			tokens[count++].op = OP_NOT;
	}
	return count;
}

static inline void random_policy(struct test_policy *t, uint32_t rules, uint32_t terms)
{
	static const uint32_t actions[] = {
		SECCOMP_RET_ALLOW,        SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2,
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_TRAP | 7,  SECCOMP_RET_LOG,
	};
	size_t a, r, k;

	memset(t, 0, sizeof(*t));
	t->policy = (struct policy){ .fallback = actions[pick(6)],
				     .newer = actions[pick(6)],
				     .foreign = actions[pick(6)],
				     .archs = t->archs,
				     .arch_count = 1 + pick(4) };
	for (a = 0; a < t->policy.arch_count; a++) {
		enum policy_entry entry =
			(enum policy_entry)((a + 3 * (t->policy.fallback & 1)) % ENTRY_COUNT);

		t->archs[a] = (struct policy_arch){ .entry = entry,
						    .rules = t->rules[a],
						    .rule_count = pick(rules + 1) };
		t->archs[a].known = tables_known(entry, &t->archs[a].known_count);
		for (r = 0; r < t->archs[a].rule_count; r++) {
			struct policy_rule *rule = &t->rules[a][r];

			rule->action = actions[pick(6)];
			rule->calls = &t->intervals[t->interval_count];
			rule->call_count = 1 + pick(3);
			for (k = 0; k < rule->call_count; k++) {
				uint32_t first = pick(6) ? pick(40) : pick(600);

				t->intervals[t->interval_count].first = first;
				t->intervals[t->interval_count++].last = first + pick(4);
			}
			rule->test = &t->tokens[t->token_count];
			rule->token_count = pick(4) ? random_test(&t->tokens[t->token_count],
								  1 + pick(terms), 3)
						    : 0;
			t->token_count += rule->token_count;
		}
	}
}

#endif
