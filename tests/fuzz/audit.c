/* audit.c - random records of the audit log: texts end, and nothing is read past what was given */
#include <stdlib.h>
#include <string.h>

#include "launcher/watch/audit.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const uint16_t types[] = { 1326, 1423, 1424, 1300 };
	struct audit_record record;

	if (size < 1)
		return 0;
	audit_parse(types[data[0] & 3], (const char *)data + 1, size - 1, &record);
	if (strnlen(record.comm, sizeof(record.comm)) == sizeof(record.comm) ||
	    strnlen(record.blockers, sizeof(record.blockers)) == sizeof(record.blockers) ||
	    strnlen(record.object, sizeof(record.object)) == sizeof(record.object) ||
	    record.port > UINT16_MAX)
		abort();
	return 0;
}
