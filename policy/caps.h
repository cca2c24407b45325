/* caps.h - capability sets and their text form, as pure functions */
#ifndef POLICY_CAPS_H
#define POLICY_CAPS_H

#include <stddef.h>
#include <stdint.h>

/* Bit n of each is capability n. */
struct caps_sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

enum { CAPS_TEXT_BYTES = 2048 }; /* enough for what caps_to_text() writes of any sets */

/* caps_from_text() - "cap_chown,cap_kill=ep cap_fowner+i", as cap_from_text(3) reads it: clauses
 * apart by white space, each a list of names, numbers or "all" and then =, + or - with flags of e,
 * i, p. "All" is every capability that has a name. Returns 0 or -EINVAL.
 */
int caps_from_text(const char *text, struct caps_sets *sets);

/* caps_to_text() - the text that cap_to_text(3) gives. Always terminates @out, which has @size
 * bytes; returns the length.
 */
size_t caps_to_text(const struct caps_sets *sets, char *out, size_t size);

#endif
