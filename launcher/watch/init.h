/* init.h - pid 1 of the sandbox */
#ifndef LAUNCHER_WATCH_INIT_H
#define LAUNCHER_WATCH_INIT_H

#include "launcher/stage/setup.h"

/* init_hide() - what the program could read of pid 1 is out of its reach from here on: to be called
 * before there is a program, which may be quicker than what comes after its start. */
int init_hide(const struct setup *setup, struct err *err);

/* init_run() - reap whatever ends, pass the launcher's signals to @program, leave its status in
 * setup->shared, and exit: the kernel then ends everything else in the pid namespace.
 */
void init_run(const struct setup *setup, int program) __attribute__((noreturn));

#endif
