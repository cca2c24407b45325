/* lua_heap.c - the memory of `lunette lua` (see lua_heap.h) */
#include "launcher/cmd/lua_heap.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "lua/raw/calls.h"

static void *map(size_t length)
{
	long at =
		sys_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (unsigned long)at > (unsigned long)-4096 ? NULL : (void *)at;
}

/* The class of @size, and how many bytes its blocks have. */
static size_t class_of(size_t size, size_t *bytes)
{
	size_t class = (size - 1) / LUA_HEAP_STEP;

	*bytes = (class + 1) * LUA_HEAP_STEP;
	if (size <= LUA_HEAP_SMALL)
		return class;
	class = LUA_HEAP_SMALL / LUA_HEAP_STEP;
	for (*bytes = 2 * LUA_HEAP_SMALL; *bytes < size; *bytes *= 2)
		class ++;
	return class;
}

static void *take(struct lua_heap *heap, size_t size)
{
	size_t bytes;
	size_t class;
	char *block;

	if (size >= LUA_HEAP_LARGE)
		return map(size);
	class = class_of(size, &bytes);
	if (heap->free[class]) {
		struct lua_heap_free *first = heap->free[class];

		heap->free[class] = first->next;
		return first;
	}
	if ((size_t)(heap->end - heap->next) < bytes) {
		block = map(LUA_HEAP_CHUNK);
		if (!block)
			return NULL;
		heap->next = block; /* what was left of the old chunk is less than one block */
		heap->end = block + LUA_HEAP_CHUNK;
	}
	block = heap->next;
	heap->next += bytes;
	return block;
}

static void give_back(struct lua_heap *heap, void *block, size_t size)
{
	struct lua_heap_free *first = block;
	size_t bytes;
	size_t class;

	if (!block)
		return;
	if (size >= LUA_HEAP_LARGE) {
		(void)sys_munmap(block, size); /* a whole mapping of ours: it cannot fail */
		return;
	}
	class = class_of(size, &bytes);
	first->next = heap->free[class];
	heap->free[class] = first;
}

void *lua_heap_allocate(void *opaque, void *block, size_t old_size, size_t size)
{
	struct lua_heap *heap = opaque;
	size_t old_bytes;
	size_t bytes;
	void *moved;

	if (size == 0) {
		give_back(heap, block, old_size);
		return NULL;
	}
	if (block && size < LUA_HEAP_LARGE && old_size < LUA_HEAP_LARGE &&
	    class_of(size, &bytes) == class_of(old_size, &old_bytes))
		return block;
	moved = take(heap, size);
	if (!moved)
		return NULL;
	if (block) {
		memcpy(moved, block, size < old_size ? size : old_size);
		give_back(heap, block, old_size);
	}
	return moved;
}
