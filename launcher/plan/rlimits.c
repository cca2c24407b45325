/* rlimits.c - the limits of a plan that are rlimits (see rlimits.h) */
#include "launcher/plan/rlimits.h"

#include <sys/resource.h>

#define ROW(member, resource, unit, scale)                                                         \
	{                                                                                          \
		"limits." #member, offsetof(struct plan_limits, member), resource, unit, scale     \
	}

const struct plan_rlimit plan_rlimits[PLAN_RLIMITS] = {
	ROW(address_space, RLIMIT_AS, 0, 0),   ROW(core, RLIMIT_CORE, 0, 0),
	ROW(data, RLIMIT_DATA, 0, 0),          ROW(files, RLIMIT_NOFILE, 0, 0),
	ROW(fsize, RLIMIT_FSIZE, 0, 0),        ROW(memlock, RLIMIT_MEMLOCK, 0, 0),
	ROW(msgqueue, RLIMIT_MSGQUEUE, 0, 0),  ROW(nice, RLIMIT_NICE, 0, 0),
	ROW(nproc, RLIMIT_NPROC, 0, 0),        ROW(pids, RLIMIT_NPROC, 0, 0),
	ROW(process_cpu, RLIMIT_CPU, 1000, 0), ROW(rtprio, RLIMIT_RTPRIO, 0, 0),
	ROW(rttime, RLIMIT_RTTIME, 0, 1000),   ROW(sigpending, RLIMIT_SIGPENDING, 0, 0),
	ROW(stack, RLIMIT_STACK, 0, 0),
};

const struct plan_limit *plan_rlimit_of(const struct plan_rlimit *row,
					const struct plan_limits *limits)
{
	return (const struct plan_limit *)(const void *)((const char *)limits + row->at);
}
