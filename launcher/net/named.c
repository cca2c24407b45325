/* named.c - the names of running sandboxes, and the way into their networks (see named.h) */
#include "launcher/net/named.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "launcher/base/state.h"
#include "policy/policy.h"

enum { ENTRY_SIZE = 40 };

static int open_names(char *const *environment, struct err *err)
{
	cleanup_fd int state = state_open(environment, STAGE_NETWORK, err);
	int names = state < 0 ? state : state_directory(state, "names");

	if (state >= 0 && names < 0)
		return err_set(err, STAGE_NETWORK, names, NULL, "state directory names");
	return names;
}

/* Around every look at a lock: one that looks would have it for a moment. */
static int lock_names(int names, struct err *err)
{
	int fd = state_take(names, ".mutex", STATE_OWN);

	return fd < 0 ? err_set(err, STAGE_NETWORK, fd, NULL, "state directory names") : fd;
}

static void sweep(const void *names, const char *name)
{
	cleanup_fd int entry = state_take(*(const int *)names, name, STATE_TRY);

	state_drop(*(const int *)names, name, &entry);
}

int named_take(struct named *named, const char *name, char *const *environment, struct err *err)
{
	cleanup_fd int mutex = -1;

	named->name = name;
	named->directory = open_names(environment, err);
	if (named->directory < 0)
		return named->directory;
	mutex = lock_names(named->directory, err);
	if (mutex < 0)
		return mutex;
	state_each(named->directory, sweep, &named->directory);
	named->entry = state_take(named->directory, name, STATE_TRY);
	if (named->entry == -EWOULDBLOCK) {
		(void)err_set(err, STAGE_NETWORK, EBUSY, "choose another, or end that one",
			      "name %s", name);
		return err_reason(err, "a sandbox of that name is running");
	}
	if (named->entry < 0)
		return err_set(err, STAGE_NETWORK, named->entry, NULL, "name %s", name);
	return state_write(named->entry, "");
}

/* The child's half: its answer is an errno, or 0 when it is where it should be. */
static void __attribute__((noreturn)) keep_namespaces(int sandbox, int link)
{
	int answer;
	long r = sys_setns(sandbox, (int)(RAW_CLONE_NEWUSER | RAW_CLONE_NEWNET));

	if (r == 0)
		r = sys_dup3(link, 0, 0);
	if (r >= 0)
		r = sys_close_range(1, ~0u, 0);
	if (r == 0)
		r = confine_privileges(0);
	/* So that the user's other launchers may look; there is nothing to see but the way. */
	if (r == 0)
		r = sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (r == 0)
		r = confine_strictly(policy_audit_arch(policy_native()));
	answer = (int)r;
	(void)sys_write(r < 0 ? link : 0, &answer, sizeof(answer));
	if (r == 0)
		(void)sys_read(0, &answer, sizeof(answer));
	for (;;)
		(void)sys_exit(0);
}

static int start_keeper(struct named *named, int pid)
{
	struct clone_args args = { 0 }; /* its end is no signal: named_drop() waits for it */
	cleanup_fd int sandbox = (int)sys_pidfd_open(pid, 0);
	int pair[2];
	int answer = -EIO;
	long r = sandbox < 0 ? sandbox
			     : sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);

	if (r < 0)
		return (int)r;
	r = sys_clone3(&args, sizeof(args));
	if (r == 0) {
		fd_close(&pair[0]);
		keep_namespaces(sandbox, pair[1]);
	}
	fd_close(&pair[1]);
	named->link = pair[0];
	if (r < 0)
		return (int)r;
	named->keeper = (int)r;
	do {
		r = sys_read(named->link, &answer, sizeof(answer));
	} while (r == -EINTR);
	return answer;
}

/* The number of the network namespace that @fd is of. */
static long number_of(int fd, uint64_t *number)
{
	struct stat st;
	long r = sys_fstat(fd, &st);

	*number = r < 0 ? 0 : st.st_ino;
	return r;
}

static int open_network(int pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

int named_tell(struct named *named, int pid, bool keep, struct err *err)
{
	cleanup_fd int network = -1;
	char text[ENTRY_SIZE];
	uint64_t number;
	long r = 0;

	if (keep) {
		r = start_keeper(named, pid);
		pid = named->keeper;
	}
	if (r == 0)
		r = network = open_network(pid);
	if (r >= 0)
		r = number_of(network, &number);
	if (r == 0) {
		snprintf(text, sizeof(text), "%d %llu\n", pid, (unsigned long long)number);
		r = state_write(named->entry, text);
	}
	return r < 0 ? err_set(err, STAGE_NETWORK, (int)r, NULL, "name %s", named->name) : 0;
}

int named_keep(const struct named *named, struct confine_needs *needs)
{
	if (named->directory < 0)
		return 0;
	return confine_need(needs, named->directory, ".", CONFINE_REMOVE);
}

void named_drop(struct named *named)
{
	fd_close(&named->link);
	if (named->keeper)
		(void)sys_waitid(P_PID, named->keeper, NULL, WEXITED | __WALL, NULL);
	state_drop(named->directory, named->name, &named->entry);
	fd_close(&named->directory);
}

/* What the entry says, or false. Nothing of it is believed before the kernel has said it too. */
static bool parse(const char *text, int *pid, uint64_t *number)
{
	char *rest;
	long first = strtol(text, &rest, 10);

	*pid = first > 0 && first <= INT32_MAX ? (int)first : 0;
	*number = *rest == ' ' ? strtoull(rest + 1, &rest, 10) : 0;
	return *pid && *number && *rest == '\n';
}

static int not_found(const char *name, int error, const char *reason, const char *hint,
		     struct err *err)
{
	(void)err_set(err, STAGE_NETWORK, error, hint, "join sandbox:%s", name);
	return reason ? err_reason(err, "%s", reason) : -err->number;
}

static int open_entry(int names, const char *name, struct err *err)
{
	static const char hint[] = "start it with --name NAME; each user has names of their own";
	cleanup_fd int mutex = lock_names(names, err);
	cleanup_fd int entry = -1;

	if (mutex < 0)
		return mutex;
	entry = (int)sys_openat(names, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (entry == -ENOENT || (entry >= 0 && state_lock(entry, STATE_TRY) == 0))
		return not_found(name, ENOENT, "no sandbox of that name is running", hint, err);
	return entry < 0 ? not_found(name, entry, NULL, NULL, err) : take_fd(&entry);
}

int named_find(const char *name, char *const *environment, struct err *err)
{
	cleanup_fd int names = open_names(environment, err);
	cleanup_fd int entry = names < 0 ? names : open_entry(names, name, err);
	cleanup_fd int network = -1;
	char text[ENTRY_SIZE];
	uint64_t expected;
	uint64_t found = 0;
	int pid;

	if (entry < 0)
		return entry;
	(void)state_read(entry, text, sizeof(text));
	if (!parse(text, &pid, &expected))
		return not_found(name, EAGAIN, "it has no network of its own, or none yet", NULL,
				 err);
	network = open_network(pid);
	if (network >= 0)
		(void)number_of(network, &found);
	if (network < 0 || found != expected)
		return not_found(
			name, network < 0 ? network : ESRCH,
			"it has just ended, or runs where its process ids mean nothing here",
			"join from the pid namespace of its launcher", err);
	return take_fd(&network);
}
