/* stats.c - figures of a filter
 *
 * Source of what the bitmap absorbs: kernel/seccomp.c seccomp_is_const_allow().
 */
#include "policy/policy.h"

#include "policy/tables.h"

bool bpf_constant_allow(const struct sock_filter *filter, size_t count, uint32_t arch,
			uint32_t number)
{
	uint32_t a = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct sock_filter *now = &filter[i];
		bool taken;

		switch (now->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (now->k > 4)
				return false;
			a = now->k ? arch : number;
			continue;
		case BPF_RET | BPF_K:
			return now->k == SECCOMP_RET_ALLOW;
		case BPF_JMP | BPF_JA:
			i += now->k;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= now->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == now->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= now->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > now->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = (a & now->k) != 0;
			break;
		default:
			return false;
		}
		i += taken ? now->jt : now->jf;
	}
	return false;
}

/* The longest way from each instruction to a return. */
static size_t longest_path(const struct sock_filter *filter, size_t count)
{
	uint16_t left[POLICY_MAX_INSTRUCTIONS] = { 0 };
	size_t i;

	for (i = count; i-- > 0;) {
		const struct sock_filter *now = &filter[i];
		uint16_t yes, no;

		if (BPF_CLASS(now->code) == BPF_RET) {
			left[i] = 1;
		} else if (now->code == (BPF_JMP | BPF_JA)) {
			left[i] = (uint16_t)(1 + left[i + 1 + now->k]);
		} else if (BPF_CLASS(now->code) == BPF_JMP) {
			yes = left[i + 1 + now->jt];
			no = left[i + 1 + now->jf];
			left[i] = (uint16_t)(1 + (yes > no ? yes : no));
		} else {
			left[i] = (uint16_t)(1 + left[i + 1]);
		}
	}
	return left[0];
}

void policy_stats(const struct sock_filter *filter, size_t count, enum policy_entry entry,
		  struct policy_stats *stats)
{
	const struct policy_interval *known;
	size_t known_count, i, executed;
	uint64_t sum = 0;
	uint32_t number;

	*stats = (struct policy_stats){ .instructions = count };
	stats->longest = longest_path(filter, count);
	known = tables_known(entry, &known_count);
	for (i = 0; i < known_count; i++)
		for (number = known[i].first; number <= known[i].last; number++) {
			struct seccomp_data call = { .nr = (int)number,
						     .arch = policy_audit_arch(entry) };

			if (entry == ENTRY_X32)
				call.nr |= 0x40000000;
			bpf_run(filter, count, &call, &executed);
			sum += executed;
			stats->calls++;
			if (executed > stats->worst)
				stats->worst = executed;
			if (entry != ENTRY_X32 &&
			    bpf_constant_allow(filter, count, call.arch, number))
				stats->absorbed++;
		}
	if (stats->calls)
		stats->mean_thousandths = sum * 1000 / stats->calls;
}
