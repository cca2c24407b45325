/* describe.c - random calls, arguments and socket addresses through the words that a report finds
 * for them: texts end, and nothing is read past what was given.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher/watch/describe.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct describe_argument arguments[DESCRIBE_ARGUMENTS];
	uint32_t head[2] = { 0 };
	uint64_t value = 0;
	uint32_t number;
	char out[96];
	enum policy_entry entry;
	int count;

	if (size < sizeof(head))
		return 0;
	memcpy(head, data, sizeof(head));
	memcpy(&value, data, sizeof(value));
	number = head[1];
	entry = head[0] & 1 ? (enum policy_entry)(head[0] >> 1 & 7)
			    : describe_entry(head[0] & 2 ? 0xc000003e : head[0], &number);
	count = describe_call(entry, number & 1023, arguments);
	for (int i = 0; i < count; i++) {
		describe_number(entry, &arguments[i], value * (uint64_t)(i + 1), out, sizeof(out));
		if (strnlen(out, sizeof(out)) == sizeof(out))
			abort();
	}
	describe_address(data + sizeof(head), size - sizeof(head), out, sizeof(out));
	if (strnlen(out, sizeof(out)) == sizeof(out))
		abort();
	return 0;
}
