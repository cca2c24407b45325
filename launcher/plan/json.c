/* json.c - a view of a plan's text as one JSON object
 *
 * It holds the text's version and hash, then the keys in their order. The shape follows the table
 * of keys, not how often a key happens to stand.
 */
#include <errno.h>
#include <string.h>

#include "launcher/base/json.h"
#include "launcher/plan/field.h"

/* One token, unescaped; of an attribute only what follows the `=` is escaped. */
static void write_token(struct buf *out, const char *token, size_t length)
{
	char copy[4096];
	cleanup_buf struct buf large = BUF_EMPTY;
	char *room = copy;

	if (length >= sizeof(copy)) {
		room = buf_reserve(&large, length + 1);
		if (!room) {
			out->failed = true;
			return;
		}
	}
	memcpy(room, token, length);
	if (length >= 3 && memcmp(token + length - 3, "=\\e", 3) == 0)
		room[length - 2] = '\0';
	else if (!token_unescape(room, length))
		room[length] = '\0';
	json_text(out, room);
}

static void write_line(struct buf *out, const char *at, const char *newline)
{
	const char *comma = "";

	buf_text(out, "[");
	while (at < newline) {
		const char *stop;

		at++;
		stop = memchr(at, ' ', (size_t)(newline - at));
		if (!stop)
			stop = newline;
		buf_text(out, comma);
		write_token(out, at, (size_t)(stop - at));
		comma = ", ";
		at = stop;
	}
	buf_text(out, "]");
}

/* The lines of one key, from @text on; returns where the next key's begin. */
static const char *write_key(struct buf *out, const struct plan_key *key, const char *text,
			     const char *end)
{
	size_t name = strlen(key->name);
	const char *comma = "\n    ";

	buf_format(out, ",\n  \"%s\": %s", key->name, key->repeated ? "[" : "");
	while ((size_t)(end - text) > name && memcmp(text, key->name, name) == 0 &&
	       (text[name] == ' ' || text[name] == '\n')) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (key->repeated)
			buf_text(out, comma);
		write_line(out, text + name, newline);
		comma = ",\n    ";
		text = newline + 1;
	}
	buf_text(out, key->repeated ? "\n  ]" : "");
	return text;
}

int plan_json(const char *text, size_t length, struct buf *out, struct err *err)
{
	const char *end = text + length;
	const char *at;
	struct plan plan;
	char hash[65];
	int ret = plan_decode(&plan, text, length, err);

	if (ret < 0)
		return ret;
	plan_finish(&plan);
	plan_hash(text, length, hash);
	buf_format(out, "{\n  \"lunette-plan\": 1,\n  \"sha256\": \"%s\"", hash);
	at = strchr(text, '\n') + 1;
	while (at < end) {
		size_t name = strcspn(at, " \n");
		size_t i = 0;

		while (strncmp(plan_keys[i].name, at, name) != 0 || plan_keys[i].name[name])
			i++;
		at = write_key(out, &plan_keys[i], at, end);
	}
	buf_text(out, "\n}\n");
	if (out->failed)
		return err_set(err, STAGE_PLAN, ENOMEM, NULL, "JSON");
	return 0;
}
