/* plan.c - `lunette plan`: print what `run` would do */
#include <errno.h>

#include "launcher/cmd/cmd.h"
#include "launcher/plan/plan.h"

/* Either way the text has been decoded, and with that checked. */
static int check_plan(const struct buf *text, struct buf *json, struct err *err)
{
	struct plan plan;
	int ret;

	if (json)
		return plan_json(text->data, text->length, json, err);
	ret = plan_decode(&plan, text->data, text->length, err);
	plan_finish(&plan);
	return ret;
}

int cmd_plan(const struct request *request)
{
	cleanup_buf struct buf json = BUF_EMPTY;
	struct eval_answer answer = { 0 };
	const struct buf *text = request->json ? &json : &answer.plan;
	struct err err = { 0 };
	int status;

	if (request->word_count == 0) {
		err_set(&err, STAGE_USAGE, EINVAL, "`lunette plan [options] COMMAND [ARG...]`",
			"plan");
		err_reason(&err, "a command is missing");
		print_error(&err);
		return EXIT_USAGE;
	}
	if (ask_plan(request, request->profile, true, &answer, &err) < 0 ||
	    check_plan(&answer.plan, request->json ? &json : NULL, &err) < 0) {
		print_error(&err);
		status = err.stage == STAGE_USAGE ? EXIT_USAGE : EXIT_NO;
	} else {
		status = print_out(text->data, text->length) < 0 ? EXIT_NO : EXIT_YES;
		warn_all(&answer);
	}
	eval_finish(&answer);
	return status;
}
