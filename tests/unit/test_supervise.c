/* test_supervise.c - a supervisor whose pid 1 is somebody else's
 *
 * Each case is one supervisor, in a process of its own since it confines itself, and one child of
 * it that plays pid 1: it writes what it likes into the memory that both share. It gives this
 * process what it has made of that.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "launcher/watch/report.h"
#include "launcher/watch/supervise.h"
#include "tests/unit/tap.h"

enum { WALL = 300, PATIENCE = 20000 }; /* ms */

struct result {
	int status; /* of the supervisor: supervise() has returned, or minus its signal */
	int r;
	struct outcome outcome;
	struct err err;
	size_t reported;
	size_t said;
	int64_t ms;
};

static struct shared *shared;
static struct result *result;
static struct plan plan = { .process = { .init = true } };

static void *map(size_t size)
{
	long at = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at < 0 && at > -4096)
		abort();
	return (void *)at;
}

static int64_t now(void)
{
	struct raw_timespec ts = { 0 };

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.seconds * 1000 + ts.nanoseconds / 1000000;
}

static void pause_for(int64_t ms)
{
	struct raw_timespec left = { ms / 1000, ms % 1000 * 1000000 };

	(void)sys_ppoll(NULL, 0, &left, NULL, 0);
}

static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		(void)sys_exit_group(status);
}

/* What is printed and reported of it. */
static void tell(void)
{
	const struct report report = { .plan = &plan,
				       .outcome = result->r == 0 ? &result->outcome : NULL,
				       .err = &result->err };
	struct buf text = BUF_EMPTY;
	char line[4096];

	if (report_format(&report, &text) == 0)
		result->reported = text.length;
	if (result->r < 0)
		result->said = err_format(&result->err, line, sizeof(line));
}

static void __attribute__((noreturn)) supervise_it(void (*play)(int link))
{
	const uint64_t signals = 1ull << (SIGCHLD - 1);
	struct stdio_relay relays[STDIO_RELAYS] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	const struct setup setup = {
		.plan = &plan, .shared = shared, .proc = -1, .cgroup = { .parent = -1, .leaf = -1 }
	};
	struct confine_needs needs = { 0 };
	struct supervised supervised = {
		.setup = &setup, .audit = -1, .signals = signals, .relays = relays, .needs = &needs
	};
	int link[2];
	int64_t begin = now();

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys_rt_sigprocmask(SIG_BLOCK, &signals, NULL, sizeof(signals)) < 0 ||
	    sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0)
		leave(1);
	supervised.pid = (int)sys_clone(SIGCHLD);
	if (supervised.pid == 0) {
		fd_close(&link[0]);
		(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		play(link[1]);
		leave(0);
	}
	fd_close(&link[1]);
	supervised.link = link[0];
	result->r = supervise(&supervised, &result->outcome, &result->err);
	result->ms = now() - begin;
	tell();
	leave(0);
}

static void run(void (*play)(int link))
{
	siginfo_t info = { 0 };
	long pid;

	*shared = (struct shared){ .state = SHARED_EXEC };
	(void)sys_clock_gettime(CLOCK_MONOTONIC, &shared->started);
	*result = (struct result){ .status = -1 };
	pid = sys_clone(SIGCHLD);
	if (pid == 0)
		supervise_it(play);
	if (pid < 0 || sys_waitid(P_PID, (int)pid, &info, WEXITED, NULL) < 0)
		abort();
	result->status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

static void play_honest(int link)
{
	(void)link;
	outcome_skip(&shared->enforced, "landlock", "this kernel has none");
	shared->code = CLD_EXITED;
	shared->status = 3;
	shared->ended = 1;
}

static void check_honest(void)
{
	run(play_honest);
	is_number(result->status, 0, "the control: a pid 1 that is ours");
	ok(result->r == 0 && result->outcome.status == OUTCOME_EXITED &&
		   result->outcome.exit_code == 3,
	   "its program's end");
	is_number(result->outcome.enforced.skipped_count, 1, "what it skipped");
	is_text(result->outcome.enforced.skipped[0].why, "this kernel has none", "and why");
}

static void play_long_list(int link)
{
	play_honest(link);
	shared->enforced.skipped_count = 1ull << 40;
}

static void play_long_texts(int link)
{
	play_honest(link);
	memset(shared->enforced.skipped, 'x', sizeof(shared->enforced.skipped));
	shared->enforced.skipped_count = OUTCOME_MAX_SKIPS;
}

static void play_odd_numbers(int link)
{
	play_honest(link);
	memset(&shared->usage, 0x7f, sizeof(shared->usage));
	shared->started.seconds = INT64_MIN;
	shared->code = INT32_MIN;
	shared->status = INT32_MAX;
}

static bool ends(const struct outcome_skip *skip)
{
	return memchr(skip->what, '\0', sizeof(skip->what)) &&
	       memchr(skip->why, '\0', sizeof(skip->why));
}

static void check_record(void)
{
	run(play_long_list);
	is_number(result->status, 0, "a list of 2^40 that were skipped");
	is_number(result->outcome.enforced.skipped_count, OUTCOME_MAX_SKIPS, "has an end");
	run(play_long_texts);
	is_number(result->status, 0, "texts without an end");
	ok(ends(&result->outcome.enforced.skipped[0]), "get one");
	ok(result->reported < OUTCOME_MAX_SKIPS * 200 + 2000, "the report has no more than those");
	run(play_odd_numbers);
	is_number(result->status, 0, "numbers that no kernel gives");
	ok(result->outcome.signal <= 127, "the signal is one that there may be");
}

static void play_failure(int link)
{
	(void)link;
	memset(&shared->err, 'x', sizeof(shared->err));
	shared->err.number = -5;
	shared->err.stage = STAGE_REPORT;
	shared->state = SHARED_FAILED;
}

static void check_failure(void)
{
	size_t most = sizeof(((struct err *)0)->object) + sizeof(((struct err *)0)->reason) +
		      sizeof(((struct err *)0)->hint) + 20;

	run(play_failure);
	is_number(result->status, 0, "an error without an end");
	is_number(result->r, -EINVAL, "is one, whatever its number says");
	ok(result->said > 0 && result->said < most, "its text has an end");
	ok(result->err.stage == STAGE_WATCH,
	   "it is no error of the report, which would keep it back");
	is_number(result->err.status, 0, "nor one of the program's file");
}

static void play_late_start(int link)
{
	(void)link;
	shared->started.seconds += 1000000;
	pause_for(PATIENCE);
}

static void play_no_start(int link)
{
	(void)link;
	shared->started.seconds = INT64_MAX;
	pause_for(PATIENCE);
}

static void play_early_start(int link)
{
	(void)link;
	shared->started.nanoseconds = INT64_MIN;
	pause_for(PATIENCE);
}

static void play_setup(int link)
{
	(void)link;
	shared->state = SHARED_SETUP;
	pause_for(PATIENCE);
}

static void check_wall(void)
{
	static const struct {
		void (*play)(int link);
		const char *name;
	} lies[] = {
		{ play_late_start, "in the future" },
		{ play_no_start, "at the end of time" },
		{ play_early_start, "before there was a clock" },
		{ play_setup, "not yet" },
	};

	plan.limits.wall.set = true;
	plan.limits.wall.value = WALL;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		run(lies[i].play);
		ok(result->status == 0 && result->ms < PATIENCE,
		   "a program that begins %s has no more time", lies[i].name);
	}
	plan.limits.wall.set = false;
}

int main(void)
{
	shared = map(sizeof(*shared));
	result = map(sizeof(*result));
	check_honest();
	check_record();
	check_failure();
	check_wall();
	return done();
}
