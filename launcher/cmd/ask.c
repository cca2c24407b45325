/* ask.c - what the verbs that need a plan have in common: putting the question to the evaluator */
#include <string.h>

#include "launcher/cmd/options.h"

int ask_start(struct evaluation **evaluation, const struct request *request, const char *profile,
	      bool record, struct eval_answer *answer, struct err *err)
{
	char path[PROFILE_PATH_BYTES];
	struct eval_question question = {
		.verb = request->verb->name,
		.profile = path,
		.options = request->options,
		.option_count = request->option_count,
		.command = request->words,
		.command_count = request->word_count,
		.environment = request->environment,
		.record = record,
	};

	int ret = options_profile(profile ? profile : "default", path, err);

	return ret < 0 ? ret : eval_start(evaluation, &question, answer, err);
}

int ask_plan(const struct request *request, const char *profile, bool record,
	     struct eval_answer *answer, struct err *err)
{
	struct evaluation *evaluation;
	int ret = ask_start(&evaluation, request, profile, record, answer, err);

	return ret < 0 ? ret : eval_wait(evaluation, err);
}

void warn_all(const struct eval_answer *answer)
{
	const char *at = answer->warnings.data;
	const char *end = at + answer->warnings.length;

	for (; at < end; at += strlen(at) + 1)
		print_note("warning: %s", at);
}
