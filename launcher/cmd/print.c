/* print.c - the launcher's own words on standard output and error
 *
 * Straight to the descriptors: no stdio buffers, nothing to flush. What comes from elsewhere is
 * escaped where it goes to a person's terminal as part of a message.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "launcher/cmd/cmd.h"

int print_out(const char *text, size_t length)
{
	int ret = fd_write_all(1, text, length);

	if (ret < 0)
		print_note("standard output: %s", strerror(-ret));
	return ret;
}

/* A message that cannot be written is lost: there is nowhere else to say so. */
static void print_line(char *line, size_t length)
{
	line[length] = '\n';
	(void)fd_write_all(2, line, length + 1);
}

void print_error(const struct err *err)
{
	static const char prefix[] = "lunette: ";
	char line[4096];
	size_t length = sizeof(prefix) - 1;

	memcpy(line, prefix, length);
	length += err_format(err, line + length, sizeof(line) - length - 1);
	print_line(line, length);
}

void print_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte < 0x7f)
			buf_bytes(out, text, 1);
		else
			buf_format(out, "\\x%02x", byte);
	}
}

void print_note(const char *format, ...)
{
	cleanup_buf struct buf line = BUF_EMPTY;
	char plain[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(plain, sizeof(plain), format, args);
	va_end(args);
	buf_text(&line, "lunette: ");
	print_escaped(&line, plain);
	buf_text(&line, "\n");
	if (!line.failed)
		/* May fail: nobody reads it then. */
		(void)fd_write_all(2, line.data, line.length);
}
