/* json.h - writing JSON into a buffer
 *
 * Commas are the caller's: these write values. The result is always UTF-8.
 */
#ifndef LAUNCHER_BASE_JSON_H
#define LAUNCHER_BASE_JSON_H

#include "launcher/base/buf.h"

/* json_bytes() - @bytes as a string. Valid UTF-8 stays as it is but for control characters, which
 * are \u00HH; every other byte is the four characters \xHH. */
void json_bytes(struct buf *out, const char *bytes, size_t length);

/* json_text() - the same of a text, null for NULL. */
void json_text(struct buf *out, const char *text);

#endif
