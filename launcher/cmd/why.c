/* why.c - `lunette why`: would the sandbox let a program do this to that, and which line says so
 *
 * The kernel is asked: a sandbox is made as `run` makes it, and the access is tried there in place
 * of the program, without Landlock and with it. What cannot be tried without changing something is
 * answered from the rules, and so is whether seccomp lets the calls for it pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/cmd/why.h"
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
			return misuse(words[1], "is no port number", "0 to 65535", err);
		trial->port = (uint16_t)port;
	} else if (!token_path(words[1]) || strlen(words[1]) >= sizeof(trial->path)) {
		return misuse(words[1], "must be an absolute path, without \".\", \"..\" or \"//\"",
			      "paths are those inside the sandbox", err);
	} else {
		snprintf(trial->path, sizeof(trial->path), "%s", words[1]);
	}
	return 0;
}

/* The mount that @path lies in, or NULL: the sandbox's own root. */
static const struct plan_mount *mount_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		size_t length = strlen(mount->target);

		if (length < longest || !origin_beneath(path, mount->target))
			continue;
		longest = length;
		found = mount;
	}
	return found;
}

static void say_line(struct buf *out, const char *what, const char *origin)
{
	if (!origin || !origin[0])
		return;
	buf_format(out, "%s ", what);
	print_escaped(out, origin);
}

static void say_mount(struct buf *out, const struct plan *plan, const char *path)
{
	const struct plan_mount *mount = mount_of(plan, path);

	if (!mount) {
		buf_text(out, "; no mount of the profile is there");
		return;
	}
	buf_text(out, "; it lies in the mount ");
	print_escaped(out, mount->target);
	say_line(out, " of", mount->origin);
}

/* Not even by who is root inside: mknod(2). */
static bool is_device(const struct trial *trial)
{
	return !trial->net && (trial->right == tables_landlock_right(LANDLOCK_FS, "make_char") ||
			       trial->right == tables_landlock_right(LANDLOCK_FS, "make_block"));
}

/* What of an error is no fault of the profile, or is asked for by another right. */
static const char *advice(const struct trial *trial, int error)
{
	bool writes =
		!trial->net && trial->right == tables_landlock_right(LANDLOCK_FS, "write_file");

	if (error == -EISDIR && writes)
		return " (to make files in a directory is the right make_reg)";
	if (error == -ENOENT && writes)
		return " (to make a file is the right make_reg of its directory)";
	if (error == -EPERM && is_device(trial))
		return " (in a user namespace no devices are made)";
	if (error == -EACCES && trial->net && trial->port < 1024)
		return " (a port below 1024 is for who has CAP_NET_BIND_SERVICE)";
	return "";
}

struct verdict {
	bool made;
	bool handled; /* Landlock is in force, and decides of such a right */
	bool granted;
	bool refused; /* by Landlock, and by nothing before it */
	int error;    /* 0, or -errno of what came of it, Landlock or not */
	const char *origin;
};

static void judge(const struct plan *plan, const struct trial *trial, const struct outcome *outcome,
		  struct verdict *verdict)
{
	const struct plan_landlock *landlock = &plan->landlock;
	const int *tried = outcome->tried;

	verdict->made = tried[TRIAL_UNDER] != TRIAL_NOT_MADE;
	verdict->origin =
		trial->net ? origin_of_port(plan, trial->port, trial->right, &verdict->granted)
			   : origin_of_path(plan, trial->path, trial->right, &verdict->granted);
	verdict->handled =
		outcome->enforced.landlock_abi > 0 &&
		(trial->right & (trial->net ? landlock->handled_net : landlock->handled_fs));
	verdict->error = verdict->made && tried[TRIAL_UNDER] < 0 ? tried[TRIAL_UNDER] : 0;
	verdict->refused = verdict->made ? verdict->error == -EACCES && !tried[TRIAL_BEFORE]
					 : verdict->handled && !verdict->granted;
	if (!verdict->made && !verdict->refused && is_device(trial))
		verdict->error = -EPERM;
}

/* Returns the exit status. */
static int answer(const struct request *request, const struct plan *plan, const struct trial *trial,
		  const struct outcome *outcome, struct buf *out)
{
	cleanup_buf struct buf calls = BUF_EMPTY;
	struct verdict verdict;
	bool fails;

	judge(plan, trial, outcome, &verdict);
	fails = why_calls(plan, request->words[0], &calls) || verdict.refused || verdict.error;
	buf_text(out, fails ? "no: " : "yes: ");
	print_escaped(out, request->words[0]);
	buf_text(out, " ");
	print_escaped(out, request->words[1]);
	buf_text(out, verdict.made ? " (tried): " : " (by the rules): ");
	if (verdict.refused) {
		buf_text(out, "Landlock refuses it");
		say_line(out, ", the nearest rule is at", verdict.origin);
	} else if (verdict.error) {
		buf_format(out, "%s%s", strerror(-verdict.error), advice(trial, verdict.error));
		if (verdict.handled)
			buf_format(out, ", and not by Landlock%s",
				   verdict.granted ? "" : ", which would refuse it too");
		if (!trial->net)
			say_mount(out, plan, trial->path);
	} else if (verdict.handled) {
		buf_text(out, "Landlock grants it");
		say_line(out, " by the rule at", verdict.origin);
	} else {
		buf_text(out, outcome->enforced.landlock_abi ? "Landlock leaves it free"
							     : "no Landlock is in force");
	}
	buf_bytes(out, calls.data, calls.length);
	out->failed |= calls.failed;
	if (!fails && trial->net && plan->net == NET_NONE)
		buf_text(out, "; but net is none: only the sandbox's own loopback is there");
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
