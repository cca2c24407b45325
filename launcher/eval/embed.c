/* embed.c - looking up what the build put inside the binary (see embed.h)
 *
 * The lists are short and looked up a few times a launch, so they are walked from the front.
 */
#include "launcher/eval/embed.h"

#include <string.h>

struct embedded {
	const char *name;
	const unsigned char *bytes; /* a NUL follows the last */
	size_t length;
	const char *hash; /* SHA-256, in hex */
};

/* embedded_modules[], embedded_library[] and embedded_profiles[], each ended by a NULL name */
#include "eval/embed_data.h"

static const struct embedded *find(const struct embedded *list, const char *name)
{
	for (; list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static const unsigned char *chunk(const struct embedded *module, size_t *length)
{
	if (!module)
		return NULL;
	*length = module->length;
	return module->bytes;
}

const unsigned char *embed_find(const char *name, size_t *length)
{
	return chunk(find(embedded_modules, name), length);
}

const unsigned char *embed_library(const char *name, size_t *length)
{
	return chunk(find(embedded_library, name), length);
}

const char *embed_profile(const char *name, size_t *length)
{
	const struct embedded *profile = find(embedded_profiles, name);

	if (!profile)
		return NULL;
	*length = profile->length;
	return (const char *)profile->bytes;
}

const char *embed_profile_hash(const char *name)
{
	const struct embedded *profile = find(embedded_profiles, name);

	return profile ? profile->hash : NULL;
}

const char *embed_profile_name(size_t index)
{
	size_t count = sizeof(embedded_profiles) / sizeof(embedded_profiles[0]) - 1;

	return index < count ? embedded_profiles[index].name : NULL;
}
