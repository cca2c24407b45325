/* entries.c - what getdents64(2) stored, entry by entry: raw.entries()
 *
 * Directories are long, and a table for each entry costs more than the kernel does; so an entry is
 * one small object, and its name becomes a text when it is asked for. Who wants nothing but names
 * and types gets these without an object. Must not trust the bytes: a caller may hand any text.
 */
#include "lua/bind/bind.h"

#include <string.h>

/* struct linux_dirent64, in which the name has no fixed length. */
struct head {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	unsigned char type;
} __attribute__((packed));

struct entry {
	const void *mark;
	struct head head;
	char name[];
} __attribute__((packed));

static const char entry_mark[] = "entry";

/* What an iterator has yet to go through. */
struct rest {
	const char *at; /* within a text or a memory that its closure keeps */
	size_t size;
};

enum { UP_REST = 1, UP_BYTES, UP_METATABLE, UP_SPARE };

/* After the last entry the memory is for the next who wants some. */
static void give_back(lua_State *lua)
{
	if (lua_isnil(lua, lua_upvalueindex(UP_SPARE)))
		return;
	lua_pushvalue(lua, lua_upvalueindex(UP_BYTES));
	lua_rawseti(lua, lua_upvalueindex(UP_SPARE), 1);
	lua_pushnil(lua);
	lua_replace(lua, lua_upvalueindex(UP_SPARE));
}

/* The next entry's head and name, of @length; NULL after the last. */
static const char *step(lua_State *lua, struct head *head, size_t *length)
{
	struct rest *rest = lua_touserdata(lua, lua_upvalueindex(UP_REST));
	const char *name;

	if (rest->size < sizeof(*head)) {
		rest->size = 0;
		give_back(lua);
		return NULL;
	}
	memcpy(head, rest->at, sizeof(*head));
	if (head->reclen < sizeof(*head) || head->reclen > rest->size)
		luaL_error(lua, "an entry that goes past the end");
	name = rest->at + sizeof(*head);
	*length = strnlen(name, head->reclen - sizeof(*head));
	rest->at += head->reclen;
	rest->size -= head->reclen;
	return name;
}

static int next(lua_State *lua)
{
	struct head head;
	size_t length;
	const char *name = step(lua, &head, &length);
	struct entry *entry;

	if (!name)
		return 0;
	entry = lua_newuserdatauv(lua, sizeof(*entry) + length, 0);
	entry->mark = entry_mark;
	entry->head = head;
	memcpy(entry->name, name, length);
	lua_pushvalue(lua, lua_upvalueindex(UP_METATABLE));
	lua_setmetatable(lua, -2); /* entries() has looked at it */
	return 1;
}

static int next_name(lua_State *lua)
{
	struct head head;
	size_t length;
	const char *name = step(lua, &head, &length);

	if (!name)
		return 0;
	lua_pushlstring(lua, name, length);
	lua_pushinteger(lua, head.type);
	return 2;
}

/* The bytes at index 1: a text, or memory that has them in itself, so that they stay as long as it
 * does. */
static const char *check_bytes(lua_State *lua, size_t *size)
{
	const struct memory *memory;

	if (lua_type(lua, 1) == LUA_TSTRING)
		return lua_tolstring(lua, 1, size);
	memory = memory_check(lua, 1);
	luaL_argcheck(lua, memory->bytes == (const unsigned char *)(memory + 1), 1,
		      "memory that is no mapping and no part of another expected");
	*size = memory->size;
	return (const char *)memory->bytes;
}

/* entries(text|memory [, metatable [, length [, spare]]]) - an iterator over objects of
 * entrytype(), or over names and types. When it has come to the end, spare[1] is the memory. */
static int entries(lua_State *lua)
{
	bool names = lua_isnoneornil(lua, 2);
	size_t size;
	const char *bytes = check_bytes(lua, &size);
	lua_Integer length = luaL_optinteger(lua, 3, (lua_Integer)size);
	struct rest *rest;

	luaL_argcheck(lua, length >= 0 && length <= (lua_Integer)size, 3,
		      "a length no larger than the memory's expected");
	lua_settop(lua, 4);
	if (!lua_isnil(lua, 4))
		luaL_checktype(lua, 4, LUA_TTABLE);
	rest = lua_newuserdatauv(lua, sizeof(*rest), 0);
	rest->at = bytes;
	rest->size = (size_t)length;
	if (!names) {
		lua_pushvalue(lua, 2);
		bind_check_metatable(lua);
		lua_pop(lua, 1);
	}
	lua_replace(lua, 3);
	lua_pushvalue(lua, 3);
	lua_pushvalue(lua, 1);
	lua_pushvalue(lua, 2);
	lua_pushvalue(lua, 4);
	lua_pushcclosure(lua, names ? next_name : next, 4);
	return 1;
}

/* Fields by name; what is none of them is the type's own to answer. */
static int field(lua_State *lua)
{
	const struct entry *entry = bind_test(lua, 1, entry_mark, sizeof(*entry));
	const char *key = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";

	if (!entry)
		return luaL_typeerror(lua, 1, "dirent");
	if (strcmp(key, "name") == 0) {
		lua_pushlstring(lua, entry->name, lua_rawlen(lua, 1) - sizeof(*entry));
	} else if (strcmp(key, "type") == 0) {
		lua_pushinteger(lua, entry->head.type);
	} else if (strcmp(key, "ino") == 0) {
		lua_pushinteger(lua, (lua_Integer)entry->head.ino);
	} else if (strcmp(key, "off") == 0) {
		lua_pushinteger(lua, entry->head.off);
	} else if (strcmp(key, "reclen") == 0) {
		lua_pushinteger(lua, entry->head.reclen);
	} else {
		lua_settop(lua, 2);
		lua_pushvalue(lua, lua_upvalueindex(1));
		lua_insert(lua, 1);
		lua_call(lua, 2, 1);
	}
	return 1;
}

/* entrytype(miss) - the metatable of entries, whose other fields are miss(entry, key)'s */
static int entrytype(lua_State *lua)
{
	luaL_checktype(lua, 1, LUA_TFUNCTION);
	bind_metatable(lua, "dirent");
	lua_pushvalue(lua, 1);
	lua_pushcclosure(lua, field, 1);
	lua_setfield(lua, -2, "__index");
	return 1;
}

void entries_open(lua_State *lua)
{
	lua_pushcfunction(lua, entries);
	lua_setfield(lua, -2, "entries");
	lua_pushcfunction(lua, entrytype);
	lua_setfield(lua, -2, "entrytype");
}
