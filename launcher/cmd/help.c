/* help.c - usage texts, made from the table of verbs and that of options */
#include <stdio.h>
#include <string.h>

#include "launcher/cmd/options.h"

enum { HELP_COLUMN = 28 };

static void option_line(struct buf *out, const struct option_row *row)
{
	char left[80];
	int length = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", row->letter ? '-' : ' ',
			      row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
			      row->metavar ? " " : "", row->metavar ? row->metavar : "");

	if (length >= HELP_COLUMN)
		buf_format(out, "%s\n%*s%s\n", left, HELP_COLUMN, "", row->help);
	else
		buf_format(out, "%-*s%s\n", HELP_COLUMN, left, row->help);
}

static void one_verb(struct buf *out, const struct verb *verb)
{
	buf_format(out, "usage: lunette %s%s%s\n\n%s\n\n%soptions:\n", verb->name,
		   *verb->arguments ? " " : "", verb->arguments, verb->summary,
		   verb->more ? verb->more : "");
	for (size_t i = 0; i < option_row_count; i++) {
		if (option_of(&option_rows[i], verb->name))
			option_line(out, &option_rows[i]);
	}
}

static void all_verbs(struct buf *out)
{
	buf_text(out,
		 "usage: lunette VERB ...\n\nRuns programs in sandboxes described in Lua.\n\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		buf_format(out, "  %-10s %s\n", verb->name, verb->summary);
	buf_text(out,
		 "\n`lunette VERB --help` lists a verb's options; `lunette --version` prints the "
		 "version.\n");
}

int help_print(const struct verb *verb)
{
	cleanup_buf struct buf out = BUF_EMPTY;

	if (verb)
		one_verb(&out, verb);
	else
		all_verbs(&out);
	return out.failed || print_out(out.data, out.length) < 0 ? EXIT_NO : EXIT_YES;
}
