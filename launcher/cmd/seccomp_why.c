/* seccomp_why.c - the rules that speak of a call, with their tests as one reads them aloud
 *
 * A rule's test is in postfix order; here it gets names of arguments and values, and parentheses:
 * "domain == AF_UNIX or domain == AF_INET", "flags has CLONE_NEWUSER". `has`, `without` and `only`
 * are the profile language's.
 */
#include <errno.h>
#include <string.h>

#include "launcher/cmd/seccomp.h"
#include "launcher/watch/describe.h"
#include "policy/tables.h"

/* The call that tests are shown for. */
struct asked {
	enum policy_entry entry;
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];
};

/* What binds closer has a higher number. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_ONE };

enum { MOST_LISTED = 8 }; /* values of an interval that are named one by one */

static uint64_t widest(const struct policy_token *token, const struct describe_argument *argument)
{
	bool half = strcmp(argument->type, "u16") == 0 || strcmp(argument->type, "mode") == 0;

	return half ? UINT16_MAX : token->width == 4 ? UINT32_MAX : UINT64_MAX;
}

static bool is_signed(const struct describe_argument *argument)
{
	return argument->type[0] == 'i' || strcmp(argument->type, "fd") == 0 ||
	       strncmp(argument->type, "enum", 4) == 0;
}

static void put_name(struct buf *out, const struct policy_token *token,
		     const struct describe_argument *argument)
{
	if (argument->name[0])
		buf_text(out, argument->name);
	else
		buf_format(out, "argument %d", token->argument + 1);
}

static void put_value(struct buf *out, const struct asked *asked,
		      const struct describe_argument *argument, uint64_t value)
{
	char text[512];

	describe_number(asked->entry, argument, value, text, sizeof(text));
	buf_text(out, text);
}

static void put_bits(struct buf *out, const struct asked *asked,
		     const struct describe_argument *argument, const char *word, uint64_t bits)
{
	buf_format(out, " %s ", word);
	put_value(out, asked, argument, bits);
}

/* (argument & mask) == value, or != 0 */
static void put_masked(struct buf *out, const struct asked *asked, const struct policy_token *token,
		       const struct describe_argument *argument)
{
	uint64_t all = widest(token, argument);
	uint64_t mask = token->mask & all;
	bool top = mask > all / 2; /* the complement of what is meant */

	put_name(out, token, argument);
	if (token->high != token->low) {
		put_bits(out, asked, argument, "has any of", mask);
	} else if (token->low == mask) {
		put_bits(out, asked, argument, "has", mask);
	} else if (token->low == 0 && !top) {
		put_bits(out, asked, argument, "without", mask);
	} else if (token->low == 0) {
		put_bits(out, asked, argument, "only", all & ~mask);
	} else {
		put_bits(out, asked, argument, "&", mask);
		put_bits(out, asked, argument, "==", token->low);
	}
}

/* A bound that any value keeps is not shown. */
static void put_interval(struct buf *out, const struct asked *asked,
			 const struct policy_token *token, const struct describe_argument *argument)
{
	uint64_t all = widest(token, argument);
	bool bounded_below = token->low != (is_signed(argument) ? all / 2 + 1 : 0);
	bool bounded_above = is_signed(argument) ? token->high != all / 2 : token->high < all;

	if (bounded_above && bounded_below) {
		put_value(out, asked, argument, token->low);
		buf_text(out, " <= ");
	}
	put_name(out, token, argument);
	if ((token->mask & all) != all)
		put_bits(out, asked, argument, "&", token->mask);
	buf_text(out, bounded_above ? " <= " : " >= ");
	put_value(out, asked, argument, bounded_above ? token->high : token->low);
}

/* Values with names are listed, which takes an `or`. */
static bool is_list(const struct policy_token *token, const struct describe_argument *argument)
{
	return argument->family[0] && token->high - token->low - 1 < MOST_LISTED - 1 &&
	       (token->mask & widest(token, argument)) == widest(token, argument);
}

static void put_compare(struct buf *out, const struct asked *asked,
			const struct policy_token *token)
{
	const struct describe_argument *argument = &asked->arguments[token->argument];
	bool whole = (token->mask & widest(token, argument)) == widest(token, argument);

	if (!whole &&
	    (token->low == token->high || (token->low == 1 && token->high >= token->mask))) {
		put_masked(out, asked, token, argument);
		return;
	}
	if (token->low != token->high && !is_list(token, argument)) {
		put_interval(out, asked, token, argument);
		return;
	}
	for (uint64_t value = token->low;; value++) {
		put_name(out, token, argument);
		buf_text(out, " == ");
		put_value(out, asked, argument, value);
		if (value == token->high)
			break;
		buf_text(out, " or ");
	}
}

/* Where the operand that ends before @end begins. */
static size_t operand(const struct policy_token *test, size_t end)
{
	size_t wanted = 1;

	while (wanted) {
		enum policy_op op = (enum policy_op)test[--end].op;

		if (op == OP_AND || op == OP_OR)
			wanted++;
		else if (op == OP_COMPARE)
			wanted--;
	}
	return end;
}

static enum level level_of(const struct asked *asked, const struct policy_token *token)
{
	if (token->op == OP_OR)
		return LEVEL_OR;
	if (token->op == OP_AND)
		return LEVEL_AND;
	return token->op == OP_COMPARE && token->low != token->high &&
			       is_list(token, &asked->arguments[token->argument])
		       ? LEVEL_OR
		       : LEVEL_ONE;
}

/* The operand that ends before @end, for a place that wants @level. It calls itself
 * no deeper than POLICY_MAX_TOKENS. */
static void put_test(struct buf *out, const struct asked *asked, const struct policy_token *test,
		     size_t end, enum level wanted)
{
	const struct policy_token *last = &test[end - 1];
	enum level level = level_of(asked, last);
	bool enclosed = level < wanted;

	buf_text(out, enclosed ? "(" : "");
	if (last->op == OP_COMPARE) {
		put_compare(out, asked, last);
	} else if (last->op == OP_NOT) {
		buf_text(out, "not (");
		put_test(out, asked, test, end - 1, LEVEL_OR);
		buf_text(out, ")");
	} else {
		put_test(out, asked, test, operand(test, end - 1), level);
		buf_text(out, last->op == OP_AND ? " and " : " or ");
		put_test(out, asked, test, end - 1, level);
	}
	buf_text(out, enclosed ? ")" : "");
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
	struct asked asked = { .entry = arch->entry };
	bool decided = false;

	(void)describe_call(arch->entry, number, asked.arguments);
	for (size_t r = 0; r < arch->rule_count; r++) {
		const struct policy_rule *rule = &arch->rules[r];

		if (!speaks_of(rule, number))
			continue;
		buf_text(out, "  ");
		print_escaped(out, plan_rule_origin(&view->plan, at, r));
		buf_text(out, ": ");
		seccomp_action(out, rule->action);
		if (rule->token_count) {
			buf_text(out, "  if ");
			put_test(out, &asked, rule->test, rule->token_count, LEVEL_OR);
		}
		buf_text(out, decided ? "  (shadowed)\n" : "\n");
		decided |= rule->token_count == 0;
	}
	if (decided)
		return;
	buf_text(out, "  otherwise: ");
	seccomp_action(out, seccomp_knows(arch, number) ? view->plan.seccomp.fallback
							: view->plan.seccomp.newer);
	buf_text(out, "\n");
}

int seccomp_why(const struct seccomp_view *view, const char *name, struct buf *out, struct err *err)
{
	const struct policy *policy = &view->plan.seccomp;
	int call = tables_call(name);

	if (call < 0)
		return seccomp_no_call(name, err);
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
