/* test_handover.c - what pid 1 of a sandbox hands over, and what it may send besides */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/stage/handover.h"
#include "tests/unit/tap.h"

enum { MANY = 14, HIGHEST = 64 };

static int pair[2];

static int open_files(void)
{
	int count = 0;

	for (int fd = 0; fd < HIGHEST; fd++)
		count += sys_fcntl(fd, F_GETFD, 0) >= 0;
	return count;
}

static int some_file(void)
{
	int fd = (int)sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		abort();
	return fd;
}

/* @count descriptors beside @length bytes, none of them announced but by their bytes. */
static void send_many(size_t count, size_t length)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * MANY)];
	} control = { 0 };
	char there[MANY];
	int fds[MANY];
	struct iovec part = { there, length };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = (unsigned int)CMSG_SPACE(sizeof(int) * count) };

	memset(there, 1, sizeof(there));
	for (size_t i = 0; i < count; i++)
		fds[i] = some_file();
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = (unsigned int)CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * count);
	if (sys_sendmsg(pair[1], &message, MSG_NOSIGNAL) != (long)length)
		abort();
	for (size_t i = 0; i < count; i++)
		fd_close(&fds[i]);
}

static void check_expected(void)
{
	struct handover sent = HANDOVER_NONE;
	struct handover got;
	int before = open_files();

	is_number(handover_receive(&got, pair[0]), -EAGAIN, "nothing has come");
	sent.counter = some_file();
	sent.slave = some_file();
	sent.program = (int)sys_getpid();
	is_number(handover_send(&sent, pair[1]), 0, "two descriptors are sent");
	is_number(handover_receive(&got, pair[0]), 1, "and come");
	ok(got.listener < 0 && got.counter >= 0 && got.proc < 0 && got.master < 0 && got.slave >= 0,
	   "each in its place");
	is_number(got.program, sys_getpid(), "with the program's pid");
	handover_drop(&got);
	handover_drop(&sent);
	handover_stopped(pair[1], 7);
	is_number(handover_receive(&got, pair[0]), 1, "a stop comes");
	ok(got.heard == 7 && got.listener < 0 && got.slave < 0, "without descriptors");
	is_number(open_files(), before, "and nothing stays open");
}

/* From a pid 1 that somebody else has taken over. */
static void check_hostile(void)
{
	struct handover got;
	int before = open_files();

	for (size_t count = 1; count <= MANY; count++) {
		for (size_t length = 1; length <= MANY; length++) {
			send_many(count, length);
			(void)handover_receive(&got, pair[0]);
			handover_drop(&got);
		}
	}
	is_number(open_files(), before, "more descriptors than are asked for are closed");
	ok(got.listener < 0 && got.slave < 0, "as are those that were");
}

int main(void)
{
	if (sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	check_hostile();
	handover_expect(pair[0]);
	check_expected();
	check_hostile();
	fd_close(&pair[1]);
	is_number(handover_receive(&(struct handover){ 0 }, pair[0]), 0, "the end of the link");
	return done();
}
