/* path.c - opening paths below a root (see path.h)
 *
 * openat2(2): RESOLVE_IN_ROOT may answer EAGAIN when a rename runs at the same time; it is repeated
 * a bounded number of times.
 */
#include "launcher/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PATH_TRIES = 128 };

static bool is_symlink(int fd)
{
	struct stat st;

	return sys_fstat(fd, &st) < 0 || S_ISLNK(st.st_mode);
}

/* The fallback where openat2 is refused: no symlink is followed at all. */
static int walk(int root, const char *path, int flags)
{
	cleanup_fd int at = -1;
	int from = root;

	for (;;) {
		const char *end;
		char name[256];
		size_t length;
		bool last;
		long r;

		while (*path == '/')
			path++;
		end = strchr(path, '/');
		length = end ? (size_t)(end - path) : strlen(path);
		last = !end || end[strspn(end, "/")] == '\0';
		if (length >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		if (strcmp(name, "..") == 0)
			return -EXDEV;
		r = sys_openat(from, length ? name : ".",
			       (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC, 0);
		if (r >= 0 && last && !(flags & O_NOFOLLOW) && is_symlink((int)r)) {
			(void)sys_close((int)r);
			return -ELOOP;
		}
		if (r < 0 || last)
			return (int)r;
		fd_close(&at);
		at = (int)r;
		from = at;
		path += length;
	}
}

static int resolve(int from, const char *path, int flags, uint64_t how)
{
	struct open_how open_how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.resolve = how,
	};
	long r = -EAGAIN;

	for (int i = 0; i < PATH_TRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = sys_openat2(from, path, &open_how, sizeof(open_how));
	return (int)r;
}

int path_in_root(int root, const char *path, int flags)
{
	/* May fail: where a filter of the caller's refuses it, walk() does the same. */
	int r = resolve(root, path[0] ? path : ".", flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return r == -ENOSYS || r == -EPERM ? walk(root, path, flags) : r;
}

/* The host's own paths are the caller's to name, so where openat2 is refused openat follows
 * links. */
int path_host(const char *path, int flags)
{
	int r = resolve(AT_FDCWD, path, flags, RESOLVE_NO_MAGICLINKS);

	return r == -ENOSYS ? (int)sys_openat(AT_FDCWD, path, flags | O_CLOEXEC, 0) : r;
}

enum { PATH_LINKS = 40 };

/* One component at a time, with the links spelt out in @rest as they come. */
static int step_through(char rest[8192], int root)
{
	cleanup_fd int at = root;
	int links = 0;

	while (at >= 0) {
		size_t skip = strspn(rest, "/");
		size_t length = strcspn(rest + skip, "/");
		char name[256], target[4096];
		cleanup_fd int next = -1;
		struct stat st;
		long r;

		if (length == 0)
			return take_fd(&at);
		if (length >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, rest + skip, length);
		name[length] = '\0';
		memmove(rest, rest + skip + length, strlen(rest + skip + length) + 1);
		next = (int)sys_openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
		r = next < 0 ? next : sys_fstat(next, &st);
		if (r < 0)
			return (int)r;
		if (!S_ISLNK(st.st_mode)) {
			fd_close(&at);
			at = take_fd(&next);
			continue;
		}
		r = sys_readlinkat(next, "", target, sizeof(target) - 1);
		if (r < 0 || st.st_uid != 0 || ++links > PATH_LINKS ||
		    (size_t)r + strlen(rest) + 2 > 8192)
			return r < 0 ? (int)r : -ELOOP;
		memmove(rest + r, rest, strlen(rest) + 1);
		memcpy(rest, target, (size_t)r);
		if (target[0] == '/') {
			fd_close(&at);
			at = (int)sys_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
		}
	}
	return at;
}

int path_steady(const char *path, const char *steady, bool any_owner)
{
	char rest[8192];
	int r;

	if (steady) {
		cleanup_fd int from = path_steady(steady, NULL, any_owner);

		if (from < 0)
			return from;
		path += strlen(steady);
		path += strspn(path, "/");
		r = resolve(from, *path ? path : ".", O_PATH,
			    RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
		return r == -ENOSYS ? walk(from, path, O_PATH) : r;
	}
	if (any_owner)
		return path_host(path, O_PATH);
	r = resolve(AT_FDCWD, path, O_PATH, RESOLVE_NO_SYMLINKS);
	if ((r != -ELOOP && r != -ENOSYS) || strlen(path) >= 4096)
		return r;
	snprintf(rest, sizeof(rest), "%s", path);
	return step_through(rest, (int)sys_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0));
}

bool path_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}
