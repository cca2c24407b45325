/* profile.c - profiles from anywhere: the language, the front end, and the plan that comes of one
 *
 * The evaluator's own Lua runs the input in this process, with each block of memory one of
 * malloc()'s and the host's answers made up from the questions; what computes for too long is left
 * where it is. Whatever the text, memory stays whole (the sanitizers see to that) and the answer is
 * an error of three texts that end, or a plan that the decoder takes. The input's first lines may
 * be options, `--key=value`. Made for clang's -fsanitize=fuzzer.
 */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <lauxlib.h>

#include "launcher/eval/heap.h"
#include "launcher/eval/native.h"
#include "launcher/plan/plan.h"

enum { OPTIONS = 8, MICROSECONDS = 200000 };

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct block {
	struct block *next;
	struct block **link; /* what points at this one */
	size_t size;
	max_align_t bytes[];
};

static struct buf said; /* the last message, after its head */
static uint32_t kind;
static struct block *first;
static size_t used;
static volatile sig_atomic_t busy; /* in malloc(), which must not be left in the middle */
static sigjmp_buf out_of_time;

static void drop_block(struct block *block)
{
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	used -= block->size;
	free(block);
}

static void *new_block(size_t size)
{
	struct block *block = size > HEAP_BYTES - used ? NULL : malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	*block = (struct block){ .next = first, .link = &first, .size = size };
	if (first)
		first->link = &block->next;
	first = block;
	used += size;
	return block->bytes;
}

/* These stand in for heap.c. */
void *heap_allocate(void *opaque, void *old, size_t old_size, size_t size)
{
	void *made = NULL;

	(void)opaque;
	busy = 1;
	if (size)
		made = new_block(size);
	if (made && old)
		memcpy(made, old, old_size < size ? old_size : size);
	if (old && (made || !size))
		drop_block((struct block *)((char *)old - offsetof(struct block, bytes)));
	busy = 0;
	return made;
}

int heap_map(struct heap **heap)
{
	*heap = NULL;
	return 0;
}

/* These stand in for link.c, and answer for the launcher. */
void link_send(int socket, const void *bytes, size_t length)
{
	struct message head;

	(void)socket;
	memcpy(&head, bytes, sizeof(head));
	if (length != sizeof(head) + head.length)
		abort();
	kind = head.kind;
	said.length = 0;
	buf_bytes(&said, (const char *)bytes + sizeof(head), head.length);
}

static int push_answer(lua_State *lua, const char *what, const char *argument)
{
	unsigned int hash = 0;
	struct profile shipped;

	for (const char *at = argument; *at; at++)
		hash = hash * 31 + (unsigned char)*at;
	if (strcmp(what, "profile") == 0 && lookup_shipped(argument, &shipped)) {
		lua_pushlstring(lua, shipped.text, shipped.length);
		lua_pushstring(lua, shipped.name);
		return 2;
	}
	if (strcmp(what, "feature") == 0 || (strcmp(what, "exists") == 0 && hash % 4))
		lua_pushliteral(lua, "7");
	else if (strcmp(what, "env") == 0 && hash % 2)
		lua_pushstring(lua, argument);
	else
		lua_pushnil(lua);
	return 1;
}

void link_end(int socket)
{
	(void)socket;
}

int link_ask(lua_State *lua)
{
	return push_answer(lua, luaL_checkstring(lua, 1), luaL_checkstring(lua, 2));
}

int link_ask_all(lua_State *lua)
{
	const char *what = luaL_checkstring(lua, 1);

	luaL_checktype(lua, 2, LUA_TTABLE);
	lua_settop(lua, 2);
	lua_newtable(lua);
	for (lua_Integer i = 1; i <= luaL_len(lua, 2); i++) {
		lua_rawgeti(lua, 2, i);
		lua_pop(lua, push_answer(lua, what, luaL_checkstring(lua, -1)) - 1);
		if (lua_isnil(lua, -1))
			lua_pushboolean(lua, 0);
		lua_rawseti(lua, 3, i);
		lua_settop(lua, 3);
	}
	return 1;
}

static void check_answer(void)
{
	struct plan plan;
	struct err err = { 0 };
	int texts = 0;

	if (said.failed)
		return;
	switch (kind) {
	case MESSAGE_PLAN:
		if (plan_decode(&plan, said.data, said.length, &err) != 0)
			abort();
		plan_finish(&plan);
		break;
	case MESSAGE_ERROR:
		for (size_t i = 1; i < said.length; i++)
			texts += said.data[i] == '\0';
		if (texts != 3 || said.data[said.length - 1] || said.length > MESSAGE_MAX_ERROR)
			abort();
		break;
	default:
		abort();
	}
}

/* Takes the options from the front of @text; returns where the profile begins. */
static char *take_options(char *text, struct eval_question *question, struct eval_option *options)
{
	while (strncmp(text, "--", 2) == 0 && question->option_count < OPTIONS) {
		struct eval_option *option = &options[question->option_count];
		char *value;

		option->key = text + 2;
		text += strcspn(text, "\n");
		if (!*text)
			return text;
		*text++ = '\0';
		value = strchr(option->key, '=');
		option->value = value ? value + 1 : NULL;
		if (value)
			*value = '\0';
		question->option_count++;
	}
	return text;
}

static void set_timer(long microseconds)
{
	const struct itimerval timer = { .it_value.tv_usec = microseconds };

	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static void expired(int signal)
{
	(void)signal;
	if (!busy)
		siglongjmp(out_of_time, 1);
	set_timer(1000);
}

static void evaluate(const struct child_birth *birth)
{
	struct native native = { .birth = birth };
	lua_State *lua = child_open(NULL);

	if (!lua)
		abort();
	kind = 0;
	signal(SIGVTALRM, expired);
	if (sigsetjmp(out_of_time, 1))
		return;
	set_timer(MICROSECONDS);
	child_answer(lua, &native);
	set_timer(0);
	check_answer();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const command[] = { "true" };
	static char *const environment[] = { NULL };
	struct eval_option options[OPTIONS];
	struct eval_question question = { .verb = "run",
					  .profile = "./fuzzed.lua",
					  .options = options,
					  .command = command,
					  .command_count = 1,
					  .environment = environment };
	struct host_facts facts = {
		.cwd = "/srv", .home = "/home/user", .arch = "x86_64", .kernel = "6.12", .uid = 1000
	};
	struct profile profile = { .name = "./fuzzed.lua" };
	struct child_birth birth = { .question = &question, .facts = &facts, .profile = &profile };
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	profile.text = take_options(text, &question, options);
	profile.length = size - (size_t)(profile.text - text);
	evaluate(&birth);
	while (first)
		drop_block(first);
	free(text);
	return 0;
}
