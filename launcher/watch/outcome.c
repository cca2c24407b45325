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

void outcome_skip(struct outcome_enforced *enforced, const char *what, const char *why)
{
	struct outcome_skip *skip;

	if (enforced->skipped_count >= OUTCOME_MAX_SKIPS)
		return;
	skip = &enforced->skipped[enforced->skipped_count++];
	snprintf(skip->what, sizeof(skip->what), "%s", what);
	snprintf(skip->why, sizeof(skip->why), "%s", why);
}
