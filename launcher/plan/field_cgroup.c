/* field_cgroup.c - limits with a form of their own, all of them a cgroup's: CPUs, devices, huge
 * pages
 *
 * Those that are one number are read by decode_limit() of field_plain.c.
 */
#include <string.h>

#include "launcher/plan/field.h"

enum { CPU_MAX = 8191, MAX_DEVICES = 64, MAX_PAGES = 16 };

static int decode_prefer(struct plan_reader *reader, size_t at, bool *prefer)
{
	*prefer = reader->token_count > at;
	if (*prefer && strcmp(reader->tokens[at], "prefer") != 0)
		return reader_wrong(reader, "%s where \"prefer\" may stand", reader->tokens[at]);
	return 0;
}

/* "A" or "A-B" of [*text, stop), A above *@least; leaves *@least at the last one. */
static bool read_cpus(const char *text, const char *stop, int64_t *least)
{
	const char *dash = memchr(text, '-', (size_t)(stop - text));
	uint64_t first, last;

	if (!token_number_part(text, dash ? dash : stop, CPU_MAX, &first))
		return false;
	last = first;
	if (dash && (!token_number_part(dash + 1, stop, CPU_MAX, &last) || last <= first))
		return false;
	if ((int64_t)first <= *least)
		return false;
	*least = (int64_t)last;
	return true;
}

int decode_cpuset(struct plan_reader *reader)
{
	struct plan_cpuset *cpuset = &reader->plan->limits.cpuset;
	const char *text = reader->tokens[0];
	int64_t least = -1;

	cpuset->cpus = text;
	for (;;) {
		const char *comma = strchr(text, ',');

		if (!read_cpus(text, comma ? comma : text + strlen(text), &least))
			return reader_wrong(reader, "%s is not CPUs in ascending order",
					    reader->tokens[0]);
		if (!comma)
			break;
		text = comma + 1;
	}
	return decode_prefer(reader, 1, &cpuset->prefer);
}

void encode_cpuset(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	const struct plan_cpuset *cpuset = &plan->limits.cpuset;

	if (cpuset->cpus)
		buf_format(out, "%s %s%s\n", key->name, cpuset->cpus,
			   cpuset->prefer ? " prefer" : "");
}

int decode_io(struct plan_reader *reader)
{
	struct plan_limits *limits = &reader->plan->limits;
	struct plan_io *io = reader_element(reader, &limits->io, sizeof(*io), MAX_DEVICES);
	bool any = false;

	if (!io)
		return -reader->err->number;
	if (!token_host_path(reader->tokens[0]))
		return reader_wrong(reader, "%s is not an absolute path", reader->tokens[0]);
	io->device = reader->tokens[0];
	for (size_t i = 0; i < IO_KINDS; i++) {
		if (!token_number(reader->tokens[i + 1], INT64_MAX, &io->most[i]))
			return reader_wrong(reader, "%s is no number of that size",
					    reader->tokens[i + 1]);
		any |= io->most[i] != 0;
	}
	if (!any)
		return reader_wrong(reader, "limits nothing");
	limits->io_count = reader->at + 1;
	return decode_prefer(reader, 1 + IO_KINDS, &io->prefer);
}

void encode_io(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->limits.io_count; i++) {
		const struct plan_io *io = &plan->limits.io[i];

		buf_format(out, "%s ", key->name);
		token_text(out, io->device);
		for (size_t kind = 0; kind < IO_KINDS; kind++)
			buf_format(out, " %llu", (unsigned long long)io->most[kind]);
		buf_text(out, io->prefer ? " prefer\n" : "\n");
	}
}

int decode_huge(struct plan_reader *reader)
{
	struct plan_limits *limits = &reader->plan->limits;
	struct plan_huge *huge = reader_element(reader, &limits->huge, sizeof(*huge), MAX_PAGES);

	if (!huge)
		return -reader->err->number;
	if (!token_number(reader->tokens[0], 1ull << 40, &huge->page) || huge->page < 4096 ||
	    (huge->page & (huge->page - 1)))
		return reader_wrong(reader, "%s is no size of a page", reader->tokens[0]);
	if (!token_number(reader->tokens[1], INT64_MAX, &huge->bytes))
		return reader_wrong(reader, "%s is no number of that size", reader->tokens[1]);
	limits->huge_count = reader->at + 1;
	return decode_prefer(reader, 2, &huge->prefer);
}

void encode_huge(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->limits.huge_count; i++) {
		const struct plan_huge *huge = &plan->limits.huge[i];

		buf_format(out, "%s %llu %llu%s\n", key->name, (unsigned long long)huge->page,
			   (unsigned long long)huge->bytes, huge->prefer ? " prefer" : "");
	}
}
