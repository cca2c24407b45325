/* calls_socket.h - the system calls of sockets, in the manner of calls.h
 *
 * Included through calls.h, whose rules hold here: the kernel's own order and width, the value or
 * -errno, and nothing but the call.
 */
#ifndef LUA_RAW_CALLS_SOCKET_H
#define LUA_RAW_CALLS_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>

#include "lua/raw/entry.h"
#include "raw/number.h"

static inline long sys_socket(int domain, int type, int protocol)
{
	return raw_entry(RAW_socket, (long)domain, (long)type, (long)protocol, 0, 0, 0);
}

static inline long sys_socketpair(int domain, int type, int protocol, int fds[2])
{
	return raw_entry(RAW_socketpair, (long)domain, (long)type, (long)protocol, (long)fds, 0, 0);
}

static inline long sys_bind(int fd, const void *addr, unsigned int len)
{
	return raw_entry(RAW_bind, (long)fd, (long)addr, (long)len, 0, 0, 0);
}

static inline long sys_connect(int fd, const void *addr, unsigned int len)
{
	return raw_entry(RAW_connect, (long)fd, (long)addr, (long)len, 0, 0, 0);
}

static inline long sys_getsockname(int fd, void *addr, unsigned int *len)
{
	return raw_entry(RAW_getsockname, (long)fd, (long)addr, (long)len, 0, 0, 0);
}

static inline long sys_listen(int fd, int backlog)
{
	return raw_entry(RAW_listen, (long)fd, (long)backlog, 0, 0, 0, 0);
}

static inline long sys_accept4(int fd, void *addr, unsigned int *len, int flags)
{
	return raw_entry(RAW_accept4, (long)fd, (long)addr, (long)len, (long)flags, 0, 0);
}

static inline long sys_shutdown(int fd, int how)
{
	return raw_entry(RAW_shutdown, (long)fd, (long)how, 0, 0, 0, 0);
}

static inline long sys_getsockopt(int fd, int level, int name, void *value, unsigned int *len)
{
	return raw_entry(RAW_getsockopt, (long)fd, (long)level, (long)name, (long)value, (long)len,
			 0);
}

static inline long sys_setsockopt(int fd, int level, int name, const void *value, unsigned int len)
{
	return raw_entry(RAW_setsockopt, (long)fd, (long)level, (long)name, (long)value, (long)len,
			 0);
}

static inline long sys_sendto(int fd, const void *buf, size_t len, int flags, const void *addr,
			      unsigned int addrlen)
{
	return raw_entry(RAW_sendto, (long)fd, (long)buf, (long)len, (long)flags, (long)addr,
			 (long)addrlen);
}

static inline long sys_recvfrom(int fd, void *buf, size_t len, int flags, void *addr,
				unsigned int *addrlen)
{
	return raw_entry(RAW_recvfrom, (long)fd, (long)buf, (long)len, (long)flags, (long)addr,
			 (long)addrlen);
}

static inline long sys_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return raw_entry(RAW_sendmsg, (long)fd, (long)msg, (long)flags, 0, 0, 0);
}

static inline long sys_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return raw_entry(RAW_recvmsg, (long)fd, (long)msg, (long)flags, 0, 0, 0);
}

#endif
