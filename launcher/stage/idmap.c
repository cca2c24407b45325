/* idmap.c - user namespaces that idmap a mount's owner to the program's id (see idmap.h) */
#include "launcher/stage/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "launcher/stage/ids.h"

/* The helper does nothing but be there; it dies with the launcher, also where that is dead
 * already. */
static void __attribute__((noreturn)) idle(long launcher)
{
	/* May fail: it ends then, and if that is too early to write its map, so does the launch. */
	long r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

	/* May fail: it waits again. */
	while (r == 0 && sys_getppid() == launcher)
		(void)sys_ppoll(NULL, 0, NULL, NULL, 0);
	for (;;)
		(void)sys_exit_group(0);
}

static int open_namespace(const char *process)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/user", process);
	return (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static int map_and_open(const char *process, const struct plan_user *user, uint32_t uid,
			uint32_t gid)
{
	int r = ids_write_map(process, "uid_map", uid, user->outer_uid);

	if (r == 0)
		r = ids_write_map(process, "gid_map", gid, user->outer_gid);
	return r < 0 ? r : open_namespace(process);
}

static int make_namespace(const struct plan_user *user, uint32_t uid, uint32_t gid)
{
	struct clone_args args = { .flags = RAW_CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char process[16];
	long launcher = sys_getpid();
	long pid = sys_clone3(&args, sizeof(args));
	int fd;

	if (pid < 0)
		return (int)pid;
	if (pid == 0)
		idle(launcher);
	snprintf(process, sizeof(process), "%d", (int)pid);
	fd = map_and_open(process, user, uid, gid);
	(void)sys_kill((int)pid, SIGKILL);
	/* May fail: it is reaped when the launcher ends. */
	(void)sys_waitid(P_PID, (int)pid, NULL, WEXITED, NULL);
	return fd;
}

int idmap_open(struct idmap *idmap, const struct setup *setup, int pid, uint32_t uid, uint32_t gid,
	       int *fd, struct err *err)
{
	const struct plan_user *user = &setup->plan->user;
	char process[16];

	*fd = -1;
	if (uid == user->outer_uid && gid == user->outer_gid)
		return 0;
	if (idmap->fd < 0 || idmap->uid != uid || idmap->gid != gid) {
		fd_close(&idmap->fd);
		snprintf(process, sizeof(process), "%d", pid);
		idmap->fd = uid == setup->uid && gid == setup->gid ? open_namespace(process)
								   : make_namespace(user, uid, gid);
		idmap->uid = uid;
		idmap->gid = gid;
	}
	if (idmap->fd < 0)
		return err_set(err, STAGE_IDS, idmap->fd, NULL, "idmap from %u:%u to %u:%u", uid,
			       gid, user->outer_uid, user->outer_gid);
	*fd = idmap->fd;
	return 0;
}

void idmap_finish(struct idmap *idmap)
{
	fd_close(&idmap->fd);
}
