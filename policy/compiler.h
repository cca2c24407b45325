/* compiler.h - what the parts of the policy compiler share; private to policy/
 *
 *   cells.c    rules -> for each interval of numbers the list of rules that can decide there
 *   diagram.c  a list of rules -> decision diagram over the words of the arguments
 *   nodes.c    the nodes of these diagrams
 *   lower.c    number intervals and diagrams -> one graph of instructions, equal ones shared
 *   compile.c  the switches over the numbers of all architectures, and policy_compile()
 *   emit.c     graph -> instructions in order, with jumps that reach
 *
 * All of it lives in one block of memory, sized at the start. Whatever does not fit is an error,
 * never a wrong filter: `full` is set, every function goes on with harmless values, and
 * policy_compile() looks at `full` in the end. Most policies fit into a small block, which is tried
 * first since pages are what compiling them costs. There the lack of room is never a reason to try
 * less, or the filter would depend on it: it always sets `full`, and the large block follows.
 */
#ifndef POLICY_COMPILER_H
#define POLICY_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

enum {
	MAX_VARIABLES = 128, /* different (word, mask) pairs in a policy */
	MAX_LEAVES = 4096,   /* different actions */
	NONE = -1,
	WORD_NUMBER = 0, /* the words of struct seccomp_data */
	WORD_ARCH = 1,
	WORD_ARGUMENTS = 4,
	WORD_NONE = 255, /* A may hold anything */
};

#define X32_BIT UINT32_C(0x40000000)
#define SKIPPED UINT32_MAX /* a tracer's number for a call that it wants skipped */

/* A value that a diagram decides on: a word of struct seccomp_data under a mask. */
struct variable {
	uint32_t mask;
	uint8_t word; /* index of the 32-bit word in struct seccomp_data */
	uint8_t rank; /* its place in the order that is being used */
};

/* Values from `start` on go to `target`, up to the next edge's start. */
struct edge {
	uint32_t start;
	int32_t target;
};

/* A node of a decision diagram. Ids below MAX_LEAVES are leaves: 0 is false, 1 is true, the others
 * stand for actions; MAX_LEAVES + i is nodes[i].
 */
struct node {
	uint16_t variable;
	uint16_t count;
	uint32_t first;  /* of its edges */
	int32_t next;    /* in its hash chain */
	int32_t lowered; /* instruction that decides it while A holds its word, or NONE */
	uint32_t visit;
	uint32_t origin;
};

/* An instruction whose jumps name other instructions. A load's or AND's successor is `yes`. */
struct instruction {
	uint16_t code;
	uint32_t k;
	int32_t yes;
	int32_t no;
	int32_t next;     /* in its hash chain */
	int32_t position; /* from the end of the program, NONE until placed */
	uint32_t origin;
	uint8_t state; /* emit.c's */
};

struct cache_entry {
	uint32_t epoch;
	int32_t test, yes, no, result;
};

/* One interval of a switch: from `start` to the next one's. `target` is an instruction, and
 * `other`, unless NONE, another one that leads to the same answer; `origin` is the rule that
 * decides there.
 */
struct cell {
	uint32_t start;
	int32_t target;
	int32_t other;
	uint32_t origin;
};

/* How the cheapest switch treats a cell, going to its target [0] or its other one [1] (lower.c). */
struct plan {
	int32_t cost[2];
	int32_t previous[2]; /* twice the cell that is kept before, plus the way it goes; or NONE */
	int32_t way;         /* the one chosen, or NONE: it is taken out */
	bool single;
};

/* Kept cells that go the same way, and the single cells taken out from among them (lower.c). */
struct run {
	uint32_t start;
	int32_t target;
	int32_t tail; /* where values go that no single cell takes out */
	uint32_t origin;
	int32_t cell;  /* its first one */
	int32_t first; /* of its single cells */
	int32_t count;
	int32_t weight; /* of it and all before */
};

/* How many there may be. */
struct room {
	int32_t leaves; /* at most MAX_LEAVES */
	int32_t nodes;  /* of all diagrams */
	int32_t edges;
	int32_t scratch; /* edges of diagrams under construction */
	int32_t graph;   /* instructions before layout */
	int32_t lists;   /* different lists of rules */
	int32_t cells;   /* of switches: no filter of more than 16384 fits in the kernel */
	int32_t hash;    /* of nodes, of instructions, of rules */
	int32_t cache;   /* of diagram_choose() */
};

struct compiler {
	struct room room;
	bool small; /* there is a larger room to try */
	bool full;
	bool over;          /* what is being built is larger than it is worth; less is tried then */
	int32_t steps;      /* of diagram_choose() that are left to it */
	int32_t node_limit; /* and up to how many nodes there may be */
	/* How full the arrays below are. */
	int32_t leaf_count;
	int32_t variable_count;
	int32_t node_count;
	int32_t edge_count;
	int32_t scratch_count;
	int32_t graph_count;
	int32_t cell_count;
	int32_t single_count;
	int32_t run_count;
	uint32_t epoch;
	uint32_t visit;
	uint32_t *leaves;
	int32_t *leaf_code; /* the instruction that a leaf leads to, NONE for actions */
	struct node *nodes;
	int32_t *moved; /* nodes.c's: their new ids */
	struct edge *edges;
	struct edge *scratch;
	struct instruction *graph;
	struct cell *cells;   /* of switches whose targets are being lowered */
	struct plan *plan;    /* of the switch that is being planned */
	struct cell *singles; /* of the switches that are being lowered, as the next */
	struct run *runs;
	int32_t *node_hash;
	int32_t *graph_hash;
	struct cache_entry *cache;
	struct variable variables[MAX_VARIABLES];
};

enum { LEAF_FALSE, LEAF_TRUE };

static inline bool is_leaf(int32_t id)
{
	return id < MAX_LEAVES;
}

/* compile.c */

/* compiler_new() - in one block, to be given to free(); NULL where there is no memory */
struct compiler *compiler_new(bool small);

/* no_room() - what is done where something does not fit that could be done without */
static inline void no_room(struct compiler *c)
{
	c->over = true;
	c->full |= c->small;
}

/* nodes.c */

/* node_make() - the node on @variable with the edges from c->scratch[@from] on, which it takes off
 * the scratch; their one target where there is one only. c->over where there is no room.
 */
int32_t node_make(struct compiler *c, uint16_t variable, int32_t from);

/* nodes_unmake() - forget the nodes made since there were @nodes of them and @edges */
void nodes_unmake(struct compiler *c, int32_t nodes, int32_t edges);

/* nodes_keep() - forget those of them that @root does not need: what it was made of would fill the
 * room of those to come. Returns the root's new id.
 */
int32_t nodes_keep(struct compiler *c, int32_t nodes, int32_t edges, int32_t root);

/* diagram.c */

/* diagram_leaf() - the leaf of an action */
int32_t diagram_leaf(struct compiler *c, uint32_t action);

/* diagram_rules() - what @rules, the first match deciding, and then @otherwise make of a call */
int32_t diagram_rules(struct compiler *c, const struct policy_rule *const *rules, size_t count,
		      int32_t otherwise);

/* The smallest value that is at least @value and has no bit outside @mask; 0 where there is
 * none. */
uint32_t next_under_mask(uint32_t value, uint32_t mask);

/* lower.c */

/* lower_cost() - how many instructions a node needs, without its load */
int32_t lower_cost(struct compiler *c, const struct node *node);

/* lower_enter() - the instruction that decides diagram @id while A holds @word under @mask */
int32_t lower_enter(struct compiler *c, int32_t id, unsigned int word, uint32_t mask);

/* lower_switch() - a tree of tests on A, in which @mask's bits are what may be set
 * @tail: NONE, or where the last cell of more than one value goes in the end in place of its
 *        target. It may differ from that for values of the last cell only.
 */
int32_t lower_switch(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask,
		     int32_t tail);

/* lower_count() - how many tests lower_switch() is going to make, long chains apart */
int32_t lower_count(struct compiler *c, const struct cell *cells, size_t count, uint32_t mask);

int32_t instruction(struct compiler *c, uint16_t code, uint32_t k, int32_t yes, int32_t no,
		    uint32_t origin);

/* cells.c */

/* make_cells() - what the rules of @arch say, put behind c->cell_count: what decides while A holds
 * the number. *@skipped is what 0xffffffff gets.
 * Returns 0 or -ENOMEM; c->full where it does not fit.
 */
int make_cells(struct compiler *c, const struct policy *policy, const struct policy_arch *arch,
	       int32_t *skipped);

/* emit.c */
int emit(struct compiler *c, int32_t root, struct sock_filter *filter, size_t *count,
	 uint32_t *origin);

#endif
