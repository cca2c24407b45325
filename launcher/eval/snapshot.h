/* snapshot.h - the evaluator's Lua as it stands before the first question, made by the build
 *
 * Opening the libraries and loading the modules that every evaluation uses gives the same bytes in
 * the same place each time. So the build runs the linked binary once (main.c), takes the heap, and
 * puts it into the binary's section ".snapshot"; the evaluator copies it to its place. The
 * addresses in it are those of this one binary, which is linked to fixed ones; a binary whose
 * section is empty (the sanitizers', glibc's, that of the unit tests) opens Lua anew.
 */
#ifndef LAUNCHER_EVAL_SNAPSHOT_H
#define LAUNCHER_EVAL_SNAPSHOT_H

#include <lua.h>

#include "launcher/eval/heap.h"

/* snapshot_restore() - the Lua state of the snapshot, in @heap; NULL where there is none or @heap
 * stands elsewhere. */
lua_State *snapshot_restore(struct heap *heap);

/* snapshot_missing() - is this the binary that the build takes the snapshot of? */
bool snapshot_missing(void);

/* snapshot_write() - write the section's contents to @fd. Returns 0, -errno, or -EFBIG where the
 * heap has outgrown the section. */
int snapshot_write(int fd, const struct heap *heap, const lua_State *lua);

#endif
