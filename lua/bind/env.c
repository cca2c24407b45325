/* env.c - the environment of this process: raw.env
 *
 * What os.getenv() reads and what a C library hands to programs that it starts is one array of
 * libc's; these functions change that array. Nothing else here uses libc for more than bytes.
 */
#include "lua/bind/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A name of a variable: some text without `=` and NUL. */
static const char *check_name(lua_State *lua, int index)
{
	size_t length;
	const char *name = luaL_checklstring(lua, index, &length);

	luaL_argcheck(lua, length > 0 && strlen(name) == length && !strchr(name, '='), index,
		      "a name without = and NUL expected");
	return name;
}

/* environ() - a list of "NAME=value" */
static int list(lua_State *lua)
{
	lua_newtable(lua);
	for (int i = 0; environ && environ[i]; i++) {
		lua_pushstring(lua, environ[i]);
		lua_rawseti(lua, -2, i + 1);
	}
	return 1;
}

static int answer(lua_State *lua, int ret)
{
	if (ret < 0)
		return bind_error(lua, errno);
	lua_pushboolean(lua, 1);
	return 1;
}

/* setenv(name, value, overwrite) */
static int set(lua_State *lua)
{
	const char *name = check_name(lua, 1);
	size_t length;
	const char *value = luaL_checklstring(lua, 2, &length);

	luaL_argcheck(lua, strlen(value) == length, 2, "a text without NUL bytes expected");
	return answer(lua, setenv(name, value, lua_toboolean(lua, 3)));
}

/* unsetenv(name) */
static int unset(lua_State *lua)
{
	return answer(lua, unsetenv(check_name(lua, 1)));
}

/* clearenv() */
static int clear(lua_State *lua)
{
	return answer(lua, clearenv());
}

void env_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "environ", list },   { "setenv", set }, { "unsetenv", unset },
		{ "clearenv", clear }, { NULL, NULL },
	};

	luaL_newlib(lua, functions);
	lua_setfield(lua, -2, "env");
}
