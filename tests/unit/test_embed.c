/* test_embed.c - what the build put inside the binary */
#include "launcher/eval/embed.h"
#include "launcher/plan/sha256.h"
#include "tests/unit/tap.h"

static void modules(void)
{
	size_t length = 0;
	const unsigned char *main_module = embed_find("lunette.main", &length);

	ok(main_module && length > 100, "lunette.main is there");
	ok(main_module && memcmp(main_module, "\033Lua", 4) == 0, "it is bytecode");
	ok(!embed_find("lunette.nothing", &length), "an unknown module is not");
	ok(!embed_find("main", &length), "nor is one without its prefix");
	ok(!embed_find("lunette.schema_doc", &length), "nor what no launch loads");
}

static void profiles(void)
{
	size_t length = 0;
	const char *text = embed_profile("untrusted", &length);
	const char *previous = "";
	struct sha256 sum;
	char hash[65];
	size_t count = 0;

	ok(text && length == strlen(text), "a profile is text of the length it says");
	ok(text && strstr(text, "return profile"), "and reads like one");
	ok(!embed_profile("nothing", &length), "an unknown profile is not there");
	ok(!embed_profile_hash("nothing"), "nor its hash");
	for (const char *name; (name = embed_profile_name(count)); count++) {
		ok(strcmp(previous, name) < 0, "%s comes after %s", name,
		   *previous ? previous : "nothing");
		text = embed_profile(name, &length);
		ok(text, "%s is there", name);
		sha256_init(&sum);
		sha256_add(&sum, text, length);
		sha256_hex(&sum, hash);
		ok(strcmp(embed_profile_hash(name), hash) == 0, "with its hash");
		previous = name;
	}
	ok(count >= 7, "there are seven profiles or more");
	ok(!embed_profile_name(count) && !embed_profile_name(SIZE_MAX), "no name past the last");
}

int main(void)
{
	modules();
	profiles();
	return done();
}
