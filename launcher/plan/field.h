/* field.h - the keys of a plan and, for each, how its lines are read and written
 *
 * plan_keys[] is sorted by name, as the lines of a plan are. For every line the decoder calls the
 * key's `decode` with the line's tokens unescaped and counted; the encoder calls `encode` once a
 * key, which writes all of the key's lines. The two halves of a key stand next to each other in
 * field_*.c. Only launcher/plan/ includes this file.
 */
#ifndef LAUNCHER_PLAN_FIELD_H
#define LAUNCHER_PLAN_FIELD_H

#include "launcher/plan/arena.h"
#include "launcher/plan/plan.h"
#include "launcher/plan/token.h"

enum { PLAN_MAX_TOKENS = POLICY_MAX_TOKENS + 3, PLAN_KEYS_MAX = 128 };

struct plan_reader;

struct plan_key {
	const char *name;
	uint16_t length; /* of the name */
	uint16_t least;  /* tokens after the key */
	uint16_t most;
	bool repeated;
	bool required;
	bool attributes; /* the tokens from the third on are NAME or NAME=TOKEN */
	uint16_t offset; /* in struct plan, for the plain kinds */
	uint16_t limit;  /* the longest text, the greatest value's bits, or the least limit */
	int (*decode)(struct plan_reader *reader);
	void (*encode)(const struct plan *plan, const struct plan_key *key, struct buf *out);
};

extern const struct plan_key plan_keys[];
extern const size_t plan_key_count;

/* plan_key_find() - the index of the key called @name, or plan_key_count. */
size_t plan_key_find(const char *name);

/* What the decoder knows while it reads one line. */
struct plan_reader {
	struct plan *plan;
	struct arena_chunk *arena;
	struct err *err;
	size_t line;                   /* number of the line, from 1 */
	const struct plan_key *key;    /* of the line */
	size_t at;                     /* which line of its key this is, from 0 */
	size_t count;                  /* how many lines its key has */
	size_t totals[PLAN_KEYS_MAX];  /* that of every key */
	const struct plan_key *origin; /* of the last `origin` line */
	struct policy_arch *archs;
	struct policy_rule *rules;
	size_t token_count;
	char *tokens[PLAN_MAX_TOKENS];
};

/* reader_wrong() - refuse the line: fills the reader's err, returns -EINVAL. */
int reader_wrong(struct plan_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* reader_memory() - -ENOMEM with the reader's err filled. */
int reader_memory(struct plan_reader *reader);

/* reader_element() - the place of this line's element in the list of its key
 * @list points to the list's pointer, which the first line sets. NULL: err is filled and the caller
 * returns -E2BIG or -ENOMEM as in err->number.
 */
void *reader_element(struct plan_reader *reader, const void *list, size_t size, size_t max);

/* reader_total() - how many lines of the key called @name the plan has. */
size_t reader_total(const struct plan_reader *reader, const char *name);

/* Checks over several keys, after the last line. */
int field_check_process(struct plan_reader *reader);
int field_check_user(struct plan_reader *reader);
int field_check_net(struct plan_reader *reader);
int field_check_seccomp(struct plan_reader *reader);
int field_check_landlock(struct plan_reader *reader);
int field_check_origins(struct plan_reader *reader);

#define FIELD(name)                                                                                \
	int decode_##name(struct plan_reader *reader);                                             \
	void encode_##name(const struct plan *plan, const struct plan_key *key, struct buf *out)

FIELD(text);
FIELD(path);
FIELD(hex);
FIELD(flag);
FIELD(strings);
FIELD(env);
FIELD(input);
FIELD(skip);
FIELD(origin);
FIELD(limit);
FIELD(on_output);
FIELD(on_denied);
FIELD(cpuset);
FIELD(io);
FIELD(huge);
FIELD(mount);
FIELD(namespaces);
FIELD(time);
FIELD(umask);
FIELD(stream);
FIELD(fds);
FIELD(name);
FIELD(tty);
FIELD(inside_id);
FIELD(outer_id);
FIELD(group);
FIELD(groups);
FIELD(nested);
FIELD(ranges);
FIELD(net);
FIELD(address);
FIELD(mac);
FIELD(mtu);
FIELD(interface);
FIELD(set);
FIELD(shape);
FIELD(route);
FIELD(port);
FIELD(join);
FIELD(landlock_handled);
FIELD(landlock_path);
FIELD(landlock_port);
FIELD(landlock_prefer);
FIELD(action);
FIELD(known);
FIELD(rule);

#undef FIELD

#endif
