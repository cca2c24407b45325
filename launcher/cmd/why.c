/* why.c - `lunette why`: would the sandbox let a program do this to that, and which line says so
 *
 * The kernel is asked: a sandbox is made as `run` makes it, and the access is tried there in place
 * of the program, without Landlock and with it. What cannot be tried without changing something is
 * answered from the rules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/cmd/cmd.h"
#include "launcher/launch/launch.h"
#include "launcher/plan/plan.h"
#include "launcher/plan/token.h"
#include "launcher/stage/trial.h"
#include "launcher/watch/origin.h"
#include "policy/tables.h"

static int misuse(const char *object, const char *reason, const char *hint, struct err *err)
{
	err_set(err, STAGE_USAGE, EINVAL, hint, "%s", object);
	return err_reason(err, "%s", reason);
}

static int read_words(const struct request *request, struct trial *trial, struct err *err)
{
	char **words = request->words;
	const char *nearest;
	uint32_t port;

	if (request->word_count != 2)
		return misuse("why", "wants a right and a path or port",
			      "`lunette why [-p PROFILE] write_file /usr/bin`", err);
	trial->right = tables_landlock_right(LANDLOCK_FS, words[0]);
	if (!trial->right) {
		trial->right = tables_landlock_right(LANDLOCK_NET, words[0]);
		trial->net = true;
	}
	if (!trial->right) {
		nearest = tables_nearest("landlock", words[0]);
		(void)misuse(words[0], "no such right of Landlock",
			     "`lunette why --help` lists them", err);
		return nearest ? err_hint(err, "did you mean \"%s\"?", nearest) : -EINVAL;
	}
	if (trial->net) {
		if (!token_u32(words[1], UINT16_MAX, &port))
			return misuse(words[1], "is no port", NULL, err);
		trial->port = (uint16_t)port;
	} else if (!token_path(words[1]) || strlen(words[1]) >= sizeof(trial->path)) {
		return misuse(words[1], "is not an absolute path in normal form",
			      "paths are those inside the sandbox", err);
	} else {
		snprintf(trial->path, sizeof(trial->path), "%s", words[1]);
	}
	return 0;
}

/* The line of the mount that @path lies in. */
static const char *mount_of(const struct plan *plan, const char *path)
{
	const char *origin = "";
	size_t longest = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		size_t length = strlen(mount->target);

		if (length < longest || !origin_beneath(path, mount->target))
			continue;
		longest = length;
		origin = mount->origin ? mount->origin : "";
	}
	return origin;
}

static void say_line(struct buf *out, const char *what, const char *origin)
{
	if (!origin[0])
		return;
	buf_format(out, ", %s ", what);
	print_escaped(out, origin);
}

/* Returns the exit status. */
static int answer(const struct request *request, const struct plan *plan, const struct trial *trial,
		  const struct outcome *outcome, struct buf *out)
{
	const int *tried = outcome->tried;
	bool made = tried[TRIAL_UNDER] != TRIAL_NOT_MADE;
	bool granted = true;
	const char *origin = trial->net ? origin_of_port(plan, trial->port, trial->right, &granted)
					: origin_of_path(plan, trial->path, trial->right, &granted);
	bool refused = made ? tried[TRIAL_UNDER] == -EACCES && !tried[TRIAL_BEFORE]
			    : !granted && outcome->enforced.landlock_abi > 0;
	bool fails = refused || (made && tried[TRIAL_UNDER] < 0);

	buf_text(out, fails ? "no: " : "yes: ");
	print_escaped(out, request->words[0]);
	buf_text(out, " ");
	print_escaped(out, request->words[1]);
	buf_text(out, made ? " (tried)" : " (by the rules)");
	if (refused) {
		buf_text(out, ": Landlock refuses it");
		say_line(out, "the nearest rule is at", origin);
	} else if (fails) {
		buf_format(out, ": %s, %s", strerror(-tried[TRIAL_UNDER]),
			   granted ? "and not by Landlock" : "before Landlock is asked");
		if (!trial->net)
			say_line(out, "in the mount at", mount_of(plan, trial->path));
	} else if (outcome->enforced.landlock_abi) {
		say_line(out, "the nearest rule is at", origin);
	} else {
		buf_text(out, ": no Landlock is in force");
	}
	buf_text(out, "\n");
	return fails ? EXIT_NO : EXIT_YES;
}

static int try_it(const struct request *request, const struct trial *trial, struct plan *plan,
		  struct outcome *outcome, struct err *err)
{
	const struct launch_options options = { .environment = request->environment,
						.arguments = request->arguments,
						.trial = trial,
						.unwanted = -1 };
	struct confine_needs needs = { 0 };
	struct eval_answer reply = { 0 };
	struct launch *launch = NULL;
	int ret = ask_plan(request, request->profile, false, &reply, err);

	if (ret == 0)
		ret = plan_decode(plan, reply.plan.data, reply.plan.length, err);
	eval_finish(&reply);
	if (ret == 0)
		ret = launch_start(&launch, plan, &options, err);
	if (ret == 0) {
		ret = launch_wait(launch, &needs, outcome, err);
		confine_needs_finish(&needs);
	}
	return ret;
}

int cmd_why(const struct request *request)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	struct trial trial = { 0 };
	struct plan plan = { 0 };
	struct outcome outcome = { 0 };
	struct err err = { 0 };
	int status = EXIT_NO;
	int ret = read_words(request, &trial, &err);

	if (ret == 0)
		ret = try_it(request, &trial, &plan, &outcome, &err);
	if (ret == 0) {
		status = answer(request, &plan, &trial, &outcome, &out);
		if (out.failed || print_out(out.data, out.length) < 0)
			status = EXIT_USAGE;
	} else {
		print_error(&err);
		status = EXIT_USAGE;
	}
	outcome_finish(&outcome);
	plan_finish(&plan);
	return status;
}
