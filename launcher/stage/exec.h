/* exec.h - the last stage: which file, with which arguments, environment and descriptors */
#ifndef LAUNCHER_STAGE_EXEC_H
#define LAUNCHER_STAGE_EXEC_H

#include "launcher/stage/setup.h"

/* exec_prepare() - in the set-up process: setup->argv and setup->envp (malloc'ed) from plan and
 * environment. */
int exec_prepare(struct setup *setup, struct err *err);

/* exec_enter_directory() - the working directory, opened inside the new root. */
int exec_enter_directory(const struct setup *setup, struct err *err);

/* exec_find() - the file that argv[0] means inside the sandbox, by the PATH of its environment
 * Returns @path (room for 4096), argv[0] itself, or NULL with @err: STAGE_EXEC, ENOENT where
 * nothing of that name was found, EACCES where what was found is no executable file.
 */
const char *exec_find(const struct setup *setup, char path[4096], struct err *err);

/* exec_close() - close every descriptor above 2 that the plan does not name. */
int exec_close(const struct setup *setup, struct err *err);

/* exec_failed() - fill @err with why the kernel refused to execute @path, looking into the file.
 * Its number is never ENOENT: the file is there. */
void exec_failed(const char *path, long error, struct err *err);

#endif
