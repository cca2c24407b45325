/* init.h - pid 1 of the sandbox */
#ifndef LAUNCHER_WATCH_INIT_H
#define LAUNCHER_WATCH_INIT_H

#include "launcher/stage/setup.h"

/* init_run() - reap whatever ends, pass the launcher's signals to @program, leave its status in
 * setup->shared, and exit: the kernel then ends everything else in the pid namespace.
 */
void init_run(const struct setup *setup, int program) __attribute__((noreturn));

#endif
