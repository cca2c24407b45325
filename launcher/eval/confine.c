/* confine.c - what the evaluator's process may still ask of the kernel
 *
 * Lua lives in memory that is mapped before, so reading, writing and ending will do, and strict
 * mode costs nothing where a filter has to be compiled. glibc and the sanitizers want more.
 */
#include "launcher/eval/child.h"

#include <sys/mman.h>

#include <linux/prctl.h>

#include "launcher/base/confine.h"
#include "policy/policy.h"

static int take_calls(uint32_t arch)
{
#ifdef LUNETTE_OWN_MALLOC
	return confine_strictly(arch);
#else
	static const struct confine_call calls[] = {
		{ .number = RAW_read },
		{ .number = RAW_write },
		{ .number = RAW_exit },
		/* For the formatting of numbers. */
		{ .number = RAW_brk },
		{ .number = RAW_munmap },
		{ RAW_mmap, CONFINE_WITHOUT, 2, PROT_EXEC },
		/* For table.sort, where its pivots are bad. */
		{ .number = RAW_clock_gettime },
		/* A sanitizer looks for another stack at each longjmp, by which Lua raises its
		 * errors. */
		{ .number = RAW_sigaltstack },
	};

	return confine_calls(calls, sizeof(calls) / sizeof(calls[0]), arch);
#endif
}

int child_confine(void)
{
	int ret = (int)sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	return ret == 0 ? take_calls(policy_audit_arch(policy_native())) : ret;
}
