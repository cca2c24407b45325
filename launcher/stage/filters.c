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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/transfer.h"
#include "policy/landlock.h"
#include "policy/tables.h"

/* Does a rule or a default of @policy come to @action, whatever its data? */
static bool comes_to(const struct policy *policy, uint32_t action)
{
	const uint32_t kind = SECCOMP_RET_ACTION_FULL;

	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t k = 0; k < policy->archs[i].rule_count; k++)
			if ((policy->archs[i].rules[k].action & kind) == action)
				return true;
	return (policy->fallback & kind) == action || (policy->newer & kind) == action;
}

/* Only pid 1 can hand the listener over, so without one nothing is reported on demand. */
bool filters_observed(const struct setup *setup)
{
	return setup->plan->process.init && (setup->plan->report_denied || setup->observe);
}

static bool observed(const struct setup *setup)
{
	return setup->plan->has_seccomp && filters_observed(setup);
}

bool filters_listened(const struct setup *setup)
{
	return observed(setup) || (setup->plan->has_seccomp &&
				   comes_to(&setup->plan->seccomp, SECCOMP_RET_USER_NOTIF));
}

bool filters_audited(const struct setup *setup)
{
	const struct plan *plan = setup->plan;

	return filters_observed(setup) &&
	       (plan->landlock.wanted ||
		(plan->has_seccomp && comes_to(&plan->seccomp, SECCOMP_RET_TRAP)));
}

/* Refusals of an observed program go to the listener, which decides by the plan's own rules. */
static int compile(struct setup *setup, struct policy_error *why)
{
	const struct policy *policy = &setup->plan->seccomp;
	struct policy handed_over;
	void *block = NULL;
	int r;

	if (observed(setup)) {
		r = policy_notified(policy, &handed_over, &block);
		if (r < 0)
			return r;
		policy = &handed_over;
	}
	r = policy_compile(policy, setup->filter, &setup->filter_length, NULL, why);
	if (r == 0 && setup->verify)
		r = policy_verify(policy, setup->filter, setup->filter_length, NULL, why);
	free(block);
	return r;
}

int filters_compile(struct setup *setup, struct err *err)
{
	struct policy_error why = { .arch = SIZE_MAX, .rule = SIZE_MAX };
	int r;

	if (!setup->plan->has_seccomp)
		return 0;
	if (filters_listened(setup) && !setup->plan->process.init) {
		(void)err_set(err, STAGE_FILTERS, EOPNOTSUPP, "process.init = true", "seccomp");
		return err_reason(err, "the action notify needs a pid 1 of ours");
	}
	setup->filter = malloc(POLICY_MAX_INSTRUCTIONS * sizeof(*setup->filter));
	if (!setup->filter)
		return err_set(err, STAGE_FILTERS, ENOMEM, NULL, "seccomp");
	r = compile(setup, &why);
	if (r < 0)
		return plan_refused(setup->plan, &why, r, "seccomp", err);
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

/* ENOMEM is nearly always the limit of all filters of a process together, MAX_INSNS_PER_PATH. */
static int seccomp_failed(int error, size_t length, struct err *err)
{
	const char *hint = NULL;

	if (error == -EINVAL)
		hint = "this kernel lacks an action of the filter, or CONFIG_SECCOMP_FILTER";
	(void)err_set(err, STAGE_FILTERS, error, hint, "seccomp filter of %zu instructions",
		      length);
	if (error != -ENOMEM)
		return error;
	(void)err_hint(err, "start lunette under fewer filters");
	return err_reason(err, "the caller's own filters leave no room: the kernel takes 32768 "
			       "instructions in all");
}

int filters_seccomp(const struct setup *setup, struct err *err)
{
	struct sock_fprog program = { .len = (unsigned short)setup->filter_length,
				      .filter = setup->filter };
	unsigned int flags = 0;
	long r;

	if (!setup->plan->has_seccomp)
		return 0;
	/* Once the supervisor knows of a call, only a signal that kills takes it back. */
	if (filters_listened(setup))
		flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	/* Of traps nobody hears but the program and the log, which wants to be asked. */
	if (setup->shared->audited && comes_to(&setup->plan->seccomp, SECCOMP_RET_TRAP))
		flags |= SECCOMP_FILTER_FLAG_LOG;
	setup->shared->enforced.seccomp_instructions = setup->filter_length;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r < 0)
		return seccomp_failed((int)r, setup->filter_length, err);
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		setup->shared->listener = (int)r;
	return 0;
}

/* The kernel is asked what the file is: EINVAL says that it is no directory. */
static int add_file_rule(int ruleset, int fd, uint64_t rights, uint64_t handled)
{
	struct raw_landlock_path_beneath_attr attr = { .parent_fd = fd };
	long r = -EINVAL;

	for (int directory = 1; directory >= 0 && r == -EINVAL; directory--) {
		attr.allowed_access = landlock_rule_rights(rights, handled, directory);
		if (!attr.allowed_access)
			return 0;
		r = sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_PATH_BENEATH, &attr, 0);
	}
	return (int)r;
}

/* Spells out the link of the plan's own that @path begins with, as `same "/bin"` makes them, and
 * which nobody has planted: it still says what the plan does. The walk along links is spared. */
static const char *spell_out(const struct plan *plan, const char *path, char out[4096])
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		size_t length = mount->kind == MOUNT_SYMLINK ? strlen(mount->target) : 0;
		const char *name;
		char text[256];
		long said;

		if (length == 0 || strncmp(path, mount->target, length) != 0 ||
		    (path[length] && path[length] != '/'))
			continue;
		name = strrchr(mount->target, '/') + 1;
		/* May fail: another mount lies there, and the path is walked. */
		said = sys_readlinkat(AT_FDCWD, mount->target, text, sizeof(text));
		if (said < 0 || (size_t)said != strlen(mount->source) ||
		    memcmp(text, mount->source, (size_t)said) != 0)
			return path;
		said = snprintf(out, 4096, "%.*s%s%s",
				mount->source[0] == '/' ? 0 : (int)(name - mount->target),
				mount->target, mount->source, path + length);
		return said < 4096 ? out : path;
	}
	return path;
}

/* A link in a tree that the program may write to could lead to another mount, which the rule would
 * grant then. */
static int add_rule(const struct plan *plan, const struct plan_landlock_rule *rule,
		    const struct path_trees *trees, int ruleset,
		    const struct landlock_rights *handled)
{
	char spelt[4096];
	struct raw_landlock_net_port_attr port = { .allowed_access = rule->rights & handled->net,
						   .port = rule->port };
	cleanup_fd int fd = -1;

	if (!rule->path)
		return port.allowed_access
			       ? (int)sys_landlock_add_rule(ruleset, RAW_LANDLOCK_RULE_NET_PORT,
							    &port, 0)
			       : 0;
	fd = path_steady(spell_out(plan, rule->path, spelt), trees);
	if (fd == -ENOENT && rule->optional)
		return 0;
	return fd < 0 ? fd : add_file_rule(ruleset, fd, rule->rights, handled->fs);
}

static int rule_failed(const struct plan_landlock_rule *rule, int error, struct err *err)
{
	const char *origin = rule->origin && rule->origin[0] ? rule->origin : NULL;

	if (!rule->path)
		return err_set(err, STAGE_FILTERS, error, NULL, "landlock port %u", rule->port);
	(void)err_set(err, STAGE_FILTERS, error,
		      error == -ENOENT ? "the path is looked up inside the sandbox" : NULL,
		      "landlock %s%s%s", rule->path, origin ? " at " : "", origin ? origin : "");
	if (error != -ELOOP)
		return error;
	(void)err_reason(err, "a symlink in it may have been planted");
	return err_hint(err, "name the path that it leads to");
}

/* Is what the rule @at grants granted by one before it? */
static bool is_repeated(const struct plan_landlock *landlock, size_t at)
{
	const struct plan_landlock_rule *rule = &landlock->rules[at];

	for (size_t i = 0; rule->path && i < at; i++) {
		const struct plan_landlock_rule *other = &landlock->rules[i];

		if (other->path && !(rule->rights & ~other->rights) &&
		    (rule->optional || !other->optional) && strcmp(rule->path, other->path) == 0)
			return true;
	}
	return false;
}

static int add_rules(const struct plan *plan, int ruleset, const struct landlock_rights *handled,
		     struct err *err)
{
	struct path_trees trees = { .list = calloc(plan->mount_count + 1, sizeof(*trees.list)),
				    .any_owner = true };
	int r = 0;

	if (!trees.list)
		return err_set(err, STAGE_FILTERS, ENOMEM, NULL, "landlock");
	trees.count = plan_writable(plan, true, trees.list);
	for (size_t i = 0; i < plan->landlock.rule_count && r == 0; i++) {
		const struct plan_landlock_rule *rule = &plan->landlock.rules[i];

		if (is_repeated(&plan->landlock, i))
			continue;
		r = add_rule(plan, rule, &trees, ruleset, handled);
		if (r < 0)
			r = rule_failed(rule, r, err);
	}
	free(trees.list);
	return r;
}

/* Standard input that was opened again, read-only, lies outside every path of the new root. */
static int add_streams(const struct setup *setup, int ruleset, uint64_t handled)
{
	uint64_t read = tables_landlock_right(LANDLOCK_FS, "read_file");

	for (int i = 0; i < 3; i++) {
		int r = setup->streams[i].landlocked ? add_file_rule(ruleset, i, read, handled) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The kernel's ABI, after checking that it has what the plan handles, or cutting that down; 0:
 * there is nothing to ask for. */
static int fit(const struct setup *setup, struct landlock_fit *fitted, struct err *err)
{
	const struct plan_landlock *landlock = &setup->plan->landlock;
	const struct landlock_rights wanted = { landlock->handled_fs, landlock->handled_net,
						landlock->scoped };
	struct outcome_enforced *enforced = &setup->shared->enforced;
	/* May differ: what a profile only prefers is skipped, and the report says so. */
	long abi = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 && landlock->prefer) {
		outcome_skip(enforced, "landlock", "this kernel has none");
		return 0;
	}
	if (abi < 0)
		return err_set(err, STAGE_FILTERS, (int)abi,
			       "boot with lsm=landlock,... or wrap the table in prefer()",
			       "landlock %s", landlock->origin ? landlock->origin : "");
	landlock_fit(&wanted, (int)abi, fitted);
	if (fitted->lacks[0] && landlock->prefer) {
		outcome_skip(enforced, "landlock", "this kernel's ABI lacks some of the rights");
	} else if (fitted->lacks[0]) {
		(void)err_set(err, STAGE_FILTERS, EOPNOTSUPP, "wrap the table in prefer()",
			      "landlock %s", landlock->origin ? landlock->origin : "");
		return err_reason(err, "this kernel has ABI %ld of Landlock, which lacks %s", abi,
				  fitted->lacks);
	}
	return fitted->rights.fs || fitted->rights.net || fitted->rights.scope ? (int)abi : 0;
}

int filters_landlock(const struct setup *setup, struct err *err)
{
	const struct plan_landlock *landlock = &setup->plan->landlock;
	struct raw_landlock_ruleset_attr attr;
	struct landlock_fit fitted = { 0 };
	unsigned int flags = 0;
	cleanup_fd int ruleset = -1;
	int abi;
	long r;

	if (!landlock->wanted)
		return 0;
	abi = fit(setup, &fitted, err);
	if (abi <= 0)
		return abi;
	attr = (struct raw_landlock_ruleset_attr){ fitted.rights.fs, fitted.rights.net,
						   fitted.rights.scope };
	ruleset = (int)sys_landlock_create_ruleset(&attr, fitted.size, 0);
	if (ruleset < 0)
		return err_set(err, STAGE_FILTERS, ruleset, NULL, "landlock rule set");
	r = add_rules(setup->plan, ruleset, &fitted.rights, err);
	if (r < 0)
		return (int)r;
	/* Else the log has nothing of what is refused after the coming execve. */
	if (setup->shared->audited && abi >= 7)
		flags = RAW_LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON;
	r = add_streams(setup, ruleset, fitted.rights.fs);
	if (r == 0)
		r = sys_landlock_restrict_self(ruleset, flags);
	if (r == 0)
		setup->shared->enforced.landlock_abi = abi;
	return r < 0 ? err_set(err, STAGE_FILTERS, (int)r, NULL, "landlock") : 0;
}
