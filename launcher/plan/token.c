/* token.c - the tokens of a plan's text (see token.h) */
#include "launcher/plan/token.h"

#include <limits.h>
#include <string.h>

/* A table, because every byte of every plan is looked up. */
static const bool plain_bytes[256] = {
	[0x21 ... '\\' - 1] = true,
	['\\' + 1 ... 0x7e] = true,
};

static bool plain(unsigned char byte)
{
	return plain_bytes[byte];
}

/* Only lower-case digits: the value of @digit, or -1. */
static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* Everything from the first backslash on. */
static bool unescape_rest(char *from, const char *end)
{
	char *to = from;

	while (from < end) {
		int high;
		int low;
		unsigned char byte;

		if (*from != '\\') {
			if (!plain((unsigned char)*from))
				return false;
			*to++ = *from++;
			continue;
		}
		if (end - from < 4 || from[1] != 'x')
			return false;
		high = hex_digit(from[2]);
		low = hex_digit(from[3]);
		if (high < 0 || low < 0)
			return false;
		byte = (unsigned char)(high << 4 | low);
		if (byte == 0 || plain(byte))
			return false;
		*to++ = (char)byte;
		from += 4;
	}
	*to = '\0';
	return true;
}

bool token_unescape(char *token, size_t length)
{
	char *end = token + length;
	char *at = token;

	if (length == 0)
		return false;
	if (length == 2 && token[0] == '\\' && token[1] == 'e') {
		*token = '\0';
		return true;
	}
	while (at < end && plain((unsigned char)*at))
		at++;
	return unescape_rest(at, end);
}

char *token_read(char *token, char *delimiter)
{
	char *end = token;

	while (plain((unsigned char)*end))
		end++;
	if (*end != '\\') {
		*delimiter = *end;
		*end = '\0';
		return end > token && (*delimiter == ' ' || *delimiter == '\n') ? end : NULL;
	}
	while (*end != ' ' && *end != '\n')
		end++;
	*delimiter = *end;
	return token_unescape(token, (size_t)(end - token)) ? end : NULL;
}

void token_escape(struct buf *out, const char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t done = 0;

	if (length == 0)
		buf_text(out, "\\e");
	while (done < length) {
		size_t run = done;
		unsigned char byte;

		while (run < length && plain((unsigned char)bytes[run]))
			run++;
		buf_bytes(out, bytes + done, run - done);
		done = run;
		if (done == length)
			return;
		byte = (unsigned char)bytes[done++];
		buf_bytes(out, (char[]){ '\\', 'x', digits[byte >> 4], digits[byte & 15] }, 4);
	}
}

void token_text(struct buf *out, const char *text)
{
	token_escape(out, text, strlen(text));
}

bool token_number_part(const char *text, const char *stop, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (text == stop || (*text == '0' && stop - text > 1))
		return false;
	for (; text < stop; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*text - '0'), &sum))
			return false;
	}
	*value = sum;
	return sum <= max;
}

bool token_hex_part(const char *text, const char *stop, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (stop - text < 3 || stop - text > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	text += 2;
	if (*text == '0' && stop - text > 1)
		return false;
	for (; text < stop; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return false;
		sum = sum << 4 | (uint64_t)digit;
	}
	*value = sum;
	return sum <= max;
}

bool token_number(const char *text, uint64_t max, uint64_t *value)
{
	return token_number_part(text, text + strlen(text), max, value);
}

bool token_u32(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t wide;

	if (!token_number(text, max, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

bool token_hex(const char *text, uint64_t max, uint64_t *value)
{
	return token_hex_part(text, text + strlen(text), max, value);
}

bool token_octal(const char *text, uint32_t max, uint32_t *value)
{
	uint32_t sum = 0;

	if (strlen(text) != 4)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return false;
		sum = sum << 3 | (uint32_t)(*text - '0');
	}
	*value = sum;
	return sum <= max;
}

bool token_host_path(const char *text)
{
	return text[0] == '/' && strlen(text) < PATH_MAX;
}

bool token_path(const char *text)
{
	if (!token_host_path(text))
		return false;
	if (text[1] == '\0')
		return true;
	while (*text == '/') {
		const char *name = text + 1;
		size_t length = strcspn(name, "/");

		if (length == 0 || length > NAME_MAX || (length == 1 && name[0] == '.') ||
		    (length == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		text = name + length;
	}
	return true;
}

bool token_name(const char *text)
{
	static const char bytes[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strspn(text, bytes);

	return length > 0 && length <= 64 && text[length] == '\0' && !strchr("._-", text[0]);
}
