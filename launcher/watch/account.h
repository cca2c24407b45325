/* account.h - what the sandbox's cgroup has counted */
#ifndef LAUNCHER_WATCH_ACCOUNT_H
#define LAUNCHER_WATCH_ACCOUNT_H

#include "launcher/stage/setup.h"

/* account_read() - read the files of the sandbox's @cgroup
 * What a kernel or a controller that is off does not count is OUTCOME_UNKNOWN.
 */
void account_read(const struct cgroup *cgroup, struct outcome_cgroup *account);

/* account_out_of_memory() - did the kernel kill the sandbox because its own memory was used up?
 * account_out_of_others(): because a cgroup above, or the host, had none left? The kernel counts
 * both kills, but of limits that are reached only the cgroup's own. */
bool account_out_of_memory(const struct outcome_cgroup *account);
bool account_out_of_others(const struct outcome_cgroup *account);

#endif
