/* cgroup_limits.c - a plan's limits as the files of a cgroup (see cgroup_limits.h)
 *
 * Nothing is read on the way: a file that is not there says that the parent does not hand its
 * controller on, and only then that is tried.
 */
#include "launcher/stage/cgroup_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "launcher/base/cgroup.h"

static const char *const keys[] = {
	[LIMIT_MEMORY] = "limits.memory",
	[LIMIT_SWAP] = "limits.swap",
	[LIMIT_MEMORY_HIGH] = "limits.memory_high",
	[LIMIT_PIDS] = "limits.pids",
	[LIMIT_CPUS] = "limits.cpus",
	[LIMIT_CPU_WEIGHT] = "limits.cpu_weight",
	[LIMIT_CPUSET] = "limits.cpuset",
	[LIMIT_IO] = "limits.io",
	[LIMIT_IO_WEIGHT] = "limits.io_weight",
	[LIMIT_HUGETLB] = "limits.hugetlb",
};

enum strictness {
	REQUIRED,
	PREFERRED,
	SILENT, /* nobody asked for it by name, or something else can hold it as well */
};

struct work {
	struct setup *setup;
	const struct err *why; /* there is no leaf */
	struct err *err;
	int result; /* 0, or the first failure */
};

static enum strictness strictness(bool prefer)
{
	return prefer ? PREFERRED : REQUIRED;
}

bool cgroup_limits_wanted(const struct plan_limits *limits)
{
	return limits->memory.set || limits->memory_high.set || limits->swap.set ||
	       limits->pids.set || limits->cpus.set || limits->cpu_weight.set ||
	       limits->io_weight.set || limits->cpuset.cpus || limits->io_count ||
	       limits->huge_count;
}

/* What was wrong is in @why; what comes of it depends on how much the limit is wanted. */
static void refuse(struct work *work, enum outcome_limit limit, enum strictness wanted,
		   const struct err *why)
{
	const char *reason = why->reason[0] ? why->reason : strerror(why->number);
	char object[sizeof(why->object)];

	if (wanted == PREFERRED)
		outcome_skip(&work->setup->shared->enforced, keys[limit], reason);
	if (wanted != REQUIRED)
		return;
	snprintf(object, sizeof(object), "%s: %.900s", keys[limit], why->object);
	*work->err = *why;
	memcpy(work->err->object, object, sizeof(object));
	work->result = why->number ? -why->number : -EINVAL;
}

/* The errors of turning a controller on for the parent's children, told from each other. */
static int no_controller(const struct cgroup *cgroup, const char *controller, int number,
			 struct err *err)
{
	static const char other[] = "or name another cgroup with --cgroup-parent";

	(void)err_set(err, STAGE_CGROUP, number, NULL, "%s", cgroup->parent_path);
	if (number == -EBUSY) {
		(void)err_hint(err, "move them to a cgroup below it, %s", other);
		return err_reason(err,
				  "processes live there, so it can't hand on the controller %s",
				  controller);
	}
	if (number == -ENOENT) {
		(void)err_hint(err,
			       "write +%s to cgroup.subtree_control of each cgroup above it, "
			       "in a unit of systemd's: Delegate=yes",
			       controller);
		return err_reason(err, "it does not have the controller %s", controller);
	}
	(void)err_hint(err, "delegate it (systemd: Delegate=yes), %s", other);
	return err_reason(err, "it does not hand on the controller %s, and may not be told to: %s",
			  controller, strerror(-number));
}

static int hand_on(const struct cgroup *cgroup, const char *file, struct err *err)
{
	char text[32] = "+";
	size_t length = strcspn(file, ".");
	int r;

	memcpy(text + 1, file, length < sizeof(text) - 2 ? length : sizeof(text) - 2);
	r = cgroup_write(cgroup->parent, "cgroup.subtree_control", text);
	return r < 0 ? no_controller(cgroup, text + 1, r, err) : 0;
}

static int write_file(const struct cgroup *cgroup, const char *file, const char *text,
		      struct err *err)
{
	int r = cgroup_write(cgroup->leaf, file, text);
	int handed;

	if (r == -ENOENT) {
		handed = hand_on(cgroup, file, err);
		if (handed < 0)
			return handed;
		r = cgroup_write(cgroup->leaf, file, text);
	}
	if (r == 0)
		return 0;
	(void)err_set(err, STAGE_CGROUP, r,
		      r == -ENODEV ? "name a whole disk, not a part of it" : NULL, "%s = %s", file,
		      text);
	if (r == -ERANGE || r == -EINVAL)
		return err_reason(err, "this kernel takes no such value");
	return r == -ENOENT ? err_reason(err, "this kernel has no %s", file) : r;
}

static void put(struct work *work, enum outcome_limit limit, enum strictness wanted,
		const char *file, const char *text)
{
	struct err err;

	if (work->result < 0)
		return;
	if (work->why)
		refuse(work, limit, wanted, work->why);
	else if (write_file(&work->setup->cgroup, file, text, &err) < 0)
		refuse(work, limit, wanted, &err);
	else
		work->setup->cgroup.limits |= 1u << limit;
	work->setup->shared->in_cgroup = work->setup->cgroup.limits;
}

static void put_number(struct work *work, enum outcome_limit which, const char *file,
		       const struct plan_limit *limit)
{
	char text[32];

	if (!limit->set)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit->value);
	put(work, which, strictness(limit->prefer), file, text);
}

/* Where memory is limited and swap is not spoken of there is none: pages that are swapped out would
 * not count. And the whole sandbox ends when memory does, not the process that the kernel picks. */
static void put_memory(struct work *work, const struct plan_limits *limits)
{
	put_number(work, LIMIT_MEMORY, "memory.max", &limits->memory);
	put_number(work, LIMIT_MEMORY_HIGH, "memory.high", &limits->memory_high);
	put_number(work, LIMIT_SWAP, "memory.swap.max", &limits->swap);
	if (limits->memory.set && !limits->swap.set)
		put(work, LIMIT_SWAP, SILENT, "memory.swap.max", "0");
	if (limits->memory.set)
		put(work, LIMIT_MEMORY, SILENT, "memory.oom.group", "1");
}

static void set_bits(const char *list, uint8_t bits[1024])
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10);
		unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

		for (; first <= last && first < 8192; first++)
			bits[first / 8] |= (uint8_t)(1u << first % 8);
		list = *end == ',' ? end + 1 : end;
	}
}

bool cgroup_cpus_within(const char *inner, const char *outer)
{
	uint8_t in[1024] = { 0 }, out[1024] = { 0 };

	set_bits(inner, in);
	set_bits(outer, out);
	for (size_t i = 0; i < sizeof(in); i++)
		if (in[i] & ~out[i])
			return false;
	return true;
}

/* The kernel takes CPUs that the parent has not, and gives all of the parent's in place of none. */
static int check_cpus(const struct cgroup *cgroup, const char *wanted, struct err *err)
{
	static const char file[] = "cpuset.cpus.effective";
	char text[1024];
	long got = cgroup_read(cgroup->leaf, file, text, sizeof(text));

	if (got < 0)
		return err_set(err, STAGE_CGROUP, (int)got, NULL, "%s", file);
	if (cgroup_cpus_within(text, wanted))
		return 0;
	(void)err_set(err, STAGE_CGROUP, ENODEV, "name CPUs that are there", "%s", wanted);
	return err_reason(err, "%s has none of these CPUs", cgroup->parent_path);
}

static void put_cpuset(struct work *work, const struct plan_cpuset *cpuset)
{
	struct cgroup *cgroup = &work->setup->cgroup;
	struct err err;

	put(work, LIMIT_CPUSET, strictness(cpuset->prefer), "cpuset.cpus", cpuset->cpus);
	if (!(cgroup->limits & 1u << LIMIT_CPUSET) || check_cpus(cgroup, cpuset->cpus, &err) == 0)
		return;
	cgroup->limits &= ~(1u << LIMIT_CPUSET);
	refuse(work, LIMIT_CPUSET, strictness(cpuset->prefer), &err);
}

static void put_cpu(struct work *work, const struct plan_limits *limits)
{
	char text[48];

	if (limits->cpus.set) {
		snprintf(text, sizeof(text), "%llu 100000", (unsigned long long)limits->cpus.value);
		put(work, LIMIT_CPUS, strictness(limits->cpus.prefer), "cpu.max", text);
	}
	put_number(work, LIMIT_CPU_WEIGHT, "cpu.weight", &limits->cpu_weight);
	if (limits->cpuset.cpus)
		put_cpuset(work, &limits->cpuset);
}

static void put_huge(struct work *work, const struct plan_huge *huge)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };
	uint64_t size = huge->page >> 10;
	size_t unit = 0;
	char file[48], text[32];

	for (; size >= 1024 && unit < 3; unit++)
		size >>= 10;
	snprintf(file, sizeof(file), "hugetlb.%llu%s.max", (unsigned long long)size, units[unit]);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)huge->bytes);
	put(work, LIMIT_HUGETLB, strictness(huge->prefer), file, text);
}

static void put_io(struct work *work, const struct plan_io *io)
{
	static const char *const names[] = { "rbps", "wbps", "riops", "wiops" };
	struct err err;
	struct stat st;
	char text[128];
	int used;
	long r = sys_newfstatat(AT_FDCWD, io->device, &st, 0);

	if (r == 0 && !S_ISBLK(st.st_mode))
		r = -ENOTBLK;
	if (r < 0) {
		(void)err_set(&err, STAGE_CGROUP, (int)r, "name the node of a whole disk", "%s",
			      io->device);
		refuse(work, LIMIT_IO, strictness(io->prefer), &err);
		return;
	}
	used = snprintf(text, sizeof(text), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	for (size_t kind = 0; kind < IO_KINDS; kind++)
		if (io->most[kind])
			used += snprintf(text + used, sizeof(text) - (size_t)used, " %s=%llu",
					 names[kind], (unsigned long long)io->most[kind]);
	put(work, LIMIT_IO, strictness(io->prefer), "io.max", text);
}

int cgroup_limits_write(struct setup *setup, const struct err *why, struct err *err)
{
	const struct plan_limits *limits = &setup->plan->limits;
	struct work work = { .setup = setup, .why = why, .err = err };

	put_memory(&work, limits);
	if (limits->pids.set) {
		char text[32];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)limits->pids.value);
		put(&work, LIMIT_PIDS, SILENT, "pids.max", text); /* else RLIMIT_NPROC */
	}
	put_cpu(&work, limits);
	put_number(&work, LIMIT_IO_WEIGHT, "io.weight", &limits->io_weight);
	for (size_t i = 0; i < limits->io_count && work.result >= 0; i++)
		put_io(&work, &limits->io[i]);
	for (size_t i = 0; i < limits->huge_count; i++)
		put_huge(&work, &limits->huge[i]);
	return work.result;
}
