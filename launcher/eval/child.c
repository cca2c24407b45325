/* child.c - the confined child in which Lua runs
 *
 * Order: lose every descriptor but the socket; be killed with the launcher, readable by nobody,
 * limited in memory; open Lua, which is our own code still; put the filter on; only then look at
 * the first byte of a profile. It answers with one write and exits without tidying up.
 *
 * Must not be given anything of value: the process that runs a stranger's Lua holds the launcher's
 * environment and arguments, and nothing else.
 */
#include "launcher/eval/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <lualib.h>

#include "launcher/eval/heap.h"
#include "launcher/eval/native.h"
#include "launcher/eval/snapshot.h"

enum { SOCKET = 0, ADDRESS_SPACE = 256 << 20 };

static _Noreturn void leave(int status)
{
	for (;;)
		(void)sys_exit(status);
}

static void send_error(int stage, const char *object, const char *reason, const char *hint)
{
	char bytes[sizeof(struct message) + MESSAGE_MAX_ERROR];
	struct message head = { MESSAGE_ERROR, 0 };
	char *at = bytes + sizeof(head);

	*at++ = (char)stage;
	at += snprintf(at, 1024, "%.1023s", object) + 1;
	at += snprintf(at, 1024, "%.1023s", reason) + 1;
	at += snprintf(at, 512, "%.511s", hint) + 1;
	head.length = (uint32_t)(at - bytes - (long)sizeof(head));
	memcpy(bytes, &head, sizeof(head));
	link_send(SOCKET, bytes, (size_t)(at - bytes));
}

static _Noreturn void refuse(const char *what, long error)
{
	char reason[128];
	bool forbidden = error == -EPERM || error == -EACCES || error == -ENOSYS;

	snprintf(reason, sizeof(reason), "%s: %s", what, strerror((int)-error));
	send_error(STAGE_PROFILE, "evaluator", reason,
		   forbidden ? "a filter around lunette may forbid it, as sandboxes and containers "
			       "do: run it outside of them"
			     : "");
	leave(1);
}

static void enclose(int socket, int launcher)
{
	static const struct __user_cap_data_struct none[2];
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	long r;

	if (socket != SOCKET && sys_dup3(socket, SOCKET, 0) < 0)
		leave(1);
	r = sys_close_range(SOCKET + 1, ~0u, 0);
	if (r < 0)
		refuse("cannot close what is open", r);
	r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r < 0)
		refuse("cannot be made to end with the launcher", r);
	if (sys_getppid() != launcher)
		leave(1);
	r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r == 0)
		r = sys_capset(&header, none);
	if (r < 0)
		refuse("cannot give up its capabilities", r);
}

static void limit_one(int resource, uint64_t most)
{
	const struct raw_rlimit limit = { most, most };
	/* May fail: EPERM says that the caller's own hard limit is lower, and that holds. */
	long r = sys_prlimit64(0, resource, &limit, NULL);

	if (r < 0 && r != -EPERM)
		refuse("cannot be limited", r);
}

/* After the heap is mapped: a sanitizer's shadow alone is past the limit. */
static void limit(void)
{
	limit_one(RLIMIT_AS, ADDRESS_SPACE);
	limit_one(RLIMIT_CPU, 2); /* seconds; the launcher is quicker, if it lives */
}

/* Takes away what loads code, writes, or gives two answers to one question. */
static void strip(lua_State *lua, const char *library, const char *const *names)
{
	if (library)
		lua_getglobal(lua, library);
	else
		lua_pushglobaltable(lua);
	for (; *names; names++) {
		lua_pushnil(lua);
		lua_setfield(lua, -2, *names);
	}
	lua_pop(lua, 1);
}

static int open_libraries(lua_State *lua)
{
	static const luaL_Reg libraries[] = {
		{ LUA_GNAME, luaopen_base },        { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 },
	};
	static const char *const loaders[] = { "dofile", "loadfile", "load", "collectgarbage",
					       "print",  "warn",     NULL };
	static const char *const dumpers[] = { "dump", NULL };
	static const char *const chance[] = { "random", "randomseed", NULL };

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
		lua_pop(lua, 1);
	}
	strip(lua, NULL, loaders);
	strip(lua, LUA_STRLIBNAME, dumpers);
	strip(lua, LUA_MATHLIBNAME, chance);
	native_open(lua);
	native_prepare(lua);
	return 0;
}

/* A runtime error's own words name its file by its last 60 bytes; put the whole name in front. */
static int add_place(lua_State *lua)
{
	const char *message = lua_tostring(lua, 1);
	char prefix[LUA_IDSIZE + 24];
	lua_Debug frame;

	if (!message)
		return 1;
	for (int level = 1; lua_getstack(lua, level, &frame); level++) {
		size_t length;

		lua_getinfo(lua, "Sl", &frame);
		length = (size_t)snprintf(prefix, sizeof(prefix), "%s:%d: ", frame.short_src,
					  frame.currentline);
		if (frame.source[0] != '@' || strncmp(message, prefix, length) != 0)
			continue;
		lua_pushfstring(lua, "%s:%d: %s", frame.source + 1, frame.currentline,
				message + length);
		return 1;
	}
	return 1;
}

static void set_text(lua_State *lua, const char *key, const char *value)
{
	if (!value)
		return;
	lua_pushstring(lua, value);
	lua_setfield(lua, -2, key);
}

static void set_number(lua_State *lua, const char *key, lua_Integer value)
{
	lua_pushinteger(lua, value);
	lua_setfield(lua, -2, key);
}

static void push_options(lua_State *lua, const struct eval_question *question)
{
	lua_createtable(lua, (int)question->option_count, 0);
	for (size_t i = 0; i < question->option_count; i++) {
		lua_createtable(lua, 0, 2);
		set_text(lua, "key", question->options[i].key);
		lua_pushboolean(lua, 1);
		lua_setfield(lua, -2, "value");
		set_text(lua, "value", question->options[i].value);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
}

static void push_question(lua_State *lua, const struct child_birth *birth)
{
	const struct eval_question *question = birth->question;

	lua_createtable(lua, 0, 12);
	set_text(lua, "verb", question->verb);
	set_text(lua, "profile", question->profile);
	push_options(lua, question);
	lua_setfield(lua, -2, "options");
	lua_createtable(lua, (int)question->command_count, 0);
	for (size_t i = 0; i < question->command_count; i++) {
		lua_pushstring(lua, question->command[i]);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	lua_setfield(lua, -2, "command");
	set_text(lua, "cwd", birth->facts->cwd);
	set_text(lua, "home", birth->facts->home);
	set_text(lua, "arch", birth->facts->arch);
	set_text(lua, "kernel", birth->facts->kernel);
	set_number(lua, "uid", birth->facts->uid);
	set_number(lua, "gid", birth->facts->gid);
	lua_pushboolean(lua, birth->facts->privileged);
	lua_setfield(lua, -2, "privileged");
}

/* One message in one write, so that the launcher wakes up once. */
static void send_message(lua_State *lua, uint32_t kind, const char *text, size_t length)
{
	struct message head = { kind, (uint32_t)length };
	char *bytes = lua_newuserdatauv(lua, sizeof(head) + length, 0);

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), text, length);
	link_send(SOCKET, bytes, sizeof(head) + length);
	lua_pop(lua, 1);
}

/* (birth) - runs lunette.main and sends warnings and plan. */
static int answer(lua_State *lua)
{
	const struct child_birth *birth = lua_touserdata(lua, 1);
	const char *text;
	size_t length;

	native_module(lua, "lunette.main");
	push_question(lua, birth);
	lua_call(lua, 1, 2);
	for (lua_Integer i = 1; lua_istable(lua, 3) && i <= MESSAGE_MAX_WARNINGS; i++) {
		if (lua_rawgeti(lua, 3, i) != LUA_TSTRING)
			break;
		text = lua_tolstring(lua, -1, &length);
		send_message(lua, MESSAGE_WARNING, text,
			     length < MESSAGE_MAX_WARNING ? length : MESSAGE_MAX_WARNING);
		lua_pop(lua, 1);
	}
	text = luaL_checklstring(lua, 2, &length);
	send_message(lua, MESSAGE_PLAN, text, length);
	return 0;
}

static const char *field_text(lua_State *lua, const char *name)
{
	const char *text;

	lua_pushstring(lua, name);
	lua_rawget(lua, -2);
	text = lua_tostring(lua, -1);
	lua_pop(lua, 1);
	return text ? text : "";
}

/* "FILE:LINE: words" has an object and a reason; any other text is all reason. */
static void send_words(const char *words)
{
	const char *at = words;
	char object[1024];

	while ((at = strchr(at, ':')) != NULL) {
		size_t digits = strspn(at + 1, "0123456789");

		if (digits > 0 && at[digits + 1] == ':' && at[digits + 2] == ' ')
			break;
		at++;
	}
	if (!at) {
		send_error(STAGE_PROFILE, "", words, "");
		return;
	}
	at += strcspn(at + 1, ":") + 1;
	snprintf(object, sizeof(object), "%.*s", (int)(at - words), words);
	send_error(STAGE_PROFILE, object, at + 2, "");
}

static void send_raised(lua_State *lua, int status)
{
	const char *words = lua_tostring(lua, -1);

	if (status == LUA_ERRMEM) {
		send_error(STAGE_PROFILE, "",
			   "needs more memory than the 128 MiB that a profile gets", "");
	} else if (lua_istable(lua, -1) && *field_text(lua, "reason")) {
		bool usage = strcmp(field_text(lua, "stage"), "usage") == 0;

		send_error(usage ? STAGE_USAGE : STAGE_PROFILE, field_text(lua, "object"),
			   field_text(lua, "reason"), field_text(lua, "hint"));
	} else {
		send_words(words ? words : "raised an error that is no text: error \"TEXT\" is");
	}
}

lua_State *child_open(struct heap *heap)
{
	lua_State *lua = lua_newstate(heap_allocate, heap);

	if (!lua)
		return NULL;
	lua_gc(lua, LUA_GCSTOP);
	/* A step back (lapi.c takes any number): no allocation asks whether to collect. */
	lua_gc(lua, LUA_GCSTEP, -(HEAP_BYTES >> 10));
	lua_pushcfunction(lua, open_libraries);
	return lua_pcall(lua, 0, 0, 0) == LUA_OK ? lua : NULL;
}

int child_snapshot(int fd)
{
	struct heap *heap;
	lua_State *lua;
	int ret = heap_map(&heap);

	if (ret < 0)
		return ret;
	lua = child_open(heap);
	return lua ? snapshot_write(fd, heap, lua) : -ENOMEM;
}

void child_answer(lua_State *lua, struct native *native)
{
	int status;

	native_link(lua, native);
	lua_pushcfunction(lua, add_place);
	lua_pushcfunction(lua, answer);
	lua_pushlightuserdata(lua, (void *)(uintptr_t)native->birth);
	status = lua_pcall(lua, 1, 0, 1);
	if (status != LUA_OK)
		send_raised(lua, status);
}

_Noreturn void child_main(int socket, const struct child_birth *birth)
{
	struct native native = { .socket = SOCKET, .birth = birth };
	struct heap *heap;
	lua_State *lua;
	int status;

	enclose(socket, birth->launcher);
	status = heap_map(&heap);
	if (status < 0)
		refuse("cannot reserve its memory", status);
	limit();
	lua = heap->lua ? heap->lua : child_open(heap);
	if (!lua)
		refuse("cannot make a Lua state", -ENOMEM);
	status = child_confine();
	if (status < 0)
		refuse("cannot be confined by seccomp", status);
	child_answer(lua, &native);
	link_end(SOCKET);
	leave(0);
}
