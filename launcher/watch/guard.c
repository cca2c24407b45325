/* guard.c - what the supervisor takes from itself (see guard.h)
 *
 * Who finds a fault in what reads the program's calls, bytes or terminal has this process, which is
 * outside of the sandbox. So by then it has no capability, may open nothing but what it gives back
 * at the end (Landlock), and make no call but those of its own rest. It can neither make a process
 * nor a socket, nor execute, trace, or type into a terminal, and it signals the sandbox alone.
 *
 * With a seccomp listener, or the audit log, Landlock is left out: it would keep this process from
 * reading what the arguments of a refused call lead to, and whose process it was, since the program
 * is not in its domain (landlock(7), "Ptrace restrictions"). The filter then lets it open files for
 * reading only.
 *
 * The sandbox's user namespace is owned by the launcher's uid, so that it may signal what is in
 * there without a capability of its own (user_namespaces(7)).
 */
#include "launcher/watch/guard.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/seccomp.h>

#include "policy/landlock.h"
#include "policy/policy.h"
#include "policy/tables.h"

struct calls {
	struct confine_call all[CONFINE_MOST_CALLS];
	size_t count;
};

static void add(struct calls *calls, const struct confine_call *some, size_t count)
{
	for (size_t i = 0; i < count && calls->count < CONFINE_MOST_CALLS; i++)
		calls->all[calls->count++] = some[i];
}

#define ADD(calls, some) add(calls, some, sizeof(some) / sizeof((some)[0]))

/* Of every supervisor: it waits, moves bytes, keeps its memory, prints, reports, and ends. */
static const struct confine_call always[] = {
	{ .number = RAW_ppoll },
	{ .number = RAW_read },
	{ .number = RAW_write },
	{ .number = RAW_writev },
	{ .number = RAW_sendto },
	{ .number = RAW_recvmsg },
	{ .number = RAW_close },
	{ .number = RAW_waitid },
	{ .number = RAW_clock_gettime },
	{ .number = RAW_rt_sigprocmask },
	{ .number = RAW_fstat },
	{ .number = RAW_ftruncate },
	{ .number = RAW_munmap },
	{ .number = RAW_madvise },
	{ .number = RAW_getpid },
	{ .number = RAW_getppid },
	{ .number = RAW_getpgid },
	{ .number = RAW_getsid },
	{ .number = RAW_timer_create },
	{ .number = RAW_timer_settime },
	{ .number = RAW_exit_group },
	{ RAW_mmap, CONFINE_WITHOUT, 2, PROT_EXEC },
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCGWINSZ },
#ifndef LUNETTE_OWN_MALLOC
	{ .number = RAW_brk },
	{ .number = RAW_newfstatat },
	{ RAW_mremap, CONFINE_ANY, 0, 0 },
#endif
};

static const struct confine_call of_listener[] = {
	{ RAW_ioctl, CONFINE_EQUAL, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_RECV },
	{ RAW_ioctl, CONFINE_EQUAL, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_SEND },
	{ RAW_ioctl, CONFINE_EQUAL, 1, (uint32_t)SECCOMP_IOCTL_NOTIF_ID_VALID },
	{ .number = RAW_process_vm_readv },
	{ .number = RAW_pidfd_open },
	{ .number = RAW_pidfd_send_signal },
	{ .number = RAW_kill },
};

static const struct confine_call of_audit[] = {
	{ .number = RAW_recvfrom },
	{ .number = RAW_newfstatat },
	{ RAW_prctl, CONFINE_EQUAL, 0, PR_GET_NAME },
};

static const struct confine_call of_console[] = {
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCGPGRP },
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCSWINSZ },
	{ RAW_ioctl, CONFINE_EQUAL, 1, RAW_TCGETS },
	{ RAW_ioctl, CONFINE_EQUAL, 1, RAW_TCSETS },
};

static const struct confine_call of_foreground[] = {
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCGPGRP },
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCGPGRP },
	{ RAW_ioctl, CONFINE_EQUAL, 1, TIOCSPGRP },
};

/* Places outside of Landlock are protected by what is opened there. */
static const struct confine_call of_reading[] = {
	{ RAW_openat, CONFINE_WITHOUT, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC },
	{ .number = RAW_getdents64 },
	{ .number = RAW_lseek },
};

static const struct confine_call of_changing[] = {
	{ .number = RAW_openat },
	{ .number = RAW_unlinkat },
	{ .number = RAW_flock },
};

static const struct confine_call of_netlink[] = {
	{ RAW_socket, CONFINE_EQUAL, 0, AF_NETLINK },
	{ .number = RAW_setsockopt },
	{ .number = RAW_recvfrom },
	{ RAW_ioctl, CONFINE_EQUAL, 1, SIOCGIFINDEX },
};

static const struct confine_call of_paths[] = {
	{ .number = RAW_newfstatat },
};

static void add_signals(struct calls *calls, const struct guard *guard)
{
	const int targets[] = { guard->pid, 0, (int)sys_getpid() };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		add(calls,
		    &(struct confine_call){ RAW_kill, CONFINE_EQUAL, 0, (uint32_t)targets[i] }, 1);
	for (size_t i = 0; i < guard->needs->process_count; i++)
		add(calls,
		    &(struct confine_call){ RAW_kill, CONFINE_EQUAL, 0,
					    (uint32_t)guard->needs->processes[i] },
		    1);
}

static int keep_calls(const struct guard *guard)
{
	const struct confine_needs *needs = guard->needs;
	struct calls calls = { .count = 0 };
	unsigned int rights = 0;

	for (size_t i = 0; i < needs->place_count; i++)
		rights |= needs->places[i].rights;
	ADD(&calls, always);
	add_signals(&calls, guard);
	if (guard->listener)
		ADD(&calls, of_listener);
	if (guard->audit)
		ADD(&calls, of_audit);
	if (guard->console)
		ADD(&calls, of_console);
	if (guard->setup->plan->process.keep_session)
		ADD(&calls, of_foreground);
	if (guard->listener || rights)
		ADD(&calls, of_reading);
	if (rights & ~(unsigned int)CONFINE_READ)
		ADD(&calls, of_changing);
	if (needs->netlink)
		ADD(&calls, of_netlink);
	if (needs->paths)
		ADD(&calls, of_paths);
	return confine_calls(calls.all, calls.count, policy_audit_arch(policy_native()));
}

static uint64_t rights_of(unsigned int rights)
{
	static const struct {
		unsigned int right;
		const char *names[2];
	} rows[] = {
		{ CONFINE_READ, { "read_file", "read_dir" } },
		{ CONFINE_WRITE, { "write_file", "truncate" } },
		{ CONFINE_MAKE, { "make_reg", "write_file" } },
		{ CONFINE_REMOVE, { "remove_file", "remove_file" } },
		{ CONFINE_REMOVE_DIRECTORY, { "remove_dir", "remove_dir" } },
	};
	uint64_t found = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int k = 0; k < 2 && rights & rows[i].right; k++)
			found |= tables_landlock_right(LANDLOCK_FS, rows[i].names[k]);
	return found;
}

/* Scoped signals would keep it from ending the sandbox: whom it may signal the filter says. */
static int keep_places(const struct guard *guard)
{
	const struct confine_needs *needs = guard->needs;
	/* May fail: as on a kernel without Landlock: the report says so. */
	long abi = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);
	struct confine_rule rules[CONFINE_MOST_PLACES];
	struct raw_landlock_ruleset_attr handled;
	struct landlock_fit fit;

	if (abi < 1) {
		outcome_skip(&guard->setup->shared->enforced, "landlock of the supervisor",
			     "this kernel has none");
		return 0;
	}
	landlock_most((int)abi, &fit);
	handled = (struct raw_landlock_ruleset_attr){
		fit.rights.fs, fit.rights.net,
		fit.rights.scope & ~tables_landlock_right(LANDLOCK_SCOPE, "signal")
	};
	for (size_t i = 0; i < needs->place_count; i++) {
		struct stat st = { 0 };

		/* May fail: a file's rights do for it then. */
		(void)sys_fstat(needs->places[i].fd, &st);
		rules[i] = (struct confine_rule){
			.fd = needs->places[i].fd,
			.rights = landlock_rule_rights(rights_of(needs->places[i].rights),
						       fit.rights.fs, S_ISDIR(st.st_mode))
		};
	}
	return confine_places(&handled, fit.size, rules, needs->place_count);
}

/* The sanitizers' run-time library opens files and makes calls of its own. */
static bool is_instrumented(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

int guard_supervisor(const struct guard *guard, struct err *err)
{
	struct confine_needs *needs = guard->needs;
	int r = 0;

	if (guard->proc >= 0)
		r = confine_need(needs, guard->proc, ".", CONFINE_READ);
	if (r == 0 && guard->setup->plan->limits.cpu.set)
		/* May fail: as many CPUs as there can be count then. */
		(void)confine_need(needs, AT_FDCWD, "/sys/devices/system/cpu/online", CONFINE_READ);
	if (r == 0)
		r = confine_privileges(needs->capabilities);
	if (r == 0 && !guard->listener && !guard->audit && !is_instrumented())
		r = keep_places(guard);
	if (r == 0 && !is_instrumented())
		r = keep_calls(guard);
	confine_needs_finish(needs);
	return r < 0 ? err_set(err, STAGE_WATCH, r, NULL, "confining the supervisor") : 0;
}
