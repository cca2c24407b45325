/* caps.c - any text as capability sets: what is read is written, read back, and the same
 *
 * Made for clang's -fsanitize=fuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/caps.h"

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caps_sets sets, again;
	char text[CAPS_TEXT_BYTES];
	char *given = malloc(size + 1);
	int rc;

	if (!given)
		return 0;
	memcpy(given, data, size);
	given[size] = '\0';
	rc = caps_from_text(given, &sets);
	free(given);
	if (rc)
		return 0;
	if (caps_to_text(&sets, text, sizeof(text)) >= sizeof(text) - 1)
		abort();
	if (caps_from_text(text, &again) || memcmp(&sets, &again, sizeof(sets)))
		abort();
	return 0;
}
