/* filters.h - Landlock and seccomp: what the program may still ask of the kernel */
#ifndef LAUNCHER_STAGE_FILTERS_H
#define LAUNCHER_STAGE_FILTERS_H

#include "launcher/stage/setup.h"

/* filters_compile() - in the launcher: the plan's rules as setup->filter (malloc'ed), or none. */
int filters_compile(struct setup *setup, struct err *err);

/* filters_send(), filters_receive() - the compiled filter, from the launcher to the set-up process,
 * which works while it is compiled. Nothing is sent where the plan has none. */
int filters_send(const struct setup *setup, int link);
int filters_receive(struct setup *setup, struct err *err);

/* filters_listened() - do calls go to a listener, which the supervisor has to have? */
bool filters_listened(const struct setup *setup);

/* filters_observed() - is what the program is refused to be reported? */
bool filters_observed(const struct setup *setup);

/* filters_audited() - is some of it told by the kernel's audit log alone? */
bool filters_audited(const struct setup *setup);

/* filters_check_exec() - would the filter let the launcher's own last execve happen? */
int filters_check_exec(const struct setup *setup, struct err *err);

/* filters_landlock() - in the program-to-be, inside the new root. Rights, ports and scopes that
 * this kernel's ABI lacks are an error, or under `prefer` left out and reported. Linux 5.13. */
int filters_landlock(const struct setup *setup, struct err *err);

/* filters_seccomp() - install setup->filter: the last step before exec. Needs no_new_privs. A
 * listener that belongs to it is left in setup->shared. */
int filters_seccomp(const struct setup *setup, struct err *err);

#endif
