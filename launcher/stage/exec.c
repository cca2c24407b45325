/* exec.c - the last stage: which file, with which arguments, environment and descriptors */
#include "launcher/stage/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/handover.h"

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

static const char *lookup(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment;
	return NULL;
}

static bool is_set(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->env_set_count; i++)
		if (strcmp(plan->env_set[i].name, name) == 0)
			return true;
	return false;
}

static char *join(const struct plan_env *env)
{
	size_t name = strlen(env->name);
	size_t value = strlen(env->value);
	char *entry = malloc(name + value + 2);

	if (!entry)
		return NULL;
	memcpy(entry, env->name, name);
	entry[name] = '=';
	memcpy(entry + name + 1, env->value, value + 1);
	return entry;
}

/* What the caller passes has come through an exec, so it is not close-on-exec; all of ours is. */
static int check_fds(const struct plan_process *process, struct err *err)
{
	for (size_t i = 0; i < process->fd_count; i++) {
		long flags = sys_fcntl(process->fds[i], F_GETFD, 0);

		if (flags < 0 || (flags & FD_CLOEXEC)) {
			(void)err_set(err, STAGE_EXEC, EBADF, "process.fds names it", "fd %d",
				      process->fds[i]);
			return err_reason(err, "the caller has not opened it");
		}
	}
	return 0;
}

int exec_prepare(struct setup *setup, struct err *err)
{
	const struct plan *plan = setup->plan;
	size_t count = 0;
	int r = check_fds(&plan->process, err);

	if (r < 0)
		return r;
	setup->argv = calloc(plan->argv.count + 1, sizeof(char *));
	setup->envp = calloc(plan->env_keep.count + plan->env_set_count + 1, sizeof(char *));
	if (!setup->argv || !setup->envp)
		return err_set(err, STAGE_EXEC, ENOMEM, NULL, "arguments");
	if (!plan->argv.count)
		return err_set(err, STAGE_USAGE, EINVAL, "name a command to run", "no command");
	for (size_t i = 0; i < plan->argv.count; i++)
		setup->argv[i] = (char *)(uintptr_t)plan->argv.items[i];
	if (plan->process.arg0)
		setup->argv[0] = (char *)(uintptr_t)plan->process.arg0;
	for (size_t i = 0; i < plan->env_keep.count; i++) {
		const char *entry = lookup(setup->environment, plan->env_keep.items[i]);

		if (entry && !is_set(plan, plan->env_keep.items[i]))
			setup->envp[count++] = (char *)(uintptr_t)entry;
	}
	for (size_t i = 0; i < plan->env_set_count; i++) {
		setup->envp[count] = join(&plan->env_set[i]);
		if (!setup->envp[count++])
			return err_set(err, STAGE_EXEC, ENOMEM, NULL, "environment");
	}
	return 0;
}

int exec_enter_directory(const struct setup *setup, struct err *err)
{
	const char *cwd = setup->plan->cwd ? setup->plan->cwd : "/";
	cleanup_fd int fd = path_host(cwd, O_PATH | O_DIRECTORY);
	long r = fd < 0 ? fd : sys_fchdir(fd);

	if (r < 0)
		return err_set(err, STAGE_EXEC, (int)r,
			       r == -ENOENT ? "cwd is a path inside the sandbox" : NULL, "cwd %s",
			       cwd);
	return 0;
}

enum found { FOUND_NOTHING, FOUND_UNFIT, FOUND_FILE };

static enum found look(const char *path)
{
	struct stat st;
	/* May fail: the next directory of PATH is looked at. */
	long r = sys_newfstatat(AT_FDCWD, path, &st, 0);

	if (r == -ENOENT || r == -ENOTDIR)
		return FOUND_NOTHING;
	if (r < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return FOUND_UNFIT;
	return FOUND_FILE;
}

static const char *not_found(const char *name, struct err *err)
{
	(void)err_set(err, STAGE_EXEC, ENOENT, "paths and PATH are the sandbox's", "%s", name);
	err->status = 127;
	(void)err_reason(err, "command not found");
	return NULL;
}

static const char *unfit(const char *path, struct err *err)
{
	struct stat st = { 0 };
	long r = sys_newfstatat(AT_FDCWD, path, &st, 0);

	(void)err_set(err, STAGE_EXEC, r < 0 ? (int)r : EACCES, NULL, "%s", path);
	err->status = 126;
	if (r == 0 && !S_ISREG(st.st_mode)) {
		(void)err_hint(err, "name a program");
		(void)err_reason(err, S_ISDIR(st.st_mode) ? "it is a directory"
							  : "it is not a regular file");
	} else if (r == 0) {
		(void)err_hint(err, "chmod +x, or run its interpreter on it");
		(void)err_reason(err, "it has no execute bit");
	}
	return NULL;
}

static const char *search(const char *name, const char *directories, char path[4096],
			  struct err *err)
{
	bool seen = false;
	char first[4096] = "";

	for (;;) {
		size_t length = strcspn(directories, ":");

		if (length + strlen(name) + 2 <= 4096) {
			snprintf(path, 4096, "%.*s%s%s", (int)length, directories,
				 length ? "/" : "", name);
			switch (look(path)) {
			case FOUND_FILE:
				return path;
			case FOUND_UNFIT:
				if (!seen)
					memcpy(first, path, sizeof(first));
				seen = true;
				break;
			default:
				break;
			}
		}
		if (!directories[length])
			break;
		directories += length + 1;
	}
	return seen ? unfit(first, err) : not_found(name, err);
}

const char *exec_find(const struct setup *setup, char path[4096], struct err *err)
{
	const char *name = setup->plan->argv.items[0];
	const char *entry;

	if (!name[0])
		return not_found("\"\"", err);
	if (strchr(name, '/')) {
		switch (look(name)) {
		case FOUND_FILE:
			return name;
		case FOUND_UNFIT:
			return unfit(name, err);
		default:
			return not_found(name, err);
		}
	}
	entry = lookup(setup->envp, "PATH");
	return search(name, entry ? entry + sizeof("PATH=") - 1 : default_path, path, err);
}

int exec_close(const struct setup *setup, struct err *err)
{
	const struct plan_process *process = &setup->plan->process;
	/* What pid 1 is to hand over it shares with us until exec. */
	unsigned int flags = handover_wanted(setup) ? RAW_CLOSE_RANGE_CLOEXEC : 0;
	unsigned int from = 3;
	long r = 0;

	for (size_t i = 0; i < process->fd_count && r >= 0; i++) {
		unsigned int fd = (unsigned int)process->fds[i];

		r = sys_fcntl((int)fd, F_SETFD, 0);
		if (r < 0)
			return err_set(err, STAGE_EXEC, (int)r, "process.fds names it", "fd %u",
				       fd);
		if (fd > from)
			r = sys_close_range(from, fd - 1, flags);
		from = fd + 1;
	}
	if (r >= 0)
		r = sys_close_range(from, ~0u, flags);
	return r < 0 ? err_set(err, STAGE_EXEC, (int)r, "Linux 5.11 or newer is needed",
			       "close_range")
		     : 0;
}

/* The interpreter that the first bytes of @path name, cut to @size; false: none. */
static bool interpreter(const char *path, char *name, size_t size)
{
	cleanup_fd int fd = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	char head[1024];
	long got = fd < 0 ? fd : sys_read(fd, head, sizeof(head) - 1);
	const char *at;

	if (got < 4)
		return false;
	head[got] = '\0';
	if (head[0] == '#' && head[1] == '!') {
		at = head + 2 + strspn(head + 2, " \t");
		snprintf(name, size, "%.*s", (int)strcspn(at, " \t\n"), at);
		return name[0] != '\0';
	}
	/* A dynamic program's PT_INTERP stands near its start: the first string that looks like
	 * one. */
	for (at = head; memcmp(head, "\177ELF", 4) == 0 && at < head + got; at += strlen(at) + 1)
		if (at[0] == '/' && strlen(at) > 4) {
			snprintf(name, size, "%s", at);
			return true;
		}
	return false;
}

void exec_failed(const char *path, long error, struct err *err)
{
	char name[256];

	(void)err_set(err, STAGE_EXEC, error == -ENOENT ? ENOEXEC : (int)error, NULL, "%s", path);
	err->status = 126;
	if (error == -ENOENT && interpreter(path, name, sizeof(name))) {
		(void)err_reason(err, "its interpreter %s is not in the sandbox", name);
		(void)err_hint(err, "mount it, and the libraries that it loads");
	} else if (error == -ENOENT) {
		(void)err_reason(err, "its interpreter is not in the sandbox");
	} else if (error == -ENOEXEC) {
		(void)err_reason(err, "the kernel does not know this format");
		(void)err_hint(err, "a script starts with #! and its interpreter");
	} else if (error == -EACCES) {
		(void)err_hint(err, "its permissions, a noexec mount or Landlock forbid it");
	}
}
