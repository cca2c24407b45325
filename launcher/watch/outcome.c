/* outcome.c - recording what was left out (see outcome.h) */
#include "launcher/watch/outcome.h"

#include <stdio.h>
#include <stdlib.h>

#include "launcher/watch/denials.h"

void outcome_finish(struct outcome *outcome)
{
	for (int i = 0; i < 2; i++)
		free(outcome->streams[i].text);
	denials_free(outcome->denials);
}

void outcome_take(struct outcome_enforced *to, const volatile struct outcome_enforced *from)
{
	*to = *from;
	if (to->skipped_count > OUTCOME_MAX_SKIPS)
		to->skipped_count = OUTCOME_MAX_SKIPS;
	for (size_t i = 0; i < OUTCOME_MAX_SKIPS; i++) {
		to->skipped[i].what[sizeof(to->skipped[i].what) - 1] = '\0';
		to->skipped[i].why[sizeof(to->skipped[i].why) - 1] = '\0';
	}
}

/* The list may be in memory that pid 1 shares, so its length is read once. */
void outcome_skip(struct outcome_enforced *enforced, const char *what, const char *why)
{
	size_t at = *(const volatile size_t *)&enforced->skipped_count;
	struct outcome_skip *skip;

	if (at >= OUTCOME_MAX_SKIPS)
		return;
	enforced->skipped_count = at + 1;
	skip = &enforced->skipped[at];
	snprintf(skip->what, sizeof(skip->what), "%s", what);
	snprintf(skip->why, sizeof(skip->why), "%s", why);
}
