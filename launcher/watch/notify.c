/* notify.c - the supervisor's end of a seccomp listener (see notify.h)
 *
 * A notification's thread waits in the kernel, so its memory and its files in /proc are its own as
 * long as its id is valid: the id is asked for after all reading, and what was read for one that
 * has gone is thrown away, because the pid may be another's by then.
 *
 * A rule's kill is a SIGKILL from here: the waiting call is never made, since a dying thread does
 * not return from it. A single thread cannot be killed from outside, so kill_thread takes the whole
 * process along.
 *
 * Sources: seccomp_unotify(2), process_vm_readv(2).
 */
#include "launcher/watch/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

#include "launcher/watch/describe.h"
#include "launcher/watch/origin.h"
#include "policy/tables.h"

/* The kernel's structures may grow; ours are cut to what was there in Linux 5.0. */
union request {
	struct seccomp_notif notif;
	char room[256];
};

enum { AT_ONCE = 32 }; /* notifications, before the rest of the supervisor's round */

union response {
	struct seccomp_notif_resp resp;
	char room[256];
};

int notify_start(struct notify *notify, int listener, const struct plan *plan, int program,
		 struct denials *denials, struct err *err)
{
	struct seccomp_notif_sizes sizes = { 0 };
	long r = sys_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes);

	*notify = (struct notify){
		.listener = listener, .plan = plan, .program = program, .denials = denials
	};
	if (r == 0 && (sizes.seccomp_notif > sizeof(union request) ||
		       sizes.seccomp_notif_resp > sizeof(union response)))
		r = -E2BIG;
	if (r < 0)
		return err_set(err, STAGE_WATCH, (int)r, NULL, "seccomp notifications");
	/* Answers are quicker where the waiting thread may run on this CPU at once; older kernels
	 * know nothing of it. */
	(void)sys_ioctl(listener, RAW_SECCOMP_IOCTL_NOTIF_SET_FLAGS,
			(void *)RAW_SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return 0;
}

void notify_finish(struct notify *notify)
{
	fd_close(&notify->listener);
}

static bool still_there(const struct notify *notify, uint64_t id)
{
	return sys_ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* Up to @size bytes at @address of thread @pid; a page that is not there ends them. */
static size_t read_memory(int pid, uint64_t address, void *out, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t to_page_end = 4096 - (size_t)((address + done) & 4095);
		size_t length = size - done < to_page_end ? size - done : to_page_end;
		struct iovec local = { (char *)out + done, length };
		struct iovec remote = { (void *)(uintptr_t)(address + done), length };
		long got = sys_process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (got <= 0)
			break;
		if (memchr((char *)out + done, '\0', (size_t)got))
			return done + (size_t)got;
		done += (size_t)got;
	}
	return done;
}

/* The text at @address, cut where it is longer than there is room. */
static bool read_text(int pid, uint64_t address, char out[DENIALS_TEXT])
{
	size_t got = read_memory(pid, address, out, DENIALS_TEXT - 1);

	if (got == 0)
		return false;
	out[got] = '\0';
	if (got == DENIALS_TEXT - 1)
		memcpy(out + DENIALS_TEXT - 4, "...", 4);
	return true;
}

static bool read_address(int pid, uint64_t address, uint64_t length, char out[DENIALS_TEXT])
{
	unsigned char bytes[128];
	size_t wanted = length < sizeof(bytes) ? (size_t)length : sizeof(bytes);
	struct iovec local = { bytes, wanted };
	struct iovec remote = { (void *)(uintptr_t)address, wanted };

	if (!wanted || sys_process_vm_readv(pid, &local, 1, &remote, 1, 0) != (long)wanted)
		return false;
	describe_address(bytes, wanted, out, DENIALS_TEXT);
	return true;
}

/* Returns whether numbers are all that there is to tell. */
static bool describe(const struct seccomp_notif *notif, enum policy_entry entry, uint32_t number,
		     struct denial_event *event)
{
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];
	const __u64 *values = notif->data.args;
	int pid = (int)notif->pid;
	bool plain = true;

	event->argument_count = describe_call(entry, number, arguments);
	for (int i = 0; i < event->argument_count; i++) {
		char *out = event->arguments[i];
		uint64_t value = entry == ENTRY_I386 ? (uint32_t)values[i] : values[i];

		plain &= arguments[i].kind == DESCRIBE_NUMBER;
		if (arguments[i].kind == DESCRIBE_TEXT && read_text(pid, value, out))
			continue;
		if (arguments[i].kind == DESCRIBE_ADDRESS &&
		    read_address(pid, value, (uint32_t)values[i + 1], out))
			continue;
		describe_number(entry, &arguments[i], values[i], out, DENIALS_TEXT);
	}
	return plain;
}

/* What /proc says of the thread @pid. */
struct process {
	int group;  /* its process, as we see it */
	int inside; /* as the sandbox sees it */
	char comm[16];
};

/* The number in the column @column of the line that begins with @name. */
static int number_in(const char *text, const char *name, int column)
{
	const char *at = strstr(text, name);
	char *end;
	long value = 0;

	if (!at)
		return 0;
	at += strlen(name);
	for (int i = 0; i <= column; i++, at = end) {
		at += strspn(at, "\t ");
		value = strtol(at, &end, 10);
		if (end == at)
			return 0;
	}
	return (int)value;
}

/* The name stands in the first line, escaped as proc(5) says, and can hold no newline. */
static void look_up(int pid, struct process *process)
{
	char path[40];
	char text[2048];
	cleanup_fd int fd = -1;
	long got;

	*process = (struct process){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	got = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return;
	text[got] = '\0';
	process->group = number_in(text, "\nTgid:", 0);
	process->inside = number_in(text, "\nNStgid:", 1);
	if (strncmp(text, "Name:\t", 6) == 0)
		snprintf(process->comm, sizeof(process->comm), "%.*s", (int)strcspn(text + 6, "\n"),
			 text + 6);
}

/* Kills the process of the waiting thread, unless that has gone. */
static bool kill_process(struct notify *notify, const struct seccomp_notif *notif)
{
	struct process process;
	cleanup_fd int pidfd = -1;

	look_up((int)notif->pid, &process);
	if (process.group)
		pidfd = (int)sys_pidfd_open(process.group, 0);
	if (!still_there(notify, notif->id))
		return true;
	notify->killed_program |= process.inside == notify->program;
	if (pidfd >= 0)
		return sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0;
	return sys_kill((int)notif->pid, SIGKILL) == 0;
}

static void record(struct notify *notify, const struct seccomp_notif *notif,
		   const struct denial_event *event)
{
	struct denial_process *first = denials_add(notify->denials, event);
	struct process process;

	if (!first)
		return;
	look_up((int)notif->pid, &process);
	if (!still_there(notify, notif->id))
		return;
	first->pid = process.inside;
	memcpy(first->comm, process.comm, sizeof(first->comm));
}

/* A filter and rules that disagree are a fault of ours: the call is not made. */
static void answer(struct notify *notify, const struct seccomp_notif *notif, uint32_t action)
{
	union response response = { 0 };
	struct seccomp_notif_resp *resp = &response.resp;

	resp->id = notif->id;
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
		if (kill_process(notify, notif))
			return;
		resp->error = -ENOSYS;
		break;
	case SECCOMP_RET_USER_NOTIF:
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		break;
	case SECCOMP_RET_ERRNO:
		resp->error = -(int)(action & SECCOMP_RET_DATA);
		break;
	default:
		resp->error = -ENOSYS;
	}
	/* ENOENT: the thread has gone. */
	(void)sys_ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_SEND, resp);
}

/* The place of @call among what is known, and whether it is there. */
static struct notify_known *look(struct notify *notify, const struct seccomp_data *call,
				 bool *there)
{
	uint64_t hash = (uint64_t)(uint32_t)call->nr + call->arch;
	struct notify_known *known;

	for (int i = 0; i < 6; i++)
		hash = (hash ^ call->args[i]) * 0x9e3779b97f4a7c15ull;
	known = &notify->known[hash >> 60];
	*there = known->set && known->call.nr == call->nr && known->call.arch == call->arch &&
		 memcmp(known->call.args, call->args, sizeof(call->args)) == 0;
	return known;
}

static void decide(struct notify *notify, const struct seccomp_data *call, enum policy_entry entry,
		   uint32_t number, struct notify_known *known)
{
	size_t decided;

	*known = (struct notify_known){ .call = *call, .set = true };
	known->action = policy_evaluate(&notify->plan->seccomp, call, &decided);
	known->origin = origin_of_call(notify->plan, entry, number, decided);
}

static void take(struct notify *notify, const struct seccomp_notif *notif)
{
	uint32_t number = (uint32_t)notif->data.nr;
	struct denial_event event;
	enum policy_entry entry;
	bool there;
	struct notify_known *known = look(notify, &notif->data, &there);

	if (there && known->plain) {
		denials_again(notify->denials, known->record);
		answer(notify, notif, known->action);
		return;
	}
	entry = describe_entry(notif->data.arch, &number);
	if (!there)
		decide(notify, &notif->data, entry, number, known);
	event.number = number;
	event.action = known->action;
	event.origin = known->origin;
	event.entry = entry < ENTRY_COUNT ? tables_entry_name(entry) : NULL;
	event.call = entry < ENTRY_COUNT ? tables_call_name(tables_call_at(entry, number)) : NULL;
	known->plain = describe(notif, entry, number, &event);
	if (still_there(notify, notif->id)) {
		record(notify, notif, &event);
		known->record = denials_last(notify->denials);
	} else {
		known->set = false;
	}
	answer(notify, notif, known->action);
}

static bool another(const struct notify *notify)
{
	struct pollfd poll = { .fd = notify->listener, .events = POLLIN };
	struct raw_timespec now = { 0 };

	/* May fail: asked again in the next round. */
	return sys_ppoll(&poll, 1, &now, NULL, 0) == 1 && poll.revents & POLLIN;
}

/* An answer lets the thread run on this CPU at once, and by the time that it waits again the next
 * call is often there. */
void notify_answer(struct notify *notify)
{
	int more = AT_ONCE;

	do {
		union request request = { 0 };

		if (sys_ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_RECV, &request.notif) == 0)
			take(notify, &request.notif);
	} while (--more && another(notify));
}
