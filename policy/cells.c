/* cells.c - what the rules of one architecture say of its numbers
 *
 * The numbers are cut at the ends of all intervals. For every interval the list of rules that can
 * decide there is collected, in order, up to the first that has no test; equal lists are one list,
 * and rules with the same test and action are one rule. Each list becomes a decision diagram.
 */
#include "policy/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rules that can decide, the last added last; each is the one before and one class more. */
struct list {
	int32_t before;
	int32_t class; /* index in `classes`, or NONE for the empty list */
	int32_t count;
	bool closed;    /* its last rule has no test */
	int32_t mapped; /* what becomes of it under the rule that is being added */
	uint32_t mapped_at;
	int32_t diagrams[3]; /* by enum otherwise, NONE until made */
};

enum otherwise { OTHERWISE_FALLBACK, OTHERWISE_NEWER, OTHERWISE_SKIPPED };

/* An interval of numbers: from `start` to the next one's. */
struct span {
	uint32_t start;
	int32_t list;
	enum otherwise otherwise;
};

struct spans {
	const struct policy *policy;
	struct span *spans;
	size_t count;
	struct list *lists;
	int32_t list_count;
	const struct policy_rule **classes; /* of equal tests and actions the first rule */
	int32_t *class_hash;                /* by hash of test and action; NONE at the end */
	int32_t *class_next;
	int32_t class_count;
	const struct policy_rule **chosen; /* room for the rules of one list */
};

static bool is_kill(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_KILL_PROCESS || kind == SECCOMP_RET_KILL_THREAD;
}

/* Where the numbers of an architecture are cut: small numbers as bits, the few others in a list. */
struct cuts {
	uint64_t small[64];
	uint32_t *large;
	size_t large_count;
};

static void cut(struct cuts *cuts, uint32_t at)
{
	if (at < sizeof(cuts->small) * 8)
		cuts->small[at / 64] |= UINT64_C(1) << at % 64;
	else
		cuts->large[cuts->large_count++] = at;
}

static void cut_intervals(struct cuts *cuts, const struct policy_interval *intervals, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		cut(cuts, intervals[i].first);
		cut(cuts, intervals[i].last + 1);
	}
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

/* How many cuts an architecture's intervals can make. */
static size_t cut_limit(const struct policy_arch *arch)
{
	size_t limit = 2 + 2 * arch->known_count;
	size_t i;

	for (i = 0; i < arch->rule_count; i++)
		limit += 2 * arch->rules[i].call_count;
	return limit;
}

static void add_span(struct spans *s, uint32_t start)
{
	if (s->count == 0 || s->spans[s->count - 1].start != start)
		s->spans[s->count++] = (struct span){ start, 0, OTHERWISE_NEWER };
}

static void make_spans(struct spans *s, const struct policy_arch *arch, uint32_t *room)
{
	struct cuts cuts = { .large_count = 0 };
	size_t i;

	cuts.large = room;
	cut(&cuts, 0);
	cut(&cuts, SKIPPED);
	cut_intervals(&cuts, arch->known, arch->known_count);
	for (i = 0; i < arch->rule_count; i++)
		cut_intervals(&cuts, arch->rules[i].calls, arch->rules[i].call_count);
	if (cuts.large_count > 1)
		qsort(cuts.large, cuts.large_count, sizeof(*cuts.large), compare_numbers);
	s->count = 0;
	for (i = 0; i < sizeof(cuts.small) / sizeof(*cuts.small); i++) {
		uint64_t bits = cuts.small[i];

		for (; bits; bits &= bits - 1)
			add_span(s, (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(bits));
	}
	for (i = 0; i < cuts.large_count; i++)
		add_span(s, cuts.large[i]);
}

static size_t find_span(const struct spans *s, uint32_t number)
{
	size_t low = 0;
	size_t high = s->count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (s->spans[middle].start <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void mark_known(struct spans *s, const struct policy_arch *arch)
{
	size_t i, k;

	for (i = 0; i < arch->known_count; i++)
		for (k = find_span(s, arch->known[i].first);
		     k < s->count && s->spans[k].start <= arch->known[i].last; k++)
			s->spans[k].otherwise = OTHERWISE_FALLBACK;
}

static bool same_test(const struct policy_rule *a, const struct policy_rule *b)
{
	size_t i;

	if (a->action != b->action || a->token_count != b->token_count)
		return false;
	for (i = 0; i < a->token_count; i++) {
		const struct policy_token *x = &a->test[i], *y = &b->test[i];

		if (x->op != y->op)
			return false;
		if (x->op == OP_COMPARE &&
		    (x->argument != y->argument || x->width != y->width || x->mask != y->mask ||
		     x->low != y->low || x->high != y->high))
			return false;
	}
	return true;
}

static uint32_t hash_test(const struct compiler *c, const struct policy_rule *rule)
{
	uint64_t hash = rule->action;
	size_t i;

	for (i = 0; i < rule->token_count; i++) {
		const struct policy_token *token = &rule->test[i];

		hash = hash * 31 + token->op;
		if (token->op != OP_COMPARE)
			continue;
		hash = (hash ^ token->low) * UINT64_C(0x9e3779b97f4a7c15);
		hash = (hash ^ token->high ^ token->mask << 1) * UINT64_C(0x9e3779b97f4a7c15);
		hash = (hash ^ hash >> 29) + token->argument;
	}
	return (uint32_t)(hash ^ hash >> 32) % (uint32_t)c->room.hash;
}

static int32_t find_class(const struct compiler *c, struct spans *s, const struct policy_rule *rule)
{
	uint32_t hash = hash_test(c, rule);
	int32_t id;

	for (id = s->class_hash[hash]; id != NONE; id = s->class_next[id])
		if (same_test(s->classes[id], rule))
			return id;
	s->classes[s->class_count] = rule;
	s->class_next[s->class_count] = s->class_hash[hash];
	s->class_hash[hash] = s->class_count;
	return s->class_count++;
}

/* The list that is @list and then @class; @at, not 0, tells rules apart. */
static int32_t extend(struct compiler *c, struct spans *s, int32_t list, int32_t class, uint32_t at)
{
	struct list *old = &s->lists[list];

	if (old->closed || old->class == class)
		return list;
	if (old->mapped_at == at)
		return old->mapped;
	if (s->list_count == c->room.lists) {
		c->full = true;
		return list;
	}
	s->lists[s->list_count] = (struct list){ .before = list,
						 .class = class,
						 .count = old->count + 1,
						 .closed = s->classes[class]->token_count == 0,
						 .diagrams = { NONE, NONE, NONE } };
	old->mapped = s->list_count;
	old->mapped_at = at;
	return s->list_count++;
}

static void add_rules(struct compiler *c, struct spans *s, const struct policy_arch *arch)
{
	size_t i, k, n;

	for (i = 0; i < arch->rule_count && !c->full; i++) {
		const struct policy_rule *rule = &arch->rules[i];
		int32_t class = rule->call_count ? find_class(c, s, rule) : NONE;

		for (k = 0; k < rule->call_count; k++)
			for (n = find_span(s, rule->calls[k].first);
			     n < s->count && s->spans[n].start <= rule->calls[k].last; n++)
				s->spans[n].list =
					extend(c, s, s->spans[n].list, class, (uint32_t)i + 1);
	}
}

static uint32_t otherwise_action(const struct policy *policy, enum otherwise otherwise)
{
	uint32_t action = otherwise == OTHERWISE_FALLBACK ? policy->fallback : policy->newer;

	if (otherwise == OTHERWISE_SKIPPED && is_kill(action))
		return SECCOMP_RET_ERRNO | ENOSYS;
	return action;
}

static int32_t span_diagram(struct compiler *c, struct spans *s, const struct span *span)
{
	struct list *list = &s->lists[span->list];
	enum otherwise otherwise = list->closed ? OTHERWISE_FALLBACK : span->otherwise;
	int32_t at = span->list;
	int32_t i;

	if (list->diagrams[otherwise] != NONE)
		return list->diagrams[otherwise];
	for (i = list->count; i-- > 0; at = s->lists[at].before)
		s->chosen[i] = s->classes[s->lists[at].class];
	list->diagrams[otherwise] =
		diagram_rules(c, s->chosen, (size_t)list->count,
			      diagram_leaf(c, otherwise_action(s->policy, otherwise)));
	return list->diagrams[otherwise];
}

static uint32_t span_origin(const struct spans *s, const struct span *span)
{
	const struct list *list = &s->lists[span->list];

	return list->class == NONE ? UINT32_MAX : s->classes[list->class]->origin;
}

/* Frees what make_arch() allocates. */
struct arch_memory {
	void *block;
};

static bool arch_memory(struct arch_memory *memory, struct spans *s, const struct policy_arch *arch,
			const struct room *most, uint32_t **room)
{
	size_t limit = cut_limit(arch);
	size_t rules = arch->rule_count + 1;
	size_t sizes[7] = { (size_t)most->lists * sizeof(*s->lists),
			    rules * sizeof(*s->classes),
			    rules * sizeof(*s->chosen),
			    limit * sizeof(*s->spans),
			    limit * sizeof(**room),
			    (size_t)most->hash * sizeof(*s->class_hash),
			    rules * sizeof(*s->class_next) };
	char *parts[7] = { NULL };
	size_t total = 0;
	size_t i;

	for (i = 0; i < 7; i++)
		total += (sizes[i] + 15) & ~(size_t)15;
	memory->block = malloc(total);
	if (!memory->block)
		return false;
	parts[0] = memory->block;
	for (i = 1; i < 7; i++)
		parts[i] = parts[i - 1] + ((sizes[i - 1] + 15) & ~(size_t)15);
	s->lists = (struct list *)(void *)parts[0];
	s->classes = (const struct policy_rule **)(void *)parts[1];
	s->chosen = (const struct policy_rule **)(void *)parts[2];
	s->spans = (struct span *)(void *)parts[3];
	*room = (uint32_t *)(void *)parts[4];
	s->class_hash = (int32_t *)(void *)parts[5];
	s->class_next = (int32_t *)(void *)parts[6];
	memset(s->class_hash, 0xff, (size_t)most->hash * sizeof(*s->class_hash));
	return true;
}

int make_cells(struct compiler *c, const struct policy *policy, const struct policy_arch *arch,
	       int32_t *skipped)
{
	struct spans s = { .policy = policy };
	struct arch_memory memory;
	int32_t from = c->cell_count;
	uint32_t *room;
	size_t i;

	if (!arch_memory(&memory, &s, arch, &c->room, &room))
		return -ENOMEM;
	s.lists[0] =
		(struct list){ .before = NONE, .class = NONE, .diagrams = { NONE, NONE, NONE } };
	s.list_count = 1;
	make_spans(&s, arch, room);
	mark_known(&s, arch);
	add_rules(c, &s, arch);
	s.spans[s.count - 1].otherwise = OTHERWISE_SKIPPED;
	for (i = 0; i < s.count && !c->full; i++) {
		int32_t target =
			lower_enter(c, span_diagram(c, &s, &s.spans[i]), WORD_NUMBER, UINT32_MAX);

		*skipped = target;
		if (i + 1 == s.count ||
		    (c->cell_count > from && c->cells[c->cell_count - 1].target == target))
			continue;
		if (c->cell_count == c->room.cells)
			c->full = true;
		else
			c->cells[c->cell_count++] = (struct cell){ s.spans[i].start, target, NONE,
								   span_origin(&s, &s.spans[i]) };
	}
	free(memory.block);
	return 0;
}
