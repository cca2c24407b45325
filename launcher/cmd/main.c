/* main.c - where the launcher starts: safe descriptors, then one verb
 *
 * Must not run with more rights than the caller has: a setuid or capable binary is refused, because
 * nothing in it was written to face its caller as an enemy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "launcher/cmd/options.h"
#include "launcher/eval/child.h"
#include "launcher/eval/snapshot.h"
#include "policy/tables.h"

const struct verb verbs[] = {
	{ "run", "[-p PROFILE] [options] [--] COMMAND [ARG...]", "run a program in a sandbox",
	  cmd_run, EXIT_FAILED },
	{ "check", "PROFILE...", "say whether profiles are valid, and what in them is weak",
	  cmd_check, EXIT_USAGE },
	{ "plan", "[-p PROFILE] [options] [--] COMMAND [ARG...]", "print what `run` would do",
	  cmd_plan, EXIT_USAGE },
	{ "doctor", "[-p PROFILE]", "say what this host can do, and how to mend what it cannot",
	  cmd_doctor, EXIT_USAGE },
	{ "profiles", "", "list the shipped profiles", cmd_profiles, EXIT_USAGE },
	{ "seccomp", "dump|sim|why|stats|groups|verify|compile PROFILE ...",
	  "list, try and explain the filter of a profile", cmd_seccomp, EXIT_USAGE },
	{ "why", "[-p PROFILE] [options] RIGHT PATH|PORT",
	  "try whether a sandbox lets this be done, and name the line that says so", cmd_why,
	  EXIT_USAGE },
	{ "lua", "SCRIPT [ARG...]", "run a Lua script with the system-call library", cmd_lua,
	  EXIT_USAGE },
	{ NULL, NULL, NULL, NULL, 0 },
};

/* A file opened later must not land where a program's standard files are. */
static int fill_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (sys_fcntl(fd, F_GETFD, 0) != -EBADF)
			continue;
		/* The lowest free number: this one, as all below are open. */
		if (sys_openat(AT_FDCWD, "/dev/null", fd == 0 ? O_RDONLY : O_WRONLY, 0) != fd)
			return -EBADF;
	}
	return 0;
}

static int wrong_verb(const char *word)
{
	struct err err;
	const char *best = NULL;
	unsigned int least = 3;

	for (const struct verb *verb = verbs; verb->name; verb++) {
		unsigned int distance = tables_distance(word, verb->name, least);

		if (distance < least) {
			least = distance;
			best = verb->name;
		}
	}
	err_set(&err, STAGE_USAGE, EINVAL, "`lunette --help` lists the verbs", "%s", word);
	if (best)
		err_hint(&err, "did you mean \"%s\"?", best);
	err_reason(&err, "no such verb");
	print_error(&err);
	return EXIT_USAGE;
}

static int run_verb(const struct verb *verb, char **argv, size_t argc, char **environment)
{
	struct request request = { .verb = verb, .environment = environment, .arguments = argv };
	struct err err = { 0 };
	int status;

	if (options_read(&request, argv + 2, argc - 2, &err) < 0) {
		print_error(&err);
		status = verb->misuse;
	} else if (request.help) {
		help_print(verb);
		status = EXIT_YES;
	} else {
		status = verb->run(&request);
	}
	options_finish(&request);
	return status;
}

int main(int argc, char **argv, char **environment)
{
	static const char version[] = "lunette " LUNETTE_VERSION "\n";
	struct err err;

	if (fill_standard_files() < 0)
		return EXIT_FAILED;
	if (getauxval(AT_SECURE)) {
		err_set(&err, STAGE_USAGE, EPERM, "take its setuid bit or file capabilities away",
			"lunette");
		err_reason(&err, "does not run with more rights than its caller's");
		print_error(&err);
		return EXIT_FAILED;
	}
	if (argc < 2) {
		err_set(&err, STAGE_USAGE, EINVAL, "`lunette --help` lists the verbs", "lunette");
		err_reason(&err, "a verb is missing");
		print_error(&err);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_out(version, sizeof(version) - 1) < 0;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_print(NULL);
		return EXIT_YES;
	}
	/* Only the build can ask this, of a binary that is not finished. */
	if (snapshot_missing() && strcmp(argv[1], "--snapshot") == 0)
		return child_snapshot(1) < 0;
	for (const struct verb *verb = verbs; verb->name; verb++) {
		if (strcmp(argv[1], verb->name) == 0)
			return run_verb(verb, argv, (size_t)argc, environment);
	}
	return wrong_verb(argv[1]);
}
