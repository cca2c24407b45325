/* processes.c - other processes, namespaces, ids and capabilities (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "payload.h"

/* Everything that one process can do to another without being told to: PID. A process that is a
 * child of ours cannot be more than ourselves, so none is made. */
static int intrude(int count, char **arguments)
{
	static const char *const files[] = { "root", "cwd", "exe", "mem", "environ", "maps" };
	pid_t pid = count > 0 ? atoi(arguments[0]) : 1;
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)&byte, 1 };
	int pidfd;

	(void)say("kill", kill(pid, 0));
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		(void)say("ptrace", 0);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	} else {
		(void)say("ptrace", -1);
	}
	/* The address is ours: a victim of the same program has something there too. EFAULT says that
	 * the kernel would have let us. */
	(void)say("readv", process_vm_readv(pid, &here, 1, &there, 1, 0));
	(void)say("kcmp", syscall(SYS_kcmp, getpid(), pid, 0, 0, 0));
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	(void)say_fd("pidfd_getfd", pidfd < 0 ? -1 : syscall(438, pidfd, 0, 0));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		(void)say_fd(files[i],
			     open(path, (i < 2 ? O_DIRECTORY : 0) | O_RDONLY | O_CLOEXEC));
	}
	return 0;
}

static void namespaces_of(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)say(name, -1);
		return;
	}
	(void)say(name, setns(fd, 0));
	(void)say_fd("owner", ioctl(fd, 0xb701));  /* NS_GET_USERNS */
	(void)say_fd("parent", ioctl(fd, 0xb702)); /* NS_GET_PARENT */
	close(fd);
}

/* Joins each of its own namespaces, and climbs to their owners and parents. */
static int climb(int count, char **arguments)
{
	static const char *const names[] = { "user", "mnt", "pid", "net" };

	(void)count;
	(void)arguments;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		namespaces_of(names[i]);
	return 0;
}

/* A user namespace of its own, by each call. */
static int nest(int count, char **arguments)
{
	unsigned long long args[8] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)count;
	(void)arguments;
	if (pid == 0)
		_exit(0);
	(void)say("clone", pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	pid = syscall(435, args, sizeof(args));
	if (pid == 0)
		_exit(0);
	(void)say("clone3", pid);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return say("unshare", unshare(CLONE_NEWUSER));
}

static void show_capabilities(void)
{
	char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	char *line;

	close(fd);
	text[got > 0 ? got : 0] = '\0';
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "Cap", 3) == 0)
			printf("%.6s %s\n", line, line + 8);
	fflush(stdout);
}

/* The capability sets, then those of a program it starts. */
static int capabilities(int count, char **arguments)
{
	pid_t pid;

	show_capabilities();
	if (count > 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		char *argv[] = { "payload", "capabilities", "child", NULL };

		execve("/proc/self/exe", argv, environ);
		_exit(2);
	}
	waitpid(pid, NULL, 0);
	(void)arguments;
	return 0;
}

/* Becomes root again, if it can, and looks what that brought. */
static int regain(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	(void)say("setresuid", setresuid(0, 0, 0));
	(void)say("setresgid", setresgid(0, 0, 0));
	(void)say("setgroups", setgroups(0, NULL));
	(void)say("keepcaps", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	(void)say("bounding", prctl(PR_CAPBSET_DROP, 0, 0, 0, 0));
	(void)say("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0));
	show_capabilities();
	return 0;
}

/* A key in the caller's session keyring, by its description. */
static int key(int count, char **arguments)
{
	const char *name = count > 0 ? arguments[0] : "none";

	(void)say("search",
		  syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", name, 0));
	return say("request", syscall(SYS_request_key, "user", name, NULL, 0));
}

/* Writes what looks like a message of the launcher's to every descriptor. */
static int forge(int count, char **arguments)
{
	static const char text[] = "{ \"lunette\": 1, \"status\": \"exited\", \"exit_code\": 0 }\n";

	(void)count;
	(void)arguments;
	for (int fd = 3; fd < 1024; fd++)
		if (write(fd, text, sizeof(text) - 1) > 0)
			printf("wrote to %d\n", fd);
	return 125;
}

static int crash(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	raise(SIGSEGV);
	return 0;
}

const struct payload processes_payloads[] = {
	{ "intrude", intrude }, { "climb", climb },
	{ "nest", nest },       { "capabilities", capabilities },
	{ "regain", regain },   { "key", key },
	{ "forge", forge },     { "crash", crash },
	{ NULL, NULL },
};
