/* plan.c - plans from anywhere: the decoder, the encoder and the filter that comes of a plan
 *
 * For any bytes at all, decoding ends without touching what it should not (the sanitizers see to
 * that). For bytes that are a plan, encoding gives the same bytes again, and its seccomp filter is
 * one the kernel would take and decides as the rules do. Made for clang's -fsanitize=fuzzer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/base.h"
#include "launcher/plan/plan.h"
#include "policy/policy.h"

enum { CALLS = 32 };

/* The fuzzer's entry point has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoding(const struct plan *plan, const uint8_t *data, size_t size)
{
	struct buf out = BUF_EMPTY;

	if (plan_encode(plan, &out) != 0 || out.length != size || memcmp(out.data, data, size) != 0)
		abort();
	buf_finish(&out);
}

/* Calls whose number and arguments are bytes of the input, so that the fuzzer can steer them. */
static struct seccomp_data call_from(const uint8_t *data, size_t size, size_t at)
{
	static const enum policy_entry entries[] = { ENTRY_X86_64, ENTRY_I386, ENTRY_AARCH64,
						     ENTRY_RISCV64 };
	struct seccomp_data call = { .arch = policy_audit_arch(entries[at % 4]) };
	size_t offset = size * at / CALLS;

	call.nr = size ? data[offset] * 2 : 0;
	for (size_t i = 0; i < 6; i++)
		call.args[i] = size ? data[(offset + i) % size] : 0;
	return call;
}

static void check_filter(const struct policy *policy, const uint8_t *data, size_t size)
{
	static struct sock_filter filter[POLICY_MAX_INSTRUCTIONS];
	struct policy_error why;
	size_t count = 0;
	int r = policy_compile(policy, filter, &count, NULL, &why);

	if (r == -E2BIG || r == -ENOMEM)
		return;
	if (r != 0 || !bpf_valid(filter, count))
		abort();
	for (size_t at = 0; at < CALLS; at++) {
		struct seccomp_data call = call_from(data, size, at);

		if (bpf_run(filter, count, &call, NULL) != policy_evaluate(policy, &call, NULL))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan plan = { 0 };
	struct err err = { 0 };

	if (plan_decode(&plan, (const char *)data, size, &err) != 0)
		return 0;
	check_encoding(&plan, data, size);
	if (plan.has_seccomp)
		check_filter(&plan.seccomp, data, size);
	plan_finish(&plan);
	return 0;
}
