/* test_landlock.c - what is asked of each ABI of Landlock (policy/landlock.h)
 *
 * The rights of each ABI stand here once more, as the kernel's documentation lists them, and not as
 * the table of policy/tables/ does.
 */
#include <string.h>

#include "policy/landlock.h"
#include "policy/tables.h"
#include "tests/unit/tap.h"

/* Documentation/userspace-api/landlock.rst, "Previous limitations" and "Compatibility". */
static const struct {
	uint64_t fs, net, scope;
	size_t size;
	const char *lacks; /* of all that the tables know */
} abis[] = {
	{ 0, 0, 0, 8, "execute (ABI 1), write_file (ABI 1), " },
	{ 0x1fff, 0, 0, 8, "refer (ABI 2), truncate (ABI 3), ioctl_dev (ABI 5), " },
	{ 0x3fff, 0, 0, 8, "truncate (ABI 3), ioctl_dev (ABI 5), resolve_unix (ABI 9), " },
	{ 0x7fff, 0, 0, 8, "ioctl_dev (ABI 5), resolve_unix (ABI 9), bind_tcp (ABI 4), " },
	{ 0x7fff, 3, 0, 16, "ioctl_dev (ABI 5), resolve_unix (ABI 9), bind_udp (ABI 10), " },
	{ 0xffff, 3, 0, 16,
	  "resolve_unix (ABI 9), bind_udp (ABI 10), connect_send_udp (ABI 10), "
	  "abstract_unix (ABI 6), signal (ABI 6)" },
	{ 0xffff, 3, 3, 24, "resolve_unix (ABI 9), bind_udp (ABI 10), connect_send_udp (ABI 10)" },
	{ 0xffff, 3, 3, 24, "resolve_unix (ABI 9), bind_udp (ABI 10), connect_send_udp (ABI 10)" },
	{ 0xffff, 3, 3, 24, "resolve_unix (ABI 9), bind_udp (ABI 10), connect_send_udp (ABI 10)" },
	{ 0x1ffff, 3, 3, 24, "bind_udp (ABI 10), connect_send_udp (ABI 10)" },
	{ 0x1ffff, 0xf, 3, 24, "" },
	{ 0x1ffff, 0xf, 3, 24, "" }, /* one that we do not know yet */
};

static void test_abis(void)
{
	const struct landlock_rights everything = { 0x1ffff, 0xf, 3 };
	struct landlock_fit fit;

	for (int abi = 0; abi < (int)(sizeof(abis) / sizeof(*abis)); abi++) {
		landlock_fit(&everything, abi, &fit);
		is_number((int64_t)fit.rights.fs, (int64_t)abis[abi].fs, "ABI %d: fs", abi);
		is_number((int64_t)fit.rights.net, (int64_t)abis[abi].net, "ABI %d: net", abi);
		is_number((int64_t)fit.rights.scope, (int64_t)abis[abi].scope, "ABI %d: scope",
			  abi);
		is_number((int64_t)fit.size, (int64_t)abis[abi].size, "ABI %d: size", abi);
		ok(!strncmp(fit.lacks, abis[abi].lacks, strlen(abis[abi].lacks)) &&
			   (*abis[abi].lacks || !*fit.lacks),
		   "ABI %d lacks %s", abi, fit.lacks);
	}
}

static void test_parts(void)
{
	const struct landlock_rights old = { 0x1fff, 0, 0 }, strange = { 1, UINT64_C(1) << 40, 0 };
	struct landlock_fit fit;

	landlock_fit(&old, 1, &fit);
	is_text(fit.lacks, "", "what the first ABI has is all that is asked for");
	landlock_fit(&strange, 10, &fit);
	is_text(fit.lacks, "bit 40", "a right that no table knows is never there");
	is_number((int64_t)fit.rights.net, 0, "and not asked for");
	landlock_fit(&(struct landlock_rights){ UINT64_MAX, UINT64_MAX, UINT64_MAX }, 3, &fit);
	ok(strlen(fit.lacks) == sizeof(fit.lacks) - 1, "a long list is cut off: %s", fit.lacks);
}

static void test_rules(void)
{
	is_number((int64_t)landlock_rule_rights(0xffff, 0x3fff, true), 0x3fff,
		  "a directory's rule: what is handled");
	is_number((int64_t)landlock_rule_rights(0xffff, 0xffff, false), 0xc007,
		  "a file's: execute, write, read, truncate, ioctl");
	is_number((int64_t)landlock_rule_rights(0x1ffff, 0x1ffff, false), 0x1c007,
		  "and its sockets");
	is_number((int64_t)landlock_rule_rights(8, 0xffff, false), 0,
		  "reading a directory is nothing for a file");
}

int main(void)
{
	test_abis();
	test_parts();
	test_rules();
	return done();
}
