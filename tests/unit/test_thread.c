/* test_thread.c - a thread that the C library knows nothing of: what it shares and what not */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lua/raw/calls.h"
#include "lua/raw/thread.h"
#include "tests/unit/tap.h"

static _Alignas(16) char stack[16384];

static struct {
	volatile uint32_t running;
	volatile uint32_t go;
	long process, thread;
	uintptr_t frame;
	int fd;
	char text[32];
} seen;

/* Enough of a function: a frame with an aligned variable, and a call that writes by a pointer. */
static void run(void *argument)
{
	_Alignas(16) char words[16] = "of the thread";

	while (!seen.go)
		(void)sys_sched_yield();
	seen.frame = (uintptr_t)words;
	seen.process = sys_getpid();
	seen.thread = raw_entry(RAW_gettid, 0, 0, 0, 0, 0, 0);
	seen.fd = (int)sys_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
	(void)raw_entry(RAW_chdir, (long)"/", 0, 0, 0, 0, 0);
	(void)sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	memcpy(argument, words, sizeof(words));
}

static long start(void)
{
	struct clone_args args = {
		.flags = RAW_CLONE_CHILD_CLEARTID,
		.child_tid = (uint64_t)(uintptr_t)&seen.running,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};

	seen.running = 1;
	return sys_thread(&args, run, seen.text);
}

int main(void)
{
	struct stat st;
	long id;

	ok(sys_chdir("/proc") == 0, "the caller has a directory of its own");
	id = start();
	if (!ok(id > 0, "a thread starts, and its maker goes on"))
		return done();
	ok(!seen.text[0] && seen.running == 1, "beside it");
	seen.go = 1;
	while (seen.running)
		(void)sys_futex_wait(&seen.running, 1);
	is_text(seen.text, "of the thread", "it writes where its argument points");
	is_number(seen.thread, id, "its id is what the maker was told");
	is_number(seen.process, sys_getpid(), "it is of the same process");
	ok(seen.frame > (uintptr_t)stack && seen.frame < (uintptr_t)stack + sizeof(stack),
	   "it works on the stack that it was given");
	is_number(seen.frame % 16, 0, "which is aligned");
	is_number(sys_fstat(seen.fd, &st), 0, "what it opens is open for all");
	ok(sys_newfstatat(AT_FDCWD, "self/fd", &st, 0) == 0, "where it goes, the others do not");
	is_number(sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0,
		  "nor do they lose what it gives up");
	is_number(sys_futex_wait(&seen.go, 0), -EAGAIN,
		  "a word of another value is not waited for");
	return done();
}
