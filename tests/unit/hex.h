/* hex.h - bytes as text, so that golden ones can be read and compared */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two digits a byte, a space after each four bytes. The text stands until the next call. */
static inline const char *hex(const void *data, size_t length)
{
	static char text[4096];
	const uint8_t *bytes = data;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < length && used + 4 < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%02x",
					 i > 0 && i % 4 == 0 ? " " : "", bytes[i]);
	return text;
}

/* The other way round; how many bytes there were. */
static inline size_t unhex(const char *text, uint8_t *bytes, size_t most)
{
	size_t count = 0;

	while (*text && count < most) {
		char pair[3] = { 0 };

		text += strspn(text, " ");
		memcpy(pair, text, strnlen(text, 2));
		if (pair[0])
			bytes[count++] = (uint8_t)strtoul(pair, NULL, 16);
		text += strlen(pair);
	}
	return count;
}

#endif
