/* seccomp_sim.c - what one call would get
 *
 * The answer is the filter's own; the evaluator says which rule decides, and both have to agree.
 */
#include <errno.h>

#include "launcher/cmd/seccomp.h"
#include "launcher/watch/describe.h"
#include "policy/tables.h"

bool seccomp_knows(const struct policy_arch *arch, uint32_t number)
{
	for (size_t i = 0; i < arch->known_count; i++)
		if (number >= arch->known[i].first && number <= arch->known[i].last)
			return true;
	return false;
}

/* The line that decided, or what stands for rules where none does. */
static void say_decider(const struct seccomp_view *view, const struct seccomp_data *data,
			size_t rule, struct buf *out)
{
	const struct policy *policy = &view->plan.seccomp;
	uint32_t number = (uint32_t)data->nr;
	enum policy_entry entry = describe_entry(data->arch, &number);

	for (size_t i = 0; i < policy->arch_count; i++) {
		if (policy->archs[i].entry != entry)
			continue;
		if (rule != SIZE_MAX)
			print_escaped(out, plan_rule_origin(&view->plan, i, rule));
		else
			buf_format(out, "no rule, so seccomp.%s",
				   seccomp_knows(&policy->archs[i], number) ? "default" : "newer");
		return;
	}
	buf_format(out, "no rule: seccomp.arch does not name %s", tables_entry_name(entry));
}

int seccomp_sim(const struct seccomp_view *view, const char *text, struct buf *out, struct err *err)
{
	const struct policy *policy = &view->plan.seccomp;
	struct seccomp_data data;
	enum policy_entry entry;
	size_t executed, rule = SIZE_MAX;
	uint32_t action;

	if (seccomp_read_call(view, text, &data, &entry, err) < 0)
		return -EINVAL;
	action = bpf_run(view->filter, view->count, &data, &executed);
	if (policy_evaluate(policy, &data, &rule) != action) {
		err_set(err, STAGE_FILTERS, EBADMSG, "please report this", "%s", text);
		return err_reason(err, "the filter does not say what the rules say");
	}
	seccomp_action(out, action);
	buf_text(out, "  ; ");
	say_decider(view, &data, rule, out);
	buf_format(out, "  (%zu instructions%s)\n", executed,
		   bpf_constant_allow(view->filter, view->count, data.arch, (uint32_t)data.nr) &&
				   entry != ENTRY_X32
			   ? ", or the kernel's bitmap"
			   : "");
	return 0;
}
