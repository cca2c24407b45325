/* heap.h - the memory of the evaluator's Lua: one mapping, given out from the front
 *
 * The collector stays off, so nearly all blocks live to the end; what is freed by growing tables
 * and buffers goes to lists by size. When the mapping is full, Lua says "not enough memory".
 */
#ifndef LAUNCHER_EVAL_HEAP_H
#define LAUNCHER_EVAL_HEAP_H

#include <stddef.h>

enum { HEAP_STEP = 16, HEAP_CLASSES = 32, HEAP_BYTES = 128 << 20 };

struct heap_free {
	struct heap_free *next;
};

/* Stands at the start of its memory. */
struct heap {
	char *next;
	char *end;
	void *lua; /* the state that the build has made in it, or NULL */
	struct heap_free *free[HEAP_CLASSES + 1]; /* by size in steps */
};

/* heap_map() - reserve HEAP_BYTES, behind the binary's snapshot where there is one. Once in a
 * process. Returns 0 or -errno. */
int heap_map(struct heap **heap);

/* heap_allocate() - a lua_Alloc whose @opaque is a struct heap. */
void *heap_allocate(void *opaque, void *block, size_t old_size, size_t size);

#endif
