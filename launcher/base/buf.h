/* buf.h - a growing byte buffer with a sticky error
 *
 * Invariants: data[0 .. length) is initialised; after a failed allocation `failed` is set, the
 * contents stay as they were, and every later call does nothing. Callers check `failed` once, at
 * the end.
 */
#ifndef LAUNCHER_BASE_BUF_H
#define LAUNCHER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t length;
	size_t size;
	bool failed;
};

#define BUF_EMPTY ((struct buf){ 0 })
#define cleanup_buf __attribute__((cleanup(buf_finish)))

void buf_finish(struct buf *buf);
void buf_bytes(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* buf_reserve() - room for @length more bytes at the end, or NULL. The caller fills them and calls
 * buf_grew() with how many it filled.
 */
char *buf_reserve(struct buf *buf, size_t length);
void buf_grew(struct buf *buf, size_t length);

/* buf_read_fd() - append all of @fd until its end. Returns 0, -errno, or -EFBIG past @max bytes. */
int buf_read_fd(struct buf *buf, int fd, size_t max);

#endif
