/* state.c - the directory in which launchers tell each other what they hold (see state.h) */
#include "launcher/base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

enum { OTHERS_WRITE = 0022, LISTING = 4096 };

/* A directory entry as getdents64(2) gives it. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* Is @fd ours, and nobody else's to write in? */
static int check(int fd)
{
	struct stat st;
	long r = sys_fstat(fd, &st);

	if (r < 0)
		return (int)r;
	return st.st_uid == (uint32_t)sys_geteuid() && !(st.st_mode & OTHERS_WRITE) ? 0 : -EACCES;
}

int state_directory(int parent, const char *name)
{
	cleanup_fd int fd = -1;
	long r = sys_mkdirat(parent, name, 0700);

	if (r < 0 && r != -EEXIST)
		return (int)r;
	fd = (int)sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	r = fd < 0 ? fd : check(fd);
	return r < 0 ? (int)r : take_fd(&fd);
}

static const char *runtime_directory(char *const *environment)
{
	static const char name[] = "XDG_RUNTIME_DIR=";

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, sizeof(name) - 1) == 0)
			return *environment + sizeof(name) - 1;
	return NULL;
}

/* Who is root in a user namespace of his own finds a /run that is not his. */
int state_open(char *const *environment, enum err_stage stage, struct err *err)
{
	const char *runtime = runtime_directory(environment);
	const char *shown = "/run/lunette";
	cleanup_fd int parent = -1;
	int fd = -EACCES;

	if (sys_geteuid() == 0)
		/* May fail: the caller's own directory is taken then, as in a user namespace of
		 * his. */
		fd = state_directory(AT_FDCWD, shown);
	if (fd < 0 && runtime && runtime[0] == '/') {
		shown = runtime;
		parent = (int)sys_openat(AT_FDCWD, runtime, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		fd = parent < 0 ? parent : state_directory(parent, "lunette");
	}
	if (fd < 0)
		return err_set(err, stage, fd,
			       "set XDG_RUNTIME_DIR to a directory that only you can write in",
			       "state directory %s", shown);
	return fd;
}

int state_lock(int entry, enum state_lock how)
{
	int operation = how == STATE_SHARE ? LOCK_SH : LOCK_EX;
	long r;

	if (how == STATE_TRY)
		operation |= LOCK_NB;
	do {
		r = sys_flock(entry, operation);
	} while (r == -EINTR);
	return (int)r;
}

int state_take(int directory, const char *name, enum state_lock how)
{
	for (;;) {
		cleanup_fd int fd =
			(int)sys_openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
					0600);
		struct stat st = { 0 };
		long r = fd < 0 ? fd : state_lock(fd, how);

		if (r == 0)
			r = sys_fstat(fd, &st);
		if (r < 0)
			return (int)r;
		if (st.st_nlink > 0)
			return take_fd(&fd);
	}
}

int state_read(int entry, char *text, size_t size)
{
	long got = sys_lseek(entry, 0, SEEK_SET);

	if (got == 0)
		got = sys_read(entry, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	return got < 0 ? (int)got : 0;
}

int state_write(int entry, const char *text)
{
	long r = sys_lseek(entry, 0, SEEK_SET);

	if (r == 0)
		r = sys_ftruncate(entry, 0);
	return r < 0 ? (int)r : fd_write_all(entry, text, strlen(text));
}

void state_each(int directory, void (*visit)(const void *context, const char *name),
		const void *context)
{
	_Alignas(8) char list[LISTING] = { 0 };
	long got = sys_lseek(directory, 0, SEEK_SET);

	if (got == 0)
		got = sys_getdents64(directory, list, sizeof(list));
	for (long at = 0; at < got;) {
		const struct entry *entry = (const struct entry *)(const void *)(list + at);

		at += entry->length;
		if (entry->name[0] != '.')
			visit(context, entry->name);
	}
}

void state_drop(int directory, const char *name, int *entry)
{
	if (*entry >= 0)
		(void)sys_unlinkat(directory, name, 0);
	fd_close(entry);
}
