/* access.c - whole numbers within memory: by offset, and by a type's table of fields
 *
 * memory:u32(offset) reads, memory:u32(offset, value) writes; the kinds are u8 i8 u16 i16 u32 i32
 * u64 i64, and with "be" behind them most significant byte first. A value must fit its kind, read
 * as signed or as unsigned; u64 past 2^63 is negative in Lua, which has the same bits.
 *
 * fields() makes the __index and __newindex of a type. There a number is a packed field of bind.h
 * and costs no Lua; a function is a getter or setter that does what it wants.
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

enum { UP_FIELDS = 1, UP_METHODS, UP_MISS };

static unsigned char *field_at(lua_State *lua, lua_Integer packed, unsigned char touch)
{
	return number_at(lua, packed >> FIELD_SHIFT, (unsigned int)packed & (FIELD_KINDS - 1),
			 touch);
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
		break;
	}
	lua_pushvalue(lua, 2);
	if (lua_rawget(lua, lua_upvalueindex(UP_METHODS)) != LUA_TNIL)
		return 1;
	lua_pushvalue(lua, lua_upvalueindex(UP_MISS));
	lua_pushvalue(lua, 1);
	lua_pushvalue(lua, 2);
	lua_call(lua, 2, 1);
	return 1;
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
		lua_pushvalue(lua, lua_upvalueindex(UP_MISS));
		lua_pushvalue(lua, 1);
		lua_pushvalue(lua, 2);
		lua_pushvalue(lua, 3);
		lua_call(lua, 3, 0);
		return 0;
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

void access_open(lua_State *lua)
{
	for (unsigned int kind = 0; kind < FIELD_KINDS; kind++) {
		lua_pushinteger(lua, (lua_Integer)kind);
		lua_pushcclosure(lua, access, 1);
		lua_setfield(lua, -2, kind_names[kind]);
	}
	lua_pushcfunction(lua, fields);
	lua_setfield(lua, -2, "fields");
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
