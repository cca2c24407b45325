/* load.c - a server that takes whatever comes, and two clients that measure it
 *
 *	load serve PORT                      until killed
 *	load stream ADDRESS PORT MIB         Gbit/s of one connection that sends MIB mebibytes
 *	load connect ADDRESS PORT COUNT      connections a second, one after the other, each with a
 *	                                     byte there and a byte back
 *
 * IPv4 only; every count is bounded by its argument. A static program: it runs inside sandboxes.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 17, CLIENTS = 64 };

static char chunk[CHUNK];

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in end_of(const char *address, const char *port)
{
	struct sockaddr_in end = { .sin_family = AF_INET,
				   .sin_port = htons((unsigned short)atoi(port)) };

	if (inet_pton(AF_INET, address, &end.sin_addr) != 1)
		give_up(address);
	return end;
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* A first byte of 'c' is sent back; everything is read until its end, which is answered. */
static _Noreturn void serve(const char *port)
{
	struct sockaddr_in any = end_of("0.0.0.0", port);
	struct pollfd fds[1 + CLIENTS] = { { .events = POLLIN } };
	int used = 1;
	int on = 1;

	fds[0].fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fds[0].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fds[0].fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    listen(fds[0].fd, 1024) < 0)
		give_up("listen");
	for (;;) {
		poll(fds, (nfds_t)used, -1);
		for (int i = used - 1; i > 0; i--) {
			ssize_t got = fds[i].revents ? read(fds[i].fd, chunk, CHUNK) : 1;

			if (fds[i].revents && got == 1 && chunk[0] == 'c')
				(void)!write(fds[i].fd, chunk, 1);
			if (got <= 0) {
				close(fds[i].fd);
				fds[i] = fds[--used];
			}
		}
		if (fds[0].revents && used <= CLIENTS)
			fds[used++] = (struct pollfd){ accept(fds[0].fd, NULL, NULL), POLLIN, 0 };
	}
}

static int dial(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		give_up("connect");
	return fd;
}

static void stream(const struct sockaddr_in *to, long mebibytes)
{
	double begin = now();
	int fd = dial(to);

	for (long left = mebibytes << 20; left > 0;) {
		ssize_t put = write(fd, chunk, CHUNK);

		if (put < 0)
			give_up("write");
		left -= put;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, chunk, CHUNK) > 0)
		;
	printf("%.2f\n", (double)mebibytes * 8 * (1 << 20) / 1e9 / (now() - begin));
}

static void connect_often(const struct sockaddr_in *to, long count)
{
	double begin = now();
	char byte = 'c';

	for (long i = 0; i < count; i++) {
		int fd = dial(to);

		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			give_up("echo");
		close(fd);
	}
	printf("%.0f\n", (double)count / (now() - begin));
}

int main(int argc, char **argv)
{
	struct sockaddr_in to;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc != 5)
		return 2;
	to = end_of(argv[2], argv[3]);
	if (strcmp(argv[1], "stream") == 0)
		stream(&to, atol(argv[4]));
	else
		connect_often(&to, atol(argv[4]));
	return 0;
}
