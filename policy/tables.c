/* tables.c - looking names up in the generated tables (see tables.h)
 *
 * The data is static, sorted by name and made by lua/generate/tables.lua from policy/tables/.
 * Strings lie in pools and are named by 16-bit offsets. Nothing here allocates or keeps state.
 */
#include "policy/tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another signature of a call at the entries of `mask`. */
struct tables_other {
	uint16_t call;
	uint8_t mask;
	uint16_t signature;
};

struct tables_group_row {
	uint16_t name;
	uint16_t doc;
	const int16_t *members;
};

/* A family's constants are those from `first` to the next family's `first`. */
struct tables_family {
	uint16_t name;
	uint16_t first;
};

struct tables_errno_row {
	uint16_t name;
	uint16_t number;
};

struct tables_landlock_row {
	uint16_t name;
	uint8_t kind;
	uint8_t bit;
	uint8_t abi;
	bool directory; /* a rule on a file may not carry it */
};

#include "policy/tables_data.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *const entry_names[ENTRY_COUNT] = {
	[ENTRY_X86_64] = "x86_64",   [ENTRY_I386] = "i386",       [ENTRY_X32] = "x32",
	[ENTRY_AARCH64] = "aarch64", [ENTRY_RISCV64] = "riscv64",
};

static const struct {
	const int16_t *at;
	uint16_t size;
	uint16_t known_count;
	const struct policy_interval *known;
} entry_rows[ENTRY_COUNT] = {
#define ENTRY(name)                                                                                \
	{                                                                                          \
		call_at_##name, COUNT(call_at_##name), COUNT(known_##name), known_##name           \
	}
	[ENTRY_X86_64] = ENTRY(x86_64),   [ENTRY_I386] = ENTRY(i386),
	[ENTRY_X32] = ENTRY(x32),         [ENTRY_AARCH64] = ENTRY(aarch64),
	[ENTRY_RISCV64] = ENTRY(riscv64),
#undef ENTRY
};

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* strcmp() without regard to the case of letters. */
static int compare_folded(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) - lower(*b);
}

static bool starts_folded(const char *text, const char *prefix, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (lower(text[i]) != lower(prefix[i]))
			return false;
	return true;
}

const char *tables_entry_name(enum policy_entry entry)
{
	return (unsigned int)entry < ENTRY_COUNT ? entry_names[entry] : NULL;
}

int tables_entry(const char *name)
{
	int i;

	for (i = 0; i < ENTRY_COUNT; i++)
		if (strcmp(name, entry_names[i]) == 0)
			return i;
	return -1;
}

int tables_call(const char *name)
{
	size_t low = 0;
	size_t high = COUNT(call_names);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, call_pool + call_names[middle]);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

const char *tables_call_name(int call)
{
	if (call < 0 || (size_t)call >= COUNT(call_names))
		return NULL;
	return call_pool + call_names[call];
}

int tables_call_count(void)
{
	return (int)COUNT(call_names);
}

int tables_call_number(int call, enum policy_entry entry)
{
	if (call < 0 || (size_t)call >= COUNT(call_names) || (unsigned int)entry >= ENTRY_COUNT)
		return -1;
	return call_numbers[(size_t)call * ENTRY_COUNT + (size_t)entry];
}

int tables_call_at(enum policy_entry entry, uint32_t number)
{
	if ((unsigned int)entry >= ENTRY_COUNT || number >= entry_rows[entry].size)
		return -1;
	return entry_rows[entry].at[number];
}

const char *tables_signature(int call, enum policy_entry entry)
{
	size_t i;

	if (call < 0 || (size_t)call >= COUNT(call_names) || (unsigned int)entry >= ENTRY_COUNT)
		return NULL;
	for (i = 0; i < COUNT(call_others); i++)
		if (call_others[i].call == call && (call_others[i].mask >> entry & 1))
			return signature_pool + call_others[i].signature;
	return signature_pool + call_signatures[call];
}

const struct policy_interval *tables_known(enum policy_entry entry, size_t *count)
{
	if ((unsigned int)entry >= ENTRY_COUNT) {
		*count = 0;
		return NULL;
	}
	*count = entry_rows[entry].known_count;
	return entry_rows[entry].known;
}

static const struct tables_group_row *find_group(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(group_rows); i++)
		if (strcmp(name, group_pool + group_rows[i].name) == 0)
			return &group_rows[i];
	return NULL;
}

const int16_t *tables_group(const char *name)
{
	const struct tables_group_row *row = find_group(name);

	return row ? row->members : NULL;
}

const char *tables_group_doc(const char *name)
{
	const struct tables_group_row *row = find_group(name);

	return row ? group_pool + row->doc : NULL;
}

const char *tables_group_name(size_t index)
{
	return index < COUNT(group_rows) ? group_pool + group_rows[index].name : NULL;
}

/* The last row of family_rows only says where the constants end. */
static const struct tables_family *find_family(const char *name)
{
	size_t i;

	for (i = 0; i + 1 < COUNT(family_rows); i++)
		if (compare_folded(name, constant_pool + family_rows[i].name) == 0)
			return &family_rows[i];
	return NULL;
}

/* The values of one name lie side by side, one for each set of entries. */
static int find_constant(const struct tables_family *family, enum policy_entry entry,
			 const char *name, uint64_t *value)
{
	size_t low = family[0].first;
	size_t high = family[1].first;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare_folded(name, constant_pool + constant_names[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < family[1].first; low++) {
		if (compare_folded(name, constant_pool + constant_names[low]) != 0)
			return -ENOENT;
		if (constant_entries[low] >> entry & 1) {
			*value = constant_values[low];
			return 0;
		}
	}
	return -ENOENT;
}

/* What C writes before the names of families where that is not the family and an underscore. */
static const struct {
	const char *family;
	const char *prefix;
} spelt[] = {
	{ "BPF_CMD", "BPF_" },
	{ "EPOLLCREATE", "EPOLL_" },
	{ "FAN_EVENT", "FAN_" },
	{ "IN_INIT", "IN_" },
	{ "IOCTL", "" },
	{ "IORING_REGISTER", "IORING_" },
	{ "MSYNC", "MS_" },
	{ "S_I", "S_I" },
	{ "SECCOMP_SET_MODE", "SECCOMP_" },
	{ "SIG", "SIG" },
	{ "SIGPM", "SIG_" },
	{ "SOCKETCALL", "SYS_" },
	{ "W", "W" },
};

void tables_prefix(const char *family, char out[64])
{
	for (size_t i = 0; i < COUNT(spelt); i++)
		if (compare_folded(family, spelt[i].family) == 0) {
			snprintf(out, 64, "%s", spelt[i].prefix);
			return;
		}
	snprintf(out, 64, "%s_", family);
}

int tables_constant(enum policy_entry entry, const char *family, const char *name, uint64_t *value)
{
	const struct tables_family *row = find_family(family);
	size_t length = strlen(family);
	char prefix[64];

	if (!row || (unsigned int)entry >= ENTRY_COUNT)
		return -ENOENT;
	if (find_constant(row, entry, name, value) == 0)
		return 0;
	tables_prefix(family, prefix);
	if (starts_folded(name, prefix, strlen(prefix)) &&
	    find_constant(row, entry, name + strlen(prefix), value) == 0)
		return 0;
	if (!starts_folded(name, family, length))
		return -ENOENT;
	return find_constant(row, entry, name + length + (name[length] == '_'), value);
}

static int count_bits(uint64_t bits)
{
	int count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

/* The constant that covers most of @value: all of it, unless @flags asks for some of its bits.
 * Returns its index, or one past the family's last. */
static size_t cover(const struct tables_family *family, enum policy_entry entry, uint64_t value,
		    bool flags)
{
	size_t best = family[1].first;
	int most = -1;

	for (size_t i = family[0].first; i < family[1].first; i++) {
		uint64_t bits = constant_values[i];
		int count = count_bits(bits);

		if (!(constant_shown[i] >> entry & 1))
			continue;
		if (bits == value)
			return i;
		if (flags && bits && (bits & ~value) == 0 && count > most) {
			best = i;
			most = count;
		}
	}
	return best;
}

bool tables_constant_text(enum policy_entry entry, const char *family, uint64_t value, bool flags,
			  char *out, size_t size)
{
	const struct tables_family *row = find_family(family);
	size_t length = 0;
	bool named = false;
	char prefix[64];

	tables_prefix(family, prefix);
	out[0] = '\0';
	while (row && (unsigned int)entry < ENTRY_COUNT && length < size) {
		size_t found = cover(row, entry, value, flags);

		if (found == row[1].first)
			break;
		length += (size_t)snprintf(out + length, size - length, "%s%s%s", named ? "|" : "",
					   prefix, constant_pool + constant_names[found]);
		named = true;
		value &= ~constant_values[found];
		if (!value)
			return true;
	}
	if (named && length < size)
		snprintf(out + length, size - length, "|0x%llx", (unsigned long long)value);
	return named;
}

int tables_errno(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(errno_rows); i++)
		if (compare_folded(name, small_pool + errno_rows[i].name) == 0)
			return errno_rows[i].number;
	return -1;
}

const char *tables_errno_name(int number)
{
	size_t i;

	for (i = 0; i < COUNT(errno_rows); i++)
		if (errno_rows[i].number == number)
			return small_pool + errno_rows[i].name;
	return NULL;
}

int tables_capability(const char *name)
{
	size_t i;

	if (starts_folded(name, "cap_", 4))
		name += 4;
	for (i = 0; i < COUNT(capability_names); i++)
		if (compare_folded(name, small_pool + capability_names[i]) == 0)
			return (int)i;
	return -1;
}

const char *tables_capability_name(int capability)
{
	if (capability < 0 || (size_t)capability >= COUNT(capability_names))
		return NULL;
	return small_pool + capability_names[capability];
}

uint64_t tables_landlock_rights(enum tables_landlock kind, int abi)
{
	uint64_t rights = 0;
	size_t i;

	for (i = 0; i < COUNT(landlock_rows); i++)
		if (landlock_rows[i].kind == kind && landlock_rows[i].abi <= abi)
			rights |= UINT64_C(1) << landlock_rows[i].bit;
	return rights;
}

uint64_t tables_landlock_file_rights(void)
{
	uint64_t rights = 0;
	size_t i;

	for (i = 0; i < COUNT(landlock_rows); i++)
		if (landlock_rows[i].kind == LANDLOCK_FS && !landlock_rows[i].directory)
			rights |= UINT64_C(1) << landlock_rows[i].bit;
	return rights;
}

uint64_t tables_landlock_right(enum tables_landlock kind, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(landlock_rows); i++)
		if (landlock_rows[i].kind == kind &&
		    compare_folded(name, small_pool + landlock_rows[i].name) == 0)
			return UINT64_C(1) << landlock_rows[i].bit;
	return 0;
}

const char *tables_landlock_name(enum tables_landlock kind, int bit, int *abi)
{
	size_t i;

	for (i = 0; i < COUNT(landlock_rows); i++) {
		if (landlock_rows[i].kind != kind || landlock_rows[i].bit != bit)
			continue;
		if (abi)
			*abi = landlock_rows[i].abi;
		return small_pool + landlock_rows[i].name;
	}
	return NULL;
}

enum { DISTANCE_LONGEST = 64 };

unsigned int tables_distance(const char *a, const char *b, unsigned int max)
{
	unsigned int row[DISTANCE_LONGEST + 1];
	size_t width = strlen(b);
	size_t i, k;

	if (width > DISTANCE_LONGEST || strlen(a) > DISTANCE_LONGEST)
		return max;
	for (k = 0; k <= width; k++)
		row[k] = (unsigned int)k;
	for (i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i + 1;
		for (k = 1; k <= width; k++) {
			unsigned int best = diagonal + (lower(a[i]) != lower(b[k - 1]));

			diagonal = row[k];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[width] < max ? row[width] : max;
}

/* The best name so far; one is near if a third of its letters, or fewer, are wrong. */
struct nearest {
	const char *name;
	unsigned int distance;
};

static void consider(struct nearest *best, const char *wanted, const char *name)
{
	unsigned int distance = tables_distance(wanted, name, best->distance);

	if (distance < best->distance) {
		best->distance = distance;
		best->name = name;
	}
}

const char *tables_nearest(const char *kind, const char *name)
{
	struct nearest best = { NULL, (unsigned int)(strlen(name) / 3 + 2) };
	const struct tables_family *family = find_family(kind);
	size_t i;

	if (strcmp(kind, "call") == 0) {
		for (i = 0; i < COUNT(call_names); i++)
			consider(&best, name, call_pool + call_names[i]);
	} else if (strcmp(kind, "group") == 0) {
		for (i = 0; i < COUNT(group_rows); i++)
			consider(&best, name, group_pool + group_rows[i].name);
	} else if (strcmp(kind, "errno") == 0) {
		for (i = 0; i < COUNT(errno_rows); i++)
			consider(&best, name, small_pool + errno_rows[i].name);
	} else if (strcmp(kind, "capability") == 0) {
		for (i = 0; i < COUNT(capability_names); i++)
			consider(&best, name, small_pool + capability_names[i]);
	} else if (strcmp(kind, "landlock") == 0) {
		for (i = 0; i < COUNT(landlock_rows); i++)
			consider(&best, name, small_pool + landlock_rows[i].name);
	} else if (strcmp(kind, "family") == 0) {
		for (i = 0; i + 1 < COUNT(family_rows); i++)
			consider(&best, name, constant_pool + family_rows[i].name);
	} else if (family) {
		for (i = family[0].first; i < family[1].first; i++)
			consider(&best, name, constant_pool + constant_names[i]);
	}
	return best.name;
}
