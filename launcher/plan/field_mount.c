/* field_mount.c - `mount` lines: KIND TARGET [ATTRIBUTE...]
 *
 * The attributes stand in the order of the table below, each at most once. Which of them a kind
 * needs or refuses is checked here; whether the paths exist is the stages' business.
 */
#include "launcher/plan/field.h"

#include <limits.h>
#include <string.h>

static const char *const kind_names[] = {
	[MOUNT_BIND] = "bind",       [MOUNT_TMPFS] = "tmpfs",     [MOUNT_PROC] = "proc",
	[MOUNT_DEV] = "dev",         [MOUNT_SYSFS] = "sysfs",     [MOUNT_MQUEUE] = "mqueue",
	[MOUNT_OVERLAY] = "overlay", [MOUNT_SYMLINK] = "symlink", [MOUNT_FILE] = "file",
	[MOUNT_DIR] = "dir",         [MOUNT_MASK] = "mask",
};

enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

static const char *const symlink_names[] = {
	[SYMLINK_REFUSE] = "refuse",
	[SYMLINK_RESOLVE] = "resolve",
	[SYMLINK_REPLACE] = "replace",
};

static bool set_source(struct plan_mount *mount, const char *value)
{
	mount->source = value;
	if (mount->kind == MOUNT_SYMLINK)
		return value[0] && strlen(value) < PATH_MAX;
	return token_host_path(value);
}

static bool set_upper(struct plan_mount *mount, const char *value)
{
	mount->upper = value;
	return token_host_path(value);
}

static bool set_work(struct plan_mount *mount, const char *value)
{
	mount->work = value;
	return token_host_path(value);
}

static bool set_text(struct plan_mount *mount, const char *value)
{
	mount->text = value;
	mount->text_length = strlen(value);
	return true;
}

static bool set_mode(struct plan_mount *mount, const char *value)
{
	mount->has_mode = true;
	return token_octal(value, 07777, &mount->mode);
}

static bool set_size(struct plan_mount *mount, const char *value)
{
	return token_number(value, INT64_MAX, &mount->size) && mount->size > 0;
}

static bool set_inodes(struct plan_mount *mount, const char *value)
{
	return token_number(value, INT64_MAX, &mount->inodes) && mount->inodes > 0;
}

static bool set_on_symlink(struct plan_mount *mount, const char *value)
{
	if (strcmp(value, "resolve") == 0)
		mount->on_symlink = SYMLINK_RESOLVE;
	else if (strcmp(value, "replace") == 0)
		mount->on_symlink = SYMLINK_REPLACE;
	return mount->on_symlink != SYMLINK_REFUSE;
}

static bool set_read_only(struct plan_mount *mount, const char *value)
{
	mount->read_only = true;
	return !*value;
}

static bool set_optional(struct plan_mount *mount, const char *value)
{
	mount->optional = true;
	return !*value;
}

static bool set_noexec(struct plan_mount *mount, const char *value)
{
	mount->noexec = true;
	return !*value;
}

/* A name that ends in `=` has a value behind it. */
#define NAME(text) (text), sizeof(text) - 1
static const struct attribute {
	const char *name;
	size_t length;
	bool (*set)(struct plan_mount *mount, const char *value);
} attributes[] = {
	{ NAME("source="), set_source },      { NAME("upper="), set_upper },
	{ NAME("work="), set_work },          { NAME("text="), set_text },
	{ NAME("mode="), set_mode },          { NAME("size="), set_size },
	{ NAME("inodes="), set_inodes },      { NAME("on_symlink="), set_on_symlink },
	{ NAME("read-only"), set_read_only }, { NAME("optional"), set_optional },
	{ NAME("noexec"), set_noexec },
};
#undef NAME

enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

static int read_attributes(struct plan_reader *reader, struct plan_mount *mount)
{
	size_t next = 0;

	for (size_t i = 2; i < reader->token_count; i++) {
		const char *token = reader->tokens[i];
		size_t length = 0;

		for (; next < ATTRIBUTES; next++) {
			length = attributes[next].length;
			if (token[0] == attributes[next].name[0] &&
			    strncmp(token, attributes[next].name, length) == 0)
				break;
		}
		if (next == ATTRIBUTES)
			return reader_wrong(reader, "%s: %s is unknown or out of order",
					    mount->target, token);
		if (!attributes[next++].set(mount, token + length))
			return reader_wrong(reader, "%s: %s is not a value it may have",
					    mount->target, token);
	}
	return 0;
}

/* What a kind needs and what it has no use for. */
static const char *misfit(const struct plan_mount *mount)
{
	bool sourced = mount->kind == MOUNT_BIND || mount->kind == MOUNT_OVERLAY ||
		       mount->kind == MOUNT_SYMLINK;
	bool sized = mount->kind == MOUNT_TMPFS || mount->kind == MOUNT_OVERLAY;

	if (sourced != (mount->source != NULL))
		return sourced ? "a source is missing" : "a source has no meaning here";
	if ((mount->kind == MOUNT_FILE) != (mount->text != NULL))
		return mount->text ? "a text has no meaning here" : "a text is missing";
	if (!mount->upper != !mount->work)
		return "upper and work stand together";
	if (mount->upper && mount->kind != MOUNT_OVERLAY)
		return "an upper directory has no meaning here";
	if ((mount->size || mount->inodes) && !sized)
		return "a size has no meaning here";
	return NULL;
}

int decode_mount(struct plan_reader *reader)
{
	struct plan_mount *mount =
		reader_element(reader, &reader->plan->mounts, sizeof(*mount), PLAN_MAX_MOUNTS);
	unsigned int kind = 0;
	const char *complaint;
	int ret;

	if (!mount)
		return -reader->err->number;
	while (kind < KINDS && strcmp(kind_names[kind], reader->tokens[0]) != 0)
		kind++;
	if (kind == KINDS)
		return reader_wrong(reader, "%s is no kind of mount", reader->tokens[0]);
	mount->kind = (enum plan_mount_kind)kind;
	mount->target = reader->tokens[1];
	mount->origin = "";
	if (!token_path(mount->target))
		return reader_wrong(reader, "%s is not an absolute path in normal form",
				    mount->target);
	ret = read_attributes(reader, mount);
	if (ret < 0)
		return ret;
	complaint = misfit(mount);
	if (complaint)
		return reader_wrong(reader, "%s %s: %s", kind_names[kind], mount->target,
				    complaint);
	reader->plan->mount_count = reader->at + 1;
	return 0;
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_text(out, name);
	token_text(out, value);
}

static void encode_one(const struct plan_mount *mount, struct buf *out)
{
	token_text(out, mount->target);
	attribute(out, " source=", mount->source);
	attribute(out, " upper=", mount->upper);
	attribute(out, " work=", mount->work);
	attribute(out, " text=", mount->text);
	if (mount->has_mode)
		buf_format(out, " mode=%04o", mount->mode);
	if (mount->size)
		buf_format(out, " size=%llu", (unsigned long long)mount->size);
	if (mount->inodes)
		buf_format(out, " inodes=%llu", (unsigned long long)mount->inodes);
	if (mount->on_symlink != SYMLINK_REFUSE)
		attribute(out, " on_symlink=", symlink_names[mount->on_symlink]);
	if (mount->read_only)
		buf_text(out, " read-only");
	if (mount->optional)
		buf_text(out, " optional");
	if (mount->noexec)
		buf_text(out, " noexec");
	buf_text(out, "\n");
}

void encode_mount(const struct plan *plan, const struct plan_key *key, struct buf *out)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		buf_format(out, "%s %s ", key->name, kind_names[plan->mounts[i].kind]);
		encode_one(&plan->mounts[i], out);
	}
}

size_t plan_writable(const struct plan *plan, bool inside, struct path_tree *trees)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		const char *tree = mount->upper;

		if (mount->kind == MOUNT_BIND && !mount->read_only)
			tree = mount->source;
		if (tree)
			trees[count++].path = inside ? mount->target : tree;
	}
	return count;
}
