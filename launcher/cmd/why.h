/* why.h - what the parts of `lunette why` share */
#ifndef LAUNCHER_CMD_WHY_H
#define LAUNCHER_CMD_WHY_H

#include "launcher/cmd/cmd.h"
#include "launcher/plan/plan.h"

/* why_calls() - append "; seccomp refuses ..." for each call that @right is used by and that the
 * rules of @plan refuse, with the line that decides. Returns whether no way to use it is left. */
bool why_calls(const struct plan *plan, const char *right, struct buf *out);

#endif
