/* json.c - writing JSON into a buffer (see json.h) */
#include "launcher/base/json.h"

#include <string.h>

/* How many bytes the UTF-8 character at @at has, or 0 for none: overlong forms, surrogates and what
 * lies past U+10FFFF are none (RFC 3629). */
static size_t character(const unsigned char *at, size_t left)
{
	size_t length = at[0] < 0x80   ? 1
			: at[0] < 0xc2 ? 0
			: at[0] < 0xe0 ? 2
			: at[0] < 0xf0 ? 3
			: at[0] < 0xf5 ? 4
				       : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

/* U+0080 to U+009F control terminals as the escape character does. */
static bool is_control(const unsigned char *at, size_t length)
{
	return (length == 1 && (at[0] < 0x20 || at[0] == 0x7f)) ||
	       (length == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

void json_bytes(struct buf *out, const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;
	const unsigned char *end = at + length;

	buf_text(out, "\"");
	while (at < end) {
		size_t size = character(at, (size_t)(end - at));

		if (size == 0)
			buf_format(out, "\\\\x%02x", *at);
		else if (is_control(at, size))
			buf_format(out, "\\u%04x", at[size - 1]);
		else if (*at == '"' || *at == '\\')
			buf_bytes(out, (char[]){ '\\', (char)*at }, 2);
		else
			buf_bytes(out, at, size);
		at += size ? size : 1;
	}
	buf_text(out, "\"");
}

void json_text(struct buf *out, const char *text)
{
	if (text)
		json_bytes(out, text, strlen(text));
	else
		buf_text(out, "null");
}
