/* port_confine.c - what is taken from the relay's process (see port_confine.h)
 *
 * The filter is written by hand, because it must hold whatever the policy compiler does:
 *
 *	      load  arch
 *	      if arch != native              goto kill
 *	      load  nr
 *	      if nr == socket                goto which
 *	      if nr == accept4               goto allow
 *	      ... (the calls of `allowed`)
 *	      goto kill
 *	which: load  low word of domain
 *	      if domain == AF_INET           goto allow
 *	      if domain == AF_INET6          goto allow
 *	kill:  return KILL_PROCESS
 *	allow: return ALLOW
 *
 * None of the calls can open a file, make a process or touch another one.
 */
#include "launcher/net/port_confine.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "policy/policy.h"
#include "policy/tables.h"

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

static const uint32_t allowed[] = {
	RAW_splice,      RAW_epoll_pwait, RAW_recvfrom,   RAW_sendto,
	RAW_recvmsg,     RAW_sendmsg,     RAW_accept4,    RAW_connect,
	RAW_epoll_ctl,   RAW_close,       RAW_shutdown,   RAW_setsockopt,
	RAW_pipe2,       RAW_fcntl,       RAW_exit_group, RAW_clock_gettime,
#ifdef __SANITIZE_ADDRESS__
	RAW_sigaltstack,
#endif
};

enum { CALLS = sizeof(allowed) / sizeof(allowed[0]), HEAD = 4, TAIL = 5 };

static int install_filter(void)
{
	struct sock_filter filter[HEAD + CALLS + TAIL] = {
		LOAD(arch),
		IF_EQUAL(policy_audit_arch(policy_native()), 0, CALLS + 5),
		LOAD(nr),
		IF_EQUAL(RAW_socket, CALLS, 0),
	};
	const struct sock_filter tail[TAIL] = {
		LOAD(args[0]),
		IF_EQUAL(AF_INET, 2, 0),
		IF_EQUAL(AF_INET6, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	for (int i = 0; i < CALLS; i++) {
		bool last = i + 1 == CALLS;
		int left = CALLS - 1 - i;

		filter[HEAD + i] =
			(struct sock_filter)IF_EQUAL(allowed[i], (uint8_t)(left + TAIL - 1),
						     last ? TAIL - 2 : 0);
	}
	for (int i = 0; i < TAIL; i++)
		filter[HEAD + CALLS + i] = tail[i];
	return (int)sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}

static long allow_port(int rules, uint64_t connect, uint16_t port)
{
	const struct raw_landlock_net_port_attr attr = { connect, port };

	return sys_landlock_add_rule(rules, RAW_LANDLOCK_RULE_NET_PORT, &attr, 0);
}

/* A kernel without Landlock has the filter, which leaves no way to a file either. */
static int install_landlock(const struct published *ports, size_t count)
{
	long abi = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION);
	struct raw_landlock_ruleset_attr attr = { 0 };
	uint64_t connect = tables_landlock_right(LANDLOCK_NET, "connect_tcp");
	cleanup_fd int rules = -1;
	long r;

	if (abi < 1)
		return 0;
	attr.handled_access_fs = tables_landlock_rights(LANDLOCK_FS, (int)abi);
	attr.handled_access_net = tables_landlock_rights(LANDLOCK_NET, (int)abi);
	attr.scoped = tables_landlock_rights(LANDLOCK_SCOPE, (int)abi);
	rules = (int)sys_landlock_create_ruleset(&attr, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0);
	if (rules < 0)
		return rules;
	for (size_t i = 0; i < count && attr.handled_access_net; i++) {
		r = ports[i].udp ? 0 : allow_port(rules, connect, ports[i].inside);
		if (r < 0)
			return (int)r;
	}
	return (int)sys_landlock_restrict_self(rules, 0);
}

static long drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { 0 };

	return sys_capset(&header, none);
}

int port_confine(const struct published *ports, size_t count, struct err *err)
{
	const struct raw_rlimit no_core = { 0, 0 };
	long r = drop_capabilities();

	if (r == 0)
		r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r == 0)
		r = sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r == 0)
		r = sys_prlimit64(0, RLIMIT_CORE, &no_core, NULL);
	if (r == 0)
		r = install_landlock(ports, count);
	if (r == 0)
		r = install_filter();
	return r < 0 ? err_set(err, STAGE_NETWORK, (int)r, NULL, "publish: confining the relay")
		     : 0;
}
