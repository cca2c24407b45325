/* filter.c - compiles a policy of tests/policies/ and installs filters, for tests/bench/filters.py
 *
 *   filter compile FILE.pol ARCHS [newer]    prints microseconds (the least of many), writes BPF to
 *                                    fd 3; newer: calls newer than the tables get ENOSYS
 *   filter load FILE.bpf             prints the microseconds that installing it takes, in a child
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/policies.h"

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int compile(const char *path, size_t archs, bool newer)
{
	static const enum policy_entry entries[] = { ENTRY_X86_64, ENTRY_I386, ENTRY_X32 };
	static struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	struct test_policy *t = test_read(path, entries, archs, true);
	struct policy_error error;
	double least = 1e9;
	size_t count = 0;

	if (t && newer)
		t->policy.newer = SECCOMP_RET_ERRNO | ENOSYS;
	for (int i = 0; t && i < 50; i++) {
		double start = now();

		if (policy_compile(&t->policy, filter, &count, NULL, &error))
			return 1;
		if (now() - start < least)
			least = now() - start;
	}
	printf("%.1f\n", least);
	free(t);
	return write(3, filter, count * sizeof(*filter)) != (ssize_t)(count * sizeof(*filter));
}

static int load(const char *path)
{
	static struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	struct sock_fprog program = { .filter = filter };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, filter, sizeof(filter));
	double least = 1e9;
	double *took = mmap(NULL, sizeof(*took), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	program.len = (unsigned short)((size_t)size / sizeof(*filter));
	if (took == MAP_FAILED || size <= 0)
		return 1;
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			double start;

			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			start = now();
			if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
				_exit(1);
			/* The vDSO needs no system call, which the filter might refuse. */
			*took = now() - start;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (*took < least)
			least = *took;
	}
	printf("%.1f\n", least);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "compile"))
		return compile(argv[2], (size_t)atoi(argv[3]), argc > 4);
	if (argc == 3 && !strcmp(argv[1], "load"))
		return load(argv[2]);
	return 2;
}
