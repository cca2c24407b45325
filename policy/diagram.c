/* diagram.c - lists of rules as shared decision diagrams
 *
 * A diagram decides on one variable (a 32-bit word of the arguments under a mask) at a time: each
 * node's edges split the variable's values into intervals. Equal nodes are the same node, across
 * system calls and architectures, so that a test that two calls have in common is made once.
 *
 * Every path asks the variables in one order. For each list of rules several orders are tried, and
 * the one whose nodes cost the fewest new instructions is kept. Tests of 64 bits become tests of
 * two words, high and low; a mask of the form 1..10..0 becomes a plain interval.
 *
 * Recursion is at most as deep as there are variables in one list of rules.
 */
#include "policy/compiler.h"

#include <string.h>

static int32_t new_leaf(struct compiler *c, uint32_t action, int32_t code)
{
	if (c->leaf_count == c->room.leaves) {
		c->full = true;
		return LEAF_TRUE;
	}
	c->leaves[c->leaf_count] = action;
	c->leaf_code[c->leaf_count] = code;
	return c->leaf_count++;
}

int32_t diagram_leaf(struct compiler *c, uint32_t action)
{
	int32_t i;

	for (i = 2; i < c->leaf_count; i++)
		if (c->leaves[i] == action && c->leaf_code[i] == NONE)
			return i;
	return new_leaf(c, action, NONE);
}

static uint32_t highest_bit(uint32_t value)
{
	return UINT32_C(1) << (31 - __builtin_clz(value));
}

uint32_t next_under_mask(uint32_t value, uint32_t mask)
{
	uint32_t outside = value & ~mask;
	uint32_t below;

	if (!outside)
		return value;
	below = (highest_bit(outside) << 1) - 1;
	return (((value | below) | ~mask) + 1) & mask;
}

static uint32_t previous_under_mask(uint32_t value, uint32_t mask)
{
	uint32_t outside = value & ~mask;
	uint32_t bit;

	if (!outside)
		return value;
	bit = highest_bit(outside);
	return (value & ~((bit << 1) - 1)) | (mask & (bit - 1));
}

static const struct node *node_of(const struct compiler *c, int32_t id)
{
	return &c->nodes[id - MAX_LEAVES];
}

static void push_edge(struct compiler *c, int32_t from, uint32_t start, int32_t target)
{
	if (c->scratch_count > from && c->scratch[c->scratch_count - 1].target == target)
		return;
	if (c->scratch_count == c->room.scratch) {
		no_room(c);
		return;
	}
	c->scratch[c->scratch_count++] = (struct edge){ start, target };
}

static int rank_of(const struct compiler *c, int32_t id)
{
	return is_leaf(id) ? UINT8_MAX : c->variables[node_of(c, id)->variable].rank;
}

/* One operand of diagram_choose(): where it stands among its edges, if it decides on the
 * variable. */
struct cursor {
	int32_t id;
	const struct edge *edge;
	const struct edge *end;
};

static struct cursor cursor_at(const struct compiler *c, int32_t id, int rank)
{
	struct cursor cursor = { id, NULL, NULL };

	if (rank_of(c, id) == rank) {
		cursor.edge = c->edges + node_of(c, id)->first;
		cursor.end = cursor.edge + node_of(c, id)->count;
		cursor.id = cursor.edge->target;
	}
	return cursor;
}

/* Where the next edge starts; 0 when there is none. */
static uint32_t cursor_next(const struct cursor *cursor)
{
	return cursor->edge && cursor->edge + 1 < cursor->end ? cursor->edge[1].start : 0;
}

static void cursor_move(struct cursor *cursor, uint32_t start)
{
	if (!cursor->edge || cursor_next(cursor) != start)
		return;
	cursor->edge++;
	cursor->id = cursor->edge->target;
}

/* The diagram of `test ? yes : no`. */
static int32_t diagram_choose(struct compiler *c, int32_t test, int32_t yes, int32_t no)
{
	struct cache_entry *entry;
	struct cursor cursors[3];
	int32_t from = c->scratch_count;
	int32_t result, top = test;
	uint32_t start = 0;
	int i;

	if (test == LEAF_TRUE || yes == no)
		return yes;
	if (test == LEAF_FALSE || c->over)
		return no;
	if (--c->steps < 0) {
		no_room(c);
		return no;
	}
	entry = &c->cache[((uint32_t)test * 31 + (uint32_t)yes * 17 + (uint32_t)no * 7) %
			  (uint32_t)c->room.cache];
	if (entry->epoch == c->epoch && entry->test == test && entry->yes == yes && entry->no == no)
		return entry->result;
	if (rank_of(c, yes) < rank_of(c, top))
		top = yes;
	if (rank_of(c, no) < rank_of(c, top))
		top = no;
	cursors[0] = cursor_at(c, test, rank_of(c, top));
	cursors[1] = cursor_at(c, yes, rank_of(c, top));
	cursors[2] = cursor_at(c, no, rank_of(c, top));
	for (;;) {
		int32_t target = diagram_choose(c, cursors[0].id, cursors[1].id, cursors[2].id);

		push_edge(c, from, start, target);
		start = 0;
		for (i = 0; i < 3; i++) {
			uint32_t next = cursor_next(&cursors[i]);

			if (next && (!start || next < start))
				start = next;
		}
		if (!start || c->over)
			break;
		for (i = 0; i < 3; i++)
			cursor_move(&cursors[i], start);
	}
	if (c->over) {
		c->scratch_count = from;
		return LEAF_FALSE;
	}
	result = node_make(c, node_of(c, top)->variable, from);
	*entry = (struct cache_entry){ c->epoch, test, yes, no, result };
	return result;
}

static int find_variable(struct compiler *c, unsigned int word, uint32_t mask)
{
	int32_t i;

	for (i = 0; i < c->variable_count; i++)
		if (c->variables[i].word == word && c->variables[i].mask == mask)
			return i;
	if (c->variable_count == MAX_VARIABLES) {
		c->full = true;
		return 0;
	}
	c->variables[i] = (struct variable){ .mask = mask, .word = (uint8_t)word };
	return c->variable_count++;
}

/* Where in the values of (word & mask) a test holds: from `low` to before `past`, 0 being the
 * end. */
struct range {
	uint32_t mask;
	uint32_t low;
	uint32_t past;
};

/* Makes low <= (word & mask) <= high a range whose ends are values that the masked word can have.
 * Returns LEAF_FALSE or LEAF_TRUE where that is known already, else NONE.
 */
static int32_t find_range(struct range *range, uint32_t mask, uint32_t low, uint32_t high)
{
	uint32_t first = next_under_mask(low, mask);

	if (low && !first)
		return LEAF_FALSE;
	high = previous_under_mask(high, mask);
	if (first > high)
		return LEAF_FALSE;
	if (mask && (mask | (mask - 1)) == UINT32_MAX) {
		high |= ~mask;
		mask = UINT32_MAX;
	}
	range->mask = mask;
	range->low = first;
	range->past = high == mask ? 0 : next_under_mask(high + 1, mask);
	return first == 0 && range->past == 0 ? LEAF_TRUE : NONE;
}

static int32_t test_word(struct compiler *c, unsigned int word, uint32_t mask, uint32_t low,
			 uint32_t high)
{
	int32_t from = c->scratch_count;
	struct range range;
	int32_t known = find_range(&range, mask, low, high);

	if (known != NONE)
		return known;
	if (range.low)
		push_edge(c, from, 0, LEAF_FALSE);
	push_edge(c, from, range.low, LEAF_TRUE);
	if (range.past)
		push_edge(c, from, range.past, LEAF_FALSE);
	return node_make(c, (uint16_t)find_variable(c, word, range.mask), from);
}

/* The words of an argument: all entries that we know are little-endian. */
static unsigned int low_word(const struct policy_token *token)
{
	return WORD_ARGUMENTS + 2 * (unsigned int)token->argument;
}

static int32_t test_token(struct compiler *c, const struct policy_token *token)
{
	uint32_t mask_low = (uint32_t)token->mask, mask_high = (uint32_t)(token->mask >> 32);
	uint32_t low = (uint32_t)token->low, low_high = (uint32_t)(token->low >> 32);
	uint32_t high = (uint32_t)token->high, high_high = (uint32_t)(token->high >> 32);
	unsigned int word = low_word(token);
	int32_t result, part;

	if (token->width == 4)
		return test_word(c, word, mask_low, low, high);
	result = test_word(c, word + 1, mask_high, low_high, low_high);
	if (low_high == high_high)
		return diagram_choose(c, result, test_word(c, word, mask_low, low, high),
				      LEAF_FALSE);
	result = diagram_choose(c, result, test_word(c, word, mask_low, low, UINT32_MAX),
				LEAF_FALSE);
	part = test_word(c, word + 1, mask_high, high_high, high_high);
	part = diagram_choose(c, part, test_word(c, word, mask_low, 0, high), LEAF_FALSE);
	result = diagram_choose(c, result, LEAF_TRUE, part);
	if (high_high - low_high < 2)
		return result;
	part = test_word(c, word + 1, mask_high, low_high + 1, high_high - 1);
	return diagram_choose(c, part, LEAF_TRUE, result);
}

static int32_t test_rule(struct compiler *c, const struct policy_rule *rule)
{
	int32_t stack[POLICY_MAX_TOKENS] = { LEAF_FALSE };
	size_t depth = 0;
	size_t i;

	if (rule->token_count == 0)
		return LEAF_TRUE;
	for (i = 0; i < rule->token_count && !c->over; i++) {
		switch (rule->test[i].op) {
		case OP_COMPARE:
			stack[depth++] = test_token(c, &rule->test[i]);
			break;
		case OP_AND:
			depth--;
			stack[depth - 1] =
				diagram_choose(c, stack[depth - 1], stack[depth], LEAF_FALSE);
			break;
		case OP_OR:
			depth--;
			stack[depth - 1] =
				diagram_choose(c, stack[depth - 1], LEAF_TRUE, stack[depth]);
			break;
		default:
			stack[depth - 1] =
				diagram_choose(c, stack[depth - 1], LEAF_FALSE, LEAF_TRUE);
			break;
		}
	}
	return c->over ? LEAF_FALSE : stack[0];
}

/* The variables of a list of rules, in the order of first use. */
struct order {
	uint16_t variables[MAX_VARIABLES];
	int count;
};

static void add_variable(struct compiler *c, struct order *order, unsigned int word, uint32_t mask,
			 uint32_t low, uint32_t high)
{
	struct range range;
	int32_t variable;
	int i;

	if (find_range(&range, mask, low, high) != NONE)
		return;
	variable = find_variable(c, word, range.mask);
	for (i = 0; i < order->count; i++)
		if (order->variables[i] == variable)
			return;
	if (!c->full)
		order->variables[order->count++] = (uint16_t)variable;
}

/* A mask can be a plain interval for one of the high word's tests only, so each is looked at. */
static void add_high_variables(struct compiler *c, struct order *order,
			       const struct policy_token *token)
{
	uint32_t mask = (uint32_t)(token->mask >> 32);
	uint32_t low = (uint32_t)(token->low >> 32);
	uint32_t high = (uint32_t)(token->high >> 32);

	add_variable(c, order, low_word(token) + 1, mask, low, low);
	add_variable(c, order, low_word(token) + 1, mask, high, high);
	if (high - low > 1)
		add_variable(c, order, low_word(token) + 1, mask, low + 1, high - 1);
}

static void find_order(struct compiler *c, struct order *order,
		       const struct policy_rule *const *rules, size_t count)
{
	size_t i, k;

	order->count = 0;
	for (i = 0; i < count; i++)
		for (k = 0; k < rules[i]->token_count; k++) {
			const struct policy_token *token = &rules[i]->test[k];
			uint32_t mask = (uint32_t)token->mask;

			if (token->op != OP_COMPARE)
				continue;
			if (token->width == 8)
				add_high_variables(c, order, token);
			if (token->low >> 32 == token->high >> 32) {
				add_variable(c, order, low_word(token), mask, (uint32_t)token->low,
					     (uint32_t)token->high);
				continue;
			}
			add_variable(c, order, low_word(token), mask, (uint32_t)token->low,
				     UINT32_MAX);
			add_variable(c, order, low_word(token), mask, 0, (uint32_t)token->high);
		}
}

/* The most that one diagram may take; what is left of the steps says how hard it was. */
enum { MOST_STEPS = 10000, MOST_NODES = 1024, EASY_STEPS = 3000 };

static int32_t build(struct compiler *c, const struct order *order,
		     const struct policy_rule *const *rules, size_t count, int32_t otherwise)
{
	int32_t result = otherwise;
	int i;

	c->epoch++;
	c->steps = MOST_STEPS;
	c->node_limit = c->node_count + MOST_NODES;
	for (i = 0; i < order->count; i++)
		c->variables[order->variables[i]].rank = (uint8_t)i;
	while (count-- > 0 && !c->over) {
		int32_t test = test_rule(c, rules[count]);

		result = diagram_choose(c, test, diagram_leaf(c, rules[count]->action), result);
	}
	return result;
}

/* How many instructions the nodes below @id, those before @known apart, are going to need. */
static int32_t new_cost(struct compiler *c, int32_t id, int32_t known)
{
	struct node *node;
	int32_t cost, i;

	if (id < MAX_LEAVES + known || c->nodes[id - MAX_LEAVES].visit == c->visit)
		return 0;
	node = &c->nodes[id - MAX_LEAVES];
	node->visit = c->visit;
	cost = 1 + lower_cost(c, node);
	for (i = 0; i < node->count; i++)
		cost += new_cost(c, c->edges[node->first + (uint32_t)i].target, known);
	return cost;
}

/* Tries @order and forgets what it made. */
static int32_t try_order(struct compiler *c, const struct order *order,
			 const struct policy_rule *const *rules, size_t count, int32_t otherwise)
{
	int32_t nodes = c->node_count;
	int32_t edges = c->edge_count;
	int32_t cost, result;

	result = build(c, order, rules, count, otherwise);
	c->visit++;
	cost = c->over ? INT32_MAX : new_cost(c, result, nodes);
	nodes_unmake(c, nodes, edges);
	c->over = false;
	return cost;
}

static void swap(struct order *order, int a, int b)
{
	uint16_t variable = order->variables[a];

	order->variables[a] = order->variables[b];
	order->variables[b] = variable;
}

/* Sifts: each variable in turn is swapped with those behind it (with the next one only, where there
 * are many), until a whole round finds nothing. For up to three variables this visits nearly every
 * order.
 */
static void improve_order(struct compiler *c, struct order *order,
			  const struct policy_rule *const *rules, size_t count, int32_t otherwise)
{
	enum { MANY = 6, ROUNDS = 2 };
	int32_t best = try_order(c, order, rules, count, otherwise);
	int rounds, from, to;
	int reach = order->count > MANY ? 1 : MANY;
	bool better = best != INT32_MAX && MOST_STEPS - c->steps < EASY_STEPS;

	for (rounds = 0; better && rounds < ROUNDS; rounds++) {
		better = false;
		for (from = 0; from < order->count; from++)
			for (to = from + 1; to < order->count && to <= from + reach; to++) {
				int32_t cost;

				swap(order, from, to);
				cost = try_order(c, order, rules, count, otherwise);
				if (cost < best) {
					best = cost;
					better = true;
				} else {
					swap(order, from, to);
				}
			}
	}
}

/* About what the rules need as instructions one after the other: for each word of a comparison a
 * load, an AND and a test.
 */
static int32_t plain_cost(const struct policy_rule *const *rules, size_t count)
{
	int32_t cost = 32;
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < rules[i]->token_count; k++)
			if (rules[i]->test[k].op == OP_COMPARE)
				cost += rules[i]->test[k].width * 3 / 4;
	return cost;
}

/* A list whose diagram grows too large becomes two: where no rule of the first half decides, its
 * diagram ends in the instructions of the second half.
 */
static int32_t halve(struct compiler *c, const struct policy_rule *const *rules, size_t count,
		     int32_t otherwise)
{
	size_t half = count / 2;
	int32_t code;

	if (count < 2) {
		c->full = true;
		return otherwise;
	}
	otherwise = diagram_rules(c, rules + half, count - half, otherwise);
	if (c->full)
		return otherwise;
	code = lower_enter(c, otherwise, WORD_NONE, 0);
	return diagram_rules(c, rules, half, new_leaf(c, 0, code));
}

int32_t diagram_rules(struct compiler *c, const struct policy_rule *const *rules, size_t count,
		      int32_t otherwise)
{
	struct order order;
	uint32_t origin = count ? rules[0]->origin : UINT32_MAX;
	int32_t nodes = c->node_count;
	int32_t edges = c->edge_count;
	int32_t result;

	find_order(c, &order, rules, count);
	if (order.count > 1 && !c->full)
		improve_order(c, &order, rules, count, otherwise);
	if (c->full)
		return otherwise;
	result = build(c, &order, rules, count, otherwise);
	c->visit++;
	if (c->over || (count > 1 && new_cost(c, result, nodes) > plain_cost(rules, count))) {
		nodes_unmake(c, nodes, edges);
		c->over = false;
		return halve(c, rules, count, otherwise);
	}
	result = nodes_keep(c, nodes, edges, result);
	for (; nodes < c->node_count; nodes++)
		c->nodes[nodes].origin = origin;
	return result;
}
