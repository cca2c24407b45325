/* probe.c - what the behaviour tests let a sandboxed program try
 *
 * `probe NAME [ARGUMENT]` does one thing and says how it went: "ok" or the name of the errno, one
 * line for each attempt. It is static, so that it runs as the only file of a root. Nothing it tries
 * can harm a host on which it succeeds: what is made is given back at once, and every number is
 * bounded here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CHILDREN = 2000 };

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif

static int say(const char *what, long result)
{
	const char *how = result >= 0 ? "ok" : strerrorname_np(errno);

	printf("%s%s%s\n", what, *what ? " " : "", how);
	fflush(stdout);
	return 0;
}

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

static int close_later(long fd)
{
	if (fd >= 0)
		close((int)fd);
	return 0;
}

/* Descriptors that are open, on one line; looked for by number, as /proc may be missing. */
static int fds(void)
{
	for (int fd = 0; fd < 1100; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	}
	printf("\n");
	return 0;
}

static int unshare_user(void)
{
	return say("", unshare(CLONE_NEWUSER));
}

static int clone_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	say("", pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return 0;
}

static int clone3_user(void)
{
	unsigned long long args[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
	long pid = syscall(435, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	say("", pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return 0;
}

/* Nobody may without privilege: a descriptor that is none tells the filter's EPERM from EBADF. */
static int setns_none(void)
{
	return say("", setns(-1, 0));
}

/* Pushes one byte into the queue of the terminal at fd 0. */
static int tiocsti(void)
{
	return say("", ioctl(0, TIOCSTI, "x"));
}

/* The same with a bit set above the 32 that the kernel looks at (CVE-2019-10063). */
static int tiocsti_high(void)
{
	return say("", syscall(SYS_ioctl, 0L, (1L << 32) | TIOCSTI, "x"));
}

static int tioclinux(void)
{
	char sub = 6; /* ask for the shift state: changes nothing */

	return say("", ioctl(0, TIOCLINUX, &sub));
}

static int io_uring(void)
{
	char params[120] = { 0 };
	long fd = syscall(425, 1, params);

	say("", fd);
	return close_later(fd);
}

static int keyctl(void)
{
	return say("", syscall(SYS_keyctl, 0L, -3L,
			       0L)); /* KEYCTL_GET_KEYRING_ID, session, no create */
}

static int vsock(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	say("", fd);
	return close_later(fd);
}

/* The kernel makes two sockets of the family before it finds that it has no pairs. */
static int odd_pair(void)
{
	int pair[2];

	return say("", socketpair(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0, pair));
}

static int packet(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	say("", fd);
	return close_later(fd);
}

/* Attaches to a child of its own, so that no stranger is disturbed. */
static int trace(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	say("", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

static int userfaultfd(void)
{
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC | 1); /* UFFD_USER_MODE_ONLY */

	say("", fd);
	return close_later(fd);
}

/* A command that does not exist, as those that do need privilege: EINVAL without a filter. */
static int bpf(void)
{
	char attr[128] = { 0 };

	return say("", syscall(SYS_bpf, 9999, attr, sizeof(attr)));
}

static int perf(void)
{
	unsigned int attr[32] = { 1, 128, 1 }; /* software, its own size, task clock */
	long fd;

	attr[10] = 1 << 5 | 1 << 6; /* without kernel and hypervisor */
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, 0);
	say("", fd);
	return close_later(fd);
}

/* Changes what only this process would see in its mount namespace, and only if it may. */
static int mounting(void)
{
	return say("", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

/* getpid by another architecture's entry: with a filter that knows about it, the process dies. */
static int i386(void)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(20L)
			 : "memory", "r8", "r9", "r10", "r11");
	printf(result > 0 ? "ok\n" : "failed\n");
#endif
	return 0;
}

/* May the file behind @fd be changed by way of it? Nothing is written. */
static int reopen(int fd)
{
	struct stat st;
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say("read", again = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	close_later(again);
	say("write", again = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
	close_later(again);
	if (fstat(fd, &st) != 0)
		return say("stat", -1);
	say("truncate", S_ISREG(st.st_mode) ? truncate(path, st.st_size) : (errno = EINVAL, -1));
	say("chmod", fchmod(fd, st.st_mode & 07777));
	say("times", futimens(fd, (struct timespec[2]){ st.st_atim, st.st_mtim }));
	return 0;
}

/* Leaves @count children behind that wait for ever. */
static int leave(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return say("fork", -1);
		if (pid == 0)
			wait_for_ever();
	}
	printf("left %d\n", count);
	return 0;
}

/* A daemon as the books have it: two forks, a session of its own, no descriptor, every signal
 * deaf. */
static int daemonise(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		for (int signal = 1; signal < 65; signal++)
			sigaction(signal, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		wait_for_ever();
	}
	waitpid(pid, NULL, 0);
	printf("daemon started\n");
	return 0;
}

/* @count processes lose their parent and end; then how many are still in the table? */
static int orphans(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				usleep(1000);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	printf("made %d\n", count);
	return 0;
}

/* Ignores what can be ignored, then stops itself or waits. */
static _Noreturn void stubborn(bool stop)
{
	for (int signal = 1; signal < 65; signal++)
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	printf("deaf\n");
	fflush(stdout);
	if (stop)
		raise(SIGSTOP);
	wait_for_ever();
}

static int clocks(void)
{
	struct timespec monotonic, boot;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	printf("%lld %lld\n", (long long)monotonic.tv_sec, (long long)boot.tv_sec);
	return 0;
}

static int bits(void)
{
	printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	printf("session %s\n", getsid(0) == getpid() || getsid(0) == 1 ? "own" : "other");
	return 0;
}

/* Opens @path for writing and closes it: says whether a knob of the host is in reach. */
static int knob(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	say("", fd);
	return close_later(fd);
}

/* Touches @count huge pages of 2 MiB. */
static int huge(int count)
{
	for (int i = 0; i < count && i < 8; i++) {
		char *page = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT,
				  -1, 0);

		if (page == MAP_FAILED)
			return say("", -1);
		*(volatile char *)page = 1;
	}
	return say("", 0);
}

/* Takes memory until @mib are used or none is left. */
static int memory(int mib)
{
	for (int i = 0; i < mib && i < 256; i++) {
		char *block = malloc(1 << 20);

		if (!block)
			return say("", -1);
		memset(block, 1, 1 << 20);
	}
	return say("", 0);
}

/* What the kernel counts of this process in the line @name of /proc/self/status, in KiB. Allocates
 * nothing. */
static long counted(const char *name)
{
	static char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	text[got > 0 ? got : 0] = '\0';
	line = strstr(text, name);
	return line ? atol(line + strlen(name)) : -1;
}

/* Maps up to just under @limit KiB of what @name counts, then a page up to the limit, then one over
 * it. */
static int fill(const char *name, int limit)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	const int rw = PROT_READ | PROT_WRITE;
	size_t rest;

	say("looks", 0); /* its buffer is there */
	rest = (size_t)(limit - counted(name)) << 10;
	say("under", mmap(NULL, rest - 4096, rw, flags, -1, 0) == MAP_FAILED ? -1 : 0);
	say("at", mmap(NULL, 4096, rw, flags, -1, 0) == MAP_FAILED ? -1 : 0);
	return say("over", mmap(NULL, 4096, rw, flags, -1, 0) == MAP_FAILED ? -1 : 0);
}

/* Touches the stack just above @kib KiB from its top, there, and a page below. */
static int deep(int kib)
{
	static const char *const names[] = { "under", "at", "over" };
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	ssize_t got = 0, more;
	unsigned long end = 0;
	char *line;

	while ((more = read(fd, text + got, sizeof(text) - 1 - (size_t)got)) > 0)
		got += more;
	close(fd);
	line = strstr(text, "[stack]");
	while (line && line > text && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, "%*x-%lx", &end) != 1)
		return 2;
	for (int i = 0; i < 3; i++) {
		char *page = (char *)end - ((unsigned long)kib << 10) + (1 - i) * 4096;

		printf("%s ", names[i]);
		fflush(stdout);
		*(volatile char *)page = 1;
		printf("ok\n");
		fflush(stdout);
	}
	return 0;
}

/* As many children at once as can be had, up to @count; they end with us. */
static int forks(int count)
{
	int made = 0;

	for (; made < count; made++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			wait_for_ever();
		}
	}
	printf("forked %d\n", made);
	return made == count ? 0 : 1;
}

/* Uses the processor for that many milliseconds of the clock on the wall. */
static int spin(int milliseconds)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 <
	       milliseconds);
	return 0;
}

/* Uses CPU time until this process has used so much. */
static int burn(int milliseconds)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < milliseconds);
	return 0;
}

/* @count children, one after the other, that use 5 ms of CPU time each, which /proc rounds to none.
 * The kernel reaps them and nobody waits for them. */
static int unseen(int count)
{
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < count; i++) {
		if (fork() == 0)
			_exit(burn(5));
		wait(NULL);
	}
	return 0;
}

/* The same, after the counters of the process have been asked to stop. */
static int uncounted(int count)
{
	printf("%d\n", prctl(PR_TASK_PERF_EVENTS_DISABLE));
	fflush(stdout);
	return unseen(count);
}

static const struct {
	const char *name;
	int (*run)(void);
} probes[] = {
	{ "fds", fds },
	{ "unshare-user", unshare_user },
	{ "clone-user", clone_user },
	{ "clone3-user", clone3_user },
	{ "setns", setns_none },
	{ "tiocsti", tiocsti },
	{ "tiocsti-high", tiocsti_high },
	{ "tioclinux", tioclinux },
	{ "io_uring", io_uring },
	{ "keyctl", keyctl },
	{ "vsock", vsock },
	{ "packet", packet },
	{ "odd_pair", odd_pair },
	{ "ptrace", trace },
	{ "userfaultfd", userfaultfd },
	{ "bpf", bpf },
	{ "perf", perf },
	{ "mount", mounting },
	{ "i386", i386 },
	{ "daemon", daemonise },
	{ "clocks", clocks },
	{ "bits", bits },
};

static int with_number(const char *name, int number)
{
	if (number < 0 || number > MAX_CHILDREN)
		return 2;
	if (strcmp(name, "call") == 0)
		return say("", syscall(number));
	if (strcmp(name, "reopen") == 0)
		return reopen(number);
	if (strcmp(name, "leave") == 0)
		return leave(number);
	if (strcmp(name, "orphans") == 0)
		return orphans(number);
	if (strcmp(name, "stubborn") == 0)
		stubborn(number != 0);
	if (strcmp(name, "memory") == 0)
		return memory(number);
	if (strcmp(name, "huge") == 0)
		return huge(number);
	if (strcmp(name, "space") == 0)
		return fill("VmSize:", number);
	if (strcmp(name, "data") == 0)
		return fill("VmData:", number);
	if (strcmp(name, "deep") == 0)
		return deep(number);
	if (strcmp(name, "forks") == 0)
		return forks(number);
	if (strcmp(name, "spin") == 0)
		return spin(number);
	if (strcmp(name, "burn") == 0)
		return burn(number);
	if (strcmp(name, "unseen") == 0)
		return unseen(number);
	if (strcmp(name, "uncounted") == 0)
		return uncounted(number);
	if (strcmp(name, "exit") == 0)
		return number;
	if (strcmp(name, "signal") == 0)
		return raise(number);
	return 2;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(probes) / sizeof(*probes); i++) {
		if (strcmp(argv[1], probes[i].name) == 0)
			return probes[i].run();
	}
	if (argc == 3 && strcmp(argv[1], "open") == 0)
		return knob(argv[2]);
	if (argc == 3)
		return with_number(argv[1], atoi(argv[2]));
	fprintf(stderr, "probe: unknown\n");
	return 2;
}
