/* native_tables.c - the tables of policy/ as functions of Lua
 *
 * Thin: each looks one thing up in static data and answers nil where it is not there.
 */
#include "launcher/eval/native.h"

#include <string.h>

#include <lauxlib.h>

#include "policy/tables.h"

static enum policy_entry check_entry(lua_State *lua, int argument)
{
	int entry = tables_entry(luaL_checkstring(lua, argument));

	luaL_argcheck(lua, entry >= 0, argument, "no entry of the kernel");
	return (enum policy_entry)entry;
}

/* call(entry, name) - its number there */
static int call(lua_State *lua)
{
	enum policy_entry entry = check_entry(lua, 1);
	int index = tables_call(luaL_checkstring(lua, 2));
	int number = index < 0 ? -1 : tables_call_number(index, entry);

	if (number < 0)
		return 0;
	lua_pushinteger(lua, number);
	return 1;
}

enum { NUMBERS = 1024 }; /* above each entry's highest */

/* Adds a call to @set; false where @entry does not have it. */
static bool add_number(uint8_t *set, enum policy_entry entry, int index)
{
	int number = index < 0 ? -1 : tables_call_number(index, entry);

	if (number < 0 || number >= NUMBERS)
		return false;
	set[number / 8] |= (uint8_t)(1 << number % 8);
	return true;
}

/* Below 10,000, as all numbers here. */
static char *put_number(char *to, int number)
{
	if (number >= 1000)
		*to++ = (char)('0' + number / 1000);
	if (number >= 100)
		*to++ = (char)('0' + number / 100 % 10);
	if (number >= 10)
		*to++ = (char)('0' + number / 10 % 10);
	*to++ = (char)('0' + number % 10);
	return to;
}

static void push_intervals(lua_State *lua, const uint8_t *set)
{
	char text[NUMBERS * 5]; /* "1021,1023," is the longest way to say so */
	char *end = text;

	for (int first = 0, last; first < NUMBERS; first = last + 1) {
		last = first;
		if (first % 8 == 0 && !set[first / 8])
			last += 7;
		if (!(set[first / 8] >> first % 8 & 1))
			continue;
		while (last + 1 < NUMBERS && set[(last + 1) / 8] >> (last + 1) % 8 & 1)
			last++;
		if (end > text)
			*end++ = ',';
		end = put_number(end, first);
		if (last > first) {
			*end++ = '-';
			end = put_number(end, last);
		}
	}
	lua_pushlstring(lua, text, (size_t)(end - text));
}

/* numbers(entry, list) - the calls and groups of a list of names as "0-3,7", and a list of the
 * names that @entry does not have, or nil. Members of a group are there or not without a word. */
static int numbers(lua_State *lua)
{
	enum policy_entry entry = check_entry(lua, 1);
	uint8_t set[NUMBERS / 8] = { 0 };
	lua_Integer missing = 0;

	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	lua_pushnil(lua);
	for (lua_Integer i = 1; lua_rawgeti(lua, 2, i) == LUA_TSTRING; i++) {
		const char *name = lua_tostring(lua, -1);
		const int16_t *member = name[0] == '@' ? tables_group(name) : NULL;
		bool found = member || add_number(set, entry, tables_call(name));

		for (; member && *member >= 0; member++)
			(void)add_number(set, entry, *member);
		if (!found) {
			if (missing == 0) {
				lua_newtable(lua);
				lua_replace(lua, 3);
			}
			lua_rawseti(lua, 3, ++missing);
		} else {
			lua_pop(lua, 1);
		}
	}
	push_intervals(lua, set);
	lua_pushvalue(lua, 3);
	return 2;
}

/* known(entry) - "0-334,424-470", or nil where the kernel has no such entry */
static int known(lua_State *lua)
{
	int entry = tables_entry(luaL_checkstring(lua, 1));
	const struct policy_interval *list;
	luaL_Buffer text;
	size_t count;

	if (entry < 0)
		return 0;
	list = tables_known((enum policy_entry)entry, &count);
	luaL_buffinit(lua, &text);
	for (size_t i = 0; i < count; i++) {
		lua_pushfstring(lua, list[i].first == list[i].last ? "%s%d" : "%s%d-%d",
				i ? "," : "", (int)list[i].first, (int)list[i].last);
		luaL_addvalue(&text);
	}
	luaL_pushresult(&text);
	return 1;
}

/* signature(name, entry) - the arguments of a call, or nil */
static int signature(lua_State *lua)
{
	int index = tables_call(luaL_checkstring(lua, 1));

	if (index < 0)
		return 0;
	lua_pushstring(lua, tables_signature(index, check_entry(lua, 2)));
	return 1;
}

/* group(name) - a list of names */
static int group(lua_State *lua)
{
	const int16_t *calls = tables_group(luaL_checkstring(lua, 1));

	if (!calls)
		return 0;
	lua_newtable(lua);
	for (lua_Integer i = 0; calls[i] >= 0; i++) {
		lua_pushstring(lua, tables_call_name(calls[i]));
		lua_rawseti(lua, -2, i + 1);
	}
	return 1;
}

/* constant(family, name, entry) */
static int constant(lua_State *lua)
{
	uint64_t value;

	if (tables_constant(check_entry(lua, 3), luaL_checkstring(lua, 1), luaL_checkstring(lua, 2),
			    &value) < 0)
		return 0;
	lua_pushinteger(lua, (lua_Integer)value);
	return 1;
}

static int errno_number(lua_State *lua)
{
	int number = tables_errno(luaL_checkstring(lua, 1));

	if (number < 0)
		return 0;
	lua_pushinteger(lua, number);
	return 1;
}

static int capability(lua_State *lua)
{
	int bit = tables_capability(luaL_checkstring(lua, 1));

	if (bit < 0)
		return 0;
	lua_pushinteger(lua, bit);
	return 1;
}

static enum tables_landlock check_landlock(lua_State *lua)
{
	static const char *const kinds[] = { "fs", "net", "scope", NULL };

	return (enum tables_landlock)luaL_checkoption(lua, 1, NULL, kinds);
}

/* landlock(kind, name) - the right's bit */
static int landlock(lua_State *lua)
{
	uint64_t right = tables_landlock_right(check_landlock(lua), luaL_checkstring(lua, 2));

	if (!right)
		return 0;
	lua_pushinteger(lua, (lua_Integer)right);
	return 1;
}

/* landlock_all(kind, abi) - all rights that @abi has */
static int landlock_all(lua_State *lua)
{
	enum tables_landlock kind = check_landlock(lua);
	int abi = (int)luaL_checkinteger(lua, 2);

	lua_pushinteger(lua, (lua_Integer)tables_landlock_rights(kind, abi));
	return 1;
}

/* nearest(kind, name) - a name of the tables, or nil */
static int nearest(lua_State *lua)
{
	const char *name = tables_nearest(luaL_checkstring(lua, 1), luaL_checkstring(lua, 2));

	if (!name)
		return 0;
	lua_pushstring(lua, name);
	return 1;
}

/* closest(name, list) - the name of @list nearest to @name, as near as tables_nearest() wants it */
static int closest(lua_State *lua)
{
	size_t length;
	const char *name = luaL_checklstring(lua, 1, &length);
	unsigned int least = (unsigned int)(length > 60 ? 20 : length / 3) + 2;
	const char *best = NULL;

	luaL_checktype(lua, 2, LUA_TTABLE);
	for (lua_Integer i = 1; lua_rawgeti(lua, 2, i) == LUA_TSTRING; i++) {
		const char *one = lua_tostring(lua, -1);
		unsigned int distance = tables_distance(name, one, least);

		if (distance < least) {
			least = distance;
			best = one;
		}
		lua_pop(lua, 1);
	}
	if (!best)
		return 0;
	lua_pushstring(lua, best);
	return 1;
}

void native_tables(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "call", call },
		{ "numbers", numbers },
		{ "known", known },
		{ "signature", signature },
		{ "group", group },
		{ "constant", constant },
		{ "errno", errno_number },
		{ "capability", capability },
		{ "landlock", landlock },
		{ "landlock_all", landlock_all },
		{ "nearest", nearest },
		{ "closest", closest },
		{ NULL, NULL },
	};

	luaL_setfuncs(lua, functions, 0);
}
