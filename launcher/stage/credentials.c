/* credentials.c - keys, capabilities, securebits and no_new_privs (see credentials.h)
 *
 * The order matters: the bounding set needs CAP_SETPCAP, so it goes first. Ambient is raised where
 * permitted and inheritable hold the bit, and before the securebits, which may forbid it. These
 * need CAP_SETPCAP too, so that the permitted set shrinks last. As uid 0 of a namespace an empty
 * permitted set alone is worth nothing: exec gives all of the bounding set back, so that is emptied
 * (capabilities(7)).
 */
#include "launcher/stage/credentials.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>

#include "policy/tables.h"

static int failed(struct err *err, long error, const char *what)
{
	return err_set(err, STAGE_CREDENTIALS, (int)error, NULL, "%s", what);
}

/* May the program make one of the calls that reach keys? */
static bool keys_in_reach(const struct plan *plan)
{
	static const char *const calls[] = { "keyctl", "request_key", "add_key" };

	for (size_t i = 0; i < plan->seccomp.arch_count; i++) {
		const struct policy_arch *arch = &plan->seccomp.archs[i];

		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			int number = tables_call_number(tables_call(calls[k]), arch->entry);

			if (number >= 0 && policy_may_allow(&plan->seccomp, arch, (uint32_t)number))
				return true;
		}
	}
	return !plan->has_seccomp || policy_may_allow(&plan->seccomp, NULL, 0);
}

/* No namespace separates the session keyring. A new one counts into the caller's quota of keys (200
 * for an ordinary user), so it is made only where the filter lets the program look at it. */
static int leave_keys(const struct setup *setup, struct err *err)
{
	long r = 0;

	if (keys_in_reach(setup->plan))
		r = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0);
	if (r == -ENOSYS) /* a kernel without keys */
		r = 0;
	return r < 0 ? err_set(err, STAGE_CREDENTIALS, (int)r,
			       "use the guard no-keyring, which needs none", "session keyring")
		     : 0;
}

int credentials_bound(const struct setup *setup, struct err *err)
{
	uint64_t keep = setup->plan->caps.keep;
	int left = leave_keys(setup, err);

	if (left < 0)
		return left;
	/* The kernel says EINVAL at the first number past its last capability. */
	for (unsigned long cap = 0; cap < 64; cap++) {
		long r;

		if (keep & (1ull << cap))
			continue;
		r = sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
		if (r == -EINVAL && cap > CAP_AUDIT_READ)
			return 0;
		if (r < 0)
			return failed(err, r, "bounding set");
	}
	return 0;
}

/* Makes @ambient the inheritable set too; the other sets stay. */
static int set_ambient(uint64_t ambient, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	long r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);

	if (r == 0 && ambient) {
		r = sys_capget(&header, data);
		data[0].inheritable = (uint32_t)ambient;
		data[1].inheritable = (uint32_t)(ambient >> 32);
		if (r == 0)
			r = sys_capset(&header, data);
	}
	for (unsigned long cap = 0; cap < 64 && r == 0; cap++)
		if (ambient & (1ull << cap))
			r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	return r < 0 ? failed(err, r, "ambient set") : 0;
}

static int verify(const struct __user_cap_data_struct wanted[2], struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2];
	long r = sys_capget(&header, have);

	if (r == 0 && memcmp(have, wanted, sizeof(have)) != 0)
		r = -EPERM;
	if (r == 0 && sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		r = -EPERM;
	return r < 0 ? failed(err, r, "capabilities read back") : 0;
}

int credentials_drop(uint64_t keep, uint64_t ambient, uint32_t securebits, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	long r;

	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = (uint32_t)(keep >> (32 * i));
		data[i].inheritable = (uint32_t)(ambient >> (32 * i));
	}
	r = set_ambient(ambient, err);
	if (r < 0)
		return (int)r;
	if (securebits)
		r = sys_prctl(PR_SET_SECUREBITS, securebits, 0, 0, 0);
	if (r < 0)
		return failed(err, r, "securebits");
	r = sys_capset(&header, data);
	if (r < 0)
		return err_set(err, STAGE_CREDENTIALS, (int)r,
			       "caps.keep holds more than the caller can give",
			       "permitted and effective sets");
	r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r < 0)
		return failed(err, r, "no_new_privs");
	return verify(data, err);
}
