/* decode.c - from a plan's text to a struct plan
 *
 * The text is copied once into the plan's arena and cut up there: tokens are unescaped in place and
 * ended with NUL, so that the plan's strings are pointers into the copy. Two walks over the lines:
 * the first finds each line's key (both are sorted, so one pass along the table does) and counts,
 * the second reads, with lists allocated at their exact size. Both are linear in the length of the
 * text.
 *
 * It must not trust a byte of the text: it comes from a child that ran a stranger's Lua, or from a
 * file.
 */
#include "launcher/plan/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/plan/field.h"

enum { KEY_ROOM = 32 }; /* longer than any key */

static const char header[] = "lunette-plan 1\n";

int reader_wrong(struct plan_reader *reader, const char *format, ...)
{
	char reason[sizeof(reader->err->reason)];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	err_set(reader->err, STAGE_PLAN, EINVAL, NULL, "line %zu%s%s", reader->line,
		reader->key ? ": " : "", reader->key ? reader->key->name : "");
	return err_reason(reader->err, "%s", reason);
}

int reader_memory(struct plan_reader *reader)
{
	return err_set(reader->err, STAGE_PLAN, ENOMEM, NULL, "line %zu", reader->line);
}

void *reader_element(struct plan_reader *reader, const void *list, size_t size, size_t max)
{
	char *items;

	if (reader->at > 0) {
		memcpy(&items, list, sizeof(items));
		return items + reader->at * size;
	}
	if (reader->count > max) {
		reader_wrong(reader, "%zu lines, at most %zu are taken", reader->count, max);
		reader->err->number = E2BIG;
		return NULL;
	}
	items = arena_take(&reader->arena, reader->count + 1, size);
	if (!items) {
		reader_memory(reader);
		return NULL;
	}
	memcpy((void *)(uintptr_t)list, &items, sizeof(items));
	return items;
}

size_t plan_key_find(const char *name)
{
	size_t low = 0;
	size_t high = plan_key_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, plan_keys[middle].name);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return plan_key_count;
}

size_t reader_total(const struct plan_reader *reader, const char *name)
{
	return reader->totals[plan_key_find(name)];
}

/* Does the line at @text begin with @key? Behind the last line are KEY_ROOM bytes to look at. What
 * stands behind the key tells most keys apart. */
static bool line_has_key(const char *text, const struct plan_key *key)
{
	return (text[key->length] == ' ' || text[key->length] == '\n') &&
	       memcmp(text, key->name, key->length) == 0;
}

/* The first walk: keys known, sorted, repeated only where they may be. */
static int count_lines(struct plan_reader *reader, const char *text, const char *end)
{
	size_t key = 0;

	for (; text < end; reader->line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		reader->key = NULL;
		if (!newline)
			return reader_wrong(reader, "the last line has no newline");
		while (key < plan_key_count && !line_has_key(text, &plan_keys[key]))
			key++;
		if (key == plan_key_count)
			return reader_wrong(reader, "an unknown key or one out of order: %.*s",
					    (int)strcspn(text, " \n"), text);
		reader->key = &plan_keys[key];
		if (reader->totals[key]++ && !reader->key->repeated)
			return reader_wrong(reader, "the key stands twice");
		text = newline + 1;
	}
	return 0;
}

/* Where the value begins in an attribute, of which only what follows the `=` is a token. */
static char *value_of(const struct plan_reader *reader, char *token)
{
	char *at = token;

	if (!reader->key->attributes || reader->token_count < 2)
		return token;
	while (*at != '=' && *at != ' ' && *at != '\n')
		at++;
	return *at == '=' ? at + 1 : token;
}

/* Cuts the line at @text, behind its key, into reader->tokens; returns the next line, or NULL. */
static char *split_line(struct plan_reader *reader, char *text)
{
	char delimiter = *text;

	reader->token_count = 0;
	while (delimiter == ' ') {
		char *token = text + 1;

		if (reader->token_count == reader->key->most) {
			reader_wrong(reader, "more than %d values", reader->key->most);
			return NULL;
		}
		text = token_read(value_of(reader, token), &delimiter);
		if (!text) {
			reader_wrong(reader, "value %zu is not written as a token",
				     reader->token_count + 1);
			return NULL;
		}
		reader->tokens[reader->token_count++] = token;
	}
	return text + 1;
}

/* Reads the line at @text, whose key is known; @next: the line after it. */
static int read_line(struct plan_reader *reader, char *text, char **next)
{
	const struct plan_key *key = reader->key;

	*next = split_line(reader, text + key->length);
	if (!*next)
		return -reader->err->number;
	if (reader->token_count < key->least)
		return reader_wrong(reader, "%zu values, at least %d are needed",
				    reader->token_count, key->least);
	return key->decode(reader);
}

/* The second walk: as many lines of each key as the first has counted. */
static int read_lines(struct plan_reader *reader, char *text)
{
	reader->line = 2;
	for (size_t key = 0; key < plan_key_count; key++) {
		reader->key = &plan_keys[key];
		reader->count = reader->totals[key];
		for (reader->at = 0; reader->at < reader->count; reader->at++, reader->line++) {
			int ret = read_line(reader, text, &text);

			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int check_whole(struct plan_reader *reader)
{
	static int (*const checks[])(struct plan_reader *) = {
		field_check_process, field_check_user,     field_check_net,
		field_check_seccomp, field_check_landlock, field_check_origins,
	};

	for (size_t i = 0; i < plan_key_count; i++) {
		reader->key = &plan_keys[i];
		if (reader->key->required && reader->totals[i] == 0)
			return reader_wrong(reader, "the key is missing");
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int ret = checks[i](reader);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int decode(struct plan_reader *reader, const char *text, size_t length)
{
	char *copy = arena_take(&reader->arena, 1, length + KEY_ROOM);
	char *lines;
	int ret;

	if (!copy)
		return reader_memory(reader);
	memcpy(copy, text, length);
	lines = copy + sizeof(header) - 1;
	reader->line = 2;
	ret = count_lines(reader, lines, copy + length);
	if (ret == 0)
		ret = read_lines(reader, lines);
	if (ret == 0)
		ret = check_whole(reader);
	return ret;
}

int plan_decode(struct plan *plan, const char *text, size_t length, struct err *err)
{
	struct plan_reader *reader;
	int ret;

	*plan = (struct plan){ 0 };
	if (length > PLAN_MAX_BYTES)
		return err_set(err, STAGE_PLAN, E2BIG, NULL, "%zu bytes", length);
	if (length < sizeof(header) - 1 || memcmp(text, header, sizeof(header) - 1) != 0) {
		err_set(err, STAGE_PLAN, EINVAL, "`lunette plan` prints such a text", "line 1");
		return err_reason(err, "does not say \"lunette-plan 1\"");
	}
	reader = malloc(sizeof(*reader));
	if (!reader)
		return err_set(err, STAGE_PLAN, ENOMEM, NULL, "reader");
	memset(reader, 0, offsetof(struct plan_reader, tokens));
	reader->plan = plan;
	reader->err = err;
	ret = decode(reader, text, length);
	plan->arena = reader->arena;
	free(reader);
	if (ret < 0)
		plan_finish(plan);
	return ret;
}

void plan_finish(struct plan *plan)
{
	arena_finish(plan->arena);
	*plan = (struct plan){ 0 };
}
