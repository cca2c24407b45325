/* probe.c - what the kernel and this host can do (see probe.h)
 *
 * A try that needs namespaces runs in a child: attempt() makes it, the child's exit status is the
 * errno of the step that failed.
 */
#include "launcher/eval/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "launcher/base/base.h"
#include "launcher/base/cgroup.h"
#include "launcher/eval/host.h"
#include "launcher/net/net.h"

#define MS_RECURSIVE (1u << 14) /* MS_REC */

static long write_file(const char *path, const char *text)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);

	return fd < 0 ? fd : sys_write(fd, text, strlen(text));
}

/* In a new user namespace: be its root. Without an id inside, files cannot be made (EOVERFLOW). */
static long map_own_ids(unsigned int uid, unsigned int gid)
{
	char line[32];
	long ret = write_file("/proc/self/setgroups", "deny");

	snprintf(line, sizeof(line), "0 %u 1", uid);
	if (ret >= 0)
		ret = write_file("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "0 %u 1", gid);
	if (ret >= 0)
		ret = write_file("/proc/self/gid_map", line);
	return ret;
}

/* Runs @steps in a child that has @flags as new namespaces; 0 or -errno. */
static int attempt(uint64_t flags, int (*steps)(void))
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	siginfo_t info = { 0 };
	unsigned int uid = (unsigned int)sys_geteuid();
	unsigned int gid = (unsigned int)sys_getegid();
	long pid = sys_clone3(&args, sizeof(args));
	long ret;

	if (pid == -ENOSYS)
		pid = sys_clone((unsigned long)flags | SIGCHLD);
	if (pid < 0)
		return (int)pid;
	if (pid == 0) {
		ret = flags & RAW_CLONE_NEWUSER ? map_own_ids(uid, gid) : 0;
		if (ret >= 0)
			ret = steps();
		for (;;)
			(void)sys_exit_group((int)-ret & 0xff);
	}
	do {
		ret = sys_waitid(P_PID, (int)pid, &info, WEXITED, NULL);
	} while (ret == -EINTR);
	if (ret < 0)
		return (int)ret;
	return info.si_code == CLD_EXITED ? -info.si_status : -EPERM;
}

int probe_landlock(void)
{
	return (int)sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);
}

/* Ubuntu's AppArmor lets the namespace be made and then takes its capabilities away: so use one. */
static int use_capability(void)
{
	return (int)sys_sethostname("probe", 5);
}

int probe_userns(void)
{
	return attempt(RAW_CLONE_NEWUSER | RAW_CLONE_NEWUTS, use_capability);
}

static uint64_t own_user(void)
{
	return host_privileged() ? 0 : RAW_CLONE_NEWUSER;
}

static int new_tmpfs(void)
{
	cleanup_fd int fs = (int)sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	long ret;

	if (fs < 0)
		return fs;
	ret = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	return (int)(ret < 0 ? ret : sys_fsmount(fs, FSMOUNT_CLOEXEC, 0));
}

/* lower, upper and work on one tmpfs at /, by relative paths from inside of it. */
static int try_overlay(void)
{
	cleanup_fd int tree = new_tmpfs();
	cleanup_fd int fs = -1;
	long ret = tree;

	if (ret >= 0)
		ret = sys_mount(NULL, "/", NULL, RAW_MS_PRIVATE | MS_RECURSIVE, NULL);
	if (ret >= 0)
		ret = sys_move_mount(tree, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH);
	if (ret >= 0)
		ret = sys_mkdirat(tree, "lower", 0700);
	if (ret >= 0)
		ret = sys_mkdirat(tree, "upper", 0700);
	if (ret >= 0)
		ret = sys_mkdirat(tree, "work", 0700);
	if (ret >= 0)
		ret = sys_fchdir(tree);
	if (ret >= 0)
		ret = fs = (int)sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (ret >= 0)
		ret = sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", "lower", 0);
	if (ret >= 0)
		ret = sys_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", "upper", 0);
	if (ret >= 0)
		ret = sys_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", "work", 0);
	if (ret >= 0)
		ret = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	return (int)(ret < 0 ? ret : 0);
}

int probe_overlay(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNS, try_overlay);
}

/* The attribute is not there, but it could be. */
static int try_attribute(void)
{
	cleanup_fd int tree = new_tmpfs();
	char path[32];
	long ret = tree;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", tree);
	if (ret >= 0)
		ret = sys_getxattr(path, "user.overlay.opaque", NULL, 0);
	return (int)(ret == -ENODATA ? 0 : ret);
}

int probe_removal(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNS, try_attribute);
}

static long write_map(long pid, const char *map)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, map);
	return write_file(path, "0 0 1");
}

/* With the user namespace of the child @pid, given a map of both kinds of id. */
static int idmap_with(int tree, long pid)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	cleanup_fd int user = -1;
	char path[64];
	long ret = write_map(pid, "uid_map");

	if (ret >= 0)
		ret = write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%ld/ns/user", pid);
	if (ret >= 0)
		ret = user = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	attr.userns_fd = (uint64_t)user;
	if (ret >= 0)
		ret = sys_mount_setattr(tree, "", RAW_AT_EMPTY_PATH, &attr, sizeof(attr));
	return (int)(ret < 0 ? ret : 0);
}

static int idmap_tree(int tree)
{
	struct clone_args args = { .flags = RAW_CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long pid;
	int ret;

	if (tree < 0)
		return tree;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		for (;;)
			(void)sys_ppoll(NULL, 0, NULL, NULL, 0);
	}
	if (pid < 0)
		return (int)pid;
	ret = idmap_with(tree, pid);
	(void)sys_kill((int)pid, SIGKILL);
	return ret;
}

/* tmpfs can from Linux 6.3, the file systems of disks could before. */
static int try_idmap(void)
{
	cleanup_fd int tmpfs = new_tmpfs();
	cleanup_fd int here = -1;
	int ret = idmap_tree(tmpfs);

	if (ret != -EINVAL)
		return ret;
	here = (int)sys_open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return idmap_tree(here);
}

int probe_idmap(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNS, try_idmap);
}

static int try_time(void)
{
	return (int)sys_unshare(RAW_CLONE_NEWTIME);
}

int probe_time_namespace(void)
{
	return attempt(own_user(), try_time);
}

/* The kernel refuses where the caller's own /proc is covered in part: mount_too_revealing(). */
static int try_proc(void)
{
	cleanup_fd int fs = (int)sys_fsopen("proc", FSOPEN_CLOEXEC);
	cleanup_fd int mount = -1;
	long ret = fs;

	if (ret >= 0)
		ret = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (ret >= 0) {
		mount = (int)sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
		ret = mount;
	}
	return (int)(ret < 0 ? ret : 0);
}

int probe_proc(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNS | RAW_CLONE_NEWPID, try_proc);
}

int probe_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	cleanup_fd int fd = (int)sys_openat2(AT_FDCWD, "/", &how, sizeof(how));

	return fd < 0 ? fd : 0;
}

int probe_seccomp(void)
{
	uint32_t action = 0x80000000u; /* SECCOMP_RET_KILL_PROCESS, Linux 4.14 */

	return (int)sys_seccomp(2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &action);
}

static int try_veth(void)
{
	struct net_pair pair = { .veth = { .name = "probe0", .host_name = "probe1" } };
	struct err err;

	return net_veth_create(&pair, (int)sys_getpid(), &err);
}

int probe_veth(void)
{
	int ret = net_probe_right(); /* its other end is the host's */

	return ret < 0 ? ret : attempt(own_user() | RAW_CLONE_NEWNET, try_veth);
}

int probe_nftables(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNET, net_probe_rules);
}

static int try_rate(void)
{
	return net_probe_shape(false);
}

int probe_rate(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNET, try_rate);
}

static int try_delay(void)
{
	return net_probe_shape(true);
}

int probe_delay(void)
{
	return attempt(own_user() | RAW_CLONE_NEWNET, try_delay);
}

int probe_cgroup(char *path, char *controllers, size_t size, struct err *err)
{
	cleanup_fd int parent = cgroup_parent(NULL, path, err);
	long r;

	if (parent < 0)
		return parent;
	r = sys_faccessat2(parent, "cgroup.procs", W_OK, RAW_AT_EACCESS);
	if (r == 0)
		r = cgroup_read(parent, "cgroup.controllers", controllers, size);
	if (r >= 0)
		return 0;
	(void)err_set(
		err, STAGE_CGROUP, (int)r,
		"start lunette by `systemd-run --user --scope`, or name a cgroup that is yours "
		"with --cgroup-parent",
		"%s", path);
	return err_reason(err, "this cgroup is not delegated to the caller");
}

static bool has_controller(const char *name)
{
	char path[CGROUP_PATH_MAX], controllers[256];
	struct err err;

	return probe_cgroup(path, controllers, sizeof(controllers), &err) == 0 &&
	       cgroup_has(controllers, name);
}

const char *probe_feature(const char *name, char *out, size_t size)
{
	static const struct {
		const char *name;
		int (*probe)(void);
	} probes[] = {
		{ "userns", probe_userns },       { "overlay", probe_overlay },
		{ "idmap", probe_idmap },         { "subids", probe_subids },
		{ "time", probe_time_namespace }, { "net.veth", probe_veth },
		{ "net.nat", probe_nftables },    { "net.rate", probe_rate },
		{ "net.delay", probe_delay },
	};

	if (strcmp(name, "landlock") == 0) {
		int abi = probe_landlock();

		snprintf(out, size, "%d", abi);
		return abi > 0 ? out : NULL;
	}
	if (strncmp(name, "cgroup.", 7) == 0)
		return has_controller(name + 7) ? "yes" : NULL;
	if (strcmp(name, "kernel") == 0) {
		struct utsname kernel;

		if (sys_uname(&kernel) < 0)
			return NULL;
		snprintf(out, size, "%s", kernel.release);
		return out;
	}
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(name, probes[i].name) == 0)
			return probes[i].probe() == 0 ? "yes" : NULL;
	}
	return NULL;
}
