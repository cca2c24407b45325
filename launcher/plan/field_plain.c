/* field_plain.c - plain values: texts, paths, bit sets, flags, lists of texts, limits
 *
 * Most are stored at their key's offset in struct plan; see field.h for the two halves of a key.
 */
#include "launcher/plan/field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launcher/plan/at.h"

int decode_text(struct plan_reader *reader)
{
	size_t limit = reader->key->limit;

	if (limit && strlen(reader->tokens[0]) > limit)
		return reader_wrong(reader, "longer than %zu bytes", limit);
	*(const char **)AT(reader->plan, reader->key) = reader->tokens[0];
	return 0;
}

void encode_text(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const char *text = *(const char *const *)AT_CONST(plan, key);

	if (!text)
		return;
	buf_format(out, "%s ", key->name);
	token_text(out, text);
	buf_text(out, "\n");
}

int decode_path(struct plan_reader *reader)
{
	if (!token_path(reader->tokens[0]))
		return reader_wrong(reader, "%s is not an absolute path in normal form",
				    reader->tokens[0]);
	return decode_text(reader);
}

void encode_path(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	encode_text(plan, key, out);
}

int decode_hex(struct plan_reader *reader)
{
	uint64_t value;
	uint64_t max = reader->key->limit == 32 ? UINT32_MAX : UINT64_MAX;

	if (!token_hex(reader->tokens[0], max, &value) || value == 0)
		return reader_wrong(reader, "%s is not a set of bits", reader->tokens[0]);
	if (reader->key->limit == 32)
		*(uint32_t *)AT(reader->plan, reader->key) = (uint32_t)value;
	else
		*(uint64_t *)AT(reader->plan, reader->key) = value;
	return 0;
}

void encode_hex(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const void *at = AT_CONST(plan, key);
	uint64_t value = key->limit == 32 ? *(const uint32_t *)at : *(const uint64_t *)at;

	if (value)
		buf_format(out, "%s 0x%llx\n", key->name, (unsigned long long)value);
}

int decode_flag(struct plan_reader *reader)
{
	uint32_t value;

	if (!token_u32(reader->tokens[0], 1, &value))
		return reader_wrong(reader, "neither 0 nor 1");
	*(bool *)AT(reader->plan, reader->key) = value != 0;
	return 0;
}

void encode_flag(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	buf_format(out, "%s %d\n", key->name, *(const bool *)AT_CONST(plan, key));
}

int decode_strings(struct plan_reader *reader)
{
	struct plan_strings *list = AT(reader->plan, reader->key);
	const char **item = reader_element(reader, &list->items, sizeof(*item), PLAN_MAX_STRINGS);

	if (!item)
		return -reader->err->number;
	if (list == &reader->plan->env_keep &&
	    (!reader->tokens[0][0] || strchr(reader->tokens[0], '=')))
		return reader_wrong(reader, "%s is no name of a variable", reader->tokens[0]);
	*item = reader->tokens[0];
	list->count = reader->at + 1;
	return 0;
}

void encode_strings(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const struct plan_strings *list = AT_CONST(plan, key);

	for (size_t i = 0; i < list->count; i++) {
		buf_format(out, "%s ", key->name);
		token_text(out, list->items[i]);
		buf_text(out, "\n");
	}
}

int decode_env(struct plan_reader *reader)
{
	struct plan_env *pair =
		reader_element(reader, &reader->plan->env_set, sizeof(*pair), PLAN_MAX_STRINGS);

	if (!pair)
		return -reader->err->number;
	if (!reader->tokens[0][0] || strchr(reader->tokens[0], '='))
		return reader_wrong(reader, "%s is no name of a variable", reader->tokens[0]);
	pair->name = reader->tokens[0];
	pair->value = reader->tokens[1];
	reader->plan->env_set_count = reader->at + 1;
	return 0;
}

void encode_env(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->env_set_count; i++) {
		buf_format(out, "%s ", key->name);
		token_text(out, plan->env_set[i].name);
		buf_text(out, " ");
		token_text(out, plan->env_set[i].value);
		buf_text(out, "\n");
	}
}

int decode_limit(struct plan_reader *reader)
{
	struct plan_limit *limit = AT(reader->plan, reader->key);

	/* Far from where sums of times in milliseconds would wrap. */
	if (!token_number(reader->tokens[0], INT64_MAX / 4, &limit->value))
		return reader_wrong(reader, "%s is no number of that size", reader->tokens[0]);
	if (limit->value < reader->key->limit)
		return reader_wrong(reader, "less than %u: nothing could run", reader->key->limit);
	if (reader->token_count == 2 && strcmp(reader->tokens[1], "prefer") != 0)
		return reader_wrong(reader, "%s where \"prefer\" may stand", reader->tokens[1]);
	limit->set = true;
	limit->prefer = reader->token_count == 2;
	limit->origin = "";
	return 0;
}

void encode_limit(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const struct plan_limit *limit = AT_CONST(plan, key);

	if (limit->set)
		buf_format(out, "%s %llu%s\n", key->name, (unsigned long long)limit->value,
			   limit->prefer ? " prefer" : "");
}

int decode_on_output(struct plan_reader *reader)
{
	if (strcmp(reader->tokens[0], "truncate") != 0)
		return reader_wrong(reader, "%s is not \"truncate\"", reader->tokens[0]);
	reader->plan->limits.truncate_output = true;
	return 0;
}

void encode_on_output(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->limits.truncate_output)
		buf_format(out, "%s truncate\n", key->name);
}

static const char *const namespace_names[] = { "user", "mount", "pid",    "net",
					       "ipc",  "uts",   "cgroup", "time" };

enum { NAMESPACES = sizeof(namespace_names) / sizeof(namespace_names[0]) };

int decode_namespaces(struct plan_reader *reader)
{
	size_t bit = 0;

	for (size_t i = 0; i < reader->token_count; i++, bit++) {
		while (bit < NAMESPACES && strcmp(reader->tokens[i], namespace_names[bit]) != 0)
			bit++;
		if (bit == NAMESPACES)
			return reader_wrong(reader, "%s is unknown or out of order",
					    reader->tokens[i]);
		reader->plan->namespaces |= 1u << bit;
	}
	return 0;
}

void encode_namespaces(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (!plan->namespaces)
		return;
	buf_text(out, key->name);
	for (size_t bit = 0; bit < NAMESPACES; bit++) {
		if (plan->namespaces & 1u << bit)
			buf_format(out, " %s", namespace_names[bit]);
	}
	buf_text(out, "\n");
}

int decode_time(struct plan_reader *reader)
{
	struct plan_time *time = &reader->plan->time;
	int64_t *seconds = AT(reader->plan, reader->key);
	const char *text = reader->tokens[0];
	bool negative = text[0] == '-';
	uint64_t value;

	if (!token_number(text + negative, INT64_MAX, &value) || (negative && value == 0))
		return reader_wrong(reader, "%s is no number of seconds", text);
	*seconds = negative ? -(int64_t)value : (int64_t)value;
	time->set = true;
	if (seconds == &time->monotonic)
		time->has_monotonic = true;
	else
		time->has_boottime = true;
	return 0;
}

void encode_time(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const int64_t *seconds = AT_CONST(plan, key);
	bool set = seconds == &plan->time.monotonic ? plan->time.has_monotonic
						    : plan->time.has_boottime;

	if (set)
		buf_format(out, "%s %lld\n", key->name, (long long)*seconds);
}

int decode_umask(struct plan_reader *reader)
{
	reader->plan->has_umask = true;
	if (!token_octal(reader->tokens[0], 0777, &reader->plan->umask))
		return reader_wrong(reader, "%s is not 0NNN", reader->tokens[0]);
	return 0;
}

void encode_umask(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->has_umask)
		buf_format(out, "%s %04o\n", key->name, plan->umask);
}
