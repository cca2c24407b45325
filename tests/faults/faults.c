/* faults.c - in build=faults, between the raw layer and the kernel: single calls can fail
 *
 * LUNETTE_FAULT=PROCESS:INDEX:ERRNO makes one call fail without being made: the INDEX-th of the
 * PROCESS-th process of a launch (the launcher is 0, others have the number of their clone).
 * LUNETTE_FAULT=NUMBER:ERRNO lets all calls of that number fail, as on a kernel that lacks it.
 * LUNETTE_CALLS names a file to which the launcher writes all calls at its end, a line each:
 * PROCESS INDEX NUMBER. tests/faults/run.py walks them.
 *
 * All processes of a launch share one page; nothing here uses the C library.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "lua/raw/calls.h"

enum { MOST_CALLS = 8192, MOST_PROCESSES = 16 };

struct shared_calls {
	int clones;
	int count;
	struct {
		short process, index, number;
	} calls[MOST_CALLS];
};

static struct shared_calls *all;
static int next_process;
static struct {
	long pid;
	int process, index;
} seen[MOST_PROCESSES];
static int fault_process = -1, fault_index, fault_number = -1, fault_error;
static long calls_file = -1; /* open from the start: the supervisor opens no more files */

extern char **environ;

static const char *find(const char *name)
{
	for (char **one = environ; one && *one; one++) {
		size_t i = 0;

		while (name[i] && (*one)[i] == name[i])
			i++;
		if (!name[i] && (*one)[i] == '=')
			return *one + i + 1;
	}
	return NULL;
}

static int number_at(const char **text)
{
	int value = 0;

	while (**text >= '0' && **text <= '9')
		value = value * 10 + (*(*text)++ - '0');
	if (**text == ':')
		(*text)++;
	return value;
}

static void start(void)
{
	long page = raw_kernel(RAW_mmap, 0, sizeof(*all), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *fault = find("LUNETTE_FAULT");
	const char *path;
	int words[3] = { 0 };
	int count = 0;

	all = (struct shared_calls *)page;
	path = find("LUNETTE_CALLS");
	if (path)
		calls_file = raw_kernel(RAW_openat, AT_FDCWD, (long)path,
					O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666, 0, 0);
	while (fault && *fault && count < 3)
		words[count++] = number_at(&fault);
	if (count == 3) {
		fault_process = words[0];
		fault_index = words[1];
		fault_error = words[2];
	} else if (count == 2) {
		fault_number = words[0];
		fault_error = words[1];
	}
}

static char *put(char *at, int value, char end)
{
	char digits[12];
	int count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at++ = end;
	return at;
}

/* The launcher is the one that ends by returning from main(). */
static void __attribute__((destructor)) write_calls(void)
{
	long fd = calls_file;

	if (!all || fd < 0)
		return;
	for (int i = 0; i < all->count && i < MOST_CALLS; i++) {
		char line[48];
		char *at = put(line, all->calls[i].process, ' ');

		at = put(at, all->calls[i].index, ' ');
		at = put(at, all->calls[i].number, '\n');
		(void)raw_kernel(RAW_write, fd, (long)line, at - line, 0, 0, 0);
	}
}

/* Which process this is, by its pid: one that shares its parent's memory until exec has no other
 * mark, and its parent goes on after it. The evaluator's filter allows these few calls and no
 * getpid; it shares its memory with nobody. */
static int *index_of(long number, int *process)
{
	bool bare = number == RAW_read || number == RAW_write || number == RAW_mmap ||
		    number == RAW_munmap || number == RAW_brk || number == RAW_exit_group;
	static int i;
	long pid = bare ? seen[i].pid : raw_kernel(RAW_getpid, 0, 0, 0, 0, 0, 0);

	for (i = 0; i < MOST_PROCESSES - 1 && seen[i].pid && seen[i].pid != pid; i++)
		;
	if (seen[i].pid != pid) {
		seen[i].pid = pid;
		seen[i].process = next_process;
		seen[i].index = 0;
	}
	*process = seen[i].process;
	return &seen[i].index;
}

long raw_fault(long number)
{
	int process, here, slot;

	if (!all)
		start();
	here = (*index_of(number, &process))++;
	slot = __atomic_fetch_add(&all->count, 1, __ATOMIC_RELAXED);
	if (slot < MOST_CALLS) {
		all->calls[slot].process = (short)process;
		all->calls[slot].index = (short)here;
		all->calls[slot].number = (short)number;
	}
	if (number != RAW_exit_group &&
	    ((process == fault_process && here == fault_index) || number == fault_number))
		return -fault_error;
	if (number == RAW_clone3 || number == RAW_clone)
		next_process = __atomic_add_fetch(&all->clones, 1, __ATOMIC_RELAXED);
	return 0;
}
