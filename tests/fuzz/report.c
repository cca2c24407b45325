/* report.c - the report's writer: whatever a program, a path or a profile is called, it stays JSON
 *
 * The input gives the words and numbers that come from outside; what is written must be one line of
 * text after another without control bytes, its strings must end, its brackets must match, and all
 * of it must be UTF-8. Made for clang's -fsanitize=fuzzer.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/watch/report.h"

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

/* The next at most size - 1 bytes of the input, up to a NUL. */
static void take_word(struct input *input, char *word, size_t size)
{
	size_t i = 0;

	for (; i + 1 < size && input->size && *input->data; i++, input->size--)
		word[i] = (char)*input->data++;
	word[i] = '\0';
	if (input->size) {
		input->data++;
		input->size--;
	}
}

static uint64_t take_number(struct input *input)
{
	uint64_t number = 0;
	size_t length = input->size < sizeof(number) ? input->size : sizeof(number);

	if (length)
		memcpy(&number, input->data, length);
	input->data += length;
	input->size -= length;
	return number;
}

/* How many bytes the character at @at has (RFC 3629), 0 where it is none. */
static size_t character(const uint8_t *at, size_t left)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};

	for (size_t more = 0; more < 4; more++) {
		uint32_t code = *at & (uint8_t)~forms[more].mask;

		if ((*at & forms[more].mask) != forms[more].lead || more >= left)
			continue;
		for (size_t i = 1; i <= more; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (at[i] & 0x3f);
		}
		return code < forms[more].least || code > 0x10ffff || (code >> 11) == 0x1b
			       ? 0
			       : more + 1;
	}
	return 0;
}

static void check(const uint8_t *text, size_t length)
{
	char open[64];
	size_t depth = 0, step;
	bool quoted = false;

	for (size_t i = 0; i < length; i += step) {
		step = character(text + i, length - i);
		if (!step || (text[i] < 0x20 && (quoted || text[i] != '\n')) || text[i] == 0x7f)
			abort();
		if (quoted && text[i] == '\\')
			step = 2;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '[') && depth < sizeof(open))
			open[depth++] = text[i] == '{' ? '}' : ']';
		else if (!quoted && (text[i] == '}' || text[i] == ']') &&
			 (!depth || open[--depth] != (char)text[i]))
			abort();
	}
	if (quoted || depth || !length || text[length - 1] != '\n')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct outcome outcome = { 0 };
	struct err err = { .number = EPERM };
	struct buf out = BUF_EMPTY;
	char profile[256], text[256];
	const struct report ran = { "00", profile, NULL, &outcome, NULL };
	const struct report failed = { NULL, profile, NULL, NULL, &err };

	outcome.status = (enum outcome_status)(take_number(&input) % OUTCOME_SETUP_FAILED);
	outcome.exit_code = (int)take_number(&input);
	outcome.streams[0] =
		(struct outcome_stream){ .counted = true, .bytes = take_number(&input) };
	outcome.enforced.capabilities = take_number(&input);
	outcome.enforced.namespaces = (uint32_t)take_number(&input);
	outcome.enforced.skipped_count = 1;
	take_word(&input, profile, sizeof(profile));
	take_word(&input, err.object, sizeof(err.object));
	take_word(&input, err.reason, sizeof(err.reason));
	take_word(&input, outcome.network, sizeof(outcome.network));
	take_word(&input, outcome.enforced.skipped[0].what,
		  sizeof(outcome.enforced.skipped[0].what));
	take_word(&input, outcome.enforced.skipped[0].why, sizeof(outcome.enforced.skipped[0].why));
	outcome.streams[0].length = input.size < sizeof(text) ? input.size : sizeof(text);
	memcpy(text, input.data, outcome.streams[0].length);
	outcome.streams[0].text = text;
	if (report_format(&ran, &out) == 0)
		check((const uint8_t *)out.data, out.length);
	buf_finish(&out);
	out = BUF_EMPTY;
	if (report_format(&failed, &out) == 0)
		check((const uint8_t *)out.data, out.length);
	buf_finish(&out);
	return 0;
}
