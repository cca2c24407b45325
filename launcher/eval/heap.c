/* heap.c - the memory of the evaluator's Lua (see heap.h) */
#include "launcher/eval/heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "launcher/eval/snapshot_data.h"
#include "lua/raw/calls.h"

/* The same place at each run, so that nothing that depends on addresses (the order of next() over
 * tables as keys) differs between two runs of one profile, and that the snapshot lies at its front
 * (snapshot.ld). Where it is taken, any place will do. */
#define HEAP_PLACE ((char *)0x40000000ul)

/* Touched by nearly every profile: one fault for all of it instead of one a page. */
enum { HEAP_READY = 216 << 10, MADVISE_POPULATE_WRITE = 23 };

static bool failed(long at)
{
	return (unsigned long)at > (unsigned long)-4096;
}

static size_t steps(size_t size)
{
	return (size + HEAP_STEP - 1) / HEAP_STEP;
}

int heap_map(struct heap **heap)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	size_t there = snapshot_data.bytes == HEAP_PLACE ? SNAPSHOT_BYTES : 0;
	/* May fail: Lua starts from nothing then, elsewhere. */
	long at = sys_mmap(HEAP_PLACE + there, HEAP_BYTES - there, PROT_READ | PROT_WRITE,
			   flags | MAP_FIXED_NOREPLACE, -1, 0);

	if (failed(at)) {
		there = 0;
		at = sys_mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	}
	if (failed(at))
		return (int)at;
	/* May fail: before Linux 5.14 the pages come one by one. */
	(void)sys_madvise((char *)at, HEAP_READY, MADVISE_POPULATE_WRITE);
	*heap = (struct heap *)(at - (long)there);
	if (there && (*heap)->lua)
		return 0;
	**heap = (struct heap){ .end = (char *)*heap + HEAP_BYTES };
	(*heap)->next = (char *)*heap + steps(sizeof(**heap)) * HEAP_STEP;
	return 0;
}

static void *take(struct heap *heap, size_t size)
{
	size_t wanted = steps(size);
	char *block = heap->next;

	if (wanted <= HEAP_CLASSES && heap->free[wanted]) {
		struct heap_free *first = heap->free[wanted];

		heap->free[wanted] = first->next;
		return first;
	}
	if (size > (size_t)(heap->end - block))
		return NULL;
	heap->next += wanted * HEAP_STEP;
	return block;
}

static void give_back(struct heap *heap, void *block, size_t size)
{
	size_t given = steps(size);

	if ((char *)block + given * HEAP_STEP == heap->next) {
		heap->next = block;
	} else if (given <= HEAP_CLASSES) {
		struct heap_free *first = block;

		first->next = heap->free[given];
		heap->free[given] = first;
	}
}

void *heap_allocate(void *opaque, void *block, size_t old_size, size_t size)
{
	struct heap *heap = opaque;
	void *moved;

	if (size == 0) {
		if (block && old_size)
			give_back(heap, block, old_size);
		return NULL;
	}
	if (!block)
		return take(heap, size);
	if (steps(size) <= steps(old_size))
		return block;
	if ((char *)block + steps(old_size) * HEAP_STEP == heap->next &&
	    size <= (size_t)(heap->end - (char *)block)) {
		heap->next = (char *)block + steps(size) * HEAP_STEP;
		return block;
	}
	moved = take(heap, size);
	if (!moved)
		return NULL;
	memcpy(moved, block, old_size);
	give_back(heap, block, old_size);
	return moved;
}
