/* likely.c - answers given before they are asked (see likely.h) */
#include "launcher/eval/likely.h"

#include <stdio.h>
#include <string.h>

#include "launcher/eval/host.h"
#include "launcher/eval/probe.h"

/* What profiles/base.lua mounts by `same`: symlinks where /usr is merged. */
static const char *const paths[] = { "/bin",   "/sbin",   "/lib",           "/lib32",
				     "/lib64", "/libx32", "/etc/localtime", "/etc/os-release" };

static void add(struct likely_answers *answers, enum question_kind kind, const char *argument,
		const char *text)
{
	struct likely *item = &answers->items[answers->count++];

	item->kind = kind;
	item->argument = argument;
	item->found = text != NULL;
	if (text)
		snprintf(item->text, sizeof(item->text), "%s", text);
}

void likely_gather(struct likely_answers *answers)
{
	char room[PATH_MAX];

	answers->count = 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *target = host_readlink(paths[i], room);

		if (target && strlen(target) >= LIKELY_BYTES)
			continue;
		add(answers, ASK_READLINK, paths[i], target);
		if (!target)
			add(answers, ASK_EXISTS, paths[i], host_exists(paths[i]));
	}
	/* May differ: a lack of the host, which the plan records. */
	add(answers, ASK_FEATURE, "landlock", probe_feature("landlock", room, sizeof(room)));
}

const struct likely *likely_find(const struct likely_answers *answers, enum question_kind kind,
				 const char *argument)
{
	for (unsigned int i = 0; i < answers->count; i++) {
		const struct likely *item = &answers->items[i];

		if (item->kind == kind && strcmp(item->argument, argument) == 0)
			return item;
	}
	return NULL;
}
