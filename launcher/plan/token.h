/* token.h - the tokens of a plan's text: bytes in their one written form
 *
 * Every value has exactly one way of being written (docs/plan.md), so that a text that was read and
 * written again is the same text. The readers here refuse every other way.
 */
#ifndef LAUNCHER_PLAN_TOKEN_H
#define LAUNCHER_PLAN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/base/buf.h"

/* token_read() - read the token at @token in place, up to the space or newline behind it
 * That byte is put into @delimiter, and the token ended by NUL. A newline must follow somewhere.
 * Returns the delimiter's place, or NULL where the bytes are no token.
 */
char *token_read(char *token, char *delimiter);

/* token_unescape() - read the token of @length bytes in place, ending it with NUL
 * The caller owns the byte after the token. Returns false where the bytes are no token.
 */
bool token_unescape(char *token, size_t length);

/* token_escape() - append @bytes as one token. */
void token_escape(struct buf *out, const char *bytes, size_t length);
void token_text(struct buf *out, const char *text);

/* Numbers. Each returns false where @text is not the one form of a number up to @max. */
bool token_number(const char *text, uint64_t max, uint64_t *value);
bool token_u32(const char *text, uint32_t max, uint32_t *value);
bool token_hex(const char *text, uint64_t max, uint64_t *value);
bool token_octal(const char *text, uint32_t max, uint32_t *value); /* four digits */

/* The same, of a part of a token that ends before @stop: for "A-B,C". */
bool token_number_part(const char *text, const char *stop, uint64_t max, uint64_t *value);
bool token_hex_part(const char *text, const char *stop, uint64_t max, uint64_t *value);

/* token_path() - is @text absolute, below PATH_MAX, without empty, "." and ".." components and
 * without a slash at the end (but "/" itself)? */
bool token_path(const char *text);

/* token_host_path() - is @text absolute and below PATH_MAX? */
bool token_host_path(const char *text);

/* token_name() - is @text 1 to 64 letters, digits, dots, hyphens and underscores, and its first a
 * letter or a digit? So it can be the name of a file. */
bool token_name(const char *text);

#endif
