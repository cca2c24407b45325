/* field_seccomp.c - the filter's rules: actions, known calls, rules with their tests
 *
 * `seccomp.known` lines come before `seccomp.rule` lines and fix the order of the entries; the
 * rules of one entry stand together, in that same order, so the number of a rule's line is also its
 * place in the one array that all entries share.
 */
#include "launcher/plan/field.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "launcher/plan/at.h"

static const char *const entry_names[ENTRY_COUNT] = {
	[ENTRY_X86_64] = "x86_64",   [ENTRY_I386] = "i386",       [ENTRY_X32] = "x32",
	[ENTRY_AARCH64] = "aarch64", [ENTRY_RISCV64] = "riscv64",
};

/* `data`: the name is followed by `:N`. */
static const struct action {
	const char *name;
	uint32_t value;
	uint32_t data;
} actions[] = {
	{ "allow", SECCOMP_RET_ALLOW, 0 },
	{ "kill", SECCOMP_RET_KILL_PROCESS, 0 },
	{ "kill_thread", SECCOMP_RET_KILL_THREAD, 0 },
	{ "log", SECCOMP_RET_LOG, 0 },
	{ "notify", SECCOMP_RET_USER_NOTIF, 0 },
	{ "trap", SECCOMP_RET_TRAP, SECCOMP_RET_DATA },
	{ "trace", SECCOMP_RET_TRACE, SECCOMP_RET_DATA },
	{ "errno", SECCOMP_RET_ERRNO, 4095 },
};

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

static int read_action(struct plan_reader *reader, const char *token, uint32_t *value)
{
	size_t length = strcspn(token, ":");

	for (size_t i = 0; i < ACTIONS; i++) {
		const struct action *action = &actions[i];
		uint32_t data = 0;

		if (strncmp(action->name, token, length) != 0 || action->name[length])
			continue;
		if (action->data
			    ? !token[length] || !token_u32(token + length + 1, action->data, &data)
			    : token[length])
			break;
		*value = action->value | data;
		return 0;
	}
	return reader_wrong(reader, "%s is no action", token);
}

static void write_action(struct buf *out, uint32_t value)
{
	for (size_t i = 0; i < ACTIONS; i++) {
		if (actions[i].value != (value & SECCOMP_RET_ACTION_FULL))
			continue;
		buf_text(out, actions[i].name);
		if (actions[i].data)
			buf_format(out, ":%u", value & SECCOMP_RET_DATA);
		return;
	}
}

int decode_action(struct plan_reader *reader)
{
	reader->plan->has_seccomp = true;
	return read_action(reader, reader->tokens[0], AT(reader->plan, reader->key));
}

void encode_action(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (!plan->has_seccomp)
		return;
	buf_format(out, "%s ", key->name);
	write_action(out, *(const uint32_t *)AT_CONST(plan, key));
	buf_text(out, "\n");
}

int decode_on_denied(struct plan_reader *reader)
{
	if (strcmp(reader->tokens[0], "report") != 0)
		return reader_wrong(reader, "%s is not \"report\"", reader->tokens[0]);
	reader->plan->report_denied = true;
	return 0;
}

void encode_on_denied(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->report_denied)
		buf_format(out, "%s report\n", key->name);
}

/* "A" or "A-B" up to @stop, B greater than A. */
static bool read_interval(const char *text, const char *stop, struct policy_interval *interval)
{
	const char *dash = memchr(text, '-', (size_t)(stop - text));
	uint64_t first;
	uint64_t last;

	if (!token_number_part(text, dash ? dash : stop, UINT32_MAX, &first))
		return false;
	last = first;
	if (dash && (!token_number_part(dash + 1, stop, UINT32_MAX, &last) || last <= first))
		return false;
	*interval = (struct policy_interval){ (uint32_t)first, (uint32_t)last };
	return true;
}

/* A comma-separated list, ascending and disjoint. */
static int read_intervals(struct plan_reader *reader, const char *text,
			  const struct policy_interval **list, size_t *count)
{
	struct policy_interval *intervals;
	size_t commas = 0;

	for (const char *at = strchr(text, ','); at; at = strchr(at + 1, ','))
		commas++;
	intervals = arena_take(&reader->arena, commas + 1, sizeof(*intervals));
	if (!intervals)
		return reader_memory(reader);
	*list = intervals;
	*count = commas + 1;
	for (size_t i = 0; i <= commas; i++) {
		const char *stop = text + strcspn(text, ",");

		if (!read_interval(text, stop, &intervals[i]) ||
		    (i > 0 && intervals[i].first <= intervals[i - 1].last))
			return reader_wrong(reader, "%.*s is no interval in ascending order",
					    (int)(stop - text), text);
		text = stop + 1;
	}
	return 0;
}

static void write_intervals(struct buf *out, const struct policy_interval *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_format(out, "%s%u", i ? "," : "", list[i].first);
		if (list[i].last != list[i].first)
			buf_format(out, "-%u", list[i].last);
	}
}

static int find_entry(const char *name)
{
	for (int i = 0; i < ENTRY_COUNT; i++) {
		if (strcmp(entry_names[i], name) == 0)
			return i;
	}
	return -1;
}

int decode_known(struct plan_reader *reader)
{
	struct policy *policy = &reader->plan->seccomp;
	struct policy_arch *arch =
		reader_element(reader, &reader->archs, sizeof(*arch), ENTRY_COUNT);
	int entry = find_entry(reader->tokens[0]);

	if (!arch)
		return -reader->err->number;
	if (entry < 0)
		return reader_wrong(reader, "%s is no entry of the kernel", reader->tokens[0]);
	for (size_t i = 0; i < reader->at; i++) {
		if ((int)reader->archs[i].entry == entry)
			return reader_wrong(reader, "%s stands twice", reader->tokens[0]);
	}
	arch->entry = (enum policy_entry)entry;
	policy->archs = reader->archs;
	policy->arch_count = reader->at + 1;
	return read_intervals(reader, reader->tokens[1], &arch->known, &arch->known_count);
}

void encode_known(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->seccomp.arch_count; i++) {
		const struct policy_arch *arch = &plan->seccomp.archs[i];

		buf_format(out, "%s %s ", key->name, entry_names[arch->entry]);
		write_intervals(out, arch->known, arch->known_count);
		buf_text(out, "\n");
	}
}

/* aN.W&MASK=LOW-HIGH */
static bool read_compare(const char *text, struct policy_token *token)
{
	const char *equals = strchr(text, '=');
	const char *dash = equals ? strchr(equals, '-') : NULL;

	if (!dash || text[0] != 'a' || text[1] < '0' || text[1] > '5' || text[2] != '.' ||
	    (text[3] != '4' && text[3] != '8') || text[4] != '&')
		return false;
	token->op = OP_COMPARE;
	token->argument = (uint8_t)(text[1] - '0');
	token->width = (uint8_t)(text[3] - '0');
	return token_hex_part(text + 5, equals, UINT64_MAX, &token->mask) &&
	       token_hex_part(equals + 1, dash, UINT64_MAX, &token->low) &&
	       token_hex(dash + 1, UINT64_MAX, &token->high);
}

static const char *const operators[] = { [OP_AND] = "and", [OP_OR] = "or", [OP_NOT] = "not" };

static bool read_token(const char *text, struct policy_token *token)
{
	for (int op = OP_AND; op <= OP_NOT; op++) {
		if (strcmp(text, operators[op]) == 0) {
			token->op = (uint8_t)op;
			return true;
		}
	}
	return read_compare(text, token);
}

static int read_test(struct plan_reader *reader, struct policy_rule *rule)
{
	size_t count = reader->token_count - 3;
	struct policy_token *test;

	if (count == 0)
		return 0;
	test = arena_take(&reader->arena, count, sizeof(*test));
	if (!test)
		return reader_memory(reader);
	rule->test = test;
	rule->token_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!read_token(reader->tokens[3 + i], &test[i]))
			return reader_wrong(reader, "%s is no part of a test",
					    reader->tokens[3 + i]);
	}
	return 0;
}

/* The entry that the rule belongs to: the last one's, or one that comes after it. */
static int place_rule(struct plan_reader *reader, struct policy_rule *rule)
{
	int entry = find_entry(reader->tokens[0]);
	size_t last = reader->plan->seccomp.arch_count;
	size_t arch = last;

	while (arch > 0 && (int)reader->archs[arch - 1].entry != entry)
		arch--;
	while (last > 0 && reader->archs[last - 1].rule_count == 0)
		last--;
	if (arch == 0 || arch < last)
		return reader_wrong(reader,
				    "%s has no seccomp.known line, or its rules are scattered",
				    reader->tokens[0]);
	if (reader->archs[arch - 1].rule_count++ == 0)
		reader->archs[arch - 1].rules = rule;
	return 0;
}

int decode_rule(struct plan_reader *reader)
{
	struct policy_rule *rule =
		reader_element(reader, &reader->rules, sizeof(*rule), POLICY_MAX_RULES);
	plan_origin *origin = reader_element(reader, &reader->plan->rule_origins, sizeof(*origin),
					     POLICY_MAX_RULES);
	int ret;

	if (!rule || !origin)
		return -reader->err->number;
	*origin = "";
	rule->origin = (uint32_t)reader->at;
	reader->plan->rule_origin_count = reader->at + 1;
	ret = place_rule(reader, rule);
	if (ret == 0)
		ret = read_action(reader, reader->tokens[1], &rule->action);
	if (ret == 0)
		ret = read_intervals(reader, reader->tokens[2], &rule->calls, &rule->call_count);
	if (ret == 0)
		ret = read_test(reader, rule);
	return ret;
}

static void encode_one(const struct policy_rule *rule, struct buf *out)
{
	write_action(out, rule->action);
	buf_text(out, " ");
	write_intervals(out, rule->calls, rule->call_count);
	for (size_t i = 0; i < rule->token_count; i++) {
		const struct policy_token *token = &rule->test[i];

		if (token->op == OP_COMPARE)
			buf_format(out, " a%d.%d&0x%llx=0x%llx-0x%llx", token->argument,
				   token->width, (unsigned long long)token->mask,
				   (unsigned long long)token->low, (unsigned long long)token->high);
		else
			buf_format(out, " %s", operators[token->op]);
	}
	buf_text(out, "\n");
}

void encode_rule(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->seccomp.arch_count; i++) {
		const struct policy_arch *arch = &plan->seccomp.archs[i];

		for (size_t j = 0; j < arch->rule_count; j++) {
			buf_format(out, "%s %s ", key->name, entry_names[arch->entry]);
			encode_one(&arch->rules[j], out);
		}
	}
}

int field_check_seccomp(struct plan_reader *reader)
{
	static const char *const needed[] = { "seccomp.default", "seccomp.foreign", "seccomp.known",
					      "seccomp.newer" };
	struct policy_error wrong = { 0 };
	size_t present =
		reader_total(reader, "seccomp.rule") + reader_total(reader, "seccomp.on_denied");

	for (size_t i = 0; i < 4; i++)
		present += reader_total(reader, needed[i]);
	if (present == 0)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		reader->key = &plan_keys[plan_key_find(needed[i])];
		if (reader_total(reader, needed[i]) == 0)
			return reader_wrong(reader, "the key is missing");
	}
	if (policy_check(&reader->plan->seccomp, &wrong) == 0)
		return 0;
	reader->key = &plan_keys[plan_key_find("seccomp.rule")];
	return reader_wrong(reader, "%s", wrong.text);
}

const char *plan_rule_origin(const struct plan *plan, size_t arch, size_t rule)
{
	const struct policy *policy = &plan->seccomp;
	uint32_t index;

	if (arch >= policy->arch_count || rule >= policy->archs[arch].rule_count)
		return "";
	index = policy->archs[arch].rules[rule].origin;
	return index < plan->rule_origin_count ? plan->rule_origins[index] : "";
}

int plan_refused(const struct plan *plan, const struct policy_error *why, int error,
		 const char *name, struct err *err)
{
	const char *origin = plan_rule_origin(plan, why->arch, why->rule);

	(void)err_set(err, STAGE_FILTERS, error, error == -E2BIG ? "use ranges and groups" : NULL,
		      "%s", *origin ? origin : name);
	return why->text[0] ? err_reason(err, "%s", why->text) : error;
}
