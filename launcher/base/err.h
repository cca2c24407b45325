/* err.h - what went wrong: stage, object, errno and hint
 *
 * Every function of the launcher that can fail returns 0 or -errno and takes a caller-owned struct
 * err as its last parameter. Success leaves it untouched. The first failure fills it; a caller that
 * knows more (the file and line a mount comes from) may add to the hint. Only launcher/cmd/ prints.
 *
 * The structure holds no pointer, so that a set-up process can leave it in memory shared with the
 * launcher.
 */
#ifndef LAUNCHER_BASE_ERR_H
#define LAUNCHER_BASE_ERR_H

#include <stddef.h>

enum err_stage {
	STAGE_USAGE,
	STAGE_PROFILE,
	STAGE_PLAN,
	STAGE_IDS,
	STAGE_MOUNTS,
	STAGE_DEVICES,
	STAGE_NETWORK,
	STAGE_CGROUP,
	STAGE_LIMITS,
	STAGE_CREDENTIALS,
	STAGE_FILTERS,
	STAGE_EXEC,
	STAGE_WATCH,
	STAGE_REPORT,
	STAGE_COUNT,
};

struct err {
	int stage;         /* enum err_stage */
	int number;        /* a positive errno, or 0 when the kernel said nothing */
	int status;        /* what `run` ends with: 126, 127, or 0 for the usual 125 */
	char object[1024]; /* what it was about: a path, a key, a call */
	char reason[1024]; /* our words; where empty, strerror(number) stands for it */
	char hint[512];    /* what to do, or empty */
};

/* err_stage_name() - the name of a stage as design.md part 4 lists it. */
const char *err_stage_name(int stage);

/* err_set() - fill @err and return the negative errno
 * @number: errno, of either sign; 0 is returned as -EINVAL but shown without an errno
 * @hint:   a remedy, or NULL: none, or what always helps against @number
 * @object: printf format of the object
 */
int err_set(struct err *err, enum err_stage stage, int number, const char *hint, const char *object,
	    ...) __attribute__((format(printf, 5, 6)));

/* err_reason() - give words of our own in place of strerror()'s. Returns -err->number. */
int err_reason(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* err_within() - say in what the object is: "OUTER: object". Returns -err->number. */
int err_within(struct err *err, const char *outer);

/* err_hint() - set the hint of an error that a deeper function filled. Returns -err->number. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* err_take() - copy into @err what somebody else may have written into @from, or still write: texts
 * have an end, numbers make sense, and its stage is one before the report's. */
void err_take(struct err *err, const volatile struct err *from);

/* err_stopped() - the error of a launch that @signal ended before its program. Returns -EINTR. */
int err_stopped(struct err *err, int signal);

/* err_format() - "stage: object: reason (hint)" with every byte outside printable ASCII as \xHH.
 * Always terminates @out. Returns the length that was written.
 */
size_t err_format(const struct err *err, char *out, size_t size);

#endif
