/* tap.h - results of a unit test as TAP version 13
 *
 * A test is one program, tests/unit/NAME.c, linked with everything of the launcher but main(). It
 * calls ok() and its kin, and returns done() from main(). A failed check prints what was expected
 * and goes on, so that one run shows all that is wrong.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

/* Prints one result line; @suffix is a directive ("# SKIP why") or empty. */
__attribute__((format(printf, 3, 0))) static inline void tap_line(bool passed, const char *suffix,
								  const char *format, va_list args)
{
	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	vprintf(format, args);
	printf("%s\n", suffix);
	if (!passed)
		tap_failed++;
	fflush(stdout);
}

__attribute__((format(printf, 4, 5))) static inline bool tap_ok(bool passed, const char *file,
								int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line(passed, "", format, args);
	va_end(args);
	if (!passed)
		printf("# at %s:%d\n", file, line);
	return passed;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_number(int64_t got, int64_t expected, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line(got == expected, "", format, args);
	va_end(args);
	if (got != expected)
		printf("# at %s:%d: got %lld, expected %lld\n", file, line, (long long)got,
		       (long long)expected);
	return got == expected;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_text(const char *got,
								     const char *expected,
								     const char *file, int line,
								     const char *format, ...)
{
	bool same = got && expected ? strcmp(got, expected) == 0 : got == expected;
	va_list args;

	va_start(args, format);
	tap_line(same, "", format, args);
	va_end(args);
	if (!same)
		printf("# at %s:%d:\n# got      %s\n# expected %s\n", file, line,
		       got ? got : "(null)", expected ? expected : "(null)");
	return same;
}

/* Each takes a printf format last that says what is being tested. */
#define ok(condition, ...) tap_ok((condition), __FILE__, __LINE__, __VA_ARGS__)
#define is_number(got, expected, ...)                                                              \
	tap_is_number((int64_t)(got), (int64_t)(expected), __FILE__, __LINE__, __VA_ARGS__)
#define is_text(got, expected, ...) tap_is_text((got), (expected), __FILE__, __LINE__, __VA_ARGS__)

/* skip() - count a check that this machine cannot make, and say why. */
__attribute__((format(printf, 2, 3))) static inline void skip(const char *why, const char *format,
							      ...)
{
	char suffix[256];
	va_list args;

	snprintf(suffix, sizeof(suffix), " # SKIP %s", why);
	va_start(args, format);
	tap_line(true, suffix, format, args);
	va_end(args);
}

/* note() - a line for the reader of a failed run. */
#define note(...) (printf("# "), printf(__VA_ARGS__), printf("\n"))

static inline int done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
