/* buf.c - a growing byte buffer with a sticky error (see buf.h) */
#include "launcher/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/raw/calls.h"

void buf_finish(struct buf *buf)
{
	free(buf->data);
	*buf = BUF_EMPTY;
}

char *buf_reserve(struct buf *buf, size_t length)
{
	size_t wanted;
	size_t size = buf->size ? buf->size : 512;
	char *data;

	if (buf->failed || __builtin_add_overflow(buf->length, length, &wanted) ||
	    wanted > SIZE_MAX / 4) {
		buf->failed = true;
		return NULL;
	}
	if (buf->data && wanted <= buf->size)
		return buf->data + buf->length;
	while (size < wanted)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return NULL;
	}
	buf->data = data;
	buf->size = size;
	return buf->data + buf->length;
}

void buf_grew(struct buf *buf, size_t length)
{
	if (!buf->failed && length <= buf->size - buf->length)
		buf->length += length;
}

void buf_bytes(struct buf *buf, const void *bytes, size_t length)
{
	char *room = buf_reserve(buf, length);

	if (!room || length == 0)
		return;
	memcpy(room, bytes, length);
	buf_grew(buf, length);
}

void buf_text(struct buf *buf, const char *text)
{
	buf_bytes(buf, text, strlen(text));
}

void buf_format(struct buf *buf, const char *format, ...)
{
	va_list args;
	int length;
	char *room;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0) {
		buf->failed = true;
		return;
	}
	room = buf_reserve(buf, (size_t)length + 1);
	if (!room)
		return;
	va_start(args, format);
	vsnprintf(room, (size_t)length + 1, format, args);
	va_end(args);
	buf_grew(buf, (size_t)length);
}

int buf_read_fd(struct buf *buf, int fd, size_t max)
{
	size_t before = buf->length;

	for (;;) {
		char *room = buf_reserve(buf, 4096);
		long got;

		if (!room)
			return -ENOMEM;
		got = sys_read(fd, room, 4096);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		buf_grew(buf, (size_t)got);
		if (buf->length - before > max)
			return -EFBIG;
	}
}
