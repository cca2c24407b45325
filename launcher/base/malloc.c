/* malloc.c - malloc for a program that lives for one launch
 *
 * A launcher allocates little, once, and then waits. musl's own allocator spreads that over groups
 * of slots, each in pages of its own, and a page fault is what a launch is made of: 70 of 250 were
 * the allocator's (Linux 6.18, `perf record -e page-faults`). Here memory is taken from one end of
 * a mapping; only the block that was made last can be given back or grown in place, and everything
 * else stays until the process ends. Plans are bounded (PLAN_MAX_BYTES), and so is what this holds.
 *
 * Used where the binary is linked with musl, which lets a program bring its own (musl manual,
 * "replacing malloc"); the sanitizers and glibc keep theirs. Single-threaded, as the launcher is.
 */
#ifdef LUNETTE_OWN_MALLOC

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lua/raw/calls.h"

enum {
	ALIGNMENT = 16,
	CHUNK = 1 << 20,
	READY = 48 << 10, /* what a launch uses, made present at once instead of page by page */
	MADVISE_POPULATE_WRITE = 23, /* Linux 5.14, include/uapi/asm-generic/mman-common.h */
};

struct header {
	size_t size; /* of the block behind it, a multiple of ALIGNMENT */
	size_t unused;
};

/* The one state of this program that is not handed from caller to callee, as malloc's must be. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static char *top;   /* where the next header goes */
static char *end;   /* of the mapping */
static char *dirty; /* below it memory may have been written to; above it is zero */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

static struct header *header_of(void *block)
{
	return (struct header *)block - 1;
}

static size_t rounded(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static bool more(size_t size)
{
	size_t length = size + CHUNK;
	long at =
		sys_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at < 0 && at >= -4095)
		return false;
	/* May fail: the pages come one by one then. */
	if (!end)
		(void)sys_madvise((char *)at, READY, MADVISE_POPULATE_WRITE);
	top = dirty = (char *)at;
	end = top + length;
	return true;
}

/* Not by the name of malloc, whose calls the compiler thinks it understands. */
static void *take(size_t size)
{
	size_t room;
	struct header *header;

	if (size > SIZE_MAX / 4 || raw_fault(RAW_FAULT_MEMORY, 0) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	room = rounded(size ? size : 1);
	if ((size_t)(end - top) < room + sizeof(*header) && !more(room)) {
		errno = ENOMEM;
		return NULL;
	}
	header = (struct header *)(void *)top;
	header->size = room;
	top += sizeof(*header) + room;
	return header + 1;
}

void *malloc(size_t size)
{
	return take(size);
}

void free(void *ptr)
{
	char *block = ptr;

	if (!block || block + header_of(block)->size != top)
		return;
	if (dirty < top)
		dirty = top;
	top = (char *)header_of(block);
}

void *calloc(size_t nmemb, size_t size)
{
	char *clean = dirty;
	size_t length;
	char *block;

	if (__builtin_mul_overflow(nmemb, size, &length)) {
		errno = ENOMEM;
		return NULL;
	}
	block = take(length);
	if (!block)
		return NULL;
	/* A new mapping is zero; in an old one, what lies below `clean` may not be. */
	if (clean > block && clean <= end)
		memset(block, 0,
		       clean - block < (ptrdiff_t)length ? (size_t)(clean - block) : length);
	return block;
}

void *realloc(void *ptr, size_t size)
{
	char *block = ptr;
	size_t old = block ? header_of(block)->size : 0;
	void *bigger;

	if (block && size <= old)
		return block;
	if (block && block + old == top && size <= SIZE_MAX / 4 &&
	    (size_t)(end - block) >= rounded(size)) {
		header_of(block)->size = rounded(size);
		top = block + rounded(size);
		return block;
	}
	bigger = take(size);
	if (bigger && block)
		memcpy(bigger, block, old);
	return bigger;
}

#else

/* An empty translation unit is no C. */
typedef int launcher_base_malloc_unused;

#endif
