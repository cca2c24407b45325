/* audit.h - refusals that only the kernel's audit log tells
 *
 * Landlock tells nobody of what it refuses but the log (Linux 6.15, where the host has audit
 * switched on), and a call that a rule traps is known to the program alone. The log is read as the
 * kernel sends it to whoever listens, which takes CAP_AUDIT_READ over the host. It speaks of every
 * process there is: what is not the sandbox's is passed over.
 *
 * A record's text is the kernel's, but paths and names in it are the program's.
 */
#ifndef LAUNCHER_WATCH_AUDIT_H
#define LAUNCHER_WATCH_AUDIT_H

#include "launcher/plan/plan.h"
#include "launcher/watch/denials.h"

enum audit_kind {
	AUDIT_OTHER,
	AUDIT_CALL,   /* a call that seccomp decided */
	AUDIT_ACCESS, /* Landlock refused something to a domain */
	AUDIT_DOMAIN, /* and this is the domain's maker; it comes after its first refusal */
};

struct audit_record {
	enum audit_kind kind;
	uint64_t domain;
	int pid; /* as the host numbers it; 0: not told */
	char comm[16];
	uint32_t arch; /* AUDIT_ARCH_* */
	uint32_t call;
	uint32_t action;           /* SECCOMP_RET_*, without its data */
	char blockers[64];         /* "fs.write_file", "net.connect_tcp,..." */
	char object[DENIALS_TEXT]; /* path, port or pid, or "" */
	bool is_path;
	int port; /* or -1 */
};

struct audit {
	int fd; /* -1: nothing is read */
	const struct plan *plan;
	struct denials *denials;
	int init;    /* pid 1 of the sandbox, as we number it */
	int program; /* the program, likewise */
	bool known;  /* the domain below */
	uint64_t domain;
	bool holds; /* a refusal by another domain, which may turn out to be ours */
	struct audit_record held;
	bool lost; /* more came than could be kept or read */
};

/* audit_open() - a socket on which the log comes, or -errno: -EPERM, or what socket(2) says of a
 * kernel without audit. */
int audit_open(void);

/* audit_silence() - why the log will not tell what Landlock refuses under @abi; NULL where it will,
 * or where nobody says. Takes CAP_AUDIT_CONTROL to know. */
const char *audit_silence(int abi);

/* audit_take() - what has come so far, or the first part of it. */
void audit_take(struct audit *audit);

/* audit_settle() - the same when all processes are dead: the kernel may be still writing. */
void audit_settle(struct audit *audit);

/* audit_hear() - one record: what it tells of the sandbox is added to audit->denials. */
void audit_hear(struct audit *audit, const struct audit_record *record);

/* audit_parse() - one record of @type (linux/audit.h), @length bytes. */
void audit_parse(uint16_t type, const char *bytes, size_t length, struct audit_record *record);

#endif
