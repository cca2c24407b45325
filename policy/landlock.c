/* landlock.c - what is asked of Landlock under each of its ABIs (see landlock.h)
 *
 * Sources: landlock(7); security/landlock/syscalls.c build_check_abi() and
 * copy_min_struct_from_user(), by which a struct may be as short as the ABI that the caller knows.
 */
#include "policy/landlock.h"

#include <stdio.h>
#include <string.h>

#include "policy/tables.h"

/* Appends the names of @missing; what does not fit is cut off. */
static void append_names(enum tables_landlock kind, uint64_t missing, char *out, size_t size)
{
	int bit;

	for (bit = 0; bit < 64 && missing >> bit; bit++) {
		size_t length = strlen(out);
		int abi = 0;
		const char *name;

		if (!(missing >> bit & 1))
			continue;
		name = tables_landlock_name(kind, bit, &abi);
		if (name)
			snprintf(out + length, size - length, "%s%s (ABI %d)", length ? ", " : "",
				 name, abi);
		else
			snprintf(out + length, size - length, "%sbit %d", length ? ", " : "", bit);
	}
}

void landlock_most(int abi, struct landlock_fit *fit)
{
	*fit = (struct landlock_fit){
		.rights = { tables_landlock_rights(LANDLOCK_FS, abi),
			    tables_landlock_rights(LANDLOCK_NET, abi),
			    tables_landlock_rights(LANDLOCK_SCOPE, abi) },
		.size = abi >= 6   ? 24
			: abi >= 4 ? 16
				   : 8,
	};
}

void landlock_fit(const struct landlock_rights *wanted, int abi, struct landlock_fit *fit)
{
	struct landlock_rights has;

	landlock_most(abi, fit);
	has = fit->rights;
	fit->rights = (struct landlock_rights){ wanted->fs & has.fs, wanted->net & has.net,
						wanted->scope & has.scope };
	append_names(LANDLOCK_FS, wanted->fs & ~has.fs, fit->lacks, sizeof(fit->lacks));
	append_names(LANDLOCK_NET, wanted->net & ~has.net, fit->lacks, sizeof(fit->lacks));
	append_names(LANDLOCK_SCOPE, wanted->scope & ~has.scope, fit->lacks, sizeof(fit->lacks));
}

uint64_t landlock_rule_rights(uint64_t rights, uint64_t handled, bool directory)
{
	return rights & handled & (directory ? UINT64_MAX : tables_landlock_file_rights());
}
