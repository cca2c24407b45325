/* seccomp.c - `lunette seccomp`: the filter that a profile becomes, listed, tried and explained
 *
 *   dump PROFILE          instructions, with the names of calls and the profile's lines
 *   sim PROFILE CALL      what one call would get, and which line decides
 *   why PROFILE NAME      the rules that speak of a call
 *   stats PROFILE         size, paths, and how much the kernel's bitmap answers
 *   groups [GROUP]        the groups of calls, or the members of one
 *   verify PROFILE        the filter beside the rules, for every call that either can tell apart
 *   compile PROFILE       raw BPF to -o FILE or standard output, as `bwrap --seccomp` takes it
 *
 * Everything is computed from the plan; nothing is installed.
 */
#include "launcher/cmd/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/cmd/options.h"
#include "policy/tables.h"

static int misuse(struct err *err, const char *object, const char *reason)
{
	err_set(err, STAGE_USAGE, EINVAL,
		"`lunette seccomp --help` lists the questions and what each wants", "%s", object);
	return err_reason(err, "%s", reason);
}

const char *seccomp_origin(const struct seccomp_view *view, uint32_t origin)
{
	return origin < view->plan.rule_origin_count ? view->plan.rule_origins[origin] : "";
}

void seccomp_action(struct buf *out, uint32_t action)
{
	uint32_t data = action & SECCOMP_RET_DATA;
	const char *name;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		buf_text(out, "allow");
		break;
	case SECCOMP_RET_ERRNO:
		name = tables_errno_name((int)data);
		if (name)
			buf_format(out, "errno %s", name);
		else
			buf_format(out, "errno(%u)", data);
		break;
	case SECCOMP_RET_KILL_THREAD:
		buf_text(out, "kill_thread");
		break;
	case SECCOMP_RET_TRAP:
		buf_format(out, "trap(%u)", data);
		break;
	case SECCOMP_RET_TRACE:
		buf_format(out, "trace(%u)", data);
		break;
	case SECCOMP_RET_USER_NOTIF:
		buf_text(out, "notify");
		break;
	case SECCOMP_RET_LOG:
		buf_text(out, "log");
		break;
	default:
		buf_text(out, "kill");
		break;
	}
}

static int load(const struct request *request, const char *profile, struct seccomp_view *view,
		struct err *err)
{
	struct policy_error why = { .text = "" };
	int ret = ask_profile(request, profile, &view->answer, &view->plan, NULL, err);

	if (ret < 0)
		return ret;
	if (!view->plan.has_seccomp) {
		err_set(err, STAGE_PROFILE, EINVAL, NULL, "%s", profile);
		return err_reason(err, "has no seccomp rules");
	}
	ret = policy_compile(&view->plan.seccomp, view->filter, &view->count, view->origins, &why);
	return ret < 0 ? plan_refused(&view->plan, &why, ret, profile, err) : 0;
}

static int seccomp_verify(const struct seccomp_view *view, const char *profile, struct buf *out,
			  struct err *err)
{
	struct policy_error why = { .arch = SIZE_MAX };
	bool exact = false;
	int ret = policy_verify(&view->plan.seccomp, view->filter, view->count, &exact, &why);

	if (ret < 0)
		return plan_refused(&view->plan, &why, ret, profile, err);
	buf_format(out, "%s: the filter says what the rules say, for %s\n", profile,
		   exact ? "every call" : "every call that was tried: there are too many");
	return 0;
}

/* How many words each takes, itself included. */
static const struct question {
	const char *name;
	size_t words;
} questions[] = {
	{ "dump", 2 },   { "sim", 3 },    { "why", 3 },     { "stats", 2 },
	{ "groups", 2 }, { "verify", 2 }, { "compile", 2 },
};

static const struct question *find_question(const char *name, struct err *err)
{
	const char *near = NULL;
	unsigned int least = 3;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		unsigned int distance = tables_distance(name, questions[i].name, least);

		if (strcmp(name, questions[i].name) == 0)
			return &questions[i];
		if (distance < least) {
			least = distance;
			near = questions[i].name;
		}
	}
	(void)misuse(err, name, "no such question");
	if (near)
		err_hint(err, "did you mean \"%s\"?", near);
	return NULL;
}

/* The question comes first, then the profile, then what `sim` and `why` ask for. */
static int answer(const struct request *request, struct buf *out, struct seccomp_view *view,
		  struct err *err)
{
	char **words = request->words;
	const char *verb = words[0];
	const struct question *question = find_question(verb, err);
	int ret;

	if (!question)
		return -EINVAL;
	if (strcmp(verb, "groups") == 0) {
		if (request->word_count > question->words)
			return misuse(err, verb, "wants one group, or none");
		return seccomp_groups(words[1], out, err);
	}
	if (request->word_count != question->words)
		return misuse(err, verb,
			      question->words == 3 ? "wants a profile and a call"
						   : "wants a profile");
	ret = load(request, words[1], view, err);
	if (ret < 0)
		return ret;
	if (strcmp(verb, "sim") == 0)
		return seccomp_sim(view, words[2], out, err);
	if (strcmp(verb, "why") == 0)
		return seccomp_why(view, words[2], out, err);
	if (strcmp(verb, "verify") == 0)
		return seccomp_verify(view, words[1], out, err);
	if (strcmp(verb, "dump") == 0)
		seccomp_dump(view, out);
	else if (strcmp(verb, "stats") == 0)
		seccomp_stats(view, out);
	else
		buf_bytes(out, view->filter, view->count * sizeof(*view->filter));
	return 0;
}

static int write_file(const char *path, const struct buf *out, struct err *err)
{
	cleanup_fd int fd = -1;
	size_t done = 0;

	fd = (int)sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, STAGE_USAGE, fd, NULL, "%s", path);
	while (done < out->length) {
		long sent = sys_write(fd, out->data + done, out->length - done);

		if (sent < 0 && sent != -EINTR)
			return err_set(err, STAGE_USAGE, (int)sent, NULL, "%s", path);
		done += sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

static int show(const struct request *request, struct buf *out, struct err *err)
{
	struct seccomp_view *view = calloc(1, sizeof(*view));
	int ret = -ENOMEM;

	if (view)
		ret = answer(request, out, view, err);
	else
		err_set(err, STAGE_PLAN, ENOMEM, NULL, "seccomp");
	if (ret == 0 && out->failed)
		ret = err_set(err, STAGE_PLAN, ENOMEM, NULL, "seccomp");
	if (ret == 0 && request->out)
		ret = write_file(request->out, out, err);
	if (view) {
		plan_finish(&view->plan);
		eval_finish(&view->answer);
	}
	free(view);
	return ret;
}

int cmd_seccomp(const struct request *request)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	struct err err = { 0 };
	int ret;

	if (request->word_count == 0)
		ret = misuse(&err, "seccomp", "a question is missing");
	else
		ret = show(request, &out, &err);
	if (ret < 0) {
		print_error(&err);
		return err.stage == STAGE_USAGE ? EXIT_USAGE : EXIT_NO;
	}
	return request->out || print_out(out.data, out.length) == 0 ? EXIT_YES : EXIT_NO;
}
