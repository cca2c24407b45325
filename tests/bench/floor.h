/* floor.h - the settings that floor.c applies, as static data
 *
 * tests/bench/run writes "floor_plan.h" from `lunette plan`: floor_steps[], floor_paths[],
 * floor_limits[] and the FLOOR_ macros. Whatever would take time to work out (parents of mount
 * points, the length of the filter) is worked out there.
 */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stdint.h>

enum step_kind { STEP_DIR, STEP_FILE, STEP_SYMLINK, STEP_BIND, STEP_TMPFS, STEP_PROC, STEP_DEVPTS };

/* Targets are relative to the new root, and their parents come first. */
struct step {
	enum step_kind kind;
	const char *target;
	const char
		*source;  /* a path of the host, a symlink's text, a file's text, a tmpfs's mode */
	const char *size; /* of a tmpfs */
	uint64_t attributes; /* MOUNT_ATTR_* */
};

struct path_rule {
	uint64_t rights;
	const char *path; /* inside */
};

struct limit {
	int resource;
	uint64_t value;
};

#endif
