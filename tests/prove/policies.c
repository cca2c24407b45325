/* policies.c - policies and their filters as text, for tests/prove/prove.py
 *
 *   policies FILE.pol...     those of tests/policies/, on one and on three architectures
 *   policies COUNT           made-up ones
 *
 * Each is `policy NAME`, lines as in a plan (docs/plan.md), and `filter` with the instructions as
 * CODE,JT,JF,K.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/policies.h"

static void print_intervals(const struct policy_interval *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%u-%u", i ? "," : " ", list[i].first, list[i].last);
}

static void print_policy(const char *name, const struct policy *policy)
{
	static struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	struct policy_error error;
	size_t count = 0;

	if (policy_check(policy, &error) || policy_compile(policy, filter, &count, NULL, &error)) {
		printf("policy %s\nfailed %s\n", name, error.text);
		return;
	}
	printf("policy %s\nseccomp.default 0x%x\nseccomp.newer 0x%x\nseccomp.foreign 0x%x\n", name,
	       policy->fallback, policy->newer, policy->foreign);
	for (size_t a = 0; a < policy->arch_count; a++) {
		const struct policy_arch *arch = &policy->archs[a];
		const char *entry = tables_entry_name(arch->entry);

		printf("seccomp.known %s", entry);
		print_intervals(arch->known, arch->known_count);
		for (size_t r = 0; r < arch->rule_count; r++) {
			const struct policy_rule *rule = &arch->rules[r];

			printf("\nseccomp.rule %s 0x%x", entry, rule->action);
			print_intervals(rule->calls, rule->call_count);
			for (size_t i = 0; i < rule->token_count; i++) {
				const struct policy_token *t = &rule->test[i];

				if (t->op == OP_COMPARE)
					printf(" a%u.%u&0x%llx=0x%llx-0x%llx", t->argument,
					       t->width, (unsigned long long)t->mask,
					       (unsigned long long)t->low,
					       (unsigned long long)t->high);
				else
					printf(" %s", t->op == OP_AND  ? "and"
						      : t->op == OP_OR ? "or"
								       : "not");
			}
		}
		printf("\n");
	}
	printf("filter");
	for (size_t i = 0; i < count; i++)
		printf(" %u,%u,%u,%u", filter[i].code, filter[i].jt, filter[i].jf, filter[i].k);
	printf("\n");
}

static void print_file(const char *path)
{
	static const enum policy_entry entries[] = { ENTRY_X86_64, ENTRY_I386, ENTRY_X32 };

	for (size_t archs = 1; archs <= 3; archs += 2) {
		struct test_policy *t = test_read(path, entries, archs, true);
		char name[256];

		if (!t)
			exit(1);
		for (int newer = 0; newer < 2; newer++) {
			snprintf(name, sizeof(name), "%s,%zu,%d", path, archs, newer);
			if (newer)
				t->policy.newer = SECCOMP_RET_ERRNO | ENOSYS;
			print_policy(name, &t->policy);
		}
		free(t);
	}
}

int main(int argc, char **argv)
{
	struct test_policy *t = calloc(1, sizeof(*t));
	int count = argc == 2 ? atoi(argv[1]) : 0;

	for (int i = 1; !count && i < argc; i++)
		print_file(argv[i]);
	for (int i = 0; t && i < count; i++) {
		char name[32];

		random_policy(t, i % 3 ? 4 : 12, i % 2 ? 3 : 6);
		snprintf(name, sizeof(name), "made-up-%d", i);
		print_policy(name, &t->policy);
	}
	free(t);
	return 0;
}
