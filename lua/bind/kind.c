/* kind.c - which userdata are ours, and which metatables they may have
 *
 * A metatable alone says nothing about the bytes below it: Lua can copy what stands in one into
 * another. So each userdata of ours begins with the address of its kind's mark, which no function
 * here lets Lua write; and it gets only metatables that were made here, since the functions of
 * others (Lua's files) would take its bytes for something else.
 */
#include "lua/bind/bind.h"

/* The registry's table of metatables, weak: one that nobody has any more goes. */
static const char metatables_key[] = "syscall.metatables";

static void push_metatables(lua_State *lua)
{
	if (lua_rawgetp(lua, LUA_REGISTRYINDEX, metatables_key) == LUA_TTABLE)
		return;
	lua_pop(lua, 1);
	lua_newtable(lua);
	lua_createtable(lua, 0, 1);
	lua_pushliteral(lua, "k");
	lua_setfield(lua, -2, "__mode");
	lua_setmetatable(lua, -2);
	lua_pushvalue(lua, -1);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, metatables_key);
}

void bind_metatable(lua_State *lua, const char *name)
{
	lua_createtable(lua, 0, 8);
	lua_pushstring(lua, name);
	lua_setfield(lua, -2, "__name");
	lua_pushboolean(lua, 0);
	lua_setfield(lua, -2, "__metatable");
	push_metatables(lua);
	lua_pushvalue(lua, -2);
	lua_pushboolean(lua, 1);
	lua_rawset(lua, -3);
	lua_pop(lua, 1);
}

void bind_check_metatable(lua_State *lua)
{
	push_metatables(lua);
	lua_pushvalue(lua, -2);
	if (lua_rawget(lua, -2) == LUA_TNIL)
		luaL_error(lua, "a metatable that the library made expected");
	lua_pop(lua, 2);
}

void bind_set_metatable(lua_State *lua)
{
	bind_check_metatable(lua);
	lua_setmetatable(lua, -2);
}

void *bind_test(lua_State *lua, int index, const void *mark, size_t size)
{
	void *data = lua_touserdata(lua, index);

	if (!data || lua_rawlen(lua, index) < size || *(const void **)data != mark)
		return NULL;
	return data;
}
