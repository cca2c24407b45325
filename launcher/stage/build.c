/* build.c - placing the mounts inside the new tree, in the plan's order
 *
 * Should: place each mount where its target says and nowhere else; make new file systems (tmpfs,
 * mqueue, overlay) here, where nothing of the host can be reached any more.
 * Mustn't: open a path of the host, or follow a link out of the new root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/mounts.h"

void mounts_own(struct setup *setup, int fd)
{
	struct stat st;

	/* May fail: a file system that is not known for our own has nothing made in it. */
	if (sys_fstat(fd, &st) == 0)
		setup->own_devices[setup->own_count++] = st.st_dev;
}

/* A tree mounted at "/" becomes the root that later targets are found in. */
static int build_root(struct setup *setup, const struct plan_mount *mount, size_t slot,
		      struct err *err)
{
	cleanup_fd int root = -1;
	long r = sys_mkdirat(setup->stage, ".root", 0755);

	if (r == 0)
		r = staging_move(&setup->staging, slot, setup->stage, ".root");
	if (r < 0)
		return mount_failed(mount, r, "/", err);
	root = (int)sys_openat(setup->stage, ".root", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (root < 0)
		return mount_failed(mount, root, "/", err);
	setup->root = take_fd(&root);
	place_forget(setup);
	return 0;
}

static int build_staged(struct setup *setup, const struct plan_mount *mount, size_t slot,
			struct err *err)
{
	cleanup_place struct place place = PLACE_EMPTY;
	int type = staging_type(&setup->staging, slot);
	int r;

	if (type == STAGED_NONE)
		return 0; /* optional, and missing */
	if (type < 0)
		return mount_failed(mount, type, mount->target, err);
	if (strcmp(mount->target, "/") == 0)
		return build_root(setup, mount, slot, err);
	r = place_point(setup, mount, type == STAGED_DIRECTORY, &place, err);
	if (r < 0)
		return r;
	r = staging_move(&setup->staging, slot, place.at, place.name);
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}

static int build_tmpfs(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	char size[24], inodes[24], mode[12];
	const char *options[] = { "mode", mode, "size", size, "nr_inodes", inodes, NULL };
	cleanup_fd int fd = -1;
	int r;

	snprintf(mode, sizeof(mode), "%o", mount->has_mode ? mount->mode : 0755u);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)mount->size);
	snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)mount->inodes);
	if (!mount->inodes)
		options[4] = NULL;
	fd = mount_new("tmpfs", options,
		       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       (mount->noexec ? MOUNT_ATTR_NOEXEC : 0) |
			       (mount->read_only ? MOUNT_ATTR_RDONLY : 0));
	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	r = place_mount(setup, mount, true, fd, err);
	if (r == 0)
		mounts_own(setup, fd);
	return r;
}

static int build_mqueue(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	cleanup_fd int fd =
		mount_new("mqueue", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	return place_mount(setup, mount, true, fd, err);
}

static int build_symlink(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	struct place place;
	char old[4096];
	long r = place_parent(setup, mount, &place, err);

	if (r < 0)
		return (int)r;
	r = sys_symlinkat(mount->source, place.at, place.name);
	if (r == -EEXIST) {
		long length = sys_readlinkat(place.at, place.name, old, sizeof(old));

		if (length == (long)strlen(mount->source) &&
		    memcmp(old, mount->source, (size_t)length) == 0)
			return 0;
		if (length >= 0 && mount->on_symlink == SYMLINK_REPLACE &&
		    sys_unlinkat(place.at, place.name, 0) == 0)
			r = sys_symlinkat(mount->source, place.at, place.name);
	}
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}

/* A file of the stage's tmpfs, mounted over @over, or over the target where that is -1; its name is
 * gone before the program starts. */
static int mount_text(struct setup *setup, const struct plan_mount *mount, const char *text,
		      size_t length, uint32_t mode, int over, struct err *err)
{
	static const char scratch[] = ".file";
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NODEV };
	cleanup_fd int file = -1;
	cleanup_fd int fd = -1;
	long r;

	file = (int)sys_openat(setup->stage, scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			       mode);
	if (file < 0)
		return mount_failed(mount, file, mount->target, err);
	r = fd_write_all(file, text, length);
	if (r == 0)
		r = fd = (int)sys_open_tree(setup->stage, scratch,
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r >= 0)
		r = sys_mount_setattr(fd, "", RAW_AT_EMPTY_PATH, &attr, sizeof(attr));
	if (r < 0)
		r = mount_failed(mount, r, mount->target, err);
	else if (over >= 0)
		r = place_over(mount, over, fd, err);
	else
		r = place_mount(setup, mount, false, fd, err);
	/* Not before: the kernel mounts nothing that has no name. */
	if (r >= 0) {
		r = sys_unlinkat(setup->stage, scratch, 0);
		if (r < 0)
			r = mount_failed(mount, r, mount->target, err);
	}
	return (int)r;
}

/* In the root's own tmpfs, which will be read-only, the file itself can stand at the target;
 * elsewhere it is mounted there. */
static int build_text(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	uint32_t mode = mount->has_mode ? mount->mode : 0444;
	cleanup_fd int file = -1;
	struct place place;
	long r = place_parent(setup, mount, &place, err);

	if (r < 0)
		return (int)r;
	if (place.in_root)
		/* May differ: where something is there already, it is mounted over that. */
		file = (int)sys_openat(place.at, place.name,
				       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file < 0)
		return mount_text(setup, mount, mount->text, mount->text_length, mode, -1, err);
	r = fd_write_all(file, mount->text, mount->text_length);
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}

static int build_directory(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	cleanup_place struct place place = PLACE_EMPTY;
	long r = place_point(setup, mount, true, &place, err);

	if (r == 0 && mount->has_mode && place.name[0])
		r = sys_fchmodat(place.at, place.name, mount->mode);
	else
		return (int)r;
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}

/* An empty, read-only thing over whatever is there. */
static int build_mask(struct setup *setup, const struct plan_mount *mount, struct err *err)
{
	static const char *const options[] = { "mode", "555", "size", "4096", NULL };
	cleanup_fd int there = path_in_root(setup->root, mount->target, O_PATH | O_NOFOLLOW);
	cleanup_fd int fd = -1;
	struct stat st;
	bool link;
	long r;

	if (there == -ENOENT && mount->optional)
		return 0;
	r = there < 0 ? there : sys_fstat(there, &st);
	if (r < 0)
		return mount_failed(mount, r, mount->target, err);
	link = S_ISLNK(st.st_mode);
	if (!S_ISDIR(st.st_mode))
		return mount_text(setup, mount, "", 0, 0, link ? -1 : there, err);
	fd = mount_new("tmpfs", options,
		       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	place_forget(setup); /* it may be the directory that was just filled */
	return place_over(mount, there, fd, err);
}

static int build_mount(struct setup *setup, const struct plan_mount *mount, size_t slot,
		       struct err *err)
{
	switch (mount->kind) {
	case MOUNT_BIND:
	case MOUNT_PROC:
	case MOUNT_SYSFS:
		return build_staged(setup, mount, slot, err);
	case MOUNT_TMPFS:
		return build_tmpfs(setup, mount, err);
	case MOUNT_DEV:
		return device_build(setup, mount, slot, err);
	case MOUNT_MQUEUE:
		return build_mqueue(setup, mount, err);
	case MOUNT_OVERLAY:
		return overlay_build(setup, mount, slot, err);
	case MOUNT_SYMLINK:
		return build_symlink(setup, mount, err);
	case MOUNT_FILE:
		return build_text(setup, mount, err);
	case MOUNT_DIR:
		return build_directory(setup, mount, err);
	case MOUNT_MASK:
		return build_mask(setup, mount, err);
	}
	return mount_failed(mount, -EINVAL, mount->target, err);
}

int mounts_build(struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	size_t slot = 0;

	mounts_own(setup, setup->stage);
	for (size_t i = 0; i < plan->mount_count; i++) {
		int r = build_mount(setup, &plan->mounts[i], slot, err);

		if (r < 0)
			return r;
		if (setup->caller.open_files < FEW_FILES)
			place_forget(setup);
		slot += mounts_slots_of(&plan->mounts[i]);
	}
	place_forget(setup);
	mounts_drop_ahead(setup);
	return mounts_finish_root(setup, err);
}
