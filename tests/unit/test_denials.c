/* test_denials.c - what a refused call is told as: its arguments, its record, its line */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "launcher/base/buf.h"
#include "launcher/watch/denials.h"
#include "launcher/watch/describe.h"
#include "policy/tables.h"
#include "tests/unit/tap.h"

/* Argument @index of the call @name at @entry with @value. */
static const char *number(enum policy_entry entry, const char *name, int index, uint64_t value)
{
	static char out[256];
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];
	int call = tables_call_number(tables_call(name), entry);
	int count = describe_call(entry, (uint32_t)call, arguments);

	if (index >= count)
		return "none";
	describe_number(entry, &arguments[index], value, out, sizeof(out));
	return out;
}

static void check_numbers(void)
{
	const enum policy_entry native = ENTRY_X86_64;

	is_text(number(native, "openat", 0, (uint64_t)-100), "AT_FDCWD", "AT_FDCWD");
	is_text(number(native, "openat", 0, 0xffffff9c), "AT_FDCWD", "with garbage above it");
	is_text(number(native, "openat", 0, 7), "7", "a descriptor");
	is_text(number(native, "openat", 0, (uint64_t)-1), "-1", "one that is none");
	is_text(number(native, "openat", 2, 0), "O_RDONLY", "no flag");
	is_text(number(native, "openat", 2, 0x80041), "O_CLOEXEC|O_CREAT|O_WRONLY", "flags");
	is_text(number(native, "openat", 2, 0x40000041), "O_CREAT|O_WRONLY|0x40000000",
		"a flag without a name");
	is_text(number(native, "openat", 3, 0644), "0644", "a mode");
	is_text(number(native, "socket", 0, 16), "AF_NETLINK", "a constant");
	is_text(number(native, "socket", 0, 4711), "4711", "one without a name");
	is_text(number(native, "kill", 0, (uint64_t)-5), "-5", "a negative number");
	is_text(number(native, "mount", 4, 0x7f0012345678), "0x7f0012345678", "a pointer");
	is_text(number(native, "getpid", 0, 1), "none", "a call without arguments");
	is_text(number(ENTRY_I386, "mmap2", 0, 0xffffffff08001000), "0x8001000",
		"i386 has 32 bits");
}

static void check_entries(void)
{
	uint32_t call = 1 << 30 | 5;
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];

	is_number(describe_entry(policy_audit_arch(ENTRY_X86_64), &call), ENTRY_X32, "x32");
	is_number(call, 5, "whose numbers lose a bit");
	is_number(describe_entry(policy_audit_arch(ENTRY_I386), &call), ENTRY_I386, "i386");
	is_number(describe_entry(12345, &call), ENTRY_COUNT,
		  "an architecture that is none of ours");
	is_number(describe_call(ENTRY_COUNT, 1, arguments), 6, "and its arguments are numbers");
	is_number(describe_call(ENTRY_X86_64, 99999, arguments), 6, "as those of unknown calls");
	ok(describe_call(ENTRY_X86_64, 42, arguments) == 3 && arguments[1].kind == DESCRIBE_ADDRESS,
	   "connect has an address");
	ok(describe_call(ENTRY_X86_64, 257, arguments) == 4 && arguments[1].kind == DESCRIBE_TEXT,
	   "openat has a path");
}

static const char *address(const void *bytes, size_t length)
{
	static char out[256];

	describe_address(bytes, length, out, sizeof(out));
	return out;
}

static void check_addresses(void)
{
	static const unsigned char inet[16] = { AF_INET, 0, 0, 80, 127, 0, 0, 1 };
	static const unsigned char inet6[28] = { AF_INET6, 0, 1, 187, [23] = 1 };
	static const char path[] = "\1\0/run/x";
	static const char abstract[] = "\1\0\0name";

	is_text(address(inet, 16), "inet 127.0.0.1:80", "IPv4");
	is_text(address(inet6, 28), "inet6 [::1]:443", "IPv6");
	is_text(address(inet6, 20), "family 10", "one that is too short");
	is_text(address(path, sizeof(path)), "unix /run/x", "a path");
	is_text(address(path, 4), "unix /r", "as long as its length says");
	is_text(address(abstract, sizeof(abstract) - 1), "unix @name", "an abstract name");
	is_text(address(path, 2), "unix (unnamed)", "no name");
	is_text(address(path, 1), "(1 bytes)", "not even a family");
	is_text(address("\21\0xxxxxx", 8), "family 17", "another family");
}

static struct denial_event event_of(const char *path)
{
	struct denial_event event = {
		.call = "mkdir",
		.entry = "x86_64",
		.number = 83,
		.action = SECCOMP_RET_ERRNO | EPERM,
		.origin = "p.lua:3",
		.argument_count = 2,
	};

	snprintf(event.arguments[0], DENIALS_TEXT, "%s", path);
	snprintf(event.arguments[1], DENIALS_TEXT, "0755");
	return event;
}

static void written(const struct denials *denials, bool noted, const char *expected,
		    const char *name)
{
	cleanup_buf struct buf out = BUF_EMPTY;

	denials_write(denials, noted, &out);
	buf_bytes(&out, "", 1);
	is_text(out.data, expected, "%s", name);
}

static char told[256];

static void keep(const char *line)
{
	snprintf(told, sizeof(told), "%s", line);
}

static void check_records(void)
{
	struct denials *denials = denials_new();
	struct denial_event event = event_of("/a\n");
	struct denial_process *process = denials_add(denials, &event);

	written(NULL, false, "[]", "nothing at all");
	ok(process, "the first event asks for its process");
	if (process) {
		process->pid = 2;
		snprintf(process->comm, sizeof(process->comm), "sh");
	}
	ok(!denials_add(denials, &event), "the next of its kind does not");
	denials_again(denials, denials_last(denials));
	written(denials, true, "[]", "none is noted only");
	written(denials, false,
		"[\n    { \"syscall\": \"mkdir\", \"entry\": \"x86_64\", "
		"\"args\": [\"/a\\u000a\", \"0755\"], \"count\": 3, \"pid\": 2, \"comm\": \"sh\", "
		"\"action\": \"errno EPERM\", \"rule\": \"p.lua:3\" }]",
		"all three are one record");
	denials_each(denials, keep);
	is_text(told,
		"denied: mkdir(/a\n, 0755) errno EPERM, 3 times, by sh (2), by the rule at "
		"p.lua:3",
		"and one line");
	event.action = SECCOMP_RET_USER_NOTIF;
	ok(denials_add(denials, &event), "another action is another kind");
	event.action = SECCOMP_RET_KILL_PROCESS;
	event.call = NULL;
	ok(denials_add(denials, &event), "an unknown call too");
	denials_each(denials, keep);
	ok(strstr(told, "denied: x86_64:83(") && strstr(told, " kill") && !strstr(told, "times"),
	   "which has a number");
	denials_free(denials);
}

/* The program decides how many kinds there are, not how much of our memory they take. */
static void check_bound(void)
{
	struct denials *denials = denials_new();
	cleanup_buf struct buf out = BUF_EMPTY;

	for (int i = 0; i < DENIALS_MOST + 10; i++) {
		char path[32];
		struct denial_event event;

		snprintf(path, sizeof(path), "/%d", i);
		event = event_of(path);
		(void)denials_add(denials, &event);
	}
	is_number(denials_count(denials), DENIALS_MOST + 10, "all are counted");
	denials_write(denials, false, &out);
	buf_bytes(&out, "", 1);
	ok(strstr(out.data, "\"/511\"") && !strstr(out.data, "\"/512\""), "the first are kept");
	ok(strstr(out.data, "{ \"syscall\": null, \"count\": 10 }"), "the rest is a number");
	denials_free(denials);
}

static void check_policy(void)
{
	static const struct policy_interval calls = { 1, 5 };
	static const struct policy_rule rules[] = {
		{ .action = SECCOMP_RET_ERRNO | 1, .calls = &calls, .call_count = 1 },
		{ .action = SECCOMP_RET_KILL_PROCESS, .calls = &calls, .call_count = 1 },
		{ .action = SECCOMP_RET_TRAP | 3, .calls = &calls, .call_count = 1 },
		{ .action = SECCOMP_RET_ALLOW, .calls = &calls, .call_count = 1 },
		{ .action = SECCOMP_RET_KILL_THREAD, .calls = &calls, .call_count = 1 },
	};
	static const struct policy_arch arch = { ENTRY_X86_64, &calls, 1, rules, 5 };
	static const struct policy policy = { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 38,
					      SECCOMP_RET_KILL_PROCESS, &arch, 1 };
	struct policy copy;
	void *block;

	is_number(policy_notified(&policy, &copy, &block), 0, "a policy for a listener");
	is_number(copy.archs[0].rules[0].action, SECCOMP_RET_USER_NOTIF, "errno goes to it");
	is_number(copy.archs[0].rules[1].action, SECCOMP_RET_USER_NOTIF, "kill too");
	is_number(copy.archs[0].rules[2].action, SECCOMP_RET_TRAP | 3, "a trap does not");
	is_number(copy.archs[0].rules[3].action, SECCOMP_RET_ALLOW, "what is allowed neither");
	is_number(copy.archs[0].rules[4].action, SECCOMP_RET_USER_NOTIF, "a killed thread does");
	is_number(copy.fallback, SECCOMP_RET_ALLOW, "nor an allowing default");
	ok(copy.newer == SECCOMP_RET_USER_NOTIF && copy.foreign == SECCOMP_RET_USER_NOTIF,
	   "refusing defaults do");
	free(block);
}

int main(void)
{
	check_numbers();
	check_entries();
	check_addresses();
	check_records();
	check_bound();
	check_policy();
	return done();
}
