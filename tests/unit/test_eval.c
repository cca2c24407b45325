/* test_eval.c - the evaluator: what its child may do, where profiles are found, what is recorded */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "launcher/eval/child.h"
#include "launcher/eval/lookup.h"
#include "launcher/plan/plan.h"
#include "tests/unit/fate.h"

static char directory[] = "/tmp/test_eval.XXXXXX";
static char *no_environment[] = { NULL };

static long act_getpid(void)
{
	return sys_getpid();
}

static long act_open(void)
{
	return sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
}

static long act_socket(void)
{
	return sys_socket(AF_UNIX, SOCK_STREAM, 0);
}

static long act_map(void)
{
	long at = sys_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? at : 0;
}

static long act_map_code(void)
{
	long at = sys_mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? at : 0;
}

/* Where strict mode leaves no exit_group. */
static long act_write(void)
{
	return sys_exit(sys_write(1, "", 0) < 0);
}

#ifdef LUNETTE_OWN_MALLOC
enum { KILLED = -SIGKILL };
#else
enum { KILLED = -SIGSYS };
#endif

/* As in a container: all calls are allowed, but strict mode is refused. */
static int filtered(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };
	long r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	return (int)(r < 0 ? r : sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program));
}

static int child_confine_filtered(void)
{
	int r = filtered();

	return r < 0 ? r : child_confine();
}

/* Each is tried without it first: what fails then would prove nothing. */
static void check_confinement(void)
{
	is_number(fate(act_getpid, NULL), 0, "getpid works outside");
	is_number(fate(act_getpid, child_confine), KILLED, "and kills inside");
	is_number(fate(act_open, NULL), 0, "openat works outside");
	is_number(fate(act_open, child_confine), KILLED, "and kills inside");
	is_number(fate(act_socket, NULL), 0, "socket works outside");
	is_number(fate(act_socket, child_confine), KILLED, "and kills inside");
	is_number(fate(act_map_code, NULL), 0, "executable memory is given outside");
	is_number(fate(act_map_code, child_confine), KILLED, "and kills inside");
#ifdef LUNETTE_OWN_MALLOC
	is_number(fate(act_map, NULL), 0, "memory is given outside");
	is_number(fate(act_map, child_confine), KILLED, "and kills inside");
#endif
	is_number(fate(act_write, child_confine), 0, "writing is left");
	is_number(fate(act_getpid, filtered), 0, "getpid works below a filter that allows it");
	is_number(fate(act_getpid, child_confine_filtered), -SIGSYS, "and kills inside there, too");
	is_number(fate(act_write, child_confine_filtered), 0, "where writing is left");
}

static int write_file(const char *name, const char *text, unsigned int mode, char path[4096])
{
	cleanup_fd int fd = -1;

	snprintf(path, 4096, "%s/%s", directory, name);
	fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || sys_write(fd, text, strlen(text)) < 0)
		return -1;
	return (int)sys_fchmod(fd, mode);
}

static int found(const char *name)
{
	struct profile profile;
	struct err err = { 0 };
	int ret = lookup_profile(name, no_environment, &profile, &err);

	profile_finish(&profile);
	return ret;
}

static void check_lookup(void)
{
	static const char *const wrong[] = { "",    ".",   "..",   ".hidden",
					     "a/b", "a b", "a\nb", "../base" };
	char path[4096];

	is_number(found("base"), 0, "a shipped profile");
	is_number(found("no-such"), -ENOENT, "one that is not there");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(found(wrong[i]) < 0, "no name: %zu", i);
	is_number(found("/dev/zero"), -EINVAL, "a device");
	is_number(found(directory), -EINVAL, "a directory");
	write_file("mine.lua", "return profile {}", 0644, path);
	is_number(found(path), 0, "a file");
	if (sys_geteuid() == 0) {
		write_file("shared.lua", "return profile {}", 0666, path);
		is_number(found(path), -EPERM, "root refuses what others may write");
	}
	snprintf(path, sizeof(path), "%s/fifo", directory);
	(void)sys_mknodat(AT_FDCWD, path, S_IFIFO | 0600, 0);
	is_number(found(path), -EINVAL, "a FIFO that nobody writes does not hang");
}

static int evaluate(const char *name, const char *text, bool record, struct buf *out,
		    struct err *err)
{
	char path[4096];
	char *command[] = { (char *)(uintptr_t) "true", NULL };
	struct eval_question question = {
		.verb = "plan",
		.profile = path,
		.command = command,
		.command_count = 1,
		.environment = no_environment,
		.record = record,
	};
	struct eval_answer answer;
	int ret;

	write_file(name, text, 0644, path);
	ret = eval_run(&question, &answer, err);
	if (ret == 0)
		buf_bytes(out, answer.plan.data, answer.plan.length);
	buf_bytes(out, "", 1);
	eval_finish(&answer);
	return ret;
}

static const char asking[] = "local a, b = host.exists('/'), host.readlink('/proc/self/exe')\n"
			     "local c = host.env.NONE\n"
			     "a = host.exists('/')\n"
			     "return profile { extends = 'base', hostname = a }\n";

static void check_record(void)
{
	cleanup_buf struct buf with = BUF_EMPTY;
	cleanup_buf struct buf without = BUF_EMPTY;
	struct err err = { 0 };
	struct plan plan;
	const char *exists;

	is_number(evaluate("asking.lua", asking, true, &with, &err), 0, "a profile that asks");
	is_number(evaluate("asking.lua", asking, false, &without, &err), 0, "and not recorded");
	ok(plan_decode(&plan, with.data, with.length - 1, &err) == 0, "its plan is one");
	plan_finish(&plan);
	exists = strstr(with.data, "\ninput exists / dir\n");
	ok(exists != NULL, "a question is an input");
	ok(exists && !strstr(exists + 1, "\ninput exists / "), "asked twice it is one input");
	ok(strstr(with.data, "\ninput env NONE\n") != NULL, "no answer is recorded too");
	ok(strstr(with.data, "\ninput profile base ") != NULL, "so is the parent");
	ok(strstr(with.data, "asking.lua ") != NULL, "and the profile itself");
	ok(!strstr(without.data, "\ninput "), "without a record there are no inputs");
}

static void check_bad(const char *name, const char *text, const char *reason)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	struct err err = { 0 };
	char line[3072];
	int ret = evaluate(name, text, false, &out, &err);

	err_format(&err, line, sizeof(line));
	ok(ret < 0 && strstr(line, name) && strstr(line, reason), "%s: %s", name, reason);
	if (ret < 0 && !strstr(line, reason))
		note("%s", line);
}

static void remove_files(void)
{
	static const char *const names[] = { "mine.lua",     "shared.lua", "fifo",
					     "asking.lua",   "loop.lua",   "memory.lua",
					     "bytecode.lua", "syntax.lua", "type.lua",
					     "raised.lua",   "table.lua",  "questions.lua" };
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void)sys_unlinkat(AT_FDCWD, path, 0);
	}
	(void)sys_unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	check_confinement();
	check_lookup();
	check_record();
	check_bad("loop.lua", "while true do end", "processor time");
	check_bad("questions.lua", "while true do host.feature('overlay') end", "not ready after");
	check_bad("memory.lua", "local x = 'x' while true do x = x .. x end", "128 MiB");
	check_bad("bytecode.lua", "\033LuaS", "bytecode");
	check_bad("syntax.lua", "return profile {", "expected");
	check_bad("type.lua", "return 1", "profile");
	check_bad("raised.lua", "error('no cheese')", "no cheese");
	check_bad("table.lua", "error({})", "");
	remove_files();
	return done();
}
