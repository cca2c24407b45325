/* cputime.c - the CPU time of all of a sandbox's processes (see cputime.h)
 *
 * Where a cgroup counts, nothing else is looked at. No process tree uses more than the CPUs that
 * there are, so between two looks the launcher sleeps as long as the limit cannot be reached. A
 * scan is made every 10 ms where there is nothing better, since what ends between two scans may be
 * lost.
 *
 * A process's time is in exactly one place of a scan: its own line while it lives, its parent's
 * line once it was waited for. So when the sum falls, what it has fallen by was reaped unseen, and
 * is added to what is known.
 *
 * Sources: perf_event_open(2), proc_pid_stat(5), begin_new_exec() in fs/exec.c, the kernel's
 * Documentation/admin-guide/cgroup-v2.rst (cpu.stat is there without the controller cpu too).
 */
#include "launcher/watch/cputime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/base.h"
#include "launcher/base/cgroup.h"

enum {
	SCAN_ALONE = 10,   /* ms between scans; more where the limit is more than half a minute */
	SCAN_BESIDE = 100, /* at most, and where the counter is the main source */
	SCANS = 3000,      /* until the limit, while one CPU is used */
	MOST_CPUS = 4096,
	TICK = 10000000, /* ns of one of /proc's: USER_HZ is 100 everywhere */
};

int cputime_open(void)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1, /* a clock does not care, but only so may everyone have one */
		.exclude_hv = 1,
		.enable_on_exec = 1,
	};

	return (int)sys_perf_event_open(&attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* How many CPUs are online; a number too high only makes the launcher look more often. */
static unsigned int count_cpus(void)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, "/sys/devices/system/cpu/online",
					    O_RDONLY | O_CLOEXEC, 0);
	char text[256];
	long got = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);
	const char *last;
	unsigned long highest;

	if (got <= 0)
		return MOST_CPUS;
	text[got] = '\0';
	last = text + strcspn(text, "\n");
	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	highest = strtoul(last, NULL, 10);
	return highest < MOST_CPUS ? (unsigned int)highest + 1 : MOST_CPUS;
}

/* @proc may be only a handle of the place (O_PATH). */
static int open_directory(int proc)
{
	int fd = (int)sys_openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? -1 : fd;
}

static int64_t longest_pause(const struct cputime *time)
{
	uint64_t alone = time->limit / 1000000 / SCANS;

	if (time->from.proc < 0)
		return 1000;
	if (time->from.counter >= 0 || alone > SCAN_BESIDE)
		return SCAN_BESIDE;
	return alone < SCAN_ALONE ? SCAN_ALONE : (int64_t)alone;
}

/* The limit cannot be reached before. */
static int64_t next_look(const struct cputime *time, int64_t now)
{
	int64_t left = (int64_t)((time->limit - time->used) / time->cpus / 1000000);
	int64_t most = longest_pause(time);

	return now + (left < 1 ? 1 : left > most ? most : left);
}

/* What a program that ends at once is spared. */
static void settle(struct cputime *time)
{
	int directory = time->from.proc < 0 ? -1 : open_directory(time->from.proc);

	fd_close(&time->from.proc);
	time->from.proc = directory;
	time->cpus = count_cpus();
	time->settled = true;
}

void cputime_start(struct cputime *time, const struct cputime_sources *from, uint64_t limit,
		   int64_t now)
{
	*time = (struct cputime){ .from = *from,
				  .limit = limit,
				  .cpus = MOST_CPUS,
				  .next_scan = now,
				  .approximate = from->stat < 0 && from->counter < 0 };
	if (from->stat >= 0) {
		fd_close(&time->from.counter);
		fd_close(&time->from.proc);
	}
	time->next = next_look(time, now);
}

void cputime_finish(struct cputime *time)
{
	fd_close(&time->from.stat);
	fd_close(&time->from.counter);
	fd_close(&time->from.proc);
}

uint64_t cputime_parse(const char *line, bool children)
{
	const char *at = strrchr(line, ')');
	uint64_t ticks = 0;

	/* After the name: state, ten numbers, utime, stime, cutime, cstime. */
	for (int field = 0; at && field <= 14; field++) {
		at = strchr(at + 1, ' ');
		if (at && (field >= 13 || (field >= 11 && !children)))
			ticks += strtoull(at + 1, NULL, 10);
	}
	return at ? ticks * TICK : 0;
}

/* What one process has used; of pid 1, which is ours, only its children's. */
static uint64_t of_process(int proc, const char *pid)
{
	cleanup_fd int fd = -1;
	char path[32];
	char line[1024];
	long got;

	snprintf(path, sizeof(path), "%.15s/stat", pid);
	fd = (int)sys_openat(proc, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	got = fd < 0 ? fd : sys_read(fd, line, sizeof(line) - 1);
	if (got <= 0)
		return 0;
	line[got] = '\0';
	return cputime_parse(line, strcmp(pid, "1") == 0);
}

/* The directory entry of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static uint64_t scan(int proc)
{
	char block[4096] __attribute__((aligned(8)));
	uint64_t sum = 0;
	long got;

	if (sys_lseek(proc, 0, SEEK_SET) < 0)
		return 0;
	while ((got = sys_getdents64(proc, block, sizeof(block))) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const struct entry *)(block + at);

			if (entry->name[0] >= '1' && entry->name[0] <= '9')
				sum += of_process(proc, entry->name);
			at += entry->length;
		}
	}
	return sum;
}

/* Another source says @total. Ticks are rounded, by less than one for each process, and the counter
 * begins with the program's execve only. */
static void correct(struct cputime *time, uint64_t total)
{
	if (time->from.stat >= 0 ||
	    (time->from.counter >= 0 && total <= time->used + 2 * TICK + time->used / 8))
		return;
	time->approximate = true;
	if (total > time->used)
		time->used = total;
}

static void look_around(struct cputime *time)
{
	uint64_t sum = scan(time->from.proc);
	uint64_t total;

	if (sum < time->sum)
		time->lost += time->sum - sum;
	time->sum = sum;
	total = sum + time->lost;
	correct(time, total);
}

/* Set-up has used no more than what is counted by the first time, whatever pid 1 says. */
static uint64_t read_stat(struct cputime *time)
{
	char text[1024];
	long got = sys_lseek(time->from.stat, 0, SEEK_SET);
	unsigned long long us;

	if (got == 0)
		got = sys_read(time->from.stat, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	if (!cgroup_value(text, "usage_usec", &us))
		return 0;
	if (us * 1000 < time->from.set_up)
		time->from.set_up = us * 1000;
	return us * 1000 - time->from.set_up;
}

static uint64_t read_counter(const struct cputime *time)
{
	uint64_t value;
	int fd = time->from.counter;

	return fd >= 0 && sys_read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void read_exact(struct cputime *time)
{
	/* May fail: what it said before stands, and the kernel's limits on each process. */
	uint64_t value = time->from.stat >= 0 ? read_stat(time) : read_counter(time);

	if (value > time->used)
		time->used = value;
}

bool cputime_look(struct cputime *time, int64_t now)
{
	if (now < time->next)
		return false;
	if (!time->settled)
		settle(time);
	read_exact(time);
	if (time->from.proc >= 0 && now >= time->next_scan) {
		look_around(time);
		time->next_scan = now + longest_pause(time);
	}
	if (time->used > time->limit)
		return true;
	time->next = next_look(time, now);
	return false;
}

bool cputime_end(struct cputime *time, uint64_t waited)
{
	read_exact(time);
	correct(time, waited);
	return time->used > time->limit;
}
