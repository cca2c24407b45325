/* detach.c - the new root, and the end of the host's
 *
 * The new root is a tmpfs mounted over "/", once the sources are cloned: a recursive clone of "/"
 * would hold it too, on top. Where mounts are staged in its directories it must hang there earlier;
 * paths of this process still start at the old root below it, so all sources but "/" can be opened
 * all the same. pivot_root(".", ".") then puts the old root on top of the new, from where it is
 * unmounted with everything in it.
 *
 * Sources: pivot_root(2) "pivot_root(".", ".")"; mount_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>

#include "launcher/stage/mounts.h"

static int attach_root(struct setup *setup, struct err *err)
{
	long r = sys_move_mount(setup->stage, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);

	return r < 0 ? err_set(err, STAGE_MOUNTS, (int)r, NULL, "tmpfs over /") : 0;
}

int mounts_make_private(struct err *err)
{
	struct mount_attr private = { .propagation = RAW_MS_PRIVATE };
	long r = sys_mount_setattr(AT_FDCWD, "/", RAW_AT_RECURSIVE, &private, sizeof(private));

	return r < 0 ? err_set(err, STAGE_MOUNTS, (int)r,
			       r == -ENOSYS ? "Linux 5.12 or newer is needed" : NULL,
			       "make / private")
		     : 0;
}

int mounts_open_root(struct setup *setup, struct err *err)
{
	cleanup_fd int root = mount_usual(setup, USUAL_ROOT);
	int r;

	if (root < 0)
		return err_set(err, STAGE_MOUNTS, root, NULL, "tmpfs for the new root");
	setup->stage = take_fd(&root);
	r = setup->staging.by_directory ? attach_root(setup, err) : 0;
	return r < 0 ? r : staging_open(&setup->staging, setup->stage, err);
}

static int enter(int root, const char *what, struct err *err)
{
	long r = sys_fchdir(root);

	if (r == 0)
		r = sys_pivot_root(".", ".");
	if (r == 0)
		r = sys_umount2(".", RAW_MNT_DETACH);
	if (r == 0)
		r = sys_chdir("/");
	if (r < 0)
		return err_set(err, STAGE_MOUNTS, (int)r,
			       r == -EINVAL
				       ? "pivot_root needs a root that is a mount; an initramfs "
					 "is none"
				       : NULL,
			       "%s", what);
	return 0;
}

int mounts_detach(struct setup *setup, struct err *err)
{
	int r = setup->staging.by_directory ? 0 : attach_root(setup, err);

	setup->root = setup->stage;
	return r < 0 ? r : enter(setup->stage, "detach the host's root", err);
}

/* Leaves the stage's tmpfs behind where the profile mounted a tree of its own at "/". */
static int enter_tree(struct setup *setup, struct err *err)
{
	if (setup->root == setup->stage)
		return 0;
	return enter(setup->root, "enter the tree mounted at /", err);
}

int mounts_finish_root(struct setup *setup, struct err *err)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	int r = device_finish(setup, err);

	if (r < 0)
		return r;
	staging_close(&setup->staging);
	r = (int)sys_mount_setattr(setup->stage, "", RAW_AT_EMPTY_PATH, &read_only,
				   sizeof(read_only));
	if (r < 0)
		return err_set(err, STAGE_MOUNTS, (int)r, NULL, "make the new root read-only");
	return enter_tree(setup, err);
}
