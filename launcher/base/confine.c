/* confine.c - what a process of ours takes from itself (see confine.h)
 *
 * The filter is put together by hand, because it must hold whatever the policy compiler does, and
 * the number is searched by halves:
 *
 *	load arch;  if arch != native       return KILL_PROCESS
 *	load instruction_pointer
 *	load nr
 *	if nr >= ioctl  goto upper half     and so on
 *	if nr == read   goto allow;         else goto kill
 *	if nr == ioctl  goto ioctl;         else goto kill
 *	ioctl: load low word of argument 1
 *	       if it == TCGETS              goto allow
 *	       if it == TIOCGWINSZ          goto allow; else goto kill
 *	kill:  return KILL_PROCESS
 *	allow: return ALLOW
 *
 * x32's numbers have bit 30 and so are none of these. The second load is for nothing but to end the
 * kernel's trial of every number when the filter is installed, for a cache that costs 20 us and
 * spares one call in this process some ns (seccomp_is_const_allow(), kernel/seccomp.c).
 *
 * Mustn't: know what any of the processes is for.
 */
#include "launcher/base/confine.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "launcher/base/fd.h"

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define AT_LEAST(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, yes, no)
#define IF_BITS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

enum {
	HEAD = 5,
	TAIL = 2,
	MOST = HEAD + 4 * CONFINE_MOST_CALLS + TAIL,
	LOW_WORD = BYTE_ORDER == BIG_ENDIAN ? 4 : 0,
};

/* The filter while it is made: search, tests of arguments, kill, allow. */
struct making {
	struct confine_call calls[CONFINE_MOST_CALLS]; /* by number */
	size_t count;
	size_t first[CONFINE_MOST_CALLS]; /* of each number, where its rows begin */
	size_t numbers;
	size_t tests[CONFINE_MOST_CALLS]; /* where those of each number go; ALLOWED: it has none */
	struct sock_filter filter[MOST];
	size_t length;
	size_t kill;
	bool too_long; /* a jump is longer than a byte tells */
};

enum { ALLOWED = 0 };

static void sort(struct making *making, const struct confine_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		for (; at > 0 && making->calls[at - 1].number > calls[i].number; at--)
			making->calls[at] = making->calls[at - 1];
		making->calls[at] = calls[i];
	}
	making->count = count;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || making->calls[i].number != making->calls[i - 1].number)
			making->first[making->numbers++] = i;
}

/* Where the rows of the number in place @n end. */
static size_t end_of(const struct making *making, size_t n)
{
	return n + 1 < making->numbers ? making->first[n + 1] : making->count;
}

/* Does the row @i need its argument loaded? */
static bool loads(const struct making *making, size_t n, size_t i)
{
	return i == making->first[n] || making->calls[i].argument != making->calls[i - 1].argument;
}

/* Finds the places of all tests, and of kill, which follows them. */
static void place_tests(struct making *making)
{
	making->kill = HEAD + 2 * making->numbers - 1;
	for (size_t n = 0; n < making->numbers; n++) {
		making->tests[n] = making->kill;
		for (size_t i = making->first[n]; i < end_of(making, n); i++)
			if (making->calls[i].test == CONFINE_ANY)
				making->tests[n] = ALLOWED;
		for (size_t i = making->first[n]; making->tests[n] && i < end_of(making, n); i++)
			making->kill += loads(making, n, i) ? 2 : 1;
	}
}

static void put(struct making *making, struct sock_filter instruction)
{
	making->filter[making->length++] = instruction;
}

/* How far it is from the instruction that is put next to @target. */
static uint8_t to(struct making *making, size_t target)
{
	size_t distance = target - making->length - 1;

	making->too_long |= distance > UINT8_MAX;
	return (uint8_t)distance;
}

/* The search of the numbers in the places from @low to @high, as deep as the logarithm of their
 * count. */
static void put_search(struct making *making, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;
	size_t target = making->tests[low] ? making->tests[low] : making->kill + 1;

	if (high - low == 1) {
		put(making,
		    (struct sock_filter)IF_EQUAL(making->calls[making->first[low]].number,
						 to(making, target), to(making, making->kill)));
		return;
	}
	put(making, (struct sock_filter)AT_LEAST(making->calls[making->first[middle]].number,
						 (uint8_t)(2 * (middle - low) - 1), 0));
	put_search(making, low, middle);
	put_search(making, middle, high);
}

static void put_test(struct making *making, const struct confine_call *call, bool last)
{
	uint8_t allow = to(making, making->kill + 1);
	uint8_t otherwise = last ? to(making, making->kill) : 0;

	if (call->test == CONFINE_EQUAL)
		put(making, (struct sock_filter)IF_EQUAL(call->value, allow, otherwise));
	else
		put(making, (struct sock_filter)IF_BITS(call->value, otherwise, allow));
}

static void put_tests(struct making *making, size_t n)
{
	const uint32_t arguments = (uint32_t)offsetof(struct seccomp_data, args) + LOW_WORD;

	for (size_t i = making->first[n]; making->tests[n] && i < end_of(making, n); i++) {
		const struct confine_call *call = &making->calls[i];

		if (loads(making, n, i))
			put(making, (struct sock_filter)LOAD(arguments + 8 * call->argument));
		put_test(making, call, i + 1 == end_of(making, n));
	}
}

int confine_calls(const struct confine_call *calls, size_t count, uint32_t arch)
{
	struct making making = { .count = 0 };
	struct sock_fprog program = { .filter = making.filter };

	if (count == 0 || count > CONFINE_MOST_CALLS)
		return -E2BIG;
	sort(&making, calls, count);
	place_tests(&making);
	put(&making, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
	put(&making, (struct sock_filter)IF_EQUAL(arch, 1, 0));
	put(&making, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));
	put(&making, (struct sock_filter)LOAD(offsetof(struct seccomp_data, instruction_pointer)));
	put(&making, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
	put_search(&making, 0, making.numbers);
	for (size_t n = 0; n < making.numbers; n++)
		put_tests(&making, n);
	put(&making, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));
	put(&making, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
	if (making.too_long)
		return -E2BIG;
	program.len = (unsigned short)making.length;
	return (int)sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}

int confine_strictly(uint32_t arch)
{
	static const struct confine_call calls[] = { { .number = RAW_read },
						     { .number = RAW_write },
						     { .number = RAW_exit } };
	long r = sys_prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);

	if (r == -EINVAL)
		return confine_calls(calls, sizeof(calls) / sizeof(calls[0]), arch);
	return (int)r;
}

int confine_privileges(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };
	const struct raw_rlimit no_core = { 0, 0 };
	long r = sys_capget(&header, sets);

	for (int i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(keep >> (32 * i));
		sets[i].effective &= sets[i].permitted;
		sets[i].inheritable = 0;
	}
	if (r == 0)
		r = sys_capset(&header, sets);
	if (r == 0)
		r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r == 0)
		r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r == 0)
		r = sys_prlimit64(0, RLIMIT_CORE, &no_core, NULL);
	return (int)r;
}

static long add_rule(int ruleset, const struct confine_rule *rule)
{
	const struct raw_landlock_path_beneath_attr path = { rule->rights, rule->fd };
	const struct raw_landlock_net_port_attr port = { rule->rights, rule->port };

	return rule->fd < 0
		       ? sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_NET_PORT, &port, 0)
		       : sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_PATH_BENEATH, &path, 0);
}

int confine_places(const struct raw_landlock_ruleset_attr *handled, size_t size,
		   const struct confine_rule *rules, size_t count)
{
	cleanup_fd int ruleset = (int)sys_landlock_create_ruleset(handled, size, 0);
	long r = ruleset;

	for (size_t i = 0; i < count && r >= 0; i++)
		r = add_rule(ruleset, &rules[i]);
	return r < 0 ? (int)r : (int)sys_landlock_restrict_self(ruleset, 0);
}

int confine_need(struct confine_needs *needs, int directory, const char *path, unsigned int rights)
{
	const unsigned int change = CONFINE_MAKE | CONFINE_REMOVE | CONFINE_REMOVE_DIRECTORY;
	cleanup_fd int fd = (int)sys_openat(directory, path, O_PATH | O_CLOEXEC, 0);
	struct stat st;
	long r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0 && needs->place_count == CONFINE_MOST_PLACES)
		r = -E2BIG;
	if (r < 0)
		return (int)r;
	if (rights & change && (st.st_uid != (uint32_t)sys_geteuid() || !(st.st_mode & S_IWUSR)))
		needs->capabilities |= 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER;
	needs->places[needs->place_count].fd = take_fd(&fd);
	needs->places[needs->place_count++].rights = rights;
	return 0;
}

void confine_needs_finish(struct confine_needs *needs)
{
	for (size_t i = 0; i < needs->place_count; i++)
		fd_close(&needs->places[i].fd);
	needs->place_count = 0;
}
