/* collect.c - cloning what only the host can give, while its root is still there
 *
 * Binds, lower trees of overlays, the new /proc and /sys, device nodes. Clones are always
 * recursive: below a user namespace the kernel refuses others where a submount is locked. Each
 * becomes a detached mount with its final attributes and goes to staging.
 *
 * An ordinary caller's set-up process opens the sources itself. For a privileged one the launcher
 * opens them (source.c), since only it may reach and idmap them, and sends them here in batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/stage/mounts.h"
#include "launcher/stage/network.h"
#include "launcher/stage/transfer.h"

size_t mounts_slots_of(const struct plan_mount *mount)
{
	switch (mount->kind) {
	case MOUNT_BIND:
	case MOUNT_PROC:
	case MOUNT_SYSFS:
		return 1;
	case MOUNT_OVERLAY:
		return mount->upper ? 2 : 1;
	case MOUNT_DEV:
		return DEVICE_SLOTS;
	default:
		return 0;
	}
}

size_t mounts_slots(const struct plan *plan)
{
	size_t slots = 0;

	for (size_t i = 0; i < plan->mount_count; i++)
		slots += mounts_slots_of(&plan->mounts[i]);
	return slots;
}

int mounts_prepare(struct setup *setup, struct err *err)
{
	size_t slots = mounts_slots(setup->plan);
	size_t mounts = setup->plan->mount_count + 1;
	struct staged *staged = calloc(slots + 1, sizeof(*staged));

	setup->own_devices = calloc(mounts, sizeof(uint64_t));
	setup->writable = calloc(mounts, sizeof(struct path_tree));
	if (!staged || !setup->own_devices || !setup->writable) {
		free(staged);
		return err_set(err, STAGE_MOUNTS, ENOMEM, NULL, "mounts");
	}
	setup->writable_count = plan_writable(setup->plan, false, setup->writable);
	staging_init(&setup->staging, staged, slots, &setup->caller);
	return 0;
}

/* One source, from the link or opened here; -ENOENT: optional and missing. */
static int take_source(struct setup *setup, struct transfer *transfer,
		       const struct plan_mount *mount, const char *path, struct err *err)
{
	cleanup_fd int at = -1;

	if (setup->caller.privileged)
		return transfer_receive(transfer, setup->link, err);
	if (setup->staging.by_directory && strcmp(path, "/") == 0) {
		(void)mount_failed(mount, -EMFILE, path, err);
		(void)err_reason(err, "the whole root cannot be mounted beside so many others");
		return err_hint(err, "raise the hard RLIMIT_NOFILE");
	}
	at = source_open(setup, mount, path, err);
	return at < 0 ? at : source_clone(mount, path, at, -1, err);
}

static int collect_source(struct setup *setup, struct transfer *transfer,
			  const struct plan_mount *mount, const char *path, size_t slot,
			  struct err *err)
{
	cleanup_fd int fd = take_source(setup, transfer, mount, path, err);

	if (fd == -ENOENT && mount->optional)
		return 0;
	if (fd < 0)
		return fd;
	return staging_put(&setup->staging, slot, &fd, err);
}

/* The set-up's own look at the new pid namespace: kept apart from the mount, which moves away. */
static int collect_proc(struct setup *setup, const struct plan_mount *mount, size_t slot,
			struct err *err)
{
	cleanup_fd int fd = mount_usual(setup, USUAL_PROC);

	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	if (setup->proc < 0) {
		setup->proc = (int)sys_openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (setup->proc < 0)
			return mount_failed(mount, setup->proc, mount->target, err);
	}
	return staging_put(&setup->staging, slot, &fd, err);
}

static int collect_sysfs(struct setup *setup, const struct plan_mount *mount, size_t slot,
			 struct err *err)
{
	cleanup_fd int fd = -1;
	int r = network_enter(setup, err); /* sysfs shows the links of its maker's */

	if (r < 0)
		return r;
	fd = mount_new("sysfs", NULL,
		       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			       (mount->read_only ? MOUNT_ATTR_RDONLY : 0));
	if (fd < 0)
		return mount_failed(mount, fd, mount->target, err);
	return staging_put(&setup->staging, slot, &fd, err);
}

static int collect_overlay(struct setup *setup, struct transfer *transfer,
			   const struct plan_mount *mount, size_t slot, struct err *err)
{
	char home[4096];
	int r = collect_source(setup, transfer, mount, mount->source, slot, err);

	if (r < 0 || !mount->upper)
		return r;
	overlay_home(mount, home);
	return collect_source(setup, transfer, mount, home, slot + 1, err);
}

static int collect_mount(struct setup *setup, struct transfer *transfer,
			 const struct plan_mount *mount, size_t slot, struct err *err)
{
	switch (mount->kind) {
	case MOUNT_BIND:
		return collect_source(setup, transfer, mount, mount->source, slot, err);
	case MOUNT_OVERLAY:
		return collect_overlay(setup, transfer, mount, slot, err);
	case MOUNT_PROC:
		return collect_proc(setup, mount, slot, err);
	case MOUNT_SYSFS:
		return collect_sysfs(setup, mount, slot, err);
	case MOUNT_DEV:
		return device_collect(setup, slot, err);
	default:
		return 0;
	}
}

int mounts_collect(struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	struct transfer transfer = { 0 };
	size_t slot = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		int r = collect_mount(setup, &transfer, &plan->mounts[i], slot, err);

		if (r < 0) {
			transfer_finish(&transfer);
			return r;
		}
		slot += mounts_slots_of(&plan->mounts[i]);
	}
	return 0;
}
