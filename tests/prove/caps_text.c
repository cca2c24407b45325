/* caps_text.c - reads texts of capability sets, a line each, and writes them back as caps_to_text()
 * does
 *
 * A line that caps_from_text() refuses becomes "-". tests/prove/caps.py compares with libcap.
 */
#include <stdio.h>
#include <string.h>

#include "policy/caps.h"

int main(void)
{
	char line[4096];
	char text[CAPS_TEXT_BYTES];
	struct caps_sets sets;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (caps_from_text(line, &sets))
			strcpy(text, "-");
		else
			caps_to_text(&sets, text, sizeof(text));
		puts(text);
	}
	return 0;
}
