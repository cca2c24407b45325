/* system.h - the namespaces' own settings: names, clocks, and the lock on further user
 * namespaces */
#ifndef LAUNCHER_STAGE_SYSTEM_H
#define LAUNCHER_STAGE_SYSTEM_H

#include "launcher/stage/setup.h"

/* system_names() - hostname and domainname of the new UTS namespace. */
int system_names(const struct setup *setup, struct err *err);

/* system_clocks() - enter a new time namespace for the children to come and set its offsets. Called
 * while the host's /proc is there. Linux 5.6; time_namespaces(7). */
int system_clocks(const struct setup *setup, struct err *err);

/* system_close_nesting() - no user namespace can be made below this one any more
 * Called while the host's /proc is there; afterwards setup->proc serves. Fatal where it cannot be
 * written. Source: user.max_user_namespaces in namespaces(7); its limit counts along the chain of
 * owners. */
int system_close_nesting(const struct setup *setup, struct err *err);

#endif
