/* devices.c - a minimal /dev
 *
 * A tmpfs with the six harmless nodes of the host bound in (mknod is not for user namespaces), a
 * devpts instance of its own, a private shm, and the customary links. nodev is set per mount: a
 * recursive one would kill the nodes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/mounts.h"

static const char *const nodes[DEVICE_NODES] = {
	"null", "zero", "full", "random", "urandom", "tty"
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

static int failed(struct err *err, long error, const char *name)
{
	return err_set(err, STAGE_DEVICES, (int)error, NULL, "/dev/%s", name);
}

/* The node must be a character device of the host's own /dev; a regular file planted there is an
 * error (CVE-2025-31133 and its kin). */
static int clone_node(const char *name, struct err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	cleanup_fd int fd = -1;
	char path[32];
	struct stat st;
	long r;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = (int)sys_open_tree(AT_FDCWD, path,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RAW_AT_SYMLINK_NOFOLLOW);
	if (fd < 0)
		return failed(err, fd, name);
	r = sys_fstat(fd, &st);
	if (r == 0 && !S_ISCHR(st.st_mode))
		r = -ENODEV;
	if (r == 0)
		r = sys_mount_setattr(fd, "", RAW_AT_EMPTY_PATH, &attr, sizeof(attr));
	return r < 0 ? failed(err, r, name) : take_fd(&fd);
}

void device_ahead(struct setup *setup)
{
	struct err err;

	for (size_t i = 0; i < DEVICE_NODES; i++)
		setup->nodes[i] = clone_node(nodes[i], &err);
}

int device_collect(struct setup *setup, size_t slot, struct err *err)
{
	for (size_t i = 0; i < DEVICE_NODES; i++) {
		cleanup_fd int fd = setup->nodes[i] >= 0 ? take_fd(&setup->nodes[i])
							 : clone_node(nodes[i], err);
		int r;

		if (fd < 0)
			return fd;
		r = staging_put(&setup->staging, slot + i, &fd, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int place_nodes(struct setup *setup, int dev, size_t slot, struct err *err)
{
	for (size_t i = 0; i < DEVICE_NODES; i++) {
		long r = sys_mknodat(dev, nodes[i], S_IFREG | 0666, 0);

		if (r == 0)
			r = staging_move(&setup->staging, slot + i, dev, nodes[i]);
		if (r < 0)
			return failed(err, r, nodes[i]);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		long r = sys_symlinkat(links[i].target, dev, links[i].name);

		if (r < 0)
			return failed(err, r, links[i].name);
	}
	return 0;
}

/* Mounts the detached @fd, or what the kernel said when that was made. */
static int place_new(int dev, const char *name, int fd, struct err *err)
{
	long r = fd < 0 ? fd : sys_mkdirat(dev, name, 0755);

	if (r == 0)
		r = sys_move_mount(fd, "", dev, name, MOVE_MOUNT_F_EMPTY_PATH);
	return r < 0 ? failed(err, r, name) : 0;
}

/* devpts takes gid=5 (tty) only where that id is mapped; without it a terminal belongs to its
 * opener's group. */
static int place_terminals(struct setup *setup, int dev, struct err *err)
{
	static const char *const options[] = { "newinstance", NULL,  "ptmxmode", "666", "mode",
					       "620",         "gid", "5",        NULL };
	const struct plan_user *user = &setup->plan->user;
	bool tty_mapped = setup->gid == 5 && user->gid_range_count == 0;
	cleanup_fd int fd = -1;

	for (size_t i = 0; i < user->gid_range_count; i++)
		if (user->gid_ranges[i].inside <= 5 &&
		    5 - user->gid_ranges[i].inside < user->gid_ranges[i].count)
			tty_mapped = true;
	fd = tty_mapped ? mount_new("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
			: mount_usual(setup, USUAL_TERMINALS);
	return place_new(dev, "pts", fd, err);
}

int device_finish(struct setup *setup, struct err *err)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	long r;

	if (setup->dev < 0)
		return 0;
	r = sys_mount_setattr(setup->dev, "", RAW_AT_EMPTY_PATH, &read_only, sizeof(read_only));
	fd_close(&setup->dev);
	return r < 0 ? failed(err, r, "") : 0;
}

int device_build(struct setup *setup, const struct plan_mount *mount, size_t slot, struct err *err)
{
	cleanup_fd int dev = -1;
	cleanup_fd int shm = -1;
	int r = device_finish(setup, err);

	if (r < 0)
		return r;
	dev = mount_usual(setup, USUAL_DEV);
	if (dev < 0)
		return failed(err, dev, "");
	r = place_mount(setup, mount, true, dev, err);
	place_forget(setup); /* what follows needs descriptors, of which few may be allowed */
	if (r == 0)
		r = place_nodes(setup, dev, slot, err);
	if (r == 0)
		r = place_terminals(setup, dev, err);
	if (r < 0)
		return r;
	shm = mount_usual(setup, USUAL_SHM);
	r = place_new(dev, "shm", shm, err);
	if (r < 0)
		return r;
	mounts_own(setup, dev);
	setup->dev = take_fd(&dev);
	return 0;
}
