/* options.h - reading the command line by the generated table */
#ifndef LAUNCHER_CMD_OPTIONS_H
#define LAUNCHER_CMD_OPTIONS_H

#include "launcher/cmd/cmd.h"

/* A row of lua/lunette/options.lua. */
struct option_row {
	const char *name;
	char letter;         /* 0: none */
	const char *metavar; /* NULL: a flag */
	const char *help;
	const char *verbs; /* "run plan", "*" for all, "" for none */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* option_of() - does the row's option belong to @verb? */
bool option_of(const struct option_row *row, const char *verb);

/* options_read() - fill @request from the @count words behind the verb, NULL at their end
 * Options end at `--`, and before a command at the first word that is none. The words that are left
 * are moved together. Returns 0, -EINVAL or -ENOMEM with @err.
 */
int options_read(struct request *request, char **words, size_t count, struct err *err);

/* options_profile() - a profile's name as it is, a path with a slash made absolute
 * Errors: that of getcwd(2), -ENAMETOOLONG.
 */
enum { PROFILE_PATH_BYTES = 8200 };
int options_profile(const char *name, char path[PROFILE_PATH_BYTES], struct err *err);

void options_finish(struct request *request);

#endif
