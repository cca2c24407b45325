/* caps.c - capability sets and their text form (see caps.h)
 *
 * Source: cap_text_formats(7), cap_from_text(3), and what libcap 2.66 answers where these are
 * silent; tests/unit/test_caps.c holds such answers.
 */
#include "policy/caps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tables.h"

enum { FLAG_E = 1, FLAG_P = 2, FLAG_I = 4, CAPS_BITS = 64 };

static uint64_t all_named(void)
{
	uint64_t all = 0;
	int i;

	for (i = 0; tables_capability_name(i); i++)
		all |= UINT64_C(1) << i;
	return all;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A name with its cap_, a number below 64, or "all". Returns its bits, 0 where there is none
 * such. */
static uint64_t read_name(const char *text, size_t length)
{
	char name[64];
	char *end;
	unsigned long number;
	int capability;

	if (length == 0 || length >= sizeof(name))
		return 0;
	memcpy(name, text, length);
	name[length] = '\0';
	if (tables_distance(name, "all", 1) == 0)
		return all_named();
	if (name[0] >= '0' && name[0] <= '9') {
		number = strtoul(name, &end, 0);
		return *end || number >= CAPS_BITS ? 0 : UINT64_C(1) << number;
	}
	if (length < 5 || name[3] != '_')
		return 0;
	name[3] = '\0';
	if (tables_distance(name, "cap", 1) != 0)
		return 0;
	capability = tables_capability(name + 4);
	return capability < 0 ? 0 : UINT64_C(1) << capability;
}

/* The list in front of the first operator; *@text is moved to that. */
static int read_list(const char **text, uint64_t *list)
{
	const char *at = *text;

	*list = 0;
	if (*at == '=') {
		*list = all_named();
		return 0;
	}
	for (;;) {
		size_t length = strcspn(at, ",=+- \t\n\v\f\r");
		uint64_t bits = read_name(at, length);

		if (!bits)
			return -EINVAL;
		*list |= bits;
		at += length;
		if (*at != ',')
			break;
		at++;
	}
	*text = at;
	return 0;
}

static unsigned int read_flags(const char **text)
{
	unsigned int flags = 0;

	for (;; ++*text) {
		if (**text == 'e')
			flags |= FLAG_E;
		else if (**text == 'p')
			flags |= FLAG_P;
		else if (**text == 'i')
			flags |= FLAG_I;
		else
			return flags;
	}
}

static void apply(struct caps_sets *sets, uint64_t list, unsigned int flags, bool raise)
{
	uint64_t *each[] = { &sets->effective, &sets->permitted, &sets->inheritable };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!(flags >> i & 1))
			continue;
		*each[i] = raise ? *each[i] | list : *each[i] & ~list;
	}
}

/* One clause; a clause without a list may have the operator = and no other. */
static int read_clause(const char **text, struct caps_sets *sets)
{
	bool bare = **text == '=';
	bool first = true;
	uint64_t list;

	if (read_list(text, &list))
		return -EINVAL;
	while (**text && !is_space(**text)) {
		char op = **text;
		unsigned int flags;

		if (op != '+' && op != '-' && !(op == '=' && first))
			return -EINVAL;
		if (bare && !first)
			return -EINVAL;
		++*text;
		flags = read_flags(text);
		if (op == '=')
			apply(sets, list, FLAG_E | FLAG_P | FLAG_I, false);
		else if (!flags)
			return -EINVAL;
		apply(sets, list, flags, op != '-');
		first = false;
	}
	return first ? -EINVAL : 0;
}

int caps_from_text(const char *text, struct caps_sets *sets)
{
	*sets = (struct caps_sets){ 0 };
	for (;;) {
		while (is_space(*text))
			text++;
		if (!*text)
			return 0;
		if (read_clause(&text, sets))
			return -EINVAL;
	}
}

static unsigned int flags_of(const struct caps_sets *sets, int capability)
{
	return (unsigned int)(sets->effective >> capability & 1) |
	       (unsigned int)(sets->permitted >> capability & 1) << 1 |
	       (unsigned int)(sets->inheritable >> capability & 1) << 2;
}

/* Appends; what does not fit is cut off. */
static void append(char *out, size_t size, size_t *length, const char *text)
{
	while (*text && *length + 1 < size)
		out[(*length)++] = *text++;
	out[*length] = '\0';
}

static void append_flags(char *out, size_t size, size_t *length, const char *op, unsigned int flags)
{
	append(out, size, length, op);
	append(out, size, length, flags & FLAG_E ? "e" : "");
	append(out, size, length, flags & FLAG_I ? "i" : "");
	append(out, size, length, flags & FLAG_P ? "p" : "");
}

/* Appends the capabilities from @first to before @last whose flags are @flags; returns how many. */
static int append_names(const struct caps_sets *sets, unsigned int flags, int first, int last,
			char *out, size_t size, size_t *length)
{
	int count = 0;
	int i;

	for (i = first; i < last; i++) {
		char number[12];

		if (flags_of(sets, i) != flags)
			continue;
		append(out, size, length, count++ ? "," : *length ? " " : "");
		if (tables_capability_name(i)) {
			append(out, size, length, "cap_");
			append(out, size, length, tables_capability_name(i));
		} else {
			snprintf(number, sizeof(number), "%d", i);
			append(out, size, length, number);
		}
	}
	return count;
}

/* The flags that most named capabilities have go first and stand for all. */
size_t caps_to_text(const struct caps_sets *sets, char *out, size_t size)
{
	int counts[8] = { 0 };
	int named = 0, i, most;
	unsigned int base = 0, flags;
	size_t length = 0;

	for (; tables_capability_name(named); named++)
		counts[flags_of(sets, named)]++;
	most = counts[0];
	for (flags = 1; flags < 8; flags++)
		if (counts[flags] > most) {
			most = counts[flags];
			base = flags;
		}
	out[0] = '\0';
	if (base || most == named)
		append_flags(out, size, &length, "=", base);
	for (flags = 8; flags-- > 0;) {
		bool alone = length == 0;

		if (flags == base || !append_names(sets, flags, 0, named, out, size, &length))
			continue;
		if (flags & ~base)
			append_flags(out, size, &length, alone ? "=" : "+", flags & ~base);
		if (~flags & base)
			append_flags(out, size, &length, "-", ~flags & base);
	}
	for (i = 7; i > 0; i--)
		if (append_names(sets, (unsigned int)i, named, CAPS_BITS, out, size, &length))
			append_flags(out, size, &length, "+", (unsigned int)i);
	return length;
}
