/* emit.c - the graph of instructions in order
 *
 * Instructions are placed from the end of the program to its start, each after all that it can jump
 * to, so that every distance is known when a jump is written. A load or AND falls through to its
 * successor, or gets a jump to it. Where a conditional jump's 8 bits do not reach, a copy of the
 * return or a long jump is put right behind it.
 */
#include "policy/compiler.h"

#include <errno.h>
#include <string.h>

enum { UNSEEN, OPEN, PLACED };

struct output {
	struct sock_filter *filter; /* backwards until the end */
	uint32_t *origin;
	int32_t count;
};

static bool put(struct compiler *c, struct output *out, struct sock_filter now, uint32_t origin)
{
	if (out->count == POLICY_MAX_INSTRUCTIONS) {
		c->full = true;
		return false;
	}
	if (out->origin)
		out->origin[out->count] = origin;
	out->filter[out->count++] = now;
	return true;
}

/* How far @id is from the instruction that is put next. */
static int32_t distance(const struct compiler *c, const struct output *out, int32_t id)
{
	return out->count - 1 - c->graph[id].position;
}

/* Puts something near that leads to @id; later jumps may use it too. */
static void bring_near(struct compiler *c, struct output *out, int32_t id)
{
	struct instruction *target = &c->graph[id];
	struct sock_filter now = { .code = BPF_JMP | BPF_JA, .k = (uint32_t)distance(c, out, id) };

	if (target->code == (BPF_RET | BPF_K))
		now = (struct sock_filter){ .code = target->code, .k = target->k };
	if (put(c, out, now, target->origin))
		target->position = out->count - 1;
}

static void place(struct compiler *c, struct output *out, int32_t id)
{
	struct instruction *at = &c->graph[id];
	struct sock_filter now = { .code = at->code, .k = at->k };

	if (BPF_CLASS(at->code) == BPF_JMP) {
		while (!c->full && (distance(c, out, at->yes) > UINT8_MAX ||
				    distance(c, out, at->no) > UINT8_MAX))
			bring_near(c, out,
				   distance(c, out, at->yes) > UINT8_MAX ? at->yes : at->no);
		now.jt = (uint8_t)distance(c, out, at->yes);
		now.jf = (uint8_t)distance(c, out, at->no);
	} else if (BPF_CLASS(at->code) != BPF_RET && distance(c, out, at->yes) != 0) {
		bring_near(c, out, at->yes);
	}
	if (put(c, out, now, at->origin))
		at->position = out->count - 1;
	at->state = PLACED;
}

/* Depth first, successors before their predecessors. The way down lies in the instructions
 * themselves: `next`, no longer needed as a hash chain, leads back up.
 */
static void place_all(struct compiler *c, struct output *out, int32_t root)
{
	int32_t id = root;

	c->graph[root].next = NONE;
	while (id != NONE && !c->full) {
		struct instruction *at = &c->graph[id];
		int32_t down = NONE;

		at->state = OPEN;
		if (at->yes != NONE && c->graph[at->yes].state == UNSEEN)
			down = at->yes;
		else if (at->no != NONE && c->graph[at->no].state == UNSEEN)
			down = at->no;
		if (down != NONE) {
			c->graph[down].next = id;
			id = down;
			continue;
		}
		place(c, out, id);
		id = at->next;
	}
}

static void reverse(struct output *out)
{
	int32_t i, k;

	for (i = 0, k = out->count - 1; i < k; i++, k--) {
		struct sock_filter now = out->filter[i];

		out->filter[i] = out->filter[k];
		out->filter[k] = now;
		if (out->origin) {
			uint32_t origin = out->origin[i];

			out->origin[i] = out->origin[k];
			out->origin[k] = origin;
		}
	}
}

int emit(struct compiler *c, int32_t root, struct sock_filter *filter, size_t *count,
	 uint32_t *origin)
{
	struct output out = { .filter = filter };

	out.origin = origin;
	place_all(c, &out, root);
	if (c->full)
		return -E2BIG;
	reverse(&out);
	*count = (size_t)out.count;
	return 0;
}
