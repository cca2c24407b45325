/* evaluator.c - an evaluator that a profile has taken over: whatever it says, the launcher's end
 * stays whole, and comes to a plan's text or to an error with words. The input is all that it says,
 * after a byte that says whether questions are recorded. Made for clang's -fsanitize=fuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/eval/child.h"
#include "launcher/plan/plan.h"

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *words;
static size_t length;

/* Stands in for child.c. The launcher may have stopped to read. */
_Noreturn void child_main(int socket, const struct child_birth *birth)
{
	(void)birth;
	while (length > 0) {
		long sent = sys_sendto(socket, words, length, MSG_NOSIGNAL, NULL, 0);

		if (sent <= 0)
			break;
		words += sent;
		length -= (size_t)sent;
	}
	for (;;)
		(void)sys_exit_group(0);
}

static void check_answer(const struct eval_answer *answer)
{
	struct plan plan;
	struct err err = { 0 };

	if (answer->warnings.length && answer->warnings.data[answer->warnings.length - 1])
		abort();
	if (plan_decode(&plan, answer->plan.data, answer->plan.length, &err) == 0)
		plan_finish(&plan);
	else if (!err.number)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const environment[] = { NULL };
	struct eval_question question = { .verb = "run",
					  .profile = "base",
					  .environment = environment };
	struct eval_answer answer;
	struct err err = { 0 };
	int ret;

	if (size == 0)
		return 0;
	question.record = data[0] & 1;
	words = data + 1;
	length = size - 1;
	ret = eval_run(&question, &answer, &err);
	if (ret == 0)
		check_answer(&answer);
	else if (!err.number || !*err.object)
		abort();
	eval_finish(&answer);
	return 0;
}
