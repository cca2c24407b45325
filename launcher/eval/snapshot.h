/* snapshot.h - the evaluator's Lua as it stands before the first question, made by the build
 *
 * Opening the libraries and loading the modules that every evaluation uses gives the same bytes in
 * the same place each time. So the build runs the linked binary once (main.c), takes the heap, and
 * puts it into the binary's section ".snapshot", which the linker has laid where the heap goes
 * (snapshot.ld): the evaluator begins in it, and gets a copy of the pages that it writes to, one in
 * four. The addresses in it are those of this one binary, which is linked to fixed ones; a binary
 * whose section is empty or lies elsewhere (the sanitizers', glibc's, that of the unit tests) opens
 * Lua anew.
 */
#ifndef LAUNCHER_EVAL_SNAPSHOT_H
#define LAUNCHER_EVAL_SNAPSHOT_H

#include <stdbool.h>

#include <lua.h>

#include "launcher/eval/heap.h"

/* snapshot_missing() - is this the binary that the build takes the snapshot of? */
bool snapshot_missing(void);

/* snapshot_write() - write the section's contents to @fd. Ends the use of @heap. Returns 0, -errno,
 * or -EFBIG where the heap has outgrown the section. */
int snapshot_write(int fd, struct heap *heap, lua_State *lua);

#endif
