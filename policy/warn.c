/* warn.c - what in a policy is probably not meant: rules that never decide, holes that matter
 *
 * Each rule in turn gets an action of its own, and the decision diagrams say which of these can be
 * reached: the others are shadowed by what stands before them or can never be true. Holes are calls
 * that are known to lead out of sandboxes and that the policy allows.
 */
#include "policy/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tables.h"

#define CLONE_NEWUSER UINT64_C(0x10000000)

/* Calls that lead out, by what they do; of those that one guard closes only the first is told. */
static const struct {
	const char *call;
	const char *what;
	const char *why;
	const char *guard;
	uint64_t arguments[2];
} holes[] = {
	{ "ptrace", "ptrace", "processes can control each other", "no-ptrace", { 16 } },
	{ "process_vm_writev",
	  "process_vm_writev",
	  "processes can write each other's memory",
	  "no-ptrace",
	  { 0 } },
	{ "pidfd_getfd",
	  "pidfd_getfd",
	  "processes can take each other's descriptors",
	  "no-ptrace",
	  { 0 } },
	{ "ioctl",
	  "ioctl TIOCSTI",
	  "it types commands into the caller's terminal (CVE-2017-5226)",
	  "no-tty-injection",
	  { 0, 0x5412 } },
	{ "ioctl",
	  "ioctl TIOCLINUX",
	  "it pastes into the console (CVE-2023-28100)",
	  "no-tty-injection",
	  { 0, 0x541c } },
	{ "userfaultfd",
	  "userfaultfd",
	  "it makes races in the kernel easy to win",
	  "no-userfaultfd",
	  { 0 } },
	{ "io_uring_setup",
	  "io_uring_setup",
	  "no filter sees what io_uring does",
	  "no-io-uring",
	  { 0 } },
	{ "socket",
	  "socket AF_VSOCK",
	  "it reaches the hypervisor past the network namespace",
	  "no-vsock",
	  { 40, 1 } },
	{ "socket",
	  "socket AF_ALG",
	  "a surface of the kernel that few programs need",
	  "no-odd-sockets",
	  { 38, 5 } },
	{ "socketpair",
	  "socketpair AF_TIPC",
	  "it makes sockets of any family for a moment",
	  "no-odd-sockets",
	  { 30, 1 } },
	{ "clone",
	  "clone CLONE_NEWUSER",
	  "in a user namespace of its own the program has capabilities",
	  "no-new-userns",
	  { CLONE_NEWUSER } },
	{ "unshare",
	  "unshare CLONE_NEWUSER",
	  "in a user namespace of its own the program has capabilities",
	  "no-new-userns",
	  { CLONE_NEWUSER } },
	{ "clone3",
	  "clone3",
	  "its flags lie behind a pointer, so that new user namespaces cannot be refused",
	  "no-new-userns",
	  { 0 } },
	{ "setns", "setns", "it enters other namespaces", "no-new-userns", { 0 } },
	{ "bpf", "bpf", "a large surface of the kernel", "no-bpf-perf", { 0 } },
	{ "perf_event_open",
	  "perf_event_open",
	  "a large surface of the kernel",
	  "no-bpf-perf",
	  { 0 } },
	{ "keyctl",
	  "keyctl",
	  "no namespace separates the kernel's key rings",
	  "no-keyring",
	  { 0 } },
	{ "add_key",
	  "add_key",
	  "no namespace separates the kernel's key rings",
	  "no-keyring",
	  { 0 } },
	{ "chmod",
	  "chmod of set-id bits",
	  "a file that it makes runs as its owner on the host",
	  "no-setuid-files",
	  { 0, 04755 } },
	{ "fchmod",
	  "fchmod of set-id bits",
	  "a file that it makes runs as its owner on the host",
	  "no-setuid-files",
	  { 3, 04755 } },
	{ "open_by_handle_at",
	  "open_by_handle_at",
	  "it opens files past every mount",
	  NULL,
	  { 0 } },
	{ "mount", "mount", "it changes what the sandbox is made of", NULL, { 0 } },
	{ "move_mount", "move_mount", "it changes what the sandbox is made of", NULL, { 0 } },
	{ "init_module", "init_module", "it loads code into the kernel", NULL, { 0 } },
	{ "finit_module", "finit_module", "it loads code into the kernel", NULL, { 0 } },
	{ "kexec_load", "kexec_load", "it replaces the kernel", NULL, { 0 } },
	{ "modify_ldt", "modify_ldt", "an old surface of the kernel", NULL, { 0 } },
	{ "socketcall",
	  "socketcall",
	  "it hides the arguments of socket calls",
	  "no-odd-sockets",
	  { 1 } },
	{ "ipc", "ipc", "it hides the arguments of System V IPC", NULL, { 0 } },
};

struct warnings {
	struct policy_warning *list;
	size_t size;
	size_t count;
};

static void warn(struct warnings *to, struct policy_warning warning)
{
	if (to->count < to->size)
		to->list[to->count] = warning;
	to->count++;
}

static bool lets_through(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Has the same been said already, of this or of another architecture? */
static bool is_told(const struct warnings *to, size_t hole)
{
	size_t i;

	for (i = 0; i < to->count && i < to->size; i++)
		if (same(to->list[i].what, holes[hole].what) ||
		    same(to->list[i].guard, holes[hole].guard))
			return true;
	return false;
}

static void find_holes(const struct policy *policy, size_t at, struct warnings *to)
{
	enum policy_entry entry = policy->archs[at].entry;
	size_t i;

	for (i = 0; i < sizeof(holes) / sizeof(*holes); i++) {
		int number = tables_call_number(tables_call(holes[i].call), entry);
		struct seccomp_data call = { .arch = policy_audit_arch(entry) };
		size_t rule;

		if (number < 0 || is_told(to, i))
			continue;
		call.nr = entry == ENTRY_X32 ? number | (int)X32_BIT : number;
		call.args[0] = holes[i].arguments[0];
		call.args[1] = holes[i].arguments[1];
		if (lets_through(policy_evaluate(policy, &call, &rule)))
			warn(to, (struct policy_warning){ WARN_HOLE, at, rule, holes[i].what,
							  holes[i].why, holes[i].guard });
	}
}

/* Marks in @live each rule of @arch that some call reaches. Every rule in @rules has
 * SECCOMP_RET_TRACE and its index as its action. Returns 0, -ENOMEM or -E2BIG.
 */
static int find_live(const struct policy_arch *arch, bool *live)
{
	struct policy policy = { .fallback = SECCOMP_RET_ALLOW,
				 .newer = SECCOMP_RET_ALLOW,
				 .foreign = SECCOMP_RET_ALLOW };
	struct compiler *c = compiler_new(false);
	int32_t skipped, i;
	int rc;

	if (!c)
		return -ENOMEM;
	rc = make_cells(c, &policy, arch, &skipped);
	if (!rc && c->full)
		rc = -E2BIG;
	for (i = 0; i < c->graph_count && !rc; i++)
		if (c->graph[i].code == (BPF_RET | BPF_K) && c->graph[i].k != SECCOMP_RET_ALLOW)
			live[c->graph[i].k & SECCOMP_RET_DATA] = true;
	free(c);
	return rc;
}

/* A dead rule is alive alone if only others keep it from deciding. */
static int explain_dead(struct policy_arch arch, size_t at, size_t rule, struct warnings *to)
{
	const struct policy_rule *rules = arch.rules;
	struct policy_rule alone = rules[rule];
	bool live[1] = { false };
	int rc;

	alone.action = SECCOMP_RET_TRACE;
	arch.rules = &alone;
	arch.rule_count = 1;
	rc = find_live(&arch, live);
	if (rc)
		return rc;
	if (live[0])
		warn(to,
		     (struct policy_warning){ WARN_SHADOWED, at, rule, "the rule",
					      "rules before it decide all of its calls", NULL });
	else
		warn(to, (struct policy_warning){ WARN_NEVER, at, rule, "the rule",
						  "its test can never be true", NULL });
	return 0;
}

static int find_dead(const struct policy_arch *original, size_t at, struct warnings *to)
{
	struct policy_arch arch = *original;
	struct policy_rule *rules;
	bool *live;
	size_t i;
	int rc = 0;

	if (arch.rule_count == 0 || arch.rule_count > MAX_LEAVES - 8)
		return 0;
	rules = malloc(arch.rule_count * sizeof(*rules));
	live = calloc(arch.rule_count, sizeof(*live));
	if (!rules || !live)
		rc = -ENOMEM;
	for (i = 0; i < arch.rule_count && !rc; i++) {
		rules[i] = arch.rules[i];
		rules[i].action = SECCOMP_RET_TRACE | (uint32_t)i;
	}
	arch.rules = rules;
	if (!rc)
		rc = find_live(&arch, live);
	for (i = 0; i < arch.rule_count && !rc; i++)
		if (!live[i] && arch.rules[i].call_count)
			rc = explain_dead(arch, at, i, to);
	free(rules);
	free(live);
	return rc == -E2BIG ? 0 : rc;
}

int policy_warn(const struct policy *policy, struct policy_warning *warnings, size_t size,
		size_t *count)
{
	struct warnings to = { warnings, size, 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < policy->arch_count && !rc; i++) {
		rc = find_dead(&policy->archs[i], i, &to);
		find_holes(policy, i, &to);
	}
	if (lets_through(policy->foreign))
		warn(&to, (struct policy_warning){ WARN_HOLE, SIZE_MAX, SIZE_MAX,
						   "other architectures' calls",
						   "they pass every rule", NULL });
	*count = to.count < size ? to.count : size;
	return rc;
}
