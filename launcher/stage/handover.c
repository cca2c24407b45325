/* handover.c - descriptors for the supervisor (see handover.h) */
#include "launcher/stage/handover.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "launcher/stage/filters.h"
#include "launcher/stage/terminal.h"

enum { DESCRIPTORS = offsetof(struct handover, program) / sizeof(int) };

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int) * DESCRIPTORS) + CMSG_SPACE(sizeof(struct ucred))];
};

/* As many as the kernel may put there, whatever was to come. */
enum { MOST_RECEIVED = sizeof(union control) / sizeof(int) };

bool handover_wanted(const struct setup *setup)
{
	const struct plan *plan = setup->plan;

	return filters_listened(setup) || filters_audited(setup) || terminal_wanted(setup) ||
	       terminal_shared(setup) || (plan->limits.cpu.set && plan->process.init);
}

/* The kernel translates the pid, and believes it of a pid 1 that has its capabilities still. */
static size_t put_program(struct cmsghdr *header, int program)
{
	const struct ucred credentials = { .pid = program,
					   .uid = (uint32_t)sys_getuid(),
					   .gid = (uint32_t)sys_getgid() };

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = (unsigned int)CMSG_LEN(sizeof(credentials));
	memcpy(CMSG_DATA(header), &credentials, sizeof(credentials));
	return CMSG_SPACE(sizeof(credentials));
}

static size_t put_descriptors(struct cmsghdr *header, const int *fds, size_t count)
{
	if (!count)
		return 0;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = (unsigned int)CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	return CMSG_SPACE(sizeof(int) * count);
}

int handover_send(const struct handover *handover, int link)
{
	const int *fds = (const int *)handover;
	union control control = { 0 };
	char there[DESCRIPTORS];
	struct iovec part = { there, sizeof(there) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int sent[DESCRIPTORS];
	size_t count = 0;
	size_t used;
	long r;

	for (int i = 0; i < DESCRIPTORS; i++) {
		there[i] = fds[i] >= 0 ? 1 : 0;
		if (fds[i] >= 0)
			sent[count++] = fds[i];
	}
	used = put_program(&control.header, handover->program);
	used += put_descriptors((struct cmsghdr *)(void *)(control.room + used), sent, count);
	message.msg_control = &control;
	message.msg_controllen = (unsigned int)used;
	do {
		r = sys_sendmsg(link, &message, MSG_NOSIGNAL);
	} while (r == -EINTR);
	return r < 0 ? (int)r : 0;
}

void handover_stopped(int link, unsigned char heard)
{
	(void)sys_sendto(link, &heard, sizeof(heard), MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

/* What came beside the bytes: descriptors into @got, returns how many; the pid. */
static size_t take_control(const struct msghdr *message, int got[MOST_RECEIVED], int *program)
{
	char *control = message->msg_control;
	struct ucred credentials;
	struct cmsghdr header;
	size_t count = 0;

	for (size_t at = 0; at + sizeof(header) <= message->msg_controllen;
	     at += CMSG_ALIGN(header.cmsg_len)) {
		memcpy(&header, control + at, sizeof(header));
		if (header.cmsg_len < sizeof(header))
			break;
		if (header.cmsg_type == SCM_RIGHTS) {
			count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(got, control + at + CMSG_LEN(0), count * sizeof(int));
		} else if (header.cmsg_type == SCM_CREDENTIALS) {
			memcpy(&credentials, control + at + CMSG_LEN(0), sizeof(credentials));
			*program = credentials.pid;
		}
	}
	return count;
}

void handover_expect(int link)
{
	int on = 1;

	/* May fail: the log's records are not known for the program's then. */
	(void)sys_setsockopt(link, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

int handover_receive(struct handover *handover, int link)
{
	int *fds = (int *)handover;
	union control control = { 0 };
	char there[DESCRIPTORS];
	struct iovec part = { there, sizeof(there) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int got[MOST_RECEIVED];
	size_t count;
	size_t next = 0;
	long r;

	*handover = HANDOVER_NONE;
	do {
		r = sys_recvmsg(link, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (r == -EINTR);
	if (r <= 0)
		return (int)r;
	count = take_control(&message, got, &handover->program);
	handover->heard = (unsigned char)there[0];
	for (int i = 0; i < DESCRIPTORS && r == DESCRIPTORS; i++)
		if (there[i] && next < count)
			fds[i] = got[next++];
	for (; next < count; next++)
		fd_close(&got[next]);
	return message.msg_flags & MSG_CTRUNC ? -EMFILE : 1;
}

void handover_drop(struct handover *handover)
{
	int *fds = (int *)handover;

	for (int i = 0; i < DESCRIPTORS; i++)
		fd_close(&fds[i]);
}
