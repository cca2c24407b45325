/* access.c - whole numbers within memory: by offset, by a type's table of fields, by index
 *
 * memory:u32(offset) reads, memory:u32(offset, value) writes; the kinds are u8 i8 u16 i16 u32 i32
 * u64 i64, and with "be" behind them most significant byte first. A value must fit its kind, read
 * as signed or as unsigned; u64 past 2^63 is negative in Lua, which has the same bits.
 *
 * fields() makes the __index and __newindex of a type. There a number is a packed field of bind.h
 * and costs no Lua; a function is a getter or setter that does what it wants. elements() makes
 * those of an array, whose elements are numbers or slices that have a type's metatable.
 */
#include "lua/bind/bind.h"

#include <string.h>

static const char *const kind_names[FIELD_KINDS] = {
	"u8",   "i8",   "u16",   "i16",   "u32",   "i32",   "u64",   "i64",
	"u8be", "i8be", "u16be", "i16be", "u32be", "i32be", "u64be", "i64be",
};

static size_t width(unsigned int kind)
{
	return (size_t)1 << ((kind & 7) >> 1);
}

static bool swapped(unsigned int kind)
{
	return ((kind & FIELD_BIG) != 0) == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

static lua_Integer load(const unsigned char *at, unsigned int kind)
{
	size_t size = width(kind);
	unsigned int unused = (unsigned int)(64 - 8 * size);
	uint64_t value = 0;

	memcpy(&value, at, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value >>= unused;
#endif
	if (swapped(kind))
		value = __builtin_bswap64(value) >> unused;
	if (kind & 1) /* signed: the sign goes to the top and back */
		return (lua_Integer)(value << unused) >> unused;
	return (lua_Integer)value;
}

static void store(unsigned char *at, unsigned int kind, lua_Integer given)
{
	size_t size = width(kind);
	uint64_t value = (uint64_t)given;

	if (swapped(kind))
		value = __builtin_bswap64(value) >> (64 - 8 * size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value <<= 64 - 8 * size;
#endif
	memcpy(at, &value, size);
}

/* A whole number at @index; a float that is one will do. */
static lua_Integer check_value(lua_State *lua, int index, unsigned int kind, const char *name)
{
	unsigned int bits = (unsigned int)(8 * width(kind));
	lua_Integer value;
	int whole = 0;

	if (lua_type(lua, index) == LUA_TNUMBER) {
		value = lua_tointegerx(lua, index, &whole);
		if (whole && (bits == 64 || (value >= -((lua_Integer)1 << (bits - 1)) &&
					     value < (lua_Integer)1 << bits)))
			return value;
	} else if (lua_type(lua, index) == LUA_TBOOLEAN) {
		return lua_toboolean(lua, index);
	}
	lua_pushfstring(lua, "%s: a whole number of %d bits expected, got %s", name, bits,
			whole ? lua_tostring(lua, index) : luaL_typename(lua, index));
	return bind_raise(lua);
}

/* Where the number of @kind at @offset of the memory at index 1 is, which may be touched so. */
static unsigned char *number_at(lua_State *lua, lua_Integer offset, unsigned int kind,
				unsigned char touch)
{
	struct memory *memory = memory_check(lua, 1);

	luaL_argcheck(lua, !(memory_root(memory)->guard & touch), 1,
		      touch == GUARD_READ ? "cannot be read" : "cannot be written to");
	return memory_range(lua, memory, offset, (lua_Integer)width(kind));
}

static int access(lua_State *lua)
{
	unsigned int kind = (unsigned int)lua_tointeger(lua, lua_upvalueindex(1));
	lua_Integer offset = luaL_checkinteger(lua, 2);

	if (lua_isnoneornil(lua, 3)) {
		lua_pushinteger(lua, load(number_at(lua, offset, kind, GUARD_READ), kind));
		return 1;
	}
	store(number_at(lua, offset, kind, GUARD_WRITE), kind,
	      check_value(lua, 3, kind, kind_names[kind]));
	return 0;
}

enum { UP_FIELDS = 1, UP_METHODS, UP_MISS, UP_ARRAY, UP_ELEMENT = UP_FIELDS };

static unsigned char *field_at(lua_State *lua, lua_Integer packed, unsigned char touch)
{
	return number_at(lua, packed >> FIELD_SHIFT, (unsigned int)packed & (FIELD_KINDS - 1),
			 touch);
}

/* What is neither field nor element: a method, or else miss(self, key)'s to answer. */
static int get_other(lua_State *lua)
{
	lua_pushvalue(lua, 2);
	if (lua_rawget(lua, lua_upvalueindex(UP_METHODS)) != LUA_TNIL)
		return 1;
	lua_pushvalue(lua, lua_upvalueindex(UP_MISS));
	lua_pushvalue(lua, 1);
	lua_pushvalue(lua, 2);
	lua_call(lua, 2, 1);
	return 1;
}

static int set_other(lua_State *lua)
{
	lua_pushvalue(lua, lua_upvalueindex(UP_MISS));
	lua_pushvalue(lua, 1);
	lua_pushvalue(lua, 2);
	lua_pushvalue(lua, 3);
	lua_call(lua, 3, 0);
	return 0;
}

static int get_field(lua_State *lua)
{
	lua_settop(lua, 2);
	lua_pushvalue(lua, 2);
	switch (lua_rawget(lua, lua_upvalueindex(UP_FIELDS))) {
	case LUA_TNUMBER: {
		lua_Integer packed = lua_tointeger(lua, -1);

		lua_pushinteger(lua, load(field_at(lua, packed, GUARD_READ),
					  (unsigned int)packed & (FIELD_KINDS - 1)));
		return 1;
	}
	case LUA_TFUNCTION:
		lua_pushvalue(lua, 1);
		lua_call(lua, 1, 1);
		return 1;
	default:
		return get_other(lua);
	}
}

static int set_field(lua_State *lua)
{
	lua_settop(lua, 3);
	lua_pushvalue(lua, 2);
	switch (lua_rawget(lua, lua_upvalueindex(UP_FIELDS))) {
	case LUA_TNUMBER: {
		lua_Integer packed = lua_tointeger(lua, -1);
		unsigned int kind = (unsigned int)packed & (FIELD_KINDS - 1);
		unsigned char *at = field_at(lua, packed, GUARD_WRITE);

		store(at, kind, check_value(lua, 3, kind, lua_tostring(lua, 2)));
		return 0;
	}
	case LUA_TFUNCTION:
		lua_pushvalue(lua, 1);
		lua_pushvalue(lua, 3);
		lua_call(lua, 2, 0);
		return 0;
	default:
		return set_other(lua);
	}
}

/* fields(gets, methods, miss, sets, miss) - an __index and a __newindex */
static int fields(lua_State *lua)
{
	lua_settop(lua, 5);
	luaL_checktype(lua, 1, LUA_TTABLE);
	luaL_checktype(lua, 2, LUA_TTABLE);
	luaL_checktype(lua, 3, LUA_TFUNCTION);
	luaL_checktype(lua, 4, LUA_TTABLE);
	luaL_checktype(lua, 5, LUA_TFUNCTION);
	for (int i = 1; i <= 3; i++)
		lua_pushvalue(lua, i);
	lua_pushcclosure(lua, get_field, 3);
	lua_pushvalue(lua, 4);
	lua_pushvalue(lua, 2);
	lua_pushvalue(lua, 5);
	lua_pushcclosure(lua, set_field, 3);
	return 2;
}

struct array {
	lua_Integer base; /* the first index */
	lua_Integer size; /* of an element */
	int kind;         /* of numbers; -1: an element is a slice with the metatable UP_ELEMENT */
};

/* Where the element at the index at 2 starts in the memory at 1; -1 where it has none such. */
static lua_Integer element_offset(lua_State *lua, const struct array *array)
{
	lua_Integer index;
	int whole = 0;

	if (lua_type(lua, 2) != LUA_TNUMBER)
		return -1;
	index = lua_tointegerx(lua, 2, &whole);
	if (!whole || index < array->base ||
	    index - array->base >= (lua_Integer)memory_check(lua, 1)->size / array->size)
		return -1;
	return (index - array->base) * array->size;
}

static int get_element(lua_State *lua)
{
	const struct array *array = lua_touserdata(lua, lua_upvalueindex(UP_ARRAY));
	lua_Integer offset;

	lua_settop(lua, 2);
	offset = element_offset(lua, array);
	if (offset < 0)
		return get_other(lua);
	if (array->kind < 0) {
		lua_pushvalue(lua, lua_upvalueindex(UP_ELEMENT));
		memory_slice(lua, 1, offset, array->size);
	} else {
		unsigned int kind = (unsigned int)array->kind;

		lua_pushinteger(lua, load(number_at(lua, offset, kind, GUARD_READ), kind));
	}
	return 1;
}

static int set_element(lua_State *lua)
{
	const struct array *array = lua_touserdata(lua, lua_upvalueindex(UP_ARRAY));
	unsigned int kind = (unsigned int)array->kind;
	lua_Integer offset;

	lua_settop(lua, 3);
	offset = array->kind < 0 ? -1 : element_offset(lua, array);
	if (offset < 0)
		return set_other(lua);
	store(number_at(lua, offset, kind, GUARD_WRITE), kind,
	      check_value(lua, 3, kind, kind_names[kind]));
	return 0;
}

/* elements(kind|metatable, methods, miss, set, base [, size]) - an __index and a __newindex of
 * arrays that count from @base. set(self, index, value) is asked where there is no such element,
 * and where elements are no numbers. */
static int elements(lua_State *lua)
{
	struct array array = { .base = luaL_checkinteger(lua, 5), .kind = -1 };
	lua_Integer kind;

	lua_settop(lua, 6);
	luaL_checktype(lua, 2, LUA_TTABLE);
	luaL_checktype(lua, 3, LUA_TFUNCTION);
	luaL_checktype(lua, 4, LUA_TFUNCTION);
	if (lua_istable(lua, 1)) {
		lua_pushvalue(lua, 1);
		bind_check_metatable(lua);
		array.size = luaL_checkinteger(lua, 6);
	} else {
		kind = luaL_checkinteger(lua, 1);
		luaL_argcheck(lua, kind >= 0 && kind < FIELD_KINDS, 1, "a kind expected");
		array.kind = (int)kind;
		array.size = (lua_Integer)width((unsigned int)kind);
	}
	luaL_argcheck(lua, array.base >= 0, 5, "0 or more expected");
	luaL_argcheck(lua, array.size > 0, 6, "a size expected");
	lua_settop(lua, 6);
	*(struct array *)lua_newuserdatauv(lua, sizeof(array), 0) = array;
	for (int set = 0; set < 2; set++) {
		lua_pushvalue(lua, 1);
		lua_pushvalue(lua, 2);
		lua_pushvalue(lua, 3 + set);
		lua_pushvalue(lua, 7);
		lua_pushcclosure(lua, set ? set_element : get_element, 4);
	}
	return 2;
}

/* down(list, i) - the step of an iterator from the last element to the first: i - 1, list[i] */
static int down(lua_State *lua)
{
	lua_Integer i = luaL_checkinteger(lua, 2);

	if (i <= 0)
		return 0;
	lua_settop(lua, 1);
	lua_pushinteger(lua, i - 1);
	lua_geti(lua, 1, i);
	return 2;
}

void access_open(lua_State *lua)
{
	for (unsigned int kind = 0; kind < FIELD_KINDS; kind++) {
		lua_pushinteger(lua, (lua_Integer)kind);
		lua_pushcclosure(lua, access, 1);
		lua_setfield(lua, -2, kind_names[kind]);
	}
	lua_pushcfunction(lua, fields);
	lua_setfield(lua, -2, "fields");
	lua_pushcfunction(lua, elements);
	lua_setfield(lua, -2, "elements");
	lua_pushcfunction(lua, down);
	lua_setfield(lua, -2, "down");
	lua_createtable(lua, 0, FIELD_KINDS);
	for (unsigned int kind = 0; kind < FIELD_KINDS; kind++) {
		lua_pushinteger(lua, (lua_Integer)kind);
		lua_setfield(lua, -2, kind_names[kind]);
	}
	lua_setfield(lua, -2, "kinds");
	lua_createtable(lua, FIELD_KINDS, 0);
	for (unsigned int kind = 0; kind < FIELD_KINDS; kind++) {
		lua_pushstring(lua, kind_names[kind]);
		lua_rawseti(lua, -2, (lua_Integer)kind);
	}
	lua_setfield(lua, -2, "names");
}
