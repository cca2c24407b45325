/* terminal.h - a terminal of the sandbox's own, in place of the user's
 *
 * The pair is made in the sandbox's own devpts, so that the program finds its name there. What the
 * program pushes into its terminal's queue (TIOCSTI) it reads itself; the user's terminal is only
 * read and written, by the launcher.
 */
#ifndef LAUNCHER_STAGE_TERMINAL_H
#define LAUNCHER_STAGE_TERMINAL_H

#include "launcher/stage/setup.h"

/* terminal_wanted() - is one of the standard files to be the sandbox's own terminal? */
bool terminal_wanted(const struct setup *setup);

/* terminal_shared() - may the program have the caller's own terminal, as a job beside the
 * launcher? */
bool terminal_shared(const struct setup *setup);

/* terminal_is() - is @fd a terminal? */
bool terminal_is(int fd);

/* terminal_open() - in the set-up process, inside the new root: make the pair, with the size and
 * the modes of the user's, and put its slave in place of those files. */
int terminal_open(struct setup *setup, struct err *err);

/* terminal_lead() - in pid 1, which leads the session: make the terminal its controlling one. */
int terminal_lead(const struct setup *setup, struct err *err);

#endif
