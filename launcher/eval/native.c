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

enum { LINES_USUAL = 64 }; /* words of a profile that lines() makes room for */

static const char modules_key[] = "lunette.modules";
static const char ready_key[] = "lunette.ready"; /* shipped profiles, compiled, by chunk name */

/* Each mount and rule of a profile asks: by hand, since printf takes four times as long. */
static void push_place(lua_State *lua, const lua_Debug *frame)
{
	char digits[12];
	char *at = digits + sizeof(digits);
	luaL_Buffer text;

	for (int line = frame->currentline; line > 0; line /= 10)
		*--at = (char)('0' + line % 10);
	*--at = ':';
	luaL_buffinit(lua, &text);
	luaL_addlstring(&text, frame->source + 1, frame->srclen - 1);
	luaL_addlstring(&text, at, (size_t)(digits + sizeof(digits) - at));
	luaL_pushresult(&text);
}

/* where(level) - "FILE:LINE" of the nearest profile frame at or above @level, or "" */
static int where(lua_State *lua)
{
	int level = (int)luaL_optinteger(lua, 1, 1);
	lua_Debug frame;

	for (; lua_getstack(lua, level, &frame); level++) {
		lua_getinfo(lua, "Sl", &frame);
		if (frame.source[0] == '@' && frame.currentline > 0) {
			push_place(lua, &frame);
			return 1;
		}
	}
	lua_pushliteral(lua, "");
	return 1;
}

/* tag(value) - the field `is` of a table's metatable, or nil. Asked of nearly every value. */
static int tag(lua_State *lua)
{
	if (lua_type(lua, 1) == LUA_TTABLE && lua_getmetatable(lua, 1))
		lua_getfield(lua, -1, "is");
	else
		lua_pushnil(lua);
	return 1;
}

/* By words, as musl's memcmp() does not. */
static bool is_same(const char *a, const char *b, size_t length)
{
	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
		uint64_t x, y;

		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		if (x != y)
			return false;
		a += sizeof(x);
		b += sizeof(y);
	}
	return memcmp(a, b, length) == 0;
}

/* Pushes the shipped profile that @text is, compiled when this binary was made; it serves once. */
static bool push_ready(lua_State *lua, const char *text, size_t length, const char *name)
{
	const char *base = name + strcspn(name, "/") + 1;
	char shipped[32];
	size_t size = 0;

	snprintf(shipped, sizeof(shipped), "%.*s", (int)strcspn(base, "."), base);
	base = embed_profile(shipped, &size);
	if (!base || size != length || !is_same(base, text, size))
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

/* Keeps the line on which a word stands first. */
static void note_line(lua_State *lua, const char *word, const char *end, lua_Integer line)
{
	lua_pushlstring(lua, word, (size_t)(end - word));
	lua_pushvalue(lua, -1);
	if (lua_rawget(lua, -3) != LUA_TNIL) {
		lua_pop(lua, 2);
		return;
	}
	lua_pop(lua, 1);
	lua_pushinteger(lua, line);
	lua_rawset(lua, -3);
}

/* lines(text) - the line on which each word that comes before a `=` first does so, by word */
static int lines(lua_State *lua)
{
	size_t length;
	const char *text = luaL_checklstring(lua, 1, &length);
	const char *const text_end = text + length;
	const char *next = memchr(text, '\n', length);
	lua_Integer line = 1;

	lua_createtable(lua, 0, LINES_USUAL);
	for (const char *at = text; (at = memchr(at, '=', (size_t)(text_end - at))); at++) {
		const char *end = at;
		const char *word;

		for (; next && next < at; line++)
			next = memchr(next + 1, '\n', (size_t)(text_end - next - 1));
		if (at[1] == '=')
			continue;
		while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		for (word = end; word > text && is_word(word[-1]); word--)
			;
		if (word < end)
			note_line(lua, word, end, line);
	}
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
		"lunette.main",       "lunette.merge",    "lunette.mounts",
		"lunette.attributes", "lunette.rules",    "lunette.lower",
		"lunette.matchers",   "lunette.landlock", "lunette.params",
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
		{ "load", load },    { "lines", lines },
		{ "token", token },  { "path", path },
		{ "tag", tag },      { NULL, NULL },
	};

	lua_createtable(lua, 0, 24);
	luaL_setfuncs(lua, functions, 0);
	native_tables(lua);
	lua_createtable(lua, 0, 16);
	lua_pushvalue(lua, -2);
	lua_setfield(lua, -2, "native");
	lua_rawsetp(lua, LUA_REGISTRYINDEX, modules_key);
}
