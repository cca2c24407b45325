/* denials.h - what the program was refused, and which line of the profile refused it
 *
 * A record is one kind of event: the same call with the same arguments, decided by the same rule;
 * it counts how often that came. The store is bounded, since the program decides how much there is
 * to record. Its users are the report, later an explainer, and a learning mode, which wants calls
 * that were only noted (action `notify`) as well as refused ones: so both lie here, told apart by
 * their action.
 */
#ifndef LAUNCHER_WATCH_DENIALS_H
#define LAUNCHER_WATCH_DENIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/buf.h"

enum {
	DENIALS_MOST = 512,    /* records; what comes later is only counted */
	DENIALS_ARGUMENTS = 6, /* of a call */
	DENIALS_TEXT = 512,    /* bytes of an argument as text, with its NUL */
};

/* What happened, as its observer knows it. Texts are the program's bytes: who prints escapes. */
struct denial_event {
	const char
		*call; /* "openat", "landlock", or NULL where the tables do not know the number */
	const char *entry; /* "x86_64": by which entry of the kernel it came, or NULL */
	uint32_t number;
	uint32_t action;    /* SECCOMP_RET_* with its data */
	const char *origin; /* FILE:LINE of what decided, or "" */
	char arguments[DENIALS_ARGUMENTS][DENIALS_TEXT];
	int argument_count;
};

/* Who it was, of the first event of its kind. */
struct denial_process {
	int pid;       /* inside the sandbox; 0: not known */
	char comm[16]; /* empty: not known */
};

struct denials;

/* denials_new() - an empty store, or NULL. Its records keep pointers to call, entry and origin. */
struct denials *denials_new(void);
void denials_free(struct denials *denials);

/* denials_add() - count @event. Returns the process to be filled in where it is the first of its
 * kind, otherwise NULL. */
struct denial_process *denials_add(struct denials *denials, const struct denial_event *event);

/* denials_last() - which record the last denials_add() counted, for denials_again(); SIZE_MAX where
 * there was no room for one. */
size_t denials_last(const struct denials *denials);

/* denials_again() - count one more event just like those of @record. */
void denials_again(struct denials *denials, size_t record);

/* denials_count() - events so far. */
uint64_t denials_count(const struct denials *denials);

/* denials_write() - the records as a JSON list: the refused ones, or those only @noted. A last
 * object without a call counts what there was no room for. */
void denials_write(const struct denials *denials, bool noted, struct buf *out);

/* denials_each() - the records as lines for a person, one after the other through @tell. */
void denials_each(const struct denials *denials, void (*tell)(const char *line));

#endif
