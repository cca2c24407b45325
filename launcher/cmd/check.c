/* check.c - `lunette check`: are profiles valid, and what in them is weak?
 *
 * A profile is evaluated as for a launch and its plan is decoded. Beyond that: a filter that
 * forbids the launcher's own last execve, so that no program would ever start; rules that do not
 * fit in a filter; and, where comparing takes no more than part of a second, whether the filter
 * says what the rules say.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launcher/cmd/cmd.h"
#include "launcher/plan/plan.h"

/* The launcher calls execve with pointers only, which no rule can test. */
static int check_execve(const struct plan *plan, struct err *err)
{
	struct seccomp_data call = {
		.nr = RAW_execve,
		.arch = policy_audit_arch(policy_native()),
	};
	size_t arch = 0, rule = SIZE_MAX;
	const char *origin;
	uint32_t action;

	if (!plan->has_seccomp)
		return 0;
	action = policy_evaluate(&plan->seccomp, &call, &rule) & SECCOMP_RET_ACTION_FULL;
	if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG)
		return 0;
	while (arch < plan->seccomp.arch_count &&
	       plan->seccomp.archs[arch].entry != policy_native())
		arch++;
	origin = plan_rule_origin(plan, arch, rule);
	err_set(err, STAGE_PROFILE, EINVAL, "allow { \"execve\" }", "%s",
		*origin ? origin : "seccomp");
	return err_reason(err, "the filter forbids execve, which starts the program itself");
}

enum { MOST_VERIFIED = 500 }; /* rules of all architectures */

static int check_filter(const struct plan *plan, const char *profile, struct err *err)
{
	struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	struct policy_error why = { .arch = SIZE_MAX };
	size_t count, rules = 0;
	int ret;

	if (!plan->has_seccomp)
		return 0;
	for (size_t i = 0; i < plan->seccomp.arch_count; i++)
		rules += plan->seccomp.archs[i].rule_count;
	ret = policy_compile(&plan->seccomp, filter, &count, NULL, &why);
	if (ret == 0 && rules <= MOST_VERIFIED)
		ret = policy_verify(&plan->seccomp, filter, count, NULL, &why);
	return ret < 0 ? plan_refused(plan, &why, ret, profile, err) : 0;
}

/* Rules that never decide, and holes that matter. A program that is to make user namespaces needs
 * what no-new-userns would close.
 */
static void warn_rules(struct buf *out, const struct plan *plan)
{
	const struct policy *policy = &plan->seccomp;
	struct policy_warning list[64];
	size_t count = 0;

	if (!plan->has_seccomp ||
	    policy_warn(policy, list, sizeof(list) / sizeof(*list), &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const char *origin = plan_rule_origin(plan, list[i].arch, list[i].rule);
		const char *guard = list[i].guard;

		if (guard && plan->user.nested && strcmp(guard, "no-new-userns") == 0)
			continue;
		buf_text(out, "warning: ");
		print_escaped(out, *origin ? origin : "seccomp");
		buf_format(out, ": %s: %s", list[i].what, list[i].why);
		if (guard)
			buf_format(out, " (guard = { \"%s\" })", guard);
		buf_text(out, "\n");
	}
}

static int print_verdict(const char *profile, const struct eval_answer *answer,
			 const struct plan *plan, const struct err *here)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	const char *at = answer->warnings.data;
	const char *end = at + answer->warnings.length;

	buf_format(&out, "%s: valid\n", profile);
	if (here->number) {
		char text[sizeof(*here)];

		err_format(here, text, sizeof(text));
		buf_format(&out, "warning: not in this directory: %s\n", text);
	}
	for (; at < end; at += strlen(at) + 1) {
		buf_text(&out, "warning: ");
		print_escaped(&out, at);
		buf_text(&out, "\n");
	}
	warn_rules(&out, plan);
	return out.failed ? -ENOMEM : print_out(out.data, out.length);
}

static int check(const struct request *request, const char *profile)
{
	struct eval_answer answer = { 0 };
	struct plan plan = { 0 };
	struct err err = { 0 };
	struct err here = { 0 };
	int ret = ask_profile(request, profile, &answer, &plan, &here, &err);

	if (ret == 0)
		ret = check_execve(&plan, &err);
	if (ret == 0)
		ret = check_filter(&plan, profile, &err);
	if (ret < 0)
		print_error(&err);
	else
		ret = print_verdict(profile, &answer, &plan, &here);
	plan_finish(&plan);
	eval_finish(&answer);
	if (ret == 0)
		return EXIT_YES;
	return err.number && err.stage == STAGE_USAGE ? EXIT_USAGE : EXIT_NO;
}

int cmd_check(const struct request *request)
{
	struct err err;
	int status = EXIT_YES;

	if (request->word_count == 0) {
		err_set(&err, STAGE_USAGE, EINVAL, "`lunette check PROFILE...`", "check");
		err_reason(&err, "a profile is missing");
		print_error(&err);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < request->word_count; i++) {
		int one = check(request, request->words[i]);

		status = one > status ? one : status;
	}
	return status;
}
