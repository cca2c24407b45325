/* field_process.c - the program's process: standard files, kept descriptors, terminal */
#include "launcher/plan/field.h"

#include <limits.h>
#include <string.h>

#include "launcher/plan/at.h"

typedef __typeof__(((struct plan_process *)0)->streams[0]) stream;

/* The words that stand in place of a path, and the first stream that each is for. */
static const struct {
	const char *name;
	enum plan_stream kind;
	int from;
} words[] = {
	{ "null", STREAM_NULL, 0 },
	{ "capture", STREAM_CAPTURE, 1 },
	{ "stdout", STREAM_STDOUT, 2 },
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

int decode_stream(struct plan_reader *reader)
{
	stream *one = AT(reader->plan, reader->key);
	const char *token = reader->tokens[0];

	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(token, words[i].name) == 0 &&
		    one - reader->plan->process.streams >= words[i].from) {
			one->kind = words[i].kind;
			return 0;
		}
	}
	if (!token_host_path(token))
		return reader_wrong(reader, "%s is neither null nor an absolute path", token);
	one->kind = STREAM_PATH;
	one->path = token;
	return 0;
}

void encode_stream(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const stream *one = AT_CONST(plan, key);

	if (one->kind == STREAM_INHERIT)
		return;
	buf_format(out, "%s ", key->name);
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].kind == one->kind)
			buf_text(out, words[i].name);
	if (one->kind == STREAM_PATH)
		token_text(out, one->path);
	buf_text(out, "\n");
}

int decode_name(struct plan_reader *reader)
{
	if (!token_name(reader->tokens[0]))
		return reader_wrong(reader, "%s is no name", reader->tokens[0]);
	return decode_text(reader);
}

void encode_name(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	encode_text(plan, key, out);
}

int decode_fds(struct plan_reader *reader)
{
	int *fd = reader_element(reader, &reader->plan->process.fds, sizeof(*fd), PLAN_MAX_FDS);
	uint32_t value;

	if (!fd)
		return -reader->err->number;
	if (!token_u32(reader->tokens[0], INT_MAX, &value) || value < 3)
		return reader_wrong(reader, "%s is no descriptor above 2", reader->tokens[0]);
	*fd = (int)value;
	if (reader->at > 0 && fd[-1] >= *fd)
		return reader_wrong(reader, "%s is out of order", reader->tokens[0]);
	reader->plan->process.fd_count = reader->at + 1;
	return 0;
}

void encode_fds(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->process.fd_count; i++)
		buf_format(out, "%s %d\n", key->name, plan->process.fds[i]);
}

int decode_tty(struct plan_reader *reader)
{
	struct plan_process *process = &reader->plan->process;
	const char *token = reader->tokens[0];

	if (strcmp(token, "inherit") == 0)
		process->keep_session = true;
	else if (strcmp(token, "auto") == 0)
		process->terminal = TERMINAL_AUTO;
	else if (strcmp(token, "new") == 0)
		process->terminal = TERMINAL_NEW;
	else
		return reader_wrong(reader, "%s is not \"auto\", \"inherit\" or \"new\"", token);
	return 0;
}

void encode_tty(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	static const char *const names[] = { NULL, "auto", "new" };
	const char *name = plan->process.keep_session ? "inherit" : names[plan->process.terminal];

	if (name)
		buf_format(out, "%s %s\n", key->name, name);
}

/* Where RLIMIT_NPROC holds it, the kernel would look only when one more is made. */
static int check_pids(struct plan_reader *reader)
{
	const struct plan_limit *pids = &reader->plan->limits.pids;

	reader->key = &plan_keys[plan_key_find("limit.pids")];
	if (pids->set && pids->value < 2 && reader->plan->process.init)
		return reader_wrong(reader, "pid 1 and the program are two: nothing could run");
	return 0;
}

int field_check_process(struct plan_reader *reader)
{
	int r = check_pids(reader);

	if (r < 0)
		return r;
	reader->key = &plan_keys[plan_key_find("caps.ambient")];
	if (reader->plan->caps.ambient & ~reader->plan->caps.keep)
		return reader_wrong(reader, "holds a capability that caps.keep does not");
	return 0;
}
