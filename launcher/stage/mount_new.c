/* mount_new.c - detached mounts, and what the kernel means when it refuses one
 *
 * The message of a failed mount is the one users see most, so errno is translated per operation
 * here and nowhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/stage/mounts.h"

/* An RLIMIT_NOFILE under which nothing is kept open that is not needed yet. */
enum { AHEAD_FILES = 64 };

int mount_new(const char *fstype, const char *const options[], unsigned int attributes)
{
	cleanup_fd int context = (int)sys_fsopen(fstype, FSOPEN_CLOEXEC);
	long r;

	if (context < 0)
		return context;
	for (size_t i = 0; options && options[i]; i += 2) {
		const char *value = options[i + 1];

		r = sys_fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
				 options[i], value, 0);
		if (r < 0)
			return (int)r;
	}
	r = sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return (int)r;
	return (int)sys_fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

static const struct {
	const char *fstype;
	const char *options[7]; /* as for mount_new() */
	unsigned int attributes;
} usual[USUAL_MOUNTS] = {
	/* Room for the texts of a plan; directories for mounts take inodes only. */
	[USUAL_ROOT] = { "tmpfs",
			 { "mode", "755", "size", "32m" },
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
	[USUAL_PROC] = { "proc",
			 { NULL },
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	[USUAL_DEV] = { "tmpfs",
			{ "mode", "755", "size", "64k" },
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
	[USUAL_TERMINALS] = { "devpts",
			      { "newinstance", NULL, "ptmxmode", "666", "mode", "620" },
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
	[USUAL_SHM] = { "tmpfs",
			{ "mode", "1777", "size", "64m" },
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
};

int mount_usual(struct setup *setup, enum usual_mount which)
{
	int *ahead = &setup->usual[which];

	return *ahead >= 0 ? take_fd(ahead)
			   : mount_new(usual[which].fstype, usual[which].options,
				       usual[which].attributes);
}

/* Below a privileged launcher this process is root still, and a tmpfs would be its own. */
void mounts_ahead(struct setup *setup)
{
	if (setup->caller.privileged || setup->caller.open_files < AHEAD_FILES)
		return;
	for (int i = 0; i < USUAL_MOUNTS; i++)
		setup->usual[i] = mount_usual(setup, (enum usual_mount)i);
	device_ahead(setup);
}

void mounts_drop_ahead(struct setup *setup)
{
	for (int i = 0; i < USUAL_MOUNTS; i++)
		fd_close(&setup->usual[i]);
	for (int i = 0; i < DEVICE_NODES; i++)
		fd_close(&setup->nodes[i]);
}

static const char *hint_for(const struct plan_mount *mount, long error)
{
	switch (-error) {
	case ENOSPC:
		return "the limit of mounts in /proc/sys/fs/mount-max is reached";
	case EFBIG:
		return "the caller's RLIMIT_FSIZE holds for it too";
	case ENODEV:
		return "this kernel has no such file system";
	case EPERM:
		if (mount->kind == MOUNT_PROC)
			return "the host's /proc is masked, as in a container, or the pid namespace is "
			       "not new";
		if (mount->kind == MOUNT_SYSFS)
			return "the host's /sys is masked, or the network namespace is not new";
		return NULL;
	case ENOENT:
		return "make it, or mark the mount optional";
	case EACCES:
		return "the caller may not reach it";
	case ELOOP:
		return "say on_symlink = \"resolve\" or \"replace\" if that is meant";
	case ENOTDIR:
		return "what is above it is a file: name another path";
	case EROFS:
		return "the mount point is missing in a read-only tree: mount over a directory that "
		       "exists";
	default:
		return NULL;
	}
}

int mount_failed(const struct plan_mount *mount, long error, const char *object, struct err *err)
{
	int r = err_set(err, STAGE_MOUNTS, (int)error, hint_for(mount, error), "%s", object);
	size_t used = strlen(err->object);

	if (mount->origin && mount->origin[0])
		snprintf(err->object + used, sizeof(err->object) - used, " at %s", mount->origin);
	return r;
}

void mounts_below(int proc, const char *directory, struct buf *names)
{
	cleanup_fd int fd = (int)sys_openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC, 0);
	size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
	cleanup_buf struct buf text = BUF_EMPTY;
	char *line, *end;

	if (fd < 0 || buf_read_fd(&text, fd, 1 << 20) < 0)
		return;
	buf_bytes(&text, "", 1);
	for (line = text.data; !text.failed && (end = strchr(line, '\n')); line = end + 1) {
		char *at = line;

		/* "ID PARENT MAJOR:MINOR ROOT MOUNT-POINT ...": proc(5) */
		for (int field = 0; at && field < 4; field++)
			at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
		if (at && at < end && strncmp(at, directory, length) == 0 && at[length] == '/' &&
		    at[length + 1] != ' ')
			buf_format(names, " %.*s", (int)strcspn(at + length, " "), at + length);
	}
}
