/* arena.c - memory that lives and dies with one plan (see arena.h) */
#include "launcher/plan/arena.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 8192, ALIGNMENT = 16 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char bytes[];
};

static struct arena_chunk *new_chunk(struct arena_chunk *older, size_t wanted)
{
	size_t size = wanted > CHUNK_BYTES ? wanted : CHUNK_BYTES;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->older = older;
	chunk->used = 0;
	chunk->size = size;
	return chunk;
}

void *arena_take(struct arena_chunk **arena, size_t count, size_t size)
{
	struct arena_chunk *chunk = *arena;
	size_t wanted;
	void *block;

	if (__builtin_mul_overflow(count, size, &wanted) ||
	    __builtin_add_overflow(wanted, ALIGNMENT - 1, &wanted) || wanted > (size_t)-1 / 2)
		return NULL;
	wanted &= ~(size_t)(ALIGNMENT - 1);
	if (!chunk || wanted > chunk->size - chunk->used) {
		chunk = new_chunk(chunk, wanted);
		if (!chunk)
			return NULL;
		*arena = chunk;
	}
	block = chunk->bytes + chunk->used;
	chunk->used += wanted;
	memset(block, 0, wanted);
	return block;
}

void arena_finish(struct arena_chunk *arena)
{
	while (arena) {
		struct arena_chunk *older = arena->older;

		free(arena);
		arena = older;
	}
}
