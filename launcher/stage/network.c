/* network.c - a thread that makes the network namespace (see network.h)
 *
 * The thread shares descriptors with the set-up process, and so hands the namespace over: it opens
 * the file of it, and ends. What it runs must not allocate.
 */
#include "launcher/stage/network.h"

#include <errno.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "launcher/net/net.h"
#include "launcher/stage/mounts.h"
#include "lua/raw/thread.h"

/* Out of the way of the numbers that processes get, so that the program's stays what it is; pid_max
 * may not be less (include/linux/threads.h: RESERVED_PIDS). */
enum { THREAD_ID = 300 };

bool network_reached(const struct plan *plan)
{
	return plan->net != NET_NONE || plan->port_count || plan->process.name;
}

bool network_beside(const struct setup *setup)
{
	return setup->plan->namespaces & NAMESPACE_NET && !network_reached(setup->plan) &&
	       setup->caller.open_files >= FEW_FILES;
}

static int make(struct err *err)
{
	/* May fail: in a sandbox made ahead that the plan does not fit, nobody asks what came of
	 * it. */
	long r = sys_unshare(RAW_CLONE_NEWNET);

	if (r < 0)
		return err_set(err, STAGE_NETWORK, (int)r,
			       r == -ENOSPC ? "user.max_net_namespaces is reached" : NULL,
			       "network namespace");
	/* May fail: the same. */
	return net_loopback_up(err);
}

/* By a socket, since no path leads to the host's /proc any more where the thread is late. */
static void make_and_open(void *argument)
{
	struct network *network = argument;
	cleanup_fd int fd = -1;
	long r = make(&network->err);

	if (r < 0)
		return;
	/* May fail: the same. */
	fd = (int)sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* May fail: the same. */
	r = fd < 0 ? fd : sys_ioctl(fd, SIOCGSKNS, NULL);
	if (r < 0)
		(void)err_set(&network->err, STAGE_NETWORK, (int)r, NULL,
			      "open the network namespace");
	else
		network->fd = (int)r;
}

void network_begin(struct setup *setup, void *stack)
{
	struct network *network = &setup->network;
	int32_t id = THREAD_ID;
	struct clone_args args = {
		.flags = RAW_CLONE_CHILD_CLEARTID,
		.child_tid = (uint64_t)(uintptr_t)&network->running,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = NETWORK_STACK,
		.set_tid = (uint64_t)(uintptr_t)&id,
		.set_tid_size = 1,
	};

	network->fd = -1;
	if (!network->beside)
		return;
	network->running = 1;
	/* May fail: it is made in turn then. */
	if (sys_thread(&args, make_and_open, network) >= 0)
		return;
	network->running = 0;
	(void)make(&network->err);
}

int network_enter(struct setup *setup, struct err *err)
{
	struct network *network = &setup->network;
	long r = 0;

	if (!network->beside)
		return 0;
	/* What the thread has left is read after its end is seen. */
	while (__atomic_load_n(&network->running, __ATOMIC_ACQUIRE))
		/* May fail: what it waits for may be there, and is looked at again. */
		(void)sys_futex_wait(&network->running, 1);
	if (network->err.number) {
		*err = network->err;
		return -network->err.number;
	}
	if (network->fd >= 0)
		r = sys_setns(network->fd, (int)RAW_CLONE_NEWNET);
	fd_close(&network->fd);
	return r < 0 ? err_set(err, STAGE_NETWORK, (int)r, NULL, "enter the network namespace") : 0;
}
