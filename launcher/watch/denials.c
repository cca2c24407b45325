/* denials.c - what the program was refused (see denials.h)
 *
 * Records lie in the order in which they first came. Arguments are kept in one block for each
 * record, as long as they are.
 */
#include "launcher/watch/denials.h"

#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

#include "launcher/base/json.h"
#include "policy/tables.h"

struct record {
	uint64_t hash;
	uint64_t count;
	const char *call;
	const char *entry;
	const char *origin;
	uint32_t number;
	uint32_t action;
	struct denial_process process;
	char *arguments; /* texts, each with its NUL */
	size_t length;
	int argument_count;
};

struct denials {
	struct record *records;
	size_t count;
	size_t room;
	uint64_t events;
	uint64_t lost; /* events that no record counts */
	size_t last;
};

struct denials *denials_new(void)
{
	return calloc(1, sizeof(struct denials));
}

void denials_free(struct denials *denials)
{
	for (size_t i = 0; denials && i < denials->count; i++)
		free(denials->records[i].arguments);
	if (denials)
		free(denials->records);
	free(denials);
}

uint64_t denials_count(const struct denials *denials)
{
	return denials ? denials->events : 0;
}

/* FNV-1a: records are told apart by comparing, this only spares most of that. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return hash;
}

static uint64_t hash_event(const struct denial_event *event)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	hash = hash_bytes(hash, &event->number, sizeof(event->number));
	hash = hash_bytes(hash, &event->action, sizeof(event->action));
	for (int i = 0; i < event->argument_count; i++)
		hash = hash_bytes(hash, event->arguments[i], strlen(event->arguments[i]) + 1);
	return hash;
}

static bool same(const struct record *record, uint64_t hash, const struct denial_event *event)
{
	const char *at = record->arguments;

	if (record->hash != hash || record->number != event->number ||
	    record->action != event->action || record->entry != event->entry ||
	    record->call != event->call || record->argument_count != event->argument_count ||
	    strcmp(record->origin, event->origin) != 0)
		return false;
	for (int i = 0; i < record->argument_count; i++, at += strlen(at) + 1)
		if (strcmp(at, event->arguments[i]) != 0)
			return false;
	return true;
}

/* All texts of @event in one block, or NULL. */
static char *join(const struct denial_event *event, size_t *length)
{
	char *block;

	*length = 0;
	for (int i = 0; i < event->argument_count; i++)
		*length += strlen(event->arguments[i]) + 1;
	block = malloc(*length + 1);
	*length = 0;
	for (int i = 0; block && i < event->argument_count; i++) {
		size_t size = strlen(event->arguments[i]) + 1;

		memcpy(block + *length, event->arguments[i], size);
		*length += size;
	}
	return block;
}

static struct record *new_record(struct denials *denials)
{
	if (denials->count == DENIALS_MOST)
		return NULL;
	if (denials->count == denials->room) {
		size_t room = denials->room ? denials->room * 2 : 16;
		struct record *more = realloc(denials->records, room * sizeof(*more));

		if (!more)
			return NULL;
		denials->records = more;
		denials->room = room;
	}
	return &denials->records[denials->count];
}

struct denial_process *denials_add(struct denials *denials, const struct denial_event *event)
{
	uint64_t hash = hash_event(event);
	struct record *record;
	char *arguments = NULL;
	size_t length = 0;

	denials->events++;
	for (size_t i = 0; i < denials->count; i++) {
		if (same(&denials->records[i], hash, event)) {
			denials->last = i;
			denials->records[i].count++;
			return NULL;
		}
	}
	record = new_record(denials);
	if (record)
		arguments = join(event, &length);
	if (!arguments) {
		denials->last = SIZE_MAX;
		denials->lost++;
		return NULL;
	}
	*record = (struct record){
		.hash = hash,
		.count = 1,
		.call = event->call,
		.entry = event->entry,
		.origin = event->origin,
		.number = event->number,
		.action = event->action,
		.argument_count = event->argument_count,
		.arguments = arguments,
		.length = length,
	};
	denials->last = denials->count++;
	return &record->process;
}

size_t denials_last(const struct denials *denials)
{
	return denials->last;
}

void denials_again(struct denials *denials, size_t record)
{
	denials->events++;
	if (record < denials->count)
		denials->records[record].count++;
	else
		denials->lost++;
}

static bool is_note(const struct record *record)
{
	return (record->action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
}

static void write_action(uint32_t action, struct buf *out)
{
	const char *name = tables_errno_name((int)(action & SECCOMP_RET_DATA));

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
		buf_text(out, "kill");
		break;
	case SECCOMP_RET_KILL_THREAD:
		buf_text(out, "kill_thread");
		break;
	case SECCOMP_RET_TRAP:
		buf_format(out, "trap %u", action & SECCOMP_RET_DATA);
		break;
	case SECCOMP_RET_USER_NOTIF:
		buf_text(out, "notify");
		break;
	default:
		if (name)
			buf_format(out, "errno %s", name);
		else
			buf_format(out, "errno %u", action & SECCOMP_RET_DATA);
	}
}

static void write_name(const struct record *record, struct buf *out)
{
	if (record->call)
		buf_text(out, record->call);
	else
		buf_format(out, "%s:%u", record->entry ? record->entry : "?", record->number);
}

static void write_record(const struct record *record, struct buf *out)
{
	const char *at = record->arguments;

	buf_text(out, "\n    { \"syscall\": \"");
	write_name(record, out);
	buf_text(out, "\", \"entry\": ");
	json_text(out, record->entry);
	buf_text(out, ", \"args\": [");
	for (int i = 0; i < record->argument_count; i++, at += strlen(at) + 1) {
		buf_text(out, i ? ", " : "");
		json_text(out, at);
	}
	buf_format(out,
		   "], \"count\": %llu, \"pid\": %d, \"comm\": ", (unsigned long long)record->count,
		   record->process.pid);
	json_text(out, record->process.comm[0] ? record->process.comm : NULL);
	buf_text(out, ", \"action\": \"");
	write_action(record->action, out);
	buf_text(out, "\", \"rule\": ");
	json_text(out, record->origin[0] ? record->origin : NULL);
	buf_text(out, " }");
}

void denials_write(const struct denials *denials, bool noted, struct buf *out)
{
	const char *comma = "";

	buf_text(out, "[");
	for (size_t i = 0; denials && i < denials->count; i++) {
		if (is_note(&denials->records[i]) != noted)
			continue;
		buf_text(out, comma);
		write_record(&denials->records[i], out);
		comma = ",";
	}
	if (denials && denials->lost && !noted)
		buf_format(out, "%s\n    { \"syscall\": null, \"count\": %llu }", comma,
			   (unsigned long long)denials->lost);
	buf_text(out, "]");
}

void denials_each(const struct denials *denials, void (*tell)(const char *line))
{
	for (size_t i = 0; denials && i < denials->count; i++) {
		const struct record *record = &denials->records[i];
		const char *at = record->arguments;
		cleanup_buf struct buf line = BUF_EMPTY;

		buf_text(&line, is_note(record) ? "noted: " : "denied: ");
		write_name(record, &line);
		buf_text(&line, "(");
		for (int k = 0; k < record->argument_count; k++, at += strlen(at) + 1)
			buf_format(&line, "%s%s", k ? ", " : "", at);
		buf_text(&line, ") ");
		write_action(record->action, &line);
		if (record->count != 1)
			buf_format(&line, ", %llu times", (unsigned long long)record->count);
		if (record->process.comm[0])
			buf_format(&line, ", by %s", record->process.comm);
		if (record->process.pid)
			buf_format(&line, " (%d)", record->process.pid);
		if (record->origin[0])
			buf_format(&line, ", by the rule at %s", record->origin);
		buf_bytes(&line, "", 1);
		if (!line.failed)
			tell(line.data);
	}
	if (denials && denials->lost)
		tell("denied: more calls than are kept apart; the report counts them");
}
