/* test_cputime.c - CPU time of a tree of processes, by a counter and by a scan of /proc */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher/base/base.h"
#include "launcher/watch/cputime.h"
#include "tests/unit/tap.h"

static void check_lines(void)
{
	const char *line = "7 (a) b) R 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0 1 0 5\n";

	is_number(cputime_parse(line, false), 127 * 10000000ll, "all four columns");
	is_number(cputime_parse(line, true), 7 * 10000000ll, "the children's");
	is_number(cputime_parse("7 (a", false), 0, "half a line");
	is_number(cputime_parse("7 (a) R 1 2", false), 0, "a short one");
	is_number(cputime_parse("", false), 0, "an empty one");
}

static int64_t now(void)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.seconds * 1000 + ts.nanoseconds / 1000000;
}

/* Uses @ms of CPU time. */
static void burn(int64_t ms)
{
	struct rusage usage;

	do
		(void)sys_getrusage(RUSAGE_SELF, &usage);
	while (usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
		       usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000 <
	       ms);
}

/* The scan looks at all of the host here, so only growth can be tested: a child that works makes
 * the sum grow, and its end, waited for, does not make it shrink. */
static void check_scan(void)
{
	struct cputime time;
	uint64_t before;
	long child;
	const struct cputime_sources from = {
		.stat = -1,
		.counter = -1,
		.proc = (int)sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
	};

	cputime_start(&time, &from, UINT64_MAX / 2, now());
	ok(time.approximate, "a scan alone is approximate");
	(void)cputime_look(&time, time.next);
	before = time.used;
	child = sys_clone(SIGCHLD);
	if (child == 0) {
		burn(300);
		(void)sys_exit_group(0);
	}
	(void)sys_waitid(P_PID, (int)child, NULL, WEXITED, NULL);
	ok(!cputime_look(&time, time.next), "the limit is far");
	ok(time.used >= before + 250000000, "a child's time is seen: %lld ms",
	   (long long)(time.used - before) / 1000000);
	time.limit = before + 100000000;
	ok(cputime_look(&time, time.next), "past the limit");
	cputime_finish(&time);
}

static void check_end(void)
{
	const struct cputime_sources from = { .stat = -1, .counter = -1, .proc = -1 };
	struct cputime time;

	cputime_start(&time, &from, 1000, now());
	ok(!cputime_end(&time, 1000), "as much as the limit is not too much");
	ok(cputime_end(&time, 1001), "more is");
	cputime_finish(&time);
}

/* A cgroup's cpu.stat, made up, that says @us. */
static void say(int stat, unsigned long long us)
{
	char text[128];
	int length =
		snprintf(text, sizeof(text), "usage_usec %llu\nuser_usec 1\nsystem_usec 2\n", us);

	(void)!ftruncate(stat, 0);
	(void)!pwrite(stat, text, (size_t)length, 0);
}

/* What the set-up used is taken off, and nothing else is believed. */
static void check_stat(void)
{
	char path[] = "/tmp/test_cputime.XXXXXX";
	int stat = mkstemp(path);
	const struct cputime_sources from = { .stat = stat,
					      .set_up = 2000000,
					      .counter = -1,
					      .proc = open("/proc", O_RDONLY | O_CLOEXEC) };
	struct cputime time;

	unlink(path);
	say(stat, 2000);
	cputime_start(&time, &from, 500000000, now());
	is_number(time.from.proc, -1, "beside a cgroup nothing is scanned");
	ok(!time.approximate, "a cgroup's figure is exact");
	ok(!cputime_look(&time, time.next) && time.used == 0, "the set-up was nothing");
	say(stat, 502000);
	ok(!cputime_look(&time, time.next), "as much as the limit is not too much");
	is_number((long long)time.used, 500000000, "it is what the program used");
	say(stat, 502001);
	ok(cputime_look(&time, time.next), "a microsecond more is");
	say(stat, 502000);
	(void)!ftruncate(stat, 0);
	ok(cputime_end(&time, 0), "what was known stays known");
	ok(cputime_end(&time, 900000000) && time.used == 500001000 && !time.approximate,
	   "what pid 1 waited for is in it");
	cputime_finish(&time);
}

/* A pid 1 that somebody has taken over says that all was the set-up's. */
static void check_lie(void)
{
	char path[] = "/tmp/test_cputime.XXXXXX";
	const struct cputime_sources from = {
		.stat = mkstemp(path), .set_up = UINT64_MAX, .counter = -1, .proc = -1
	};
	struct cputime time;

	unlink(path);
	say(from.stat, 3000);
	cputime_start(&time, &from, 500000000, now());
	ok(!cputime_look(&time, time.next), "what was used by the first look may be the set-up's");
	say(from.stat, 504000);
	ok(cputime_look(&time, time.next), "what comes after it is not");
	cputime_finish(&time);
}

static void check_counter(void)
{
	int fd = cputime_open();

	if (fd < 0) {
		skip("host: no counters for ordinary users", "a counter opens: %d", fd);
		return;
	}
	ok(sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC, "a counter is closed by exec");
	fd_close(&fd);
}

int main(void)
{
	check_lines();
	check_scan();
	check_end();
	check_stat();
	check_lie();
	check_counter();
	return done();
}
