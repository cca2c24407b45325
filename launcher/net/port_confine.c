/* port_confine.c - what is taken from the relay's process (see port_confine.h)
 *
 * None of the calls that are left can open a file, make a process or touch another one.
 */
#include "launcher/net/port_confine.h"

#include <sys/socket.h>

#include "launcher/base/confine.h"
#include "launcher/plan/plan.h"
#include "policy/landlock.h"
#include "policy/policy.h"
#include "policy/tables.h"

static int install_filter(void)
{
	static const struct confine_call calls[] = {
		{ .number = RAW_splice },
		{ .number = RAW_epoll_pwait },
		{ .number = RAW_recvfrom },
		{ .number = RAW_sendto },
		{ .number = RAW_recvmsg },
		{ .number = RAW_sendmsg },
		{ .number = RAW_accept4 },
		{ .number = RAW_connect },
		{ .number = RAW_epoll_ctl },
		{ .number = RAW_close },
		{ .number = RAW_shutdown },
		{ .number = RAW_setsockopt },
		{ .number = RAW_pipe2 },
		{ .number = RAW_fcntl },
		{ .number = RAW_exit_group },
		{ .number = RAW_clock_gettime },
		{ RAW_socket, CONFINE_EQUAL, 0, AF_INET },
		{ RAW_socket, CONFINE_EQUAL, 0, AF_INET6 },
#ifdef __SANITIZE_ADDRESS__
		{ .number = RAW_sigaltstack },
#endif
	};

	return confine_calls(calls, sizeof(calls) / sizeof(calls[0]),
			     policy_audit_arch(policy_native()));
}

static int install_landlock(const struct published *ports, size_t count)
{
	/* May fail: a kernel without Landlock has the filter, which leaves no way to a file either.
	 * */
	long abi = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);
	struct raw_landlock_ruleset_attr handled;
	struct confine_rule rules[PLAN_MAX_PORTS];
	struct landlock_fit fit;
	size_t used = 0;

	if (abi < 1)
		return 0;
	landlock_most((int)abi, &fit);
	handled = (struct raw_landlock_ruleset_attr){ fit.rights.fs, fit.rights.net,
						      fit.rights.scope };
	for (size_t i = 0; i < count && used < PLAN_MAX_PORTS && handled.handled_access_net; i++)
		if (!ports[i].udp)
			rules[used++] =
				(struct confine_rule){ -1, ports[i].inside,
						       tables_landlock_right(LANDLOCK_NET,
									     "connect_tcp") };
	return confine_places(&handled, fit.size, rules, used);
}

int port_confine(const struct published *ports, size_t count, struct err *err)
{
	int r = confine_privileges(0);

	if (r == 0)
		r = install_landlock(ports, count);
	if (r == 0)
		r = install_filter();
	return r < 0 ? err_set(err, STAGE_NETWORK, r, NULL, "publish: confining the relay") : 0;
}
