/* confine.h - what a process of ours takes from itself before it meets what it does not trust
 *
 * The same three steps serve the evaluator, the relay of published ports and the supervisor; each
 * says what it still needs. Rights and architectures are numbers here: policy/ has their names.
 */
#ifndef LAUNCHER_BASE_CONFINE_H
#define LAUNCHER_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lua/raw/calls.h"

/* What must hold of an argument's low word, which is all the kernel takes of descriptors, flags,
 * pids and request numbers. */
enum confine_test { CONFINE_ANY, CONFINE_EQUAL, CONFINE_WITHOUT };

/* A call that stays. Several rows for one call are alternatives. */
struct confine_call {
	uint32_t number; /* RAW_* */
	enum confine_test test;
	unsigned int argument; /* 0 to 5 */
	uint32_t value;        /* to be equal to, or bits none of which may be there */
};

enum { CONFINE_MOST_CALLS = 96 };

/* confine_calls() - no system call but @calls from here on, and none of another architecture than
 * @arch (AUDIT_ARCH_*); what is refused kills the process. Needs no_new_privs. Returns 0 or
 * -errno. */
int confine_calls(const struct confine_call *calls, size_t count, uint32_t arch);

/* confine_strictly() - no system call but read, write and sys_exit() from here on; another kills
 * the process. By strict mode or, where there is a filter already, which the kernel does not let
 * it go with, by another filter for @arch. Needs no_new_privs. Returns 0 or -errno. */
int confine_strictly(uint32_t arch);

/* confine_privileges() - no capability but those in @keep (bits), no_new_privs, no core dump, and
 * not dumpable: nobody of the same user may trace it or open its memory. Returns 0 or -errno. */
int confine_privileges(uint64_t keep);

/* One thing that stays in spite of Landlock: @fd is a file or directory; or -1: a port of TCP. */
struct confine_rule {
	int fd;
	uint16_t port;
	uint64_t rights; /* LANDLOCK_ACCESS_* */
};

/* confine_places() - of what @handled names (@size bytes of it are known to the kernel), nothing
 * but what @rules allow. Returns 0 or -errno. */
int confine_places(const struct raw_landlock_ruleset_attr *handled, size_t size,
		   const struct confine_rule *rules, size_t count);

/* What the supervisor still needs when it is confined; each part adds its own. */
enum confine_right {
	CONFINE_READ = 1 << 0, /* files, and the names in directories */
	CONFINE_WRITE = 1 << 1,
	CONFINE_MAKE = 1 << 2, /* regular files */
	CONFINE_REMOVE = 1 << 3,
	CONFINE_REMOVE_DIRECTORY = 1 << 4,
};

enum { CONFINE_MOST_PLACES = 12, CONFINE_MOST_PROCESSES = 4 };

struct confine_needs {
	uint64_t capabilities;                 /* bits */
	bool netlink;                          /* messages to the kernel about links */
	bool paths;                            /* files are looked at by path */
	int processes[CONFINE_MOST_PROCESSES]; /* that it may signal */
	size_t process_count;
	struct {
		int fd; /* a handle (O_PATH), owned */
		unsigned int rights;
	} places[CONFINE_MOST_PLACES];
	size_t place_count;
};

/* confine_need() - @path at @directory and what is below it, with @rights (enum confine_right)
 * Where the place is another's, or its owner may not write (the root cgroup), root keeps the
 * capabilities by which it may change it all the same. Returns 0 or -errno. */
int confine_need(struct confine_needs *needs, int directory, const char *path, unsigned int rights);

void confine_needs_finish(struct confine_needs *needs);

#endif
