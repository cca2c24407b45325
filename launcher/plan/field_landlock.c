/* field_landlock.c - Landlock: handled rights, and what is allowed beneath paths and on ports
 *
 * Path rules and port rules share one array, the paths first. Sources: landlock(7); the kernel
 * refuses rules whose rights are empty or not handled, and so does this file.
 */
#include "launcher/plan/field.h"

#include <string.h>

#include "launcher/plan/at.h"

int decode_landlock_handled(struct plan_reader *reader)
{
	reader->plan->landlock.wanted = true;
	reader->plan->landlock.origin = "";
	return decode_hex(reader);
}

void encode_landlock_handled(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	encode_hex(plan, key, out);
}

int decode_landlock_prefer(struct plan_reader *reader)
{
	reader->plan->landlock.prefer = true;
	return 0;
}

void encode_landlock_prefer(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->landlock.prefer)
		buf_format(out, "%s\n", key->name);
}

/* The next element of the array that both kinds of rule share. */
static struct plan_landlock_rule *next_rule(struct plan_reader *reader)
{
	struct plan_landlock *landlock = &reader->plan->landlock;
	struct plan_landlock_rule *rule;

	if (landlock->rule_count == 0) {
		size_t count = reader_total(reader, "landlock.path") +
			       reader_total(reader, "landlock.port");

		if (count > PLAN_MAX_STRINGS) {
			reader_wrong(reader, "%zu rules, at most %d are taken", count,
				     PLAN_MAX_STRINGS);
			return NULL;
		}
		landlock->rules = arena_take(&reader->arena, count, sizeof(*rule));
	}
	if (!landlock->rules) {
		reader_memory(reader);
		return NULL;
	}
	rule = (struct plan_landlock_rule *)(uintptr_t)&landlock->rules[landlock->rule_count++];
	rule->origin = "";
	return rule;
}

int decode_landlock_path(struct plan_reader *reader)
{
	struct plan_landlock_rule *rule = next_rule(reader);

	if (!rule)
		return -reader->err->number;
	rule->path = reader->tokens[1];
	rule->optional = reader->token_count == 3;
	if (!token_hex(reader->tokens[0], UINT64_MAX, &rule->rights) || rule->rights == 0)
		return reader_wrong(reader, "%s is not a set of bits", reader->tokens[0]);
	if (!token_path(rule->path))
		return reader_wrong(reader, "%s is not an absolute path in normal form",
				    rule->path);
	if (rule->optional && strcmp(reader->tokens[2], "optional") != 0)
		return reader_wrong(reader, "%s where \"optional\" may stand", reader->tokens[2]);
	return 0;
}

void encode_landlock_path(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->landlock.rule_count; i++) {
		const struct plan_landlock_rule *rule = &plan->landlock.rules[i];

		if (!rule->path)
			continue;
		buf_format(out, "%s 0x%llx ", key->name, (unsigned long long)rule->rights);
		token_text(out, rule->path);
		buf_text(out, rule->optional ? " optional\n" : "\n");
	}
}

int decode_landlock_port(struct plan_reader *reader)
{
	struct plan_landlock_rule *rule = next_rule(reader);
	uint32_t port;

	if (!rule)
		return -reader->err->number;
	if (!token_hex(reader->tokens[0], UINT64_MAX, &rule->rights) || rule->rights == 0)
		return reader_wrong(reader, "%s is not a set of bits", reader->tokens[0]);
	if (!token_u32(reader->tokens[1], UINT16_MAX, &port))
		return reader_wrong(reader, "%s is no port", reader->tokens[1]);
	rule->port = (uint16_t)port;
	return 0;
}

void encode_landlock_port(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->landlock.rule_count; i++) {
		const struct plan_landlock_rule *rule = &plan->landlock.rules[i];

		if (!rule->path)
			buf_format(out, "%s 0x%llx %u\n", key->name,
				   (unsigned long long)rule->rights, rule->port);
	}
}

int field_check_landlock(struct plan_reader *reader)
{
	const struct plan_landlock *landlock = &reader->plan->landlock;

	reader->key = &plan_keys[plan_key_find("landlock.prefer")];
	if (landlock->prefer && !landlock->wanted)
		return reader_wrong(reader, "no rights are handled");
	for (size_t i = 0; i < landlock->rule_count; i++) {
		const struct plan_landlock_rule *rule = &landlock->rules[i];

		reader->key =
			&plan_keys[plan_key_find(rule->path ? "landlock.path" : "landlock.port")];
		if (rule->rights & ~(rule->path ? landlock->handled_fs : landlock->handled_net))
			return reader_wrong(reader, "rights 0x%llx are not all handled",
					    (unsigned long long)rule->rights);
	}
	return 0;
}
