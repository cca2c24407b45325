/* overlay.c - a writable view of a tree that stays as it is
 *
 * The lower tree (and the upper, where it is a directory of the host) was staged; here it is put on
 * scratch directories of the stage's tmpfs, since only path names work on every kernel (descriptors
 * from Linux 6.13). overlayfs keeps clones of its own, so the scratch mounts go at once.
 *
 * Measured: a lower tree with submounts is EINVAL always; a lower file of an unmapped owner is
 * EOVERFLOW on write; tmpfs has the user.* attributes that a removed lower directory needs from 6.6.
 *
 * Source: Documentation/filesystems/overlayfs.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/mounts.h"

static const char lower[] = ".lower";
static const char upper[] = ".upper";

static int scratch(struct setup *setup, const char *name, size_t slot)
{
	long r = sys_mkdirat(setup->stage, name, 0700);

	return r < 0 ? (int)r : staging_move(&setup->staging, slot, setup->stage, name);
}

static int scratch_tmpfs(struct setup *setup, const struct plan_mount *mount)
{
	char size[24], inodes[24];
	const char *options[] = { "mode", "755", "size", size, "nr_inodes", inodes, NULL };
	cleanup_fd int fd = -1;
	long r = sys_mkdirat(setup->stage, upper, 0700);

	snprintf(size, sizeof(size), "%llu", (unsigned long long)mount->size);
	snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)mount->inodes);
	if (!mount->inodes)
		options[4] = NULL;
	if (r == 0)
		r = fd = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (r >= 0)
		r = sys_move_mount(fd, "", setup->stage, upper, MOVE_MOUNT_F_EMPTY_PATH);
	return r < 0 ? (int)r : 0;
}

/* The upper layer's root shows as the mounted directory's own mode: copy the lower's. */
static int make_layers(struct setup *setup)
{
	struct stat st;
	cleanup_fd int fd = path_in_root(setup->stage, lower, O_PATH | O_DIRECTORY);
	long r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0)
		r = sys_mkdirat(setup->stage, ".upper/data", 0700);
	if (r == 0)
		r = sys_fchmodat(setup->stage, ".upper/data", st.st_mode & 07777);
	if (r == 0)
		r = sys_mkdirat(setup->stage, ".upper/work", 0700);
	return (int)r;
}

/* A directory of the host as upper holds `data` and `work`, made on first use. */
static int keep_layers(struct setup *setup)
{
	int r = make_layers(setup);

	return r == -EEXIST ? 0 : r;
}

/* Is something mounted inside the lower tree? Told by mount ids, for the error's sake only. */
static bool has_submounts(struct setup *setup, struct buf *names)
{
	cleanup_fd int fd = -1;
	cleanup_buf struct buf text = BUF_EMPTY;
	char *line;

	fd = setup->proc < 0 ? -1
			     : (int)sys_openat(setup->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC,
					       0);
	if (fd < 0 || buf_read_fd(&text, fd, 1 << 20) < 0)
		return false;
	buf_bytes(&text, "", 1);
	for (line = text.failed ? NULL : text.data; line && *line; line = strchr(line, '\n') + 1) {
		char *at = strstr(line, " /.lower/");
		char *end = strchr(line, '\n');

		if (!end)
			break;
		if (at && at < end) {
			at += sizeof(" /.lower") - 1;
			buf_format(names, " %.*s", (int)strcspn(at, " "), at);
		}
	}
	return names->length > 0;
}

static int overlay_failed(struct setup *setup, const struct plan_mount *mount, long error,
			  struct err *err)
{
	cleanup_buf struct buf names = BUF_EMPTY;
	int r = mount_failed(mount, error, mount->target, err);

	if (error == -EINVAL && has_submounts(setup, &names) && !names.failed) {
		(void)err_reason(err, "the lower tree %s has mounts inside:%.*s", mount->source,
				 (int)names.length, names.data);
		(void)err_hint(err, "overlay a tree without mounts, and mount those apart");
	}
	return r;
}

int overlay_build(struct setup *setup, const struct plan_mount *mount, size_t slot,
		  struct err *err)
{
	static const char *const options[] = { "lowerdir", "/.lower", "upperdir", "/.upper/data",
					       "workdir", "/.upper/work", "userxattr", NULL, NULL };
	cleanup_fd int parent = -1;
	cleanup_fd int fd = -1;
	char name[256];
	long r;

	if (staging_type(&setup->staging, slot) == STAGED_NONE)
		return 0;
	r = scratch(setup, lower, slot);
	if (r == 0)
		r = mount->upper ? scratch(setup, upper, slot + 1) : scratch_tmpfs(setup, mount);
	if (r == 0)
		r = mount->upper ? keep_layers(setup) : make_layers(setup);
	if (r == 0)
		r = fd = mount_new("overlay", options,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					   (mount->noexec ? MOUNT_ATTR_NOEXEC : 0));
	if (r < 0)
		return overlay_failed(setup, mount, r, err);
	(void)sys_umount2("/.lower", RAW_MNT_DETACH);
	(void)sys_umount2("/.upper", RAW_MNT_DETACH);
	(void)sys_unlinkat(setup->stage, lower, AT_REMOVEDIR);
	(void)sys_unlinkat(setup->stage, upper, AT_REMOVEDIR);
	r = place_point(setup, mount, true, &parent, name, err);
	if (r < 0)
		return (int)r;
	r = sys_move_mount(fd, "", parent, name,
			   MOVE_MOUNT_F_EMPTY_PATH | (name[0] ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
	return r < 0 ? mount_failed(mount, r, mount->target, err) : 0;
}
