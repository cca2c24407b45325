/* faults.c - in build=faults, between the raw layer and the kernel: single calls can fail
 *
 * LUNETTE_FAULT=PROCESS:INDEX:ERRNO:NUMBER makes one call fail without being made: the first of
 * that number from the INDEX-th on of the PROCESS-th process of a launch (the launcher is 0, others
 * have the number of their clone); not all launches make just as many. With PROCESS:INDEX:0 that
 * process is killed there instead.
 * LUNETTE_FAULT=NUMBER:ERRNO lets all calls of that number fail, as on a kernel that lacks it.
 * LUNETTE_CALLS names a file to which the launcher writes all calls at its end, or the one that
 * failed: PROCESS INDEX NUMBER and, innermost first, from where it was made. tests/faults/run.py
 * walks them. An allocation counts as a call too (RAW_FAULT_MEMORY).
 *
 * All processes of a launch share one page; nothing here uses the C library.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "lua/raw/calls.h"

enum { MOST_CALLS = 8192, MOST_PROCESSES = 16, MOST_FRAMES = 20 };

struct call {
	short process, index, number, depth;
	unsigned long from[MOST_FRAMES];
};

struct shared_calls {
	int clones;
	int count;
	int failed; /* which call was made to fail, counted from 1 */
	struct call calls[MOST_CALLS];
};

static struct shared_calls *all;
static int next_process;
static struct seen {
	long pid;
	int process, index;
} seen[MOST_PROCESSES];
static const unsigned long *top; /* of the stack */
static bool filtered;            /* from the seccomp call on, until execve */
static int fault_process = -1, fault_index, fault_number = -1, fault_error;
static bool fault_done;      /* in this process: a fault is one call's */
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
	int words[4] = { 0 };
	int count = 0;

	all = (struct shared_calls *)page;
	top = (const unsigned long *)(const void *)environ;
	path = find("LUNETTE_CALLS");
	if (path)
		calls_file = raw_kernel(RAW_openat, AT_FDCWD, (long)path,
					O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666, 0, 0);
	while (fault && *fault && count < 4)
		words[count++] = number_at(&fault);
	if (count >= 3) {
		fault_process = words[0];
		fault_index = words[1];
		fault_error = words[2];
		fault_number = words[3];
	} else if (count == 2) {
		fault_number = words[0];
		fault_error = words[1];
	}
}

static char *put(char *at, unsigned long value, char end)
{
	char digits[24];
	int count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at++ = end;
	return at;
}

static void write_call(long fd, const struct call *call)
{
	char line[64 + MOST_FRAMES * 24];
	char *at = put(line, (unsigned long)call->process, ' ');

	at = put(at, (unsigned long)call->index, ' ');
	at = put(at, (unsigned long)call->number, ' ');
	for (int i = 0; i < call->depth; i++)
		at = put(at, call->from[i], ' ');
	at[-1] = '\n';
	(void)raw_kernel(RAW_write, fd, (long)line, at - line, 0, 0, 0);
}

/* The launcher is the one that ends by returning from main(). */
static void __attribute__((destructor)) write_calls(void)
{
	long fd = calls_file;

	if (!all || fd < 0)
		return;
	if (all->failed)
		write_call(fd, &all->calls[all->failed - 1]);
	for (int i = 0; i < all->count && i < MOST_CALLS && !all->failed; i++)
		write_call(fd, &all->calls[i]);
}

/* Which process this is, by its pid: one that shares its parent's memory until exec has no other
 * mark, and its parent goes on after it. Who has a filter may not ask for it, but is the one who
 * asked last. */
static struct seen *this_process(void)
{
	static int i;
	long pid = filtered ? seen[i].pid : raw_kernel(RAW_getpid, 0, 0, 0, 0, 0, 0);

	for (i = 0; i < MOST_PROCESSES - 1 && seen[i].pid && seen[i].pid != pid; i++)
		;
	if (seen[i].pid != pid) {
		seen[i].pid = pid;
		seen[i].process = next_process;
		seen[i].index = 0;
	}
	return &seen[i];
}

/* Return addresses, by the frame pointers that this build keeps. A frame begins with its caller's
 * frame and the address to return to (System V ABI for x86-64, 3.2.2; the same on AArch64). */
static void trace(struct call *call, const unsigned long *frame)
{
	while (call->depth < MOST_FRAMES && frame < top) {
		const unsigned long *caller = (const unsigned long *)frame[0];

		call->from[call->depth++] = frame[1];
		if (caller <= frame)
			return;
		frame = caller;
	}
}

/* Kills this process only; where a filter forbids that, the filter does it. */
static void die(const struct call *call)
{
	if (!call->process)
		write_call(calls_file, call);
	(void)raw_kernel(RAW_kill, raw_kernel(RAW_getpid, 0, 0, 0, 0, 0, 0), 9, 0, 0, 0, 0);
	for (;;)
		__builtin_trap();
}

/* Is this call the one, or one of those, that LUNETTE_FAULT names? */
static bool is_faulty(int process, int index, long number)
{
	/* A close that fails has closed (close(2)). */
	if (number == RAW_exit_group || number == RAW_close)
		return false;
	if (fault_process < 0)
		return number == fault_number;
	if (process != fault_process || fault_done)
		return false;
	fault_done =
		fault_error ? index >= fault_index && number == fault_number : index == fault_index;
	return fault_done;
}

long raw_fault(long number, long a)
{
	struct seen *process;
	int here, slot;

	if (!all)
		start();
	process = this_process();
	here = process->index++;
	slot = __atomic_fetch_add(&all->count, 1, __ATOMIC_RELAXED);
	if (slot < MOST_CALLS) {
		struct call *call = &all->calls[slot];

		call->process = (short)process->process;
		call->index = (short)here;
		call->number = (short)number;
		trace(call, __builtin_frame_address(0));
	}
	if (is_faulty(process->process, here, number)) {
		all->failed = slot + 1;
		if (!fault_error)
			die(&all->calls[slot]);
		return -fault_error;
	}
	if (number == RAW_seccomp || (number == RAW_prctl && a == PR_SET_SECCOMP))
		filtered = true;
	else if (number == RAW_execve)
		filtered = false;
	if (number == RAW_clone3 || number == RAW_clone)
		next_process = __atomic_add_fetch(&all->clones, 1, __ATOMIC_RELAXED);
	return 0;
}
