/* seccomp.h - what the parts of `lunette seccomp` share */
#ifndef LAUNCHER_CMD_SECCOMP_H
#define LAUNCHER_CMD_SECCOMP_H

#include "launcher/cmd/cmd.h"
#include "launcher/plan/plan.h"

/* A profile's rules and the filter they become. */
struct seccomp_view {
	struct eval_answer answer;
	struct plan plan;
	struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	uint32_t origins[POLICY_MAX_INSTRUCTIONS];
	size_t count;
};

/* seccomp_origin() - the profile line of an origin index, or "". */
const char *seccomp_origin(const struct seccomp_view *view, uint32_t origin);

/* seccomp_action() - append an action as profiles write it. */
void seccomp_action(struct buf *out, uint32_t action);

void seccomp_dump(const struct seccomp_view *view, struct buf *out);

/* seccomp_knows() - do the tables know a call @number of @arch? Else it is newer than they are. */
bool seccomp_knows(const struct policy_arch *arch, uint32_t number);

/* seccomp_no_call() - there is no call @name. Returns -EINVAL with @err. */
int seccomp_no_call(const char *name, struct err *err);

/* seccomp_read_call() - @text as the numbers that a filter sees: "openat(AT_FDCWD, 0, O_CREAT)",
 * "i386:open" or "x86_64:257(1, 2)"; arguments that are not there are 0. Returns 0, or -EINVAL with
 * an @err that names what of it is wrong.
 */
int seccomp_read_call(const struct seccomp_view *view, const char *text, struct seccomp_data *data,
		      enum policy_entry *entry, struct err *err);

/* seccomp_sim() - what the filter answers call @text. Returns 0 or -EINVAL with @err. */
int seccomp_sim(const struct seccomp_view *view, const char *text, struct buf *out,
		struct err *err);

/* seccomp_why() - the rules that speak of call @name, in order. */
int seccomp_why(const struct seccomp_view *view, const char *name, struct buf *out,
		struct err *err);

void seccomp_stats(const struct seccomp_view *view, struct buf *out);
int seccomp_groups(const char *name, struct buf *out, struct err *err);

#endif
