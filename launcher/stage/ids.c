/* ids.c - the id maps of the user namespace, and the switch to the inside ids (see ids.h)
 *
 * An ordinary caller's own id is mapped by the set-up process itself, which costs no round trip. A
 * privileged launcher writes the map of its child: inside id to an outer id that is nobody's, so
 * that the program owns nothing of the host, not even as the owner of a file in /proc/sys. Ranges
 * are written by the launcher too, directly as root, else by newuidmap(1) and newgidmap(1).
 *
 * Source: user_namespaces(7) "Defining user and group ID mappings".
 */
#include "launcher/stage/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

bool ids_mapped_by_launcher(const struct setup *setup)
{
	return setup->caller.privileged || setup->plan->user.uid_range_count;
}

static int write_file(const char *process, const char *file, const char *text)
{
	char path[64];
	cleanup_fd int fd = -1;
	long r;

	snprintf(path, sizeof(path), "/proc/%s/%s", process, file);
	fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = sys_write(fd, text, strlen(text));
	return r < 0 ? (int)r : 0;
}

int ids_write_map(const char *process, const char *file, uint32_t inside, uint32_t outside)
{
	char line[40];

	snprintf(line, sizeof(line), "%u %u 1\n", inside, outside);
	return write_file(process, file, line);
}

static int failed(struct err *err, int number, const char *file)
{
	const char *hint = NULL;

	if (number == -ENOENT)
		hint = "/proc must be mounted";
	else if (number == -EPERM || number == -EACCES)
		hint = "this host restricts user namespaces; see lunette doctor";
	return err_set(err, STAGE_IDS, number, hint, "%s", file);
}

static int map_single(const struct setup *setup, const char *process, struct err *err)
{
	const struct plan_user *user = &setup->plan->user;
	bool privileged = setup->caller.privileged;
	int r = 0;

	if (!privileged)
		r = write_file(process, "setgroups", "deny");
	if (r < 0)
		return failed(err, r, "setgroups");
	r = ids_write_map(process, "uid_map", setup->uid,
			  privileged ? user->outer_uid : setup->caller.uid);
	if (r < 0)
		return failed(err, r, "uid_map");
	r = ids_write_map(process, "gid_map", setup->gid,
			  privileged ? user->outer_gid : setup->caller.gid);
	return r < 0 ? failed(err, r, "gid_map") : 0;
}

static int map_ranges_directly(const char *process, const char *file,
			       const struct plan_range *ranges, size_t count, struct err *err)
{
	char text[PLAN_MAX_RANGES * 36 + 1];
	size_t used = 0;
	int r;

	for (size_t i = 0; i < count && i < PLAN_MAX_RANGES; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%u %u %u\n",
					 ranges[i].inside, ranges[i].outside, ranges[i].count);
	r = write_file(process, file, text);
	return r < 0 ? failed(err, r, file) : 0;
}

/* What it would say is told by the launcher, in one line. */
static _Noreturn void become_helper(const char *program, char *const argv[])
{
	char *const envp[] = { NULL };
	/* May fail: then there are two lines. */
	int null = (int)sys_openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);

	/* May fail: as above. */
	if (null >= 0)
		(void)sys_dup3(null, 2, 0);
	(void)sys_execveat(AT_FDCWD, program, argv, envp, 0);
	for (;;)
		(void)sys_exit_group(127);
}

/* Runs newuidmap or newgidmap with an empty environment and waits for it. */
static int map_ranges_by_helper(const char *program, const char *process,
				const struct plan_range *ranges, size_t count, struct err *err)
{
	char words[PLAN_MAX_RANGES * 3][12];
	char *argv[PLAN_MAX_RANGES * 3 + 3];
	struct clone_args args = { .exit_signal = SIGCHLD };
	siginfo_t info = { 0 };
	size_t used = 0;
	long pid;

	argv[used++] = (char *)(uintptr_t)program;
	argv[used++] = (char *)(uintptr_t)process;
	for (size_t i = 0; i < count && i < PLAN_MAX_RANGES; i++) {
		const uint32_t numbers[] = { ranges[i].inside, ranges[i].outside, ranges[i].count };

		for (size_t k = 0; k < 3; k++) {
			snprintf(words[3 * i + k], sizeof(words[0]), "%u", numbers[k]);
			argv[used++] = words[3 * i + k];
		}
	}
	argv[used] = NULL;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		become_helper(program, argv);
	if (pid > 0)
		pid = sys_waitid(P_PID, (int)pid, &info, WEXITED, NULL);
	if (pid < 0)
		return err_set(err, STAGE_IDS, (int)pid, NULL, "%s", program);
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		return 0;
	if (info.si_status == 127)
		return err_set(err, STAGE_IDS, ENOENT, "install Debian's uidmap", "%s", program);
	(void)err_set(err, STAGE_IDS, EPERM,
		      "give the caller ranges in /etc/subuid and /etc/subgid", "%s", program);
	return err_reason(err, "refuses the range from %u on, of %u ids", ranges[0].outside,
			  ranges[0].count);
}

static int map_ranges(const struct setup *setup, const char *process, struct err *err)
{
	const struct plan_user *user = &setup->plan->user;
	int r;

	if (setup->caller.privileged) {
		r = map_ranges_directly(process, "uid_map", user->uid_ranges, user->uid_range_count,
					err);
		return r < 0 ? r
			     : map_ranges_directly(process, "gid_map", user->gid_ranges,
						   user->gid_range_count, err);
	}
	r = map_ranges_by_helper("/usr/bin/newuidmap", process, user->uid_ranges,
				 user->uid_range_count, err);
	return r < 0 ? r
		     : map_ranges_by_helper("/usr/bin/newgidmap", process, user->gid_ranges,
					    user->gid_range_count, err);
}

int ids_map(const struct setup *setup, const char *process, struct err *err)
{
	if (setup->plan->user.uid_range_count)
		return map_ranges(setup, process, err);
	return map_single(setup, process, err);
}

/* Below a single self-written map setgroups(2) is denied for good, and the caller's groups stay. */
static int keep_groups(struct setup *setup, struct err *err)
{
	const struct plan_user *user = &setup->plan->user;
	long count = sys_getgroups(0, NULL);
	unsigned int only = 0;

	if (count < 0)
		return err_set(err, STAGE_IDS, (int)count, NULL, "supplementary groups");
	if (user->extra_group_count && user->groups != GROUPS_PREFER_DROP)
		return err_set(err, STAGE_IDS, EPERM,
			       "an ordinary user needs user.map ranges for that", "user.groups");
	if (user->extra_group_count)
		outcome_skip(&setup->shared->enforced, "user.groups",
			     "an ordinary user needs user.map ranges for groups");
	if (count == 1 && sys_getgroups(1, &only) == 1 && only == setup->gid)
		count = 0;
	if (count <= 0 || user->groups == GROUPS_KEEP)
		return 0;
	if (user->groups == GROUPS_PREFER_DROP) {
		outcome_skip(&setup->shared->enforced, "user.groups",
			     "an ordinary user cannot drop its supplementary groups");
		return 0;
	}
	return err_set(err, STAGE_IDS, EPERM,
		       "say user.groups = prefer {} or \"keep\", or use user.map ranges",
		       "drop %ld supplementary groups", count);
}

static int set_groups(struct setup *setup, struct err *err)
{
	const struct plan_user *user = &setup->plan->user;
	long r;

	if (user->groups == GROUPS_KEEP && !user->extra_group_count)
		return 0;
	r = sys_setgroups(user->extra_group_count, user->extra_groups);
	return r < 0 ? err_set(err, STAGE_IDS, (int)r, "every group must be mapped: user.map",
			       "user.groups")
		     : 0;
}

int ids_enter(struct setup *setup, struct err *err)
{
	long r;

	if (!ids_mapped_by_launcher(setup))
		return keep_groups(setup, err);
	r = set_groups(setup, err);
	if (r < 0)
		return (int)r;
	r = sys_setresgid(setup->gid, setup->gid, setup->gid);
	if (r == 0)
		r = sys_setresuid(setup->uid, setup->uid, setup->uid);
	if (r < 0)
		return err_set(err, STAGE_IDS, (int)r, "user.uid and user.gid must be mapped",
			       "become %u:%u", setup->uid, setup->gid);
	return 0;
}
