/* likely.h - answers given before they are asked
 *
 * A question over the socket costs two switches between processes, some 25 us; the answer itself
 * one. So what the shipped profiles ask of every host is looked up before the child is made, which
 * then finds the answers in its own memory. Not where questions are recorded.
 */
#ifndef LAUNCHER_EVAL_LIKELY_H
#define LAUNCHER_EVAL_LIKELY_H

#include <stdbool.h>

#include "launcher/eval/message.h"

enum { LIKELY_MAX = 24, LIKELY_BYTES = 128 };

struct likely {
	enum question_kind kind;
	const char *argument;
	bool found;
	char text[LIKELY_BYTES];
};

struct likely_answers {
	struct likely items[LIKELY_MAX];
	unsigned int count;
};

void likely_gather(struct likely_answers *answers);

/* likely_find() - the answer that was gathered, or NULL where the launcher must be asked. */
const struct likely *likely_find(const struct likely_answers *answers, enum question_kind kind,
				 const char *argument);

#endif
