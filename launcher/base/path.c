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
#include <linux/magic.h>
#include <sys/vfs.h>

enum { PATH_TRIES = 128 };

/* Opens one component of a path; -ELOOP for a symlink, unless @flags ask for the link itself. */
static int open_component(int from, const char *name, int flags)
{
	cleanup_fd int fd = (int)sys_openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st = { 0 };
	long r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0 && S_ISLNK(st.st_mode) && !(flags & O_NOFOLLOW))
		r = -ELOOP;
	/* The kernel refuses a link that has come meanwhile. */
	if (r == 0 && (flags & ~O_NOFOLLOW) != O_PATH) {
		fd_close(&fd);
		fd = (int)sys_openat(from, name, flags | O_NOFOLLOW | O_CLOEXEC, 0);
		r = fd;
	}
	return r < 0 ? (int)r : take_fd(&fd);
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

enum { PATH_LINKS = 40 };

/* A walk along a path: where it is, and what is left, with the links spelt out as they come. */
struct walk {
	const struct path_trees *trees; /* NULL: below a root, where no link is followed */
	int flags;                      /* of the last component */
	int at;
	bool inside; /* one of the trees */
	int links;
	char rest[8192];
};

/* A tree is told by its top directory, since it may be reached under another name. */
static bool begins(struct path_tree *tree, const struct stat *st)
{
	struct stat top = { 0 };

	/* May fail: nothing lies below what is not there. */
	if (!tree->known && sys_newfstatat(AT_FDCWD, tree->path, &top, 0) == 0) {
		tree->device = top.st_dev;
		tree->inode = top.st_ino;
		tree->known = true;
	}
	return tree->known && tree->device == st->st_dev && tree->inode == st->st_ino;
}

static void arrive(struct walk *walk, int *fd, const struct stat *st)
{
	for (size_t i = 0; walk->trees && i < walk->trees->count && !walk->inside; i++)
		walk->inside = begins(&walk->trees->list[i], st);
	fd_close(&walk->at);
	walk->at = take_fd(fd);
}

static long arrive_at_root(struct walk *walk)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
	struct stat st = { 0 };
	long r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0)
		arrive(walk, &fd, &st);
	return r;
}

/* Some links of proc(5) are text: self, thread-self, mounts, net. The others lead to an object,
 * whatever they say. */
static bool is_magic(int link, const char *target)
{
	struct statfs fs;

	if (sys_fstatfs(link, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC)
		return false;
	return !(target[0] >= '1' && target[0] <= '9') && strncmp(target, "self/", 5) != 0;
}

/* Puts what the link @name says in front of what is left. */
static long follow(struct walk *walk, const char *name)
{
	cleanup_fd int fd = (int)sys_openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st = { 0 };
	char target[4096];
	long length = fd < 0 ? fd : sys_fstat(fd, &st);

	if (length < 0)
		return length;
	if (!walk->trees || walk->inside || (!walk->trees->any_owner && st.st_uid != 0) ||
	    ++walk->links > PATH_LINKS)
		return -ELOOP;
	length = sys_readlinkat(fd, "", target, sizeof(target) - 1);
	if (length < 0)
		return length;
	target[length] = '\0';
	if (is_magic(fd, target))
		return -ELOOP;
	if ((size_t)length + strlen(walk->rest) + 2 > sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + length, walk->rest, strlen(walk->rest) + 1);
	memcpy(walk->rest, target, (size_t)length);
	return target[0] == '/' ? arrive_at_root(walk) : 0;
}

/* One component, the first of what is left. */
static long step(struct walk *walk)
{
	size_t skip = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + skip, "/");
	cleanup_fd int next = -1;
	char name[256] = ".";
	struct stat st = { 0 };
	bool last;
	long r;

	if (length >= sizeof(name))
		return -ENAMETOOLONG;
	if (length) {
		memcpy(name, walk->rest + skip, length);
		name[length] = '\0';
	}
	memmove(walk->rest, walk->rest + skip + length, strlen(walk->rest + skip + length) + 1);
	last = walk->rest[strspn(walk->rest, "/")] == '\0';
	/* Nobody can say what lies above a directory that may be moved. */
	if (!walk->trees && strcmp(name, "..") == 0)
		return -EXDEV;
	next = open_component(walk->at, name, last ? walk->flags : O_PATH);
	if (next == -ELOOP && !(last && walk->flags & O_NOFOLLOW))
		return follow(walk, name);
	r = next < 0 ? next : sys_fstat(next, &st);
	if (r < 0)
		return r;
	arrive(walk, &next, &st);
	return last ? 1 : 0;
}

/* Where @path is relative, it begins where the working directory really is. */
static long begin(struct walk *walk, const char *path)
{
	size_t used = 0;
	long r = 0;

	if (path[0] != '/') {
		r = sys_getcwd(walk->rest, sizeof(walk->rest));
		if (r < 0)
			return r;
		used = strlen(walk->rest);
	}
	if (used + strlen(path) + 2 > sizeof(walk->rest) || (used && walk->rest[0] != '/'))
		return -ENAMETOOLONG;
	snprintf(walk->rest + used, sizeof(walk->rest) - used, "/%s", path);
	return arrive_at_root(walk);
}

/* Goes on to the end. Returns a descriptor or -errno. */
static int finish(struct walk *walk, long r)
{
	while (r == 0)
		r = step(walk);
	if (r < 0)
		fd_close(&walk->at);
	return r < 0 ? (int)r : walk->at;
}

static int walk_host(const char *path, int flags, const struct path_trees *trees)
{
	struct walk walk = { .trees = trees, .flags = flags, .at = -1 };

	return finish(&walk, *path ? begin(&walk, path) : -ENOENT);
}

static int walk_below(int root, const char *path, int flags)
{
	struct walk walk = { .flags = flags };

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	snprintf(walk.rest, sizeof(walk.rest), "%s", path);
	walk.at = (int)sys_openat(root, ".", O_PATH | O_CLOEXEC, 0);
	return finish(&walk, walk.at < 0 ? walk.at : 0);
}

/* By a kernel without openat2, or by a filter of the caller's, which cannot look into its
 * argument. */
static bool is_refused(int r)
{
	return r == -ENOSYS || r == -EPERM;
}

int path_in_root(int root, const char *path, int flags)
{
	/* May fail: then walk_below() does the same. */
	int r = resolve(root, path[0] ? path : ".", flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return is_refused(r) ? walk_below(root, path, flags) : r;
}

int path_host(const char *path, int flags)
{
	static const struct path_trees none = { .any_owner = true };
	/* May fail: then walk_host() does the same. */
	int r = resolve(AT_FDCWD, path, flags, RESOLVE_NO_MAGICLINKS);

	return is_refused(r) ? walk_host(path, flags, &none) : r;
}

int path_steady(const char *path, const struct path_trees *trees)
{
	int r;

	if (trees->any_owner && trees->count == 0)
		return path_host(path, O_PATH);
	/* May fail: then walk_host() does the same. */
	r = resolve(AT_FDCWD, path, O_PATH, RESOLVE_NO_SYMLINKS);
	return r == -ELOOP || is_refused(r) ? walk_host(path, O_PATH, trees) : r;
}
