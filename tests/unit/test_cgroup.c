/* test_cgroup.c - the pure half of cgroups: whose parent, which numbers, which CPUs */
#include <errno.h>

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
	ok(account_out_of_memory(&account), "an out-of-memory kill is one");
}

int main(void)
{
	check_parents();
	check_values();
	check_cpus();
	check_account();
	return done();
}
