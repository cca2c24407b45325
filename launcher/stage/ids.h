/* ids.h - the id maps of the user namespace, and the switch to the inside ids */
#ifndef LAUNCHER_STAGE_IDS_H
#define LAUNCHER_STAGE_IDS_H

#include "launcher/stage/setup.h"

/* ids_mapped_by_launcher() - must the launcher write the maps? (a privileged caller, or ranges) */
bool ids_mapped_by_launcher(const struct setup *setup);

/* ids_map() - write the maps of process @process ("self", or a pid in digits), single ids or ranges
 * An ordinary caller's ranges go through newuidmap(1) and newgidmap(1).
 */
int ids_map(const struct setup *setup, const char *process, struct err *err);

/* ids_write_map() - "INSIDE OUTSIDE 1" into a map file of @process. Returns 0 or -errno. */
int ids_write_map(const char *process, const char *file, uint32_t inside, uint32_t outside);

/* ids_enter() - in the set-up process, once it is mapped: be the inside ids, keep every capability.
 * Drops the supplementary groups where that is possible, by the plan's word. */
int ids_enter(struct setup *setup, struct err *err);

#endif
