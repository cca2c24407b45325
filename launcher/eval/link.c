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

/* Shipped profiles, and the one that was asked for, were read before this process was made. */
static bool known_profile(const struct native *native, const char *name, lua_State *lua)
{
	const struct child_birth *birth = native->birth;
	struct profile shipped;
	const struct profile *profile = NULL;

	if (strcmp(name, birth->question->profile) == 0)
		profile = birth->profile;
	else if (!birth->question->record && lookup_shipped(name, &shipped))
		profile = &shipped;
	if (!profile)
		return false;
	lua_pushlstring(lua, profile->text, profile->length);
	lua_pushstring(lua, profile->name);
	return true;
}

int link_ask(lua_State *lua)
{
	struct native *native = *(struct native **)lua_getextraspace(lua);
	int kind = luaL_checkoption(lua, 1, NULL, kinds);
	size_t length;
	const char *argument = luaL_checklstring(lua, 2, &length);
	struct message head = { MESSAGE_ASK, (uint32_t)length + 1 };
	struct message_reply reply;
	char request[sizeof(head) + 1 + MESSAGE_MAX_ASK];
	char *text;

	luaL_argcheck(lua, length < MESSAGE_MAX_ASK, 2, "too long");
	luaL_argcheck(lua, strlen(argument) == length, 2, "must not hold a NUL byte");
	if (kind == ASK_PROFILE && known_profile(native, argument, lua))
		return 2;
	memcpy(request, &head, sizeof(head));
	request[sizeof(head)] = (char)kind;
	memcpy(request + sizeof(head) + 1, argument, length);
	link_send(native->socket, request, sizeof(head) + 1 + length);
	receive(native->socket, &head, sizeof(head));
	receive(native->socket, &reply, sizeof(reply));
	text = lua_newuserdatauv(lua, head.length + 1u, 0);
	receive(native->socket, text, head.length);
	if (!reply.found)
		lua_pushnil(lua);
	else
		lua_pushlstring(lua, text, head.length - reply.name);
	if (!reply.name)
		return 1;
	lua_pushlstring(lua, text + head.length - reply.name, reply.name);
	return 2;
}
