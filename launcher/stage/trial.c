/* trial.c - one access of Landlock's kind (see trial.h)
 *
 * A connection is tried with an address that nobody has (192.0.2.1, RFC 5737), and not waited for.
 */
#include "launcher/stage/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <unistd.h>

#include "launcher/base/base.h"
#include "policy/tables.h"

enum { EXECVE_CHECK = 0x10000 }; /* AT_EXECVE_CHECK, include/uapi/linux/fcntl.h */

static int try_open(const char *path, int flags)
{
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	return fd < 0 ? fd : 0;
}

/* A kernel that does not know the flag says EINVAL and executes nothing. */
static int try_execute(const char *path)
{
	char name[] = "trial";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };
	int r = (int)sys_execveat(AT_FDCWD, path, argv, envp, EXECVE_CHECK);

	return r == -EINVAL ? TRIAL_NOT_MADE : r;
}

/* What would change a directory or file: may it be written to at all, Landlock aside? It knows
 * nothing of faccessat2(). */
static int try_change(const struct trial *trial)
{
	static const char *const others[] = { "ioctl_dev", "resolve_unix" };
	bool file = trial->right == tables_landlock_right(LANDLOCK_FS, "truncate");
	int r;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (trial->right == tables_landlock_right(LANDLOCK_FS, others[i]))
			return TRIAL_NOT_MADE;
	r = (int)sys_faccessat2(AT_FDCWD, trial->path, file ? W_OK : W_OK | X_OK, RAW_AT_EACCESS);
	return r < 0 ? r : TRIAL_NOT_MADE;
}

static int try_port(const struct trial *trial)
{
	bool connects = trial->right == tables_landlock_right(LANDLOCK_NET, "connect_tcp");
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(trial->port),
		.sin_addr.s_addr = htonl(connects ? 0xc0000201 : INADDR_LOOPBACK),
	};
	cleanup_fd int fd = -1;
	int r;

	if (!connects && trial->right != tables_landlock_right(LANDLOCK_NET, "bind_tcp"))
		return TRIAL_NOT_MADE;
	fd = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	r = (int)(connects ? sys_connect(fd, &address, sizeof(address))
			   : sys_bind(fd, &address, sizeof(address)));
	/* What the network says comes after Landlock. */
	return connects && r != -EACCES ? 0 : r;
}

int trial_run(const struct trial *trial)
{
	static const struct {
		const char *right;
		int flags;
	} opened[] = {
		{ "read_file", O_RDONLY },
		{ "write_file", O_WRONLY },
		{ "read_dir", O_RDONLY | O_DIRECTORY },
	};

	if (trial->net)
		return try_port(trial);
	if (trial->right == tables_landlock_right(LANDLOCK_FS, "execute"))
		return try_execute(trial->path);
	for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++)
		if (trial->right == tables_landlock_right(LANDLOCK_FS, opened[i].right))
			return try_open(trial->path, opened[i].flags);
	return try_change(trial);
}
