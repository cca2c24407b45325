/* source.c - opening the host's side of a mount
 *
 * source_clone() runs in the set-up process of an ordinary caller, or in a privileged launcher,
 * which sends the clone on (mounts_send()). Only there can a writable mount be idmapped, so that
 * what the program creates, as nobody's id, belongs to the owner of the mounted directory.
 *
 * Sources: open_tree(2), mount_setattr(2) "ID-mapped mounts".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/idmap.h"
#include "launcher/stage/mounts.h"
#include "launcher/stage/transfer.h"

/* Lower trees of overlays are idmapped too: a copy-up keeps the owner, who must have an id
 * inside. */
static bool wants_idmap(const struct plan_mount *mount)
{
	return mount->kind == MOUNT_OVERLAY || !mount->read_only;
}

static int set_attributes(const struct plan_mount *mount, int fd, int idmap)
{
	bool read_only = mount->kind == MOUNT_BIND && mount->read_only;
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    (read_only ? MOUNT_ATTR_RDONLY : 0) |
			    (mount->noexec ? MOUNT_ATTR_NOEXEC : 0) |
			    (idmap >= 0 ? MOUNT_ATTR_IDMAP : 0),
		.propagation = RAW_MS_PRIVATE,
		.userns_fd = idmap >= 0 ? (uint64_t)idmap : 0,
	};

	return (int)sys_mount_setattr(fd, "", RAW_AT_EMPTY_PATH | RAW_AT_RECURSIVE, &attr,
				      sizeof(attr));
}

int source_path(const struct setup *setup, const char *path)
{
	const struct path_trees trees = { setup->writable, setup->writable_count,
					  !setup->caller.privileged };

	return path_steady(path, &trees);
}

int source_open(const struct setup *setup, const struct plan_mount *mount, const char *path,
		struct err *err)
{
	int at = source_path(setup, path);

	if (at == -ELOOP) {
		(void)mount_failed(mount, at, path, err);
		(void)err_reason(err, "a symlink in it may have been planted");
		return err_hint(err,
				"name the path that it leads to; root's own links are followed "
				"where no writable mount of the plan holds them");
	}

	if (at < 0 && !(at == -ENOENT && mount->optional))
		return mount_failed(mount, at, path, err);
	return at;
}

static int idmap_failed(const struct plan_mount *mount, const char *path, struct err *err)
{
	cleanup_fd int proc = (int)sys_openat(AT_FDCWD, "/proc", O_PATH | O_CLOEXEC, 0);
	cleanup_buf struct buf names = BUF_EMPTY;

	(void)mount_failed(mount, -EINVAL, path, err);
	mounts_below(proc, path, &names);
	if (names.length && !names.failed)
		(void)err_reason(err,
				 "one of the file systems mounted below it cannot be idmapped:%.*s",
				 (int)names.length, names.data);
	else
		(void)err_reason(err, "its file system cannot be idmapped");
	return err_hint(err, "mount it read-only, or set user.outer to its owner's ids");
}

int source_clone(const struct plan_mount *mount, const char *path, int at, int idmap,
		 struct err *err)
{
	cleanup_fd int fd = -1;
	int r;

	fd = (int)sys_open_tree(at, "",
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RAW_AT_EMPTY_PATH |
					RAW_AT_RECURSIVE);
	if (fd < 0)
		return mount_failed(mount, fd, path, err);
	r = set_attributes(mount, fd, idmap);
	if (r == -EINVAL && idmap >= 0)
		return idmap_failed(mount, path, err);
	if (r < 0)
		return mount_failed(mount, r, path, err);
	return take_fd(&fd);
}

struct sender {
	const struct setup *setup;
	struct transfer transfer;
	struct idmap idmap;
	int link;
	int pid;
	unsigned int batch;
};

/* The user namespace that maps the owner of @at to the program, borrowed; -1: none is needed. */
static int idmap_of(struct sender *sender, const struct plan_mount *mount, const char *path, int at,
		    int *idmap, struct err *err)
{
	struct stat st;
	long r;

	*idmap = -1;
	if (!wants_idmap(mount) || sender->setup->plan->user.uid_range_count)
		return 0;
	r = sys_fstat(at, &st);
	if (r < 0)
		return mount_failed(mount, r, path, err);
	return idmap_open(&sender->idmap, sender->setup, sender->pid, st.st_uid, st.st_gid, idmap,
			  err);
}

/* The owner is read from the descriptor that is cloned: a path may mean something else
 * meanwhile. */
static int send_source(struct sender *sender, const struct plan_mount *mount, const char *path,
		       struct err *err)
{
	struct transfer *transfer = &sender->transfer;
	cleanup_fd int at = source_open(sender->setup, mount, path, err);
	bool missing = at == -ENOENT && mount->optional;
	int idmap = -1;
	int r = missing || at >= 0 ? 0 : at;

	if (at >= 0)
		r = idmap_of(sender, mount, path, at, &idmap, err);
	if (at >= 0 && r == 0)
		r = source_clone(mount, path, at, idmap, err);
	if (r < 0)
		return r;
	if (!missing)
		transfer->fds[transfer->fd_count++] = r;
	transfer->there[transfer->count++] = !missing;
	if (transfer->count < sender->batch)
		return 0;
	return transfer_send(transfer, sender->link);
}

int mounts_send(const struct setup *setup, int link, int pid, struct err *err)
{
	struct sender sender = { .setup = setup,
				 .idmap = IDMAP_EMPTY,
				 .link = link,
				 .pid = pid,
				 .batch = transfer_batch(setup->caller.open_files) };
	char home[4096];
	int r = 0;

	for (size_t i = 0; i < setup->plan->mount_count && r == 0; i++) {
		const struct plan_mount *mount = &setup->plan->mounts[i];

		if (mount->kind != MOUNT_BIND && mount->kind != MOUNT_OVERLAY)
			continue;
		r = send_source(&sender, mount, mount->source, err);
		if (r == 0 && mount->kind == MOUNT_OVERLAY && mount->upper) {
			overlay_home(mount, home);
			r = send_source(&sender, mount, home, err);
		}
	}
	if (r == 0 && sender.transfer.count)
		r = transfer_send(&sender.transfer, link);
	transfer_finish(&sender.transfer);
	idmap_finish(&sender.idmap);
	return r == -EPIPE ? 0 : r;
}
