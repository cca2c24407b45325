/* bind.h - what the C files of the system-call library share
 *
 * The library's C is two kinds of userdata and one way to call. *Memory* is a bounds-checked run of
 * bytes (memory.c, access.c, map.c); a *handle* owns a descriptor (handle.c); call.c turns
 * arguments into the six words of lua/raw/entry.h. A kind is told by a mark in the userdata, so
 * each type of structure has a metatable of its own and is still memory. Lua chooses the metatable,
 * but out of those of bind_metatable() only: Lua's own, as that of files, would take our bytes for
 * something else.
 *
 * Nothing here knows what a call or a structure means: that stands in lua/syscall/.
 */
#ifndef LUA_BIND_BIND_H
#define LUA_BIND_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

/* A run of bytes. Its one user value is, of a slice, what it lies in; else a table that keeps what
 * pointers within it point to (or nil). */
struct memory {
	const void *mark;     /* memory.c's own */
	unsigned char *bytes; /* NULL once closed, and always in a slice */
	size_t size;
	struct memory *root; /* of a slice: the memory it lies in, which is never a slice itself */
	size_t offset;       /* of a slice: where it starts there */
	bool mapped;         /* bytes are a mapping, which close() and the collector take away */
	bool pinned; /* a pointer to it was stored: stays until nobody has that pointer any more */
	unsigned char guard; /* accesses that a mapping refuses: GUARD_READ, GUARD_WRITE */
};

enum { GUARD_READ = 1, GUARD_WRITE = 2 };

/* Kinds of whole numbers within memory. A packed field is `kind | offset << FIELD_SHIFT`. */
enum field_kind {
	FIELD_U8,
	FIELD_I8,
	FIELD_U16,
	FIELD_I16,
	FIELD_U32,
	FIELD_I32,
	FIELD_U64,
	FIELD_I64,
	FIELD_BIG = 8, /* or'ed to one of the above: most significant byte first */
	FIELD_KINDS = 16,
	FIELD_SHIFT = 4,
};

/* bind_metatable() - push a new metatable for userdata of ours, called @name, that Lua can't ask
 * for. */
void bind_metatable(lua_State *lua, const char *name);

/* bind_check_metatable() - an error where the top of the stack is none of bind_metatable(). */
void bind_check_metatable(lua_State *lua);

/* bind_set_metatable() - the same, and give it, which is popped, to the userdata below. */
void bind_set_metatable(lua_State *lua);

/* bind_test() - the userdata at @index if it has at least @size bytes and begins with @mark, else
 * NULL. */
void *bind_test(lua_State *lua, int index, const void *mark, size_t size);

/* memory_new() - @size zero bytes, pushed; its metatable is on top of the stack and is popped. */
struct memory *memory_new(lua_State *lua, size_t size);

/* memory_slice() - a view of part of the memory at @index, pushed; its metatable is on top of the
 * stack and is popped. */
void memory_slice(lua_State *lua, int index, lua_Integer offset, lua_Integer length);

/* memory_plain() - push the metatable of memory that is of no type. */
void memory_plain(lua_State *lua);

/* memory_test() - the memory at @index, closed or not, or NULL where something else stands there.
 * */
struct memory *memory_test(lua_State *lua, int index);

/* memory_check() - the open memory at @index; anything else is an error. */
struct memory *memory_check(lua_State *lua, int index);

/* memory_at() - where the bytes of @memory are, or NULL once they are gone. */
unsigned char *memory_at(const struct memory *memory);

/* memory_root() - @memory, or what it is a slice of. */
struct memory *memory_root(struct memory *memory);

/* memory_range() - check that [offset, offset + length) lies within @memory; errors name it. */
unsigned char *memory_range(lua_State *lua, struct memory *memory, lua_Integer offset,
			    lua_Integer length);

/* memory_release() - take the bytes of a mapping away. Returns 0 or -errno. */
long memory_release(struct memory *memory);

/* memory_targets() - push the table of what the pointers in the memory at @index point to. */
void memory_targets(lua_State *lua, int index);

/* memory_push_root() - push memory_root() of the memory at @index. */
void memory_push_root(lua_State *lua, int index);

/* map_hold() - while the memory at @holder, or what has a pointer from there, is there, the mapping
 * that @target lies in stays. Any other target needs nothing. */
void map_hold(lua_State *lua, int holder, int target);

/* map_changes() - how often a mapping has gone or changed its length, @more times just now: what
 * was looked up before is to be looked up again. */
unsigned long map_changes(unsigned int more);

/* handle_new() - push an owned descriptor, or -1 for none yet. Its metatable is on top of the stack
 * and is popped. */
void handle_new(lua_State *lua, int fd);

/* handle_own() - the handle at @index, which has none yet, owns @fd from now on. */
void handle_own(lua_State *lua, int index, int fd);

/* handle_test() - the number of the handle at @index, or of the file of Lua's io library; -1 where
 * it is closed, false where there is neither. */
bool handle_test(lua_State *lua, int index, int *fd);

/* bind_error() - push nil and the error object of @error, a positive errno. Returns 2. */
int bind_error(lua_State *lua, int error);

/* bind_raise() - an error with the text on top of the stack and the place in the caller's code, not
 * in the library's. */
int bind_raise(lua_State *lua);

/* bind_state() - push the table that bind_error() and call.c share with lua/syscall/. */
void bind_state(lua_State *lua);

/* bind_enter() - raw.call(); where not @checked, a number may be an address. */
int bind_enter(lua_State *lua, bool checked);

/* bind_pointer() - whether argument @index (from 0) of call @number is an address. */
bool bind_pointer(long number, int index);

/* Each adds its functions to the table on top of the stack. */
void memory_open(lua_State *lua);
void access_open(lua_State *lua);
void map_open(lua_State *lua);
void handle_open(lua_State *lua);
void call_open(lua_State *lua);
void enter_open(lua_State *lua);
void entries_open(lua_State *lua);
void env_open(lua_State *lua);

/* All that a shared object shows of itself. */
__attribute__((visibility("default"))) int luaopen_syscall_raw(lua_State *lua);
__attribute__((visibility("default"))) int luaopen_syscall_unsafe(lua_State *lua);

#endif
