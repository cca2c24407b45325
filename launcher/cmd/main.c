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
	  cmd_run, EXIT_FAILED, WORDS_COMMAND, NULL },
	{ "check", "PROFILE...", "say whether profiles are valid, and what in them is weak",
	  cmd_check, EXIT_USAGE, WORDS_ANY, NULL },
	{ "plan", "[-p PROFILE] [options] [--] COMMAND [ARG...]", "print what `run` would do",
	  cmd_plan, EXIT_USAGE, WORDS_COMMAND, NULL },
	{ "doctor", "[-p PROFILE]", "say what this host can do, and how to mend what it cannot",
	  cmd_doctor, EXIT_USAGE, WORDS_NONE, NULL },
	{ "profiles", "", "list the shipped profiles", cmd_profiles, EXIT_USAGE, WORDS_NONE, NULL },
	{ "seccomp", "QUESTION [PROFILE] [options]",
	  "list, try and explain the filter of a profile", cmd_seccomp, EXIT_USAGE, WORDS_ANY,
	  "questions:\n"
	  "  dump PROFILE              the filter's instructions, and the line each comes from\n"
	  "  sim PROFILE CALL          what one call would get: 'openat(-100, 0, O_CREAT)', i386:5\n"
	  "  why PROFILE NAME          the rules that speak of a call\n"
	  "  stats PROFILE             the filter's size, and what a call costs\n"
	  "  groups [@NAME]            the groups of calls, or the members of one\n"
	  "  verify PROFILE            compare the filter with the rules, for every call\n"
	  "  compile PROFILE           the filter as raw BPF\n\n" },
	{ "why", "[-p PROFILE] [options] RIGHT PATH|PORT",
	  "try whether a sandbox lets this be done, and name the line that says so", cmd_why,
	  EXIT_USAGE, WORDS_ANY,
	  "rights, of a path inside:\n"
	  "  tried                     execute, write_file, read_file, read_dir\n"
	  "  answered from the rules   remove_dir, remove_file, make_char, make_dir, make_reg,\n"
	  "                            make_sock, make_fifo, make_block, make_sym, refer, truncate,\n"
	  "                            ioctl_dev, resolve_unix\n"
	  "of a port:\n"
	  "  tried                     bind_tcp, connect_tcp\n"
	  "  answered from the rules   bind_udp, connect_send_udp\n\n"
	  "Of seccomp the rules are asked about the calls that do it; of any other call\n"
	  "`lunette seccomp why PROFILE CALL` tells the rules.\n\n" },
	{ "lua", "SCRIPT [ARG...]", "run a Lua script with the system-call library", cmd_lua,
	  EXIT_USAGE, WORDS_COMMAND, NULL },
	{ NULL, NULL, NULL, NULL, 0, WORDS_NONE, NULL },
};

/* A file opened later must not land where a program's standard files are. */
static int fill_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++) {
		/* May fail: only EBADF says that it is closed. */
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
	err_set(&err, STAGE_USAGE, EINVAL, "`lunette --help` lists the verbs", "\"%s\"", word);
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
		status = help_print(verb);
	} else {
		status = verb->run(&request);
	}
	options_finish(&request);
	return status;
}

/* Whoever adds a module meets this, in the middle of a build. */
static int write_snapshot(void)
{
	struct err err;
	int r = child_snapshot(1);

	if (r == 0)
		return 0;
	err_set(&err, STAGE_PROFILE, r,
		r == -EFBIG ? "make SNAPSHOT_BYTES of launcher/eval/snapshot_data.h larger" : NULL,
		"--snapshot");
	print_error(&err);
	return EXIT_FAILED;
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
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_print(NULL);
	/* Only the build can ask this, of a binary that is not finished. */
	if (strcmp(argv[1], "--snapshot") == 0 && snapshot_missing())
		return write_snapshot();
	for (const struct verb *verb = verbs; verb->name; verb++) {
		if (strcmp(argv[1], verb->name) == 0)
			return run_verb(verb, argv, (size_t)argc, environment);
	}
	return wrong_verb(argv[1]);
}
