/* test_state.c - the directory in which launchers tell each other what they hold
 *
 * Each scenario has a /run of its own, in a mount namespace, as root and as an ordinary user's own
 * root.
 */
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/base/state.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/tap.h"

enum { CROWD = 50, ROUNDS = 20 };

static char *const no_environment[] = { NULL };

/* Shared by the processes of a scenario. */
static struct {
	volatile int inside;
	volatile int most;
	volatile int failed;
} * seen;

static void own_run(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0)
		_exit(9);
}

static int opened(void)
{
	struct err err;

	return state_open(no_environment, STAGE_NETWORK, &err);
}

static int reopened(void)
{
	int fd = opened();

	if (fd >= 0)
		close(fd);
	return fd;
}

static void place_scenario(void)
{
	int directory;

	own_run();
	directory = opened();
	outcome->up = directory >= 0;
	(void)chmod("/run/lunette", 0770);
	outcome->echo = reopened() == -EACCES;
	(void)chmod("/run/lunette", 0700);
	/* In a user namespace of one's own nobody else has an id. */
	outcome->gone = chown("/run/lunette", 1234, 1234) != 0 || reopened() == -EACCES;
	(void)rmdir("/run/lunette");
	(void)mkdir("/run/elsewhere", 0700);
	(void)symlink("elsewhere", "/run/lunette");
	outcome->echo6 = reopened() == -ENOTDIR;
	(void)unlink("/run/lunette");
	directory = opened();
	outcome->stream = state_directory(directory, "part") >= 0;
	(void)symlink("/run/elsewhere", "/run/lunette/link");
	outcome->running = state_directory(directory, "link") == -ENOTDIR;
	outcome->ran = true;
}

static void entry_scenario(void)
{
	char text[8];
	int directory, entry;

	own_run();
	directory = opened();
	entry = state_take(directory, "one", STATE_OWN);
	outcome->up = entry >= 0 && state_write(entry, "longer text") == 0 &&
		      state_write(entry, "text") == 0;
	state_read(entry, text, sizeof(text));
	outcome->echo = strcmp(text, "text") == 0;
	(void)state_write(entry, "more than fits");
	state_read(entry, text, sizeof(text));
	outcome->echo6 = strcmp(text, "more th") == 0;
	(void)symlink("/run/elsewhere", "/run/lunette/link");
	outcome->stream = state_take(directory, "link", STATE_TRY) == -ELOOP &&
			  access("/run/elsewhere", F_OK) != 0;
	(void)mkdir("/run/lunette/part", 0700);
	outcome->running = state_take(directory, "part", STATE_TRY) == -EISDIR;
	state_drop(directory, "one", &entry);
	outcome->gone = access("/run/lunette/one", F_OK) != 0 && entry == -1;
	outcome->ran = true;
}

/* A process that has the lock, until it is killed. */
static int holder(int directory, enum state_lock how)
{
	int ready[2];
	int pid;
	char byte;

	if (pipe(ready) != 0)
		_exit(9);
	pid = start(0);
	if (pid == 0) {
		if (state_take(directory, "one", how) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	return pid;
}

static void end(int pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void lock_scenario(void)
{
	int directory, pid, shared;

	own_run();
	directory = opened();
	pid = holder(directory, STATE_OWN);
	outcome->up = state_take(directory, "one", STATE_TRY) == -EWOULDBLOCK;
	end(pid);
	shared = state_take(directory, "one", STATE_TRY);
	outcome->echo = shared >= 0;
	close(shared);
	pid = holder(directory, STATE_SHARE);
	outcome->echo6 = state_take(directory, "one", STATE_TRY) == -EWOULDBLOCK;
	shared = state_take(directory, "one", STATE_SHARE);
	outcome->stream = shared >= 0 && state_lock(shared, STATE_TRY) == -EWOULDBLOCK;
	end(pid);
	outcome->running = state_lock(shared, STATE_TRY) == 0;
	outcome->ran = true;
}

/* Each has the entry for itself for a moment and removes it, again and again; some are killed while
 * they have it. */
static void use(int directory, bool dies)
{
	for (int i = 0; i < ROUNDS; i++) {
		int entry = state_take(directory, "one", STATE_OWN);
		int together;

		if (entry < 0)
			__atomic_add_fetch(&seen->failed, 1, __ATOMIC_SEQ_CST);
		together = __atomic_add_fetch(&seen->inside, 1, __ATOMIC_SEQ_CST);
		if (together > seen->most)
			seen->most = together;
		__atomic_sub_fetch(&seen->inside, 1, __ATOMIC_SEQ_CST);
		if (dies && i == ROUNDS / 2)
			(void)sys_kill((int)sys_getpid(),
				       SIGKILL); /* raise() would take the parent */
		state_drop(directory, "one", &entry);
	}
	_exit(0);
}

static void crowd_scenario(void)
{
	int directory, status;

	own_run();
	directory = opened();
	memset(seen, 0, sizeof(*seen));
	for (int i = 0; i < CROWD; i++)
		if (start(0) == 0)
			use(directory, i % 5 == 0);
	while (wait(&status) > 0)
		outcome->reached += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	outcome->up = seen->failed == 0;
	outcome->late = seen->most;
	outcome->ran = true;
}

static void visit(const void *context, const char *name)
{
	(void)context;
	outcome->reached += strncmp(name, "entry-", 6) == 0;
	outcome->reached6 += strncmp(name, "entry-", 6) != 0;
}

static void list_scenario(void)
{
	int directory;

	own_run();
	directory = opened();
	for (int i = 0; i < CROWD; i++) {
		char name[16];

		snprintf(name, sizeof(name), "entry-%d", i);
		close(state_take(directory, name, STATE_TRY));
	}
	close(state_take(directory, ".mutex", STATE_TRY));
	state_each(directory, visit, NULL);
	state_each(directory, visit, NULL);
	outcome->ran = true;
}

static void test_as(bool rootless)
{
	const uint64_t flags = RAW_CLONE_NEWNS;

	note("%s", rootless ? "an ordinary user" : "root");
	ok(run_as(place_scenario, rootless, flags) && outcome->up, "the directory is made");
	ok(outcome->echo, "one that others can write in is refused");
	ok(outcome->gone, "so is another's");
	ok(outcome->echo6, "so is a link");
	ok(outcome->stream && outcome->running, "the same of a directory below it");
	ok(run_as(entry_scenario, rootless, flags) && outcome->up && outcome->echo,
	   "what an entry says is what was written last");
	ok(outcome->echo6, "of a longer one the beginning");
	ok(outcome->stream && outcome->running, "a link and a directory are no entries");
	ok(outcome->gone, "an entry that is dropped is gone");
	ok(run_as(lock_scenario, rootless, flags) && outcome->up, "one has an entry");
	ok(outcome->echo, "who is killed gives it back");
	ok(outcome->echo6 && outcome->stream, "several share one");
	ok(outcome->running, "the last of them has it alone");
	ok(run_as(crowd_scenario, rootless, flags) && outcome->up, "%d at once all get it", CROWD);
	is_number(outcome->late, 1, "one at a time, though some are killed while they have it");
	is_number(outcome->reached, CROWD - CROWD / 5, "and all others come to their end");
	ok(run_as(list_scenario, rootless, flags) && outcome->reached == 2 * CROWD,
	   "each entry is visited, and again");
	is_number(outcome->reached6, 0, "and nothing that begins with a dot");
}

int main(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!prepare())
		return done();
	test_as(false);
	test_as(true);
	return done();
}
