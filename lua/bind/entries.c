/* entries.c - what getdents64(2) stored, entry by entry: raw.entries()
 *
 * Directories are long, and a table for each entry costs more than the kernel does; so an entry is
 * one small object, and its name becomes a text when it is asked for. Must not trust the bytes: a
 * caller may hand any text.
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
	struct head head;
	size_t length;
	char name[];
};

enum { UP_TEXT = 1, UP_AT, UP_METATABLE };

static int next(lua_State *lua)
{
	size_t length;
	const char *text = lua_tolstring(lua, lua_upvalueindex(UP_TEXT), &length);
	size_t at = (size_t)lua_tointeger(lua, lua_upvalueindex(UP_AT));
	struct head head;
	struct entry *entry;
	size_t name;

	if (length - at < sizeof(head))
		return 0;
	memcpy(&head, text + at, sizeof(head));
	if (head.reclen < sizeof(head) || head.reclen > length - at)
		return luaL_error(lua, "an entry that goes past the end");
	text += at + sizeof(head);
	name = strnlen(text, head.reclen - sizeof(head));
	entry = lua_newuserdatauv(lua, sizeof(*entry) + name, 0);
	entry->head = head;
	entry->length = name;
	memcpy(entry->name, text, name);
	lua_pushvalue(lua, lua_upvalueindex(UP_METATABLE));
	lua_setmetatable(lua, -2);
	at += head.reclen;
	lua_pushinteger(lua, (lua_Integer)at);
	lua_replace(lua, lua_upvalueindex(UP_AT));
	return 1;
}

/* entries(text, metatable) - an iterator over objects of entrytype() */
static int entries(lua_State *lua)
{
	luaL_checkstring(lua, 1);
	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	lua_pushinteger(lua, 0);
	lua_insert(lua, 2);
	lua_pushcclosure(lua, next, 3);
	return 1;
}

/* Fields by name; what is none of them is the type's own to answer. */
static int field(lua_State *lua)
{
	const struct entry *entry = lua_touserdata(lua, 1);
	const char *key = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "";

	if (!entry || !lua_getmetatable(lua, 1) || !lua_rawequal(lua, -1, lua_upvalueindex(1)))
		return luaL_typeerror(lua, 1, "dirent");
	if (strcmp(key, "name") == 0) {
		lua_pushlstring(lua, entry->name, entry->length);
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
		lua_pushvalue(lua, lua_upvalueindex(2));
		lua_insert(lua, 1);
		lua_call(lua, 2, 1);
	}
	return 1;
}

/* entrytype(miss) - the metatable of entries, whose other fields are miss(entry, key)'s */
static int entrytype(lua_State *lua)
{
	luaL_checktype(lua, 1, LUA_TFUNCTION);
	lua_createtable(lua, 0, 3);
	lua_pushvalue(lua, -1);
	lua_pushvalue(lua, 1);
	lua_pushcclosure(lua, field, 2);
	lua_setfield(lua, -2, "__index");
	lua_pushliteral(lua, "dirent");
	lua_setfield(lua, -2, "__name");
	lua_pushboolean(lua, 0);
	lua_setfield(lua, -2, "__metatable");
	return 1;
}

void entries_open(lua_State *lua)
{
	lua_pushcfunction(lua, entries);
	lua_setfield(lua, -2, "entries");
	lua_pushcfunction(lua, entrytype);
	lua_setfield(lua, -2, "entrytype");
}
