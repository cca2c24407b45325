/* native.c - the C functions that the Lua front end calls
 *
 * They give Lua what it lacks without the debug, io and os libraries: the launcher's answers, the
 * line a constructor stands on, compiling a profile's text in a world of its own, loading embedded
 * modules.
 */
#include "launcher/eval/native.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "launcher/eval/embed.h"

static const char modules_key[] = "lunette.modules";
static const char ready_key[] = "lunette.ready"; /* shipped profiles, compiled, by chunk name */

/* where(level) - "FILE:LINE" of the nearest profile frame at or above @level, or "" */
static int where(lua_State *lua)
{
	int level = (int)luaL_optinteger(lua, 1, 1);
	lua_Debug frame;

	for (; lua_getstack(lua, level, &frame); level++) {
		lua_getinfo(lua, "Sl", &frame);
		if (frame.source[0] == '@' && frame.currentline > 0) {
			lua_pushfstring(lua, "%s:%d", frame.source + 1, frame.currentline);
			return 1;
		}
	}
	lua_pushliteral(lua, "");
	return 1;
}

/* Pushes the shipped profile that @text is, compiled when this binary was made; it serves once. */
static bool push_ready(lua_State *lua, const char *text, size_t length, const char *name)
{
	const char *base = name + strcspn(name, "/") + 1;
	char shipped[32];
	size_t size = 0;

	snprintf(shipped, sizeof(shipped), "%.*s", (int)strcspn(base, "."), base);
	base = embed_profile(shipped, &size);
	if (!base || size != length || memcmp(base, text, size) != 0)
		return false;
	if (lua_rawgetp(lua, LUA_REGISTRYINDEX, ready_key) != LUA_TTABLE ||
	    lua_getfield(lua, -1, name) != LUA_TFUNCTION) {
		lua_pop(lua, lua_istable(lua, -1) ? 1 : 2);
		return false;
	}
	lua_pushnil(lua);
	lua_setfield(lua, -3, name);
	lua_remove(lua, -2);
	return true;
}

/* compile(text, name, env) - a function, or nil and a message. Text only: Lua does not check
 * bytecode, and a wrong chunk takes the interpreter over. */
static int compile(lua_State *lua)
{
	size_t length;
	const char *text = luaL_checklstring(lua, 1, &length);
	const char *name = luaL_checkstring(lua, 2);
	int status;

	luaL_checktype(lua, 3, LUA_TTABLE);
	if (text[0] == LUA_SIGNATURE[0]) {
		lua_pushnil(lua);
		lua_pushfstring(lua, "%s:1: is bytecode; a profile is text", name);
		return 2;
	}
	name = lua_pushfstring(lua, "@%s", name);
	status = push_ready(lua, text, length, name)
			 ? LUA_OK
			 : luaL_loadbufferx(lua, text, length, name, "t");
	if (status != LUA_OK) {
		lua_pushnil(lua);
		lua_insert(lua, -2);
		return 2;
	}
	lua_pushvalue(lua, 3);
	lua_setupvalue(lua, -2, 1);
	return 1;
}

/* Pushes the `native` table and what modules have answered so far. */
static void push_registry(lua_State *lua)
{
	lua_rawgetp(lua, LUA_REGISTRYINDEX, modules_key);
}

void native_module(lua_State *lua, const char *name)
{
	size_t length;
	const unsigned char *chunk;

	push_registry(lua);
	if (lua_getfield(lua, -1, name) != LUA_TNIL) {
		lua_remove(lua, -2);
		return;
	}
	lua_pop(lua, 1);
	chunk = embed_find(name, &length);
	if (!chunk)
		luaL_error(lua, "no module %s", name);
	if (luaL_loadbufferx(lua, (const char *)chunk, length, name, "b") != LUA_OK)
		lua_error(lua);
	lua_getfield(lua, -2, "native");
	lua_call(lua, 1, 1);
	lua_pushvalue(lua, -1);
	lua_setfield(lua, -3, name);
	lua_remove(lua, -2);
}

/* load(name) - the value of an embedded module, which runs once */
static int load(lua_State *lua)
{
	native_module(lua, luaL_checkstring(lua, 1));
	return 1;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* line_of(text, key) - the line on which @key stands as a word before a `=`, or nil */
static int line_of(lua_State *lua)
{
	const char *text = luaL_checkstring(lua, 1);
	size_t length;
	const char *key = luaL_checklstring(lua, 2, &length);
	const char *counted = text;
	const char *at = text;
	lua_Integer line = 1;

	while (length > 0 && (at = strstr(at, key)) != NULL) {
		const char *after = at + length;

		if ((at == text || !is_word(at[-1])) && !is_word(*after)) {
			after += strspn(after, " \t");
			if (after[0] == '=' && after[1] != '=')
				break;
		}
		at += length;
	}
	if (length == 0 || !at)
		return 0;
	for (; counted < at; counted++)
		line += *counted == '\n';
	lua_pushinteger(lua, line);
	return 1;
}

/* token(value) - text or number as one token of the plan's text form (docs/plan.md) */
static int token(lua_State *lua)
{
	static const char digits[] = "0123456789abcdef";
	size_t length;
	const char *text = luaL_checklstring(lua, 1, &length);
	luaL_Buffer out;
	size_t plain = 0;

	while (plain < length && text[plain] > ' ' && text[plain] < 0x7f && text[plain] != '\\')
		plain++;
	lua_settop(lua, 1);
	if (length == 0)
		lua_pushliteral(lua, "\\e");
	if (plain == length)
		return 1;
	luaL_buffinit(lua, &out);
	luaL_addlstring(&out, text, plain);
	for (size_t i = plain; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte > ' ' && byte < 0x7f && byte != '\\') {
			luaL_addchar(&out, text[i]);
		} else {
			luaL_addstring(&out, "\\x");
			luaL_addchar(&out, digits[byte >> 4]);
			luaL_addchar(&out, digits[byte & 15]);
		}
	}
	luaL_pushresult(&out);
	return 1;
}

/* path(value) - the same where it is an absolute path in its shortest form, else nil */
static int path(lua_State *lua)
{
	size_t length;
	const char *text = lua_type(lua, 1) == LUA_TSTRING ? lua_tolstring(lua, 1, &length) : NULL;

	if (!text || text[0] != '/' || strlen(text) != length)
		return 0;
	for (const char *at = text; *at && length > 1; at = strchrnul(at, '/')) {
		size_t part = strcspn(++at, "/");

		if (part == 0 || (part <= 2 && memcmp(at, "..", part) == 0))
			return 0;
	}
	lua_settop(lua, 1);
	return 1;
}

void native_link(lua_State *lua, struct native *native)
{
	*(struct native **)lua_getextraspace(lua) = native;
}

void native_prepare(lua_State *lua)
{
	static const char *const usual[] = {
		"lunette.main",  "lunette.merge", "lunette.mounts",   "lunette.attributes",
		"lunette.rules", "lunette.lower", "lunette.matchers", "lunette.landlock",
	};
	const char *name;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		native_module(lua, usual[i]);
		lua_pop(lua, 1);
	}
	lua_newtable(lua);
	for (size_t i = 0; (name = embed_profile_name(i)) != NULL; i++) {
		size_t length;
		const char *text = embed_profile(name, &length);

		lua_pushfstring(lua, "@profiles/%s.lua", name);
		if (luaL_loadbufferx(lua, text, length, lua_tostring(lua, -1), "t") != LUA_OK)
			lua_error(lua);
		lua_rawset(lua, -3);
	}
	lua_rawsetp(lua, LUA_REGISTRYINDEX, ready_key);
}

void native_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "ask", link_ask }, { "ask_all", link_ask_all },
		{ "where", where },  { "compile", compile },
		{ "load", load },    { "line_of", line_of },
		{ "token", token },  { "path", path },
		{ NULL, NULL },
	};

	lua_createtable(lua, 0, 24);
	luaL_setfuncs(lua, functions, 0);
	native_tables(lua);
	lua_createtable(lua, 0, 16);
	lua_pushvalue(lua, -2);
	lua_setfield(lua, -2, "native");
	lua_rawsetp(lua, LUA_REGISTRYINDEX, modules_key);
}
