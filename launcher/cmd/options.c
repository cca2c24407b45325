/* options.c - reading the command line by the generated table (see options.h)
 *
 * `--name VALUE`, `--name=VALUE`, `-p VALUE`, `-pVALUE`, `-v`. Options of the launcher itself land
 * in fields of the request; all others are handed to the front end, which knows what they mean.
 */
#include "launcher/cmd/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tables.h"

const struct option_row option_rows[] = {
#include "cmd/options_table.h"
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);

bool option_of(const struct option_row *row, const char *verb)
{
	size_t length = strlen(verb);
	const char *at = row->verbs;

	if (strcmp(at, "*") == 0)
		return true;
	while ((at = strstr(at, verb)) != NULL) {
		if ((at == row->verbs || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
		at += length;
	}
	return false;
}

static const struct option_row *find_name(const char *verb, const char *name, size_t length)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (strncmp(row->name, name, length) == 0 && !row->name[length] &&
		    option_of(row, verb))
			return row;
	}
	return NULL;
}

static const struct option_row *find_letter(const char *verb, char letter)
{
	for (size_t i = 0; i < option_row_count; i++) {
		if (option_rows[i].letter == letter && option_of(&option_rows[i], verb))
			return &option_rows[i];
	}
	return NULL;
}

static int misuse(struct err *err, const char *object, const char *hint, const char *reason)
{
	err_set(err, STAGE_USAGE, EINVAL, hint, "%s", object);
	return err_reason(err, "%s", reason);
}

static int unknown(const struct request *request, const char *word, struct err *err)
{
	size_t length = strcspn(word, "=");
	char name[64];
	char hint[128];
	const char *best = NULL;
	unsigned int least;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	least = (unsigned int)(strlen(name) / 3 + 1);
	for (size_t i = 0; i < option_row_count && name[0] == '-' && name[1] == '-'; i++) {
		unsigned int distance = tables_distance(name + 2, option_rows[i].name, least);

		if (distance < least && option_of(&option_rows[i], request->verb->name)) {
			least = distance;
			best = option_rows[i].name;
		}
	}
	snprintf(hint, sizeof(hint), best ? "did you mean --%s?" : "`lunette %s --help` lists them",
		 best ? best : request->verb->name);
	return misuse(err, name, hint, "no such option");
}

int options_profile(const char *name, char path[PROFILE_PATH_BYTES], struct err *err)
{
	char cwd[PATH_MAX];
	long ret;

	if (strlen(name) >= PATH_MAX)
		return err_set(err, STAGE_USAGE, ENAMETOOLONG, NULL, "profile");
	if (!strchr(name, '/') || name[0] == '/') {
		memcpy(path, name, strlen(name) + 1);
		return 0;
	}
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	ret = sys_getcwd(cwd, sizeof(cwd));
	if (ret < 0)
		return err_set(err, STAGE_USAGE, (int)ret, NULL, "working directory");
	snprintf(path, PROFILE_PATH_BYTES, "%s/%s", strcmp(cwd, "/") ? cwd : "", name);
	return 0;
}

static void take(struct request *request, const struct option_row *row, const char *value)
{
	const char *name = row->name;

	if (strcmp(name, "profile") == 0)
		request->profile = value;
	else if (strcmp(name, "report") == 0)
		request->report = value;
	else if (strcmp(name, "plan") == 0)
		request->plan = value;
	else if (strcmp(name, "to") == 0)
		request->out = value;
	else if (strcmp(name, "verbose") == 0)
		request->verbose = true;
	else if (strcmp(name, "verify") == 0)
		request->verify = true;
	else if (strcmp(name, "json") == 0)
		request->json = true;
	else if (strcmp(name, "help") == 0)
		request->help = true;
	else
		request->options[request->option_count++] = (struct eval_option){ name, value };
}

static int no_value(struct err *err, const char *word, const struct option_row *row)
{
	char usage[64];

	snprintf(usage, sizeof(usage), "%.20s %.40s", word, row->metavar);
	return misuse(err, word, usage, "a value is missing");
}

/* Reads the option at words[at]; returns the index of the next word, or -errno. */
static long read_long(struct request *request, char **words, size_t at, struct err *err)
{
	char *word = words[at];
	size_t length = strcspn(word + 2, "=");
	const char *value = word[2 + length] ? word + 3 + length : NULL;
	const struct option_row *row = find_name(request->verb->name, word + 2, length);

	if (!row)
		return unknown(request, word, err);
	word[2 + length] = '\0';
	if (!row->metavar && value)
		return misuse(err, word, NULL, "takes no value");
	if (row->metavar && !value) {
		value = words[++at];
		if (!value)
			return no_value(err, word, row);
	}
	take(request, row, value);
	return (long)at + 1;
}

static long read_letters(struct request *request, char **words, size_t at, struct err *err)
{
	for (char *letter = words[at] + 1; *letter; letter++) {
		const struct option_row *row = find_letter(request->verb->name, *letter);
		const char *value = NULL;

		if (!row)
			return unknown(request, (char[]){ '-', *letter, '\0' }, err);
		if (row->metavar) {
			value = letter[1] ? letter + 1 : words[++at];
			if (!value)
				return no_value(err, (char[]){ '-', *letter, '\0' }, row);
		}
		take(request, row, value);
		if (value)
			break;
	}
	return (long)at + 1;
}

static int one_too_many(const struct request *request, struct err *err)
{
	const struct verb *verb = request->verb;
	char usage[128];

	snprintf(usage, sizeof(usage), "`lunette %s%s%s`", verb->name, *verb->arguments ? " " : "",
		 verb->arguments);
	return misuse(err, request->words[0], usage, "is one word too many");
}

int options_read(struct request *request, char **words, size_t count, struct err *err)
{
	enum verb_words words_taken = request->verb->words;
	size_t at = 0, kept = 0;

	request->options = calloc(count + 1, sizeof(*request->options));
	if (!request->options)
		return err_set(err, STAGE_USAGE, ENOMEM, NULL, "options");
	while (at < count) {
		long next;

		if (words[at][0] != '-' || !words[at][1]) {
			if (words_taken == WORDS_COMMAND)
				break;
			words[kept++] = words[at++];
			continue;
		}
		if (strcmp(words[at], "--") == 0) {
			at++;
			break;
		}
		next = words[at][1] == '-' ? read_long(request, words, at, err)
					   : read_letters(request, words, at, err);
		if (next < 0)
			return (int)next;
		at = (size_t)next;
	}
	if (kept == 0)
		words += at;
	else
		memmove(words + kept, words + at, (count - at + 1) * sizeof(*words));
	request->words = words;
	request->word_count = kept + count - at;
	if (words_taken == WORDS_NONE && request->word_count > 0 && !request->help)
		return one_too_many(request, err);
	return 0;
}

void options_finish(struct request *request)
{
	free(request->options);
	request->options = NULL;
}
