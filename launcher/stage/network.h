/* network.h - the network namespace, made beside the rest of the set-up
 *
 * To make one costs a quarter of a launch, most of it waiting for what takes earlier ones down. One
 * that the launcher need not reach (no pair, no port, no name leads into it) is therefore made by a
 * thread of the set-up process, which the other steps do not wait for until it is wanted.
 */
#ifndef LAUNCHER_STAGE_NETWORK_H
#define LAUNCHER_STAGE_NETWORK_H

#include "launcher/stage/setup.h"

/* network_beside() - may the clone leave it to the thread? */
bool network_beside(const struct setup *setup);

/* network_reached() - does the launcher reach into the namespace, once there is one? */
bool network_reached(const struct plan *plan);

enum { NETWORK_STACK = 16384 };

/* network_begin() - in the set-up process, before it gives up capabilities. @stack: NETWORK_STACK
 * bytes for the thread, aligned by 16, which stay as long as the process. */
void network_begin(struct setup *setup, void *stack);

/* network_enter() - the set-up process is in the namespace from here on, and lo is up. No effect
 * where that is done, or the clone has made it. */
int network_enter(struct setup *setup, struct err *err);

#endif
