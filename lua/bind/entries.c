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
	struct head head;
	size_t length;
	char name[];
};

/* What an iterator has yet to go through, of a text that its closure keeps. */
struct rest {
	const char *text;
	size_t size;
};

enum { UP_REST = 1, UP_TEXT, UP_METATABLE };

/* The next entry's head and name, of @length; NULL after the last. */
static const char *step(lua_State *lua, struct head *head, size_t *length)
{
	struct rest *rest = lua_touserdata(lua, lua_upvalueindex(UP_REST));
	const char *name;

	if (rest->size < sizeof(*head))
		return NULL;
	memcpy(head, rest->text, sizeof(*head));
	if (head->reclen < sizeof(*head) || head->reclen > rest->size)
		luaL_error(lua, "an entry that goes past the end");
	name = rest->text + sizeof(*head);
	*length = strnlen(name, head->reclen - sizeof(*head));
	rest->text += head->reclen;
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
	entry->head = head;
	entry->length = length;
	memcpy(entry->name, name, length);
	lua_pushvalue(lua, lua_upvalueindex(UP_METATABLE));
	lua_setmetatable(lua, -2);
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

/* entries(text [, metatable]) - an iterator over objects of entrytype(), or over names and types */
static int entries(lua_State *lua)
{
	bool names = lua_isnoneornil(lua, 2);
	size_t size;
	const char *text = luaL_checklstring(lua, 1, &size);
	struct rest *rest;

	if (!names)
		luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	rest = lua_newuserdatauv(lua, sizeof(*rest), 0);
	rest->text = text;
	rest->size = size;
	lua_insert(lua, 1);
	lua_pushcclosure(lua, names ? next_name : next, 3);
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
