/* test_plan.c - reading and writing plans: what is taken comes out the same, what is not is
 * named */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "launcher/plan/plan.h"
#include "tests/unit/tap.h"

/* Every key once, in order. */
static const char full[] =
	"lunette-plan 1\n"
	"arg id\n"
	"arg \\e\n"
	"arg a\\x20b\\x0a\\xff\\x5c\n"
	"caps.ambient 0x400\n"
	"caps.keep 0xc00\n"
	"caps.securebits 0x2f\n"
	"cgroup_parent /a/b\n"
	"cwd /box\n"
	"domainname (none)\n"
	"env.keep TERM\n"
	"env.set HOME /box\n"
	"env.set EMPTY \\e\n"
	"hostname lunette\n"
	"input env LANG\n"
	"input readlink /bin usr/bin\n"
	"landlock.fs 0xffff\n"
	"landlock.net 0x3\n"
	"landlock.path 0xd /usr\n"
	"landlock.path 0xfffe /box optional\n"
	"landlock.port 0x2 443\n"
	"landlock.prefer\n"
	"landlock.scope 0x3\n"
	"limit.address_space 1\n"
	"limit.core 0\n"
	"limit.cpu 18\n"
	"limit.cpu_weight 10000\n"
	"limit.cpus 150000 prefer\n"
	"limit.cpuset 0-3,7 prefer\n"
	"limit.data 9\n"
	"limit.files 256 prefer\n"
	"limit.fsize 2305843009213693951\n"
	"limit.grace 5\n"
	"limit.hugetlb 65536 0\n"
	"limit.hugetlb 2097152 4194304 prefer\n"
	"limit.io /dev/vda 1048576 0 0 100\n"
	"limit.io /dev/vdb 0 0 1 0 prefer\n"
	"limit.io_weight 1\n"
	"limit.memlock 10\n"
	"limit.memory 268435456\n"
	"limit.memory_high 1\n"
	"limit.msgqueue 11\n"
	"limit.nice 12\n"
	"limit.nproc 6\n"
	"limit.on_output truncate\n"
	"limit.output 13\n"
	"limit.pids 7\n"
	"limit.process_cpu 14\n"
	"limit.rtprio 15\n"
	"limit.rttime 16\n"
	"limit.sigpending 17\n"
	"limit.stack 8\n"
	"limit.swap 0 prefer\n"
	"limit.wall 10000\n"
	"mount bind /usr source=/usr read-only\n"
	"mount tmpfs /tmp mode=1777 size=65536 inodes=100 optional noexec\n"
	"mount file /etc/x text=a\\x0a mode=0644 on_symlink=replace\n"
	"mount file /etc/empty text=\\e\n"
	"mount overlay /tree source=/opt/a=b upper=/u work=/w on_symlink=resolve\n"
	"mount symlink /bin source=usr/bin\n"
	"mount proc /proc\n"
	"mount dev /dev\n"
	"mount sysfs /sys\n"
	"mount mqueue /mq\n"
	"mount dir /a=\n"
	"mount mask /proc/kcore\n"
	"namespaces user mount pid net ipc uts cgroup time\n"
	"net veth\n"
	"net.veth.address 10.0.0.2/24\n"
	"net.veth.address6 fd00::2/64\n"
	"net.veth.delay 20000\n"
	"net.veth.forward 1\n"
	"net.veth.gateway 10.0.0.1\n"
	"net.veth.gateway6 fd00::1\n"
	"net.veth.host_name veth-host\n"
	"net.veth.isolate 1\n"
	"net.veth.loss 1000000\n"
	"net.veth.mac 02:00:00:00:00:01\n"
	"net.veth.mtu 1400\n"
	"net.veth.name eth0\n"
	"net.veth.nat 1\n"
	"net.veth.no_default_route 1\n"
	"net.veth.peer 10.0.0.1/24\n"
	"net.veth.peer6 fd00::1/64\n"
	"net.veth.rate 2147483647\n"
	"net.veth.route 198.51.100.0/24\n"
	"net.veth.route 2001:db8::/32\n"
	"origin mount 1 p.lua:7\n"
	"origin seccomp.rule 2 p.lua:9\n"
	"origin landlock.port 0 p.lua:10\n"
	"origin landlock.fs 0 p.lua:11\n"
	"origin limit.wall 0 p.lua:12\n"
	"origin limit.cpuset 0 p.lua:12\n"
	"origin limit.io 1 p.lua:12\n"
	"origin limit.on_output 0 p.lua:12\n"
	"origin net 0 p.lua:13\n"
	"origin publish 1 p.lua:14\n"
	"process.arg0 sh\n"
	"process.die_with_parent 1\n"
	"process.fd 3\n"
	"process.fd 7\n"
	"process.init 0\n"
	"process.name box\n"
	"process.stderr stdout\n"
	"process.stdin /dev/null\n"
	"process.stdout capture\n"
	"process.tty inherit\n"
	"profile test\n"
	"publish 127.0.0.1 8080 80 tcp\n"
	"publish ::1 53 53 udp\n"
	"seccomp.default errno:1\n"
	"seccomp.foreign kill\n"
	"seccomp.known x86_64 0-334,424-470\n"
	"seccomp.known i386 1-400\n"
	"seccomp.newer errno:38\n"
	"seccomp.on_denied report\n"
	"seccomp.rule x86_64 allow 0-3,7\n"
	"seccomp.rule x86_64 trap:5 41 a0.4&0xffffffff=0x1-0x2 a1.8&0xff=0x0-0x3 not or\n"
	"seccomp.rule i386 kill_thread 5\n"
	"skipped limits.memory no\\x20cgroup\n"
	"time.boottime -3600\n"
	"time.monotonic 0\n"
	"umask 0022\n"
	"user.gid 100\n"
	"user.group 5\n"
	"user.groups keep\n"
	"user.map.gid 0 100000 65536\n"
	"user.map.uid 0 100000 1000\n"
	"user.map.uid 1000 101000 1\n"
	"user.nested 1\n"
	"user.outer.gid 65534\n"
	"user.outer.uid 65533\n"
	"user.uid 0\n";

/* What every plan has. */
static const char small[] = "lunette-plan 1\n"
			    "net none\n"
			    "process.die_with_parent 1\n"
			    "process.init 1\n"
			    "user.groups drop\n"
			    "user.outer.gid 65534\n"
			    "user.outer.uid 65534\n";

static void check_round_trip(const char *text, size_t length, const char *name)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	struct plan plan;
	struct err err = { 0 };
	char line[3072] = "";
	int ret = plan_decode(&plan, text, length, &err);

	if (ret < 0)
		err_format(&err, line, sizeof(line));
	if (!ok(ret == 0, "%s is read", name)) {
		note("%s", line);
		return;
	}
	ok(plan_encode(&plan, &out) == 0 && out.length == length &&
		   memcmp(out.data, text, length) == 0,
	   "%s is written as it was", name);
	plan_finish(&plan);
}

static void check_values(const struct plan *plan)
{
	is_number((int64_t)plan->argv.count, 3, "three arguments");
	is_text(plan->argv.items[1], "", "an empty one");
	is_text(plan->argv.items[2], "a b\n\xff\\", "one with escapes");
	ok(plan->argv.items[3] == NULL, "and NULL behind them");
	is_number((int64_t)plan->mount_count, 12, "twelve mounts");
	is_text(plan->mounts[1].origin, "p.lua:7", "a mount's origin");
	is_text(plan->mounts[0].origin, "", "a mount without one");
	is_number((int64_t)plan->mounts[1].mode, 01777, "a mode");
	is_text(plan->mounts[3].text, "", "an empty file");
	is_text(plan->mounts[4].source, "/opt/a=b", "a source with a =");
	is_text(plan->mounts[10].target, "/a=", "a target with a =");
	is_number((int64_t)plan->seccomp.arch_count, 2, "two entries");
	is_number((int64_t)plan->seccomp.archs[0].rule_count, 2, "two rules of the first");
	is_number((int64_t)plan->seccomp.archs[1].rules[0].origin, 2,
		  "the third rule is the second's");
	is_text(plan->rule_origins[2], "p.lua:9", "its origin");
	is_number((int64_t)plan->seccomp.archs[0].rules[1].token_count, 4, "four tokens of a test");
	is_number(plan->seccomp.archs[0].rules[1].action, SECCOMP_RET_TRAP | 5,
		  "an action with data");
	is_number((int64_t)plan->landlock.rule_count, 3, "three Landlock rules");
	is_number(plan->landlock.rules[2].port, 443, "the port comes after the paths");
	is_text(plan->landlock.rules[2].origin, "p.lua:10", "its origin");
	is_text(plan->landlock.origin, "p.lua:11", "the section's origin");
	is_text(plan->limits.wall.origin, "p.lua:12", "a limit's origin");
	is_text(plan->net_origin, "p.lua:13", "the network's origin");
	is_number(plan->veth.address6.prefix, 64, "a prefix");
	is_number(plan->time.boottime, -3600, "a negative offset");
	is_number(plan->process.fds[1], 7, "a descriptor");
	is_number(plan->process.streams[0].kind, STREAM_PATH, "stdin from a path");
	is_number((int64_t)plan->user.uid_range_count, 2, "two ranges");
	is_number((int64_t)plan->written_count, 10, "ten origins");
}

/* @line put at its place into the small plan, or in place of the line with its key. */
static void spliced(struct buf *out, const char *line)
{
	size_t key = strcspn(line, " \n");
	const char *at = strchr(small, '\n') + 1;

	buf_bytes(out, small, (size_t)(at - small));
	while (*at) {
		size_t length = strcspn(at, "\n") + 1;
		size_t other = strcspn(at, " \n");
		int order = strncmp(at, line, other < key ? other : key);

		if (order > 0 || (order == 0 && other >= key))
			break;
		buf_bytes(out, at, length);
		at += length;
	}
	buf_text(out, line);
	buf_text(out, "\n");
	if (strncmp(at, line, key) == 0 && (at[key] == ' ' || at[key] == '\n'))
		at += strcspn(at, "\n") + 1;
	buf_text(out, at);
}

/* @lines: one or more; the last is the one at fault. */
static void check_refused(const char *lines)
{
	const char *last = strrchr(lines, '\n');
	cleanup_buf struct buf text = BUF_EMPTY;
	struct plan plan;
	struct err err = { 0 };
	int ret;

	spliced(&text, lines);
	ret = plan_decode(&plan, text.data, text.length, &err);
	ok(ret < 0 && err.stage == STAGE_PLAN, "refused: %s%s", last ? "... " : "",
	   last ? last + 1 : lines);
	plan_finish(&plan);
}

static const char *const wrong_lines[] = {
	"arg",
	"arg a b",
	"arg a  b",
	"arg a\\x41",
	"arg \\x00",
	"arg \\xFF",
	"arg \\x2",
	"arg \\q",
	"arg \xff",
	"arg a\tb",
	"arg x\\e",
	"zzz 1",
	"cwd relative",
	"cwd /a/../b",
	"cwd /a/",
	"cwd //a",
	"cwd /a/./b",
	"caps.keep 12",
	"caps.keep 0x0",
	"caps.keep 0x01",
	"caps.keep 0xF",
	"caps.keep 0x10000000000000000",
	"caps.ambient 0x1",
	"caps.securebits 0x100000000",
	"env.keep A=B",
	"env.keep \\e",
	"env.set A",
	"env.set A=B c",
	"hostname 12345678901234567890123456789012345678901234567890123456789012345",
	"input what /x",
	"landlock.fs 0x0",
	"landlock.path 0x1 /usr",
	"landlock.prefer",
	"landlock.prefer yes",
	"limit.address_space 0",
	"limit.core 01",
	"limit.core -1",
	"limit.core 18446744073709551616",
	"limit.core 1 perhaps",
	"limit.cpu 0",
	"limit.cpu_weight 0",
	"limit.cpus 999",
	"limit.io_weight 0 prefer",
	"limit.memory 0",
	"limit.memory_high 0",
	"limit.pids 0",
	"limit.process_cpu 0",
	"limit.stack 0",
	"limit.wall 0",
	"mount bind /x",
	"mount bind x source=/x",
	"mount bind /x source=x",
	"mount nothing /x",
	"mount bind /x read-only source=/x",
	"mount bind /x source=/x source=/x",
	"mount bind /x source=",
	"mount file /x",
	"mount tmpfs /x text=a",
	"mount tmpfs /x size=0",
	"mount tmpfs /x mode=755",
	"mount tmpfs /x mode=17777",
	"mount tmpfs /x read-onlyx",
	"mount proc /x size=1",
	"mount overlay /x source=/y upper=/u",
	"mount bind /x source=/x on_symlink=refuse",
	"mount bind /../x source=/x",
	"namespaces",
	"namespaces mount user",
	"namespaces user user",
	"net wire",
	"net join\nnet.join sandbox:",
	"net join\nnet.join sandbox:../x",
	"net join\nnet.join sandbox:.mutex",
	"process.name ../x",
	"process.name .mutex",
	"process.name \\e",
	"process.name 12345678901234567890123456789012345678901234567890123456789012345",
	"net.veth.mtu 1500",
	"origin mount 0 x:1",
	"origin nothing 0 x:1",
	"origin net 1 x:1",
	"process.fd 2",
	"process.init 2",
	"process.stdin inherit",
	"process.stdin x",
	"process.stdin capture",
	"process.stdout stdout",
	"limit.on_output stop",
	"limit.output x",
	"process.tty yes",
	"seccomp.default allow",
	"seccomp.on_denied kill",
	"seccomp.rule x86_64 allow 1",
	"time.boottime -0",
	"time.boottime +1",
	"umask 22",
	"umask 1777",
	"user.gid 4294967295",
	"user.groups some",
	"user.nested 0",
	"user.map.uid 0 1 1",
	"user.outer.uid 4294967296",
};

static void check_header(void)
{
	struct plan plan;
	struct err err = { 0 };
	bool refused = true;

	for (size_t length = 0; length < sizeof(small) - 1; length++)
		refused = refused && plan_decode(&plan, small, length, &err) < 0;
	ok(refused, "no prefix of a plan is a plan");
	ok(plan_decode(&plan, "lunette-plan 2\n", 15, &err) < 0, "another version is refused");
	ok(plan_decode(&plan, small, PLAN_MAX_BYTES + 1u, &err) == -E2BIG,
	   "too many bytes are refused");
}

/* Rules that scatter, tests that leave no value, ranges that overlap: several lines at once. */
static void check_groups(void)
{
	static const char *const wrong[] = {
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.newer allow\nseccomp.rule x86_64 allow 1\nseccomp.rule x86_64 allow 1,",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.newer allow\nseccomp.rule i386 allow 1",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.known i386 1\nseccomp.newer allow\nseccomp.rule x86_64 allow 1\n"
		"seccomp.rule i386 allow 1\nseccomp.rule x86_64 allow 2",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.newer allow\nseccomp.rule x86_64 allow 1 and",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.newer allow\nseccomp.rule x86_64 allow 5-3",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1-1",
		"seccomp.default allow\nseccomp.foreign kill\nseccomp.known x86_64 1\n"
		"seccomp.known x86_64 2",
	};
	static const char *const right = "seccomp.default allow\nseccomp.foreign kill\n"
					 "seccomp.known x86_64 1\nseccomp.newer allow\n"
					 "seccomp.rule x86_64 allow 1";
	cleanup_buf struct buf text = BUF_EMPTY;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_refused(wrong[i]);
	spliced(&text, right);
	check_round_trip(text.data, text.length, "the same without the fault");
	check_refused("process.fd 5\nprocess.fd 4");
	check_refused("cwd /a\ncwd /b");
	check_refused("process.stdin null\nprocess.fd 4");
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Processor time of the fastest of a few readings of @count mounts; quadratic code takes 100 times
 * as long for ten times as many. */
static double time_mounts(size_t count)
{
	cleanup_buf struct buf text = BUF_EMPTY;
	double best = 1e9;

	buf_text(&text, "lunette-plan 1\n");
	for (size_t i = 0; i < count; i++)
		buf_format(&text, "mount bind /target/%zu source=/some/source/%zu read-only\n", i,
			   i);
	buf_text(&text, strchr(small, '\n') + 1);
	for (int i = 0; i < 10; i++) {
		struct plan plan;
		struct err err;
		double before = microseconds();

		if (plan_decode(&plan, text.data, text.length, &err) < 0)
			return -1;
		if (microseconds() - before < best)
			best = microseconds() - before;
		plan_finish(&plan);
	}
	return best;
}

static void check_many(void)
{
	double thousand = time_mounts(1000);
	double ten = time_mounts(10000);

	note("1,000 mounts: %.0f us; 10,000: %.0f us", thousand, ten);
	ok(thousand > 0 && ten > 0, "10,000 mounts are read");
	ok(ten < 50 * thousand, "in a time about linear in their number");
	ok(time_mounts(PLAN_MAX_MOUNTS + 1) < 0, "more than PLAN_MAX_MOUNTS are refused");
}

static void check_hash(void)
{
	cleanup_buf struct buf more = BUF_EMPTY;
	char one[65];
	char other[65];

	plan_hash(small, sizeof(small) - 1, one);
	spliced(&more, "origin net 0 x:1");
	plan_hash(more.data, more.length, other);
	is_text(other, one, "an origin does not change the hash");
	buf_finish(&more);
	spliced(&more, "umask 0022");
	plan_hash(more.data, more.length, other);
	ok(strcmp(one, other) != 0, "another line does");
}

static void check_json(void)
{
	cleanup_buf struct buf out = BUF_EMPTY;
	cleanup_buf struct buf text = BUF_EMPTY;
	struct err err = { 0 };

	spliced(&text, "arg a\\x20\\xc3\\xa9\narg \\xff\\x0a\"\\x5c");
	ok(plan_json(text.data, text.length, &out, &err) == 0, "a plan has a view as JSON");
	buf_bytes(&out, "", 1);
	ok(strstr(out.data, "[\"a \xc3\xa9\"],\n") != NULL, "UTF-8 stays");
	ok(strstr(out.data, "[\"\\\\xff\\u000a\\\"\\\\\"]\n") != NULL, "other bytes are escaped");
	ok(strstr(out.data, "\"process.init\": [\"1\"]") != NULL,
	   "a single key is a list of tokens");
	ok(strstr(out.data, "\"arg\": [\n    [\"") != NULL, "a repeated one a list of lists");
	ok(plan_json("x", 1, &out, &err) < 0, "what is no plan has none");
}

int main(void)
{
	struct plan plan;
	struct err err = { 0 };

	check_round_trip(small, sizeof(small) - 1, "the smallest plan");
	check_round_trip(full, sizeof(full) - 1, "a plan with every key");
	if (plan_decode(&plan, full, sizeof(full) - 1, &err) == 0)
		check_values(&plan);
	plan_finish(&plan);
	check_header();
	for (size_t i = 0; i < sizeof(wrong_lines) / sizeof(wrong_lines[0]); i++)
		check_refused(wrong_lines[i]);
	check_groups();
	check_many();
	check_hash();
	check_json();
	return done();
}
