/* field_record.c - what a plan records beside the launch itself: origins, inputs, skipped things
 *
 * None of these lines counts into the plan's hash.
 */
#include "launcher/plan/field.h"

#include <string.h>

int decode_input(struct plan_reader *reader)
{
	static const char *const kinds[] = { "exists", "readlink", "feature", "env", "profile" };
	struct plan_input *input =
		reader_element(reader, &reader->plan->inputs, sizeof(*input), PLAN_MAX_STRINGS);
	size_t kind = 0;

	if (!input)
		return -reader->err->number;
	while (kind < 5 && strcmp(kinds[kind], reader->tokens[0]) != 0)
		kind++;
	if (kind == 5)
		return reader_wrong(reader, "%s is no kind of question", reader->tokens[0]);
	input->kind = kinds[kind];
	input->argument = reader->tokens[1];
	input->answer = reader->token_count == 3 ? reader->tokens[2] : NULL;
	reader->plan->input_count = reader->at + 1;
	return 0;
}

void encode_input(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->input_count; i++) {
		const struct plan_input *input = &plan->inputs[i];

		buf_format(out, "%s %s ", key->name, input->kind);
		token_text(out, input->argument);
		if (input->answer) {
			buf_text(out, " ");
			token_text(out, input->answer);
		}
		buf_text(out, "\n");
	}
}

int decode_skip(struct plan_reader *reader)
{
	struct plan_skip *skip =
		reader_element(reader, &reader->plan->skipped, sizeof(*skip), PLAN_MAX_STRINGS);

	if (!skip)
		return -reader->err->number;
	skip->what = reader->tokens[0];
	skip->why = reader->tokens[1];
	reader->plan->skipped_count = reader->at + 1;
	return 0;
}

void encode_skip(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->skipped_count; i++) {
		buf_format(out, "%s ", key->name);
		token_text(out, plan->skipped[i].what);
		buf_text(out, " ");
		token_text(out, plan->skipped[i].why);
		buf_text(out, "\n");
	}
}

int decode_origin(struct plan_reader *reader)
{
	struct plan_written *written =
		reader_element(reader, &reader->plan->written, sizeof(*written), (size_t)-1 / 64);
	const char *name = reader->tokens[0];

	if (!written)
		return -reader->err->number;
	/* Origins of one key mostly stand together. */
	if (!reader->origin || strcmp(name, reader->origin->name) != 0) {
		size_t key = plan_key_find(name);

		if (key == plan_key_count)
			return reader_wrong(reader, "%s is no key", name);
		reader->origin = &plan_keys[key];
	}
	if (!token_u32(reader->tokens[1], UINT32_MAX, &written->index) ||
	    written->index >= reader->totals[reader->origin - plan_keys])
		return reader_wrong(reader, "there is no line %s of %s", reader->tokens[1], name);
	written->key = reader->origin->name;
	written->where = reader->tokens[2];
	reader->plan->written_count = reader->at + 1;
	return 0;
}

void encode_origin(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->written_count; i++) {
		buf_format(out, "%s %s %u ", key->name, plan->written[i].key,
			   plan->written[i].index);
		token_text(out, plan->written[i].where);
		buf_text(out, "\n");
	}
}

/* Where a key's elements keep their origins: the first one's, and the distance to the next. */
struct places {
	char *first;
	size_t step;
};

static struct places places_of(struct plan_reader *reader, const char *key)
{
	struct plan *plan = reader->plan;
	struct plan_landlock *landlock = &plan->landlock;

	if (strcmp(key, "mount") == 0)
		return (struct places){ (char *)(uintptr_t)&plan->mounts->origin,
					sizeof(*plan->mounts) };
	if (strcmp(key, "seccomp.rule") == 0)
		return (struct places){ (char *)(uintptr_t)plan->rule_origins,
					sizeof(*plan->rule_origins) };
	if (strcmp(key, "landlock.path") == 0)
		return (struct places){ (char *)(uintptr_t)&landlock->rules->origin,
					sizeof(*landlock->rules) };
	if (strcmp(key, "landlock.port") == 0)
		return (struct places){
			(char *)(uintptr_t)&landlock->rules[reader_total(reader, "landlock.path")]
				.origin,
			sizeof(*landlock->rules),
		};
	if (strncmp(key, "landlock.", 9) == 0)
		return (struct places){ (char *)&landlock->origin, 0 };
	if (strcmp(key, "publish") == 0)
		return (struct places){ (char *)(uintptr_t)&plan->ports->origin,
					sizeof(*plan->ports) };
	if (strcmp(key, "net") == 0)
		return (struct places){ (char *)&plan->net_origin, 0 };
	if (plan_keys[plan_key_find(key)].decode == decode_limit)
		return (struct places){ (char *)plan + plan_keys[plan_key_find(key)].offset +
						offsetof(struct plan_limit, origin),
					0 };
	return (struct places){ NULL, 0 };
}

int field_check_origins(struct plan_reader *reader)
{
	struct plan *plan = reader->plan;
	struct places places = { NULL, 0 };

	for (size_t i = 0; i < plan->written_count; i++) {
		const struct plan_written *written = &plan->written[i];

		if (i == 0 || written->key != written[-1].key)
			places = places_of(reader, written->key);
		if (places.first)
			memcpy(places.first + written->index * places.step, &written->where,
			       sizeof(written->where));
	}
	return 0;
}
