/* place.c - mount points inside the new tree
 *
 * By now the host's root is gone, so the worst that a planted symlink can do is to lead somewhere
 * else in the sandbox. Links on the way are resolved inside the new root; the last component
 * follows the mount's on_symlink. Missing directories are made in file systems of the sandbox's own
 * only: a directory of the host is never changed to make room for a mount.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/mounts.h"

static bool made_here(const struct setup *setup, uint64_t device)
{
	for (size_t i = 0; i < setup->own_count; i++)
		if (setup->own_devices[i] == device)
			return true;
	return false;
}

static bool is_ours(const struct setup *setup, int fd)
{
	struct stat st;

	return sys_fstat(fd, &st) == 0 && made_here(setup, st.st_dev);
}

static int not_ours(const struct plan_mount *mount, const char *path, struct err *err)
{
	(void)mount_failed(mount, -ENOENT, path, err);
	(void)err_reason(err, "there is no such mount point, and none is made in a mounted tree");
	return err_hint(err, "make it there first, or mount over a directory that exists");
}

/* Opens the directory @path (a prefix of a target, "" is the root), making what is missing. */
static int open_directory(struct setup *setup, const struct plan_mount *mount, const char *path,
			  struct err *err)
{
	int fd = path_in_root(setup->root, path, O_PATH | O_DIRECTORY);
	cleanup_fd int above = -1;
	char parent[4096];
	char *slash;
	int from;
	long r;

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT)
		return mount_failed(mount, fd, path, err);
	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	*slash = '\0';
	if (parent[0]) {
		above = open_directory(setup, mount, parent, err);
		if (above < 0)
			return above;
	}
	from = parent[0] ? above : setup->root;
	if (!is_ours(setup, from))
		return not_ours(mount, path, err);
	r = sys_mkdirat(from, slash + 1, 0755);
	if (r == 0)
		r = sys_openat(from, slash + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r == -EEXIST)
		r = -ELOOP; /* a symlink that leads nowhere */
	if (r < 0)
		return mount_failed(mount, r, path, err);
	return (int)r;
}

void place_forget(struct setup *setup)
{
	fd_close(&setup->parent.fd);
}

/* What was placed in a directory changes nothing about how that is found, and whatever is placed
 * elsewhere replaces setup->parent, or forgets it. */
static int find_parent(struct setup *setup, const struct plan_mount *mount, const char *path,
		       struct err *err)
{
	struct parent *parent = &setup->parent;
	struct stat st;
	long r;

	if (parent->fd >= 0 && strcmp(parent->path, path) == 0)
		return 0;
	place_forget(setup);
	r = parent->fd = open_directory(setup, mount, path, err);
	if (r < 0)
		return (int)r;
	r = sys_fstat(parent->fd, &st);
	if (r < 0)
		return mount_failed(mount, r, path, err);
	parent->device = st.st_dev;
	snprintf(parent->path, sizeof(parent->path), "%s", path);
	return 0;
}

int place_parent(struct setup *setup, const struct plan_mount *mount, struct place *place,
		 struct err *err)
{
	const char *target = mount->target;
	const char *slash = strrchr(target, '/');
	size_t length = (size_t)(slash - target);
	size_t name = strlen(slash + 1);
	char path[4096];
	int r;

	*place = PLACE_EMPTY;
	if (length >= sizeof(path) || name >= sizeof(place->name))
		return mount_failed(mount, -ENAMETOOLONG, target, err);
	memcpy(path, target, length);
	path[length] = '\0';
	r = find_parent(setup, mount, path, err);
	if (r < 0)
		return r;
	memcpy(place->name, slash + 1, name + 1);
	place->at = setup->parent.fd;
	place->ours = made_here(setup, setup->parent.device);
	place->in_root = setup->own_devices[0] == setup->parent.device;
	return 0;
}

void place_close(struct place *place)
{
	fd_close(&place->target);
}

/* Makes @name below @parent, which must be ours; 0, -EEXIST, or -errno with @err. */
static int make_point(const struct plan_mount *mount, bool directory, int parent, const char *name,
		      struct err *err)
{
	long r;

	if (directory)
		r = sys_mkdirat(parent, name, 0755);
	else
		r = sys_mknodat(parent, name, S_IFREG | 0644, 0);
	if (r == 0 || r == -EEXIST)
		return (int)r;
	return mount_failed(mount, r, mount->target, err);
}

/* The target itself is the place, once it is known to be of the right type. */
static int take_target(const struct plan_mount *mount, bool directory, struct place *place, int *fd,
		       struct err *err)
{
	struct stat st;
	long r = sys_fstat(*fd, &st);

	if (r == 0 && !S_ISDIR(st.st_mode) && directory)
		r = -ENOTDIR;
	if (r == 0 && S_ISDIR(st.st_mode) && !directory)
		r = -EISDIR;
	if (r < 0) {
		(void)mount_failed(mount, r, mount->target, err);
		(void)err_hint(err, "name a target of the same kind, or one that is not there");
		if (r == -ENOTDIR)
			(void)err_reason(err, "a directory cannot be mounted on a file");
		if (r == -EISDIR)
			(void)err_reason(err, "a file cannot be mounted on a directory");
		return (int)r;
	}
	place->at = place->target = take_fd(fd);
	place->name[0] = '\0';
	return 0;
}

static int existing_symlink(struct setup *setup, const struct plan_mount *mount, bool directory,
			    struct place *place, struct err *err)
{
	cleanup_fd int fd = -1;
	long r;

	switch (mount->on_symlink) {
	case SYMLINK_RESOLVE:
		fd = path_in_root(setup->root, mount->target, O_PATH);
		if (fd < 0)
			return mount_failed(mount, fd, mount->target, err);
		/* The link may lead to the directory that it is in, or above. */
		place_forget(setup);
		return take_target(mount, directory, place, &fd, err);
	case SYMLINK_REPLACE:
		if (!place->ours)
			return not_ours(mount, mount->target, err);
		r = sys_unlinkat(place->at, place->name, 0);
		if (r < 0)
			return mount_failed(mount, r, mount->target, err);
		return make_point(mount, directory, place->at, place->name, err);
	default:
		(void)mount_failed(mount, -ELOOP, mount->target, err);
		return err_reason(err, "the mount point is a symlink");
	}
}

int place_point(struct setup *setup, const struct plan_mount *mount, bool directory,
		struct place *place, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r = place_parent(setup, mount, place, err);

	if (r < 0)
		return r;
	if (place->ours) {
		r = make_point(mount, directory, place->at, place->name, err);
		if (r != -EEXIST)
			return r;
	}
	fd = (int)sys_openat(place->at, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd == -ENOENT)
		return not_ours(mount, mount->target, err);
	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	r = (int)sys_fstat(fd, &st);
	if (r == 0 && S_ISLNK(st.st_mode))
		return existing_symlink(setup, mount, directory, place, err);
	return take_target(mount, directory, place, &fd, err);
}

int place_mount(struct setup *setup, const struct plan_mount *mount, bool directory, int fd,
		struct err *err)
{
	cleanup_place struct place place = PLACE_EMPTY;
	long r = place_point(setup, mount, directory, &place, err);

	if (r < 0)
		return (int)r;
	if (!place.name[0])
		return place_over(mount, place.at, fd, err);
	r = sys_move_mount(fd, "", place.at, place.name, MOVE_MOUNT_F_EMPTY_PATH);
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}

int place_over(const struct plan_mount *mount, int target, int fd, struct err *err)
{
	long r = sys_move_mount(fd, "", target, "",
				MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}
