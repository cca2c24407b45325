/* files.c - descriptors, files and what the process was given (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "payload.h"

enum { MOST_DESCRIPTORS = 1100 };

/* Looked for by number, as /proc may be missing. */
static int descriptors(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	printf("\n");
	return 0;
}

/* Ways from each descriptor to a directory of the host. */
static int directories(int count, char **arguments)
{
	const char *name = count > 0 ? arguments[0] : "etc";

	for (int fd = 3; fd < MOST_DESCRIPTORS; fd++) {
		int opened = openat(fd, name, O_RDONLY | O_CLOEXEC);

		if (opened >= 0) {
			printf("openat %d\n", fd);
			close(opened);
		}
		if (fchdir(fd) == 0)
			printf("fchdir %d\n", fd);
	}
	printf("end\n");
	return 0;
}

/* Runs a program in its place. */
static int run(int count, char **arguments)
{
	if (count > 0)
		execv(arguments[0], arguments);
	return say("run", -1);
}

static int open_for_writing(int count, char **arguments)
{
	for (int i = 0; i < count; i++)
		(void)say_fd(arguments[i], open(arguments[i], O_WRONLY | O_CLOEXEC | O_NONBLOCK));
	return 0;
}

static int open_for_reading(int count, char **arguments)
{
	for (int i = 0; i < count; i++) {
		int fd = open(arguments[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		char block[512];
		ssize_t got = fd < 0 ? -1 : read(fd, block, sizeof(block));

		if (got == 0)
			printf("%s empty\n", arguments[i]);
		else
			(void)say(arguments[i], got);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static int make_nodes(int count, char **arguments)
{
	static const struct {
		const char *name;
		mode_t mode;
		unsigned int major, minor;
	} nodes[] = { { "node-null", S_IFCHR, 1, 3 }, { "node-disk", S_IFBLK, 8, 0 } };

	(void)count;
	(void)arguments;
	for (size_t i = 0; i < 2; i++) {
		int made = mknod(nodes[i].name, nodes[i].mode | 0600,
				 makedev(nodes[i].major, nodes[i].minor));

		(void)say(nodes[i].name, made);
		if (made == 0)
			unlink(nodes[i].name);
	}
	return 0;
}

static int environment(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	for (char **one = environ; *one; one++)
		printf("%.*s\n", (int)strcspn(*one, "="), *one);
	return 0;
}

/* What a process inherits besides descriptors and environment. */
static int attributes(int count, char **arguments)
{
	struct rlimit core = { 0 };
	mode_t mask = umask(0);

	(void)count;
	(void)arguments;
	getrlimit(RLIMIT_CORE, &core);
	printf("umask %03o\n", mask);
	printf("core %llu\n", (unsigned long long)core.rlim_cur);
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("session %s\n", getsid(0) > 0 ? "inside" : "the caller's");
	printf("scheduler %d\n", sched_getscheduler(0));
	return 0;
}

/* Runs a file and lets it say its effective ids. */
static int effective(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	printf("euid %s\n", geteuid() == getuid() ? "same" : "changed");
	printf("egid %s\n", getegid() == getgid() ? "same" : "changed");
	return 0;
}

const struct payload files_payloads[] = {
	{ "descriptors", descriptors },
	{ "directories", directories },
	{ "run", run },
	{ "open-for-writing", open_for_writing },
	{ "open-for-reading", open_for_reading },
	{ "make-nodes", make_nodes },
	{ "environment", environment },
	{ "attributes", attributes },
	{ "effective", effective },
	{ NULL, NULL },
};
