/* native.h - the C functions that the Lua front end calls, and its link to the launcher */
#ifndef LAUNCHER_EVAL_NATIVE_H
#define LAUNCHER_EVAL_NATIVE_H

#include <lua.h>

#include "launcher/eval/child.h"
#include "launcher/eval/message.h"

/* Kept in the extra space of the Lua state. */
struct native {
	int socket;
	const struct child_birth *birth;
};

/* native_open() - make the table `native` that modules are given. */
void native_open(lua_State *lua);

/* native_link() - how this state reaches the launcher. */
void native_link(lua_State *lua, struct native *native);

/* native_prepare() - load what every evaluation loads, and compile the shipped profiles. */
void native_prepare(lua_State *lua);

/* native_module() - push the value of the embedded module @name; raises a Lua error. */
void native_module(lua_State *lua, const char *name);

/* native_tables() - add the look-ups in the tables of policy/ to the table on top of the stack. */
void native_tables(lua_State *lua);

/* link_ask() - native.ask(kind, argument): an answer of the launcher. */
int link_ask(lua_State *lua);

/* link_ask_all() - native.ask_all(kind, list): a list of answers, false where there is none, for
 * one way to the launcher and back instead of many. */
int link_ask_all(lua_State *lua);

/* link_send() - write all of @bytes to the launcher; ends the process where nobody reads. */
void link_send(int socket, const void *bytes, size_t length);

/* link_end() - waits until the launcher wants nothing more: where both share a CPU, it would else
 * have to wait until this process is taken down. */
void link_end(int socket);

#endif
