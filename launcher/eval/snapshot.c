/* snapshot.c - the evaluator's Lua, ready-made (see snapshot.h) */
#include "launcher/eval/snapshot.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "launcher/base/base.h"
#include "launcher/eval/snapshot_data.h"

static size_t used(const struct heap *heap)
{
	return (size_t)(heap->next - (const char *)heap);
}

lua_State *snapshot_restore(struct heap *heap)
{
	if (snapshot_missing() || !heap_at_place(heap))
		return NULL;
	memcpy(heap, snapshot_data.heap, snapshot_data.length);
	return (lua_State *)(uintptr_t)snapshot_data.lua;
}

bool snapshot_missing(void)
{
	return snapshot_data.length == 0;
}

int snapshot_write(int fd, const struct heap *heap, const lua_State *lua)
{
	static const char zeros[4096];
	struct snapshot head = { .length = used(heap), .lua = (uintptr_t)lua };
	size_t left = sizeof(head.heap);
	int ret;

	if (!heap_at_place(heap) || used(heap) > left)
		return -EFBIG;
	ret = fd_write_all(fd, (const char *)&head, offsetof(struct snapshot, heap));
	if (ret == 0)
		ret = fd_write_all(fd, (const char *)heap, used(heap));
	for (left -= used(heap); ret == 0 && left; left -= left < 4096 ? left : 4096)
		ret = fd_write_all(fd, zeros, left < 4096 ? left : 4096);
	return ret;
}
