/* reply.h - the launcher's answers to the evaluator, and the record of them */
#ifndef LAUNCHER_EVAL_REPLY_H
#define LAUNCHER_EVAL_REPLY_H

#include "launcher/base/base.h"
#include "launcher/eval/message.h"

struct record {
	char *const *environment;
	bool keep;
	struct buf lines; /* `input` lines, each ended by a newline */
};

/* reply_to() - append the reply to one question to @out. @argument ends in NUL. */
void reply_to(struct record *record, enum question_kind kind, const char *argument,
	      struct buf *out);

/* reply_current() - what a recorded question would be answered now, as an `input` line has it
 * @kind: the word of the line. Returns a text in @out, or NULL for no answer. */
const char *reply_current(const char *kind, const char *argument, char *const *environment,
			  struct buf *out);

/* record_insert() - put the sorted record into the plan's text, at its place among the keys.
 * Returns 0, -ENOMEM, or -EINVAL where @plan holds input lines already. */
int record_insert(struct record *record, struct buf *plan);

#endif
