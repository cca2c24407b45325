/* raw.c - the module syscall.raw
 *
 * What it holds: bind (call.c), call (enter.c), memory (memory.c, access.c, map.c), handles
 * (handle.c), entries of directories (entries.c), the environment (env.c), the name of this
 * architecture and the size of its pages. How these behave stands in docs/syscall.md.
 */
#include "lua/bind/bind.h"

#include <string.h>
#include <sys/auxv.h>

#if defined(__x86_64__)
static const char arch[] = "x86_64";
#elif defined(__aarch64__)
static const char arch[] = "aarch64";
#elif defined(__riscv)
static const char arch[] = "riscv64";
#endif

/* strerror(number) - what it means, in words */
static int error_text(lua_State *lua)
{
	lua_Integer error = luaL_checkinteger(lua, 1);

	luaL_argcheck(lua, error >= 0 && error <= 4095, 1, "an error number expected");
	lua_pushstring(lua, strerror((int)error));
	return 1;
}

int luaopen_syscall_raw(lua_State *lua)
{
	lua_createtable(lua, 0, 24);
	memory_open(lua);
	map_open(lua);
	handle_open(lua);
	call_open(lua);
	enter_open(lua);
	entries_open(lua);
	env_open(lua);
	lua_pushcfunction(lua, error_text);
	lua_setfield(lua, -2, "strerror");
	lua_pushstring(lua, arch);
	lua_setfield(lua, -2, "arch");
	lua_pushinteger(lua, (lua_Integer)getauxval(AT_PAGESZ));
	lua_setfield(lua, -2, "pagesize");
	return 1;
}
