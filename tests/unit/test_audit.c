/* test_audit.c - what the kernel's audit log tells of a sandbox, by its own texts */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/seccomp.h>

#include "launcher/base/base.h"
#include "launcher/base/buf.h"
#include "launcher/plan/plan.h"
#include "launcher/watch/audit.h"
#include "launcher/watch/origin.h"
#include "policy/tables.h"
#include "tests/unit/tap.h"

enum { CALL = 1326, ACCESS = 1423, DOMAIN = 1424 };

static struct audit_record parse(uint16_t type, const char *text)
{
	struct audit_record record;

	audit_parse(type, text, strlen(text), &record);
	return record;
}

static void is_refusal(const char *text, uint64_t domain, const char *blockers, const char *path)
{
	struct audit_record record = parse(ACCESS, text);

	ok(record.kind == AUDIT_ACCESS && record.domain == domain, "a refusal in a domain");
	is_text(record.blockers, blockers, "what was missing");
	is_text(record.object, path, "for a path");
}

static void check_texts(void)
{
	struct audit_record record;

	is_refusal("audit(1.2:3): domain=195ba459b blockers=fs.make_reg,fs.refer "
		   "path=\"/usr/bin\" dev=\"vda2\" ino=351",
		   0x195ba459b, "fs.make_reg,fs.refer", "/usr/bin");
	record = parse(ACCESS,
		       "audit(1.2:3): domain=1 blockers=fs.read_file path=2F6120220A62 dev=\"x\"");
	is_text(record.object, "/a \"\nb", "a path with a space, in digits");
	record =
		parse(ACCESS, "audit(1.2:3): domain=1 blockers=net.connect_tcp daddr=::1 dest=443");
	ok(record.port == 443 && !record.is_path, "a port");
	is_text(record.object, "port 443", "in words");
	record = parse(ACCESS,
		       "audit(1.2:3): domain=1 blockers=net.bind_tcp saddr=127.0.0.1 src=80");
	is_number(record.port, 80, "one to listen on");
	record =
		parse(ACCESS, "audit(1.2:3): domain=1 blockers=scope.signal opid=7 ocomm=\"init\"");
	is_text(record.object, "process 7", "a process");
	record = parse(DOMAIN,
		       "audit(1.2:3): domain=1 status=allocated mode=enforcing pid=300 uid=0 "
		       "exe=\"/x\" comm=\"lunette\"");
	ok(record.kind == AUDIT_DOMAIN && record.pid == 300, "a domain's maker");
	is_text(record.comm, "lunette", "and its name");
	record = parse(DOMAIN, "audit(1.2:3): domain=1 status=deallocated denials=3");
	is_number(record.kind, AUDIT_OTHER, "its end is nothing to us");
	record = parse(CALL,
		       "audit(1.2:3): auid=1 uid=0 gid=0 ses=1 pid=12 comm=\"rm\" exe=\"/bin/rm\" "
		       "sig=31 arch=c000003e syscall=84 compat=0 ip=0x1 code=0x30000");
	ok(record.kind == AUDIT_CALL && record.pid == 12 && record.arch == 0xc000003e &&
		   record.call == 84 && record.action == SECCOMP_RET_TRAP,
	   "a call");
	record = parse(1300, "audit(1.2:3): domain=1 pid=4");
	is_number(record.kind, AUDIT_OTHER, "a record of another kind");
	record = parse(ACCESS, "");
	ok(!record.object[0] && !record.blockers[0], "an empty one");
}

/* As Linux 6.18 has written them. */
static void check_recorded(void)
{
	struct audit_record record;

	is_refusal("audit(1795377198.884:3432): domain=11b767b13 blockers=fs.read_dir "
		   "path=\"/var\" dev=\"tmpfs\" ino=11",
		   0x11b767b13, "fs.read_dir", "/var");
	record = parse(DOMAIN, "audit(1795377198.884:3432): domain=11b767b13 status=allocated "
			       "mode=enforcing pid=15734 uid=65534 exe=\"/usr/bin/lunette\" "
			       "comm=\"lunette\"");
	ok(record.kind == AUDIT_DOMAIN && record.pid == 15734 && record.domain == 0x11b767b13,
	   "a recorded domain");
	is_text(record.comm, "lunette", "its maker");
	record = parse(ACCESS, "audit(1795377051.460:3392): domain=11b7678d5 "
			       "blockers=net.connect_tcp daddr=127.0.0.1 dest=80");
	ok(record.port == 80 && !record.is_path, "a recorded port");
	record = parse(CALL,
		       "audit(1795376904.268:3372): auid=4294967295 uid=0 gid=0 ses=4294967295 "
		       "pid=26465 comm=\"test_guard\" exe=\"/usr/bin/test\" sig=31 arch=c000003e "
		       "syscall=59 compat=0 ip=0x4016eb code=0x80000000");
	ok(record.kind == AUDIT_CALL && record.pid == 26465 && record.call == 59 &&
		   record.action == SECCOMP_RET_KILL_PROCESS,
	   "a recorded call");
}

/* A plan with rules whose lines are set here: how they travel is docs/plan.md's affair. */
static struct plan made_up(struct plan_landlock_rule rules[3])
{
	rules[0] = (struct plan_landlock_rule){ .rights = 0xc, .path = "/", .origin = "p:1" };
	rules[1] = (struct plan_landlock_rule){ .rights = 0x6, .path = "/box", .origin = "p:2" };
	rules[2] = (struct plan_landlock_rule){ .rights = 0x2, .port = 443, .origin = "p:3" };
	return (struct plan){ .landlock = { .wanted = true,
					    .handled_fs = 0x7fff,
					    .handled_net = 0x3,
					    .rules = rules,
					    .rule_count = 3,
					    .origin = "p:0" } };
}

static void check_origins(void)
{
	const uint64_t write = tables_landlock_right(LANDLOCK_FS, "write_file");
	const uint64_t read = tables_landlock_right(LANDLOCK_FS, "read_file");
	struct plan_landlock_rule rules[3];
	const struct plan plan = made_up(rules);
	bool granted;

	is_text(origin_of_path(&plan, "/etc/x", write, &granted), "p:1", "the rule above a path");
	ok(!granted, "which does not let write");
	(void)origin_of_path(&plan, "/etc/x", read, &granted);
	ok(granted, "but read");
	is_text(origin_of_path(&plan, "/box/a", write, &granted), "p:2", "the nearest of two");
	ok(granted, "which does");
	is_text(origin_of_path(&plan, "/boxes", write, &granted), "p:1",
		"not that of a longer name");
	is_text(origin_of_path(&plan, "/", write, &granted), "p:1", "the root");
	(void)origin_of_path(&plan, "/x", 1ull << 40, &granted);
	ok(granted, "what is not handled is not refused");
	is_text(origin_of_port(&plan, 80, 2, &granted), "p:0",
		"a port without a rule: the section");
	ok(!granted, "is refused");
	is_text(origin_of_port(&plan, 443, 2, &granted), "p:3", "one with a rule");
	ok(granted, "is not");
	(void)origin_of_port(&plan, 443, 1, &granted);
	ok(!granted, "but for another right");
}

static void hear(struct audit *audit, uint16_t type, const char *text)
{
	const struct audit_record record = parse(type, text);

	audit_hear(audit, &record);
}

/* Refusals of others' domains, and of domains that the program itself makes, are not ours. */
static void check_whose(void)
{
	struct plan_landlock_rule rules[3];
	const struct plan plan = made_up(rules);
	cleanup_buf struct buf out = BUF_EMPTY;
	struct audit audit = {
		.fd = -1, .plan = &plan, .denials = denials_new(), .init = 1, .program = 300
	};

	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t) "lunette", 0, 0, 0);
	hear(&audit, ACCESS, "a: domain=5 blockers=fs.write_file path=\"/other\"");
	hear(&audit, DOMAIN, "a: domain=5 status=allocated pid=299 comm=\"lunette\"");
	hear(&audit, ACCESS, "a: domain=6 blockers=fs.write_file path=\"/own\"");
	hear(&audit, DOMAIN, "a: domain=6 status=allocated pid=300 comm=\"program\"");
	is_number((long long)denials_count(audit.denials), 0, "what is others' is passed over");
	hear(&audit, ACCESS, "a: domain=7 blockers=fs.write_file path=\"/etc/x\"");
	hear(&audit, DOMAIN, "a: domain=7 status=allocated pid=300 comm=\"lunette\"");
	hear(&audit, ACCESS, "a: domain=7 blockers=scope.signal opid=1 ocomm=\"x\"");
	hear(&audit, ACCESS, "a: domain=5 blockers=fs.write_file path=\"/other\"");
	hear(&audit, CALL, "a: pid=299 arch=c000003e syscall=84 code=0x30000");
	hear(&audit, CALL, "a: pid=300 arch=c000003e syscall=84 code=0x0");
	is_number((long long)denials_count(audit.denials), 2, "what is ours is counted");
	hear(&audit, CALL, "a: pid=300 comm=\"rm\" arch=c000003e syscall=84 code=0x30000");
	denials_write(audit.denials, false, &out);
	buf_bytes(&out, "", 1);
	ok(strstr(out.data, "\"args\": [\"fs.write_file\", \"/etc/x\"]"), "with its object");
	ok(strstr(out.data, "\"action\": \"errno EACCES\", \"rule\": \"p:1\""), "and its line");
	ok(strstr(out.data, "\"action\": \"errno EPERM\", \"rule\": \"p:0\""), "a scope's too");
	ok(strstr(out.data, "\"syscall\": \"rmdir\""), "a trapped call: %s", out.data);
	denials_free(audit.denials);
}

/* The program takes the launcher's name and makes a domain before ours is in the log. */
static void check_posing(void)
{
	struct plan_landlock_rule rules[3];
	const struct plan plan = made_up(rules);
	cleanup_buf struct buf out = BUF_EMPTY;
	struct audit audit = {
		.fd = -1, .plan = &plan, .denials = denials_new(), .init = 1, .program = 300
	};

	hear(&audit, ACCESS, "a: domain=9 blockers=fs.write_file path=\"/posed\"");
	hear(&audit, DOMAIN, "a: domain=9 status=allocated pid=300 comm=\"lunette\"");
	hear(&audit, ACCESS, "a: domain=7 blockers=fs.write_file path=\"/etc/x\"");
	hear(&audit, DOMAIN, "a: domain=7 status=allocated pid=300 comm=\"lunette\"");
	hear(&audit, ACCESS, "a: domain=9 blockers=fs.write_file path=\"/late\"");
	hear(&audit, DOMAIN, "a: domain=10 status=allocated pid=300 comm=\"lunette\"");
	hear(&audit, ACCESS, "a: domain=7 blockers=fs.write_file path=\"/etc/y\"");
	denials_write(audit.denials, false, &out);
	buf_bytes(&out, "", 1);
	ok(strstr(out.data, "/etc/x") && strstr(out.data, "/etc/y"),
	   "a program that makes domains under our name hides nothing");
	ok(!strstr(out.data, "/late"), "and its own are told no more: %s", out.data);
	denials_free(audit.denials);
}

static void check_silence(void)
{
	const char *old = audit_silence(6);

	ok(old && strstr(old, "Linux 6.15"), "an old kernel's log tells nothing");
	/* Who is not root is told nothing, and root whether auditing is on. */
	old = audit_silence(7);
	ok(!old || (strstr(old, "auditing") && sys_geteuid() == 0), "the state of auditing");
}

/* The log is the host's, and may be written faster than it is read. */
static void check_flood(void)
{
	struct audit audit = { 0 };
	int left = 0;
	int pair[2];
	char byte;

	if (sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	audit.fd = pair[0];
	for (int i = 0; i < 100; i++)
		(void)sys_write(pair[1], "x", 1);
	audit_take(&audit);
	while (sys_read(pair[0], &byte, 1) == 1)
		left++;
	ok(left > 0 && left < 100, "of a flood a part is taken, and the deadlines are looked at");
	audit_take(&audit);
	ok(!audit.lost, "nothing to read is no loss");
	fd_close(&pair[0]);
	audit_settle(&audit);
	ok(audit.lost, "a log that cannot be read is one");
	fd_close(&pair[1]);
}

int main(void)
{
	check_texts();
	check_recorded();
	check_origins();
	check_whose();
	check_posing();
	check_silence();
	check_flood();
	return done();
}
