/* lua_heap.h - the memory of `lunette lua`: given out by size, and taken back
 *
 * The launcher's malloc keeps what is freed, since a launch is short; a script may run for weeks.
 * Small blocks go to lists by size, blocks of LUA_HEAP_LARGE and more are mappings of their own.
 */
#ifndef LAUNCHER_CMD_LUA_HEAP_H
#define LAUNCHER_CMD_LUA_HEAP_H

#include <stddef.h>

enum {
	LUA_HEAP_STEP = 16,
	LUA_HEAP_SMALL = 1024, /* up to here classes are steps, above powers of two */
	LUA_HEAP_LARGE = 128 << 10,
	LUA_HEAP_CHUNK = 256 << 10,
	LUA_HEAP_CLASSES = LUA_HEAP_SMALL / LUA_HEAP_STEP + 8,
};

struct lua_heap_free {
	struct lua_heap_free *next;
};

struct lua_heap {
	char *next; /* of the chunk at hand */
	char *end;
	struct lua_heap_free *free[LUA_HEAP_CLASSES];
};

/* lua_heap_allocate() - a lua_Alloc whose @opaque is a struct lua_heap, all zero at first. */
void *lua_heap_allocate(void *opaque, void *block, size_t old_size, size_t size);

#endif
