/* nodes.c - the nodes of decision diagrams: made once each, and forgotten again
 *
 * Equal nodes are the same node, found by hash. A node comes after those that it leads to, so the
 * last ones made can go; what tries and results of tries left behind is cleared away like that.
 */
#include "policy/compiler.h"

#include <string.h>

static uint32_t hash_node(const struct compiler *c, uint16_t variable, const struct edge *edges,
			  int32_t count)
{
	uint32_t hash = variable;
	int32_t i;

	for (i = 0; i < count; i++)
		hash = (hash ^ edges[i].start ^ (uint32_t)edges[i].target << 7) * 0x9e3779b1u;
	return (hash ^ hash >> 15) % (uint32_t)c->room.hash;
}

int32_t node_make(struct compiler *c, uint16_t variable, int32_t from)
{
	struct edge *edges = c->scratch + from;
	int32_t count = c->scratch_count - from;
	uint32_t hash;
	int32_t id;
	struct node *node;

	c->scratch_count = from;
	if (count == 1)
		return edges[0].target;
	hash = hash_node(c, variable, edges, count);
	for (id = c->node_hash[hash]; id != NONE; id = c->nodes[id].next)
		if (c->nodes[id].variable == variable && c->nodes[id].count == count &&
		    !memcmp(c->edges + c->nodes[id].first, edges, (size_t)count * sizeof(*edges)))
			return MAX_LEAVES + id;
	if (c->node_count == c->room.nodes || c->edge_count + count > c->room.edges) {
		no_room(c);
		return LEAF_FALSE;
	}
	if (c->node_count >= c->node_limit || count > UINT16_MAX) {
		c->over = true;
		return LEAF_FALSE;
	}
	memcpy(c->edges + c->edge_count, edges, (size_t)count * sizeof(*edges));
	node = &c->nodes[c->node_count];
	*node = (struct node){ .variable = variable,
			       .count = (uint16_t)count,
			       .first = (uint32_t)c->edge_count,
			       .next = c->node_hash[hash],
			       .lowered = NONE,
			       .origin = UINT32_MAX };
	c->node_hash[hash] = c->node_count;
	c->edge_count += count;
	return MAX_LEAVES + c->node_count++;
}

void nodes_unmake(struct compiler *c, int32_t nodes, int32_t edges)
{
	while (c->node_count > nodes) {
		struct node *node = &c->nodes[--c->node_count];

		c->node_hash[hash_node(c, node->variable, c->edges + node->first, node->count)] =
			node->next;
	}
	c->edge_count = edges;
	c->epoch++;
}

/* Marks with c->visit what @root leads to of the nodes made since there were @nodes of them. A node
 * comes after those that it leads to. */
static void mark(struct compiler *c, int32_t nodes, int32_t root)
{
	int32_t i, k;

	c->visit++;
	if (root >= MAX_LEAVES + nodes)
		c->nodes[root - MAX_LEAVES].visit = c->visit;
	for (i = c->node_count; i-- > nodes;) {
		const struct node *node = &c->nodes[i];

		for (k = 0; node->visit == c->visit && k < node->count; k++) {
			int32_t target = c->edges[node->first + (uint32_t)k].target;

			if (target >= MAX_LEAVES + nodes)
				c->nodes[target - MAX_LEAVES].visit = c->visit;
		}
	}
}

int32_t nodes_keep(struct compiler *c, int32_t nodes, int32_t edges, int32_t root)
{
	int32_t end = c->node_count, i, k;

	mark(c, nodes, root);
	nodes_unmake(c, nodes, edges);
	for (i = nodes; i < end; i++) {
		struct node node = c->nodes[i];
		struct edge *to = c->edges + c->edge_count;
		uint32_t hash;

		if (node.visit != c->visit)
			continue;
		memmove(to, c->edges + node.first, node.count * sizeof(*to));
		for (k = 0; k < node.count; k++)
			if (to[k].target >= MAX_LEAVES + nodes)
				to[k].target = c->moved[to[k].target - MAX_LEAVES];
		hash = hash_node(c, node.variable, to, node.count);
		node.first = (uint32_t)c->edge_count;
		node.next = c->node_hash[hash];
		c->node_hash[hash] = c->node_count;
		c->nodes[c->node_count] = node;
		c->moved[i] = MAX_LEAVES + c->node_count++;
		c->edge_count += node.count;
	}
	return root >= MAX_LEAVES + nodes ? c->moved[root - MAX_LEAVES] : root;
}
