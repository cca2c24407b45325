/* enter.c - raw.call(): a system call by its number, with arguments as they come
 *
 * For calls that no row describes. A number stands for itself, memory and text for their addresses,
 * an fd object for its number; what is an address stands in the table of calls, and there a number
 * other than 0 is refused, and so is an fd object: its number may be chosen (dup3()).
 */
#include "lua/bind/bind.h"

#include "lua/raw/entry.h"
#include "raw/pointers.h"

enum {
	WORDS = 6,
	EITHER = 8,       /* the bits of arguments that are a number or an address begin here */
	NO_ADDRESS = 4096 /* what is smaller lies in the page that is never there */
};

bool bind_pointer(long number, int index)
{
	size_t count = sizeof(raw_pointers) / sizeof(raw_pointers[0]);

	if (number < 0 || (size_t)number >= count)
		return true; /* nobody knows */
	return raw_pointers[number] >> index & 1;
}

/* Whether it may be one, as another argument says: of ioctl(2), prctl(2) and the like. */
static bool may_be_pointer(long number, int index)
{
	return !bind_pointer(number, index) && raw_pointers[number] >> EITHER >> index & 1;
}

/* One argument of call(), not to be larger than @most as an address: a number, an fd, memory or
 * text. */
static long loose(lua_State *lua, int index, uint64_t most)
{
	static const char expected[] =
		"the kernel takes an address here: memory, text or nil expected";
	struct memory *memory = memory_test(lua, index);
	int fd;

	if (memory)
		return (long)(uintptr_t)memory_at(memory_check(lua, index));
	if (handle_test(lua, index, &fd)) {
		luaL_argcheck(lua, (uint64_t)fd <= most, index, expected);
		return fd;
	}
	switch (lua_type(lua, index)) {
	case LUA_TSTRING:
		return (long)(uintptr_t)lua_tostring(lua, index);
	case LUA_TNIL:
		return 0;
	default:
		luaL_argcheck(lua, (uint64_t)luaL_checkinteger(lua, index) <= most, index,
			      expected);
		return (long)luaL_checkinteger(lua, index);
	}
}

int bind_enter(lua_State *lua, bool checked)
{
	lua_Integer number = luaL_checkinteger(lua, 1);
	long w[WORDS] = { 0 };
	int count = lua_gettop(lua) - 1;
	long value;

	luaL_argcheck(lua, count <= WORDS, WORDS + 2, "a call takes at most six arguments");
	for (int i = 0; i < count; i++) {
		uint64_t most = UINT64_MAX;

		if (checked && bind_pointer(number, i))
			most = 0;
		else if (checked && may_be_pointer(number, i))
			most = NO_ADDRESS - 1;
		w[i] = loose(lua, i + 2, most);
	}
	value = raw_entry(number, w[0], w[1], w[2], w[3], w[4], w[5]);
	if (value < 0 && value >= -4095)
		return bind_error(lua, (int)-value);
	lua_pushinteger(lua, value);
	return 1;
}

/* call(number, ...) - the value, or nil and an error. Text must only be read by the kernel: Lua
 * holds one copy of it for everybody. */
static int call(lua_State *lua)
{
	return bind_enter(lua, true);
}

void enter_open(lua_State *lua)
{
	lua_pushcfunction(lua, call);
	lua_setfield(lua, -2, "call");
}
