/* test_tables.c - the generated tables and their look-ups (policy/tables.h)
 *
 * What the headers of this machine say too (numbers of system calls, errno, capabilities) is
 * compared with them; the rest is checked for the invariants that the compiler and the front end
 * rely on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/prctl.h>

#include "policy/tables.h"
#include "tests/unit/tap.h"

/* From the tables of Linux 6.18, one or more for each entry where they differ. */
static const struct {
	const char *name;
	int numbers[ENTRY_COUNT];
} samples[] = {
	{ "read", { 0, 3, 0, 63, 63 } },
	{ "openat2", { 437, 437, 437, 437, 437 } },
	{ "ioctl", { 16, 54, 514, 29, 29 } },
	{ "renameat", { 264, 302, 264, 38, -1 } },
	{ "riscv_flush_icache", { -1, -1, -1, -1, 259 } },
	{ "socketcall", { -1, 102, -1, -1, -1 } },
	{ "getrlimit", { 97, 76, 97, 163, 163 } },
	{ "uretprobe", { 335, -1, -1, -1, -1 } },
	{ "map_shadow_stack", { 453, 453, -1, 453, 453 } },
	{ "file_setattr", { 469, 469, 469, 469, 469 } },
	{ "stat64", { -1, 195, -1, -1, -1 } },
	{ "execve", { 59, 11, 520, 221, 221 } },
};

static void test_numbers(void)
{
	size_t i;
	int entry, call, wrong = 0;

	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		for (entry = 0; entry < ENTRY_COUNT; entry++)
			is_number(tables_call_number(tables_call(samples[i].name),
						     (enum policy_entry)entry),
				  samples[i].numbers[entry], "%s at %s", samples[i].name,
				  tables_entry_name((enum policy_entry)entry));
	is_number(tables_call("no_such_call"), -1, "an unknown call");
	for (call = 0; call < tables_call_count(); call++) {
		if (tables_call(tables_call_name(call)) != call)
			wrong++;
		for (entry = 0; entry < ENTRY_COUNT; entry++) {
			int number = tables_call_number(call, (enum policy_entry)entry);

			if (number >= 0 &&
			    tables_call_at((enum policy_entry)entry, (uint32_t)number) != call)
				wrong++;
		}
	}
	is_number(wrong, 0, "names and numbers lead back to each other");
	is_number(tables_call_at(ENTRY_X86_64, UINT32_MAX), -1, "number 0xffffffff");
	is_number(tables_call_at(ENTRY_X86_64, 470), -1, "a number newer than the tables");
#if defined(__x86_64__)
	is_number(tables_call_number(tables_call("faccessat"), ENTRY_X86_64), SYS_faccessat,
		  "as in asm/unistd.h");
#endif
}

static void test_known(void)
{
	int entry;

	for (entry = 0; entry < ENTRY_COUNT; entry++) {
		size_t count, i, sum = 0, expected = 0;
		const struct policy_interval *known =
			tables_known((enum policy_entry)entry, &count);
		int call;

		for (i = 0; i < count; i++) {
			if (known[i].last < known[i].first ||
			    (i && known[i].first <= known[i - 1].last + 1))
				sum += 100000;
			sum += known[i].last - known[i].first + 1;
		}
		for (call = 0; call < tables_call_count(); call++)
			expected += tables_call_number(call, (enum policy_entry)entry) >= 0;
		is_number((int64_t)sum, (int64_t)expected, "known intervals of %s",
			  tables_entry_name((enum policy_entry)entry));
	}
}

/* Is @name within the group? */
static bool in_group(const char *group, const char *name)
{
	const int16_t *member = tables_group(group);

	for (; member && *member >= 0; member++)
		if (strcmp(tables_call_name(*member), name) == 0)
			return true;
	return false;
}

static const char *const composites[] = { "@untrusted", "@service", "@build" };

static bool is_composite(const char *group)
{
	size_t i;

	for (i = 0; i < sizeof(composites) / sizeof(*composites); i++)
		if (strcmp(group, composites[i]) == 0)
			return true;
	return false;
}

static void test_groups(void)
{
	static const char *const dangerous[] = {
		"ptrace",
		"mount",
		"bpf",
		"unshare",
		"setns",
		"userfaultfd",
		"io_uring_setup",
		"keyctl",
		"init_module",
		"kexec_load",
		"pidfd_getfd",
		"process_vm_writev",
		"chroot",
		"open_by_handle_at",
		"perf_event_open",
		"ipc",
		"vm86",
		"uselib",
		"pivot_root",
	};
	int call, alone = 0, unknown = 0;
	size_t i, k;

	for (call = 0; call < tables_call_count(); call++) {
		bool found = false;

		for (i = 0; tables_group_name(i); i++)
			found |= !is_composite(tables_group_name(i)) &&
				 in_group(tables_group_name(i), tables_call_name(call));
		if (!found && ++alone)
			note("%s is in no group", tables_call_name(call));
	}
	is_number(alone, 0, "every call is in a group");
	for (i = 0; tables_group_name(i); i++) {
		const int16_t *member = tables_group(tables_group_name(i));

		ok(*member >= 0, "%s has members", tables_group_name(i));
		for (; *member >= 0; member++)
			unknown += !tables_call_name(*member);
		ok(tables_group_doc(tables_group_name(i))[0] != '\0', "%s is described",
		   tables_group_name(i));
	}
	is_number(unknown, 0, "every member of a group exists");
	for (k = 0; k < sizeof(dangerous) / sizeof(*dangerous); k++)
		ok(!in_group("@untrusted", dangerous[k]), "@untrusted is without %s", dangerous[k]);
	ok(!in_group("@untrusted", "socket"), "@untrusted leaves socket to a rule");
	ok(in_group("@untrusted", "execve") && in_group("@build", "socket"), "members");
	ok(!tables_group("@none"), "an unknown group");
}

/* Splits a signature into "type name" and checks each; returns the number of arguments or -1. */
static int check_signature(const char *signature)
{
	static const char *const types[] = {
		"u16", "i32", "u32", "i64", "u64", "ptr", "str", "fd"
	};
	char text[256], *save = NULL, *part;
	int count = 0;

	snprintf(text, sizeof(text), "%s", signature);
	for (part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char type[64], name[64];
		char *colon;
		bool known = false;
		size_t i;

		if (sscanf(part, " %63s %63s", type, name) != 2)
			return -1;
		for (i = 0; i < sizeof(types) / sizeof(*types); i++)
			known |= strcmp(type, types[i]) == 0;
		colon = strchr(type, ':');
		if (colon) {
			*colon = '\0';
			known = strncmp(type, "flags", 5) == 0 || strncmp(type, "enum", 4) == 0 ||
				strcmp(type, "mode") == 0;
			/* An unknown family has nothing near to any name. */
			known = known && tables_nearest(colon + 1, "xxxxxxxxxxxx") == NULL &&
				(tables_nearest("family", colon + 1) != NULL) &&
				strcmp(tables_nearest("family", colon + 1), colon + 1) == 0;
		}
		if (!known)
			return -1;
		count++;
	}
	return count;
}

static void test_signatures(void)
{
	int call, entry, wrong = 0;

	for (call = 0; call < tables_call_count(); call++)
		for (entry = 0; entry < ENTRY_COUNT; entry++) {
			const char *text = tables_signature(call, (enum policy_entry)entry);
			int count = check_signature(text);

			if (count < 0 || count > 6) {
				note("%s: %s", tables_call_name(call), text);
				wrong++;
			}
		}
	is_number(wrong, 0, "every signature has known types and at most six arguments");
	is_text(tables_signature(tables_call("mmap"), ENTRY_I386), "ptr args",
		"i386 hides mmap's arguments");
	is_text(tables_signature(tables_call("getpid"), ENTRY_X86_64), "", "no arguments");
	is_text(tables_signature(tables_call("setuid"), ENTRY_I386), "u16 uid", "16-bit ids");
}

static void test_constants(void)
{
	uint64_t value = 0;

	is_number(tables_constant(ENTRY_X86_64, "O", "DIRECTORY", &value), 0, "O_DIRECTORY");
	is_number((int64_t)value, 0x10000, "on x86_64");
	is_number(tables_constant(ENTRY_AARCH64, "O", "directory", &value), 0, "in lower case");
	is_number((int64_t)value, 0x4000, "on aarch64");
	is_number(tables_constant(ENTRY_X86_64, "O", "O_CREAT", &value), 0, "with its prefix");
	is_number((int64_t)value, 0100, "O_CREAT");
	is_number(tables_constant(ENTRY_X86_64, "S_I", "S_ISUID", &value), 0, "S_ISUID");
	is_number((int64_t)value, S_ISUID, "as in sys/stat.h");
	is_number(tables_constant(ENTRY_AARCH64, "MAP", "32bit", &value), -ENOENT,
		  "not on aarch64");
	is_number(tables_constant(ENTRY_I386, "IOCTL", "TIOCSTI", &value), 0, "TIOCSTI");
	is_number((int64_t)value, 0x5412, "TIOCSTI's value");
	is_number(tables_constant(ENTRY_X86_64, "AT", "FDCWD", &value), 0, "AT_FDCWD");
	is_number((int64_t)value, -100, "is negative");
	is_number(tables_constant(ENTRY_X86_64, "PR", "SET_NO_NEW_PRIVS", &value), 0, "a prctl");
	is_number((int64_t)value, PR_SET_NO_NEW_PRIVS, "as in linux/prctl.h");
	is_number(tables_constant(ENTRY_X86_64, "PR", "SET_NO_NEW_PRIV", &value), -ENOENT,
		  "prefix");
	is_number(tables_constant(ENTRY_X86_64, "NOPE", "X", &value), -ENOENT, "no family");
}

static void test_small(void)
{
	int i, abi, wrong = 0;

	is_number(tables_errno("EPERM"), EPERM, "EPERM");
	is_number(tables_errno("enosys"), ENOSYS, "in lower case");
	is_text(tables_errno_name(EAGAIN), "EAGAIN", "EAGAIN goes before EWOULDBLOCK");
	is_number(tables_errno("EWOULDBLOCK"), EWOULDBLOCK, "an alias");
	is_number(tables_errno("ENOPE"), -1, "no errno");
	is_text(tables_errno_name(EHWPOISON), "EHWPOISON", "the last");
	is_number(tables_capability("CAP_NET_ADMIN"), CAP_NET_ADMIN, "a capability");
	is_number(tables_capability("checkpoint_restore"), CAP_LAST_CAP, "the last of this kernel");
	is_text(tables_capability_name(CAP_SYS_ADMIN), "sys_admin", "back");
	for (i = 0; tables_capability_name(i); i++)
		wrong += tables_capability(tables_capability_name(i)) != i;
	is_number(wrong, 0, "capabilities lead back");
	is_number(i, 41, "41 of them");
	is_number((int64_t)tables_landlock_rights(LANDLOCK_FS, 1), 0x1fff, "fs rights of ABI 1");
	is_number((int64_t)tables_landlock_rights(LANDLOCK_FS, 7), 0xffff, "fs rights of ABI 7");
	is_number((int64_t)tables_landlock_rights(LANDLOCK_NET, 3), 0, "net rights of ABI 3");
	is_number((int64_t)tables_landlock_rights(LANDLOCK_SCOPE, 6), 3, "scopes of ABI 6");
	is_number((int64_t)tables_landlock_right(LANDLOCK_FS, "refer"), 1 << 13, "refer");
	is_text(tables_landlock_name(LANDLOCK_FS, 15, &abi), "ioctl_dev", "a right's name");
	is_number(abi, 5, "and its ABI");
	is_number((int64_t)tables_landlock_file_rights(), 0x1c007, "rights of files");
}

static void test_nearest(void)
{
	is_text(tables_nearest("call", "opneat"), "openat", "a swapped letter");
	is_text(tables_nearest("group", "@filesystem"), "@file-system", "a group");
	is_text(tables_nearest("errno", "EPREM"), "EPERM", "an errno");
	is_text(tables_nearest("PROT", "exce"), "EXEC", "a constant");
	ok(!tables_nearest("call", "qqqqqqqqqqqqqqqqq"), "nothing is near");
	is_number(tables_distance("kitten", "SITTING", 9), 3, "distance");
	is_number(tables_distance("", "abc", 9), 3, "from nothing");
	is_number(tables_distance("kitten", "sitting", 2), 2, "capped");
}

int main(void)
{
	test_numbers();
	test_known();
	test_groups();
	test_signatures();
	test_constants();
	test_small();
	test_nearest();
	return done();
}
