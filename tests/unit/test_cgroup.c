/* test_cgroup.c - the pure half of cgroups: whose parent, which numbers, which CPUs */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "launcher/base/base.h"
#include "launcher/base/cgroup.h"
#include "launcher/stage/cgroup_limits.h"
#include "launcher/watch/account.h"
#include "tests/unit/tap.h"

static void check_parent(const char *text, int expected, const char *path)
{
	char got[CGROUP_PATH_MAX] = "";

	is_number(cgroup_parent_of(text, got), expected, "what %s is read as", text);
	if (expected == 0)
		is_text(got, path, "its parent");
}

static void check_parents(void)
{
	char text[2 * CGROUP_PATH_MAX] = "0::/";

	check_parent("0::/\n", 0, "/");
	check_parent("0::/a\n", 0, "/");
	check_parent("0::/user.slice/a b/c.scope\n", 0, "/user.slice/a b");
	check_parent("1:name=systemd:/x\n0::/y/z\n", 0, "/y");
	check_parent("4:memory:/\n0::/..a/z\n", 0, "/..a");
	check_parent("4:memory:/a\n3:pids:/0::/\n", -ENOENT, "");
	check_parent("", -ENOENT, "");
	check_parent("0::/../x\n", -EXDEV, "");
	check_parent("0::/..\n", -EXDEV, "");
	check_parent("0::/cut", -ENAMETOOLONG, "");
	memset(text + 4, 'a', sizeof(text) - 4);
	text[sizeof(text) - 4] = '/';
	text[sizeof(text) - 3] = 'b';
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	check_parent(text, -ENAMETOOLONG, "");
}

static void check_values(void)
{
	static const char events[] = "low 0\nhigh 1\nmax 22\noom 3\noom_kill 4\noom_group_kill 5\n";
	unsigned long long value = 0;

	ok(cgroup_value("4096\n", NULL, &value) && value == 4096, "one number");
	ok(!cgroup_value("max\n", NULL, &value) && !cgroup_value("", NULL, &value),
	   "no number, no file");
	ok(cgroup_value(events, "max", &value) && value == 22, "the line of a name");
	ok(cgroup_value(events, "oom_kill", &value) && value == 4, "not that of a longer name");
	ok(cgroup_value(events, "oom", &value) && value == 3, "nor of a shorter one");
	ok(!cgroup_value(events, "kill", &value) && !cgroup_value(events, "oom_", &value),
	   "a name that is not there");
	ok(!cgroup_value("max\nmax", "max", &value), "a name without a number");
	ok(cgroup_has("cpuset cpu io\n", "cpu") && cgroup_has("cpuset cpu io\n", "io"),
	   "a controller is there");
	ok(!cgroup_has("cpuset io\n", "cpu") && !cgroup_has("", "cpu"), "or not");
}

static void check_cpus(void)
{
	ok(cgroup_cpus_within("0-3\n", "0-3"), "all of them");
	ok(cgroup_cpus_within("1,3\n", "0-3"), "some of them");
	ok(cgroup_cpus_within("\n", "0"), "none at all");
	ok(!cgroup_cpus_within("0-4\n", "0-3"), "one too many");
	ok(!cgroup_cpus_within("0-1\n", "7"), "others");
	ok(cgroup_cpus_within("0-8191\n", "0-8191"), "as many as there may be");
	ok(!cgroup_cpus_within("8191", "0-8190"), "the last one");
}

static void check_account(void)
{
	const struct cgroup none = { .leaf = -1 };
	struct outcome_cgroup account;

	account_read(&none, &account);
	ok(!account.used && !account_out_of_memory(&account), "no cgroup, no account");
	account = (struct outcome_cgroup){ .used = true, .oom_kills = OUTCOME_UNKNOWN };
	ok(!account_out_of_memory(&account), "a controller that is off kills nobody");
	account.oom_kills = 1;
	account.oom_hits = 1;
	ok(account_out_of_memory(&account) && !account_out_of_others(&account),
	   "an out-of-memory kill is one");
	account.oom_hits = 0;
	ok(!account_out_of_memory(&account) && account_out_of_others(&account),
	   "one for a limit above, or the host's memory, is not the sandbox's");
	account.oom_kills = 0;
	ok(!account_out_of_others(&account), "and none is none");
}

/* A directory that looks like a cgroup's. */
static void check_files(void)
{
	static const char events[] = "low 0\nhigh 1\nmax 22\noom 3\noom_kill 4\n";
	char directory[] = "/tmp/lunette-test-XXXXXX";
	struct cgroup cgroup = { .leaf = -1 };
	struct outcome_cgroup account;
	int fd;

	if (!mkdtemp(directory))
		abort();
	cgroup.leaf = (int)sys_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
	fd = (int)sys_openat(cgroup.leaf, "memory.events", O_WRONLY | O_CREAT, 0600);
	ok(sys_write(fd, events, sizeof(events) - 1) > 0, "a file");
	account_read(&cgroup, &account);
	ok(account.memory_hits == 22 && account.oom_hits == 3 && account.oom_kills == 4,
	   "what it counts");
	ok(account.memory_peak == OUTCOME_UNKNOWN && account.user_us == OUTCOME_UNKNOWN,
	   "and what it does not");
	(void)sys_unlinkat(cgroup.leaf, "memory.events", 0);
	(void)sys_unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
	fd_close(&fd);
	fd_close(&cgroup.leaf);
}

int main(void)
{
	check_parents();
	check_values();
	check_cpus();
	check_account();
	check_files();
	return done();
}
