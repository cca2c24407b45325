/* origin.h - which line of the profile decided
 *
 * Pure: the plan, which carries file and line of each rule, and what was refused. An answer is
 * "FILE:LINE", or "" where none is known; it lives as long as the plan.
 */
#ifndef LAUNCHER_WATCH_ORIGIN_H
#define LAUNCHER_WATCH_ORIGIN_H

#include "launcher/plan/plan.h"

/* origin_of_call() - of the rule @decided of @entry (policy_evaluate()), or of the key that decides
 * of @number what no rule does. */
const char *origin_of_call(const struct plan *plan, enum policy_entry entry, uint32_t number,
			   size_t decided);

/* origin_beneath() - is @path the place @top or beneath it? */
bool origin_beneath(const char *path, const char *top);

/* origin_of_path() - of what Landlock keeps from @path by not granting @right: the rule that grants
 * something nearest to it, else the section. @granted: NULL, or set to whether a rule does grant
 * it. */
const char *origin_of_path(const struct plan *plan, const char *path, uint64_t right,
			   bool *granted);

/* origin_of_port() - the same of a TCP port. */
const char *origin_of_port(const struct plan *plan, uint16_t port, uint64_t right, bool *granted);

#endif
