/* confine.c - the evaluator's seccomp filter
 *
 * brk, mmap and munmap are for the C library's own number formatting; Lua itself lives in an arena
 * that is mapped before.
 */
#include "launcher/eval/child.h"

#include <sys/mman.h>

#include <linux/prctl.h>

#include "launcher/base/confine.h"
#include "policy/policy.h"

int child_confine(void)
{
	static const struct confine_call calls[] = {
		{ .number = RAW_read },
		{ .number = RAW_write },
		{ .number = RAW_exit_group },
		{ .number = RAW_brk },
		{ .number = RAW_munmap },
		{ RAW_mmap, CONFINE_WITHOUT, 2, PROT_EXEC },
#ifdef __SANITIZE_ADDRESS__
		/* It looks for another stack at each longjmp, by which Lua raises its errors. */
		{ .number = RAW_sigaltstack },
#endif
	};
	int ret = (int)sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (ret == 0)
		ret = confine_calls(calls, sizeof(calls) / sizeof(calls[0]),
				    policy_audit_arch(policy_native()));
	return ret;
}
