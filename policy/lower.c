/* lower.c - number intervals and decision diagrams as a graph of instructions
 *
 * A switch over intervals becomes a tree of comparisons with as few of them as tests of the forms
 * `A >= k` and `A == k` allow. Taking a single value out with an equality test lets its neighbours
 * merge where they go the same way, so one instruction replaces two boundaries. Which values to take
 * out is found exactly, by dynamic programming; the rest is split at the boundaries, so that both
 * halves hold about as many tests.
 *
 * Equal instructions with equal successors are the same instruction. What the accumulator holds is
 * known at each edge: a load is made only where it holds something else.
 */
#include "policy/compiler.h"

#include <string.h>

/* Longer chains of equality tests are cut in two by one more comparison. */
enum { LONGEST_CHAIN = 8, LONGEST_STRETCH = 32 };

int32_t instruction(struct compiler *c, uint16_t code, uint32_t k, int32_t yes, int32_t no,
		    uint32_t origin)
{
	uint32_t hash = ((uint32_t)code ^ k * 0x9e3779b1u ^ (uint32_t)yes * 0x85ebca6bu ^
			 (uint32_t)no * 0xc2b2ae35u);
	struct instruction *made;
	int32_t id;

	if (BPF_CLASS(code) == BPF_JMP && yes == no)
		return yes;
	hash = (hash ^ hash >> 15 ^ hash >> 7) % HASH_SIZE;
	for (id = c->graph_hash[hash]; id != NONE; id = c->graph[id].next) {
		struct instruction *old = &c->graph[id];

		if (old->code != code || old->k != k || old->yes != yes || old->no != no)
			continue;
		if (old->origin != origin)
			old->origin = UINT32_MAX;
		return id;
	}
	if (c->graph_count == MAX_GRAPH) {
		c->full = true;
		return 0;
	}
	made = &c->graph[c->graph_count];
	*made = (struct instruction){ .code = code, .k = k, .yes = yes, .no = no, .origin = origin };
	made->next = c->graph_hash[hash];
	made->position = NONE;
	c->graph_hash[hash] = c->graph_count;
	return c->graph_count++;
}

/* May the cell be taken out with one equality test? */
static bool single(const struct cell *cells, size_t count, size_t at, uint32_t mask)
{
	if (at + 1 == count)
		return cells[at].start == mask;
	return next_under_mask(cells[at].start + 1, mask) == cells[at + 1].start;
}

/* Finds the cheapest set of single cells to take out: afterwards a cell that stays has `kept` set.
 * f(i), the cost of cells 0 to i of which i stays, is the least of f(k) + (what lies between, taken
 * out) + (1 where i goes elsewhere than k). Returns the number of tests of the whole switch.
 */
static int32_t plan_switch(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask)
{
	struct plan *plan = c->plan;
	int32_t best = INT32_MAX;
	size_t i, k, last = 0;

	for (i = 0; i < count; i++) {
		size_t stretch = 0; /* single cells that end before i */

		plan[i].cost = INT32_MAX;
		for (k = i; k-- > 0;) {
			int32_t cost = plan[k].cost + (int32_t)stretch +
				       (cells[k].target != cells[i].target);

			if (cost < plan[i].cost) {
				plan[i].cost = cost;
				plan[i].previous = (int32_t)k;
			}
			if (!plan[k].single || ++stretch > LONGEST_STRETCH)
				break;
		}
		if (stretch == i && (int32_t)stretch < plan[i].cost) {
			plan[i].cost = (int32_t)stretch;
			plan[i].previous = NONE;
		}
		plan[i].single = single(cells, count, i, mask);
		plan[i].kept = false;
	}
	for (k = count, i = 0; k-- > 0; i++) {
		if (plan[k].cost + (int32_t)i < best) {
			best = plan[k].cost + (int32_t)i;
			last = k;
		}
		if (!plan[k].single || i > LONGEST_STRETCH)
			break;
	}
	for (i = last; (int32_t)i != NONE; i = (size_t)(ptrdiff_t)plan[i].previous)
		plan[i].kept = true;
	return best;
}

static int32_t chain(struct compiler *c, const struct cell *singles, int32_t count, int32_t target)
{
	if (count > LONGEST_CHAIN) {
		int32_t half = count / 2;
		int32_t above = chain(c, singles + half, count - half, target);
		int32_t below = chain(c, singles, half, target);

		return instruction(c, BPF_JMP | BPF_JGE | BPF_K, singles[half].start, above, below,
				   UINT32_MAX);
	}
	while (count-- > 0)
		target = instruction(c, BPF_JMP | BPF_JEQ | BPF_K, singles[count].start,
				     singles[count].target, target, singles[count].origin);
	return target;
}

/* The tree of runs @from to @to. Weights halve at each step, so it is at most 2 log(count) deep. */
static int32_t tree(struct compiler *c, const struct run *runs, int32_t from, int32_t to,
		    const struct cell *singles)
{
	int32_t before = from ? runs[from - 1].weight : 0;
	int32_t total = runs[to].weight - before;
	int32_t best = INT32_MAX;
	int32_t split = to, i, above, below;

	if (from == to)
		return chain(c, singles + runs[from].first, runs[from].count, runs[from].target);
	for (i = from + 1; i <= to; i++) {
		int32_t left = runs[i - 1].weight - before;
		int32_t heavier = left > total - left ? left : total - left;

		if (heavier < best) {
			best = heavier;
			split = i;
		}
	}
	above = tree(c, runs, split, to, singles);
	below = tree(c, runs, from, split - 1, singles);
	return instruction(c, BPF_JMP | BPF_JGE | BPF_K, runs[split].start, above, below,
			   split == to ? runs[to].origin : UINT32_MAX);
}

int32_t lower_switch(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask)
{
	struct run *runs = c->runs;
	struct cell *singles = c->singles;
	int32_t run_count = 0, single_count = 0;
	size_t i;

	if (count > MAX_CELLS) {
		c->full = true;
		return 0;
	}
	plan_switch(c, cells, count, mask);
	for (i = 0; i < count; i++) {
		if (!c->plan[i].kept) {
			singles[single_count++] = cells[i];
			if (run_count)
				runs[run_count - 1].count++;
			continue;
		}
		if (run_count && runs[run_count - 1].target == cells[i].target)
			continue;
		runs[run_count] = (struct run){ .start = cells[i].start,
						.target = cells[i].target,
						.origin = cells[i].origin,
						.first = single_count };
		if (!run_count) {
			runs[0].first = 0;
			runs[0].count = single_count;
		}
		run_count++;
	}
	for (i = 0; i < (size_t)run_count; i++)
		runs[i].weight = (i ? runs[i - 1].weight : 0) + 1 + runs[i].count;
	return tree(c, runs, 0, run_count - 1, singles);
}

/* `A & mask` is zero or not: BPF can ask that without changing A. */
static bool is_bit_test(const struct compiler *c, const struct node *node)
{
	uint32_t mask = c->variables[node->variable].mask;

	return node->count == 2 && mask != UINT32_MAX &&
	       c->edges[node->first + 1].start == (mask & -mask);
}

static void fill_cells(const struct compiler *c, const struct node *node, struct cell *cells)
{
	int i;

	for (i = 0; i < node->count; i++)
		cells[i] = (struct cell){ c->edges[node->first + (uint32_t)i].start,
					  c->edges[node->first + (uint32_t)i].target, node->origin };
}

int32_t lower_cost(struct compiler *c, const struct node *node)
{
	uint32_t mask = c->variables[node->variable].mask;

	if (is_bit_test(c, node))
		return 1;
	if (node->count > MAX_CELLS)
		return INT32_MAX / 2;
	fill_cells(c, node, c->singles);
	return plan_switch(c, c->singles, node->count, mask) + (mask != UINT32_MAX);
}

/* The instruction that decides @node, once A holds its word at least under its mask. */
static int32_t lower_node(struct compiler *c, struct node *node)
{
	const struct variable *variable = &c->variables[node->variable];
	bool bit_test = is_bit_test(c, node);
	uint32_t held_mask = bit_test ? UINT32_MAX : variable->mask;
	struct cell *cells = c->cells + c->cell_count;
	int32_t result;
	int i;

	if (node->lowered != NONE || c->cell_count + node->count > MAX_CELLS) {
		c->full |= node->lowered == NONE;
		return node->lowered;
	}
	c->cell_count += node->count;
	fill_cells(c, node, cells);
	for (i = 0; i < node->count; i++)
		cells[i].target = lower_enter(c, cells[i].target, variable->word, held_mask);
	if (bit_test) {
		result = instruction(c, BPF_JMP | BPF_JSET | BPF_K, variable->mask, cells[1].target,
				     cells[0].target, node->origin);
	} else {
		result = lower_switch(c, cells, node->count, variable->mask);
		if (variable->mask != UINT32_MAX)
			result = instruction(c, BPF_ALU | BPF_AND | BPF_K, variable->mask, result,
					     NONE, node->origin);
	}
	c->cell_count -= node->count;
	node->lowered = result;
	return result;
}

int32_t lower_enter(struct compiler *c, int32_t id, unsigned int word, uint32_t mask)
{
	struct node *node;
	const struct variable *variable;
	int32_t result;

	if (is_leaf(id))
		return instruction(c, BPF_RET | BPF_K, c->leaves[id], NONE, NONE, UINT32_MAX);
	node = &c->nodes[id - MAX_LEAVES];
	variable = &c->variables[node->variable];
	result = lower_node(c, node);
	if (variable->word == word && (variable->mask & ~mask) == 0)
		return result;
	return instruction(c, BPF_LD | BPF_W | BPF_ABS, variable->word * 4u, result, NONE,
			   node->origin);
}
