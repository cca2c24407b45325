/* main.c - finds the payload by its name (see payload.h) */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "payload.h"

int say(const char *what, long result)
{
	printf("%s %s\n", what, result >= 0 ? "ok" : strerrorname_np(errno));
	fflush(stdout);
	return 0;
}

int say_fd(const char *what, long result)
{
	(void)say(what, result);
	if (result >= 0)
		close((int)result);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct payload *const tables[] = {
		calls_payloads,     files_payloads,   mounts_payloads,    processes_payloads,
		resources_payloads, sockets_payloads, terminals_payloads,
	};

	for (size_t i = 0; argc > 1 && i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct payload *one = tables[i]; one->name; one++)
			if (strcmp(one->name, argv[1]) == 0)
				return one->run(argc - 2, argv + 2);
	fprintf(stderr, "payload: unknown\n");
	return 2;
}
