/* staging.c - detached mounts, numbered, between collect and build (see staging.h)
 *
 * Measured (Linux 6.18): a numbered directory costs about 8 us a mount (mkdir, move, rmdir), a
 * descriptor nothing; 10,000 mounts by directory take 0.2 s.
 */
#include "launcher/stage/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	KEPT_MOST = 4096, /* descriptors that staging may hold */
	KEPT_SPARE = 48,  /* descriptors that the rest of the set-up may need */
};

static const char home[] = ".s";

void staging_init(struct staging *staging, struct staged *slots, size_t count,
		  const struct caller *caller)
{
	uint64_t wanted = count + KEPT_SPARE;

	staging->slots = slots;
	staging->count = count;
	staging->stage = -1;
	staging->by_directory = count > KEPT_MOST || wanted > caller->open_files_most;
	staging->most = caller->open_files_most;
	staging->raised = !staging->by_directory && wanted > caller->open_files;
	for (size_t i = 0; i < count; i++)
		slots[i] = (struct staged){ .fd = -1, .type = STAGED_NONE };
}

int staging_open(struct staging *staging, int stage, struct err *err)
{
	long r;

	if (staging->raised) {
		const struct raw_rlimit files = { staging->count + KEPT_SPARE, staging->most };

		r = sys_prlimit64(0, RLIMIT_NOFILE, &files, NULL);
		if (r < 0)
			return err_set(err, STAGE_MOUNTS, (int)r, NULL, "room for staged mounts");
	}
	if (!staging->by_directory)
		return 0;
	r = sys_mkdirat(stage, home, 0700);
	if (r < 0)
		return err_set(err, STAGE_MOUNTS, (int)r, NULL, "directory for staged mounts");
	staging->stage = stage;
	return 0;
}

static void slot_name(char name[24], size_t slot)
{
	snprintf(name, 24, ".s/%zu", slot);
}

static int type_of(int fd)
{
	struct stat st;
	long r = sys_fstat(fd, &st);

	return r < 0 ? (int)r : S_ISDIR(st.st_mode) ? STAGED_DIRECTORY : STAGED_FILE;
}

int staging_put(struct staging *staging, size_t slot, int *fd, struct err *err)
{
	struct staged *staged = &staging->slots[slot];
	char name[24];
	int type;
	long r;

	if (!staging->by_directory) {
		staged->fd = take_fd(fd);
		return 0;
	}
	type = type_of(*fd);
	if (type < 0)
		return err_set(err, STAGE_MOUNTS, type, NULL, "staged mount");
	staged->type = (uint8_t)type;
	slot_name(name, slot);
	if (type == STAGED_DIRECTORY)
		r = sys_mkdirat(staging->stage, name, 0700);
	else
		r = sys_mknodat(staging->stage, name, S_IFREG | 0600, 0);
	if (r == 0)
		r = sys_move_mount(*fd, "", staging->stage, name, MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return err_set(err, STAGE_MOUNTS, (int)r,
			       r == -ENOSPC ? "the namespace's limit is in /proc/sys/fs/mount-max"
					    : NULL,
			       "staged mount %zu", slot);
	fd_close(fd);
	return 0;
}

int staging_move(struct staging *staging, size_t slot, int parent, const char *name)
{
	struct staged *staged = &staging->slots[slot];
	unsigned int flags = name[0] ? 0 : MOVE_MOUNT_T_EMPTY_PATH;
	char number[24];
	long r;

	if (!staging->by_directory) {
		r = sys_move_mount(staged->fd, "", parent, name, flags | MOVE_MOUNT_F_EMPTY_PATH);
		fd_close(&staged->fd);
		return (int)r;
	}
	slot_name(number, slot);
	r = sys_move_mount(staging->stage, number, parent, name, flags);
	if (r == 0)
		(void)sys_unlinkat(staging->stage, number,
				   staged->type == STAGED_DIRECTORY ? AT_REMOVEDIR : 0);
	return (int)r;
}

int staging_type(const struct staging *staging, size_t slot)
{
	const struct staged *staged = &staging->slots[slot];

	return staged->fd >= 0 ? type_of(staged->fd) : staged->type;
}

void staging_close(struct staging *staging)
{
	for (size_t i = 0; i < staging->count; i++)
		fd_close(&staging->slots[i].fd);
	if (!staging->by_directory)
		return;
	(void)sys_unlinkat(staging->stage, home, AT_REMOVEDIR);
}
