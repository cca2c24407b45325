/* test_guard.c - the supervisor: what it can no longer do, and what it still can
 *
 * Each attempt is made without the guard first: what fails then would prove nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "launcher/net/port_confine.h"
#include "launcher/watch/guard.h"
#include "tests/unit/fate.h"

static char directory[] = "/tmp/test_guard.XXXXXX";
static char kept_file[64];
static bool landlocked;

static struct plan plan;
static struct shared shared;
static const struct setup setup = { .plan = &plan, .shared = &shared };

static int guard(bool place, bool listener)
{
	struct confine_needs needs = { 0 };
	struct guard one = { .setup = &setup, .needs = &needs, .pid = 1, .proc = -1 };
	struct err err;
	int r = 0;

	one.listener = listener;
	if (place)
		r = confine_need(&needs, AT_FDCWD, directory, CONFINE_MAKE | CONFINE_REMOVE);
	return r < 0 ? r : guard_supervisor(&one, &err);
}

static int bare(void)
{
	return guard(false, false);
}

static int with_place(void)
{
	return guard(true, false);
}

static int with_listener(void)
{
	return guard(false, true);
}

static long act_read_host(void)
{
	return sys_openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
}

static long act_write_there(void)
{
	return sys_openat(AT_FDCWD, kept_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long act_remove_there(void)
{
	return sys_unlinkat(AT_FDCWD, kept_file, 0);
}

static long act_write_null(void)
{
	return sys_openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
}

static long act_socket(void)
{
	return sys_socket(AF_UNIX, SOCK_STREAM, 0);
}

static long act_fork(void)
{
	long pid = sys_clone(SIGCHLD);

	if (pid == 0)
		(void)sys_exit_group(0);
	return pid;
}

/* There is no such file, which only a kernel that looks for it can tell. */
static long act_exec(void)
{
	char *none[] = { NULL };

	return sys_execve("/no/such/file", none, none) == -ENOENT ? 0 : -1;
}

static long act_type(void)
{
	char key = 'x';

	(void)sys_ioctl(-1, TIOCSTI, &key);
	return 0;
}

static long act_signal_parent(void)
{
	return sys_kill((int)sys_getppid(), 0);
}

static long act_signal_own(void)
{
	return sys_kill((int)sys_getpid(), 0);
}

static long act_map_code(void)
{
	long at = sys_mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? at : 0;
}

static long act_map(void)
{
	long at = sys_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? at : 0;
}

#ifdef __x86_64__
/* read() of no descriptor by the i386 entry, where its number is that of x86_64's close, which is
 * allowed. */
static long act_i386(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((long)RAW_close), "b"(-1L), "c"(0L), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return result == -EBADF ? 0 : -1;
}
#endif

enum { INSIDE = 7080, ANOTHER = 7081 };

static int relay(void)
{
	const struct published port = { .listener = -1, .inside = INSIDE };
	struct err err;

	return port_confine(&port, 1, &err);
}

/* Whether anybody listens there is all the same. */
static long connect_to(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	long fd = sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	return fd < 0 ? fd : sys_connect((int)fd, &to, sizeof(to)) == -EACCES ? -EACCES : 0;
}

static long act_connect_inside(void)
{
	return connect_to(INSIDE);
}

static long act_connect_another(void)
{
	return connect_to(ANOTHER);
}

static long act_rest(void)
{
	struct raw_timespec now = { 0 };

	(void)sys_ppoll(NULL, 0, &now, NULL, 0);
	return sys_write(1, "", 0);
}

static void check_calls(void)
{
	static const struct {
		long (*act)(void);
		const char *name;
	} refused[] = {
		{ act_read_host, "a file of the host" },
		{ act_write_there, "a file to be written" },
		{ act_remove_there, "a file to be removed" },
		{ act_socket, "a socket" },
		{ act_fork, "a process" },
		{ act_exec, "another program" },
		{ act_type, "a key pushed into the terminal" },
		{ act_signal_parent, "a signal to another process" },
		{ act_map_code, "memory to execute" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		is_number(fate(refused[i].act, NULL), 0, "%s: without the guard", refused[i].name);
		is_number(fate(refused[i].act, bare), -SIGSYS, "%s: kills it", refused[i].name);
		(void)fate(act_write_there, NULL);
	}
#ifdef __x86_64__
	if (fate(act_i386, NULL) == 0)
		is_number(fate(act_i386, bare), -SIGSYS, "another ABI's call of an allowed number");
#endif
	is_number(fate(act_signal_own, bare), 0, "it may stop itself");
	is_number(fate(act_map, bare), 0, "it may use memory");
	is_number(fate(act_rest, bare), 0, "it may wait and write");
}

/* Its owner's mode lets him read only, which binds root without capabilities. */
static void check_closed_place(void)
{
	if (sys_geteuid() != 0) {
		skip("host: only root changes a directory that is read-only", "a read-only one");
		return;
	}
	(void)sys_fchmodat(AT_FDCWD, directory, 0555);
	(void)fate(act_remove_there, NULL);
	is_number(fate(act_write_there, with_place), 0,
		  "in a read-only one too, it may make a file");
	is_number(fate(act_remove_there, with_place), 0, "and remove one");
	(void)sys_fchmodat(AT_FDCWD, directory, 0700);
}

static void check_places(void)
{
	is_number(fate(act_write_there, with_place), 0, "where it needs to, it may make a file");
	is_number(fate(act_remove_there, with_place), 0, "and remove one");
	is_number(fate(act_socket, with_place), -SIGSYS, "but nothing else");
	if (landlocked) {
		is_number(fate(act_read_host, with_place), 1, "other files are closed");
		is_number(fate(act_write_null, with_place), 1, "for writing too");
	} else {
		skip("host: this kernel has no Landlock", "other files are closed");
	}
}

/* The relay of published ports. */
static void check_relay(void)
{
	is_number(fate(act_read_host, relay), -SIGSYS, "a relay of ports opens no file");
	is_number(fate(act_fork, relay), -SIGSYS, "and makes no process");
	is_number(fate(act_connect_inside, relay), 0, "it connects to the port inside");
	is_number(fate(act_connect_another, NULL), 0, "to another one without the guard");
	if (sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION) >= 4)
		is_number(fate(act_connect_another, relay), 1, "and to none with it");
	else
		skip("host: this kernel's Landlock knows no ports", "and to none with it");
}

static void check_listener(void)
{
	is_number(fate(act_read_host, with_listener), 0, "a listener's may read");
	is_number(fate(act_write_null, NULL), 0, "a file is opened for writing");
	is_number(fate(act_write_null, with_listener), -SIGSYS, "which kills a listener's");
	is_number(fate(act_signal_parent, with_listener), 0, "a listener's ends whom rules kill");
	is_number(fate(act_fork, with_listener), -SIGSYS, "but makes no process");
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(kept_file, sizeof(kept_file), "%s/file", directory);
	landlocked = sys_landlock_create_ruleset(NULL, 0, RAW_LANDLOCK_CREATE_RULESET_VERSION) >= 1;
#ifdef __SANITIZE_ADDRESS__
	skip("host: the sanitizers' run-time library makes calls of its own", "the guard");
#else
	(void)fate(act_write_there, NULL);
	check_calls();
	check_places();
	check_closed_place();
	check_listener();
	check_relay();
#endif
	(void)sys_unlinkat(AT_FDCWD, kept_file, 0);
	(void)sys_unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
	return done();
}
