/* lookup.c - finding a profile by its name or path (see lookup.h) */
#include "launcher/eval/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/eval/embed.h"
#include "launcher/eval/host.h"
#include "policy/tables.h"

enum { NAME_MAX_BYTES = 64 };

void profile_finish(struct profile *profile)
{
	buf_finish(&profile->file);
	profile->text = NULL;
}

bool lookup_shipped(const char *name, struct profile *profile)
{
	const char *text = embed_profile(name, &profile->length);

	if (!text)
		return false;
	profile->text = text;
	profile->shipped = true;
	snprintf(profile->name, sizeof(profile->name), "profiles/%s.lua", name);
	return true;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= NAME_MAX_BYTES && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       length;
}

static int check_file(int fd, const char *path, struct err *err)
{
	struct stat st;
	long ret = sys_fstat(fd, &st);

	if (ret < 0)
		return err_set(err, STAGE_PROFILE, (int)ret, NULL, "%s", path);
	if (!S_ISREG(st.st_mode)) {
		err_set(err, STAGE_PROFILE, EINVAL, NULL, "%s", path);
		return err_reason(err, "is no regular file");
	}
	if (sys_geteuid() == 0 && (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))) {
		err_set(err, STAGE_PROFILE, EPERM,
			"chown it to root and take away the others' write permission", "%s", path);
		return err_reason(err, "root reads only what root owns and nobody else may write");
	}
	return 0;
}

static int read_file(const char *path, struct profile *profile, struct err *err)
{
	cleanup_fd int fd =
		(int)sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return err_set(err, STAGE_PROFILE, fd, NULL, "%s", path);
	ret = check_file(fd, path, err);
	if (ret < 0)
		return ret;
	ret = buf_read_fd(&profile->file, fd, PROFILE_MAX_BYTES);
	if (ret == -EFBIG) {
		err_set(err, STAGE_PROFILE, EFBIG, NULL, "%s", path);
		return err_reason(err, "is longer than %d bytes", PROFILE_MAX_BYTES);
	}
	if (ret < 0)
		return err_set(err, STAGE_PROFILE, ret, NULL, "%s", path);
	profile->text = profile->file.data;
	profile->length = profile->file.length;
	snprintf(profile->name, sizeof(profile->name), "%s", path);
	return 0;
}

/* The shipped name nearest to @name, or NULL. */
static const char *nearest(const char *name)
{
	const char *best = NULL;
	unsigned int least = (unsigned int)(strlen(name) / 3 + 2);

	for (size_t i = 0; embed_profile_name(i); i++) {
		unsigned int distance = tables_distance(name, embed_profile_name(i), least);

		if (distance < least) {
			least = distance;
			best = embed_profile_name(i);
		}
	}
	return best;
}

/* Tries @directory@middle/NAME.lua; -ENOENT where that is not there. */
static int try_directory(const char *directory, const char *middle, const char *name,
			 struct profile *profile, struct err *err)
{
	char path[PATH_MAX];
	int length;

	if (!directory || directory[0] != '/')
		return -ENOENT;
	length = snprintf(path, sizeof(path), "%s%s/lunette/%s.lua", directory, middle, name);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENOENT;
	return read_file(path, profile, err);
}

int lookup_profile(const char *name, char *const *environment, struct profile *profile,
		   struct err *err)
{
	const char *config = host_env(environment, "XDG_CONFIG_HOME");
	const char *near;
	int ret;

	*profile = (struct profile){ 0 };
	if (name[0] == '/')
		return read_file(name, profile, err);
	if (!is_name(name)) {
		err_set(err, STAGE_PROFILE, EINVAL, "`lunette profiles` lists the shipped ones",
			"\"%s\"", name);
		return err_reason(err, "is neither a path nor a profile's name");
	}
	if (lookup_shipped(name, profile))
		return 0;
	if (config && *config)
		ret = try_directory(config, "", name, profile, err);
	else
		ret = try_directory(host_env(environment, "HOME"), "/.config", name, profile, err);
	if (ret == -ENOENT)
		ret = try_directory("/etc", "", name, profile, err);
	near = nearest(name);
	/* A HOME that is another's, as behind su: what is there cannot be known, so nothing else is
	 * taken. */
	if (ret == -EACCES && near)
		err_hint(err,
			 "did you mean \"%s\"? Others are looked for in $XDG_CONFIG_HOME, or "
			 "$HOME/.config, first: give the one that is yours",
			 near);
	else if (ret == -EACCES)
		err_hint(err, "profiles are looked for in $XDG_CONFIG_HOME, or $HOME/.config, "
			      "first: give the one that is yours");
	if (ret != -ENOENT)
		return ret;
	err_set(err, STAGE_PROFILE, ENOENT,
		"`lunette profiles` lists the shipped ones; a file's path holds a slash: ./NAME",
		"%s", name);
	if (near)
		err_hint(err, "did you mean \"%s\"?", near);
	return err_reason(err, "no such profile");
}
