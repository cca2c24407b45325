/* encode.c - from a struct plan back to its text, and the text's hash
 *
 * One walk along the table of keys; what each key writes is in field_*.c.
 */
#include "launcher/plan/plan.h"

#include <errno.h>
#include <string.h>

#include "launcher/plan/field.h"
#include "launcher/plan/sha256.h"

int plan_encode(const struct plan *plan, struct buf *out)
{
	buf_text(out, "lunette-plan 1\n");
	for (size_t i = 0; i < plan_key_count; i++)
		plan_keys[i].encode(plan, &plan_keys[i], out);
	return out->failed ? -ENOMEM : 0;
}

static bool starts_with(const char *line, const char *end, const char *key)
{
	size_t length = strlen(key);

	return (size_t)(end - line) >= length && memcmp(line, key, length) == 0;
}

void plan_hash(const char *text, size_t length, char hash[65])
{
	const char *end = text + length;
	struct sha256 sum;

	sha256_init(&sum);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;

		if (!starts_with(text, end, "origin ") && !starts_with(text, end, "input ") &&
		    !starts_with(text, end, "skipped "))
			sha256_add(&sum, text, (size_t)(next - text));
		text = next;
	}
	sha256_hex(&sum, hash);
}
