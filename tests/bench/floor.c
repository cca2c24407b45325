/* floor.c - the least that a launch with the settings of a given plan can cost
 *
 *   floor COMMAND [ARG...]
 *
 * It takes the kernel steps that the settings of floor_plan.h need, init included, and nothing
 * else: no profile, no plan, no checks beyond each call's result, no messages. It mounts straight
 * to the place, where lunette collects first, detaches from the host and only then builds. Only an
 * ordinary user can run it: his own id is the one that is mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/if.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

#include "lua/raw/calls.h"
#include "tests/bench/floor.h"

#include "floor_plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every failure ends the program: the number of the line is its only message. */
#define MUST(call) ((call) < 0 ? give_up(__LINE__) : (void)0)

static void __attribute__((noreturn)) give_up(int line)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "floor: line %d\n", line);

	(void)sys_write(2, text, (size_t)length);
	for (;;)
		(void)sys_exit_group(125);
}

static void write_file(int directory, const char *path, const char *text)
{
	int fd = (int)sys_openat(directory, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	MUST(fd);
	MUST(sys_write(fd, text, strlen(text)));
	(void)sys_close(fd);
}

static void map_ids(unsigned int uid, unsigned int gid)
{
	char line[64];

	write_file(AT_FDCWD, "/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "%d %u 1\n", FLOOR_UID, uid);
	write_file(AT_FDCWD, "/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "%d %u 1\n", FLOOR_GID, gid);
	write_file(AT_FDCWD, "/proc/self/gid_map", line);
	MUST(sys_setresgid(FLOOR_GID, FLOOR_GID, FLOOR_GID));
	MUST(sys_setresuid(FLOOR_UID, FLOOR_UID, FLOOR_UID));
}

/* A file system that is mounted nowhere yet. @options: name and value in turn, NULL at the end. */
static int new_mount(const char *type, const char *const *options, unsigned int attributes)
{
	int context = (int)sys_fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	MUST(context);
	for (; options && *options; options += 2)
		if (options[1])
			MUST(sys_fsconfig(context, FSCONFIG_SET_STRING, options[0], options[1], 0));
	MUST(sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	fd = (int)sys_fsmount(context, FSMOUNT_CLOEXEC, attributes);
	MUST(fd);
	(void)sys_close(context);
	return fd;
}

static int bind_source(const struct step *step)
{
	struct mount_attr attributes = { .attr_set = step->attributes };
	int fd = (int)sys_open_tree(AT_FDCWD, step->source,
				    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RAW_AT_RECURSIVE);

	MUST(fd);
	MUST(sys_mount_setattr(fd, "", RAW_AT_EMPTY_PATH | RAW_AT_RECURSIVE, &attributes,
			       sizeof(attributes)));
	return fd;
}

static void place(const struct step *step, int root)
{
	const char *tmpfs[] = { "mode", step->source, "size", step->size, NULL };
	static const char *const devpts[] = { "ptmxmode", "666", "mode", "620", NULL };
	int fd = -1;

	switch (step->kind) {
	case STEP_DIR:
		MUST(sys_mkdirat(root, step->target, 0755));
		return;
	case STEP_FILE:
		write_file(root, step->target, step->source);
		return;
	case STEP_SYMLINK:
		MUST(sys_symlinkat(step->source, root, step->target));
		return;
	case STEP_BIND:
		fd = bind_source(step);
		break;
	case STEP_TMPFS:
		fd = new_mount("tmpfs", tmpfs, (unsigned int)step->attributes);
		break;
	case STEP_PROC:
		fd = new_mount("proc", NULL, (unsigned int)step->attributes);
		break;
	case STEP_DEVPTS:
		fd = new_mount("devpts", devpts, (unsigned int)step->attributes);
		break;
	}
	MUST(sys_move_mount(fd, "", root, step->target, MOVE_MOUNT_F_EMPTY_PATH));
	(void)sys_close(fd);
}

static void build_root(void)
{
	struct mount_attr private = { .propagation = RAW_MS_PRIVATE };
	static const char *const options[] = { "mode", "755", NULL };
	int root;

	MUST(sys_mount_setattr(AT_FDCWD, "/", RAW_AT_RECURSIVE, &private, sizeof(private)));
	root = new_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	MUST(sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH));
	for (size_t i = 0; i < COUNT(floor_steps); i++)
		place(&floor_steps[i], root);
	write_file(root, "proc/sys/user/max_user_namespaces", "0");
	MUST(sys_fchdir(root));
	MUST(sys_pivot_root(".", "."));
	MUST(sys_umount2(".", RAW_MNT_DETACH));
	MUST(sys_chdir("/"));
	(void)sys_close(root);
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	MUST(sys_mount_setattr(AT_FDCWD, "/", 0, &read_only, sizeof(read_only)));
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	MUST(fd);
	MUST(sys_ioctl(fd, SIOCSIFFLAGS, &request));
	(void)sys_close(fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	for (unsigned long cap = 0; sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	MUST(sys_prctl(PR_SET_SECUREBITS, FLOOR_SECUREBITS, 0, 0, 0));
	MUST(sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	MUST(sys_capset(&header, none));
	MUST(sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void landlock(void)
{
	struct raw_landlock_ruleset_attr attr = { FLOOR_LANDLOCK_FS, FLOOR_LANDLOCK_NET,
						  FLOOR_LANDLOCK_SCOPE };
	int ruleset = (int)sys_landlock_create_ruleset(&attr, sizeof(attr), 0);

	MUST(ruleset);
	for (size_t i = 0; i < COUNT(floor_paths); i++) {
		struct raw_landlock_path_beneath_attr rule = {
			floor_paths[i].rights,
			(int)sys_openat(AT_FDCWD, floor_paths[i].path, O_PATH | O_CLOEXEC, 0)
		};

		MUST(rule.parent_fd);
		MUST(sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
		(void)sys_close(rule.parent_fd);
	}
	MUST(sys_landlock_restrict_self(ruleset, 0));
	(void)sys_close(ruleset);
}

/* As many instructions as the plan's filter has, most of them never run, as in a search tree. */
static void seccomp(void)
{
	static struct sock_filter filter[FLOOR_FILTER] = {
		[0] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		[1] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { FLOOR_FILTER, filter };

	for (size_t i = 2; i < FLOOR_FILTER; i++)
		filter[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	MUST(sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void __attribute__((noreturn)) program(char **argv)
{
	static char *const environment[] = { FLOOR_ENVIRONMENT, NULL };

	MUST(sys_setsid());
	for (size_t i = 0; i < COUNT(floor_limits); i++) {
		struct raw_rlimit limit = { floor_limits[i].value, floor_limits[i].value };

		MUST(sys_prlimit64(0, floor_limits[i].resource, &limit, NULL));
	}
	drop_capabilities();
	landlock();
	MUST(sys_close_range(3, ~0u, 0));
	seccomp();
	(void)sys_execve(argv[0], argv, environment);
	give_up(__LINE__);
}

/* Pid 1: reaps until the program has ended; with it the kernel ends whatever is left. */
static void __attribute__((noreturn)) init(int child)
{
	siginfo_t info;

	do
		MUST(sys_waitid(P_ALL, 0, &info, WEXITED, NULL));
	while (info.si_pid != child);
	for (;;)
		(void)sys_exit_group(info.si_code == CLD_EXITED ? info.si_status : 125);
}

static void __attribute__((noreturn))
sandbox(int launcher, unsigned int uid, unsigned int gid, char **argv)
{
	struct clone_args args = { .flags = RAW_CLONE_VM | RAW_CLONE_VFORK,
				   .exit_signal = SIGCHLD };
	struct pollfd ended = { .fd = launcher, .events = POLLIN };
	struct raw_timespec now = { 0 };
	long child;

	map_ids(uid, gid);
	MUST(sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (sys_ppoll(&ended, 1, &now, NULL, 0) != 0)
		give_up(__LINE__);
	build_root();
	loopback_up();
	MUST(sys_sethostname(FLOOR_HOSTNAME, strlen(FLOOR_HOSTNAME)));
	MUST(sys_chdir(FLOOR_DIRECTORY));
	MUST(sys_setsid());
	MUST(sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	child = sys_clone3(&args, sizeof(args));
	if (child == 0)
		program(argv);
	MUST(child);
	init((int)child);
}

/* A limit on output is kept by who reads it: both streams end in pipes of ours. */
static void open_pipes(int ends[2][2])
{
	for (int i = 0; i < 2; i++)
		MUST(sys_pipe2(ends[i], O_CLOEXEC));
}

static void use_pipes(int ends[2][2])
{
	for (int i = 0; i < 2; i++)
		MUST(sys_dup3(ends[i][1], i + 1, 0));
}

/* The program writes nothing: only the pipes' ends are waited for. */
static void read_pipes(int ends[2][2])
{
	struct pollfd polls[2] = { { .fd = ends[0][0] }, { .fd = ends[1][0] } };

	for (int i = 0; i < 2; i++)
		(void)sys_close(ends[i][1]);
	while (polls[0].fd >= 0 || polls[1].fd >= 0) {
		MUST(sys_ppoll(polls, 2, NULL, NULL, 0));
		for (int i = 0; i < 2; i++)
			if (polls[i].revents)
				polls[i].fd = -1;
	}
}

int main(int argc, char **argv)
{
	int pidfd = -1;
	int ends[2][2];
	struct clone_args args = {
		.flags = FLOOR_NAMESPACES | RAW_CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	unsigned int uid = (unsigned int)sys_getuid();
	unsigned int gid = (unsigned int)sys_getgid();
	int self = (int)sys_pidfd_open((int)sys_getpid(), 0);
	siginfo_t info = { 0 };
	long child;

	if (argc < 2)
		return 2;
	if (FLOOR_OUTPUT)
		open_pipes(ends);
	child = sys_clone3(&args, sizeof(args));
	if (child == 0) {
		if (FLOOR_OUTPUT)
			use_pipes(ends);
		sandbox(self, uid, gid, argv + 1);
	}
	MUST(child);
	if (FLOOR_OUTPUT)
		read_pipes(ends);
	MUST(sys_waitid(P_PID, (int)child, &info, WEXITED, NULL));
	return info.si_code == CLD_EXITED ? info.si_status : 125;
}
