/* overlay.c - a writable view of a tree that stays as it is
 *
 * The lower tree (and the upper, where it is a directory of the host) was staged; here it is put on
 * scratch directories of the stage's tmpfs, since only path names work on every kernel (descriptors
 * from Linux 6.13). overlayfs keeps clones of its own, so the scratch mounts go at once.
 *
 * Measured: a lower tree with submounts is EINVAL always; a lower file of an unmapped owner is
 * EOVERFLOW on write; tmpfs has the user.* attributes that a removed lower directory needs from
 * 6.6.
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
static const char upper_link[] = ".upperdir"; /* to what overlayfs is given as upper ... */
static const char work_link[] = ".workdir";   /* ... and work: links spare it names to unescape */

/* Both must lie in one mount, so their common parent is what is cloned. */
void overlay_home(const struct plan_mount *mount, char home[4096])
{
	size_t length = 0;

	for (size_t i = 0; mount->upper[i] && mount->upper[i] == mount->work[i]; i++)
		if (mount->upper[i] == '/')
			length = i;
	snprintf(home, 4096, "%.*s", (int)(length ? length : 1), mount->upper);
}

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

static int link_layers(struct setup *setup, const char *upperdir, const char *workdir)
{
	long r = sys_symlinkat(upperdir, setup->stage, upper_link);

	return (int)(r < 0 ? r : sys_symlinkat(workdir, setup->stage, work_link));
}

/* The upper layer's root shows as the mounted directory's own mode: copy the lower's. */
static int make_layers(struct setup *setup)
{
	cleanup_fd int fd = path_in_root(setup->stage, lower, O_PATH | O_DIRECTORY);
	struct stat st;
	long r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0)
		r = sys_mkdirat(setup->stage, ".upper/data", 0700);
	if (r == 0)
		r = sys_fchmodat(setup->stage, ".upper/data", st.st_mode & 07777);
	if (r == 0)
		r = sys_mkdirat(setup->stage, ".upper/work", 0700);
	return r < 0 ? (int)r : link_layers(setup, ".upper/data", ".upper/work");
}

/* Directories of the host, which keep what is written there. */
static int host_layers(struct setup *setup, const struct plan_mount *mount, size_t slot)
{
	char upperdir[4096 + 8], workdir[4096 + 8], home[4096];
	size_t length;
	int r = scratch(setup, upper, slot);

	if (r < 0)
		return r;
	overlay_home(mount, home);
	length = strcmp(home, "/") == 0 ? 0 : strlen(home);
	snprintf(upperdir, sizeof(upperdir), "%s%s", upper, mount->upper + length);
	snprintf(workdir, sizeof(workdir), "%s%s", upper, mount->work + length);
	return link_layers(setup, upperdir, workdir);
}

/* Where the file system of the upper layer has no user.* attributes, overlayfs can't mark that a
 * directory stands for nothing below it: rmdir(2) of a directory of the lower tree that was changed
 * is EIO then, as is making it again. The program would not know why, so it is told beforehand. */
static void tell_lack(struct setup *setup, const struct plan_mount *mount)
{
	char what[48];

	/* May fail: the attribute is not there; only the kernel's word that there are none counts. */
	if (sys_getxattr("/.workdir", "user.overlay.opaque", NULL, 0) != -EOPNOTSUPP)
		return;
	snprintf(what, sizeof(what), "mount %s", mount->target);
	outcome_skip(&setup->shared->enforced, what,
		     mount->upper ? "its directories can't be removed: upper's file system has no "
				    "user.* attributes"
				  : "its directories can't be removed: tmpfs has no user.* "
				    "attributes before Linux 6.6");
}

/* The layers must not stay in the program's reach: mounted here, they can be written. */
static long drop_scratch(struct setup *setup)
{
	long r = sys_umount2("/.lower", RAW_MNT_DETACH);

	if (r == 0)
		r = sys_umount2("/.upper", RAW_MNT_DETACH);
	if (r == 0)
		r = sys_unlinkat(setup->stage, lower, AT_REMOVEDIR);
	if (r == 0)
		r = sys_unlinkat(setup->stage, upper, AT_REMOVEDIR);
	if (r == 0)
		r = sys_unlinkat(setup->stage, upper_link, 0);
	return r == 0 ? sys_unlinkat(setup->stage, work_link, 0) : r;
}

static int overlay_failed(struct setup *setup, const struct plan_mount *mount, long error,
			  struct err *err)
{
	cleanup_buf struct buf names = BUF_EMPTY;
	int r = mount_failed(mount, error, mount->target, err);

	if (error == -EINVAL)
		mounts_below(setup->proc, "/.lower", &names);
	if (names.length && !names.failed) {
		(void)err_reason(err, "the lower tree %s has mounts inside:%.*s", mount->source,
				 (int)names.length, names.data);
		(void)err_hint(err, "overlay a tree without mounts, and mount those apart");
	}
	return r;
}

int overlay_build(struct setup *setup, const struct plan_mount *mount, size_t slot, struct err *err)
{
	static const char *const options[] = { "lowerdir",   "/.lower", "upperdir",
					       "/.upperdir", "workdir", "/.workdir",
					       "userxattr",  NULL,      NULL };
	cleanup_fd int fd = -1;
	long r = staging_type(&setup->staging, slot);

	if (r == STAGED_NONE)
		return 0;
	if (r < 0)
		return mount_failed(mount, r, mount->target, err);
	r = scratch(setup, lower, slot);
	if (r == 0 && mount->upper)
		r = host_layers(setup, mount, slot + 1);
	else if (r == 0)
		r = scratch_tmpfs(setup, mount);
	if (r == 0 && !mount->upper)
		r = make_layers(setup);
	if (r == 0)
		r = fd = mount_new("overlay", options,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					   (mount->noexec ? MOUNT_ATTR_NOEXEC : 0));
	if (r < 0)
		return overlay_failed(setup, mount, r, err);
	tell_lack(setup, mount);
	r = drop_scratch(setup);
	if (r < 0)
		return mount_failed(mount, r, mount->target, err);
	return place_mount(setup, mount, true, fd, err);
}
