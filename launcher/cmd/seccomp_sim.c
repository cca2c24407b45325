/* seccomp_sim.c - what one call would get, and why
 *
 * The answer is the filter's own; the evaluator says which rule decides, and both have to agree.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/cmd/seccomp.h"
#include "policy/tables.h"

static int wrong_call(struct err *err, const char *call, const char *reason)
{
	char name[64];
	const char *near;
	size_t length = strcspn(call, "( ");

	err_set(err, STAGE_USAGE, EINVAL, "NAME(ARGUMENT, ...) or ARCH:NUMBER(ARGUMENT, ...)", "%s",
		call);
	if (length < sizeof(name)) {
		memcpy(name, call, length);
		name[length] = '\0';
		near = tables_call(name) < 0 ? tables_nearest("call", name) : NULL;
		if (near)
			err_hint(err, "did you mean \"%s\"?", near);
	}
	return err_reason(err, "%s", reason);
}

/* The family of constants of argument @index: "O" from "flags:O flags". Empty where it has none. */
static void argument_family(int call, enum policy_entry entry, int index, char family[32])
{
	const char *at = call < 0 ? "" : tables_signature(call, entry);
	size_t length;

	family[0] = '\0';
	for (; index > 0 && at; index--) {
		at = strchr(at, ',');
		at = at ? at + 2 : NULL;
	}
	if (!at)
		return;
	length = strcspn(at, " ,");
	at = memchr(at, ':', length);
	if (!at)
		return;
	length = strcspn(at + 1, " ");
	if (length < 32) {
		memcpy(family, at + 1, length);
		family[length] = '\0';
	}
}

/* A number, a name of the argument's family, or several of either joined by "|". */
static int read_argument(const char *text, size_t length, int call, enum policy_entry entry,
			 int index, uint64_t *value)
{
	char word[64];
	char family[32];

	argument_family(call, entry, index, family);
	*value = 0;
	while (length) {
		size_t part = 0;
		size_t used;
		uint64_t one;
		char *end;

		while (part < length && text[part] != '|')
			part++;
		for (used = part; used && text[used - 1] == ' '; used--)
			;
		if (used == 0 || used >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, used);
		word[used] = '\0';
		one = word[0] == '-' ? (uint64_t)strtoll(word, &end, 0) : strtoull(word, &end, 0);
		if (*end && (!family[0] || tables_constant(entry, family, word, &one)))
			return -EINVAL;
		*value |= one;
		part += part < length;
		text += part;
		length -= part;
		while (length && *text == ' ') {
			text++;
			length--;
		}
	}
	return 0;
}

/* "ARCH:" at the front of @text, if it is there; moves @text behind it. */
static enum policy_entry read_entry(const struct seccomp_view *view, const char **text)
{
	const char *colon = strchr(*text, ':');
	char name[16];
	int entry;

	if (colon && (size_t)(colon - *text) < sizeof(name)) {
		memcpy(name, *text, (size_t)(colon - *text));
		name[colon - *text] = '\0';
		entry = tables_entry(name);
		if (entry >= 0) {
			*text = colon + 1;
			return (enum policy_entry)entry;
		}
	}
	return view->plan.seccomp.archs[0].entry;
}

static int read_call(const struct seccomp_view *view, const char *text, struct seccomp_data *data,
		     int *call, enum policy_entry *entry)
{
	char name[64];
	size_t length;
	char *end;
	long long number;
	int index = 0;

	*entry = read_entry(view, &text);
	length = strcspn(text, "(");
	if (length == 0 || length >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, length);
	name[length] = '\0';
	number = strtoll(name, &end, 0);
	if (*end) {
		*call = tables_call(name);
		number = tables_call_number(*call, *entry);
		if (number < 0)
			return -EINVAL;
	} else {
		*call = tables_call_at(*entry, (uint32_t)number);
	}
	*data = (struct seccomp_data){ .nr = (int)number, .arch = policy_audit_arch(*entry) };
	if (*entry == ENTRY_X32 && data->nr >= 0)
		data->nr |= 0x40000000;
	text += length;
	while (*text && *text != ')' && text[1] != ')') {
		size_t word;

		text += 1 + strspn(text + 1, " ");
		word = strcspn(text, ",)");
		if (index == 6 ||
		    read_argument(text, word, *call, *entry, index, (uint64_t *)&data->args[index]))
			return -EINVAL;
		text += word;
		index++;
	}
	return 0;
}

int seccomp_sim(const struct seccomp_view *view, const char *text, struct buf *out, struct err *err)
{
	const struct policy *policy = &view->plan.seccomp;
	struct seccomp_data data;
	enum policy_entry entry;
	size_t executed, rule = SIZE_MAX;
	uint32_t action;
	int call;

	if (read_call(view, text, &data, &call, &entry))
		return wrong_call(err, text, "no call that this can be");
	action = bpf_run(view->filter, view->count, &data, &executed);
	if (policy_evaluate(policy, &data, &rule) != action) {
		err_set(err, STAGE_FILTERS, EBADMSG, "please report this", "%s", text);
		return err_reason(err, "the filter does not say what the rules say");
	}
	seccomp_action(out, action);
	for (size_t i = 0; rule != SIZE_MAX && i < policy->arch_count; i++)
		if (policy->archs[i].entry == entry) {
			buf_text(out, "  ; ");
			print_escaped(out, plan_rule_origin(&view->plan, i, rule));
		}
	if (rule == SIZE_MAX)
		buf_text(out, "  ; no rule");
	buf_format(out, "  (%zu instructions%s)\n", executed,
		   bpf_constant_allow(view->filter, view->count, data.arch, (uint32_t)data.nr) &&
				   entry != ENTRY_X32
			   ? ", or the kernel's bitmap"
			   : "");
	return 0;
}

static bool speaks_of(const struct policy_rule *rule, uint32_t number)
{
	for (size_t i = 0; i < rule->call_count; i++)
		if (number >= rule->calls[i].first && number <= rule->calls[i].last)
			return true;
	return false;
}

/* One architecture's rules for @number; after one without a test nothing decides any more. */
static void why_arch(const struct seccomp_view *view, size_t at, uint32_t number, struct buf *out)
{
	const struct policy_arch *arch = &view->plan.seccomp.archs[at];
	bool decided = false;

	for (size_t r = 0; r < arch->rule_count; r++) {
		const struct policy_rule *rule = &arch->rules[r];

		if (!speaks_of(rule, number))
			continue;
		buf_text(out, "  ");
		print_escaped(out, plan_rule_origin(&view->plan, at, r));
		buf_text(out, ": ");
		seccomp_action(out, rule->action);
		for (size_t i = 0; i < rule->token_count; i++) {
			char token[128];

			policy_describe_token(&rule->test[i], token, sizeof(token));
			buf_format(out, "%s%s", i ? "; " : "  if ", token);
		}
		buf_text(out, decided ? "  (shadowed)\n" : "\n");
		decided |= rule->token_count == 0;
	}
	if (decided)
		return;
	buf_text(out, "  otherwise: ");
	for (size_t i = 0; i < arch->known_count; i++)
		decided |= number >= arch->known[i].first && number <= arch->known[i].last;
	seccomp_action(out, decided ? view->plan.seccomp.fallback : view->plan.seccomp.newer);
	buf_text(out, "\n");
}

int seccomp_why(const struct seccomp_view *view, const char *name, struct buf *out, struct err *err)
{
	const struct policy *policy = &view->plan.seccomp;
	int call = tables_call(name);

	if (call < 0)
		return wrong_call(err, name, "no such system call");
	for (size_t i = 0; i < policy->arch_count; i++) {
		int number = tables_call_number(call, policy->archs[i].entry);

		buf_format(out, "%s %s", tables_entry_name(policy->archs[i].entry), name);
		if (number < 0) {
			buf_text(out, ": not there\n");
			continue;
		}
		buf_format(out, " (%d)\n", number);
		why_arch(view, i, (uint32_t)number, out);
	}
	return 0;
}
