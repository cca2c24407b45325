/* landlock.h - what is asked of Landlock under each of its ABIs, as pure functions */
#ifndef POLICY_LANDLOCK_H
#define POLICY_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rights of each kind (policy/tables.h), as bits. */
struct landlock_rights {
	uint64_t fs;
	uint64_t net;
	uint64_t scope;
};

struct landlock_fit {
	struct landlock_rights rights; /* those of the wanted ones that the ABI has */
	size_t size;     /* of struct landlock_ruleset_attr, as far as the ABI knows it */
	char lacks[160]; /* the others, "refer (ABI 2), signal (ABI 6)"; "" where there are none */
};

/* landlock_fit() - what of @wanted can be asked of a kernel with @abi. Whoever leaves out what it
 * lacks denies less, but for refer: without it moving and linking between directories is always
 * denied. An ABI newer than the tables counts as their last.
 */
void landlock_fit(const struct landlock_rights *wanted, int abi, struct landlock_fit *fit);

/* landlock_most() - all that can be asked of a kernel with @abi. */
void landlock_most(int abi, struct landlock_fit *fit);

/* landlock_rule_rights() - which of @rights a rule may carry: of those @handled, and for what is no
 * @directory of those that fit a file (landlock_add_rule(2) answers EINVAL to others, and ENOMSG to
 * none at all). 0: there is no rule to add.
 */
uint64_t landlock_rule_rights(uint64_t rights, uint64_t handled, bool directory);

#endif
