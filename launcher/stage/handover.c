/* handover.c - descriptors for the supervisor (see handover.h) */
#include "launcher/stage/handover.h"

#include <errno.h>
#include <string.h>

#include "launcher/stage/filters.h"
#include "launcher/stage/terminal.h"

enum { DESCRIPTORS = sizeof(struct handover) / sizeof(int) };

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
};

bool handover_wanted(const struct setup *setup)
{
	const struct plan *plan = setup->plan;

	return filters_listened(setup) || terminal_wanted(setup) ||
	       (plan->limits.cpu.set && plan->process.init);
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
	long r;

	for (int i = 0; i < DESCRIPTORS; i++) {
		there[i] = fds[i] >= 0 ? 1 : 0;
		if (fds[i] >= 0)
			sent[count++] = fds[i];
	}
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = (unsigned int)CMSG_SPACE(sizeof(int) * count);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = (unsigned int)CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(&control.header), sent, sizeof(int) * count);
	}
	do {
		r = sys_sendmsg(link, &message, MSG_NOSIGNAL);
	} while (r == -EINTR);
	return r < 0 ? (int)r : 0;
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
	struct cmsghdr *header;
	int got[DESCRIPTORS];
	size_t count = 0;
	size_t next = 0;
	long r;

	*handover = HANDOVER_NONE;
	do {
		r = sys_recvmsg(link, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (r == -EINTR);
	if (r <= 0)
		return (int)r;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(got, CMSG_DATA(header), count * sizeof(int));
	}
	for (int i = 0; i < DESCRIPTORS && r == DESCRIPTORS; i++)
		if (there[i] && next < count)
			fds[i] = got[next++];
	for (; next < count; next++)
		fd_close(&got[next]);
	return message.msg_flags & MSG_CTRUNC ? -EMFILE : 1;
}
