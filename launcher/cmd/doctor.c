/* doctor.c - `lunette doctor`: what this host can do, each lack with its cause and remedy
 *
 * Everything is found out by trying (launcher/eval/probe.h); files are read only to explain a
 * failure. Without a profile the exit status says whether the shipped `base` profile can be
 * enforced; with one, whether that profile can.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/cgroup.h"
#include "launcher/base/json.h"
#include "launcher/cmd/cmd.h"
#include "launcher/eval/host.h"
#include "launcher/eval/probe.h"
#include "launcher/plan/plan.h"

/* A finding in the making. */
struct finding {
	bool works;
	bool needed;
	char state[128]; /* "ABI 7" */
	char cause[256];
	char remedy[256];
};

/* The number in a file of /proc/sys, or -1 where it is not there. */
static long sysctl(const char *path)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	char text[32];
	long got = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		return -1;
	text[got] = '\0';
	return strtol(text, NULL, 10);
}

static void lack(struct finding *finding, const char *cause, const char *remedy)
{
	finding->works = false;
	snprintf(finding->cause, sizeof(finding->cause), "%s", cause);
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", remedy);
}

/* The usual finding: it works, or the kernel's errno and one remedy. */
static void plain(struct finding *finding, int error, const char *remedy)
{
	finding->works = error == 0;
	if (error < 0)
		lack(finding, strerror(-error), remedy);
}

/* The remedy where a call itself was refused: nothing of the kernel's is missing then. */
static const char *unless_forbidden(int error, const char *remedy)
{
	return error == -EPERM || error == -EACCES
		       ? "a filter around lunette forbids it, as sandboxes and containers do: run it "
			 "outside of them"
		       : remedy;
}

static void find_kernel(struct finding *finding)
{
	struct utsname name;
	char *minor;
	long major;

	finding->needed = true;
	if (sys_uname(&name) < 0) {
		lack(finding, "uname fails", "");
		return;
	}
	snprintf(finding->state, sizeof(finding->state), "%.64s", name.release);
	major = strtol(name.release, &minor, 10);
	finding->works =
		major > 6 || (major == 6 && *minor == '.' && strtol(minor + 1, NULL, 10) >= 1);
	if (!finding->works)
		lack(finding, "older than Linux 6.1", "lunette is tested on 6.1 and newer");
}

static void find_userns(struct finding *finding)
{
	int error = probe_userns();

	finding->needed = !host_privileged();
	finding->works = error == 0;
	if (error == 0)
		return;
	lack(finding, strerror(-error),
	     "a filter of the container or service manager forbids it: allow clone with CLONE_NEWUSER");
	if (sysctl("/proc/sys/user/max_user_namespaces") == 0)
		lack(finding, "user.max_user_namespaces is 0",
		     "sysctl user.max_user_namespaces=10000; inside a sandbox of lunette's, "
		     "user.nested = true in its profile");
	else if (sysctl("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		lack(finding, "kernel.unprivileged_userns_clone is 0",
		     "sysctl kernel.unprivileged_userns_clone=1");
	else if (sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		lack(finding,
		     "AppArmor takes the capabilities of unprivileged user namespaces away",
		     "an AppArmor profile for lunette with `userns,`, or sysctl "
		     "kernel.apparmor_restrict_unprivileged_userns=0");
	else if (error == -ENOSPC || error == -EUSERS)
		lack(finding, "the limit of user namespaces is reached",
		     "sysctl user.max_user_namespaces=10000, or end some sandboxes");
	else if (error == -EINVAL || error == -ENOSYS)
		lack(finding, "the kernel is built without CONFIG_USER_NS", "another kernel");
}

static void find_seccomp(struct finding *finding)
{
	int error = probe_seccomp();

	finding->needed = true;
	plain(finding, error, unless_forbidden(error, "a kernel with CONFIG_SECCOMP_FILTER"));
}

static void find_landlock(struct finding *finding)
{
	int abi = probe_landlock();

	plain(finding, abi, unless_forbidden(abi, "boot with landlock in lsm="));
	if (abi > 0)
		snprintf(finding->state, sizeof(finding->state), "ABI %d", abi);
	finding->works = abi > 0;
	if (abi == -ENOSYS || abi == -EOPNOTSUPP)
		lack(finding, "not built in, or not among the active security modules",
		     "boot with landlock in lsm=");
}

static void find_proc(struct finding *finding)
{
	finding->needed = true;
	plain(finding, probe_proc(),
	      "/proc is covered in part, as containers do: run the outer one with an unmasked /proc");
}

static void find_openat2(struct finding *finding)
{
	plain(finding, probe_openat2(),
	      "a filter hides it (SystemCallFilter= of a service): lunette then walks paths step by step "
	      "and refuses symlinks in them");
}

static void find_overlay(struct finding *finding)
{
	plain(finding, probe_overlay(), "modprobe overlay, or a kernel with CONFIG_OVERLAY_FS");
	if (finding->works && probe_removal() == -EOPNOTSUPP)
		snprintf(finding->state, sizeof(finding->state),
			 "a tree's own directories can't be removed over a tmpfs before Linux 6.6");
}

static void find_idmap(struct finding *finding)
{
	plain(finding, probe_idmap(),
	      "only root needs them: writable mounts keep their owners then");
	if (!finding->works && !host_privileged())
		lack(finding, "only root of the initial user namespace has them here",
		     "nothing: an ordinary user's own id is mapped and needs none");
}

static void find_time(struct finding *finding)
{
	plain(finding, probe_time_namespace(), "a kernel with CONFIG_TIME_NS");
}

static void find_veth(struct finding *finding)
{
	int error = probe_veth();

	plain(finding, error, "modprobe veth, or a kernel with CONFIG_VETH");
	if (error == -EPERM)
		lack(finding, "only root may add to the host's network (CAP_NET_ADMIN)",
		     "none is needed for --net none, with --publish for ports, nor for --net host");
}

static void find_nftables(struct finding *finding)
{
	plain(finding, probe_nftables(),
	      "modprobe nf_tables nft_chain_nat nft_masq nft_ct, or a kernel that has them");
}

static void find_rate(struct finding *finding)
{
	plain(finding, probe_rate(), "modprobe sch_tbf, or a kernel with CONFIG_NET_SCH_TBF");
}

static void find_delay(struct finding *finding)
{
	plain(finding, probe_delay(), "modprobe sch_netem, or a kernel with CONFIG_NET_SCH_NETEM");
}

static void find_tun(struct finding *finding)
{
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);

	plain(finding, fd < 0 ? fd : 0,
	      fd == -EACCES ? "chmod 0666 /dev/net/tun, as udev does" : "modprobe tun");
}

static void find_subids(struct finding *finding)
{
	int error = probe_subids();

	finding->works = error == 0;
	if (error == -ENOENT)
		lack(finding, "/etc/subuid or /etc/subgid has no range for the caller",
		     "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
	else if (error < 0)
		lack(finding, "newuidmap or newgidmap is missing", "apt-get install uidmap");
}

static void find_cgroup(struct finding *finding)
{
	char path[CGROUP_PATH_MAX] = "", controllers[64] = "";
	struct err err;

	finding->works = probe_cgroup(path, controllers, sizeof(controllers), &err) == 0;
	controllers[strcspn(controllers, "\n")] = '\0';
	if (finding->works) {
		snprintf(finding->state, sizeof(finding->state), "version 2, below %.40s: %s", path,
			 controllers[0] ? controllers : "no controllers");
		return;
	}
	snprintf(finding->cause, sizeof(finding->cause), "%.100s: %.150s", err.object,
		 err.reason[0] ? err.reason : strerror(err.number));
	snprintf(finding->remedy, sizeof(finding->remedy), "%.255s", err.hint);
}

static const struct {
	const char *name;
	void (*find)(struct finding *finding);
	bool inside; /* tried in a user namespace where the caller is not root */
} topics[] = {
	{ "kernel", find_kernel, false },
	{ "user namespaces", find_userns, false },
	{ "seccomp", find_seccomp, false },
	{ "Landlock", find_landlock, false },
	{ "a /proc of its own", find_proc, true },
	{ "openat2", find_openat2, false },
	{ "overlay", find_overlay, true },
	{ "idmapped mounts", find_idmap, false },
	{ "time namespaces", find_time, true },
	{ "veth", find_veth, false },
	{ "nftables", find_nftables, true },
	{ "rate of a link (tbf)", find_rate, true },
	{ "delay and loss (netem)", find_delay, true },
	{ "tun", find_tun, false },
	{ "subordinate ids", find_subids, false },
	{ "cgroups", find_cgroup, false },
};

enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

static bool required(const struct plan_limit *limit)
{
	return limit->set && !limit->prefer;
}

/* Does the plan insist on a limit that only a cgroup can hold? */
static bool needs_cgroup(const struct plan_limits *limits)
{
	bool needed = required(&limits->memory) || required(&limits->memory_high) ||
		      required(&limits->swap) || required(&limits->cpus) ||
		      required(&limits->cpu_weight) || required(&limits->io_weight) ||
		      (limits->cpuset.cpus && !limits->cpuset.prefer);

	for (size_t i = 0; i < limits->io_count; i++)
		needed |= !limits->io[i].prefer;
	for (size_t i = 0; i < limits->huge_count; i++)
		needed |= !limits->huge[i].prefer;
	return needed;
}

static void find_all(struct finding findings[])
{
	bool can_try = host_privileged();

	for (size_t i = 0; i < TOPICS; i++) {
		topics[i].find(&findings[i]);
		if (topics[i].find == find_userns)
			can_try |= findings[i].works;
		else if (topics[i].inside && !findings[i].works && !can_try)
			lack(&findings[i], "cannot be tried without user namespaces",
			     "what user namespaces need, above");
	}
}

/* What @plan makes necessary beyond what every sandbox needs. */
static void need_for_plan(const struct plan *plan, struct finding findings[])
{
	for (size_t i = 0; i < TOPICS; i++) {
		const char *name = topics[i].name;

		if (strcmp(name, "Landlock") == 0)
			findings[i].needed = plan->landlock.wanted && !plan->landlock.prefer;
		else if (strcmp(name, "time namespaces") == 0)
			findings[i].needed = (plan->namespaces & NAMESPACE_TIME) != 0;
		else if (strcmp(name, "veth") == 0)
			findings[i].needed = plan->net == NET_VETH;
		else if (strcmp(name, "nftables") == 0)
			findings[i].needed = plan->veth.nat || plan->veth.isolate;
		else if (strcmp(name, "rate of a link (tbf)") == 0)
			findings[i].needed = plan->veth.rate != 0;
		else if (strcmp(name, "delay and loss (netem)") == 0)
			findings[i].needed = plan->veth.delay || plan->veth.loss;
		else if (strcmp(name, "cgroups") == 0)
			findings[i].needed = needs_cgroup(&plan->limits);
		else if (strcmp(name, "subordinate ids") == 0)
			findings[i].needed = plan->user.uid_range_count > 0 && !host_privileged();
	}
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];

		for (size_t j = 0; j < TOPICS; j++) {
			if (mount->kind == MOUNT_OVERLAY && strcmp(topics[j].name, "overlay") == 0)
				findings[j].needed = true;
			if (mount->kind == MOUNT_BIND && !mount->read_only && host_privileged() &&
			    strcmp(topics[j].name, "idmapped mounts") == 0)
				findings[j].needed = true;
		}
	}
}

static int apply_profile(const struct request *request, struct finding findings[], struct err *err)
{
	struct eval_answer answer = { 0 };
	struct plan plan = { 0 };
	int ret = ask_profile(request, request->profile, &answer, &plan, NULL, err);

	if (ret == 0)
		need_for_plan(&plan, findings);
	plan_finish(&plan);
	eval_finish(&answer);
	return ret;
}

static void write_text(struct buf *out, const char *name, const struct finding *finding)
{
	buf_format(out, "%s %s%s%s\n",
		   finding->works    ? "ok     "
		   : finding->needed ? "MISSING"
				     : "without",
		   name, finding->state[0] ? ": " : "", finding->state);
	if (!finding->works)
		buf_format(out, "          cause:  %s\n          remedy: %s\n", finding->cause,
			   finding->remedy);
}

static void write_json(struct buf *out, const char *name, const struct finding *finding, bool first)
{
	buf_text(out, first ? "{\n  " : ",\n  ");
	json_text(out, name);
	buf_format(out, ": { \"works\": %s, \"needed\": %s, \"state\": ",
		   finding->works ? "true" : "false", finding->needed ? "true" : "false");
	json_text(out, finding->state[0] ? finding->state : NULL);
	buf_text(out, ", \"cause\": ");
	json_text(out, finding->works ? NULL : finding->cause);
	buf_text(out, ", \"remedy\": ");
	json_text(out, finding->works ? NULL : finding->remedy);
	buf_text(out, " }");
}

int cmd_doctor(const struct request *request)
{
	struct finding findings[TOPICS] = { 0 };
	cleanup_buf struct buf out = BUF_EMPTY;
	struct err err = { 0 };
	int status = EXIT_YES;

	find_all(findings);
	if (request->profile && apply_profile(request, findings, &err) < 0) {
		print_error(&err);
		return err.stage == STAGE_USAGE ? EXIT_USAGE : EXIT_NO;
	}
	for (size_t i = 0; i < TOPICS; i++) {
		if (request->json)
			write_json(&out, topics[i].name, &findings[i], i == 0);
		else
			write_text(&out, topics[i].name, &findings[i]);
		if (findings[i].needed && !findings[i].works)
			status = EXIT_NO;
	}
	buf_text(&out, request->json ? "\n}\n" : "");
	if (out.failed || print_out(out.data, out.length) < 0)
		return EXIT_NO;
	return status;
}
