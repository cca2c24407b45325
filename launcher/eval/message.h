/* message.h - what the evaluator and the launcher say to each other
 *
 * A stream of messages: this head, then `length` bytes. The child asks (one byte of enum
 * question_kind, then the argument) and reads the reply before it goes on; it ends with a plan or
 * an error. The launcher checks each head before it believes it.
 */
#ifndef LAUNCHER_EVAL_MESSAGE_H
#define LAUNCHER_EVAL_MESSAGE_H

#include <stdint.h>

enum message_kind {
	MESSAGE_ASK = 1,
	MESSAGE_WARNING, /* one line of text */
	MESSAGE_PLAN,    /* the text; the last message */
	MESSAGE_ERROR, /* enum err_stage as a byte, then object, reason and hint, each ended by NUL;
			    the last message */
	MESSAGE_REPLY, /* to the child: the answer, empty with `found` unset where there is none */
};

struct message {
	uint32_t kind;
	uint32_t length;
};

/* In front of a reply's bytes, of which the last `name` are a second text: the name to show of a
 * profile that was found, the reason for one that was not. */
struct message_reply {
	uint32_t found;
	uint32_t name;
};

enum question_kind {
	ASK_EXISTS,
	ASK_READLINK,
	ASK_FEATURE,
	ASK_ENV,
	ASK_PROFILE,
};

enum {
	ASK_KINDS = ASK_PROFILE + 1,
	MESSAGE_MAX_ASK = 8192,
	MESSAGE_MAX_WARNING = 4096,
	MESSAGE_MAX_ERROR = 4096,
	MESSAGE_MAX_ASKS = 100000,
	MESSAGE_MAX_WARNINGS = 1000,
};

#endif
