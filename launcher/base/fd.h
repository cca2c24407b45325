/* fd.h - owned file descriptors
 *
 * `cleanup_fd int fd = -1;` closes fd when the variable goes out of scope; take_fd() hands it on.
 */
#ifndef LAUNCHER_BASE_FD_H
#define LAUNCHER_BASE_FD_H

#include <errno.h>

#include "lua/raw/calls.h"

/* fd_close() - close *@fd if it is open and set it to -1. A failed close changes nothing for us:
 * Linux frees the number first (close(2)). */
static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* fd_write_all() - write all of @bytes; EINTR is no error. Returns 0, or the first other -errno. */
static inline int fd_write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		long sent = sys_write(fd, bytes, length);

		if (sent == -EINTR)
			continue;
		if (sent < 0)
			return (int)sent;
		bytes += sent;
		length -= (size_t)sent;
	}
	return 0;
}

#define cleanup_fd __attribute__((cleanup(fd_close)))

#endif
