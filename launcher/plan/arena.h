/* arena.h - memory that lives and dies with one plan
 *
 * Blocks are zeroed, aligned to 16 bytes and never freed one by one. The arena is a chain of
 * chunks; its handle is the newest chunk, NULL for an empty arena.
 */
#ifndef LAUNCHER_PLAN_ARENA_H
#define LAUNCHER_PLAN_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* arena_take() - @count blocks of @size bytes in a row, or NULL where memory or size_t runs out. */
void *arena_take(struct arena_chunk **arena, size_t count, size_t size);

void arena_finish(struct arena_chunk *arena);

#endif
