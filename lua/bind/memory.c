/* memory.c - bounds-checked memory as a userdata: make, slice, copy, point, close
 *
 * Bytes lie within the userdata, so they live as long as it does; a slice keeps its root alive, and
 * is as dead as its root once that is closed. The address of one memory is put into another only by
 * point(), which keeps the target alive for as long as the pointer may be read. Numbers in memory
 * are access.c's.
 *
 * Must not make memory out of an address: that is unsafe.c's alone.
 */
#include "lua/bind/bind.h"

#include <string.h>

/* Its address is the mark; the value does not matter. */
static const char memory_mark[] = "memory";
static const char plain_key[] = "syscall.memory";

struct memory *memory_test(lua_State *lua, int index)
{
	return bind_test(lua, index, memory_mark, sizeof(struct memory));
}

unsigned char *memory_at(const struct memory *memory)
{
	const struct memory *root = memory->root;

	if (!root)
		return memory->bytes;
	/* A mapping may have been made shorter under its slices. */
	if (!root->bytes || memory->offset + memory->size > root->size)
		return NULL;
	return root->bytes + memory->offset;
}

struct memory *memory_root(struct memory *memory)
{
	return memory->root ? memory->root : memory;
}

struct memory *memory_check(lua_State *lua, int index)
{
	struct memory *memory = memory_test(lua, index);

	if (!memory)
		luaL_typeerror(lua, index, "memory");
	else if (!memory_at(memory))
		luaL_argerror(lua, index, "memory is closed");
	return memory;
}

unsigned char *memory_range(lua_State *lua, struct memory *memory, lua_Integer offset,
			    lua_Integer length)
{
	lua_Integer size = (lua_Integer)memory->size;
	unsigned char *at = memory_at(memory);

	if (!at)
		luaL_error(lua, "memory is closed");
	if (offset < 0 || length < 0 || offset > size || length > size - offset)
		luaL_error(lua, "%I bytes from %I on do not lie within %I bytes of memory", length,
			   offset, size);
	return at ? at + offset : NULL;
}

void memory_plain(lua_State *lua)
{
	lua_rawgetp(lua, LUA_REGISTRYINDEX, plain_key);
}

struct memory *memory_new(lua_State *lua, size_t size)
{
	struct memory *memory = lua_newuserdatauv(lua, sizeof(*memory) + size, 1);

	*memory = (struct memory){ .mark = memory_mark,
				   .bytes = (unsigned char *)(memory + 1),
				   .size = size };
	memset(memory->bytes, 0, size);
	lua_insert(lua, -2);
	bind_set_metatable(lua);
	return memory;
}

/* new(size|text [, metatable]) - zero bytes, or a copy of text */
static int new (lua_State *lua)
{
	const char *text = NULL;
	size_t size;

	if (lua_type(lua, 1) == LUA_TSTRING) {
		text = lua_tolstring(lua, 1, &size);
	} else {
		lua_Integer wanted = luaL_checkinteger(lua, 1);

		luaL_argcheck(lua, wanted >= 0 && wanted <= INT32_MAX, 1,
			      "a size from 0 to 2 GiB expected");
		size = (size_t)wanted;
	}
	lua_settop(lua, 2);
	if (lua_isnil(lua, 2))
		memory_plain(lua);
	else
		luaL_checktype(lua, 2, LUA_TTABLE);
	if (text)
		memcpy(memory_new(lua, size)->bytes, text, size);
	else
		(void)memory_new(lua, size);
	return 1;
}

void memory_slice(lua_State *lua, int index, lua_Integer offset, lua_Integer length)
{
	struct memory *whole = memory_check(lua, index);
	struct memory *part;

	(void)memory_range(lua, whole, offset, length);
	part = lua_newuserdatauv(lua, sizeof(*part), 1);
	*part = (struct memory){ .mark = memory_mark,
				 .size = (size_t)length,
				 .root = memory_root(whole),
				 .offset = whole->offset + (size_t)offset };
	if (whole->root)
		lua_getiuservalue(lua, index, 1);
	else
		lua_pushvalue(lua, index);
	lua_setiuservalue(lua, -2, 1);
	lua_insert(lua, -2);
	bind_set_metatable(lua);
}

/* slice(memory, offset [, length [, metatable]]) - a view of part of it */
static int slice(lua_State *lua)
{
	const struct memory *whole = memory_check(lua, 1);
	lua_Integer offset = luaL_checkinteger(lua, 2);
	lua_Integer length = luaL_optinteger(lua, 3, (lua_Integer)whole->size - offset);

	lua_settop(lua, 4);
	if (lua_isnil(lua, 4))
		memory_plain(lua);
	memory_slice(lua, 1, offset, length);
	return 1;
}

/* string(memory [, offset [, length]]) - bytes as text */
static int string(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_optinteger(lua, 2, 0);
	lua_Integer length = luaL_optinteger(lua, 3, (lua_Integer)memory->size - offset);
	const unsigned char *at = memory_range(lua, memory, offset, length);

	luaL_argcheck(lua, !(memory_root(memory)->guard & GUARD_READ), 1, "cannot be read");
	lua_pushlstring(lua, (const char *)at, (size_t)length);
	return 1;
}

/* __tostring: all bytes; that takes no further arguments */
static int tostring(lua_State *lua)
{
	lua_settop(lua, 1);
	return string(lua);
}

/* cstring(memory [, offset [, most]]) - the bytes before the first NUL */
static int cstring(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_optinteger(lua, 2, 0);
	lua_Integer most = luaL_optinteger(lua, 3, (lua_Integer)memory->size - offset);
	const unsigned char *at = memory_range(lua, memory, offset, most);

	luaL_argcheck(lua, !(memory_root(memory)->guard & GUARD_READ), 1, "cannot be read");
	lua_pushlstring(lua, (const char *)at, strnlen((const char *)at, (size_t)most));
	return 1;
}

static void check_writable(lua_State *lua, struct memory *memory)
{
	luaL_argcheck(lua, !(memory_root(memory)->guard & GUARD_WRITE), 1, "cannot be written to");
}

void memory_push_root(lua_State *lua, int index)
{
	const struct memory *memory = lua_touserdata(lua, index);

	if (memory->root)
		lua_getiuservalue(lua, index, 1);
	else
		lua_pushvalue(lua, index);
}

void memory_targets(lua_State *lua, int index)
{
	memory_push_root(lua, index);
	if (lua_getiuservalue(lua, -1, 1) != LUA_TTABLE) {
		lua_pop(lua, 1);
		lua_newtable(lua);
		lua_pushvalue(lua, -1);
		lua_setiuservalue(lua, -3, 1);
	}
	lua_remove(lua, -2);
}

/* What pointers in @from, at index 3, point to is kept by @to, at index 1, as well. First into a
 * table of its own: the two may be parts of one memory. */
static void copy_targets(lua_State *lua, const struct memory *to, lua_Integer offset,
			 const struct memory *from)
{
	lua_Integer size = (lua_Integer)from->size;

	lua_getiuservalue(lua, 3, 1);
	if (from->root)
		lua_getiuservalue(lua, -1, 1);
	if (lua_type(lua, -1) != LUA_TTABLE)
		return;
	lua_newtable(lua);
	for (lua_Integer i = 0; i + (lua_Integer)sizeof(void *) <= size; i++) {
		if (lua_rawgeti(lua, -2, (lua_Integer)from->offset + i) == LUA_TNIL)
			lua_pop(lua, 1);
		else
			lua_rawseti(lua, -2, (lua_Integer)to->offset + offset + i);
	}
	memory_targets(lua, 1);
	lua_pushnil(lua);
	while (lua_next(lua, -3)) {
		map_hold(lua, 1, lua_gettop(lua));
		lua_pushvalue(lua, -2);
		lua_insert(lua, -2);
		lua_rawset(lua, -4);
	}
}

/* write(memory, offset, text|memory) - copy bytes there; returns how many. What pointers among them
 * point to is kept. */
static int write(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_checkinteger(lua, 2);
	struct memory *source = NULL;
	unsigned char *at;
	size_t length;
	const void *from;

	check_writable(lua, memory);
	if (lua_type(lua, 3) == LUA_TSTRING) {
		from = lua_tolstring(lua, 3, &length);
	} else {
		source = memory_check(lua, 3);
		luaL_argcheck(lua, !(memory_root(source)->guard & GUARD_READ), 3, "cannot be read");
		from = memory_at(source);
		length = source->size;
	}
	at = memory_range(lua, memory, offset, (lua_Integer)length);
	if (source) {
		copy_targets(lua, memory, offset, source);
		/* That makes tables, so the collector's work, which may close a mapping. */
		at = memory_range(lua, memory, offset, (lua_Integer)length);
		from = memory_range(lua, source, 0, (lua_Integer)length);
	}
	memmove(at, from, length);
	lua_pushinteger(lua, (lua_Integer)length);
	return 1;
}

/* fill(memory [, byte [, offset [, length]]]) */
static int fill(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer byte = luaL_optinteger(lua, 2, 0);
	lua_Integer offset = luaL_optinteger(lua, 3, 0);
	lua_Integer length = luaL_optinteger(lua, 4, (lua_Integer)memory->size - offset);

	luaL_argcheck(lua, byte >= 0 && byte <= 255, 2, "a byte from 0 to 255 expected");
	check_writable(lua, memory);
	memset(memory_range(lua, memory, offset, length), (int)byte, (size_t)length);
	lua_settop(lua, 1);
	return 1;
}

/* point(memory, offset, target|nil) - store the address of @target, which it keeps alive */
static int point(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_checkinteger(lua, 2);
	struct memory *target = lua_isnoneornil(lua, 3) ? NULL : memory_check(lua, 3);
	const unsigned char *address = NULL;
	unsigned char *at;

	(void)memory_range(lua, memory, offset, sizeof(address));
	check_writable(lua, memory);
	lua_settop(lua, 3);
	if (target)
		map_hold(lua, 1, 3);
	memory_targets(lua, 1);
	lua_pushvalue(lua, 3);
	lua_rawseti(lua, -2, (lua_Integer)memory->offset + offset);
	/* Only now: a collection on the way here may have closed either of them. */
	if (target)
		address = memory_at(memory_check(lua, 3));
	at = memory_range(lua, memory, offset, sizeof(address));
	memcpy(at, (void *)&address, sizeof(address));
	return 0;
}

/* target(memory, offset) - what point() stored there, or nil */
static int target(lua_State *lua)
{
	const struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_checkinteger(lua, 2);

	memory_targets(lua, 1);
	lua_rawgeti(lua, -1, (lua_Integer)memory->offset + offset);
	return 1;
}

/* holds(memory, offset, length) - whether the pointer there is one that point() stored, to at least
 * @length bytes that are still open. One that points nowhere holds 0 bytes. */
static int holds(lua_State *lua)
{
	struct memory *memory = memory_check(lua, 1);
	lua_Integer offset = luaL_checkinteger(lua, 2);
	lua_Integer length = luaL_checkinteger(lua, 3);
	const unsigned char *at = memory_range(lua, memory, offset, sizeof(at));
	const unsigned char *address;
	const struct memory *kept;

	luaL_argcheck(lua, !(memory_root(memory)->guard & GUARD_READ), 1, "cannot be read");
	memcpy((void *)&address, at, sizeof(address));
	(void)target(lua);
	kept = memory_test(lua, -1);
	if (kept && address)
		lua_pushboolean(lua, memory_at(kept) == address && length >= 0 &&
					     length <= (lua_Integer)kept->size);
	else
		lua_pushboolean(lua, !address && length == 0);
	return 1;
}

/* isopen(value) - whether it is memory that is not closed */
static int is_open(lua_State *lua)
{
	const struct memory *memory = memory_test(lua, 1);

	lua_pushboolean(lua, memory && memory_at(memory));
	return 1;
}

/* readable(value) - its size, where it is open memory that may be read; else nil */
static int readable(lua_State *lua)
{
	struct memory *memory = memory_test(lua, 1);

	if (memory && memory_at(memory) && !(memory_root(memory)->guard & GUARD_READ))
		lua_pushinteger(lua, (lua_Integer)memory->size);
	else
		lua_pushnil(lua);
	return 1;
}

/* ismemory(value) - whether it is memory, closed or not */
static int is_memory(lua_State *lua)
{
	lua_pushboolean(lua, memory_test(lua, 1) != NULL);
	return 1;
}

static int length(lua_State *lua)
{
	const struct memory *memory = memory_test(lua, 1);

	lua_pushinteger(lua, memory ? (lua_Integer)memory->size : 0);
	return 1;
}

/* close(memory) - true, or nil and an error; a second time does nothing. A slice has nothing to
 * close: only its owner ends it. */
static int close(lua_State *lua)
{
	struct memory *memory = memory_test(lua, 1);
	long ret;

	if (!memory)
		return luaL_typeerror(lua, 1, "memory");
	ret = memory_release(memory);
	if (ret < 0)
		return bind_error(lua, (int)-ret);
	lua_pushboolean(lua, 1);
	return 1;
}

/* metatable(name) - one for a type of its own; lua/syscall/struct.lua fills in the rest */
static int metatable(lua_State *lua)
{
	static const luaL_Reg common[] = {
		{ "__len", length },
		{ "__tostring", tostring },
		{ "__close", close },
		{ NULL, NULL },
	};

	bind_metatable(lua, luaL_checkstring(lua, 1));
	luaL_setfuncs(lua, common, 0);
	return 1;
}

void memory_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "new", new },         { "slice", slice },   { "string", string },
		{ "cstring", cstring }, { "write", write },   { "fill", fill },
		{ "point", point },     { "target", target }, { "size", length },
		{ "close", close },     { "holds", holds },   { NULL, NULL },
	};

	lua_pushcfunction(lua, metatable);
	lua_setfield(lua, -2, "metatable");
	lua_pushcfunction(lua, is_memory);
	lua_setfield(lua, -2, "ismemory");
	lua_pushcfunction(lua, is_open);
	lua_setfield(lua, -2, "isopen");
	lua_pushcfunction(lua, readable);
	lua_setfield(lua, -2, "readable");
	lua_pushcfunction(lua, metatable);
	lua_pushliteral(lua, "memory");
	lua_call(lua, 1, 1);
	lua_newtable(lua);
	luaL_setfuncs(lua, functions, 0);
	access_open(lua);
	lua_pushvalue(lua, -1);
	lua_setfield(lua, -4, "memory");
	lua_setfield(lua, -2, "__index");
	lua_rawsetp(lua, LUA_REGISTRYINDEX, plain_key);
}
