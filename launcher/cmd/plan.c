/* plan.c - `lunette plan`: print what `run` would do */
#include <errno.h>

#include "launcher/cmd/cmd.h"
#include "launcher/plan/plan.h"

static int print_plan(const struct request *request, const struct eval_answer *answer,
		      struct err *err)
{
	const struct buf *text = &answer->plan;
	cleanup_buf struct buf json = BUF_EMPTY;
	struct plan plan;
	int ret;

	if (request->json) {
		ret = plan_json(text->data, text->length, &json, err);
		text = &json;
	} else {
		ret = plan_decode(&plan, text->data, text->length, err);
		plan_finish(&plan);
	}
	if (ret < 0)
		return ret;
	ret = print_out(text->data, text->length);
	if (ret < 0)
		return err_set(err, STAGE_PLAN, ret, NULL, "standard output");
	return 0;
}

int cmd_plan(const struct request *request)
{
	struct eval_answer answer = { 0 };
	struct err err = { 0 };
	int ret;

	if (request->word_count == 0) {
		err_set(&err, STAGE_USAGE, EINVAL, "`lunette plan [options] COMMAND [ARG...]`",
			"plan");
		err_reason(&err, "a command is missing");
		print_error(&err);
		return EXIT_USAGE;
	}
	ret = ask_plan(request, request->profile, true, &answer, &err);
	if (ret == 0)
		ret = print_plan(request, &answer, &err);
	if (ret == 0)
		warn_all(&answer);
	else
		print_error(&err);
	eval_finish(&answer);
	if (ret == 0)
		return EXIT_YES;
	return err.stage == STAGE_USAGE ? EXIT_USAGE : EXIT_NO;
}
