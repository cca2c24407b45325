/* lower.c - number intervals and decision diagrams as a graph of instructions
 *
 * A switch over intervals becomes a tree of comparisons with as few of them as tests of the forms
 * `A >= k` and `A == k` allow. Taking a single value out with an equality test lets its neighbours
 * merge where they go the same way, so one instruction replaces two boundaries. Which values to
 * take out is found exactly, by dynamic programming; the rest is split at the boundaries, so that
 * both halves hold about as many tests.
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
	hash = (hash ^ hash >> 15 ^ hash >> 7) % (uint32_t)c->room.hash;
	for (id = c->graph_hash[hash]; id != NONE; id = c->graph[id].next) {
		struct instruction *old = &c->graph[id];

		if (old->code != code || old->k != k || old->yes != yes || old->no != no)
			continue;
		if (old->origin != origin)
			old->origin = UINT32_MAX;
		return id;
	}
	if (c->graph_count == c->room.graph) {
		c->full = true;
		return 0;
	}
	made = &c->graph[c->graph_count];
	*made = (struct instruction){
		.code = code, .k = k, .yes = yes, .no = no, .origin = origin
	};
	made->next = c->graph_hash[hash];
	made->position = NONE;
	c->graph_hash[hash] = c->graph_count;
	return c->graph_count++;
}

/* What a switch is about: values of no other bits than @mask's, below @end (0: all of them). */
struct domain {
	uint32_t mask;
	uint32_t end;
};

/* May the cell be taken out with one equality test? */
static bool single(const struct cell *cells, size_t count, size_t at, struct domain domain)
{
	uint32_t next;

	if (at + 1 == count && !domain.end)
		return cells[at].start == domain.mask;
	next = next_under_mask(cells[at].start + 1, domain.mask);
	return at + 1 == count ? next >= domain.end || !next : next == cells[at + 1].start;
}

static int32_t way_of(const struct cell *cell, int way)
{
	return way ? cell->other : cell->target;
}

/* The best way to keep cell @i on @way: the cells between it and the one kept before are taken
 * out. */
static void plan_cell(struct plan *plan, const struct cell *cells, size_t i, int way)
{
	int32_t target = way_of(&cells[i], way);
	int32_t between = 0;
	size_t k;
	int before;

	plan[i].cost[way] = INT32_MAX;
	if (target == NONE)
		return;
	for (k = i; k-- > 0;) {
		for (before = 0; before < 2; before++) {
			int32_t cost = plan[k].cost[before];

			if (cost == INT32_MAX)
				continue;
			cost += between + (way_of(&cells[k], before) != target);
			if (cost < plan[i].cost[way]) {
				plan[i].cost[way] = cost;
				plan[i].previous[way] = (int32_t)k * 2 + before;
			}
		}
		if (!plan[k].single || ++between > LONGEST_STRETCH)
			return;
	}
	if (between < plan[i].cost[way]) {
		plan[i].cost[way] = between;
		plan[i].previous[way] = NONE;
	}
}

/* Finds the cheapest set of single cells to take out and sets `way` of each cell. Its cost, the
 * number of tests, is what is taken out and the boundaries that remain: f(i), the cost of cells 0
 * to i of which i stays, is the least over k < i of f(k) and what lies between.
 */
static int32_t plan_switch(struct compiler *c, const struct cell *cells, size_t count,
			   struct domain domain)
{
	struct plan *plan = c->plan;
	int32_t best = INT32_MAX, last = NONE, after = 0;
	size_t i, k;
	int way;

	for (i = 0; i < count; i++) {
		plan[i].way = NONE;
		plan[i].single = single(cells, count, i, domain);
		plan_cell(plan, cells, i, 0);
		plan_cell(plan, cells, i, 1);
	}
	for (k = count; k-- > 0; after++) {
		for (way = 0; way < 2; way++) {
			int32_t cost = plan[k].cost[way];

			if (cost == INT32_MAX || cost + after >= best)
				continue;
			best = cost + after;
			last = (int32_t)k * 2 + way;
		}
		if (!plan[k].single || after > LONGEST_STRETCH)
			break;
	}
	for (; last != NONE; last = plan[last / 2].previous[last % 2])
		plan[last / 2].way = last % 2;
	return best;
}

/* @tail is where what is left goes, @target where it goes below the last single cell. */
static int32_t chain(struct compiler *c, const struct cell *singles, int32_t count, int32_t target,
		     int32_t tail)
{
	if (count > LONGEST_CHAIN) {
		int32_t half = count / 2;
		int32_t above = chain(c, singles + half, count - half, target, tail);
		int32_t below = chain(c, singles, half, target, target);

		return instruction(c, BPF_JMP | BPF_JGE | BPF_K, singles[half].start, above, below,
				   UINT32_MAX);
	}
	while (count-- > 0)
		tail = instruction(c, BPF_JMP | BPF_JEQ | BPF_K, singles[count].start,
				   singles[count].target, tail, singles[count].origin);
	return tail;
}

static int32_t lower_domain(struct compiler *c, const struct cell *cells, size_t count,
			    struct domain domain, int32_t tail);

/* If all values in @region with a bit of @bits set go one way, puts what the others do behind
 * c->cell_count and returns that way, else NONE.
 */
static int32_t take_bits(struct compiler *c, const struct cell *region, size_t count,
			 struct domain domain, uint32_t bits)
{
	int32_t from = c->cell_count;
	int32_t target = NONE;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t end = i + 1 < count ? region[i + 1].start : domain.end;
		uint32_t without = next_under_mask(region[i].start, domain.mask & ~bits);
		uint32_t with = region[i].start;

		if (!(with & bits))
			with = (with | ((bits & -bits) - 1)) + 1;
		if (with < end) {
			if (target != NONE && target != region[i].target)
				return NONE;
			target = region[i].target;
		}
		if (without >= end || (without == 0 && region[i].start != 0) ||
		    (c->cell_count > from &&
		     c->cells[c->cell_count - 1].target == region[i].target))
			continue;
		if (c->cell_count == c->room.cells) {
			c->full |= c->small;
			return NONE;
		}
		c->cells[c->cell_count] = region[i];
		c->cells[c->cell_count].other = NONE;
		c->cells[c->cell_count++].start = without;
	}
	return target;
}

/* Tries whether a region of few tests does with fewer when values with certain bits are told first,
 * by one instruction. Returns the instruction, or NONE.
 */
static int32_t split_bits(struct compiler *c, const struct cell *region, size_t count,
			  struct domain domain, int32_t cost)
{
	enum { MOST_BITS = 11, MOST_TESTS = 12 };
	int32_t from = c->cell_count;
	uint32_t best_bits = 0, bits, run, varying;
	int32_t target, rest;

	if (!domain.end || domain.end > 1u << MOST_BITS || cost < 2 || cost > MOST_TESTS)
		return NONE;
	varying = region[0].start ^ (domain.end - 1);
	for (run = 1; run <= 7; run = run * 2 + 1)
		for (bits = run; bits < 1u << MOST_BITS; bits <<= 1) {
			/* Higher bits are the same in the whole region. */
			if ((bits & -bits) > varying)
				break;
			if ((bits & domain.mask) != bits || bits >= domain.end)
				continue;
			c->cell_count = from;
			if (take_bits(c, region, count, domain, bits) == NONE ||
			    c->cell_count == from)
				continue;
			rest = 1 + plan_switch(c, c->cells + from, (size_t)(c->cell_count - from),
					       (struct domain){ domain.mask & ~bits, domain.end });
			if (rest < cost) {
				cost = rest;
				best_bits = bits;
			}
		}
	c->cell_count = from;
	if (!best_bits)
		return NONE;
	target = take_bits(c, region, count, domain, best_bits);
	rest = lower_domain(c, c->cells + from, (size_t)(c->cell_count - from),
			    (struct domain){ domain.mask & ~best_bits, domain.end }, NONE);
	c->cell_count = from;
	return instruction(c, BPF_JMP | BPF_JSET | BPF_K, best_bits, target, rest, UINT32_MAX);
}

/* The tree of runs @from to @to. Weights halve at each step, so it is at most 2 log(count) deep. */
static int32_t tree(struct compiler *c, const struct cell *cells, const struct run *runs,
		    int32_t from, int32_t to, struct domain domain)
{
	int32_t before = runs[from - 1].weight;
	int32_t total = runs[to].weight - before;
	int32_t best = INT32_MAX;
	int32_t split = to, i, above, below;

	above = split_bits(c, cells + runs[from].cell,
			   (size_t)(runs[to + 1].cell - runs[from].cell),
			   (struct domain){ domain.mask, runs[to + 1].start }, total - 1);
	if (above != NONE)
		return above;
	if (from == to)
		return chain(c, c->singles + runs[from].first, runs[from].count, runs[from].target,
			     runs[from].tail);
	for (i = from + 1; i <= to; i++) {
		int32_t left = runs[i - 1].weight - before;
		int32_t heavier = left > total - left ? left : total - left;

		if (heavier < best) {
			best = heavier;
			split = i;
		}
	}
	above = tree(c, cells, runs, split, to, domain);
	below = tree(c, cells, runs, from, split - 1, domain);
	return instruction(c, BPF_JMP | BPF_JGE | BPF_K, runs[split].start, above, below,
			   split == to ? runs[to].origin : UINT32_MAX);
}

/* Gathers runs and single cells as the plan says, between two more runs that are only limits;
 * returns the number of runs.
 */
static int32_t make_runs(struct compiler *c, const struct cell *cells, size_t count,
			 struct domain domain, int32_t tail)
{
	struct run *runs = c->runs + c->run_count;
	int32_t run_count = 0, taken = c->single_count;
	size_t i;

	runs[0] = (struct run){ .weight = 0 };
	for (i = 0; i < count; i++) {
		int32_t target;

		if (c->plan[i].way == NONE) {
			c->singles[c->single_count++] = cells[i];
			if (run_count)
				runs[run_count].count++;
			continue;
		}
		target = way_of(&cells[i], c->plan[i].way);
		if (!run_count || runs[run_count].target != target) {
			int32_t first = run_count ? c->single_count : taken;

			run_count++;
			runs[run_count] = (struct run){ .start = cells[i].start,
							.target = target,
							.tail = target,
							.origin = cells[i].origin,
							.cell = run_count > 1 ? (int32_t)i : 0,
							.first = first,
							.count = c->single_count - first };
		}
		if (tail != NONE && !c->plan[i].single &&
		    (i + 1 == count || (i + 2 == count && c->plan[i + 1].single)))
			runs[run_count].tail = tail;
	}
	for (i = 1; i <= (size_t)run_count; i++)
		runs[i].weight = runs[i - 1].weight + 1 + runs[i].count;
	runs[run_count + 1] = (struct run){ .start = domain.end, .cell = (int32_t)count };
	return run_count;
}

static int32_t lower_domain(struct compiler *c, const struct cell *cells, size_t count,
			    struct domain domain, int32_t tail)
{
	int32_t runs = c->run_count;
	int32_t singles = c->single_count;
	int32_t run_count, result;

	if (count + 2 + (size_t)runs > (size_t)c->room.cells ||
	    count + (size_t)singles > (size_t)c->room.cells) {
		c->full = true;
		return 0;
	}
	plan_switch(c, cells, count, domain);
	run_count = make_runs(c, cells, count, domain, tail);
	c->run_count += run_count + 2;
	result = tree(c, cells, c->runs + runs, 1, run_count, domain);
	c->run_count = runs;
	c->single_count = singles;
	return result;
}

int32_t lower_switch(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask,
		     int32_t tail)
{
	return lower_domain(c, cells, count, (struct domain){ mask, 0 }, tail);
}

int32_t lower_count(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask)
{
	if (count > (size_t)c->room.cells) {
		c->full |= c->small;
		return INT32_MAX;
	}
	return plan_switch(c, cells, count, (struct domain){ mask, 0 });
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
					  c->edges[node->first + (uint32_t)i].target, NONE,
					  node->origin };
}

int32_t lower_cost(struct compiler *c, const struct node *node)
{
	uint32_t mask = c->variables[node->variable].mask;

	if (is_bit_test(c, node))
		return 1;
	if (node->count > c->room.cells) {
		c->full |= c->small;
		return INT32_MAX / 2;
	}
	fill_cells(c, node, c->singles);
	return lower_count(c, c->singles, node->count, mask) + (mask != UINT32_MAX);
}

/* The instruction that decides @node, once A holds its word: under its mask, or, for a bit test,
 * whole, since that leaves A as it is for what follows.
 */
static int32_t lower_node(struct compiler *c, struct node *node)
{
	const struct variable *variable = &c->variables[node->variable];
	bool bit_test = is_bit_test(c, node);
	uint32_t held_mask = bit_test ? UINT32_MAX : variable->mask;
	struct cell *cells = c->cells + c->cell_count;
	int32_t result;
	int i;

	if (node->lowered != NONE || c->cell_count + node->count > c->room.cells) {
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
		result = lower_switch(c, cells, node->count, variable->mask, NONE);
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

	if (is_leaf(id) && c->leaf_code[id] != NONE)
		return c->leaf_code[id];
	if (is_leaf(id))
		return instruction(c, BPF_RET | BPF_K, c->leaves[id], NONE, NONE, UINT32_MAX);
	node = &c->nodes[id - MAX_LEAVES];
	variable = &c->variables[node->variable];
	result = lower_node(c, node);
	if (variable->word == word &&
	    (is_bit_test(c, node) ? mask == UINT32_MAX : (variable->mask & ~mask) == 0))
		return result;
	return instruction(c, BPF_LD | BPF_W | BPF_ABS, variable->word * 4u, result, NONE,
			   node->origin);
}
