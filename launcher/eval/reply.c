/* reply.c - the launcher's answers to the evaluator, and the record of them (see reply.h)
 *
 * For a profile the record holds the SHA-256 of the text, for a variable that of the value: the one
 * to keep the plan short, the other because values may be secret.
 */
#include "launcher/eval/reply.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/eval/embed.h"
#include "launcher/eval/host.h"
#include "launcher/eval/lookup.h"
#include "launcher/eval/probe.h"
#include "launcher/plan/sha256.h"
#include "launcher/plan/token.h"

static const char *const kind_names[ASK_KINDS] = {
	[ASK_EXISTS] = "exists", [ASK_READLINK] = "readlink", [ASK_FEATURE] = "feature",
	[ASK_ENV] = "env",       [ASK_PROFILE] = "profile",
};

static void note(struct record *record, enum question_kind kind, const char *argument,
		 const char *answer)
{
	if (!record->keep)
		return;
	buf_format(&record->lines, "input %s ", kind_names[kind]);
	token_text(&record->lines, argument);
	if (answer) {
		buf_text(&record->lines, " ");
		token_text(&record->lines, answer);
	}
	buf_text(&record->lines, "\n");
}

static void hash_of(const void *bytes, size_t length, char out[65])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, bytes, length);
	sha256_hex(&hash, out);
}

static void hash_profile(const struct profile *profile, const char *name, char out[65])
{
	if (profile->shipped)
		memcpy(out, embed_profile_hash(name), 65);
	else
		hash_of(profile->text, profile->length, out);
}

static void answer(struct buf *out, bool found, const char *bytes, size_t length, const char *name)
{
	struct message_reply reply = { found, name ? (uint32_t)strlen(name) : 0 };
	struct message head = { MESSAGE_REPLY, (uint32_t)length + reply.name };

	buf_bytes(out, &head, sizeof(head));
	buf_bytes(out, &reply, sizeof(reply));
	buf_bytes(out, bytes, length);
	buf_bytes(out, name ? name : "", reply.name);
}

static void answer_profile(struct record *record, const char *name, struct buf *out)
{
	struct profile profile;
	struct err err = { 0 };
	char hash[65];

	if (lookup_profile(name, record->environment, &profile, &err) < 0) {
		char text[sizeof(err.reason) + sizeof(err.hint) + 2];

		snprintf(text, sizeof(text), "%s%s%s",
			 err.reason[0] ? err.reason : strerror(err.number), err.hint[0] ? "; " : "",
			 err.hint);
		note(record, ASK_PROFILE, name, NULL);
		answer(out, false, NULL, 0, text);
		profile_finish(&profile);
		return;
	}
	if (record->keep) {
		hash_profile(&profile, name, hash);
		note(record, ASK_PROFILE, name, hash);
	}
	answer(out, true, profile.text, profile.length, profile.name);
	profile_finish(&profile);
}

/* The answer to all kinds but profiles; @room: PATH_MAX bytes. */
static const char *find(enum question_kind kind, const char *argument, char *const *environment,
			char *room)
{
	switch (kind) {
	case ASK_EXISTS:
		return argument[0] == '/' ? host_exists(argument) : NULL;
	case ASK_READLINK:
		return argument[0] == '/' ? host_readlink(argument, room) : NULL;
	case ASK_FEATURE:
		/* May differ: a lack of the host, which the plan records. */
		return probe_feature(argument, room, PATH_MAX);
	case ASK_ENV:
		return host_env(environment, argument);
	case ASK_PROFILE:
		break;
	}
	return NULL;
}

void reply_to(struct record *record, enum question_kind kind, const char *argument, struct buf *out)
{
	char room[PATH_MAX];
	char hash[65];
	const char *text;

	if (kind == ASK_PROFILE) {
		answer_profile(record, argument, out);
		return;
	}
	text = find(kind, argument, record->environment, room);
	if (kind == ASK_ENV && text && record->keep) {
		hash_of(text, strlen(text), hash);
		note(record, kind, argument, hash);
	} else {
		note(record, kind, argument, text);
	}
	answer(out, text != NULL, text, text ? strlen(text) : 0, NULL);
}

const char *reply_current(const char *kind, const char *argument, char *const *environment,
			  struct buf *out)
{
	unsigned int index = 0;
	struct profile profile;
	struct err err;
	char *room = buf_reserve(out, PATH_MAX);
	const char *text;

	while (index < ASK_KINDS && strcmp(kind_names[index], kind) != 0)
		index++;
	if (index == ASK_KINDS || !room)
		return NULL;
	if (index == ASK_PROFILE) {
		bool found = lookup_profile(argument, environment, &profile, &err) == 0;

		if (found)
			hash_profile(&profile, argument, room);
		profile_finish(&profile);
		return found ? room : NULL;
	}
	text = find((enum question_kind)index, argument, environment, room);
	if (index != ASK_ENV || !text)
		return text;
	hash_of(text, strlen(text), room);
	return room;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines of @record, cut at their newlines, sorted, each once, appended to @out. */
static int sort_lines(struct record *record, struct buf *out)
{
	char *text = record->lines.data;
	size_t count = 0;
	size_t next = 0;
	char **lines;

	for (size_t i = 0; i < record->lines.length; i++)
		count += text[i] == '\n';
	lines = calloc(count + 1, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	for (size_t i = 0, start = 0; i < record->lines.length; i++) {
		if (text[i] != '\n')
			continue;
		text[i] = '\0';
		lines[next++] = text + start;
		start = i + 1;
	}
	qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(lines[i], lines[i - 1]) == 0)
			continue;
		buf_text(out, lines[i]);
		buf_text(out, "\n");
	}
	free(lines);
	return 0;
}

int record_insert(struct record *record, struct buf *plan)
{
	static const char key[] = "input ";
	cleanup_buf struct buf whole = BUF_EMPTY;
	const char *end = plan->data + plan->length;
	const char *at = memchr(plan->data, '\n', plan->length);
	int ret;

	at = at ? at + 1 : end;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = sizeof(key) - 1;
		int order;

		if ((size_t)(end - at) < length)
			length = (size_t)(end - at);
		order = memcmp(at, key, length);
		if (order == 0 && length == sizeof(key) - 1)
			return -EINVAL;
		if (order > 0 || !newline)
			break;
		at = newline + 1;
	}
	if (record->lines.length == 0)
		return 0;
	buf_bytes(&whole, plan->data, (size_t)(at - plan->data));
	ret = sort_lines(record, &whole);
	if (ret < 0)
		return ret;
	buf_bytes(&whole, at, (size_t)(end - at));
	if (whole.failed || record->lines.failed)
		return -ENOMEM;
	buf_finish(plan);
	*plan = whole;
	whole = BUF_EMPTY;
	return 0;
}
