/* field_user.c - ids inside and outside, groups, ranges */
#include "launcher/plan/field.h"

#include <string.h>

#include "launcher/plan/at.h"

/* (uid_t)-1 means "leave it" to the kernel, so it is no id. */
#define ID_MAX (UINT32_MAX - 1)

static bool is_gid(const struct plan_key *key)
{
	return strstr(key->name, "gid") != NULL;
}

int decode_inside_id(struct plan_reader *reader)
{
	struct plan_user *user = &reader->plan->user;
	bool gid = is_gid(reader->key);

	*(gid ? &user->has_gid : &user->has_uid) = true;
	if (!token_u32(reader->tokens[0], ID_MAX, gid ? &user->gid : &user->uid))
		return reader_wrong(reader, "%s is no id", reader->tokens[0]);
	return 0;
}

void encode_inside_id(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const struct plan_user *user = &plan->user;
	bool gid = is_gid(key);

	if (gid ? user->has_gid : user->has_uid)
		buf_format(out, "%s %u\n", key->name, gid ? user->gid : user->uid);
}

int decode_outer_id(struct plan_reader *reader)
{
	if (!token_u32(reader->tokens[0], ID_MAX, AT(reader->plan, reader->key)))
		return reader_wrong(reader, "%s is no id", reader->tokens[0]);
	return 0;
}

void encode_outer_id(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	buf_format(out, "%s %u\n", key->name, *(const uint32_t *)AT_CONST(plan, key));
}

int decode_group(struct plan_reader *reader)
{
	uint32_t *group = reader_element(reader, &reader->plan->user.extra_groups, sizeof(*group),
					 PLAN_MAX_STRINGS);

	if (!group)
		return -reader->err->number;
	if (!token_u32(reader->tokens[0], ID_MAX, group))
		return reader_wrong(reader, "%s is no id", reader->tokens[0]);
	reader->plan->user.extra_group_count = reader->at + 1;
	return 0;
}

void encode_group(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->user.extra_group_count; i++)
		buf_format(out, "%s %u\n", key->name, plan->user.extra_groups[i]);
}

static const char *const groups_names[] = {
	[GROUPS_DROP] = "drop",
	[GROUPS_PREFER_DROP] = "prefer",
	[GROUPS_KEEP] = "keep",
};

int decode_groups(struct plan_reader *reader)
{
	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(reader->tokens[0], groups_names[i]) == 0) {
			reader->plan->user.groups = (enum plan_groups)i;
			return 0;
		}
	}
	return reader_wrong(reader, "%s is not drop, prefer or keep", reader->tokens[0]);
}

void encode_groups(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	buf_format(out, "%s %s\n", key->name, groups_names[plan->user.groups]);
}

int decode_nested(struct plan_reader *reader)
{
	reader->plan->user.nested = true;
	if (strcmp(reader->tokens[0], "1") != 0)
		return reader_wrong(reader, "%s is not 1", reader->tokens[0]);
	return 0;
}

void encode_nested(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	if (plan->user.nested)
		buf_format(out, "%s 1\n", key->name);
}

/* Does @range share an id with another, on either side? */
static bool overlaps(const struct plan_range *range, const struct plan_range *other)
{
	return (range->inside < (uint64_t)other->inside + other->count &&
		other->inside < (uint64_t)range->inside + range->count) ||
	       (range->outside < (uint64_t)other->outside + other->count &&
		other->outside < (uint64_t)range->outside + range->count);
}

int decode_ranges(struct plan_reader *reader)
{
	struct plan_user *user = &reader->plan->user;
	bool gid = is_gid(reader->key);
	struct plan_range *range =
		reader_element(reader, gid ? &user->gid_ranges : &user->uid_ranges, sizeof(*range),
			       PLAN_MAX_RANGES);

	if (!range)
		return -reader->err->number;
	if (!token_u32(reader->tokens[0], ID_MAX, &range->inside) ||
	    !token_u32(reader->tokens[1], ID_MAX, &range->outside) ||
	    !token_u32(reader->tokens[2], UINT32_MAX, &range->count) || range->count == 0 ||
	    range->count > UINT32_MAX - range->inside || range->count > UINT32_MAX - range->outside)
		return reader_wrong(reader, "%s %s %s is no range of ids", reader->tokens[0],
				    reader->tokens[1], reader->tokens[2]);
	for (size_t i = 1; i <= reader->at; i++) {
		if (overlaps(range, range - i))
			return reader_wrong(reader, "%s %s %s overlaps another range",
					    reader->tokens[0], reader->tokens[1],
					    reader->tokens[2]);
	}
	*(gid ? &user->gid_range_count : &user->uid_range_count) = reader->at + 1;
	return 0;
}

void encode_ranges(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	bool gid = is_gid(key);
	const struct plan_range *ranges = gid ? plan->user.gid_ranges : plan->user.uid_ranges;
	size_t count = gid ? plan->user.gid_range_count : plan->user.uid_range_count;

	for (size_t i = 0; i < count; i++)
		buf_format(out, "%s %u %u %u\n", key->name, ranges[i].inside, ranges[i].outside,
			   ranges[i].count);
}

int field_check_user(struct plan_reader *reader)
{
	static const char *const keys[2] = { "user.map.uid", "user.map.gid" };
	const struct plan_user *user = &reader->plan->user;

	if (!user->uid_range_count == !user->gid_range_count)
		return 0;
	reader->key = &plan_keys[plan_key_find(keys[user->uid_range_count != 0])];
	return reader_wrong(reader,
			    "the key is missing: ranges of uids and of gids stand together");
}
