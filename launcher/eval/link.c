/* link.c - the child's end of the socket: asking, and sending all of a message */
#include "launcher/eval/native.h"

#include <string.h>

#include <lauxlib.h>

#include "launcher/base/base.h"

static const char *const kinds[ASK_KINDS + 1] = {
	[ASK_EXISTS] = "exists", [ASK_READLINK] = "readlink", [ASK_FEATURE] = "feature",
	[ASK_ENV] = "env",       [ASK_PROFILE] = "profile",   [ASK_KINDS] = NULL,
};

static _Noreturn void leave(void)
{
	for (;;)
		(void)sys_exit(1);
}

void link_send(int socket, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length > 0) {
		long sent = sys_write(socket, from, length);

		if (sent <= 0)
			leave();
		from += sent;
		length -= (size_t)sent;
	}
}

void link_end(int socket)
{
	char byte;

	/* May fail: then this process ends, as it is to. */
	while (sys_read(socket, &byte, 1) > 0)
		;
}

static void receive(int socket, void *bytes, size_t length)
{
	char *to = bytes;

	while (length > 0) {
		long got = sys_read(socket, to, length);

		if (got <= 0)
			leave();
		to += got;
		length -= (size_t)got;
	}
}

/* What this process was born with needs no asking: the profile that was asked for and, unless
 * questions are recorded, the shipped ones, the environment and the likely answers. Pushes the
 * results and returns their number, or 0. */
static int known(lua_State *lua, const struct child_birth *birth, enum question_kind kind,
		 const char *argument)
{
	const struct likely *likely;
	struct profile shipped;
	const struct profile *profile = NULL;

	if (kind == ASK_PROFILE) {
		if (strcmp(argument, birth->question->profile) == 0)
			profile = birth->profile;
		else if (!birth->question->record && lookup_shipped(argument, &shipped))
			profile = &shipped;
		if (!profile)
			return 0;
		lua_pushlstring(lua, profile->text, profile->length);
		lua_pushstring(lua, profile->name);
		return 2;
	}
	if (birth->question->record)
		return 0;
	if (kind == ASK_ENV) {
		lua_pushstring(lua, host_env(birth->question->environment, argument));
		return 1;
	}
	likely = likely_find(birth->likely, kind, argument);
	if (!likely)
		return 0;
	lua_pushstring(lua, likely->found ? likely->text : NULL);
	return 1;
}

/* Writes one question into @request; returns its length. */
static size_t put_question(lua_State *lua, char *request, int kind, const char *argument,
			   size_t length)
{
	struct message head = { MESSAGE_ASK, (uint32_t)length + 1 };

	luaL_argcheck(lua, length < MESSAGE_MAX_ASK, 2, "too long");
	luaL_argcheck(lua, strlen(argument) == length, 2, "must not hold a NUL byte");
	memcpy(request, &head, sizeof(head));
	request[sizeof(head)] = (char)kind;
	memcpy(request + sizeof(head) + 1, argument, length);
	return sizeof(head) + 1 + length;
}

/* Reads one reply and pushes what it says; returns how many values that are. */
static int push_reply(lua_State *lua, int socket)
{
	struct message head;
	struct message_reply reply;
	char *text;

	receive(socket, &head, sizeof(head));
	receive(socket, &reply, sizeof(reply));
	text = lua_newuserdatauv(lua, head.length + 1u, 0);
	receive(socket, text, head.length);
	if (!reply.found)
		lua_pushnil(lua);
	else
		lua_pushlstring(lua, text, head.length - reply.name);
	lua_remove(lua, -2);
	if (!reply.name)
		return 1;
	lua_pushlstring(lua, text + head.length - reply.name, reply.name);
	return 2;
}

int link_ask(lua_State *lua)
{
	struct native *native = *(struct native **)lua_getextraspace(lua);
	int kind = luaL_checkoption(lua, 1, NULL, kinds);
	size_t length;
	const char *argument = luaL_checklstring(lua, 2, &length);
	char request[sizeof(struct message) + 1 + MESSAGE_MAX_ASK];
	int count = known(lua, native->birth, (enum question_kind)kind, argument);

	if (count)
		return count;
	link_send(native->socket, request, put_question(lua, request, kind, argument, length));
	return push_reply(lua, native->socket);
}

/* Makes the first of @count values on top an element of the list at index 3: false for nil. */
static void set_answer(lua_State *lua, int count, lua_Integer index)
{
	lua_pop(lua, count - 1);
	if (lua_isnil(lua, -1)) {
		lua_pop(lua, 1);
		lua_pushboolean(lua, 0);
	}
	lua_rawseti(lua, 3, index);
}

/* Asks for elements of the list at index 2 from @from on, as many as one request holds; those that
 * are known are answered at once. Returns the first that is left. */
static lua_Integer ask_some(lua_State *lua, const struct native *native, int kind, lua_Integer from,
			    lua_Integer count)
{
	char request[2 * (sizeof(struct message) + 1 + MESSAGE_MAX_ASK)];
	lua_Integer next = from;
	size_t used = 0;

	for (; next <= count && used <= sizeof(request) / 2; next++) {
		size_t length;
		const char *argument;
		int found;

		lua_rawgeti(lua, 2, next);
		argument = luaL_checklstring(lua, -1, &length);
		found = known(lua, native->birth, (enum question_kind)kind, argument);
		if (found)
			set_answer(lua, found, next);
		else
			used += put_question(lua, request + used, kind, argument, length);
		lua_pop(lua, 1);
	}
	link_send(native->socket, request, used);
	for (lua_Integer i = from; i < next; i++) {
		if (lua_rawgeti(lua, 3, i) == LUA_TNIL)
			set_answer(lua, push_reply(lua, native->socket), i);
		lua_settop(lua, 3);
	}
	return next;
}

int link_ask_all(lua_State *lua)
{
	struct native *native = *(struct native **)lua_getextraspace(lua);
	int kind = luaL_checkoption(lua, 1, NULL, kinds);
	lua_Integer count;

	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	count = luaL_len(lua, 2);
	lua_createtable(lua, count < 1024 ? (int)count : 0, 0);
	for (lua_Integer next = 1; next <= count;)
		next = ask_some(lua, native, kind, next, count);
	return 1;
}
