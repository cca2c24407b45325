/* report.c - the machine-readable account of a launch (see report.h)
 *
 * Fields that a build cannot fill are null, never left out.
 */
#include "launcher/watch/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/caller.h"
#include "launcher/base/json.h"
#include "launcher/base/path.h"
#include "launcher/plan/rlimits.h"
#include "launcher/plan/token.h"
#include "launcher/watch/denials.h"
#include "policy/tables.h"

enum { PATIENCE = 5 };

static int open_number(const char *where, struct err *err)
{
	uint32_t number;
	long flags;
	long fd;

	if (!token_u32(where + 3, INT32_MAX, &number)) {
		err_set(err, STAGE_REPORT, EINVAL, "as in --report fd:3 3>FILE", "%s", where);
		return err_reason(err, "is not fd:N");
	}
	flags = sys_fcntl((int)number, F_GETFL, 0);
	if (flags < 0)
		return err_set(err, STAGE_REPORT, (int)flags,
			       "the caller has to open it: --report fd:3 3>FILE", "%s", where);
	if ((flags & O_ACCMODE) == O_RDONLY) {
		err_set(err, STAGE_REPORT, EBADF, "as in --report fd:3 3>FILE", "%s", where);
		return err_reason(err, "is not open for writing");
	}
	fd = sys_fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_set(err, STAGE_REPORT, (int)fd, NULL, "%s", where);
	return (int)fd;
}

/* The directory of @where, O_PATH, and the file's name in it. */
static int open_directory(const char *where, const struct plan *plan, const char **name)
{
	const char *slash = strrchr(where, '/');
	struct path_trees trees = { 0 };
	struct caller caller;
	char directory[4096];
	int fd;

	*name = slash ? slash + 1 : where;
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - where) + 1 : 1,
		 slash ? where : ".");
	caller_read(&caller);
	trees.any_owner = !caller.privileged;
	trees.list = calloc(plan ? plan->mount_count + 1 : 1, sizeof(*trees.list));
	if (!trees.list)
		return -ENOMEM;
	if (plan)
		trees.count = plan_writable(plan, false, trees.list);
	else /* what the usual profile mounts */
		trees.list[trees.count++].path = ".";
	fd = path_steady(directory, &trees);
	free(trees.list);
	return fd;
}

static int open_failed(const char *where, long error, struct err *err)
{
	int r = err_set(err, STAGE_REPORT, (int)error, NULL, "%s", where);

	if (error == -ELOOP)
		return err_hint(err, "the report is not written through a symlink that may have "
				     "been planted: name the path that it leads to");
	if (error == -ENOENT)
		return err_hint(err, "lunette makes the file, not the directory that it is in");
	if (error == -EISDIR)
		return err_hint(err, "name a file in it");
	return r;
}

int report_open(const char *where, const struct plan *plan, int *place, struct err *err)
{
	cleanup_fd int directory = -1;
	cleanup_fd int fd = -1;
	const char *name;
	struct stat st;
	long ret;

	*place = -1;
	if (strncmp(where, "fd:", 3) == 0)
		return open_number(where, err);
	directory = open_directory(where, plan, &name);
	if (directory < 0)
		return open_failed(where, directory, err);
	fd = (int)sys_openat(directory, name,
			     O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			     0666);
	if (fd < 0)
		return open_failed(where, fd, err);
	ret = sys_fstat(fd, &st);
	if (ret == 0 && S_ISREG(st.st_mode))
		ret = sys_ftruncate(fd, 0);
	if (ret < 0)
		return open_failed(where, ret, err);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) {
		err_set(err, STAGE_REPORT, EINVAL, NULL, "%s", where);
		return err_reason(err, "is neither a file nor a FIFO");
	}
	if (S_ISREG(st.st_mode))
		*place = take_fd(&directory);
	return take_fd(&fd);
}

static void write_status(const struct report *report, struct buf *out)
{
	static const char *const names[] = {
		[OUTCOME_EXITED] = "exited",   [OUTCOME_SIGNALED] = "signaled",
		[OUTCOME_TIMEOUT] = "timeout", [OUTCOME_CPU_TIME] = "cpu-time",
		[OUTCOME_MEMORY] = "memory",   [OUTCOME_OUTPUT] = "output",
		[OUTCOME_DENIED] = "denied",   [OUTCOME_SETUP_FAILED] = "setup-failed",
	};
	const struct outcome *outcome = report->outcome;
	enum outcome_status status = outcome ? outcome->status : OUTCOME_SETUP_FAILED;

	buf_format(out, "  \"status\": \"%s\",\n", names[status]);
	if (status == OUTCOME_EXITED)
		buf_format(out, "  \"exit_code\": %d,", outcome->exit_code);
	else
		buf_text(out, "  \"exit_code\": null,");
	if (outcome && outcome->signal)
		buf_format(out, " \"signal\": %d,", outcome->signal);
	else
		buf_text(out, " \"signal\": null,");
}

static void write_error(const struct report *report, struct buf *out)
{
	const struct err *err = report->outcome ? NULL : report->err;
	char line[3072];
	const char *stage = err ? err_stage_name(err->stage) : NULL;

	buf_text(out, " \"stage\": ");
	json_text(out, stage);
	buf_text(out, ",\n  \"error\": ");
	if (err)
		err_format(err, line, sizeof(line));
	json_text(out, err ? line + strlen(stage) + 2 : NULL);
	buf_text(out, ",\n");
}

static void write_count(const char *name, unsigned long long value, struct buf *out)
{
	if (value == OUTCOME_UNKNOWN)
		buf_format(out, "\"%s\": null", name);
	else
		buf_format(out, "\"%s\": %llu", name, value);
}

static void write_peaks(const struct outcome_cgroup *cgroup, struct buf *out)
{
	unsigned long long memory = cgroup ? cgroup->memory_peak : OUTCOME_UNKNOWN;

	if (memory != OUTCOME_UNKNOWN)
		memory /= 1024;
	buf_text(out, "  ");
	write_count("memory_peak_kib", memory, out);
	buf_text(out, ", ");
	write_count("pids_peak", cgroup ? cgroup->pids_peak : OUTCOME_UNKNOWN, out);
	buf_text(out, ",\n");
}

static void write_cpu(const struct outcome *outcome, struct buf *out)
{
	if (!outcome || outcome->cpu == OUTCOME_CPU_UNKNOWN)
		buf_text(out, "  \"cpu_ms\": null, \"cpu_exact\": null,\n");
	else
		buf_format(out, "  \"cpu_ms\": %.3f, \"cpu_exact\": %s,\n", outcome->cpu_ms,
			   outcome->cpu == OUTCOME_CPU_EXACT ? "true" : "false");
}

static void write_denials(const struct outcome *outcome, struct buf *out)
{
	static const char *const evidence[] = {
		[OUTCOME_NO_EVIDENCE] = NULL,
		[OUTCOME_BY_LISTENER] = "listener",
		[OUTCOME_BY_SIGNAL] = "signal",
	};

	buf_text(out, "  \"denied\": ");
	denials_write(outcome ? outcome->denials : NULL, false, out);
	buf_text(out, ",\n  \"notified\": ");
	denials_write(outcome ? outcome->denials : NULL, true, out);
	buf_text(out, ",\n  \"evidence\": ");
	json_text(out, evidence[outcome ? outcome->evidence : OUTCOME_NO_EVIDENCE]);
	buf_text(out, ",\n");
}

static void write_usage(const struct outcome *outcome, struct buf *out)
{
	if (outcome)
		buf_format(out,
			   "  \"wall_ms\": %.3f, \"user_ms\": %.3f, \"system_ms\": %.3f, "
			   "\"max_rss_kib\": %ld,\n",
			   outcome->wall_ms, outcome->user_ms, outcome->system_ms,
			   outcome->max_rss_kib);
	else
		buf_text(out, "  \"wall_ms\": null, \"user_ms\": null, \"system_ms\": null, "
			      "\"max_rss_kib\": null,\n");
	write_cpu(outcome, out);
	write_peaks(outcome && outcome->cgroup.used ? &outcome->cgroup : NULL, out);
}

/* null: it did not pass through the launcher, or went the way of the other one. */
static void write_stream(const char *name, const struct outcome_stream *stream, struct buf *out)
{
	buf_format(out, "  \"%s\": ", name);
	if (!stream || !stream->counted) {
		buf_text(out, "null,\n");
		return;
	}
	buf_format(out,
		   "{ \"bytes\": %llu, \"over\": %s, \"text\": ", (unsigned long long)stream->bytes,
		   stream->over ? "true" : "false");
	if (stream->text)
		json_bytes(out, stream->text, stream->length);
	else
		buf_text(out, "null");
	buf_text(out, " },\n");
}

static void write_namespaces(uint32_t set, struct buf *out)
{
	static const char *const names[] = { "user", "mount", "pid",    "net",
					     "ipc",  "uts",   "cgroup", "time" };
	const char *comma = "";

	buf_text(out, "    \"namespaces\": [");
	for (size_t bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (!(set & 1u << bit))
			continue;
		buf_format(out, "%s\"%s\"", comma, names[bit]);
		comma = ", ";
	}
	buf_text(out, "],\n");
}

static void write_capabilities(uint64_t set, struct buf *out)
{
	const char *comma = "";

	buf_text(out, "    \"capabilities\": ");
	if (!set) {
		buf_text(out, "\"none\",\n");
		return;
	}
	buf_text(out, "[");
	for (int bit = 0; bit < 64; bit++) {
		const char *name = tables_capability_name(bit);

		if (!(set & 1ull << bit))
			continue;
		if (name)
			buf_format(out, "%s\"%s\"", comma, name);
		else
			buf_format(out, "%s\"%d\"", comma, bit);
		comma = ", ";
	}
	buf_text(out, "],\n");
}

/* The limits that the cgroup really holds, then what it has counted. */
static void write_cgroup(const struct plan_limits *limits, const struct outcome_cgroup *cgroup,
			 struct buf *out)
{
	const struct {
		const char *name;
		enum outcome_limit bit;
		const struct plan_limit *limit;
	} all[] = {
		{ "memory", LIMIT_MEMORY, &limits->memory },
		{ "memory_high", LIMIT_MEMORY_HIGH, &limits->memory_high },
		{ "swap", LIMIT_SWAP, &limits->swap },
		{ "pids", LIMIT_PIDS, &limits->pids },
		{ "cpu_weight", LIMIT_CPU_WEIGHT, &limits->cpu_weight },
		{ "io_weight", LIMIT_IO_WEIGHT, &limits->io_weight },
	};

	if (!cgroup->used) {
		buf_text(out, "    \"cgroup\": null,\n");
		return;
	}
	buf_text(out, "    \"cgroup\": { ");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (cgroup->limits & 1u << all[i].bit)
			buf_format(out, "\"%s\": %llu, ", all[i].name,
				   (unsigned long long)all[i].limit->value);
	if (cgroup->limits & 1u << LIMIT_CPUS)
		buf_format(out, "\"cpus\": %.5g, ", (double)limits->cpus.value / 1e5);
	if (cgroup->limits & 1u << LIMIT_CPUSET)
		buf_format(out, "\"cpuset\": \"%s\", ", limits->cpuset.cpus);
	buf_format(out, "\"io\": %s, \"hugetlb\": %s,\n      ",
		   cgroup->limits & 1u << LIMIT_IO ? "true" : "false",
		   cgroup->limits & 1u << LIMIT_HUGETLB ? "true" : "false");
	write_count("user_us", cgroup->user_us, out);
	buf_text(out, ", ");
	write_count("system_us", cgroup->system_us, out);
	buf_text(out, ", ");
	write_count("memory_hits", cgroup->memory_hits, out);
	buf_text(out, ", ");
	write_count("oom_kills", cgroup->oom_kills, out);
	buf_text(out, ", ");
	write_count("pids_refused", cgroup->pids_refused, out);
	buf_text(out, " },\n");
}

static void write_limits(const struct plan_limits *limits, const struct outcome *outcome,
			 struct buf *out)
{
	bool pids_in_cgroup = outcome->cgroup.limits & 1u << LIMIT_PIDS;
	const char *comma = "";

	buf_text(out, "    \"rlimits\": {");
	for (size_t i = 0; i < PLAN_RLIMITS; i++) {
		const struct plan_rlimit *row = &plan_rlimits[i];
		const struct plan_limit *limit = plan_rlimit_of(row, limits);

		if (!limit->set || !(outcome->enforced.rlimits & 1u << row->resource) ||
		    (limit == &limits->pids && pids_in_cgroup))
			continue;
		buf_format(out, "%s\"%s\": %llu", comma, row->name + strlen("limits."),
			   (unsigned long long)limit->value);
		comma = ", ";
	}
	buf_text(out, "},\n");
}

static void write_skip(const char *what, const char *why, bool first, struct buf *out)
{
	buf_text(out, first ? "\n      { \"what\": " : ",\n      { \"what\": ");
	json_text(out, what);
	buf_text(out, ", \"why\": ");
	json_text(out, why);
	buf_text(out, " }");
}

static void write_enforced(const struct report *report, struct buf *out)
{
	const struct outcome_enforced *enforced;
	bool first = true;

	if (!report->outcome || !report->plan) {
		buf_text(out, "  \"enforced\": null\n");
		return;
	}
	enforced = &report->outcome->enforced;
	buf_text(out, "  \"enforced\": {\n");
	write_namespaces(enforced->namespaces, out);
	buf_format(out, "    \"seccomp_instructions\": %zu,\n    \"landlock_abi\": ",
		   enforced->seccomp_instructions);
	if (enforced->landlock_abi)
		buf_format(out, "%d,\n", enforced->landlock_abi);
	else
		buf_text(out, "null,\n");
	write_cgroup(&report->plan->limits, &report->outcome->cgroup, out);
	write_limits(&report->plan->limits, report->outcome, out);
	write_capabilities(enforced->capabilities, out);
	buf_text(out, "    \"network\": ");
	json_text(out, report->outcome->network[0] ? report->outcome->network : NULL);
	buf_text(out, ",\n    \"skipped\": [");
	for (size_t i = 0; i < report->plan->skipped_count; i++, first = false)
		write_skip(report->plan->skipped[i].what, report->plan->skipped[i].why, first, out);
	for (size_t i = 0; i < enforced->skipped_count; i++, first = false)
		write_skip(enforced->skipped[i].what, enforced->skipped[i].why, first, out);
	buf_text(out, "]\n  }\n");
}

int report_format(const struct report *report, struct buf *out)
{
	buf_text(out, "{\n  \"lunette\": 1,\n  \"plan\": ");
	if (report->hash)
		buf_format(out, "\"sha256:%s\"", report->hash);
	else
		buf_text(out, "null");
	buf_text(out, ",\n  \"profile\": ");
	json_text(out, report->profile);
	buf_text(out, ",\n");
	write_status(report, out);
	write_error(report, out);
	write_usage(report->outcome, out);
	write_denials(report->outcome, out);
	write_stream("stdout", report->outcome ? &report->outcome->streams[0] : NULL, out);
	write_stream("stderr", report->outcome ? &report->outcome->streams[1] : NULL, out);
	write_enforced(report, out);
	buf_text(out, "}\n");
	return out->failed ? -ENOMEM : 0;
}

/* A reader who is gone, or a limit, is an error here, not the end of the launcher, and so is a
 * reader who takes nothing for @PATIENCE seconds from a pipe that was opened here. */
static int write_text(int fd, const struct buf *text)
{
	uint64_t errors = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1);
	size_t done = 0;

	(void)sys_rt_sigprocmask(SIG_BLOCK, &errors, NULL, sizeof(errors));
	while (done < text->length) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		struct raw_timespec patience = { .seconds = PATIENCE };
		long put = sys_write(fd, text->data + done, text->length - done);

		if (put == -EAGAIN && sys_ppoll(&room, 1, &patience, NULL, 0) == 0)
			return -ETIMEDOUT;
		if (put < 0 && put != -EAGAIN && put != -EINTR)
			return (int)put;
		done += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* Does @where still lead to the file that @fd has open? True for what is no regular file. */
static bool in_place(int fd, const char *where)
{
	struct stat ours, there;

	if (strncmp(where, "fd:", 3) == 0 || sys_fstat(fd, &ours) < 0 || !S_ISREG(ours.st_mode))
		return true;
	return sys_newfstatat(AT_FDCWD, where, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

/* Whether it is in place is asked when the program is gone. */
void report_keep(int place, struct confine_needs *needs)
{
	if (place < 0)
		return;
	needs->paths = true;
	(void)confine_need(needs, place, ".", CONFINE_MAKE | CONFINE_REMOVE);
}

/* The program is gone, so what it has put there stays as it is until it is taken away. A link in
 * place of the directory is not followed: nothing outside of @place is removed or made. */
static int put_back(int place, const char *where, const struct buf *text)
{
	const char *slash = strrchr(where, '/');
	const char *name = slash ? slash + 1 : where;
	cleanup_fd int fd = -1;
	long ret = sys_unlinkat(place, name, 0);
	int written;

	if (ret < 0 && ret != -ENOENT)
		return (int)ret;
	fd = (int)sys_openat(place, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0666);
	written = fd < 0 ? fd : write_text(fd, text);
	return written < 0 || in_place(fd, where) ? written : -ESTALE;
}

int report_write(int fd, int place, const char *where, const struct report *report, struct err *err)
{
	cleanup_buf struct buf text = BUF_EMPTY;
	int ret = report_format(report, &text);

	/* What the program may have written into it goes first; a pipe or device says EINVAL. */
	if (ret == 0 && strncmp(where, "fd:", 3) != 0)
		(void)sys_ftruncate(fd, 0);
	if (ret == 0)
		ret = in_place(fd, where) ? write_text(fd, &text) : put_back(place, where, &text);
	if (ret == 0)
		return 0;
	(void)err_set(err, STAGE_REPORT, ret, "the program's status stands", "%s", where);
	return ret == -ESTALE ? err_reason(err, "its directory is not there any more") : ret;
}
