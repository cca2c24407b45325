/* filters.c - Landlock and seccomp (see filters.h)
 *
 * Seccomp comes last of all: nothing but execve may follow it, since any other call may be what it
 * forbids.
 *
 * Sources: seccomp(2), landlock(7), include/uapi/linux/landlock.h.
 */
#include "launcher/stage/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/transfer.h"
#include "policy/tables.h"

static int refused(const struct setup *setup, const struct policy_error *why, int number,
		   struct err *err)
{
	const struct plan *plan = setup->plan;
	const char *origin = "";

	if (why->arch < plan->seccomp.arch_count &&
	    why->rule < plan->seccomp.archs[why->arch].rule_count) {
		uint32_t index = plan->seccomp.archs[why->arch].rules[why->rule].origin;

		if (index < plan->rule_origin_count)
			origin = plan->rule_origins[index];
	}
	(void)err_set(err, STAGE_FILTERS, number, NULL, "seccomp%s%s", origin[0] ? " " : "",
		      origin);
	if (why->text[0])
		(void)err_reason(err, "%s", why->text);
	return -err->number;
}

/* Nothing answers a notification, so the calls would wait for ever: @why is set to the rule. */
static bool notifies(const struct policy *policy, struct policy_error *why)
{
	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t k = 0; k < policy->archs[i].rule_count; k++)
			if (policy->archs[i].rules[k].action == SECCOMP_RET_USER_NOTIF) {
				why->arch = i;
				why->rule = k;
				return true;
			}
	return policy->fallback == SECCOMP_RET_USER_NOTIF ||
	       policy->newer == SECCOMP_RET_USER_NOTIF;
}

int filters_compile(struct setup *setup, struct err *err)
{
	struct policy_error why = { .arch = SIZE_MAX, .rule = SIZE_MAX };
	int r;

	if (!setup->plan->has_seccomp)
		return 0;
	if (notifies(&setup->plan->seccomp, &why)) {
		(void)refused(setup, &why, EOPNOTSUPP, err);
		return err_reason(err, "the action notify has no supervisor yet");
	}
	setup->filter = malloc(POLICY_MAX_INSTRUCTIONS * sizeof(*setup->filter));
	if (!setup->filter)
		return err_set(err, STAGE_FILTERS, ENOMEM, NULL, "seccomp");
	r = policy_compile(&setup->plan->seccomp, setup->filter, &setup->filter_length, NULL, &why);
	if (r < 0)
		return refused(setup, &why, r, err);
	return filters_check_exec(setup, err);
}

int filters_send(const struct setup *setup, int link)
{
	size_t size = setup->filter_length * sizeof(*setup->filter);

	return setup->plan->has_seccomp ? transfer_send_bytes(link, setup->filter, size) : 0;
}

int filters_receive(struct setup *setup, struct err *err)
{
	struct buf bytes = BUF_EMPTY;
	int r;

	if (!setup->plan->has_seccomp)
		return 0;
	r = transfer_receive_bytes(setup->link, &bytes,
				   POLICY_MAX_INSTRUCTIONS * sizeof(*setup->filter), err);
	if (r < 0)
		return r;
	setup->filter = (struct sock_filter *)(void *)bytes.data;
	setup->filter_length = bytes.length / sizeof(*setup->filter);
	return setup->filter_length
		       ? 0
		       : err_set(err, STAGE_FILTERS, EPROTO, NULL, "seccomp: an empty filter");
}

int filters_check_exec(const struct setup *setup, struct err *err)
{
	struct seccomp_data call = {
		.nr = RAW_execveat,
		.arch = policy_audit_arch(policy_native()),
		.args = { (uint64_t)(uint32_t)AT_FDCWD },
	};
	uint32_t action;

	if (!setup->filter_length)
		return 0;
	call.nr = RAW_execve;
	action = bpf_run(setup->filter, setup->filter_length, &call, NULL);
	if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG)
		return 0;
	(void)err_set(err, STAGE_FILTERS, EPERM, "allow { \"execve\" }", "seccomp");
	return err_reason(err, "the filter forbids execve, which starts the program itself");
}

int filters_seccomp(const struct setup *setup, struct err *err)
{
	struct sock_fprog program = { .len = (unsigned short)setup->filter_length,
				      .filter = setup->filter };
	long r;

	if (!setup->plan->has_seccomp)
		return 0;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
	if (r < 0)
		return err_set(err, STAGE_FILTERS, (int)r,
			       r == -EINVAL ? "this kernel lacks an action of the filter, or "
					      "CONFIG_SECCOMP_FILTER"
					    : NULL,
			       "seccomp filter of %zu instructions", setup->filter_length);
	setup->shared->enforced.seccomp_instructions = setup->filter_length;
	return 0;
}

/* Rights that only a directory can grant: a rule on a file that carries one is EINVAL. */
static uint64_t file_rights(uint64_t rights)
{
	static const char *const names[] = { "execute", "write_file", "read_file", "truncate",
					     "ioctl_dev" };
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		mask |= tables_landlock_right(LANDLOCK_FS, names[i]);
	return rights & mask;
}

static int add_file_rule(int ruleset, int fd, uint64_t rights)
{
	struct raw_landlock_path_beneath_attr attr = { .allowed_access = rights, .parent_fd = fd };
	struct stat st;
	long r = sys_fstat(fd, &st);

	if (r == 0 && !S_ISDIR(st.st_mode))
		attr.allowed_access = file_rights(rights);
	if (r == 0 && attr.allowed_access)
		r = sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_PATH_BENEATH, &attr, 0);
	return (int)r;
}

static int add_rule(const struct plan_landlock_rule *rule, int ruleset, uint64_t fs, uint64_t net)
{
	struct raw_landlock_net_port_attr port = { .allowed_access = rule->rights & net,
						   .port = rule->port };
	cleanup_fd int fd = -1;

	if (!rule->path)
		return port.allowed_access
			       ? (int)sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_NET_PORT,
							    &port, 0)
			       : 0;
	fd = path_host(rule->path, O_PATH);
	if (fd == -ENOENT && rule->optional)
		return 0;
	return fd < 0 ? fd : add_file_rule(ruleset, fd, rule->rights & fs);
}

static int rule_failed(const struct plan_landlock_rule *rule, int error, struct err *err)
{
	const char *origin = rule->origin && rule->origin[0] ? rule->origin : NULL;

	if (rule->path)
		return err_set(err, STAGE_FILTERS, error,
			       error == -ENOENT ? "the path is looked up inside the sandbox" : NULL,
			       "landlock %s%s%s", rule->path, origin ? " at " : "",
			       origin ? origin : "");
	return err_set(err, STAGE_FILTERS, error, NULL, "landlock port %u", rule->port);
}

/* Standard input that was opened again, read-only, lies outside every path of the new root. */
static int add_streams(const struct setup *setup, int ruleset, uint64_t fs)
{
	uint64_t read = tables_landlock_right(LANDLOCK_FS, "read_file") & fs;

	for (int i = 0; i < 3 && read; i++) {
		int r = setup->streams[i].landlocked ? add_file_rule(ruleset, i, read) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The kernel's ABI, after checking that it has what the plan handles, or cutting that down. */
static int fit(const struct setup *setup, struct raw_landlock_ruleset_attr *attr, struct err *err)
{
	const struct plan_landlock *landlock = &setup->plan->landlock;
	long abi = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t fs, net, scope;

	if (abi < 0 && landlock->prefer) {
		outcome_skip(&setup->shared->enforced, "landlock", "this kernel has none");
		return 0;
	}
	if (abi < 0)
		return err_set(err, STAGE_FILTERS, (int)abi,
			       "boot with lsm=landlock,... or wrap the table in prefer()",
			       "landlock %s", landlock->origin ? landlock->origin : "");
	fs = landlock->handled_fs & tables_landlock_rights(LANDLOCK_FS, (int)abi);
	net = landlock->handled_net & tables_landlock_rights(LANDLOCK_NET, (int)abi);
	scope = landlock->scoped & tables_landlock_rights(LANDLOCK_SCOPE, (int)abi);
	*attr = (struct raw_landlock_ruleset_attr){ fs, net, scope };
	if (fs == landlock->handled_fs && net == landlock->handled_net && scope == landlock->scoped)
		return (int)abi;
	if (landlock->prefer) {
		outcome_skip(&setup->shared->enforced, "landlock",
			     "this kernel's ABI lacks some of the rights");
		return (int)abi;
	}
	(void)err_set(err, STAGE_FILTERS, EOPNOTSUPP, "wrap the table in prefer()", "landlock %s",
		      landlock->origin ? landlock->origin : "");
	return err_reason(err, "this kernel has Landlock ABI %ld, which lacks some of the rights",
			  abi);
}

int filters_landlock(const struct setup *setup, struct err *err)
{
	const struct plan_landlock *landlock = &setup->plan->landlock;
	struct raw_landlock_ruleset_attr attr = { 0 };
	cleanup_fd int ruleset = -1;
	size_t size;
	int abi;
	long r;

	if (!landlock->wanted)
		return 0;
	r = fit(setup, &attr, err);
	if (r <= 0)
		return (int)r;
	abi = (int)r;
	if (!attr.handled_access_fs && !attr.handled_access_net && !attr.scoped)
		return 0;
	size = r >= 6 ? 24 : r >= 4 ? 16 : 8;
	ruleset = (int)sys_landlock_create_ruleset(&attr, size, 0);
	if (ruleset < 0)
		return err_set(err, STAGE_FILTERS, ruleset, NULL, "landlock rule set");
	for (size_t i = 0; i < landlock->rule_count; i++) {
		r = add_rule(&landlock->rules[i], ruleset, attr.handled_access_fs,
			     attr.handled_access_net);
		if (r < 0)
			return rule_failed(&landlock->rules[i], (int)r, err);
	}
	r = add_streams(setup, ruleset, attr.handled_access_fs);
	if (r == 0)
		r = sys_landlock_restrict_self(ruleset, 0);
	if (r == 0)
		setup->shared->enforced.landlock_abi = abi;
	return r < 0 ? err_set(err, STAGE_FILTERS, (int)r, NULL, "landlock") : 0;
}
