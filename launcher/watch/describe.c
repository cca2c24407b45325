/* describe.c - a system call's arguments as text for a person (see describe.h) */
#include "launcher/watch/describe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/tables.h"

enum { X32_BIT = 1 << 30 };

enum policy_entry describe_entry(uint32_t arch, uint32_t *number)
{
	if (arch == policy_audit_arch(ENTRY_X86_64) && *number != UINT32_MAX &&
	    *number & (uint32_t)X32_BIT) {
		*number &= ~(uint32_t)X32_BIT;
		return ENTRY_X32;
	}
	for (int entry = 0; entry < ENTRY_COUNT; entry++)
		if (entry != ENTRY_X32 && policy_audit_arch((enum policy_entry)entry) == arch)
			return (enum policy_entry)entry;
	return ENTRY_COUNT;
}

static void copy_word(char out[DESCRIBE_FAMILY], const char *from, size_t length)
{
	snprintf(out, DESCRIBE_FAMILY, "%.*s", (int)length, from);
}

/* A pointer called addr or dest_addr with a length behind it is a socket address that the caller
 * gives. */
static bool is_address(const char *type, size_t length, const char *name, const char *rest)
{
	size_t named = strcspn(name, ",");

	return length == 3 && memcmp(type, "ptr", 3) == 0 &&
	       ((named == 4 && memcmp(name, "addr", 4) == 0) ||
		(named == 9 && memcmp(name, "dest_addr", 9) == 0)) &&
	       strcmp(rest, ", i32 addrlen") == 0;
}

/* One "TYPE NAME" of a signature; returns where it ends. */
static const char *read_type(const char *at, struct describe_argument *argument)
{
	size_t length = strcspn(at, " ");
	size_t word = strcspn(at, ": ");
	const char *name = at[length] ? at + length + 1 : at + length;
	const char *rest = name + strcspn(name, ",");

	argument->kind = DESCRIBE_NUMBER;
	copy_word(argument->type, at, word < length ? word : length);
	copy_word(argument->family, at + word + 1, word < length ? length - word - 1 : 0);
	copy_word(argument->name, name, strcspn(name, ","));
	if (strcmp(argument->type, "str") == 0)
		argument->kind = DESCRIBE_TEXT;
	else if (is_address(at, length, name, rest))
		argument->kind = DESCRIBE_ADDRESS;
	return rest;
}

int describe_call(enum policy_entry entry, uint32_t number,
		  struct describe_argument arguments[DESCRIBE_ARGUMENTS])
{
	int call = (unsigned int)entry < ENTRY_COUNT ? tables_call_at(entry, number) : -1;
	const char *at = call < 0 ? NULL : tables_signature(call, entry);
	int count = 0;

	if (!at) {
		for (; count < DESCRIBE_ARGUMENTS; count++)
			arguments[count] = (struct describe_argument){ .type = "ptr" };
		return count;
	}
	while (*at && count < DESCRIBE_ARGUMENTS) {
		at = read_type(at, &arguments[count++]);
		at += strspn(at, ", ");
	}
	return count;
}

/* In i386 every argument has 32 bits, whatever lies above them. */
static uint64_t at_width(enum policy_entry entry, const char *type, uint64_t value)
{
	if (strcmp(type, "mode") == 0 || strcmp(type, "u16") == 0)
		return value & 0xffff;
	if (strcmp(type, "fd") == 0 || strcmp(type, "i32") == 0 || strcmp(type, "enum") == 0)
		return (uint64_t)(int64_t)(int32_t)value;
	if (entry == ENTRY_I386 || strcmp(type, "u32") == 0 || strcmp(type, "flags") == 0)
		return value & 0xffffffff;
	return value;
}

void describe_number(enum policy_entry entry, const struct describe_argument *argument,
		     uint64_t value, char *out, size_t size)
{
	const char *type = argument->type;
	bool flags = strncmp(type, "flags", 5) == 0;

	value = at_width(entry, type, value);
	if (strcmp(type, "mode") == 0) {
		snprintf(out, size, "0%llo", (unsigned long long)value);
		return;
	}
	if (argument->family[0] &&
	    tables_constant_text(entry, argument->family, value, flags, out, size))
		return;
	if (strcmp(type, "fd") == 0 && (int32_t)value == -100)
		snprintf(out, size, "AT_FDCWD");
	else if (strcmp(type, "fd") == 0 || type[0] == 'i' || strncmp(type, "enum", 4) == 0)
		snprintf(out, size, "%lld", (long long)value);
	else if (type[0] == 'u' && value < 65536)
		snprintf(out, size, "%llu", (unsigned long long)value);
	else
		snprintf(out, size, "0x%llx", (unsigned long long)value);
}

/* A path ends at its NUL, an abstract name at the address's end. */
static void describe_unix(const char *name, size_t length, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "unix ");

	if (length == 0)
		snprintf(out, size, "unix (unnamed)");
	if (length == 0 || used >= size)
		return;
	for (size_t i = 0; i < length && used + 1 < size; i++) {
		if (!name[i] && name[0])
			break;
		if (name[i])
			out[used++] = name[i];
		else
			out[used++] = '@';
	}
	out[used] = '\0';
}

void describe_address(const unsigned char *bytes, size_t length, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	uint16_t family;
	uint16_t port = 0;

	if (length < sizeof(family)) {
		snprintf(out, size, "(%zu bytes)", length);
		return;
	}
	memcpy(&family, bytes, sizeof(family));
	if (length >= 4)
		port = (uint16_t)(bytes[2] << 8 | bytes[3]);
	if (family == AF_UNIX) {
		describe_unix((const char *)bytes + 2, length - 2 < 108 ? length - 2 : 108, out,
			      size);
	} else if (family == AF_INET && length >= 8 &&
		   inet_ntop(AF_INET, bytes + 4, text, sizeof(text))) {
		snprintf(out, size, "inet %s:%u", text, port);
	} else if (family == AF_INET6 && length >= 24 &&
		   inet_ntop(AF_INET6, bytes + 8, text, sizeof(text))) {
		snprintf(out, size, "inet6 [%s]:%u", text, port);
	} else {
		snprintf(out, size, "family %u", family);
	}
}
