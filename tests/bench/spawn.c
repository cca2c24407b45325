/* spawn.c - times several commands in turn and prints one line for each
 *
 *   spawn ROUNDS COMMAND [ARG...] [";" COMMAND [ARG...]]...
 *
 * Every round runs each command once, in an order of its own (the same in each run of this
 * program), so that what a launch leaves to the kernel, a network namespace taken down later, say,
 * falls on all alike. Time is from before posix_spawn() to after wait4(). The line is: median, 95th
 * percentile and minimum in microseconds, and the largest resident set of the command or what it
 * waited for, in KiB.
 *
 * This program stays small: a child's resident set begins with its parent's at the spawn.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { MAX_COMMANDS = 16, WARM_UP = 5, PAUSE_NS = 500000 };

struct command {
	char **argv;
	double *times; /* microseconds, one a round */
	long max_rss;  /* KiB */
};

extern char **environ;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Runs the command once; -1 where it did not end with status 0. */
static double launch(struct command *command)
{
	struct rusage usage;
	double start = now();
	double end;
	int status;
	pid_t pid;

	if (posix_spawn(&pid, command->argv[0], NULL, NULL, command->argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid)
		return -1;
	end = now();
	if (usage.ru_maxrss > command->max_rss)
		command->max_rss = usage.ru_maxrss;
	return status == 0 ? end - start : -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static int split(char **argv, struct command *commands)
{
	int count = 0;

	for (; *argv && count < MAX_COMMANDS; count++) {
		commands[count].argv = argv;
		while (*argv && strcmp(*argv, ";") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return count;
}

/* Fisher and Yates, by a linear congruential generator (Knuth's MMIX). */
static void shuffle(int *order, int count, unsigned long long *state)
{
	for (int i = count - 1; i > 0; i--) {
		*state = *state * 6364136223846793005ull + 1442695040888963407ull;
		int other = (int)((*state >> 33) % (unsigned long long)(i + 1));
		int kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
}

static void measure(struct command *commands, int count, int rounds)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	unsigned long long state = 1;
	int order[MAX_COMMANDS];

	for (int i = 0; i < count; i++)
		order[i] = i;
	for (int round = -WARM_UP; round < rounds; round++) {
		shuffle(order, count, &state);
		for (int i = 0; i < count; i++) {
			struct command *command = &commands[order[i]];
			double time = launch(command);

			if (time < 0) {
				fprintf(stderr, "spawn: %s failed\n", command->argv[0]);
				exit(1);
			}
			if (round >= 0)
				command->times[round] = time;
			nanosleep(&pause, NULL);
		}
	}
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS] = { 0 };
	int rounds = argc > 2 ? atoi(argv[1]) : 0;
	int count = split(argv + 2, commands);

	if (rounds < 1 || count < 1)
		return 2;
	for (int i = 0; i < count; i++) {
		commands[i].times = calloc((size_t)rounds, sizeof(double));
		if (!commands[i].times)
			return 1;
	}
	measure(commands, count, rounds);
	for (int i = 0; i < count; i++) {
		double *times = commands[i].times;

		qsort(times, (size_t)rounds, sizeof(double), compare);
		printf("%.1f %.1f %.1f %ld\n", times[rounds / 2], times[rounds * 95 / 100],
		       times[0], commands[i].max_rss);
	}
	return 0;
}
