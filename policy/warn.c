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

static const struct {
	const char *call;
	uint64_t arguments[2];
	const char *what;
	const char *why;
} holes[] = {
	{ "ptrace", { 16 }, "ptrace", "processes can control each other" },
	{ "process_vm_writev",
	  { 0 },
	  "process_vm_writev",
	  "processes can write each other's memory" },
	{ "pidfd_getfd", { 0 }, "pidfd_getfd", "processes can take each other's descriptors" },
	{ "ioctl",
	  { 0, 0x5412 },
	  "ioctl TIOCSTI",
	  "it types commands into the caller's terminal (CVE-2017-5226)" },
	{ "ioctl",
	  { 0, 0x541c },
	  "ioctl TIOCLINUX",
	  "it pastes into the console (CVE-2023-28100)" },
	{ "userfaultfd", { 0 }, "userfaultfd", "it makes races in the kernel easy to win" },
	{ "io_uring_setup", { 0 }, "io_uring_setup", "no filter sees what io_uring does" },
	{ "socket",
	  { 40, 1 },
	  "socket AF_VSOCK",
	  "it reaches the hypervisor past the network namespace" },
	{ "socket", { 38, 5 }, "socket AF_ALG", "a surface of the kernel that few programs need" },
	{ "clone",
	  { CLONE_NEWUSER },
	  "clone CLONE_NEWUSER",
	  "in a user namespace of its own the program has capabilities" },
	{ "unshare",
	  { CLONE_NEWUSER },
	  "unshare CLONE_NEWUSER",
	  "in a user namespace of its own the program has capabilities" },
	{ "clone3",
	  { 0 },
	  "clone3",
	  "its flags lie behind a pointer, so that new user namespaces cannot be refused" },
	{ "setns", { 0 }, "setns", "it enters other namespaces" },
	{ "bpf", { 0 }, "bpf", "a large surface of the kernel" },
	{ "perf_event_open", { 0 }, "perf_event_open", "a large surface of the kernel" },
	{ "keyctl", { 0 }, "keyctl", "no namespace separates the kernel's key rings" },
	{ "add_key", { 0 }, "add_key", "no namespace separates the kernel's key rings" },
	{ "open_by_handle_at", { 0 }, "open_by_handle_at", "it opens files past every mount" },
	{ "mount", { 0 }, "mount", "it changes what the sandbox is made of" },
	{ "move_mount", { 0 }, "move_mount", "it changes what the sandbox is made of" },
	{ "init_module", { 0 }, "init_module", "it loads code into the kernel" },
	{ "finit_module", { 0 }, "finit_module", "it loads code into the kernel" },
	{ "kexec_load", { 0 }, "kexec_load", "it replaces the kernel" },
	{ "modify_ldt", { 0 }, "modify_ldt", "an old surface of the kernel" },
	{ "socketcall", { 1 }, "socketcall", "it hides the arguments of socket calls" },
	{ "ipc", { 0 }, "ipc", "it hides the arguments of System V IPC" },
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

static void find_holes(const struct policy *policy, size_t at, struct warnings *to)
{
	enum policy_entry entry = policy->archs[at].entry;
	size_t i;

	for (i = 0; i < sizeof(holes) / sizeof(*holes); i++) {
		int number = tables_call_number(tables_call(holes[i].call), entry);
		struct seccomp_data call = { .arch = policy_audit_arch(entry) };
		size_t rule;

		if (number < 0)
			continue;
		call.nr = entry == ENTRY_X32 ? number | (int)X32_BIT : number;
		call.args[0] = holes[i].arguments[0];
		call.args[1] = holes[i].arguments[1];
		if (lets_through(policy_evaluate(policy, &call, &rule)))
			warn(to, (struct policy_warning){ WARN_HOLE, at, rule, holes[i].what,
							  holes[i].why });
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
	struct compiler *c = malloc(sizeof(*c));
	int32_t skipped, i;
	int rc;

	if (!c)
		return -ENOMEM;
	compiler_init(c);
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
		warn(to, (struct policy_warning){ WARN_SHADOWED, at, rule, "the rule",
						  "rules before it decide all of its calls" });
	else
		warn(to, (struct policy_warning){ WARN_NEVER, at, rule, "the rule",
						  "its test can never be true" });
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
						   "they pass every rule" });
	*count = to.count < size ? to.count : size;
	return rc;
}
