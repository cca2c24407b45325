/* payload.h - what the payloads of tests/escape share
 *
 * A payload is one attempt at something that a sandbox must not allow, `payload NAME [ARGUMENT]...`
 * It says how each step went in one line, "WHAT ok" or "WHAT ERRNO", and ends with 0. What it does
 * is harmless where it succeeds: files of the host are opened and closed but never written, what is
 * made is given back at once, numbers are bounded here, and nothing is ever connected to but an
 * address that the test gave. rows.toml says what each must say inside and what its control says.
 */
#ifndef TESTS_ESCAPE_PAYLOAD_H
#define TESTS_ESCAPE_PAYLOAD_H

#include <stddef.h>

struct payload {
	const char *name;
	int (*run)(int count, char **arguments);
};

/* "@what ok" where @result is not negative, else "@what ERRNO". Returns 0. */
int say(const char *what, long result);

/* The same, and closes the descriptor that @result is. */
int say_fd(const char *what, long result);

extern const struct payload calls_payloads[];
extern const struct payload files_payloads[];
extern const struct payload mounts_payloads[];
extern const struct payload processes_payloads[];
extern const struct payload resources_payloads[];
extern const struct payload sockets_payloads[];
extern const struct payload terminals_payloads[];

#endif
