/* confine.c - the evaluator's seccomp filter
 *
 * Written by hand, because it must hold whatever the policy compiler does. What it says:
 *
 *	      load  arch
 *	      if arch != native            goto kill
 *	      load  nr
 *	      if nr == read                goto allow
 *	      if nr == write               goto allow
 *	      if nr == exit_group          goto allow
 *	      if nr == brk                 goto allow
 *	      if nr == munmap              goto allow
 *	      if nr != mmap                goto kill
 *	      load  low word of prot
 *	      if prot & PROT_EXEC          goto kill
 *	allow: return ALLOW
 *	kill:  return KILL_PROCESS
 *
 * x32's numbers have bit 30 and so are none of these. brk, mmap and munmap are for the C library's
 * own number formatting; Lua itself lives in an arena that is mapped before.
 */
#include "launcher/eval/child.h"

#include <stddef.h>
#include <sys/mman.h>

#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "policy/policy.h"

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define IF_BITS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

/* The address sanitizer looks for another stack at each longjmp, by which Lua raises its errors. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZER IF_EQUAL(RAW_sigaltstack, 8, 0),
enum { SANITIZER_RULES = 1 };
#else
#define SANITIZER
enum { SANITIZER_RULES = 0 };
#endif

int child_confine(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		IF_EQUAL(policy_audit_arch(policy_native()), 0, 10 + SANITIZER_RULES),
		LOAD(nr),
		SANITIZER IF_EQUAL(RAW_read, 7, 0),
		IF_EQUAL(RAW_write, 6, 0),
		IF_EQUAL(RAW_exit_group, 5, 0),
		IF_EQUAL(RAW_brk, 4, 0),
		IF_EQUAL(RAW_munmap, 3, 0),
		IF_EQUAL(RAW_mmap, 0, 3),
		LOAD(args[2]),
		IF_BITS(PROT_EXEC, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	long ret = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (ret == 0)
		ret = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
	return (int)ret;
}
