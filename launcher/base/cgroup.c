/* cgroup.c - where cgroup v2 lets the caller make cgroups, and its small files (see cgroup.h)
 *
 * The hierarchy is taken to be at /sys/fs/cgroup, where every system with version 2 alone has it. A
 * second place, /sys/fs/cgroup/unified, belongs to the hybrid layout, in which version 1 holds the
 * controllers: nothing can be limited there.
 */
#include "launcher/base/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/fd.h"

#define ROOT "/sys/fs/cgroup"
#define MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC, include/uapi/linux/magic.h */

long cgroup_read(int dirfd, const char *file, char *text, size_t size)
{
	cleanup_fd int fd = (int)sys_openat(dirfd, file, O_RDONLY | O_CLOEXEC, 0);
	long got = fd < 0 ? fd : sys_read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	return got;
}

int cgroup_parent_of(const char *text, char *path)
{
	const char *end, *slash;
	size_t length;

	while (strncmp(text, "0::/", 4) != 0) {
		text = strchr(text, '\n');
		if (!text || !*++text)
			return -ENOENT;
	}
	text += 3;
	end = strchr(text, '\n');
	if (!end)
		return -ENAMETOOLONG;
	if (strncmp(text, "/..", 3) == 0 && (text[3] == '/' || text[3] == '\n'))
		return -EXDEV;
	for (slash = end; *slash != '/'; slash--)
		;
	length = (size_t)(slash - text);
	if (length >= CGROUP_PATH_MAX)
		return -ENAMETOOLONG;
	if (length == 0)
		length = 1;
	memcpy(path, text, length);
	path[length] = '\0';
	return 0;
}

static int find_own(char *path, struct err *err)
{
	char text[4096];
	long r = cgroup_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	if (r < 0)
		return err_set(err, STAGE_CGROUP, (int)r, "mount /proc", "/proc/self/cgroup");
	r = cgroup_parent_of(text, path);
	if (r == 0)
		return 0;
	(void)err_set(err, STAGE_CGROUP, (int)r, NULL, "/proc/self/cgroup");
	if (r == -EXDEV) {
		(void)err_hint(err, "name a cgroup with --cgroup-parent");
		return err_reason(err, "the caller's cgroup lies outside of its cgroup namespace");
	}
	return (int)r;
}

/* A directory of version 2's; -ENODEV where @path is something else. */
static int open_directory(int from, const char *path)
{
	cleanup_fd int fd = (int)sys_openat(from, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct statfs fs = { 0 };
	long r = fd < 0 ? fd : sys_fstatfs(fd, &fs);

	if (r == 0 && fs.f_type != MAGIC)
		r = -ENODEV;
	return r < 0 ? (int)r : take_fd(&fd);
}

static int open_root(struct err *err)
{
	/* May fail: what is there instead is told below. */
	int fd = open_directory(AT_FDCWD, ROOT);

	if (fd >= 0)
		return fd;
	(void)err_set(err, STAGE_CGROUP, ENOENT, NULL, "%s", ROOT);
	if (sys_faccessat2(AT_FDCWD, ROOT "/memory", F_OK, 0) == 0 ||
	    sys_faccessat2(AT_FDCWD, ROOT "/unified", F_OK, 0) == 0) {
		(void)err_hint(err, "boot with systemd.unified_cgroup_hierarchy=1");
		return err_reason(err, "cgroup version 1 holds this host's controllers");
	}
	(void)err_hint(err, "mount -t cgroup2 cgroup2 %s", ROOT);
	return err_reason(err, "no cgroup file system is mounted there");
}

int cgroup_parent(const char *wanted, char *path, struct err *err)
{
	cleanup_fd int root = open_root(err); /* first, since /proc takes longer to say it */
	const char *below;
	int r = root < 0 ? root : 0;

	if (r == 0 && wanted)
		snprintf(path, CGROUP_PATH_MAX, "%s", wanted);
	else if (r == 0)
		r = find_own(path, err);
	if (r < 0)
		return r;
	below = path + strspn(path, "/");
	r = open_directory(root, *below ? below : ".");
	return r < 0 ? err_set(err, STAGE_CGROUP, r,
			       r == -ENOENT ? "make it, or name another with --cgroup-parent"
					    : NULL,
			       "%s", path)
		     : r;
}

bool cgroup_has(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = text; *word; word += strspn(word, " \n")) {
		size_t size = strcspn(word, " \n");

		if (size == length && memcmp(word, name, length) == 0)
			return true;
		word += size;
	}
	return false;
}

bool cgroup_value(const char *text, const char *name, unsigned long long *value)
{
	size_t length = name ? strlen(name) : 0;
	char *end;

	while (name && (strncmp(text, name, length) != 0 || text[length] != ' ')) {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	if (name)
		text += length + 1;
	if (*text < '0' || *text > '9')
		return false;
	*value = strtoull(text, &end, 10);
	return true;
}

int cgroup_write(int dirfd, const char *file, const char *text)
{
	cleanup_fd int fd = (int)sys_openat(dirfd, file, O_WRONLY | O_CLOEXEC, 0);
	long r = fd < 0 ? fd : sys_write(fd, text, strlen(text));

	return r < 0 ? (int)r : 0;
}
