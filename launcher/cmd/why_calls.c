/* why_calls.c - what the rules of seccomp say of the calls that a right of Landlock is used by
 *
 * A right is no call: a file is opened by open() or openat(). Each step that its use takes has the
 * calls that do it; where none of a step's is allowed, the right is of no use. Openat2() and
 * io_uring, which no C library opens files with, do not count. Nothing is tried.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "launcher/cmd/seccomp.h"
#include "launcher/cmd/why.h"
#include "launcher/watch/origin.h"
#include "policy/tables.h"

enum { STEPS = 2 };

struct way {
	const char *right;
	const char *call;
	uint64_t arguments[4]; /* what lies in memory, and descriptors, as 0 */
	unsigned int step;
};

#define HERE ((uint64_t)AT_FDCWD)
#define MAKE (O_WRONLY | O_CREAT | O_TRUNC)
#define LIST (O_RDONLY | O_DIRECTORY)

static const struct way ways[] = {
	{ "execute", "execve", { 0 }, 0 },
	{ "execute", "execveat", { HERE }, 0 },
	{ "write_file", "openat", { HERE, 0, O_WRONLY }, 0 },
	{ "write_file", "open", { 0, O_WRONLY }, 0 },
	{ "read_file", "openat", { HERE, 0, O_RDONLY }, 0 },
	{ "read_file", "open", { 0, O_RDONLY }, 0 },
	{ "read_dir", "openat", { HERE, 0, LIST }, 0 },
	{ "read_dir", "open", { 0, LIST }, 0 },
	{ "read_dir", "getdents64", { 0 }, 1 },
	{ "remove_dir", "rmdir", { 0 }, 0 },
	{ "remove_dir", "unlinkat", { HERE, 0, AT_REMOVEDIR }, 0 },
	{ "remove_file", "unlink", { 0 }, 0 },
	{ "remove_file", "unlinkat", { HERE }, 0 },
	{ "make_char", "mknod", { 0, S_IFCHR | 0600 }, 0 },
	{ "make_char", "mknodat", { HERE, 0, S_IFCHR | 0600 }, 0 },
	{ "make_dir", "mkdir", { 0, 0700 }, 0 },
	{ "make_dir", "mkdirat", { HERE, 0, 0700 }, 0 },
	{ "make_reg", "openat", { HERE, 0, MAKE, 0600 }, 0 },
	{ "make_reg", "open", { 0, MAKE, 0600 }, 0 },
	{ "make_reg", "creat", { 0, 0600 }, 0 },
	{ "make_sock", "socket", { AF_UNIX, SOCK_STREAM }, 0 },
	{ "make_sock", "bind", { 0 }, 1 },
	{ "make_fifo", "mknod", { 0, S_IFIFO | 0600 }, 0 },
	{ "make_fifo", "mknodat", { HERE, 0, S_IFIFO | 0600 }, 0 },
	{ "make_block", "mknod", { 0, S_IFBLK | 0600 }, 0 },
	{ "make_block", "mknodat", { HERE, 0, S_IFBLK | 0600 }, 0 },
	{ "make_sym", "symlink", { 0 }, 0 },
	{ "make_sym", "symlinkat", { 0, HERE }, 0 },
	{ "refer", "rename", { 0 }, 0 },
	{ "refer", "renameat", { HERE, 0, HERE }, 0 },
	{ "refer", "renameat2", { HERE, 0, HERE }, 0 },
	{ "refer", "link", { 0 }, 0 },
	{ "refer", "linkat", { HERE, 0, HERE }, 0 },
	{ "truncate", "truncate", { 0 }, 0 },
	{ "truncate", "ftruncate", { 0 }, 0 },
	{ "ioctl_dev", "ioctl", { 0 }, 0 },
	{ "resolve_unix", "socket", { AF_UNIX, SOCK_STREAM }, 0 },
	{ "resolve_unix", "connect", { 0 }, 1 },
	{ "bind_tcp", "socket", { AF_INET, SOCK_STREAM }, 0 },
	{ "bind_tcp", "bind", { 0 }, 1 },
	{ "connect_tcp", "socket", { AF_INET, SOCK_STREAM }, 0 },
	{ "connect_tcp", "connect", { 0 }, 1 },
	{ "bind_udp", "socket", { AF_INET, SOCK_DGRAM }, 0 },
	{ "bind_udp", "bind", { 0 }, 1 },
	{ "connect_send_udp", "socket", { AF_INET, SOCK_DGRAM }, 0 },
	{ "connect_send_udp", "connect", { 0 }, 1 },
	{ "connect_send_udp", "sendto", { 0 }, 1 },
};

/* What decides of a call. */
struct decision {
	uint32_t action;
	const char *origin;
};

static bool lets_pass(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_USER_NOTIF;
}

static struct decision decide(const struct plan *plan, const struct way *way, int number)
{
	enum policy_entry entry = plan->seccomp.archs[0].entry;
	struct seccomp_data data = { .nr = number, .arch = policy_audit_arch(entry) };
	struct decision decision;
	size_t rule = SIZE_MAX;

	for (size_t i = 0; i < sizeof(way->arguments) / sizeof(way->arguments[0]); i++)
		data.args[i] = way->arguments[i];
	decision.action = policy_evaluate(&plan->seccomp, &data, &rule);
	decision.origin = origin_of_call(plan, entry, (uint32_t)number, rule);
	return decision;
}

static void say_decision(struct buf *out, const struct decision *decision)
{
	buf_text(out, ": ");
	seccomp_action(out, decision->action);
	if (!decision->origin[0])
		return;
	buf_text(out, " by the line ");
	print_escaped(out, decision->origin);
}

bool why_calls(const struct plan *plan, const char *right, struct buf *out)
{
	struct decision said = { .origin = NULL };
	bool known[STEPS] = { false }, open[STEPS] = { false };
	bool refused = false;

	for (size_t i = 0; plan->has_seccomp && i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *way = &ways[i];
		struct decision decision;
		int number;

		if (strcmp(way->right, right) != 0)
			continue;
		number = tables_call_number(tables_call(way->call), plan->seccomp.archs[0].entry);
		if (number < 0)
			continue;
		decision = decide(plan, way, number);
		known[way->step] = true;
		open[way->step] |= lets_pass(decision.action);
		if (lets_pass(decision.action))
			continue;
		if (said.origin && said.action == decision.action &&
		    strcmp(said.origin, decision.origin) == 0) {
			buf_format(out, ", %s", way->call);
			continue;
		}
		if (said.origin)
			say_decision(out, &said);
		buf_format(out, "; seccomp refuses %s", way->call);
		said = decision;
	}
	if (said.origin)
		say_decision(out, &said);
	for (int step = 0; step < STEPS; step++)
		refused |= known[step] && !open[step];
	return refused;
}
