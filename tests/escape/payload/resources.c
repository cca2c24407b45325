/* resources.c - using something up, to a bound that is small for a host (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "payload.h"

enum { MOST_PROCESSES = 2000, MOST_FILES = 4096, BLOCK = 1 << 20 };

static int at_most(int count, char **arguments, int most)
{
	int wanted = count > 0 ? atoi(arguments[0]) : most;

	return wanted < 0 || wanted > most ? most : wanted;
}

/* N processes that wait. */
static int processes(int count, char **arguments)
{
	int wanted = at_most(count, arguments, MOST_PROCESSES);
	pid_t made[MOST_PROCESSES];
	int i;

	for (i = 0; i < wanted; i++) {
		made[i] = fork();
		if (made[i] < 0)
			break;
		if (made[i] == 0) {
			pause();
			_exit(0);
		}
	}
	(void)say("fork", i < wanted ? -1 : 0);
	while (i-- > 0) {
		kill(made[i], SIGKILL);
		waitpid(made[i], NULL, 0);
	}
	return 0;
}

static void *wait_for_ever(void *nothing)
{
	pause();
	return nothing;
}

/* N threads. */
static int threads(int count, char **arguments)
{
	int wanted = at_most(count, arguments, MOST_PROCESSES);
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
	for (int i = 0; i < wanted; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, &small, wait_for_ever, NULL);
		if (errno)
			return say("thread", -1);
	}
	return say("thread", 0);
}

/* Writes to a new file in DIRECTORY until MIB are there. */
static int fill(int count, char **arguments)
{
	static char block[BLOCK];
	char path[4096];
	int fd, i, most;
	long r = 0;

	if (count < 2)
		return 2;
	most = at_most(1, arguments + 1, 64);
	snprintf(path, sizeof(path), "%s/filling", arguments[0]);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return say("open", -1);
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < most && r >= 0; i++)
		r = write(fd, block, sizeof(block));
	if (r >= 0 && r < (long)sizeof(block))
		r = write(fd, block, sizeof(block));
	(void)say("write", r);
	close(fd);
	unlink(path);
	return 0;
}

/* Descriptors until there are no more. */
static int descriptors(int count, char **arguments)
{
	int wanted = at_most(count, arguments, MOST_FILES);

	for (int i = 0; i < wanted; i++)
		if (open("/", O_PATH | O_CLOEXEC) < 0)
			return say("open", -1);
	return say("open", 0);
}

const struct payload resources_payloads[] = {
	{ "processes", processes },          { "threads", threads }, { "fill", fill },
	{ "many-descriptors", descriptors }, { NULL, NULL },
};
