/* seccomp_call.c - one call as a person writes it: "openat(-100, 0, O_CREAT)", "i386:5(1, 2)"
 *
 * Whatever is not understood is an error that names it: an answer about another call than the one
 * that was meant is worse than none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "launcher/cmd/seccomp.h"
#include "launcher/watch/describe.h"
#include "policy/tables.h"

static int wrong(struct err *err, const char *object, const char *reason, const char *near)
{
	err_set(err, STAGE_USAGE, EINVAL, "NAME(ARGUMENT, ...) or ARCH:NUMBER(ARGUMENT, ...)", "%s",
		object);
	if (near)
		err_hint(err, "did you mean \"%s\"?", near);
	return err_reason(err, "%s", reason);
}

int seccomp_no_call(const char *name, struct err *err)
{
	return wrong(err, name, "no such system call", tables_nearest("call", name));
}

/* A word of @text that ends before one of @ends; what stands behind it, or NULL: too long. */
static const char *read_word(const char *text, const char *ends, char word[64])
{
	size_t length = strcspn(text, ends);
	size_t used = length;

	while (used && text[used - 1] == ' ')
		used--;
	if (used >= 64)
		return NULL;
	memcpy(word, text, used);
	word[used] = '\0';
	return text + length;
}

/* All of @word as a number of 64 bits, a negative one as two's complement. */
static bool read_number(const char *word, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = word[0] == '-' ? (uint64_t)strtoll(word, &end, 0) : strtoull(word, &end, 0);
	return errno == 0 && end != word && !*end;
}

static int unknown_value(const struct describe_argument *argument, const char *word,
			 struct err *err)
{
	const char *near = NULL;
	char prefix[64], full[128];
	size_t length;

	if (!argument->family[0]) {
		(void)wrong(err, word, "", NULL);
		err_hint(err, "`%s` takes a number of 64 bits, and has no names for values",
			 argument->name[0] ? argument->name : "this argument");
		return err_reason(err, "is no number");
	}
	tables_prefix(argument->family, prefix);
	length = strncasecmp(word, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
	near = tables_nearest(argument->family, word + length);
	snprintf(full, sizeof(full), "%s%s", prefix, near ? near : "");
	(void)wrong(err, word, "", near ? full : NULL);
	if (!near)
		err_hint(err, "its values begin with %s", prefix);
	return err_reason(err, "is no number of 64 bits and no value of `%s`", argument->name);
}

/* Numbers and names of the argument's family, joined by "|". Returns what follows, or NULL. */
static const char *read_argument(const char *text, enum policy_entry entry,
				 const struct describe_argument *argument, uint64_t *value,
				 struct err *err)
{
	*value = 0;
	for (;;) {
		char word[64];
		uint64_t one;
		const char *next;

		text += strspn(text, " ");
		next = read_word(text, "|,)", word);
		if (!next || !word[0]) {
			(void)wrong(err, text,
				    next ? "an argument is missing here" : "is no argument", NULL);
			return NULL;
		}
		if (!read_number(word, &one) &&
		    (!argument->family[0] ||
		     tables_constant(entry, argument->family, word, &one) < 0)) {
			if (strcmp(argument->type, "fd") != 0 || strcmp(word, "AT_FDCWD") != 0) {
				(void)unknown_value(argument, word, err);
				return NULL;
			}
			one = (uint64_t)AT_FDCWD;
		}
		*value |= one;
		if (*next != '|')
			return next;
		text = next + 1;
	}
}

static int read_arguments(const char *text, const char *call, enum policy_entry entry,
			  struct seccomp_data *data, struct err *err)
{
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];
	uint32_t number = (uint32_t)data->nr;
	uint64_t value;
	int most, count = 0;

	(void)describe_entry(data->arch, &number);
	most = describe_call(entry, number, arguments);
	text += strspn(text + 1, " ") + 1;
	while (*text && (count || *text != ')')) {
		if (count == most) {
			(void)wrong(err, text, "", NULL);
			return err_reason(err, "is one argument too many: %s takes %d", call, most);
		}
		text = read_argument(text, entry, &arguments[count], &value, err);
		if (!text)
			return -EINVAL;
		data->args[count++] = value;
		if (*text != ',')
			break;
		text++;
	}
	if (*text != ')')
		return wrong(err, call, "its closing parenthesis is missing", NULL);
	text += strspn(text + 1, " ") + 1;
	return *text ? wrong(err, text, "stands behind the call", NULL) : 0;
}

/* "ARCH:" at the front of *@text, if it is there; moves *@text behind it. */
static int read_entry(const char **text, enum policy_entry *entry, struct err *err)
{
	char name[64];
	const char *colon = read_word(*text, ":(", name);
	int found;

	if (!colon || *colon != ':')
		return 0;
	found = tables_entry(name);
	if (found < 0) {
		(void)wrong(err, name, "no such architecture", NULL);
		return err_hint(err, "x86_64, i386, x32, aarch64 or riscv64");
	}
	*entry = (enum policy_entry)found;
	*text = colon + 1 + strspn(colon + 1, " ");
	return 0;
}

int seccomp_read_call(const struct seccomp_view *view, const char *text, struct seccomp_data *data,
		      enum policy_entry *entry, struct err *err)
{
	char name[64];
	uint64_t number;
	int found;

	*entry = view->plan.seccomp.archs[0].entry;
	text += strspn(text, " ");
	if (read_entry(&text, entry, err) < 0)
		return -EINVAL;
	text = read_word(text, "(", name);
	if (!text || !name[0])
		return wrong(err, "call", text ? "has no name" : "has too long a name", NULL);
	if (!read_number(name, &number)) {
		if (tables_call(name) < 0)
			return seccomp_no_call(name, err);
		found = tables_call_number(tables_call(name), *entry);
		if (found < 0) {
			(void)wrong(err, name, "", NULL);
			return err_reason(err, "is no system call of %s",
					  tables_entry_name(*entry));
		}
		number = (uint64_t)found;
	} else if (number > UINT32_MAX) {
		return wrong(err, name, "is no number of a call, which has 32 bits", NULL);
	}
	*data = (struct seccomp_data){ .nr = (int)(uint32_t)number,
				       .arch = policy_audit_arch(*entry) };
	if (*entry == ENTRY_X32 && data->nr >= 0)
		data->nr |= 0x40000000;
	return *text ? read_arguments(text, name, *entry, data, err) : 0;
}
