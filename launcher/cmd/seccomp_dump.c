/* seccomp_dump.c - a filter's listing and figures, and the groups of calls */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "launcher/cmd/seccomp.h"
#include "policy/tables.h"

/* What A holds when an instruction is reached, as far as all ways there agree. */
enum held { HELD_NOT_REACHED, HELD_ARCH, HELD_NUMBER, HELD_OTHER };

struct held_at {
	uint8_t held;
	int8_t entry; /* whose numbers, or -1 */
};

static const char *arch_name(uint32_t arch, int8_t *entry)
{
	for (int i = 0; i < ENTRY_COUNT; i++) {
		if (i == ENTRY_X32 || policy_audit_arch((enum policy_entry)i) != arch)
			continue;
		*entry = (int8_t)i;
		return tables_entry_name((enum policy_entry)i);
	}
	*entry = -1;
	return "?";
}

static void reach(struct held_at *at, struct held_at now)
{
	if (at->held == HELD_NOT_REACHED)
		*at = now;
	else if (at->held != now.held)
		*at = (struct held_at){ HELD_OTHER, -1 };
	else if (at->entry != now.entry)
		at->entry = -1;
}

static void follow(const struct sock_filter *filter, size_t i, struct held_at *at)
{
	const struct sock_filter *now = &filter[i];
	struct held_at next = at[i];

	if (now->code == (BPF_LD | BPF_W | BPF_ABS))
		next.held = now->k == 0 ? HELD_NUMBER : now->k == 4 ? HELD_ARCH : HELD_OTHER;
	if (now->code == (BPF_ALU | BPF_AND | BPF_K) && next.held == HELD_NUMBER)
		next.entry = ENTRY_X32;
	if (BPF_CLASS(now->code) == BPF_RET)
		return;
	if (now->code == (BPF_JMP | BPF_JA)) {
		reach(&at[i + 1 + now->k], next);
	} else if (BPF_CLASS(now->code) == BPF_JMP) {
		reach(&at[i + 1 + now->jf], next);
		if (next.held == HELD_ARCH)
			(void)arch_name(now->k, &next.entry);
		reach(&at[i + 1 + now->jt], next);
	} else {
		reach(&at[i + 1], next);
	}
}

static void comment(const struct seccomp_view *view, size_t i, const struct held_at *at,
		    struct buf *out)
{
	const struct sock_filter *now = &view->filter[i];
	const char *origin = seccomp_origin(view, view->origins[i]);
	int8_t entry;
	int call = -1;

	if (at->held == HELD_NUMBER && at->entry >= 0 && BPF_CLASS(now->code) == BPF_JMP)
		call = tables_call_at((enum policy_entry)at->entry, now->k);
	if (BPF_OP(now->code) == BPF_JSET || now->code == (BPF_JMP | BPF_JA))
		call = -1;
	if (at->held == HELD_ARCH && BPF_CLASS(now->code) == BPF_JMP)
		buf_format(out, "  ; %s", arch_name(now->k, &entry));
	else if (call >= 0)
		buf_format(out, "  ; %s", tables_call_name(call));
	else if (*origin)
		buf_text(out, "  ;");
	if (*origin) {
		buf_text(out, " ");
		print_escaped(out, origin);
	}
}

void seccomp_dump(const struct seccomp_view *view, struct buf *out)
{
	struct held_at *at = calloc(view->count + 1, sizeof(*at));

	if (!at) {
		out->failed = true;
		return;
	}
	at[0] = (struct held_at){ HELD_OTHER, -1 };
	for (size_t i = 0; i < view->count; i++) {
		char text[96];
		size_t length = bpf_disassemble(view->filter, i, text, sizeof(text));

		follow(view->filter, i, at);
		buf_format(out, "%4zu  %s", i, text);
		if (length < 28)
			buf_format(out, "%*s", (int)(28 - length), "");
		comment(view, i, &at[i], out);
		while (out->length && out->data[out->length - 1] == ' ')
			out->length--;
		buf_text(out, "\n");
	}
	free(at);
}

void seccomp_stats(const struct seccomp_view *view, struct buf *out)
{
	const struct policy *policy = &view->plan.seccomp;

	buf_format(out, "instructions    %zu\n", view->count);
	for (size_t i = 0; i < policy->arch_count; i++) {
		struct policy_stats stats;

		policy_stats(view->filter, view->count, policy->archs[i].entry, &stats);
		if (i == 0)
			buf_format(out, "longest path    %zu\n", stats.longest);
		buf_format(out, "%s\n", tables_entry_name(policy->archs[i].entry));
		buf_format(out, "  calls         %zu known\n", stats.calls);
		buf_format(out, "  worst call    %zu instructions\n", stats.worst);
		buf_format(out, "  mean          %llu.%llu instructions\n",
			   (unsigned long long)stats.mean_thousandths / 1000,
			   (unsigned long long)stats.mean_thousandths % 1000 / 100);
		buf_format(out, "  in bitmap     %zu calls, allowed without running the filter\n",
			   stats.absorbed);
	}
}

static void group_members(const char *name, struct buf *out)
{
	const int16_t *member = tables_group(name);

	for (; *member >= 0; member++)
		buf_format(out, "%s\n", tables_call_name(*member));
}

int seccomp_groups(const char *name, struct buf *out, struct err *err)
{
	const char *near;

	if (name && tables_group(name)) {
		group_members(name, out);
		return 0;
	}
	if (name) {
		near = tables_nearest("group", name);
		err_set(err, STAGE_USAGE, EINVAL, "`lunette seccomp groups` lists them", "%s",
			name);
		if (near)
			err_hint(err, "did you mean \"%s\"?", near);
		return err_reason(err, "no such group");
	}
	for (size_t i = 0; tables_group_name(i); i++)
		buf_format(out, "%-16s %s\n", tables_group_name(i),
			   tables_group_doc(tables_group_name(i)));
	return 0;
}
