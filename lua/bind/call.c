/* call.c - from Lua's arguments to the six words of a system call, and back
 *
 * bind() fixes a call's number and the kinds of its arguments and answers a function; what a kind
 * accepts stands in docs/syscall.md. The kinds travel as text that lua/syscall/call.lua makes of a
 * row: one byte for the result, one for how to call, one for the number of Lua arguments, then
 * three bytes an argument: kind, upvalue with the kind's object, upvalue with its default (0:
 * none).
 *
 * Everything that an argument became (a structure made of a table, room for an answer) stands on
 * Lua's stack until the call has returned, so nothing that the kernel was handed is collected.
 * Must not accept a number for an address: the table of calls says which argument is one.
 */
#include "lua/bind/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lua/raw/entry.h"

static const char state_key[] = "syscall.state";

enum { WORDS = 6, SMALL = 1024, TEXT_ROOM = 4096 };
enum { UP_NAME = 1, UP_NUMBER, UP_KINDS };

struct call {
	lua_State *lua;
	const unsigned char *kind; /* of the argument at hand: kind, object, default */
	int argument;              /* its index in Lua */
	int used;                  /* words so far */
	long words[WORDS];
	size_t size;        /* of the memory that was handed over last */
	int out;            /* stack index of the first `out` argument */
	int pair[2];        /* what a call stores that makes two descriptors */
	const void *answer; /* what is made into text, or NULL */
	size_t room;        /* of the answer: recv(2) may tell of more (MSG_TRUNC) */
	unsigned char small[SMALL];
};

void bind_state(lua_State *lua)
{
	if (lua_rawgetp(lua, LUA_REGISTRYINDEX, state_key) == LUA_TTABLE)
		return;
	lua_pop(lua, 1);
	lua_newtable(lua);
	lua_pushvalue(lua, -1);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, state_key);
}

int bind_error(lua_State *lua, int error)
{
	bind_state(lua);
	lua_pushinteger(lua, error);
	lua_setfield(lua, -2, "errno");
	if (lua_getfield(lua, -1, "errors") == LUA_TNIL)
		lua_pushinteger(lua, error);
	else
		lua_geti(lua, -1, error); /* a table that makes the object when it is first asked */
	lua_pushnil(lua);
	lua_insert(lua, -2);
	return 2;
}

int bind_raise(lua_State *lua)
{
	bind_state(lua);
	if (lua_getfield(lua, -1, "raise") == LUA_TFUNCTION) {
		lua_pushvalue(lua, -3);
		lua_call(lua, 1, 0);
	}
	return luaL_error(lua, "%s", lua_tostring(lua, -3));
}

/* state.complain(name, argument, expected, value) raises; it knows what the argument is called. */
static void complain(struct call *call, const char *expected)
{
	lua_State *lua = call->lua;

	bind_state(lua);
	if (lua_getfield(lua, -1, "complain") != LUA_TFUNCTION)
		luaL_argerror(lua, call->argument, expected);
	lua_pushvalue(lua, lua_upvalueindex(UP_NAME));
	lua_pushinteger(lua, call->argument);
	lua_pushstring(lua, expected);
	lua_pushvalue(lua, call->argument);
	lua_call(lua, 4, 0);
}

static void word(struct call *call, long value)
{
	if (call->used == WORDS)
		luaL_error(call->lua, "a call takes at most six words");
	call->words[call->used++] = value;
}

static void address(struct call *call, const void *value)
{
	word(call, (long)(uintptr_t)value);
}

static bool push_default(const struct call *call)
{
	if (call->kind[2])
		lua_pushvalue(call->lua, lua_upvalueindex(call->kind[2]));
	return call->kind[2] != 0;
}

static void push_object(const struct call *call)
{
	lua_pushvalue(call->lua, lua_upvalueindex(call->kind[1]));
}

static bool missing(const struct call *call)
{
	return lua_isnoneornil(call->lua, call->argument);
}

/* A whole number, as integer or float, from @least to @most. */
static void integer(struct call *call, lua_Integer least, lua_Integer most, const char *expected)
{
	lua_State *lua = call->lua;
	lua_Integer value;
	int whole = 0;

	if (missing(call) && push_default(call)) {
		word(call, (long)lua_tointeger(lua, -1));
		lua_pop(lua, 1);
		return;
	}
	value = lua_type(lua, call->argument) == LUA_TNUMBER
			? lua_tointegerx(lua, call->argument, &whole)
			: 0;
	if (!whole || value < least || value > most)
		complain(call, expected);
	word(call, (long)value);
}

static void descriptor(struct call *call, bool at)
{
	static const char *const standard[] = { "stdin", "stdout", "stderr" };
	lua_State *lua = call->lua;
	const char *name;
	int fd;

	if (handle_test(lua, call->argument, &fd)) {
		if (fd < 0)
			complain(call, "an open fd");
		word(call, fd);
		return;
	}
	name = lua_type(lua, call->argument) == LUA_TSTRING ? lua_tostring(lua, call->argument)
							    : NULL;
	if ((at && missing(call)) || (at && name && strcmp(name, "fdcwd") == 0)) {
		word(call, AT_FDCWD);
		return;
	}
	for (int i = 0; name && i < 3; i++) {
		if (strcmp(name, standard[i]) == 0) {
			word(call, i);
			return;
		}
	}
	integer(call, INT32_MIN, INT32_MAX, "an fd");
}

static void path(struct call *call, bool optional)
{
	lua_State *lua = call->lua;
	const char *text;
	size_t length;

	if (optional && missing(call)) {
		address(call, NULL);
		return;
	}
	if (lua_type(lua, call->argument) != LUA_TSTRING)
		complain(call, "a text");
	text = lua_tolstring(lua, call->argument, &length);
	if (text && strlen(text) != length)
		complain(call, "a text without NUL bytes");
	address(call, text);
}

/* Pushes the number of the names at the argument. One plain name in capitals stands in the table
 * itself; anything else is state.lookup(table, names, name, argument)'s, which remembers. */
static void push_named(struct call *call)
{
	lua_State *lua = call->lua;

	push_object(call);
	lua_pushvalue(lua, call->argument);
	if (lua_rawget(lua, -2) != LUA_TNIL) {
		lua_remove(lua, -2);
		return;
	}
	lua_pop(lua, 1);
	bind_state(lua);
	lua_getfield(lua, -1, "lookup");
	lua_replace(lua, -2);
	lua_insert(lua, -2);
	lua_pushvalue(lua, call->argument);
	lua_pushvalue(lua, lua_upvalueindex(UP_NAME));
	lua_pushinteger(lua, call->argument);
	lua_call(lua, 4, 1);
}

/* A number, or names of the table of constants in the object. */
static void constant(struct call *call)
{
	lua_State *lua = call->lua;

	if (missing(call)) {
		if (!push_default(call))
			lua_pushinteger(lua, 0);
	} else if (lua_type(lua, call->argument) == LUA_TSTRING) {
		push_named(call);
	} else {
		integer(call, INT64_MIN, INT64_MAX, "a number or names of flags");
		return;
	}
	word(call, (long)lua_tointeger(lua, -1));
	lua_pop(lua, 1);
}

static void hand_over(struct call *call, const struct memory *memory)
{
	call->size = memory->size;
	address(call, memory_at(memory));
}

/* Memory of at least @least bytes at the argument, or NULL where none stands there. */
static struct memory *given(struct call *call, lua_Integer least)
{
	struct memory *memory = memory_test(call->lua, call->argument);

	if (!memory)
		return NULL;
	if (!memory_at(memory))
		complain(call, "open memory");
	if ((lua_Integer)memory->size < least) {
		lua_pushfstring(call->lua, "memory of at least %I bytes", least);
		complain(call, lua_tostring(call->lua, -1));
	}
	return memory;
}

static void bytes(struct call *call)
{
	lua_Integer least =
		call->kind[1] ? lua_tointeger(call->lua, lua_upvalueindex(call->kind[1])) : 0;
	const struct memory *memory = given(call, least);

	if (memory) {
		hand_over(call, memory);
	} else {
		if (!call->kind[2] || !missing(call))
			complain(call, "memory");
		call->size = 0;
		address(call, NULL);
	}
}

static lua_Integer type_size(const struct call *call)
{
	lua_Integer size;

	push_object(call);
	lua_getfield(call->lua, -1, "size");
	size = lua_tointeger(call->lua, -1);
	lua_pop(call->lua, 2);
	return size;
}

/* What the kernel reads: memory of the type, or what the type's constructor makes of a value. */
static void typed_in(struct call *call)
{
	lua_State *lua = call->lua;
	const struct memory *memory;

	if (call->kind[2] && missing(call)) {
		call->size = 0;
		address(call, NULL);
		return;
	}
	memory = given(call, type_size(call));
	if (!memory) {
		if (missing(call))
			complain(call, "a value to make a structure of");
		push_object(call);
		lua_pushvalue(lua, call->argument);
		lua_call(lua, 1, 1);
		lua_replace(lua, call->argument);
		memory = memory_check(lua, call->argument);
	}
	hand_over(call, memory);
}

/* What the kernel writes: memory that was given, or a new one. */
static void typed_out(struct call *call)
{
	lua_State *lua = call->lua;
	lua_Integer size = type_size(call);
	const struct memory *memory = given(call, size);

	if (!memory) {
		if (!missing(call))
			complain(call, "memory of the type, or nil");
		push_object(call);
		lua_getfield(lua, -1, "metatable");
		memory = memory_new(lua, (size_t)size);
		lua_replace(lua, call->argument);
		lua_pop(lua, 1);
	}
	if (!call->out)
		call->out = call->argument;
	hand_over(call, memory);
}

/* The count that follows a buffer, at most @most; @fallback where it is not given. */
static size_t count_of(struct call *call, size_t most, size_t fallback)
{
	size_t count;

	call->argument++;
	if (missing(call))
		return fallback;
	integer(call, 0, INT32_MAX, "a count of bytes");
	count = (size_t)call->words[--call->used];
	if (count > most)
		complain(call, "a count no larger than the buffer");
	return count;
}

/* Text or memory, and how much of it: two words. */
static void data(struct call *call)
{
	const struct memory *memory = given(call, 0);
	const void *at = memory ? memory_at(memory) : NULL;
	size_t length = memory ? memory->size : 0;

	if (!memory) {
		if (lua_type(call->lua, call->argument) != LUA_TSTRING)
			complain(call, "a text or memory");
		at = lua_tolstring(call->lua, call->argument, &length);
	}
	length = count_of(call, length, length);
	address(call, at);
	word(call, (long)length);
}

/* Memory to fill and how much of it, or nil: then the result is text. Two words. */
static void room(struct call *call)
{
	const struct memory *memory = given(call, 0);
	void *at = memory ? memory_at(memory) : call->small;
	size_t length;

	if (!memory && !missing(call))
		complain(call, "memory, or nil for an answer in text");
	length = memory ? count_of(call, memory->size, memory->size)
			: count_of(call, INT32_MAX, TEXT_ROOM);
	if (!memory) {
		if (length > SMALL)
			at = lua_newuserdatauv(call->lua, length, 0);
		call->answer = at;
		call->room = length;
	}
	address(call, at);
	word(call, (long)length);
}

static void one_argument(struct call *call)
{
	switch (call->kind[0]) {
	case '=': /* a fixed number */
		push_object(call);
		word(call, (long)lua_tointeger(call->lua, -1));
		lua_pop(call->lua, 1);
		return;
	case '2': /* where the kernel stores two descriptors */
		address(call, call->pair);
		return;
	case 's': /* the size of the memory before */
		word(call, (long)call->size);
		return;
	case 'f':
	case 'a':
		descriptor(call, call->kind[0] == 'a');
		break;
	case 'p':
	case 'P':
		path(call, call->kind[0] == 'P');
		break;
	case 'i':
		integer(call, INT32_MIN, INT32_MAX, "a whole number of 32 bits");
		break;
	case 'u': /* -1 stands for all bits: "no change" of chown(2) */
		integer(call, -1, UINT32_MAX, "a whole number from 0 to 2^32 - 1");
		break;
	case 'l':
		integer(call, INT64_MIN, INT64_MAX, "a whole number");
		break;
	case 'z':
		integer(call, 0, INT64_MAX, "a whole number of 0 or more");
		break;
	case 'c':
		constant(call);
		break;
	case 'm':
		bytes(call);
		break;
	case 't':
		typed_in(call);
		break;
	case 'o':
		typed_out(call);
		break;
	case 'd':
		data(call);
		break;
	case 'r':
		room(call);
		break;
	default:
		luaL_error(call->lua, "no kind %c of argument", call->kind[0]);
	}
	call->argument++;
}

/* The objects that will own what the call makes: they are there before it, so that no error comes
 * between a descriptor and its owner. */
static void make_owners(lua_State *lua, int kind)
{
	bind_state(lua);
	lua_getfield(lua, -1, "fd");
	lua_replace(lua, -2);
	if (kind == 'p') {
		lua_pushvalue(lua, -1);
		handle_new(lua, -1);
		lua_insert(lua, -2);
	}
	handle_new(lua, -1);
}

static int result(struct call *call, int kind, long value)
{
	lua_State *lua = call->lua;

	switch (kind) {
	case 't':
		lua_pushboolean(lua, 1);
		break;
	case 'f':
		handle_own(lua, -1, (int)value);
		break;
	case 'p':
		handle_own(lua, -2, call->pair[0]);
		handle_own(lua, -1, call->pair[1]);
		lua_pushboolean(lua, 1);
		lua_insert(lua, -3);
		lua_pushnil(lua);
		lua_insert(lua, -3);
		return 4;
	case 'o':
		lua_pushvalue(lua, call->out);
		break;
	case 'b':
		if (call->answer)
			lua_pushlstring(lua, call->answer,
					(size_t)value < call->room ? (size_t)value : call->room);
		else
			lua_pushinteger(lua, value);
		break;
	default:
		lua_pushinteger(lua, value);
	}
	return 1;
}

/* From what stands on the stack to the words, and the objects of the answer. A second time finds
 * structures where the first one found what to make them of. */
static void arguments(struct call *call, const unsigned char *kinds)
{
	call->argument = 1;
	call->used = 0;
	call->size = 0;
	call->out = 0;
	call->answer = NULL;
	call->pair[0] = call->pair[1] = -1;
	memset(call->words, 0, sizeof(call->words));
	lua_settop(call->lua, kinds[2]);
	luaL_checkstack(call->lua, 16, NULL);
	for (call->kind = kinds + 3; call->kind[0]; call->kind += 3)
		one_argument(call);
	if (kinds[0] == 'f' || kinds[0] == 'p')
		make_owners(call->lua, kinds[0]);
}

static int bound(lua_State *lua)
{
	const unsigned char *kinds =
		(const unsigned char *)lua_tostring(lua, lua_upvalueindex(UP_KINDS));
	long number = (long)lua_tointeger(lua, lua_upvalueindex(UP_NUMBER));
	struct call call; /* small[] is not to be cleared each time */
	const long *w = call.words;
	unsigned long changes;
	long value;

	call.lua = lua;
	/* Constructors and finalizers are Lua's: one may close a mapping that is an argument. */
	do {
		changes = map_changes(0);
		arguments(&call, kinds);
	} while (changes != map_changes(0));
	do
		value = raw_entry(number, w[0], w[1], w[2], w[3], w[4], w[5]);
	while (value == -EINTR && kinds[1] == 'r');
	if (value < 0 && value >= -4095)
		return bind_error(lua, (int)-value);
	return result(&call, kinds[0], value);
}

/* bind(name, number, kinds, object...) - a function. A kind that takes numbers must not stand where
 * the kernel expects an address. */
static int bind(lua_State *lua)
{
	size_t length;
	const char *kinds;
	long number = (long)luaL_checkinteger(lua, 2);
	int at = 0;

	luaL_checkstring(lua, 1);
	kinds = luaL_checklstring(lua, 3, &length);
	luaL_argcheck(lua, length >= 3 && length % 3 == 0, 3, "three bytes an argument expected");
	for (size_t i = 3; i < length; i += 3) {
		bool pair = kinds[i] == 'd' || kinds[i] == 'r';
		int top = lua_gettop(lua);

		luaL_argcheck(lua,
			      (unsigned char)kinds[i + 1] <= top &&
				      (unsigned char)kinds[i + 2] <= top,
			      3, "an object is missing");
		if (strchr("iulzc", kinds[i]) ||
		    (kinds[i] == '=' && lua_tointeger(lua, kinds[i + 1])))
			luaL_argcheck(lua, !bind_pointer(number, at), 3,
				      "a number stands where the kernel takes an address");
		at += pair ? 2 : 1;
	}
	lua_pushcclosure(lua, bound, lua_gettop(lua));
	return 1;
}

/* state() - the table that this module shares with lua/syscall/: errors, raise, complain,
 * fd, and errno, the number of the last error */
static int state(lua_State *lua)
{
	bind_state(lua);
	return 1;
}

void call_open(lua_State *lua)
{
	static const luaL_Reg functions[] = {
		{ "bind", bind },
		{ "state", state },
		{ NULL, NULL },
	};

	luaL_setfuncs(lua, functions, 0);
}
