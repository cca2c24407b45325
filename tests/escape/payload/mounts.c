/* mounts.c - ways to change what is mounted, or to leave the root (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "payload.h"

enum {
	CALL_open_tree = 428,
	CALL_move_mount = 429,
	CALL_fsopen = 430,
	CALL_fspick = 433,
	CALL_mount_setattr = 442,
};

struct attributes {
	unsigned long long set, clear, propagation, userns;
};

/* Makes a read-only mount writable again, by each way there is. */
static int remount(int count, char **arguments)
{
	const char *path = count > 0 ? arguments[0] : "/usr";
	struct attributes writable = { .clear = 1 }; /* MOUNT_ATTR_RDONLY */

	(void)say("remount", mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
	return say("mount_setattr",
		   syscall(CALL_mount_setattr, AT_FDCWD, path, 0, &writable, sizeof(writable)));
}

/* Takes a mount away from over what it hides. */
static int uncover(int count, char **arguments)
{
	for (int i = 0; i < count; i++)
		(void)say(arguments[i], umount2(arguments[i], MNT_DETACH));
	return 0;
}

/* A clone of a tree without the mounts that hide parts of it. */
static int clone_tree(int count, char **arguments)
{
	return say_fd("open_tree",
		      syscall(CALL_open_tree, AT_FDCWD, count > 0 ? arguments[0] : "/", 1));
}

static int make_mounts(int count, char **arguments)
{
	const char *at = count > 0 ? arguments[0] : "/tmp";
	int made = mount("none", at, "tmpfs", 0, "size=64k");

	(void)say("tmpfs", made);
	if (made == 0)
		umount2(at, MNT_DETACH);
	made = mount("/", at, NULL, MS_BIND, NULL);
	(void)say("bind", made);
	if (made == 0)
		umount2(at, MNT_DETACH);
	(void)say_fd("fsopen", syscall(CALL_fsopen, "tmpfs", 1));
	(void)say_fd("fspick", syscall(CALL_fspick, AT_FDCWD, "/", 1));
	(void)say("move_mount", syscall(CALL_move_mount, AT_FDCWD, at, AT_FDCWD, at, 0));
	return say("propagation", mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

static int odd_file_systems(int count, char **arguments)
{
	for (int i = 0; i < count; i++) {
		int made = mount("none", "/tmp", arguments[i], MS_RDONLY, NULL);

		(void)say(arguments[i], made);
		if (made == 0)
			umount2("/tmp", MNT_DETACH);
	}
	return 0;
}

/* The classic: a second chroot below the first, and up from a directory outside of it. */
static int chroot_escape(int count, char **arguments)
{
	const char *wanted = count > 0 ? arguments[0] : "etc";
	struct stat st;

	(void)mkdir("below", 0700);
	(void)say("chroot", chroot("below"));
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			break;
	(void)say("pivot_root", syscall(SYS_pivot_root, ".", "."));
	printf("outside %s\n", stat(wanted, &st) == 0 ? "seen" : "hidden");
	return 0;
}

const struct payload mounts_payloads[] = {
	{ "remount", remount },
	{ "uncover", uncover },
	{ "clone-tree", clone_tree },
	{ "make-mounts", make_mounts },
	{ "odd-file-systems", odd_file_systems },
	{ "chroot-escape", chroot_escape },
	{ NULL, NULL },
};
