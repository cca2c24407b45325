/* compile.c - policies as seccomp filters (see policy.h, compiler.h)
 *
 * Each architecture gets a switch over its numbers, and before them stands a test of the
 * architecture. A second architecture may leave numbers on which it agrees with an earlier one to
 * that one's switch: x32 is x86_64 with bit 30 taken off but for some numbers, and all
 * architectures agree from 424 on.
 */
#include "policy/compiler.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct policy_error *error, int number, size_t arch, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(struct policy_error *error, int number, size_t arch, const char *format, ...)
{
	va_list args;

	error->arch = arch;
	error->rule = SIZE_MAX;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return number;
}

/* A finished switch and its cells, which later ones may lean on. */
struct model {
	int32_t root;
	int32_t from; /* of its cells */
	int32_t count;
};

struct models {
	struct model list[ENTRY_COUNT];
	int count;
};

static const struct policy_arch *find_entry(const struct policy *policy, enum policy_entry entry)
{
	size_t i;

	for (i = 0; i < policy->arch_count; i++)
		if (policy->archs[i].entry == entry)
			return &policy->archs[i];
	return NULL;
}

static int32_t foreign(struct compiler *c, const struct policy *policy)
{
	return instruction(c, BPF_RET | BPF_K, policy->foreign, NONE, NONE, UINT32_MAX);
}

/* What a model says of @number. */
static int32_t model_target(const struct compiler *c, const struct model *model, uint32_t number)
{
	int32_t low = model->from;
	int32_t high = model->from + model->count;

	while (high - low > 1) {
		int32_t middle = (low + high) / 2;

		if (c->cells[middle].start <= number)
			low = middle;
		else
			high = middle;
	}
	return c->cells[low].target;
}

static void push_cell(struct compiler *c, int32_t from, struct cell cell)
{
	const struct cell *last = c->cells + c->cell_count;

	if (c->cell_count > from && last[-1].target == cell.target && last[-1].other == cell.other)
		return;
	if (c->cell_count == c->room.cells)
		c->full = true;
	else
		c->cells[c->cell_count++] = cell;
}

/* The cells @from to the end once more, behind them, cut where the model's are cut too, with the
 * model's root as the other target wherever both agree below number @limit.
 */
static void lean(struct compiler *c, const struct model *model, int32_t from, int32_t end,
		 uint32_t limit)
{
	int32_t mine = from, its = model->from;
	uint32_t start = 0;

	while (!c->full) {
		struct cell cell = c->cells[mine];

		cell.start = start;
		if (start < limit && model_target(c, model, start) == cell.target)
			cell.other = model->root;
		push_cell(c, end, cell);
		while (its < model->from + model->count && c->cells[its].start <= start)
			its++;
		if (mine + 1 < end && (its == model->from + model->count ||
				       c->cells[mine + 1].start <= c->cells[its].start))
			start = c->cells[++mine].start;
		else if (its < model->from + model->count)
			start = c->cells[its].start;
		else
			return;
	}
}

/* A switch over the cells from @from on, its own or leaning on the model that saves most. They
 * stay, to be a model, without what leaning on another added. @limit: numbers from there on are not
 * left to a model. @price: what a lean costs besides its tests.
 */
static int32_t best_switch(struct compiler *c, const struct models *models, int32_t from,
			   uint32_t limit, int32_t price)
{
	int32_t end = c->cell_count;
	int32_t best = NONE, best_cost, result = 0;
	int i;

	if (c->full)
		return 0;
	best_cost = lower_count(c, c->cells + from, (size_t)(end - from), UINT32_MAX);
	for (i = 0; i < models->count && !c->full; i++) {
		int32_t cost;

		lean(c, &models->list[i], from, end, limit);
		cost = price +
		       lower_count(c, c->cells + end, (size_t)(c->cell_count - end), UINT32_MAX);
		c->cell_count = end;
		if (cost >= best_cost)
			continue;
		best_cost = cost;
		best = i;
	}
	if (best != NONE) {
		lean(c, &models->list[best], from, end, limit);
		from = end;
	}
	if (!c->full)
		result = lower_switch(c, c->cells + from, (size_t)(c->cell_count - from),
				      UINT32_MAX, NONE);
	c->cell_count = end;
	return result;
}

/* What 0xffffffff gets is one more cell, unless the last one says the same. */
static void push_skipped(struct compiler *c, int32_t from, int32_t skipped)
{
	push_cell(c, from, (struct cell){ SKIPPED, skipped, NONE, UINT32_MAX });
}

/* x32's numbers, with bit 30 set: taken off, they are nearly x86_64's. *@last is what its numbers
 * from 0x80000000 on get. Without rules for x32 both are the policy's `foreign`.
 */
static int make_x32(struct compiler *c, const struct policy *policy, const struct models *models,
		    int32_t *root, int32_t *last)
{
	const struct policy_arch *x32 = find_entry(policy, ENTRY_X32);
	int32_t from = c->cell_count;
	int32_t ignored;
	int rc;

	*root = *last = foreign(c, policy);
	if (!x32)
		return 0;
	rc = make_cells(c, policy, x32, &ignored);
	if (rc || c->full)
		return rc;
	*last = c->cells[c->cell_count - 1].target;
	*root = best_switch(c, models, from, X32_BIT, 1);
	*root = instruction(c, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, *root, NONE, UINT32_MAX);
	c->cell_count = from;
	return 0;
}

/* x86_64 and x32 share an architecture; bit 30 tells the numbers apart, and 0xffffffff is
 * neither's. No number of x86_64 reaches bit 30, so that only where its last cell ends up x32 need
 * be told.
 */
static int make_x86_64(struct compiler *c, const struct policy *policy, struct models *models,
		       int32_t *root)
{
	const struct policy_arch *native = find_entry(policy, ENTRY_X86_64);
	int32_t from = c->cell_count;
	int32_t skipped = foreign(c, policy);
	int32_t root_x32, last_x32, tail, count;
	int rc = 0;

	if (native)
		rc = make_cells(c, policy, native, &skipped);
	else
		push_cell(c, from, (struct cell){ 0, skipped, NONE, UINT32_MAX });
	if (rc || c->full)
		return rc;
	count = c->cell_count - from;
	tail = c->cells[c->cell_count - 1].target;
	root_x32 = best_switch(c, models, from, X32_BIT, 0);
	models->list[models->count++] = (struct model){ root_x32, from, count };
	rc = make_x32(c, policy, models, &root_x32, &last_x32);
	if (rc || c->full)
		return rc;
	if (root_x32 == tail)
		last_x32 = tail;
	if (skipped != last_x32 && skipped != tail)
		push_skipped(c, from, skipped);
	if (root_x32 != tail) {
		int32_t otherwise = instruction(c, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, root_x32,
						tail, UINT32_MAX);

		if (skipped != last_x32 && skipped == tail)
			otherwise = instruction(c, BPF_JMP | BPF_JEQ | BPF_K, SKIPPED, skipped,
						otherwise, UINT32_MAX);
		tail = otherwise;
	}
	*root = lower_switch(c, c->cells + from, (size_t)(c->cell_count - from), UINT32_MAX, tail);
	c->cell_count = from + count;
	return 0;
}

static int make_other(struct compiler *c, const struct policy *policy, struct models *models,
		      const struct policy_arch *arch, int32_t *root)
{
	int32_t from = c->cell_count;
	int32_t skipped = 0;
	int rc = make_cells(c, policy, arch, &skipped);

	if (rc || c->full)
		return rc;
	push_skipped(c, from, skipped);
	*root = best_switch(c, models, from, X32_BIT, 0);
	models->list[models->count++] = (struct model){ *root, from, c->cell_count - from };
	return 0;
}

/* One test of the architecture after the other, in the order of the policy. */
static int make_root(struct compiler *c, const struct policy *policy, int32_t *root)
{
	struct models models = { .count = 0 };
	int32_t roots[ENTRY_COUNT];
	uint32_t archs[ENTRY_COUNT];
	size_t count = 0;
	size_t i, k;

	for (i = 0; i < policy->arch_count; i++) {
		enum policy_entry entry = policy->archs[i].entry;
		uint32_t arch = policy_audit_arch(entry);
		int rc;

		for (k = 0; k < count && archs[k] != arch; k++)
			;
		if (k < count)
			continue;
		archs[count] = arch;
		if (entry == ENTRY_X86_64 || entry == ENTRY_X32)
			rc = make_x86_64(c, policy, &models, &roots[count]);
		else
			rc = make_other(c, policy, &models, &policy->archs[i], &roots[count]);
		if (rc || c->full)
			return rc;
		count++;
	}
	*root = foreign(c, policy);
	while (count-- > 0) {
		int32_t load = instruction(c, BPF_LD | BPF_W | BPF_ABS, WORD_NUMBER * 4,
					   roots[count], NONE, UINT32_MAX);

		if (BPF_CLASS(c->graph[roots[count]].code) == BPF_RET)
			load = roots[count];
		*root = instruction(c, BPF_JMP | BPF_JEQ | BPF_K, archs[count], load, *root,
				    UINT32_MAX);
	}
	if (BPF_CLASS(c->graph[*root].code) != BPF_RET)
		*root = instruction(c, BPF_LD | BPF_W | BPF_ABS, WORD_ARCH * 4, *root, NONE,
				    UINT32_MAX);
	return 0;
}

static const struct room large = { .leaves = MAX_LEAVES,
				   .nodes = 16384,
				   .edges = 65536,
				   .scratch = 16384,
				   .graph = 12288,
				   .lists = 16384,
				   .cells = 16384,
				   .hash = 1024,
				   .cache = 512 };
static const struct room little = { .leaves = 32,
				    .nodes = 128,
				    .edges = 512,
				    .scratch = 128,
				    .graph = 256,
				    .lists = 64,
				    .cells = 256,
				    .hash = 256,
				    .cache = 128 };

#define ARRAY(array, which)                                                                        \
	{                                                                                          \
		offsetof(struct compiler, array), offsetof(struct room, which),                    \
			sizeof(*((struct compiler *)NULL)->array)                                  \
	}

static const struct {
	size_t at;   /* the pointer in struct compiler */
	size_t room; /* how many there may be, in struct room */
	size_t size;
} arrays[] = {
	ARRAY(leaves, leaves),   ARRAY(leaf_code, leaves), ARRAY(nodes, nodes),
	ARRAY(moved, nodes),     ARRAY(edges, edges),      ARRAY(scratch, scratch),
	ARRAY(graph, graph),     ARRAY(cells, cells),      ARRAY(plan, cells),
	ARRAY(singles, cells),   ARRAY(runs, cells),       ARRAY(node_hash, hash),
	ARRAY(graph_hash, hash), ARRAY(cache, cache),
};

/* Where the arrays end in the block of a compiler, with @c set to them unless it is NULL. */
static size_t lay_out(struct compiler *c, const struct room *room)
{
	size_t used = sizeof(*c);
	int32_t count;
	size_t i;

	for (i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		if (c) {
			char *array = (char *)c + used;

			memcpy((char *)c + arrays[i].at, &array, sizeof(array));
		}
		memcpy(&count, (const char *)room + arrays[i].room, sizeof(count));
		used += ((size_t)count * arrays[i].size + 7) & ~(size_t)7;
	}
	return used;
}

/* Of the arrays only those are set that are looked at before they are written. */
struct compiler *compiler_new(bool small)
{
	const struct room *room = small ? &little : &large;
	struct compiler *c = malloc(lay_out(NULL, room));

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	(void)lay_out(c, room);
	c->room = *room;
	c->small = small;
	c->leaf_count = LEAF_TRUE + 1;
	memset(c->node_hash, 0xff, (size_t)room->hash * sizeof(*c->node_hash));
	memset(c->graph_hash, 0xff, (size_t)room->hash * sizeof(*c->graph_hash));
	memset(c->cache, 0, (size_t)room->cache * sizeof(*c->cache));
	return c;
}

/* *@full: try a larger room. */
static int compile_in(bool small, const struct policy *policy, struct sock_filter *filter,
		      size_t *count, uint32_t *origin, struct policy_error *error, bool *full)
{
	struct compiler *c = compiler_new(small);
	int32_t root = 0;
	int rc;

	*full = false;
	if (!c)
		return fail(error, -ENOMEM, SIZE_MAX, "no memory");
	rc = make_root(c, policy, &root);
	*full = c->full;
	if (rc)
		rc = fail(error, rc, SIZE_MAX, "no memory");
	else if (c->full)
		rc = fail(error, -E2BIG, SIZE_MAX,
			  "the rules are too many, or too different, for one filter");
	else if (emit(c, root, filter, count, origin))
		rc = fail(error, -E2BIG, SIZE_MAX,
			  "the filter needs more than the %d instructions that the kernel takes",
			  POLICY_MAX_INSTRUCTIONS);
	free(c);
	return rc;
}

static int compile(const struct policy *policy, struct sock_filter *filter, size_t *count,
		   uint32_t *origin, struct policy_error *error)
{
	bool full;
	int rc = compile_in(true, policy, filter, count, origin, error, &full);

	return full ? compile_in(false, policy, filter, count, origin, error, &full) : rc;
}

/* Does a filter of the first @rules rules fit? They count through all architectures. */
static bool fits(const struct policy *policy, size_t rules, struct sock_filter *filter)
{
	struct policy_arch archs[ENTRY_COUNT];
	struct policy part = *policy;
	struct policy_error ignored;
	size_t i, count;

	for (i = 0; i < policy->arch_count; i++) {
		archs[i] = policy->archs[i];
		if (archs[i].rule_count > rules)
			archs[i].rule_count = rules;
		rules -= archs[i].rule_count;
	}
	part.archs = archs;
	return compile(&part, filter, &count, NULL, &ignored) == 0;
}

/* Finds a rule from which on the filter does not fit, by halves. */
static void blame(const struct policy *policy, struct sock_filter *filter,
		  struct policy_error *error)
{
	size_t low = 0, high = 0, i;

	for (i = 0; i < policy->arch_count; i++)
		high += policy->archs[i].rule_count;
	if (high == 0 || !fits(policy, 0, filter))
		return;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (fits(policy, middle, filter))
			low = middle;
		else
			high = middle;
	}
	for (i = 0; low >= policy->archs[i].rule_count; i++)
		low -= policy->archs[i].rule_count;
	error->arch = i;
	error->rule = low;
}

int policy_compile(const struct policy *policy, struct sock_filter *filter, size_t *count,
		   uint32_t *origin, struct policy_error *error)
{
	int rc = compile(policy, filter, count, origin, error);

	if (rc == -E2BIG)
		blame(policy, filter, error);
	return rc;
}
