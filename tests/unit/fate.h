/* fate.h - how a child ends that confines itself and then tries something */
#ifndef TESTS_UNIT_FATE_H
#define TESTS_UNIT_FATE_H

#include <signal.h>
#include <sys/wait.h>

#include "launcher/base/base.h"
#include "tests/unit/tap.h"

/* Its exit status (1: what @act did failed, 99: it could not confine itself), or minus the signal.
 * @confine NULL: it is not confined. */
static inline int fate(long (*act)(void), int (*confine)(void))
{
	siginfo_t info = { 0 };
	long pid = sys_clone(SIGCHLD);

	if (pid == 0) {
		struct raw_rlimit none = { 0, 0 };

		(void)sys_prlimit64(0, RLIMIT_CORE, &none, NULL);
		if (confine && confine() < 0)
			(void)sys_exit_group(99);
		for (;;)
			(void)sys_exit_group(act() < 0 ? 1 : 0);
	}
	if (pid < 0 || sys_waitid(P_PID, (int)pid, &info, WEXITED, NULL) < 0)
		return 98;
	return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

#endif
