/* forward.c - the host's own forwarding (see forward.h) */
#include "launcher/net/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <linux/capability.h>

static const struct {
	const char *entry;
	const char *path;
	const char *name;
} families[2] = {
	{ "forward4", "/proc/sys/net/ipv4/ip_forward", "net.ipv4.ip_forward" },
	{ "forward6", "/proc/sys/net/ipv6/conf/all/forwarding", "net.ipv6.conf.all.forwarding" },
};

static int read_setting(int family)
{
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, families[family].path, O_RDONLY | O_CLOEXEC, 0);
	char value = '0';
	long r = fd < 0 ? fd : sys_read(fd, &value, 1);

	return r < 0 ? (int)r : value != '0';
}

static int write_setting(int family, const char *value)
{
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, families[family].path, O_WRONLY | O_CLOEXEC, 0);
	long r = fd < 0 ? fd : sys_write(fd, value, 1);

	return r < 0 ? (int)r : 0;
}

/* Only who has @entry alone may call this. */
static void undo(int family, int entry)
{
	char text[8];

	if (state_read(entry, text, sizeof(text)) < 0 || strcmp(text, "set") != 0)
		return;
	/* Else it is the next launch's to undo. */
	if (write_setting(family, "0") == 0)
		(void)state_write(entry, "");
}

/* "set" goes into the entry before it is true: a launcher that is killed in between has its heirs
 * write a 0 where there is one. */
static int turn_on(const struct held *held, int family, const struct plan_veth *veth, char *notice,
		   size_t size, struct err *err)
{
	const char *name = families[family].name;
	int on = read_setting(family);
	int r;

	if (on > 0)
		return 0;
	if (on < 0)
		return err_set(err, STAGE_NETWORK, on, NULL, "%s", name);
	if (!veth->forward) {
		(void)err_set(
			err, STAGE_NETWORK, EHOSTUNREACH,
			"sysctl it to 1, or say net.veth.forward = true: lunette then turns it "
			"on while sandboxes need it",
			"%s (host)", name);
		return err_reason(err, "forwarding is off, so nat would lead nowhere");
	}
	r = state_write(held->forward[family], "set");
	if (r == 0)
		r = write_setting(family, "1");
	if (r < 0)
		return err_set(err, STAGE_NETWORK, r,
			       "it needs a writable /proc/sys/net, or set it yourself", "%s (host)",
			       name);
	snprintf(notice + strlen(notice), size - strlen(notice),
		 "%s%s is on until the last sandbox that needs it ends", notice[0] ? "; " : "",
		 name);
	return 0;
}

int forward_hold(struct held *held, const struct plan_veth *veth, char *notice, size_t size,
		 struct err *err)
{
	const bool wanted[2] = { veth->has_address, veth->has_address6 };
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		int *entry = &held->forward[i];

		if (!wanted[i])
			continue;
		*entry = state_take(held->directory, families[i].entry, STATE_SHARE);
		if (*entry < 0)
			return err_set(err, STAGE_NETWORK, *entry, NULL, "state of forwarding");
		r = turn_on(held, i, veth, notice, size, err);
	}
	return r;
}

/* Where the setting cannot be opened there is nothing that could be written back either. */
void forward_keep(const struct held *held, struct confine_needs *needs)
{
	for (int i = 0; i < 2; i++) {
		if (held->forward[i] < 0)
			continue;
		needs->capabilities |= 1ull << CAP_NET_ADMIN;
		/* May fail: then it is the next launch's to turn off. */
		(void)confine_need(needs, AT_FDCWD, families[i].path, CONFINE_WRITE);
	}
}

void forward_release(struct held *held)
{
	for (int i = 0; i < 2; i++) {
		if (held->forward[i] >= 0 && state_lock(held->forward[i], STATE_TRY) == 0)
			undo(i, held->forward[i]);
		fd_close(&held->forward[i]);
	}
}

void forward_sweep(const struct held *held, const char *name)
{
	for (int i = 0; i < 2; i++) {
		cleanup_fd int entry = -1;

		if (strcmp(name, families[i].entry) == 0)
			entry = state_take(held->directory, name, STATE_TRY);
		if (entry >= 0)
			undo(i, entry);
	}
}
