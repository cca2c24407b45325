/* test_report.c - the report: its fields, and where it may be written to */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "launcher/watch/report.h"
#include "tests/unit/tap.h"

static void check_object(const struct report *report, const char *expected, const char *name)
{
	cleanup_buf struct buf out = BUF_EMPTY;

	report_format(report, &out);
	buf_bytes(&out, "", 1);
	is_text(out.failed ? "" : out.data, expected, "%s", name);
}

static void check_end(void)
{
	static const struct plan_skip skip = { "limits.memory", "no \"cgroup\"" };
	struct plan plan = {
		.skipped = &skip,
		.skipped_count = 1,
		.limits = { .files = { .set = true, .value = 256 },
			    .fsize = { .set = true, .value = 1, .prefer = true } },
	};
	struct outcome outcome = {
		.status = OUTCOME_EXITED,
		.exit_code = 3,
		.wall_ms = 12.3456,
		.user_ms = 1,
		.system_ms = 2,
		.max_rss_kib = 1234,
		.enforced = {
			.namespaces = NAMESPACE_USER | NAMESPACE_TIME,
			.capabilities = 1ull << 12,
			.rlimits = 1u << RLIMIT_NOFILE,
			.seccomp_instructions = 57,
			.landlock_abi = 7,
		},
	};
	struct report report = { "abc", "box", &plan, &outcome, NULL };

	check_object(
		&report,
		"{\n  \"lunette\": 1,\n  \"plan\": \"sha256:abc\",\n  \"profile\": \"box\",\n"
		"  \"status\": \"exited\",\n  \"exit_code\": 3, \"signal\": null, \"stage\": null,\n"
		"  \"error\": null,\n"
		"  \"wall_ms\": 12.346, \"user_ms\": 1.000, \"system_ms\": 2.000, "
		"\"max_rss_kib\": 1234,\n"
		"  \"cpu_ms\": null, \"cpu_exact\": null,\n"
		"  \"memory_peak_kib\": null, \"pids_peak\": null,\n  \"denied\": [],\n"
		"  \"notified\": [],\n  \"evidence\": null,\n"
		"  \"stdout\": null,\n  \"stderr\": null,\n"
		"  \"enforced\": {\n    \"namespaces\": [\"user\", \"time\"],\n"
		"    \"seccomp_instructions\": 57,\n    \"landlock_abi\": 7,\n"
		"    \"cgroup\": null,\n    \"rlimits\": {\"files\": 256},\n"
		"    \"capabilities\": [\"net_admin\"],\n    \"network\": null,\n    \"skipped\": [\n"
		"      { \"what\": \"limits.memory\", \"why\": \"no \\\"cgroup\\\"\" }]\n  }\n}\n",
		"a program that exited");
}

static void check_failure(void)
{
	struct err err;
	struct report report = { NULL, NULL, NULL, NULL, &err };

	err_set(&err, STAGE_MOUNTS, ENOENT, "make it", "/a\nb\xff");
	check_object(&report,
		     "{\n  \"lunette\": 1,\n  \"plan\": null,\n  \"profile\": null,\n"
		     "  \"status\": \"setup-failed\",\n  \"exit_code\": null, \"signal\": null, "
		     "\"stage\": \"mounts\",\n"
		     "  \"error\": \"/a\\\\x0ab\\\\xff: No such file or directory (make it)\",\n"
		     "  \"wall_ms\": null, \"user_ms\": null, \"system_ms\": null, "
		     "\"max_rss_kib\": null,\n"
		     "  \"cpu_ms\": null, \"cpu_exact\": null,\n"
		     "  \"memory_peak_kib\": null, \"pids_peak\": null,\n  \"denied\": [],\n"
		     "  \"notified\": [],\n  \"evidence\": null,\n"
		     "  \"stdout\": null,\n  \"stderr\": null,\n"
		     "  \"enforced\": null\n}\n",
		     "a launch that failed");
}

static int open_report(const char *where, struct err *err)
{
	cleanup_fd int place = -1;

	return report_open(where, NULL, &place, err);
}

static void check_places(const char *directory)
{
	struct err err = { 0 };
	char path[4096];
	char link[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/report", directory);
	snprintf(link, sizeof(link), "%s/link", directory);
	fd = open_report(path, &err);
	ok(fd >= 0, "a new file is made");
	is_number(sys_write(fd, "old", 3), 3, "and written");
	fd_close(&fd);
	fd = open_report(path, &err);
	is_number(sys_lseek(fd, 0, SEEK_END), 0, "an old one is emptied");
	fd_close(&fd);
	(void)sys_symlinkat(path, AT_FDCWD, link);
	is_number(open_report(link, &err), -ELOOP, "a symlink is refused");
	ok(open_report(directory, &err) < 0, "a directory is refused");
	(void)sys_unlinkat(AT_FDCWD, link, 0);
	(void)sys_mknodat(AT_FDCWD, link, S_IFIFO | 0600, 0);
	is_number(open_report(link, &err), -ENXIO, "a FIFO that nobody reads does not hang");
	is_number(open_report("fd:999", &err), -EBADF, "a closed descriptor");
	is_number(err.stage, STAGE_REPORT, "is an error of the report");
	ok(open_report("fd:-1", &err) < 0 && open_report("fd:1x", &err) < 0 &&
		   open_report("fd:", &err) < 0,
	   "what is no number");
	fd = open_report("fd:1", &err);
	ok(fd > 2 && (sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC), "a copy that no program inherits");
	fd_close(&fd);
	(void)sys_unlinkat(AT_FDCWD, link, 0);
	(void)sys_unlinkat(AT_FDCWD, path, 0);
}

static void check_full_disk(void)
{
	struct err err = { 0 };
	struct report report = { NULL, NULL, NULL, NULL, &err };
	cleanup_fd int fd = open_report("/dev/full", &err);

	if (fd < 0)
		return;
	is_number(report_write(fd, -1, "/dev/full", &report, &err), -ENOSPC,
		  "a full disk is an error");
}

int main(void)
{
	char directory[] = "/tmp/test_report.XXXXXX";

	check_end();
	check_failure();
	if (mkdtemp(directory)) {
		check_places(directory);
		(void)sys_unlinkat(AT_FDCWD, directory, AT_REMOVEDIR);
	}
	check_full_disk();
	return done();
}
