/* lua.c - `lunette lua`: Lua 5.4 with the system-call library
 *
 * The interpreter has all of Lua's own libraries and finds `syscall` and its parts in the binary,
 * before it looks for files. A script runs with the caller's rights: this is no sandbox. The memory
 * is lua_heap.c's.
 */
#include <errno.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "launcher/cmd/cmd.h"
#include "launcher/cmd/lua_heap.h"
#include "launcher/eval/embed.h"
#include "lua/bind/bind.h"

/* A searcher of package.searchers: the embedded module of that name. */
static int search(lua_State *lua)
{
	const char *name = luaL_checkstring(lua, 1);
	size_t length;
	const unsigned char *chunk = embed_library(name, &length);

	if (!chunk) {
		lua_pushfstring(lua, "no module '%s' in lunette", name);
		return 1;
	}
	lua_pushfstring(lua, "=%s", name);
	if (luaL_loadbufferx(lua, (const char *)chunk, length, lua_tostring(lua, -1), "b") !=
	    LUA_OK)
		return lua_error(lua);
	lua_pushliteral(lua, "lunette");
	return 2;
}

static void open_library(lua_State *lua)
{
	luaL_getsubtable(lua, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_pushcfunction(lua, luaopen_syscall_raw);
	lua_setfield(lua, -2, "syscall.raw");
	lua_pushcfunction(lua, luaopen_syscall_unsafe);
	lua_setfield(lua, -2, "syscall.unsafe");
	lua_getglobal(lua, LUA_LOADLIBNAME);
	lua_getfield(lua, -1, "searchers");
	for (lua_Integer at = (lua_Integer)lua_rawlen(lua, -1); at >= 2; at--) {
		lua_rawgeti(lua, -1, at);
		lua_rawseti(lua, -2, at + 1);
	}
	lua_pushcfunction(lua, search);
	lua_rawseti(lua, -2, 2); /* behind what a script preloads */
	lua_pop(lua, 3);
}

/* arg[0] is the script, as in lua(1). */
static void push_arguments(lua_State *lua, const struct request *request)
{
	lua_createtable(lua, (int)request->word_count, 1);
	for (size_t i = 0; i < request->word_count; i++) {
		lua_pushstring(lua, request->words[i]);
		lua_rawseti(lua, -2, (lua_Integer)i);
	}
	lua_setglobal(lua, "arg");
}

static int add_traceback(lua_State *lua)
{
	const char *message = lua_tostring(lua, 1);

	if (!message)
		message = luaL_tolstring(lua, 1, NULL);
	luaL_traceback(lua, lua, message, 1);
	return 1;
}

/* (request) -> nothing, or what is wrong with the script's text: no call led there. May raise. */
static int run(lua_State *lua)
{
	const struct request *request = lua_touserdata(lua, 1);
	const char *script = request->words[0];

	luaL_openlibs(lua);
	open_library(lua);
	push_arguments(lua, request);
	if (luaL_loadfile(lua, strcmp(script, "-") == 0 ? NULL : script) != LUA_OK)
		return 1;
	luaL_checkstack(lua, (int)request->word_count, "too many arguments");
	for (size_t i = 1; i < request->word_count; i++)
		lua_pushstring(lua, request->words[i]);
	lua_call(lua, (int)request->word_count - 1, 0);
	return 0;
}

static void print_lines(const char *text)
{
	while (text && *text) {
		bool indented = *text == '\t'; /* as tracebacks are */
		size_t length = strcspn(text, "\n");

		print_note("%s%.*s", indented ? "    " : "", (int)(length - indented),
			   text + indented);
		text += length + (text[length] == '\n');
	}
}

int cmd_lua(const struct request *request)
{
	struct lua_heap heap = { 0 };
	struct err err;
	lua_State *lua;
	int status;

	if (request->word_count == 0) {
		err_set(&err, STAGE_USAGE, EINVAL, "`lunette lua SCRIPT [ARG...]`", "lua");
		err_reason(&err, "a script is missing");
		print_error(&err);
		return EXIT_USAGE;
	}
	lua = lua_newstate(lua_heap_allocate, &heap);
	if (!lua) {
		err_set(&err, STAGE_USAGE, ENOMEM, NULL, "lua");
		print_error(&err);
		return EXIT_NO;
	}
	lua_pushcfunction(lua, add_traceback);
	lua_pushcfunction(lua, run);
	lua_pushlightuserdata(lua, (void *)(uintptr_t)request);
	(void)lua_pcall(lua, 1, 1, 1);
	status = lua_isnil(lua, -1) ? EXIT_YES : EXIT_NO;
	print_lines(lua_tostring(lua, -1));
	lua_close(lua); /* files are flushed, and objects of descriptors closed */
	return status;
}
