/* heap.h - the memory of the evaluator's Lua: one mapping, given out from the front
 *
 * The collector stays off, so nearly all blocks live to the end; what is freed by growing tables
 * and buffers goes to lists by size. When the mapping is full, Lua says "not enough memory".
 */
#ifndef LAUNCHER_EVAL_HEAP_H
#define LAUNCHER_EVAL_HEAP_H

#include <stdbool.h>
#include <stddef.h>

enum { HEAP_STEP = 16, HEAP_CLASSES = 32, HEAP_BYTES = 128 << 20 };

struct heap_free {
	struct heap_free *next;
};

/* Stands at the start of its mapping. */
struct heap {
	char *next;
	char *end;
	struct heap_free *free[HEAP_CLASSES + 1]; /* by size in steps */
};

/* heap_map() - reserve HEAP_BYTES, at HEAP_PLACE where that is free. Returns 0 or -errno. */
int heap_map(struct heap **heap);

/* heap_at_place() - does it stand where a snapshot of it can be put? */
bool heap_at_place(const struct heap *heap);

/* heap_allocate() - a lua_Alloc whose @opaque is a struct heap. */
void *heap_allocate(void *opaque, void *block, size_t old_size, size_t size);

#endif
