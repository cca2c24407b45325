/* snapshot.c - the evaluator's Lua, ready-made (see snapshot.h) */
#include "launcher/eval/snapshot.h"

#include <errno.h>
#include <string.h>

#include "launcher/base/base.h"
#include "launcher/eval/snapshot_data.h"

bool snapshot_missing(void)
{
	return !snapshot_data.heap.lua;
}

int snapshot_write(int fd, struct heap *heap, lua_State *lua)
{
	if (heap != &snapshot_data.heap || heap->next > snapshot_data.bytes + SNAPSHOT_BYTES)
		return -EFBIG;
	heap->lua = lua;
	/* What was freed lies between what stays: a block there would cost a copy of a page. So would
	 * one in the section's last page. */
	memset(heap->free, 0, sizeof(heap->free));
	heap->next = snapshot_data.bytes + SNAPSHOT_BYTES;
	return fd_write_all(fd, snapshot_data.bytes, SNAPSHOT_BYTES);
}
