/* tables.h - looking names up in the generated tables of policy/tables/
 *
 * The build makes tables.c's data from the text tables; the same text gives the Lua form. All
 * look-ups are by binary search over static data; nothing allocates.
 */
#ifndef POLICY_TABLES_H
#define POLICY_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

/* Entry names as the profile writes them: x86_64, i386, x32, aarch64, riscv64. */
const char *tables_entry_name(enum policy_entry entry);
int tables_entry(const char *name); /* enum policy_entry, or -1 */

/* A system call by name. Returns its index in the table of calls, or -1. */
int tables_call(const char *name);
const char *tables_call_name(int call);
int tables_call_count(void);

/* tables_call_number() - its number at @entry, or -1 where that entry does not have it. */
int tables_call_number(int call, enum policy_entry entry);

/* tables_call_at() - the call with @number at @entry, or -1. */
int tables_call_at(enum policy_entry entry, uint32_t number);

/* tables_signature() - the arguments at @entry as text "fd dirfd, str path, flags:O flags, mode:S_I
 * mode" (a call without arguments: ""). Types: u16 i32 u32 i64 u64 (compared at that width; u16 as
 * 4 bytes under the mask 0xffff), ptr (never compared) and str (a pointer to text), fd (an i32),
 * flags:FAMILY (u32 unless written flags64:FAMILY), enum:FAMILY (i32, enum64:FAMILY i64) and
 * mode:FAMILY (u16, whose digits are octal). FAMILY names a table of constants. An argument that
 * @entry hides behind a pointer is simply not there.
 *
 * At i386 every type is 4 bytes wide: `int $0x80` from 64-bit code leaves garbage in the upper
 * halves, which the kernel drops but a filter sees.
 */
const char *tables_signature(int call, enum policy_entry entry);

/* tables_group() - the calls of a group ("@file-system") as tables_call() tells them, -1 at the
 * end; NULL where there is no such group.
 */
const int16_t *tables_group(const char *name);
const char *tables_group_doc(const char *name);
const char *tables_group_name(size_t index); /* NULL past the end */

/* tables_known() - the numbers that the tables know at @entry, as ascending disjoint intervals. */
const struct policy_interval *tables_known(enum policy_entry entry, size_t *count);

/* tables_constant() - the value that NAME of FAMILY ("O", "RDWR") has at @entry: O_DIRECTORY and
 * others differ between architectures. Names are given in any case, with or without the family's
 * prefix and its underscore, or with what C writes there (SIGKILL, S_ISUID). Returns 0, or -ENOENT
 * where family or name are unknown at @entry.
 */
int tables_constant(enum policy_entry entry, const char *family, const char *name, uint64_t *value);

/* tables_prefix() - what C writes before the names of @family: "AF_", "SIG", "" of ioctl's. */
void tables_prefix(const char *family, char out[64]);

/* tables_constant_text() - @value in the names that FAMILY has at @entry, as C writes them:
 * "AF_UNIX"; with @flags also "O_WRONLY|O_CREAT" and, for bits without a name, "|0x10". Always ends
 * @out. False where there is no name at all; @out is empty then.
 */
bool tables_constant_text(enum policy_entry entry, const char *family, uint64_t value, bool flags,
			  char *out, size_t size);

/* tables_errno() - "EPERM" -> 1, or -1.  tables_errno_name() - 1 -> "EPERM", or NULL. */
int tables_errno(const char *name);
const char *tables_errno_name(int number);

/* tables_capability() - "net_admin", "CAP_NET_ADMIN", in any case -> 12, or -1; and back. */
int tables_capability(const char *name);
const char *tables_capability_name(int capability); /* "net_admin", NULL where unknown */

/* Landlock: rights by name ("read_file", ABI that brought it), for three kinds of right. */
enum tables_landlock { LANDLOCK_FS, LANDLOCK_NET, LANDLOCK_SCOPE };
uint64_t tables_landlock_rights(enum tables_landlock kind, int abi);         /* all that @abi has */
uint64_t tables_landlock_right(enum tables_landlock kind, const char *name); /* 0 where unknown */
const char *tables_landlock_name(enum tables_landlock kind, int bit, int *abi);

/* tables_landlock_file_rights() - the fs rights that a rule on a file may carry; with another one
 * landlock_add_rule(2) answers EINVAL. */
uint64_t tables_landlock_file_rights(void);

/* tables_nearest() - the name of @kind ("call", "group", "errno", "capability", "landlock",
 * "family", or a family of constants) nearest to @name by edit distance, or NULL where none is
 * near.
 */
const char *tables_nearest(const char *kind, const char *name);

/* tables_distance() - edit distance of two names, letters without regard to case, capped at
 * @max. */
unsigned int tables_distance(const char *a, const char *b, unsigned int max);

#endif
