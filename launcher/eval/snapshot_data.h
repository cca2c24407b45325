/* snapshot_data.h - what the section ".snapshot" holds */
#ifndef LAUNCHER_EVAL_SNAPSHOT_DATA_H
#define LAUNCHER_EVAL_SNAPSHOT_DATA_H

#include <stdint.h>

enum { SNAPSHOT_BYTES = 256 << 10 };

struct snapshot {
	uint64_t length; /* of the heap; 0: there is none */
	uint64_t lua;    /* address of the main lua_State */
	unsigned char heap[SNAPSHOT_BYTES - 16];
};

extern const struct snapshot snapshot_data;

#endif
