/* unsafe.c - the module syscall.unsafe: addresses as numbers
 *
 * Everything with which Lua can read and write what is not its own stands here and nowhere else, so
 * that a program which never requires this module keeps Lua's safety.
 */
#include "lua/bind/bind.h"

/* call(number, ...) - raw.call(), where a number may stand for an address */
static int call(lua_State *lua)
{
	return bind_enter(lua, false);
}

/* address(memory|text) - where its bytes are */
static int address(lua_State *lua)
{
	const void *at = lua_type(lua, 1) == LUA_TSTRING ? (const void *)lua_tostring(lua, 1)
							 : memory_at(memory_check(lua, 1));

	lua_pushinteger(lua, (lua_Integer)(uintptr_t)at);
	return 1;
}

/* memory(address, size [, metatable]) - the bytes there, whose owner is somebody else */
static int memory(lua_State *lua)
{
	lua_Integer at = luaL_checkinteger(lua, 1);
	lua_Integer size = luaL_checkinteger(lua, 2);
	struct memory *made;

	luaL_argcheck(lua, at != 0, 1, "an address expected");
	luaL_argcheck(lua, size >= 0, 2, "a size expected");
	lua_settop(lua, 3);
	if (lua_isnil(lua, 3))
		memory_plain(lua);
	made = memory_new(lua, 0);
	made->bytes = (unsigned char *)(uintptr_t)at;
	made->size = (size_t)size;
	return 1;
}

int luaopen_syscall_unsafe(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "call", call },
		{ "address", address },
		{ "memory", memory },
		{ NULL, NULL },
	};

	/* Its metatable for plain memory and its errors come from there. */
	luaL_requiref(lua, "syscall.raw", luaopen_syscall_raw, 0);
	lua_pop(lua, 1);
	luaL_newlib(lua, functions);
	return 1;
}
