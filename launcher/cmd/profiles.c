/* profiles.c - `lunette profiles`: the shipped profiles, a line each
 *
 * The line is the profile's `doc`, taken from its text: a plain string on the line of that key, the
 * first behind `return profile`. A `doc` before that is a parameter's.
 */
#include <string.h>

#include "launcher/base/json.h"
#include "launcher/cmd/cmd.h"
#include "launcher/eval/embed.h"

static const char *find_doc(const char *text, size_t *length)
{
	const char *at = strstr(text, "return profile");

	while (at && (at = strstr(at, "doc")) != NULL) {
		const char *value = at + 3 + strspn(at + 3, " \t");

		at += 3;
		if (*value != '=')
			continue;
		value++;
		value += strspn(value, " \t");
		if (*value != '"')
			continue;
		*length = strcspn(value + 1, "\"\n");
		return value + 1;
	}
	*length = 0;
	return "";
}

int cmd_profiles(const struct request *request)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	const char *comma = "";

	buf_text(&out, request->json ? "{" : "");
	for (size_t i = 0; embed_profile_name(i); i++) {
		const char *name = embed_profile_name(i);
		size_t size;
		size_t length;
		const char *doc = find_doc(embed_profile(name, &size), &length);

		if (request->json) {
			buf_format(&out, "%s\n  \"%s\": ", comma, name);
			json_bytes(&out, doc, length);
			comma = ",";
		} else {
			buf_format(&out, "%-10s %.*s\n", name, (int)length, doc);
		}
	}
	buf_text(&out, request->json ? "\n}\n" : "");
	if (out.failed || print_out(out.data, out.length) < 0)
		return EXIT_NO;
	return EXIT_YES;
}
