/* describe.h - a system call's arguments as text for a person
 *
 * Pure: numbers and bytes in, text out. What a pointer leads to is read elsewhere and given here as
 * bytes, which are a hostile program's: nothing is believed of them but their length.
 */
#ifndef LAUNCHER_WATCH_DESCRIBE_H
#define LAUNCHER_WATCH_DESCRIBE_H

#include "policy/policy.h"

enum { DESCRIBE_ARGUMENTS = 6, DESCRIBE_FAMILY = 32 };

enum describe_kind {
	DESCRIBE_NUMBER,  /* a value: descriptor, count, address, constant */
	DESCRIBE_TEXT,    /* a pointer to text that ends in NUL */
	DESCRIBE_ADDRESS, /* a pointer to a socket address; the argument after it is its length */
};

struct describe_argument {
	enum describe_kind kind;
	char type[DESCRIBE_FAMILY];   /* i32, u64, fd, flags, enum, mode, ptr, ... */
	char family[DESCRIBE_FAMILY]; /* of constants, or empty */
	char name[DESCRIBE_FAMILY];   /* as in the man page, or empty */
};

/* describe_call() - the arguments of call @number at @entry; returns how many there are. A call
 * that the tables do not know has six numbers. */
int describe_call(enum policy_entry entry, uint32_t number,
		  struct describe_argument arguments[DESCRIBE_ARGUMENTS]);

/* describe_number() - one value, as wide as the kernel takes it. Always ends @out. */
void describe_number(enum policy_entry entry, const struct describe_argument *argument,
		     uint64_t value, char *out, size_t size);

/* describe_address() - @length bytes of a socket address: "inet 127.0.0.1:80", "inet6 [::1]:80",
 * "unix /path", "unix @abstract", "family 17". Control characters of a path stay: who prints
 * escapes. NUL in an abstract name is shown as @. */
void describe_address(const unsigned char *bytes, size_t length, char *out, size_t size);

/* describe_entry() - the entry that a call came by: @arch is AUDIT_ARCH_*. ENTRY_COUNT: none of
 * ours. @number loses x32's bit. */
enum policy_entry describe_entry(uint32_t arch, uint32_t *number);

#endif
