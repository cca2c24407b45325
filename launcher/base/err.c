/* err.c - filling and formatting struct err (see err.h)
 *
 * Nothing here prints; formatting goes through vsnprintf, which enters the kernel nowhere.
 */
#include "launcher/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LAST_ERRNO = 4095 }; /* include/linux/err.h: MAX_ERRNO */

static const char *const stage_names[STAGE_COUNT] = {
	[STAGE_USAGE] = "usage",     [STAGE_PROFILE] = "profile",
	[STAGE_PLAN] = "plan",       [STAGE_IDS] = "ids",
	[STAGE_MOUNTS] = "mounts",   [STAGE_DEVICES] = "devices",
	[STAGE_NETWORK] = "network", [STAGE_CGROUP] = "cgroup",
	[STAGE_LIMITS] = "limits",   [STAGE_CREDENTIALS] = "credentials",
	[STAGE_FILTERS] = "filters", [STAGE_EXEC] = "exec",
	[STAGE_WATCH] = "watch",     [STAGE_REPORT] = "report",
};

const char *err_stage_name(int stage)
{
	if (stage < 0 || stage >= STAGE_COUNT)
		return "unknown";
	return stage_names[stage];
}

static int result(const struct err *err)
{
	return err->number ? -err->number : -EINVAL;
}

/* Any call that makes a descriptor may fail for it. */
static const char *usual_hint(int number)
{
	return number == EMFILE ? "raise RLIMIT_NOFILE (ulimit -n)" : "";
}

int err_set(struct err *err, enum err_stage stage, int number, const char *hint, const char *object,
	    ...)
{
	va_list args;

	err->stage = (int)stage;
	err->number = number < 0 ? -number : number;
	err->status = 0;
	err->reason[0] = '\0';
	snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : usual_hint(err->number));
	va_start(args, object);
	vsnprintf(err->object, sizeof(err->object), object, args);
	va_end(args);
	return result(err);
}

int err_reason(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->reason, sizeof(err->reason), format, args);
	va_end(args);
	return result(err);
}

int err_within(struct err *err, const char *outer)
{
	char object[sizeof(err->object)];

	memcpy(object, err->object, sizeof(object));
	snprintf(err->object, sizeof(err->object), "%s: %.960s", outer, object);
	return result(err);
}

int err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return result(err);
}

/* Appends @text at @used, escaped; stops while there is still room for the terminator. */
static size_t append(char *out, size_t size, size_t used, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte < 0x7f) {
			if (used + 1 >= size)
				break;
			out[used++] = (char)byte;
			continue;
		}
		if (used + 4 >= size)
			break;
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = digits[byte >> 4];
		out[used++] = digits[byte & 15];
	}
	return used;
}

void err_take(struct err *err, const volatile struct err *from)
{
	*err = *from;
	err->object[sizeof(err->object) - 1] = '\0';
	err->reason[sizeof(err->reason) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	if (err->stage < 0 || err->stage >= STAGE_REPORT)
		err->stage = STAGE_WATCH;
	if (err->number <= 0 || err->number > LAST_ERRNO)
		err->number = EINVAL;
	if (err->status != 126 && err->status != 127)
		err->status = 0;
}

int err_stopped(struct err *err, int signal)
{
	(void)err_set(err, STAGE_WATCH, EINTR, NULL, "signal %d", signal);
	return err_reason(err, "stopped before the program started");
}

size_t err_format(const struct err *err, char *out, size_t size)
{
	size_t used = append(out, size, 0, err_stage_name(err->stage));

	if (err->object[0]) {
		used = append(out, size, used, ": ");
		used = append(out, size, used, err->object);
	}
	used = append(out, size, used, ": ");
	used = append(out, size, used, err->reason[0] ? err->reason : strerror(err->number));
	if (err->hint[0]) {
		used = append(out, size, used, " (");
		used = append(out, size, used, err->hint);
		used = append(out, size, used, ")");
	}
	out[used] = '\0';
	return used;
}
