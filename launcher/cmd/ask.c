/* ask.c - what the verbs that need a plan have in common: putting the question to the evaluator
 *
 * A profile may refuse a directory (the shipped ones refuse the caller's home). Verbs that ask
 * about the profile, and not about a launch, ask once more then, as if from another directory.
 */
#include <string.h>

#include "launcher/cmd/options.h"
#include "launcher/plan/plan.h"

static int start(struct evaluation **evaluation, const struct request *request, const char *profile,
		 struct eval_question question, struct eval_answer *answer, struct err *err)
{
	char path[PROFILE_PATH_BYTES];
	int ret = options_profile(profile ? profile : "default", path, err);

	question.verb = request->verb->name;
	question.profile = path;
	question.options = request->options;
	question.option_count = request->option_count;
	question.environment = request->environment;
	return ret < 0 ? ret : eval_start(evaluation, &question, answer, err);
}

int ask_start(struct evaluation **evaluation, const struct request *request, const char *profile,
	      bool record, struct eval_answer *answer, struct err *err)
{
	const struct eval_question question = { .command = request->words,
						.command_count = request->word_count,
						.record = record };

	return start(evaluation, request, profile, question, answer, err);
}

int ask_plan(const struct request *request, const char *profile, bool record,
	     struct eval_answer *answer, struct err *err)
{
	struct evaluation *evaluation;
	int ret = ask_start(&evaluation, request, profile, record, answer, err);

	return ret < 0 ? ret : eval_wait(evaluation, 0, err);
}

static int ask_alone(const struct request *request, const char *profile, bool elsewhere,
		     struct eval_answer *answer, struct err *err)
{
	const struct eval_question question = { .elsewhere = elsewhere };
	struct evaluation *evaluation;
	int ret = start(&evaluation, request, profile, question, answer, err);

	return ret < 0 ? ret : eval_wait(evaluation, 0, err);
}

int ask_profile(const struct request *request, const char *profile, struct eval_answer *answer,
		struct plan *plan, struct err *here, struct err *err)
{
	int ret = ask_alone(request, profile, false, answer, err);

	if (ret < 0 && err->stage == STAGE_PROFILE) {
		const struct err refused = *err;

		eval_finish(answer);
		if (ask_alone(request, profile, true, answer, err) == 0) {
			ret = 0;
			if (here)
				*here = refused;
		} else {
			*err = refused;
		}
	}
	return ret < 0 ? ret : plan_decode(plan, answer->plan.data, answer->plan.length, err);
}

void warn_all(const struct eval_answer *answer)
{
	const char *at = answer->warnings.data;
	const char *end = at + answer->warnings.length;

	for (; at < end; at += strlen(at) + 1)
		print_note("warning: %s", at);
}
