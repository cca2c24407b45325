/* policy.h - the rules of a sandbox as data, and the pure functions over them
 *
 * A struct policy is what the plan says about system calls: numbers only, already resolved by the
 * front end. policy_compile() turns it into a seccomp filter, policy_evaluate() decides one call
 * straight from the rules and shares no code with the compiler, bpf_run() interprets a filter.
 *
 * Meaning. For a call with audit architecture A and number N:
 *   1. no struct policy_arch for A (x32: for bit 30 of N)      -> foreign
 *   2. the first rule of A whose calls hold N and whose test is true -> its action
 *   3. N is not in `known` of A                                 -> newer
 *   4. otherwise                                                -> fallback
 * N = 0xffffffff (a tracer's "skip this call") goes to 3 and 4 like any other number, but never
 * gets a kill action from them: it answers ENOSYS then.
 *
 * Nothing here makes a system call, reads a file, prints or includes anything of launcher/.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* Which entry of the kernel a list of rules is for. x32 shares x86_64's audit architecture; its
 * rules hold numbers without bit 30.
 */
enum policy_entry {
	ENTRY_X86_64,
	ENTRY_I386,
	ENTRY_X32,
	ENTRY_AARCH64,
	ENTRY_RISCV64,
	ENTRY_COUNT,
};

struct policy_interval {
	uint32_t first;
	uint32_t last; /* inclusive */
};

/* One token of a test in postfix order. OP_COMPARE pushes low <= (argument & mask) <= high, where
 * the argument is cut to `width` bytes first (4: the low word only, 8: all of it). OP_AND and OP_OR
 * pop two and push one, OP_NOT pops one and pushes one. A well-formed test leaves exactly one
 * value; an empty test is true.
 */
enum policy_op { OP_COMPARE, OP_AND, OP_OR, OP_NOT };

struct policy_token {
	uint8_t op;       /* enum policy_op */
	uint8_t argument; /* 0 to 5 */
	uint8_t width;    /* 4 or 8 */
	uint64_t mask;
	uint64_t low;
	uint64_t high;
};

struct policy_rule {
	uint32_t action; /* SECCOMP_RET_*, data included */
	uint32_t origin; /* the caller's own index: which profile line; not used for deciding */
	const struct policy_interval *calls;
	size_t call_count;
	const struct policy_token *test;
	size_t token_count;
};

struct policy_arch {
	enum policy_entry entry;
	const struct policy_interval *known; /* ascending, disjoint */
	size_t known_count;
	const struct policy_rule *rules;
	size_t rule_count;
};

struct policy {
	uint32_t fallback; /* the profile's `default` */
	uint32_t newer;
	uint32_t foreign;
	const struct policy_arch *archs;
	size_t arch_count;
};

/* Why a policy was refused: the arch and rule index it happened at, or SIZE_MAX, and a text. */
struct policy_error {
	size_t arch;
	size_t rule;
	char text[160];
};

enum {
	POLICY_MAX_RULES = 65536,       /* of one architecture */
	POLICY_MAX_TOKENS = 1024,       /* of one rule */
	POLICY_MAX_INSTRUCTIONS = 4096, /* BPF_MAXINSNS */
};

/* policy_check() - is @policy well-formed? Interval order, argument numbers, widths, masks that fit
 * the width, tests that leave one value, known actions. Returns 0 or -EINVAL with @error filled.
 */
int policy_check(const struct policy *policy, struct policy_error *error);

/* policy_compile() - the smallest filter we know for @policy, which policy_check() has accepted
 * @filter: room for POLICY_MAX_INSTRUCTIONS; @count: how many were written
 * @origin: NULL, or room for as many: rule origin of each instruction, UINT32_MAX where none
 * Returns 0, -ENOMEM, or -E2BIG: more instructions than the kernel takes; @error names a rule from
 * which on that is so. The same policy gives the same bytes.
 */
int policy_compile(const struct policy *policy, struct sock_filter *filter, size_t *count,
		   uint32_t *origin, struct policy_error *error);

/* policy_notified() - @policy with all that refuses a call by errno or by killing handed to a
 * listener instead, which is to decide as @policy does. (Traps and traces stay: a listener cannot
 * do them.) @block is to be freed after @copy's last use. Returns 0
 * or -ENOMEM.
 */
int policy_notified(const struct policy *policy, struct policy *copy, void **block);

/* policy_evaluate() - what @policy says of one call. @decided: NULL, or set to the index of the
 * rule that decided within its arch, SIZE_MAX where none did.
 */
uint32_t policy_evaluate(const struct policy *policy, const struct seccomp_data *call,
			 size_t *decided);

/* policy_may_allow() - is there a call with @number at @arch (NULL: any that @policy does not name)
 * that is let through, whatever its arguments? True also where that is only possible, or for others
 * (a tracer, a notification) to decide.
 */
bool policy_may_allow(const struct policy *policy, const struct policy_arch *arch, uint32_t number);

/* policy_verify() - does @filter, which bpf_valid() has accepted, answer every call as @policy
 * says? Compares it with policy_evaluate() for every number and architecture and every class of
 * arguments that either can tell apart. @exact: NULL, or set to whether that was all of them (where
 * masks on one word overlap or combinations are too many, some are sampled).
 * Returns 0, -EBADMSG with the call that differs in @error, -ENOMEM.
 */
int policy_verify(const struct policy *policy, const struct sock_filter *filter, size_t count,
		  bool *exact, struct policy_error *error);

/* What is probably not meant. */
enum policy_warning_kind {
	WARN_SHADOWED, /* rules before it decide all of the rule's calls */
	WARN_NEVER,    /* the rule's test can never be true */
	WARN_HOLE,     /* a call that is known to lead out of sandboxes is allowed */
};

struct policy_warning {
	enum policy_warning_kind kind;
	size_t arch; /* SIZE_MAX: none */
	size_t rule; /* the rule it is about, or that allows the hole; SIZE_MAX: none */
	const char *what;
	const char *why;
	const char *guard; /* the named guard that closes a hole, or NULL */
};

/* policy_warn() - find what is probably not meant in @policy, which policy_check() has accepted
 * @warnings: room for @size of them; @count: how many there are there now
 * Returns 0 or -ENOMEM. Of an architecture of more than four thousand rules it only finds holes.
 */
int policy_warn(const struct policy *policy, struct policy_warning *warnings, size_t size,
		size_t *count);

/* Figures of a filter at one entry. */
struct policy_stats {
	size_t instructions;
	size_t longest; /* instructions on the longest path */
	size_t calls;   /* that the tables know at the entry */
	size_t worst;   /* instructions run for one of them, with arguments of 0 */
	uint64_t mean_thousandths;
	size_t absorbed; /* of them, answered by the kernel without running the filter */
};

void policy_stats(const struct sock_filter *filter, size_t count, enum policy_entry entry,
		  struct policy_stats *stats);

/* bpf_constant_allow() - does the kernel find out when the filter is installed that it always
 * allows call @number? (Linux 5.11; never for x32) */
bool bpf_constant_allow(const struct sock_filter *filter, size_t count, uint32_t arch,
			uint32_t number);

/* bpf_valid() - would the kernel take this filter? (opcodes of seccomp_check_filter(), jumps
 * forward and inside, aligned loads, a return at the end of each path) */
bool bpf_valid(const struct sock_filter *filter, size_t count);

/* bpf_run() - what a valid filter answers; @executed: NULL, or the number of instructions run. */
uint32_t bpf_run(const struct sock_filter *filter, size_t count, const struct seccomp_data *call,
		 size_t *executed);

/* bpf_disassemble() - one instruction as text without a newline; returns the length. */
size_t bpf_disassemble(const struct sock_filter *filter, size_t at, char *out, size_t size);

/* policy_audit_arch() - AUDIT_ARCH_* of an entry (x32: x86_64's). */
uint32_t policy_audit_arch(enum policy_entry entry);

/* policy_native() - the entry of the architecture this binary is built for. */
enum policy_entry policy_native(void);

#endif
