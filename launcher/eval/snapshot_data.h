/* snapshot_data.h - what the section ".snapshot" holds */
#ifndef LAUNCHER_EVAL_SNAPSHOT_DATA_H
#define LAUNCHER_EVAL_SNAPSHOT_DATA_H

#include "launcher/eval/heap.h"

enum { SNAPSHOT_BYTES = 320 << 10 };

union snapshot {
	struct heap heap;
	char bytes[SNAPSHOT_BYTES];
};

/* The heap, which the evaluator alone writes to. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
extern union snapshot snapshot_data;

#endif
