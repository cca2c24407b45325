/* audit.c - refusals that only the kernel's audit log tells (see audit.h)
 *
 * Sources: Documentation/admin-guide/LSM/landlock.rst, security/landlock/audit.c and
 * kernel/auditsc.c (audit_seccomp()) of Linux 6.15; kauditd_send_multicast_skb() in kernel/audit.c,
 * whose messages have a length in their header that is not theirs, so the datagram's counts.
 */
#include "launcher/watch/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "launcher/base/base.h"
#include "launcher/net/netlink.h"
#include "launcher/watch/describe.h"
#include "launcher/watch/origin.h"
#include "policy/tables.h"

/* include/uapi/linux/audit.h */
enum {
	GROUP_READLOG = 1,
	RECORD_STATUS = 1000, /* AUDIT_GET, and what it answers */
	RECORD_SECCOMP = 1326,
	RECORD_LANDLOCK_ACCESS = 1423,
	RECORD_LANDLOCK_DOMAIN = 1424,
	MOST = 8970,  /* of a message: MAX_AUDIT_MESSAGE_LENGTH */
	ANSWER = 100, /* ms for the kernel's thread that gives one */
	SETTLE = 20,  /* ms without a record that are taken for the end */
	ROUNDS = 10,
	AT_ONCE = 64,   /* records, before something else has its turn */
	ABI_LOGGED = 7, /* of Landlock: Linux 6.15 */
};

int audit_open(void)
{
	const struct sockaddr_nl all = { .nl_family = AF_NETLINK,
					 .nl_groups = 1u << (GROUP_READLOG - 1) };
	cleanup_fd int fd = nl_open(NETLINK_AUDIT);
	long r = fd < 0 ? fd : sys_bind(fd, &all, sizeof(all));

	return r < 0 ? (int)r : take_fd(&fd);
}

/* Is the host's auditing switched on? -errno where it is not told. The answer comes from a thread
 * of the kernel's, so an acknowledgement would not say that it is there. */
static int is_switched_on(void)
{
	struct {
		struct nlmsghdr header;
		uint32_t status[16]; /* struct audit_status: mask, enabled, and more */
	} message = { .header = { .nlmsg_len = NLMSG_HDRLEN,
				  .nlmsg_type = RECORD_STATUS,
				  .nlmsg_flags = NLM_F_REQUEST } };
	cleanup_fd int fd = nl_open(NETLINK_AUDIT);
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	struct raw_timespec patience = { .nanoseconds = ANSWER * 1000000 };
	long r = fd < 0 ? fd : sys_sendto(fd, &message, NLMSG_HDRLEN, 0, NULL, 0);

	if (r >= 0)
		r = sys_ppoll(&poll, 1, &patience, NULL, 0);
	if (r > 0)
		r = sys_recvfrom(fd, &message, sizeof(message), MSG_DONTWAIT, NULL, NULL);
	if (r < NLMSG_HDRLEN + 8 || message.header.nlmsg_type != RECORD_STATUS)
		return r < 0 ? (int)r : -EPERM;
	return message.status[1] != 0;
}

const char *audit_silence(int abi)
{
	if (abi < ABI_LOGGED)
		return "Landlock's refusals are in the kernel's audit log from Linux 6.15 on; "
		       "ask `lunette why`";
	/* May fail: a root without CAP_AUDIT_CONTROL is not told. */
	if (is_switched_on() == 0)
		return "Landlock's refusals are told by auditing, which is off (auditctl -e 1); "
		       "ask `lunette why`";
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Where the value of @name stands in @text, whose words stand apart by spaces; or NULL. */
static const char *value_of(const char *text, const char *name, size_t *length)
{
	size_t named = strlen(name);

	while (strncmp(text, name, named) != 0 || text[named] != '=') {
		text = strchr(text, ' ');
		if (!text)
			return NULL;
		text++;
	}
	text += named + 1;
	*length = strcspn(text, " ");
	return text;
}

/* A value that a program has chosen is in quotes; one with a space, a quote or a byte that is not
 * printable is in hexadecimal digits. Any other is as it is. */
static bool text_of(const char *text, const char *name, char *out, size_t size)
{
	size_t length;
	const char *value = value_of(text, name, &length);
	size_t used = 0;

	out[0] = '\0';
	if (!value)
		return false;
	if (length >= 2 && value[0] == '"') {
		snprintf(out, size, "%.*s", (int)(length - 2), value + 1);
		return true;
	}
	while (used + 1 < size && 2 * used + 1 < length && hex_digit(value[2 * used]) >= 0 &&
	       hex_digit(value[2 * used + 1]) >= 0) {
		out[used] =
			(char)(hex_digit(value[2 * used]) << 4 | hex_digit(value[2 * used + 1]));
		used++;
	}
	out[used] = '\0';
	return true;
}

static uint64_t number_of(const char *text, const char *name, int base)
{
	size_t length;
	const char *value = value_of(text, name, &length);

	return value ? strtoull(value, NULL, base) : 0;
}

static void parse_access(const char *text, struct audit_record *record)
{
	size_t length = 0;
	const char *blockers = value_of(text, "blockers", &length);
	size_t unused;

	snprintf(record->blockers, sizeof(record->blockers), "%.*s", (int)length,
		 blockers ? blockers : "");
	record->is_path = text_of(text, "path", record->object, sizeof(record->object));
	record->port = -1;
	if (record->is_path)
		return;
	if (value_of(text, "dest", &unused))
		record->port = (uint16_t)number_of(text, "dest", 10);
	else if (value_of(text, "src", &unused))
		record->port = (uint16_t)number_of(text, "src", 10);
	if (record->port >= 0)
		snprintf(record->object, sizeof(record->object), "port %d", record->port);
	else if (value_of(text, "opid", &unused))
		snprintf(record->object, sizeof(record->object), "process %llu",
			 (unsigned long long)number_of(text, "opid", 10));
}

void audit_parse(uint16_t type, const char *bytes, size_t length, struct audit_record *record)
{
	char text[MOST + 1];

	*record = (struct audit_record){ .port = -1 };
	snprintf(text, sizeof(text), "%.*s", (int)(length < MOST ? length : MOST), bytes);
	record->domain = number_of(text, "domain", 16);
	record->pid = (int)number_of(text, "pid", 10);
	(void)text_of(text, "comm", record->comm, sizeof(record->comm));
	switch (type) {
	case RECORD_SECCOMP:
		record->kind = AUDIT_CALL;
		record->arch = (uint32_t)number_of(text, "arch", 16);
		record->call = (uint32_t)number_of(text, "syscall", 10);
		record->action = (uint32_t)number_of(text, "code", 16);
		break;
	case RECORD_LANDLOCK_ACCESS:
		record->kind = AUDIT_ACCESS;
		parse_access(text, record);
		break;
	case RECORD_LANDLOCK_DOMAIN:
		/* One that goes tells no maker. */
		record->kind = record->pid ? AUDIT_DOMAIN : AUDIT_OTHER;
		break;
	default:
		break;
	}
}

/* Of the rights that were missing the first stands for all. */
static const char *origin_of(const struct audit *audit, const struct audit_record *record)
{
	char name[sizeof(record->blockers)];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(record->blockers, ","), record->blockers);
	if (record->is_path && strncmp(name, "fs.", 3) == 0)
		return origin_of_path(audit->plan, record->object,
				      tables_landlock_right(LANDLOCK_FS, name + 3), NULL);
	if (record->port >= 0 && strncmp(name, "net.", 4) == 0)
		return origin_of_port(audit->plan, (uint16_t)record->port,
				      tables_landlock_right(LANDLOCK_NET, name + 4), NULL);
	return audit->plan->landlock.origin ? audit->plan->landlock.origin : "";
}

static void add_access(struct audit *audit, const struct audit_record *record)
{
	bool scope = !record->is_path && record->port < 0;
	struct denial_event event = { .call = "landlock",
				      .action = SECCOMP_RET_ERRNO |
						(uint32_t)(scope ? EPERM : EACCES),
				      .argument_count = record->object[0] ? 2 : 1 };

	event.origin = origin_of(audit, record);
	snprintf(event.arguments[0], sizeof(event.arguments[0]), "%s", record->blockers);
	memcpy(event.arguments[1], record->object, sizeof(record->object));
	(void)denials_add(audit->denials, &event);
}

/* A process of the sandbox has its pid 1's pid namespace. */
static bool is_ours(const struct audit *audit, int pid)
{
	char path[40];
	struct stat ours, its;

	if (pid == audit->program)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/ns/pid_for_children", audit->init);
	if (sys_newfstatat(AT_FDCWD, path, &ours, 0) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return sys_newfstatat(AT_FDCWD, path, &its, 0) == 0 && its.st_dev == ours.st_dev &&
	       its.st_ino == ours.st_ino;
}

/* A record has no arguments; where the rule asks for some, its line is not known. */
static void add_call(struct audit *audit, const struct audit_record *record)
{
	struct seccomp_data call = { .nr = (int)record->call, .arch = record->arch };
	uint32_t number = record->call;
	enum policy_entry entry = describe_entry(record->arch, &number);
	struct denial_event event = { .number = number, .origin = "" };
	struct denial_process *first;
	size_t decided;

	if (record->action != SECCOMP_RET_TRAP || !is_ours(audit, record->pid))
		return;
	event.action = policy_evaluate(&audit->plan->seccomp, &call, &decided);
	if ((event.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRAP)
		event.origin = origin_of_call(audit->plan, entry, number, decided);
	else
		event.action = SECCOMP_RET_TRAP;
	event.entry = entry < ENTRY_COUNT ? tables_entry_name(entry) : NULL;
	event.call = entry < ENTRY_COUNT ? tables_call_name(tables_call_at(entry, number)) : NULL;
	first = denials_add(audit->denials, &event);
	if (first)
		memcpy(first->comm, record->comm, sizeof(first->comm));
}

/* The program may make domains too, under its own name: ours was made under the launcher's. It may
 * also take that name, but no number below that of ours: the kernel's go up. */
static void learn_domain(struct audit *audit, const struct audit_record *record)
{
	char own[16] = "";

	(void)sys_prctl(PR_GET_NAME, (unsigned long)(uintptr_t)own, 0, 0, 0);
	if ((audit->known && record->domain >= audit->domain) || record->pid != audit->program ||
	    strcmp(record->comm, own) != 0)
		return;
	audit->known = true;
	audit->domain = record->domain;
	if (audit->holds && audit->held.domain == record->domain)
		add_access(audit, &audit->held);
}

void audit_hear(struct audit *audit, const struct audit_record *record)
{
	switch (record->kind) {
	case AUDIT_CALL:
		add_call(audit, record);
		break;
	case AUDIT_ACCESS:
		audit->holds = !audit->known || record->domain != audit->domain;
		if (audit->holds)
			audit->held = *record;
		else
			add_access(audit, record);
		break;
	case AUDIT_DOMAIN:
		learn_domain(audit, record);
		break;
	case AUDIT_OTHER:
		break;
	}
}

/* Only the kernel is believed. ENOBUFS says that more came than could be kept. No more than some at
 * once: the log is the whole host's, and who fills it must not keep the launcher from its
 * deadlines. */
void audit_take(struct audit *audit)
{
	char message[NLMSG_HDRLEN + MOST] __attribute__((aligned(8)));
	struct sockaddr_nl from = { 0 };
	unsigned int size = sizeof(from);
	struct audit_record record;
	struct nlmsghdr header;

	for (int i = 0; i < AT_ONCE; i++) {
		long got = sys_recvfrom(audit->fd, message, sizeof(message), MSG_DONTWAIT, &from,
					&size);

		audit->lost |= got < 0 && got != -EAGAIN;
		if (got <= 0 && got != -ENOBUFS)
			return;
		if (got < NLMSG_HDRLEN || size != sizeof(from) || from.nl_pid != 0)
			continue;
		memcpy(&header, message, sizeof(header));
		audit_parse(header.nlmsg_type, message + NLMSG_HDRLEN, (size_t)got - NLMSG_HDRLEN,
			    &record);
		audit_hear(audit, &record);
	}
}

void audit_settle(struct audit *audit)
{
	struct pollfd poll = { .fd = audit->fd, .events = POLLIN };

	for (int i = 0; i < ROUNDS; i++) {
		struct raw_timespec pause = { .nanoseconds = SETTLE * 1000000 };
		/* May fail: then the report says that there may be more. */
		long r = sys_ppoll(&poll, 1, &pause, NULL, 0);

		audit->lost |= r < 0;
		if (r <= 0)
			return;
		audit_take(audit);
	}
}
