/* held.c - what a launch holds of the host's network (see held.h) */
#include "launcher/net/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/capability.h>

#include "launcher/net/bridge.h"
#include "launcher/net/forward.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* include/uapi/asm-generic/socket.h, Linux 5.14 */
#endif

/* The entries stand in the directory that state_open() takes. */
static const char remedy[] = "look at it below /run/lunette, as root, or $XDG_RUNTIME_DIR/lunette";

int held_mutex(const struct held *held, struct err *err)
{
	int fd = state_take(held->directory, "mutex", STATE_OWN);

	return fd < 0 ? err_set(err, STAGE_NETWORK, fd, remedy, "mutex of the state directory")
		      : fd;
}

static void sweep_entry(const void *context, const char *name)
{
	const struct held *held = context;
	cleanup_fd int entry = -1;

	if (strncmp(name, "lease-", 6) == 0)
		entry = state_take(held->directory, name, STATE_TRY);
	state_drop(held->directory, name, &entry);
	forward_sweep(held, name);
}

/* But for what is still to be undone in that namespace. */
static void sweep_file(const void *context, const char *name)
{
	const int *directory = context;
	cleanup_fd int entry = state_take(*directory, name, STATE_TRY);
	struct stat st;

	if (entry >= 0 && sys_fstat(entry, &st) == 0 &&
	    (st.st_size == 0 || strncmp(name, "lease-", 6) == 0))
		state_drop(*directory, name, &entry);
}

/* The directory of a namespace in which there is no launcher any more, nor perhaps will be: a
 * namespace's cookie is never another one's. */
static void sweep_directory(const void *context, const char *name)
{
	const int *state = context;
	cleanup_fd int directory = -1;

	if (strncmp(name, "net-", 4) != 0)
		return;
	directory =
		(int)sys_openat(*state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (directory < 0 || state_lock(directory, STATE_TRY) < 0)
		return;
	state_each(directory, sweep_file, &directory);
	(void)sys_unlinkat(directory, "bridges", AT_REMOVEDIR);
	(void)sys_unlinkat(*state, name, AT_REMOVEDIR);
}

/* Each launcher shares a lock on its namespace's directory, from before it is looked into; who
 * takes one away has the lock on all of them too. */
static int open_directory(int state, const char *name)
{
	cleanup_fd int directory = -1;
	int r = state_lock(state, STATE_OWN);

	if (r == 0)
		r = directory = state_directory(state, name);
	if (r >= 0)
		r = state_lock(directory, STATE_SHARE);
	if (r < 0)
		return r;
	/* May fail: the next launch looks again. */
	state_each(state, sweep_directory, &state);
	return take_fd(&directory);
}

static int cookie(uint64_t *value)
{
	cleanup_fd int fd = (int)sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned int length = sizeof(*value);

	if (fd < 0)
		return fd;
	return (int)sys_getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, value, &length);
}

int held_open(struct held *held, char *const *environment, struct err *err)
{
	cleanup_fd int state = -1;
	uint64_t number = 0;
	char name[HELD_NAME];
	int r = cookie(&number);

	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, NULL, "cookie of the network namespace");
	state = state_open(environment, STAGE_NETWORK, err);
	if (state < 0)
		return state;
	snprintf(name, sizeof(name), "net-%llx", (unsigned long long)number);
	r = held->directory = open_directory(state, name);
	if (r >= 0)
		r = held->bridges = state_directory(held->directory, "bridges");
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r, remedy, "state directory %s", name);
	return 0;
}

void held_sweep(const struct held *held)
{
	state_each(held->bridges, bridge_sweep, held);
	state_each(held->directory, sweep_entry, held);
}

int held_keep(const struct held *held, struct confine_needs *needs)
{
	if (held->directory < 0)
		return 0;
	if (held->bridge >= 0) {
		needs->netlink = true;
		needs->capabilities |= 1ull << CAP_NET_ADMIN;
	}
	forward_keep(held, needs);
	return confine_need(needs, held->directory, ".",
			    CONFINE_READ | CONFINE_WRITE | CONFINE_MAKE | CONFINE_REMOVE);
}

void held_release(struct held *held)
{
	struct err err;
	/* May fail: what is not undone here is the next launch's to undo. */
	int mutex = held->directory >= 0 ? held_mutex(held, &err) : -1;

	state_drop(held->directory, held->lease_name, &held->lease);
	if (held->bridge >= 0)
		bridge_release(held);
	forward_release(held);
	fd_close(&mutex);
	fd_close(&held->bridges);
	fd_close(&held->directory);
}
