/* subids.c - has the caller subordinate ids, and the programs that use them? (see probe.h)
 *
 * subuid(5): lines NAME-OR-UID:FIRST:COUNT. The name comes from passwd(5), read here line by line;
 * users that only a name service knows are found by their number or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/base.h"
#include "launcher/eval/probe.h"

enum { FILE_MAX = 1 << 20, NAME_BYTES = 64 };

static int read_file(const char *path, struct buf *out)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	int ret = fd < 0 ? fd : buf_read_fd(out, fd, FILE_MAX);

	buf_bytes(out, "", 1);
	return ret < 0 ? ret : out->failed ? -ENOMEM : 0;
}

/* The name in a line of passwd(5) whose third field is @uid. */
static void user_name(unsigned int uid, char name[NAME_BYTES])
{
	cleanup_buf struct buf file = BUF_EMPTY;
	char field[16];

	name[0] = '\0';
	if (read_file("/etc/passwd", &file) < 0)
		return;
	snprintf(field, sizeof(field), "%u:", uid);
	for (const char *line = file.data; line; line = strchr(line, '\n')) {
		size_t length;
		const char *second;

		line += *line == '\n';
		length = strcspn(line, ":\n");
		second = line[length] == ':' ? strchr(line + length + 1, ':') : NULL;
		if (second && length < NAME_BYTES &&
		    strncmp(second + 1, field, strlen(field)) == 0) {
			memcpy(name, line, length);
			name[length] = '\0';
			return;
		}
	}
}

static bool has_range(const char *path, const char *name, const char *number)
{
	cleanup_buf struct buf file = BUF_EMPTY;

	if (read_file(path, &file) < 0)
		return false;
	for (const char *line = file.data; line; line = strchr(line, '\n')) {
		size_t length;

		line += *line == '\n';
		length = strcspn(line, ":\n");
		if (length > 0 && line[length] == ':' &&
		    ((strlen(name) == length && memcmp(line, name, length) == 0) ||
		     (strlen(number) == length && memcmp(line, number, length) == 0)))
			return true;
	}
	return false;
}

static bool has_program(const char *path)
{
	return sys_faccessat2(AT_FDCWD, path, 1 /* X_OK */, 0) == 0;
}

int probe_subids(void)
{
	char name[NAME_BYTES];
	char number[16];
	unsigned int uid = (unsigned int)sys_getuid();

	user_name(uid, name);
	snprintf(number, sizeof(number), "%u", uid);
	if (!has_range("/etc/subuid", name, number) || !has_range("/etc/subgid", name, number))
		return -ENOENT;
	if (!has_program("/usr/bin/newuidmap") || !has_program("/usr/bin/newgidmap"))
		return -ENOEXEC;
	return 0;
}
