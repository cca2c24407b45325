/* child.h - the confined child in which Lua runs */
#ifndef LAUNCHER_EVAL_CHILD_H
#define LAUNCHER_EVAL_CHILD_H

#include <lua.h>

#include "launcher/eval/eval.h"
#include "launcher/eval/host.h"
#include "launcher/eval/likely.h"
#include "launcher/eval/lookup.h"

/* What the child was born with: it reads these from its own copy of the launcher's memory. */
struct child_birth {
	const struct eval_question *question;
	const struct host_facts *facts;
	const struct profile *profile; /* the one that was asked for */
	const struct likely_answers *likely;
	int launcher; /* pid */
};

/* child_main() - confine this process, which has no threads, and answer the question over
 * @socket. */
_Noreturn void child_main(int socket, const struct child_birth *birth);

struct heap;
struct native;

/* child_open() - a Lua state with the libraries and all that is loaded for every question; NULL: no
 * memory. */
lua_State *child_open(struct heap *heap);

/* child_answer() - run a profile, and send the plan or why there is none (message.h). */
void child_answer(lua_State *lua, struct native *native);

/* child_snapshot() - write a snapshot of the evaluator's Lua to @fd (snapshot.h). Returns 0 or
 * -errno. */
int child_snapshot(int fd);

/* child_confine() - keep the calls that reading, writing and ending need. Returns 0 or -errno. */
int child_confine(void);

#endif
