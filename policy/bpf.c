/* bpf.c - classic BPF as seccomp takes it: check, interpreter, disassembler
 *
 * Source: kernel/seccomp.c seccomp_check_filter(), net/core/filter.c bpf_check_classic(). Only what
 * the kernel takes for seccomp is known here; loads read struct seccomp_data in host order.
 */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#include <linux/audit.h>

enum { SCRATCH_WORDS = BPF_MEMWORDS };

static bool opcode_allowed(const struct sock_filter *at)
{
	switch (at->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return at->k < sizeof(struct seccomp_data) && (at->k & 3) == 0;
	case BPF_LD | BPF_LEN:
	case BPF_LDX | BPF_LEN:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_ADD:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	case BPF_ALU | BPF_DIV | BPF_K:
		return at->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return at->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return at->k < SCRATCH_WORDS;
	}
	return false;
}

static bool jumps_inside(const struct sock_filter *filter, size_t count, size_t at)
{
	size_t left = count - at - 1;

	if (BPF_CLASS(filter[at].code) != BPF_JMP)
		return true;
	if (BPF_OP(filter[at].code) == BPF_JA)
		return filter[at].k < left;
	return filter[at].jt < left && filter[at].jf < left;
}

/* Scratch words that may be read before they were written are refused (check_load_and_stores()). */
static bool scratch_written(const struct sock_filter *filter, size_t count)
{
	uint16_t written[POLICY_MAX_INSTRUCTIONS + 1];
	uint16_t now = 0;
	size_t i;

	memset(written, 0xff, sizeof(written));
	for (i = 0; i < count; i++) {
		uint16_t code = filter[i].code;

		now &= written[i];
		if (code == BPF_ST || code == BPF_STX) {
			now |= (uint16_t)(1u << filter[i].k);
		} else if (code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM)) {
			if (!(now >> filter[i].k & 1))
				return false;
		} else if (code == (BPF_JMP | BPF_JA)) {
			written[i + 1 + filter[i].k] &= now;
			now = 0xffff;
		} else if (BPF_CLASS(code) == BPF_JMP) {
			written[i + 1 + filter[i].jt] &= now;
			written[i + 1 + filter[i].jf] &= now;
			now = 0xffff;
		}
	}
	return true;
}

bool bpf_valid(const struct sock_filter *filter, size_t count)
{
	size_t i;

	if (count == 0 || count > POLICY_MAX_INSTRUCTIONS)
		return false;
	for (i = 0; i < count; i++)
		if (!opcode_allowed(&filter[i]) || !jumps_inside(filter, count, i))
			return false;
	return BPF_CLASS(filter[count - 1].code) == BPF_RET && scratch_written(filter, count);
}

static bool jump_taken(const struct sock_filter *at, uint32_t a, uint32_t x)
{
	uint32_t other = BPF_SRC(at->code) == BPF_X ? x : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return a == other;
	case BPF_JGE:
		return a >= other;
	case BPF_JGT:
		return a > other;
	}
	return (a & other) != 0;
}

/* Division by a zero X ends the program with 0 in the kernel; *@ended tells. */
static uint32_t alu(const struct sock_filter *at, uint32_t a, uint32_t x, bool *ended)
{
	uint32_t other = BPF_SRC(at->code) == BPF_X ? x : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_ADD:
		return a + other;
	case BPF_SUB:
		return a - other;
	case BPF_MUL:
		return a * other;
	case BPF_DIV:
		*ended = other == 0;
		return other ? a / other : 0;
	case BPF_AND:
		return a & other;
	case BPF_OR:
		return a | other;
	case BPF_XOR:
		return a ^ other;
	case BPF_LSH:
		return a << (other & 31);
	case BPF_RSH:
		return a >> (other & 31);
	}
	return -a;
}

static uint32_t load(const struct sock_filter *at, const uint32_t *scratch,
		     const struct seccomp_data *call)
{
	uint32_t value;

	switch (BPF_MODE(at->code)) {
	case BPF_ABS:
		memcpy(&value, (const char *)call + at->k, sizeof(value));
		return value;
	case BPF_MEM:
		return scratch[at->k];
	case BPF_LEN:
		return sizeof(*call);
	}
	return at->k;
}

uint32_t bpf_run(const struct sock_filter *filter, size_t count, const struct seccomp_data *call,
		 size_t *executed)
{
	uint32_t scratch[SCRATCH_WORDS] = { 0 };
	uint32_t a = 0, x = 0, result = SECCOMP_RET_KILL_PROCESS;
	size_t i, steps = 0;
	bool ended = false;

	for (i = 0; i < count && !ended; i++) {
		const struct sock_filter *at = &filter[i];

		steps++;
		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			a = load(at, scratch, call);
			break;
		case BPF_LDX:
			x = load(at, scratch, call);
			break;
		case BPF_ST:
			scratch[at->k] = a;
			break;
		case BPF_STX:
			scratch[at->k] = x;
			break;
		case BPF_ALU:
			a = alu(at, a, x, &ended);
			if (ended)
				result = 0;
			break;
		case BPF_JMP:
			if (BPF_OP(at->code) == BPF_JA)
				i += at->k;
			else
				i += jump_taken(at, a, x) ? at->jt : at->jf;
			break;
		case BPF_RET:
			result = BPF_RVAL(at->code) == BPF_A ? a : at->k;
			ended = true;
			break;
		default:
			if (BPF_MISCOP(at->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	if (executed)
		*executed = steps;
	return result;
}

/* The names of struct seccomp_data's words, in order of their offset. */
static const char *const word_names[] = {
	"nr",       "arch",      "ip.low",   "ip.high",   "arg0.low", "arg0.high",
	"arg1.low", "arg1.high", "arg2.low", "arg2.high", "arg3.low", "arg3.high",
	"arg4.low", "arg4.high", "arg5.low", "arg5.high",
};

static int show_action(uint32_t action, char *out, size_t size)
{
	uint32_t data = action & SECCOMP_RET_DATA;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
		return snprintf(out, size, "ret kill");
	case SECCOMP_RET_KILL_THREAD:
		return snprintf(out, size, "ret kill_thread");
	case SECCOMP_RET_TRAP:
		return snprintf(out, size, "ret trap(%u)", data);
	case SECCOMP_RET_ERRNO:
		return snprintf(out, size, "ret errno(%u)", data);
	case SECCOMP_RET_USER_NOTIF:
		return snprintf(out, size, "ret notify");
	case SECCOMP_RET_TRACE:
		return snprintf(out, size, "ret trace(%u)", data);
	case SECCOMP_RET_LOG:
		return snprintf(out, size, "ret log");
	case SECCOMP_RET_ALLOW:
		return snprintf(out, size, "ret allow");
	}
	return snprintf(out, size, "ret 0x%x", action);
}

static const char *jump_name(uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return "jeq";
	case BPF_JGE:
		return "jge";
	case BPF_JGT:
		return "jgt";
	}
	return "jset";
}

size_t bpf_disassemble(const struct sock_filter *filter, size_t at, char *out, size_t size)
{
	const struct sock_filter *now = &filter[at];
	int length;

	switch (now->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		length = now->k / 4 < sizeof(word_names) / sizeof(*word_names)
				 ? snprintf(out, size, "ld %s", word_names[now->k / 4])
				 : snprintf(out, size, "ld [%u]", now->k);
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		length = snprintf(out, size, "and 0x%x", now->k);
		break;
	case BPF_RET | BPF_K:
		length = show_action(now->k, out, size);
		break;
	case BPF_JMP | BPF_JA:
		length = snprintf(out, size, "ja %zu", at + 1 + now->k);
		break;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		length =
			snprintf(out, size, now->k < 4096 ? "%s %u, %zu, %zu" : "%s 0x%x, %zu, %zu",
				 jump_name(now->code), now->k, at + 1 + now->jt, at + 1 + now->jf);
		break;
	default:
		length = snprintf(out, size, "op 0x%x k=0x%x jt=%u jf=%u", now->code, now->k,
				  now->jt, now->jf);
		break;
	}
	if (length < 0)
		return 0;
	return (size_t)length < size ? (size_t)length : size - 1;
}
