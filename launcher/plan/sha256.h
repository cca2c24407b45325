/* sha256.h - SHA-256 (FIPS 180-4) of bytes in memory, in pieces */
#ifndef LAUNCHER_PLAN_SHA256_H
#define LAUNCHER_PLAN_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);

/* sha256_hex() - finish, and write the digest as 64 lower-case digits and a NUL. */
void sha256_hex(struct sha256 *hash, char out[65]);

#endif
