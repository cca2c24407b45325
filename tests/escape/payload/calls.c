/* calls.c - single system calls, and other ways into the kernel (see payload.h)
 *
 * Each call is made with arguments that the kernel refuses before it changes anything: descriptors
 * that are none, null pointers, lengths of zero. What comes back tells who refused: a filter before
 * the kernel looked, or the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "payload.h"

static const struct {
	const char *name;
	long number;
	long arguments[6];
} calls[] = {
	{ "acct", SYS_acct, { 1 } },
	{ "add_key", SYS_add_key, { 0 } },
	{ "adjtimex", SYS_adjtimex, { 0 } },
	{ "bpf", SYS_bpf, { 9999 } },
	{ "chroot", SYS_chroot, { 0 } },
	{ "clock_settime", SYS_clock_settime, { -1 } },
	{ "delete_module", SYS_delete_module, { 0 } },
	{ "fanotify_init", SYS_fanotify_init, { -1, -1 } },
	{ "finit_module", SYS_finit_module, { -1 } },
	{ "fsconfig", 431, { -1 } },
	{ "fsmount", 432, { -1 } },
	{ "fsopen", 430, { 0 } },
	{ "fspick", 433, { -1 } },
	{ "get_mempolicy", SYS_get_mempolicy, { 0, 0, 0, 0, -1 } },
	{ "init_module", SYS_init_module, { 0 } },
	{ "io_uring_enter", 426, { -1 } },
	{ "io_uring_register", 427, { -1 } },
	{ "io_uring_setup", 425, { 0, 0 } },
	{ "kcmp", SYS_kcmp, { -1, -1, -1 } },
	{ "kexec_file_load", 320, { -1, -1, 0, 0, -1 } },
	{ "kexec_load", SYS_kexec_load, { 0, -1, 0, -1 } },
	{ "keyctl", SYS_keyctl, { -1 } },
	{ "lookup_dcookie", SYS_lookup_dcookie, { -1, 0, 0 } },
	{ "lsm_set_self_attr", 460, { 0, 0, 0, 1 } },
	{ "map_shadow_stack", 453, { 0, 0, -1 } },
	{ "mbind", SYS_mbind, { 1, 1, -1 } },
	{ "memfd_secret", 447, { -1 } },
	{ "migrate_pages", SYS_migrate_pages, { -1 } },
	{ "mount", SYS_mount, { 0 } },
	{ "mount_setattr", 442, { -1, 0, -1 } },
	{ "move_mount", 429, { -1, 0, -1, 0, -1 } },
	{ "move_pages", SYS_move_pages, { -1, 0, 0, 0, 0, -1 } },
	{ "name_to_handle_at", SYS_name_to_handle_at, { -1, 0, 0, 0, -1 } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1, 0, -1 } },
	{ "open_tree", 428, { -1, 0, -1 } },
	{ "perf_event_open", SYS_perf_event_open, { 0, -1, -1, -1, -1 } },
	{ "pidfd_getfd", 438, { -1, -1, -1 } },
	{ "pivot_root", SYS_pivot_root, { 0 } },
	{ "process_madvise", 440, { -1, 0, 0, -1, -1 } },
	{ "process_vm_readv", SYS_process_vm_readv, { -1, 0, 0, 0, 0, -1 } },
	{ "process_vm_writev", SYS_process_vm_writev, { -1, 0, 0, 0, 0, -1 } },
	{ "ptrace", SYS_ptrace, { 16, -1 } },
	{ "quotactl", SYS_quotactl, { -1 } },
	{ "quotactl_fd", 443, { -1, -1 } },
	{ "reboot", SYS_reboot, { 0 } },
	{ "request_key", SYS_request_key, { 0 } },
	{ "setdomainname", SYS_setdomainname, { 0, -1 } },
	{ "sethostname", SYS_sethostname, { 0, -1 } },
	{ "setns", SYS_setns, { -1, 0 } },
	{ "settimeofday", SYS_settimeofday, { 1 } },
	{ "swapoff", SYS_swapoff, { 0 } },
	{ "swapon", SYS_swapon, { 0, -1 } },
	{ "syslog", SYS_syslog, { 10 } }, /* how much is there? */
	{ "umount2", SYS_umount2, { 0, -1 } },
	{ "unshare", SYS_unshare, { 0x10000000 } },
	{ "userfaultfd", SYS_userfaultfd, { 1 } },
	{ "vhangup", SYS_vhangup, { 0 } },
#ifdef __x86_64__
	{ "_sysctl", SYS__sysctl, { 0 } },
	{ "ioperm", SYS_ioperm, { -1, 1, 1 } },
	{ "iopl", SYS_iopl, { 3 } },
	{ "modify_ldt", SYS_modify_ldt, { -1 } },
	{ "nfsservctl", SYS_nfsservctl, { -1 } },
	{ "uselib", SYS_uselib, { 0 } },
	{ "ustat", SYS_ustat, { -1 } },
#endif
};

/* In a child, as a filter may kill. */
static void one(size_t i)
{
	const long *with = calls[i].arguments;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)say(calls[i].name, syscall(calls[i].number, with[0], with[1], with[2],
						 with[3], with[4], with[5]));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s killed\n", calls[i].name);
}

/* The calls named, or all. */
static int make_calls(int count, char **arguments)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int wanted = count == 0;

		for (int k = 0; k < count; k++)
			wanted |= strcmp(arguments[k], calls[i].name) == 0;
		if (wanted)
			one(i);
	}
	return 0;
}

#ifdef __x86_64__
/* int $0x80: the i386 entry, from 64-bit code. */
static long enter_i386(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#endif

/* getpid, mkdir and socketcall by the i386 entry. */
static int i386(int count, char **arguments)
{
#ifdef __x86_64__
	(void)count;
	(void)arguments;
	errno = ENOSYS;
	(void)say("getpid", enter_i386(20, 0, 0) > 0 ? 0 : -1);
	errno = (int)-enter_i386(39, 0, 0);
	(void)say("mkdir", -1);
	errno = (int)-enter_i386(102, 99, 0);
	return say("socketcall", -1);
#else
	(void)count;
	(void)arguments;
	return say("getpid", (errno = ENOSYS, -1));
#endif
}

/* getpid with x32's bit. */
static int x32(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	return say("getpid", syscall(SYS_getpid | 0x40000000));
}

/* A filter of the program's own that allows all, and then a call that ours refuses. */
static int add_filter(int count, char **arguments)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	(void)count;
	(void)arguments;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)say("add", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	return say("unshare", syscall(SYS_unshare, 0x10000000)); /* CLONE_NEWUSER */
}

const struct payload calls_payloads[] = {
	{ "calls", make_calls },      { "i386", i386 }, { "x32", x32 },
	{ "add-filter", add_filter }, { NULL, NULL },
};
