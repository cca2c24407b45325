/* embed.h - the Lua parts inside the binary
 *
 * The build generates the definitions: every lua/lunette/NAME.lua as a precompiled, stripped chunk
 * called "lunette.NAME", every lua/syscall/NAME.lua as one called "syscall.NAME", and every
 * profiles/NAME.lua as text called "NAME". Chunks are our own code and the only bytecode that is
 * ever loaded in a launch; profiles are always text.
 */
#ifndef LAUNCHER_EVAL_EMBED_H
#define LAUNCHER_EVAL_EMBED_H

#include <stddef.h>

/* embed_find() - the chunk @name ("lunette.main"), or NULL. */
const unsigned char *embed_find(const char *name, size_t *length);

/* embed_library() - the chunk @name of the system-call library ("syscall.files"), or NULL. */
const unsigned char *embed_library(const char *name, size_t *length);

/* embed_profile() - the text of the shipped profile @name, or NULL. */
const char *embed_profile(const char *name, size_t *length);

/* embed_profile_hash() - the SHA-256 of that text in hex, worked out by the build: every launch
 * records it, and it would be a twentieth of one. NULL where there is no such profile. */
const char *embed_profile_hash(const char *name);

/* embed_profile_name() - the @index-th shipped profile in alphabetical order, NULL past the end. */
const char *embed_profile_name(size_t index);

#endif
