/* credentials.h - keys, capabilities, securebits and no_new_privs of the program and of its init */
#ifndef LAUNCHER_STAGE_CREDENTIALS_H
#define LAUNCHER_STAGE_CREDENTIALS_H

#include "launcher/stage/setup.h"

/* credentials_bound() - take from the bounding set what the plan does not keep, and leave the
 * caller's session keyring where the program could reach it. The set-up process calls it once,
 * before the program's process is made, so that both have it. */
int credentials_bound(const struct setup *setup, struct err *err);

/* credentials_drop() - hold exactly @keep (permitted, effective) and @ambient (inheritable too:
 * more there would come back through a file's inheritable set, CVE-2022-24769), with @securebits
 * and no_new_privs; read back and compared. */
int credentials_drop(uint64_t keep, uint64_t ambient, uint32_t securebits, struct err *err);

#endif
