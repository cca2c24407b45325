/* test_sha256.c - SHA-256 against the examples of FIPS 180-4 and RFC 6234 */
#include <stdlib.h>

#include "launcher/plan/sha256.h"
#include "tests/unit/tap.h"

static void check(const char *text, size_t length, const char *expected, const char *name)
{
	struct sha256 hash;
	char out[65];

	sha256_init(&hash);
	sha256_add(&hash, text, length);
	sha256_hex(&hash, out);
	is_text(out, expected, "%s", name);
}

/* The same bytes in pieces of every size around a block. */
static void check_pieces(void)
{
	char text[1000];
	char whole[65];
	bool same = true;

	memset(text, 'x', sizeof(text));
	for (size_t piece = 1; piece <= 130; piece++) {
		struct sha256 hash;
		char out[65];

		sha256_init(&hash);
		for (size_t done = 0; done < sizeof(text); done += piece)
			sha256_add(&hash, text + done,
				   sizeof(text) - done < piece ? sizeof(text) - done : piece);
		sha256_hex(&hash, out);
		if (piece == 1)
			memcpy(whole, out, sizeof(whole));
		same = same && strcmp(out, whole) == 0;
	}
	ok(same, "the hash does not depend on how the bytes are cut");
}

int main(void)
{
	char *million = malloc(1000000);

	check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	      "no bytes");
	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	      "one block");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	      "56 bytes: the padding needs a second block");
	check("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmn"
	      "opqrlmnopqrsmnopqrstnopqrstu",
	      112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
	      "two blocks");
	if (million) {
		memset(million, 'a', 1000000);
		check(million, 1000000,
		      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
		      "a million bytes");
	}
	free(million);
	check_pieces();
	return done();
}
