/* handle.c - descriptors as objects that close themselves
 *
 * A handle owns one descriptor. close() closes it once, and a second time is a success that does
 * nothing, so that `local fd <close>`, an explicit close and the collector may all come. nogc()
 * leaves the descriptor to the caller. What else a handle can do is put into its metatable by
 * lua/syscall/fd.lua.
 */
#include "lua/bind/bind.h"

#include <errno.h>
#include <stdio.h>

#include "lua/raw/entry.h"
#include "raw/number.h"

static const char handle_mark[] = "handle";

struct handle {
	const void *mark;
	int fd;    /* -1 once closed */
	bool kept; /* by the caller: the collector leaves it alone */
};

static struct handle *to_handle(lua_State *lua, int index)
{
	return bind_test(lua, index, handle_mark, sizeof(struct handle));
}

static struct handle *check_handle(lua_State *lua)
{
	struct handle *handle = to_handle(lua, 1);

	if (!handle)
		luaL_typeerror(lua, 1, "fd object");
	return handle;
}

/* A file of Lua's io library: its descriptor stays the file's own. */
static bool file_test(lua_State *lua, int index, int *fd)
{
	const luaL_Stream *file = NULL;

	if (lua_type(lua, index) == LUA_TUSERDATA)
		file = luaL_testudata(lua, index, LUA_FILEHANDLE);
	if (!file)
		return false;
	*fd = file->closef ? fileno(file->f) : -1;
	return true;
}

bool handle_test(lua_State *lua, int index, int *fd)
{
	const struct handle *handle = to_handle(lua, index);

	if (!handle)
		return file_test(lua, index, fd);
	*fd = handle->fd;
	return true;
}

void handle_new(lua_State *lua, int fd)
{
	struct handle *handle = lua_newuserdatauv(lua, sizeof(*handle), 0);

	*handle = (struct handle){ .mark = handle_mark, .fd = fd };
	lua_insert(lua, -2);
	bind_set_metatable(lua);
}

void handle_own(lua_State *lua, int index, int fd)
{
	struct handle *handle = lua_touserdata(lua, index);

	handle->fd = fd;
}

/* adopt(handle, metatable) - another that owns what this one did */
static int adopt(lua_State *lua)
{
	struct handle *from = check_handle(lua);

	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	handle_new(lua, -1);
	handle_own(lua, -1, from->fd);
	from->fd = -1;
	return 1;
}

/* handle(number, metatable) - an owned descriptor */
static int handle(lua_State *lua)
{
	lua_Integer fd = luaL_checkinteger(lua, 1);

	luaL_argcheck(lua, fd >= 0 && fd <= INT32_MAX, 1, "a descriptor's number expected");
	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	handle_new(lua, (int)fd);
	return 1;
}

/* close(handle) - true, or nil and an error. The number is gone also where close(2) failed: Linux
 * frees it first, and another open() may have it by now. */
static int close(lua_State *lua)
{
	struct handle *handle = check_handle(lua);
	int fd = handle->fd;
	long ret;

	handle->fd = -1;
	ret = fd < 0 ? 0 : raw_entry(RAW_close, fd, 0, 0, 0, 0, 0);
	if (ret < 0 && ret != -EINTR)
		return bind_error(lua, (int)-ret);
	lua_pushboolean(lua, 1);
	return 1;
}

static int collect(lua_State *lua)
{
	const struct handle *handle = to_handle(lua, 1);

	if (handle && !handle->kept)
		return close(lua);
	return 0;
}

/* getfd(handle|file|number) - the number, or nil where it is closed or none of these */
static int getfd(lua_State *lua)
{
	int fd = -1;
	bool handle = handle_test(lua, 1, &fd);

	if (handle && fd >= 0)
		lua_pushinteger(lua, fd);
	else if (!handle && lua_isinteger(lua, 1))
		lua_settop(lua, 1);
	else
		lua_pushnil(lua);
	return 1;
}

/* nogc(handle) - the same, now closed by hand only */
static int nogc(lua_State *lua)
{
	check_handle(lua)->kept = true;
	lua_settop(lua, 1);
	return 1;
}

/* ishandle(value) - whether it is one, closed or not */
static int is_handle(lua_State *lua)
{
	lua_pushboolean(lua, to_handle(lua, 1) != NULL);
	return 1;
}

/* handletype(name) - a metatable for handles of one kind */
static int handletype(lua_State *lua)
{
	bind_metatable(lua, luaL_checkstring(lua, 1));
	lua_pushcfunction(lua, collect);
	lua_setfield(lua, -2, "__gc");
	lua_pushcfunction(lua, close);
	lua_setfield(lua, -2, "__close");
	return 1;
}

void handle_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "handle", handle },      { "handletype", handletype },
		{ "getfd", getfd },        { "closefd", close },
		{ "ishandle", is_handle }, { "nogc", nogc },
		{ "adopt", adopt },        { NULL, NULL },
	};

	luaL_setfuncs(lua, functions, 0);
}
