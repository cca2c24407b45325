/* snapshot_data.c - the section that the build fills once the binary is linked
 *
 * In a file of its own, so that no compiler sees that it is empty at first.
 */
#include "launcher/eval/snapshot_data.h"

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
union snapshot snapshot_data __attribute__((section(".snapshot"), used)) = { .bytes = { 0 } };
