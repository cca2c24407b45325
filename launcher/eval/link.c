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
		(void)sys_exit_group(1);
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

/* What this process was born with needs no asking: the profile that was asked for and, unless questions
 * are recorded, the shipped ones, the environment and the likely answers. Pushes the results and returns
 * their number, or 0. */
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

int link_ask(lua_State *lua)
{
	struct native *native = *(struct native **)lua_getextraspace(lua);
	int kind = luaL_checkoption(lua, 1, NULL, kinds);
	size_t length;
	const char *argument = luaL_checklstring(lua, 2, &length);
	char request[sizeof(struct message) + 1 + MESSAGE_MAX_ASK];

	if (kind == ASK_PROFILE && known_profile(native, argument, lua))
		return 2;
	link_send(native->socket, request, put_question(lua, request, kind, argument, length));
	return push_reply(lua, native->socket);
}

int link_ask_all(lua_State *lua)
{
	struct native *native = *(struct native **)lua_getextraspace(lua);
	int kind = luaL_checkoption(lua, 1, NULL, kinds);
	char request[2 * (sizeof(struct message) + 1 + MESSAGE_MAX_ASK)];
	lua_Integer count;
	lua_Integer answered = 0;

	luaL_checktype(lua, 2, LUA_TTABLE);
	count = luaL_len(lua, 2);
	lua_createtable(lua, count < 1024 ? (int)count : 0, 0);
	while (answered < count) {
		lua_Integer asked = answered;
		size_t used = 0;

		while (asked < count && used <= sizeof(request) / 2) {
			size_t length;
			const char *argument;

			lua_rawgeti(lua, 2, asked + 1);
			argument = luaL_checklstring(lua, -1, &length);
			used += put_question(lua, request + used, kind, argument, length);
			lua_pop(lua, 1);
			asked++;
		}
		link_send(native->socket, request, used);
		while (answered < asked) {
			lua_pop(lua, push_reply(lua, native->socket) - 1);
			if (lua_isnil(lua, -1)) {
				lua_pop(lua, 1);
				lua_pushboolean(lua, 0);
			}
			lua_rawseti(lua, -2, ++answered);
		}
	}
	return 1;
}
