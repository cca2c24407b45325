/* run.c - `lunette run`: from a question or a saved plan to the program's end and its report */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "launcher/base/stops.h"
#include "launcher/cmd/cmd.h"
#include "launcher/eval/reply.h"
#include "launcher/launch/launch.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/account.h"
#include "launcher/watch/denials.h"
#include "launcher/watch/report.h"

static int misuse(struct err *err, const char *object, const char *hint, const char *reason)
{
	err_set(err, STAGE_USAGE, EINVAL, hint, "%s", object);
	return err_reason(err, "%s", reason);
}

static int check_words(const struct request *request, struct err *err)
{
	if (request->plan && (request->profile || request->option_count || request->word_count))
		return misuse(err, "--plan", "make another plan with `lunette plan`",
			      "takes no command, and no option that changes the plan");
	if (!request->plan && request->word_count == 0)
		return misuse(err, "run", "`lunette run [options] COMMAND [ARG...]`",
			      "a command is missing");
	return 0;
}

/* As for profiles: root acts only on what root wrote. */
static int check_plan_file(int fd, const char *path, struct err *err)
{
	struct stat st;
	long ret = sys_fstat(fd, &st);

	if (ret < 0)
		return err_set(err, STAGE_PLAN, (int)ret, NULL, "%s", path);
	if (S_ISFIFO(st.st_mode) && (sys_geteuid() != 0 || st.st_uid == 0))
		return 0;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		err_set(err, STAGE_PLAN, EINVAL, NULL, "%s", path);
		return err_reason(err, "is neither a regular file nor a pipe");
	}
	if (sys_geteuid() == 0 && (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))) {
		err_set(err, STAGE_PLAN, EPERM,
			"chown it to root and take away the others' write permission", "%s", path);
		return err_reason(err, "root runs only what root owns and nobody else may write");
	}
	return 0;
}

static int read_plan(const char *path, struct buf *text, struct err *err)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return err_set(err, STAGE_PLAN, fd, NULL, "%s", path);
	ret = check_plan_file(fd, path, err);
	if (ret < 0)
		return ret;
	ret = buf_read_fd(text, fd, PLAN_MAX_BYTES);
	if (ret < 0)
		return err_set(err, STAGE_PLAN, ret, NULL, "%s", path);
	return 0;
}

/* What a profile asked the host when the plan was made may have another answer today. */
static void note_changed_inputs(const struct plan *plan, char *const *environment)
{
	for (size_t i = 0; i < plan->input_count; i++) {
		cleanup_buf struct buf room = BUF_EMPTY;
		const struct plan_input *input = &plan->inputs[i];
		/* May fail: only a note. */
		const char *now = reply_current(input->kind, input->argument, environment, &room);

		if (now && input->answer && strcmp(now, input->answer) == 0)
			continue;
		if (now || input->answer)
			print_note(
				"plan: %s %s: has changed since the plan was made (was %s, is %s)",
				input->kind, input->argument,
				input->answer ? input->answer : "not there",
				now ? now : "not there");
	}
}

static int check_plan(const struct plan *plan, struct err *err)
{
	if (plan->argv.count == 0) {
		err_set(err, STAGE_PLAN, EINVAL, NULL, "arg");
		return err_reason(err, "the plan holds no command");
	}
	if (plan->has_seccomp && plan->seccomp.archs[0].entry != policy_native()) {
		err_set(err, STAGE_PLAN, EINVAL, "make it on this machine", "seccomp.known");
		return err_reason(err, "the plan is for another architecture");
	}
	return 0;
}

static void print_text(const char *line)
{
	print_note("%s", line);
}

static void tell(const struct plan *plan, const struct outcome *outcome)
{
	const struct outcome_enforced *enforced = &outcome->enforced;

	for (size_t i = 0; i < plan->skipped_count; i++)
		print_note("skipped: %s: %s", plan->skipped[i].what, plan->skipped[i].why);
	for (size_t i = 0; i < enforced->skipped_count; i++)
		print_note("skipped: %s: %s", enforced->skipped[i].what, enforced->skipped[i].why);
	denials_each(outcome->denials, print_text);
	if (outcome->signal)
		print_note("ended by signal %d after %.1f ms", outcome->signal, outcome->wall_ms);
	else
		print_note("ended with status %d after %.1f ms", outcome->exit_code,
			   outcome->wall_ms);
}

static int status_of(const struct outcome *outcome)
{
	switch (outcome->status) {
	case OUTCOME_EXITED:
		return outcome->exit_code;
	case OUTCOME_SIGNALED:
	case OUTCOME_DENIED:
		return 128 + outcome->signal;
	case OUTCOME_TIMEOUT:
		return EXIT_WALL;
	case OUTCOME_CPU_TIME:
	case OUTCOME_MEMORY:
	case OUTCOME_OUTPUT:
		return EXIT_LIMIT;
	case OUTCOME_SETUP_FAILED:
		break;
	}
	return EXIT_FAILED;
}

/* A terminal that nobody looks at, or a reader who is gone, must not change how the launcher
 * ends. */
static bool is_heard(void)
{
	struct pollfd room = { .fd = 2, .events = POLLOUT };
	struct raw_timespec now = { 0 };

	/* May fail: then it is not told. */
	return sys_ppoll(&room, 1, &now, NULL, 0) > 0 && room.revents == POLLOUT;
}

/* A mount that can't do all that it should shows in errors of the program, which does not know
 * why. */
static void tell_lacks(const struct outcome_enforced *enforced)
{
	for (size_t i = 0; i < enforced->skipped_count; i++)
		if (strncmp(enforced->skipped[i].what, "mount ", 6) == 0 && is_heard())
			print_note("%s: %s", enforced->skipped[i].what, enforced->skipped[i].why);
}

/* Who ended the program, where the status alone, which it might have returned, would not tell. */
static void tell_end(const struct outcome *outcome)
{
	static const char *const ends[] = {
		[OUTCOME_TIMEOUT] = "limits.wall is over",
		[OUTCOME_CPU_TIME] = "limits.cpu is used up",
		[OUTCOME_MEMORY] = "limits.memory is used up",
		[OUTCOME_OUTPUT] = "limits.output is reached",
		[OUTCOME_DENIED] = "by a rule of seccomp (run -v tells the call)",
	};
	size_t status = outcome->status;

	if (status == OUTCOME_SIGNALED && outcome->signal == SIGKILL &&
	    account_out_of_others(&outcome->cgroup) && is_heard())
		print_note("ended: memory was used up outside of the sandbox, on the host or in a "
			   "cgroup above");
	if (status < sizeof(ends) / sizeof(ends[0]) && ends[status] && is_heard())
		print_note("ended: %s", ends[status]);
}

struct run {
	const struct request *request;
	int report;                /* its descriptor, once it is open */
	int place;                 /* where it is: report_open()'s */
	struct eval_answer answer; /* answer.plan: the text, wherever it comes from */
	struct plan plan;
	bool decoded;
	struct outcome outcome;
	bool launched;
	struct err err;
};

/* A guess, before the profile is read: a wrong one costs time only. */
static bool may_want_cgroup(const struct request *request)
{
	static const char *const limits[] = { "memory", "pids", "cpus" };

	if (request->profile && strcmp(request->profile, "default") != 0)
		return true;
	for (size_t i = 0; i < request->option_count; i++)
		for (size_t k = 0; k < sizeof(limits) / sizeof(limits[0]); k++)
			if (strcmp(request->options[i].key, limits[k]) == 0)
				return true;
	return false;
}

/* Lua and the kernel work side by side: the sandbox is made while the profile is evaluated. */
static int evaluate(struct run *run, struct launch_options *options, struct launch **ahead)
{
	const struct request *request = run->request;
	struct evaluation *evaluation;
	int ret = ask_start(&evaluation, request, request->profile, false, &run->answer, &run->err);

	if (ret < 0)
		return ret;
	options->unwanted = eval_socket(evaluation);
	options->limited = may_want_cgroup(request);
	*ahead = launch_ahead(options);
	ret = eval_wait(evaluation, launch_stops(*ahead), &run->err);
	if (ret == 0)
		launch_show(ahead, &run->answer.plan);
	return ret;
}

static int decode(struct run *run)
{
	const struct buf *text = &run->answer.plan;
	int ret = plan_decode(&run->plan, text->data, text->length, &run->err);

	run->decoded = ret == 0;
	if (ret == 0 && run->request->verbose)
		warn_all(&run->answer);
	if (ret == 0)
		ret = check_plan(&run->plan, &run->err);
	return ret < 0 && run->request->plan ? err_within(&run->err, run->request->plan) : ret;
}

/* Once the plan says where the program may have planted links; without one, at the end. */
static int open_report(struct run *run, struct err *err)
{
	const char *where = run->request->report;

	if (!where || run->report >= 0)
		return 0;
	run->report = report_open(where, run->decoded ? &run->plan : NULL, &run->place, err);
	return run->report < 0 ? run->report : 0;
}

static int open_report_ahead(struct run *run, uint64_t stops)
{
	int ret = stops_let_through(stops, &run->err);

	if (ret == 0)
		ret = open_report(run, &run->err);
	stops_block(stops);
	return ret;
}

static int launch(struct run *run)
{
	const struct request *request = run->request;
	struct launch_options options = { .environment = request->environment,
					  .arguments = request->arguments,
					  .observe = request->verbose,
					  .verify = request->verify,
					  .unwanted = -1 };
	struct confine_needs needs = { 0 };
	struct launch *ahead = NULL;
	int ret;

	if (request->plan)
		ret = read_plan(request->plan, &run->answer.plan, &run->err);
	else
		ret = evaluate(run, &options, &ahead);
	if (ret == 0)
		ret = decode(run);
	if (ret == 0 && request->report)
		ret = open_report_ahead(run, launch_stops(ahead));
	if (ret < 0) {
		launch_drop(ahead);
		return ret;
	}
	ret = launch_start(&ahead, &run->plan, &options, &run->err);
	if (ret < 0)
		return ret;
	/* May fail: only a note, and it changes nothing that is not seen on the host. */
	if (launch_notice(ahead)[0])
		print_note("network: %s", launch_notice(ahead));
	/* While the sandbox is being set up. */
	if (request->plan)
		note_changed_inputs(&run->plan, request->environment);
	eval_reap(&run->answer);
	report_keep(run->place, &needs);
	ret = launch_wait(ahead, &needs, &run->outcome, &run->err);
	confine_needs_finish(&needs);
	run->launched = ret == 0;
	return ret;
}

static void write_report(struct run *run)
{
	const struct request *request = run->request;
	const char *asked = request->plan ? NULL : request->profile ? request->profile : "default";
	struct report report = {
		.profile = run->decoded ? run->plan.profile : asked,
		.plan = run->decoded ? &run->plan : NULL,
		.outcome = run->launched ? &run->outcome : NULL,
		.err = &run->err,
	};
	char hash[65];
	struct err err;

	/* One that is at fault itself is not tried again. */
	if (!request->report || run->err.stage == STAGE_REPORT)
		return;
	if (open_report(run, &err) < 0) {
		print_error(&err);
		return;
	}
	if (run->decoded) {
		plan_hash(run->answer.plan.data, run->answer.plan.length, hash);
		report.hash = hash;
	}
	if (report_write(run->report, run->place, request->report, &report, &err) < 0)
		print_error(&err);
}

/* The program ran to its end: its status stands, and this is said beside it. */
static void note_lost_output(const struct outcome *outcome)
{
	struct err err;

	(void)err_set(&err, STAGE_WATCH, outcome->lost_output, "the program's status stands",
		      "its output");
	print_error(&err);
}

int cmd_run(const struct request *request)
{
	struct run run = { .request = request, .report = -1, .place = -1 };
	int ret = check_words(request, &run.err);

	if (ret < 0) {
		print_error(&run.err);
		return EXIT_FAILED;
	}
	ret = launch(&run);
	if (ret < 0)
		print_error(&run.err);
	else if (run.outcome.lost_output)
		note_lost_output(&run.outcome);
	if (ret == 0)
		tell_end(&run.outcome);
	if (ret == 0 && request->verbose)
		tell(&run.plan, &run.outcome);
	else if (ret == 0 && run.outcome.status == OUTCOME_EXITED && run.outcome.exit_code != 0)
		tell_lacks(&run.outcome.enforced);
	write_report(&run);
	fd_close(&run.report);
	fd_close(&run.place);
	outcome_finish(&run.outcome);
	plan_finish(&run.plan);
	eval_finish(&run.answer);
	if (ret == 0)
		return status_of(&run.outcome);
	return run.err.status ? run.err.status : EXIT_FAILED;
}
