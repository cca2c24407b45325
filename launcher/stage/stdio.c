/* stdio.c - the program's standard files (see stdio.h)
 *
 * Measured (Linux 6.18): with every mount read-only, /proc/self/fd/0 of a file that was opened
 * O_RDONLY on the host can still be opened O_RDWR, and fchmod works on the descriptor itself. On a
 * read-only detached mount both are EROFS. A terminal can be written to there as before.
 */
#include "launcher/stage/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base/path.h"
#include "launcher/stage/mounts.h"
#include "launcher/stage/terminal.h"
#include "launcher/stage/transfer.h"

#define PIPEFS_MAGIC 0x50495045

static const char *const names[] = { "standard input", "standard output", "standard error" };

static int failed(struct err *err, long error, int stream, const char *hint)
{
	return err_set(err, STAGE_EXEC, (int)error, hint, "%s", names[stream]);
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return sys_fstat(a, &x) == 0 && sys_fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* On a read-only mount, a descriptor of what @fd has open, found again at @path: a file for
 * reading, a terminal as it was. -errno where it is not that file any more, or out of reach. */
static int open_again(const char *path, int fd)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NOEXEC,
				   .propagation = RAW_MS_PRIVATE };
	bool terminal = terminal_is(fd);
	long flags = terminal ? sys_fcntl(fd, F_GETFL, 0) : O_RDONLY;
	cleanup_fd int at = path_host(path, O_PATH | O_NOFOLLOW);
	cleanup_fd int tree = -1;
	cleanup_fd int own = -1;
	char self[32];
	long r;

	if (at < 0 || flags < 0)
		return at < 0 ? at : (int)flags;
	if (!same_file(at, fd))
		return -ESTALE;
	if (!terminal)
		attr.attr_set |= MOUNT_ATTR_NODEV;
	tree = (int)sys_open_tree(at, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RAW_AT_EMPTY_PATH);
	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, "", RAW_AT_EMPTY_PATH, &attr, sizeof(attr));
	if (r < 0)
		return (int)r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", tree);
	flags &= O_ACCMODE | O_NONBLOCK | O_APPEND;
	own = (int)sys_openat(AT_FDCWD, self, (int)flags | O_NOCTTY | O_CLOEXEC, 0);
	if (own < 0 || terminal)
		return own < 0 ? own : take_fd(&own);
	r = sys_lseek(fd, 0, SEEK_CUR);
	if (r > 0)
		r = sys_lseek(own, r, SEEK_SET);
	return r < 0 ? (int)r : take_fd(&own);
}

/* The path of the file that @fd has open, where it can be found and opened by it for @access;
 * malloc'ed, or NULL. */
static char *find_path(int fd, long access)
{
	char found[4096];
	char self[32];
	cleanup_fd int at = -1;
	char *path;
	long length;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	length = sys_readlinkat(AT_FDCWD, self, found, sizeof(found) - 1);
	if (length <= 0 || found[0] != '/')
		return NULL;
	found[length] = '\0';
	if (access < 0)
		return NULL;
	at = path_host(found, (int)access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	path = at >= 0 && same_file(at, fd) ? malloc((size_t)length + 1) : NULL;
	if (path)
		memcpy(path, found, (size_t)length + 1);
	return path;
}

/* O_RDONLY, O_WRONLY or O_RDWR, or -errno. */
static long access_of(int fd)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);

	return flags < 0 ? flags : flags & O_ACCMODE;
}

static bool is_named_pipe(int fd, const struct stat *st)
{
	struct statfs fs;

	/* May fail: then it counts as one that has a name, and is relayed. */
	return S_ISFIFO(st->st_mode) && (sys_fstatfs(fd, &fs) < 0 || fs.f_type != PIPEFS_MAGIC);
}

static int relay(struct setup *setup, int stream, struct stdio_relay *pump, int *end,
		 struct err *err)
{
	int fds[2];
	long r = sys_pipe2(fds, O_CLOEXEC);
	int ours = stream == 0;

	if (r < 0)
		return failed(err, r, stream, NULL);
	r = sys_fcntl(fds[ours], F_SETFL, O_NONBLOCK | (ours ? O_WRONLY : 0));
	if (r < 0) {
		fd_close(&fds[0]);
		fd_close(&fds[1]);
		return failed(err, r, stream, NULL);
	}
	pump->from = ours ? setup->streams[stream].fd : fds[0];
	pump->to = ours ? fds[1] : setup->streams[stream].fd;
	setup->streams[stream].fd = *end = fds[!ours];
	return 0;
}

/* Opens @path as the caller, its last component too without following a link; no waiting for the
 * other end of a FIFO, then or later, and nothing is cut before it is known to be a regular
 * file. */
static int open_path(const struct setup *setup, int stream, const char *path)
{
	int flags = stream == 0 ? O_RDONLY : O_WRONLY | O_CREAT;
	const char *name = strrchr(path, '/') + 1;
	char directory[4096];
	cleanup_fd int above = -1;
	cleanup_fd int fd = -1;
	struct stat st;
	long r;

	snprintf(directory, sizeof(directory), "%.*s", (int)(name - path), path);
	above = source_path(setup, directory);
	if (above < 0)
		return above;
	fd = (int)sys_openat(above, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			     0666);
	r = fd < 0 ? fd : sys_fstat(fd, &st);
	if (r == 0 && stream != 0 && S_ISREG(st.st_mode))
		r = sys_ftruncate(fd, 0);
	/* A FIFO is relayed, and the relay must not wait: not even where the program has taken the
	 * right to open it away by then. */
	if (r == 0 && !S_ISFIFO(st.st_mode))
		r = sys_fcntl(fd, F_SETFL, flags & O_ACCMODE);
	return r < 0 ? (int)r : take_fd(&fd);
}

/* Opens what the plan names for @stream. */
static int open_named(struct setup *setup, int stream, struct err *err)
{
	const char *path = setup->plan->process.streams[stream].path;
	bool null = setup->plan->process.streams[stream].kind == STREAM_NULL;
	int fd = null ? (int)sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0)
		      : open_path(setup, stream, path);

	if (fd < 0)
		return err_set(err, STAGE_EXEC, fd,
			       fd == -ELOOP ? "no symlink is followed there" : NULL, "%s %s",
			       names[stream], null ? "/dev/null" : path);
	setup->streams[stream].fd = fd;
	return 0;
}

/* Standard error that goes where standard output goes shares its pipe, which keeps their order. */
static bool shares_output(struct setup *setup, const struct stdio_relay relays[STDIO_RELAYS])
{
	/* May fail: each has a pipe of its own then. */
	if (relays[1].to < 0 || !same_file(relays[1].to, setup->streams[2].fd))
		return false;
	setup->streams[2].fd = setup->streams[1].fd;
	return true;
}

static bool becomes_terminal(const struct setup *setup, int stream)
{
	enum plan_terminal wanted = setup->plan->process.terminal;

	return wanted == TERMINAL_NEW || (wanted == TERMINAL_AUTO && terminal_is(stream));
}

/* Only what passes through a relay can be counted, and so be limited. A terminal or a socket can be
 * written to as standard input, too. */
static bool counted(const struct setup *setup, int stream, const struct stat *st)
{
	int fd = setup->streams[stream].fd;

	return setup->plan->limits.output.set &&
	       (stream != 0 || S_ISSOCK(st->st_mode) || terminal_is(fd));
}

static int prepare(struct setup *setup, int stream, struct stdio_relay relays[STDIO_RELAYS],
		   int ends[STDIO_RELAYS], struct err *err)
{
	struct stdio_stream *to = &setup->streams[stream];
	enum plan_stream kind = setup->plan->process.streams[stream].kind;
	struct stat st;
	long r = 0;

	to->fd = kind == STREAM_CAPTURE ? -1 : stream;
	if (kind == STREAM_CAPTURE)
		return relay(setup, stream, &relays[stream], &ends[stream], err);
	to->terminal = kind == STREAM_INHERIT && becomes_terminal(setup, stream);
	if (to->terminal)
		return 0;
	if (kind == STREAM_STDOUT) {
		to->fd = setup->streams[1].fd;
		to->terminal = setup->streams[1].terminal;
		return 0;
	}
	if (kind != STREAM_INHERIT)
		r = open_named(setup, stream, err);
	if (r < 0)
		return (int)r;
	r = sys_fstat(to->fd, &st);
	if (r < 0)
		return failed(err, r, stream, NULL);
	if (S_ISDIR(st.st_mode))
		return failed(err, EISDIR, stream, "a directory would lead out of the sandbox");
	if (S_ISBLK(st.st_mode))
		return failed(err, ENOTSUP, stream, "pipe the block device through cat");
	if (!S_ISREG(st.st_mode) && !is_named_pipe(to->fd, &st) && !counted(setup, stream, &st)) {
		/* May fail: one of another devpts, or of another owner, is passed as it is. */
		if (S_ISCHR(st.st_mode) && terminal_is(to->fd))
			to->path = find_path(to->fd, access_of(to->fd));
		to->reopen = to->path != NULL;
		return 0;
	}
	if (stream == 0 && S_ISREG(st.st_mode))
		/* May fail: it is relayed then. */
		to->path = find_path(to->fd, O_RDONLY);
	if (to->path) {
		to->reopen = true;
		to->landlocked = true;
		return 0;
	}
	if (stream == 2 && shares_output(setup, relays))
		return 0;
	return relay(setup, stream, &relays[stream], &ends[stream], err);
}

/* A program in the caller's session opens his terminal by /dev/tty, past every relay. */
static int check_limit(struct setup *setup, struct err *err)
{
	static const char reason[] =
		"does not hold where process.tty is \"inherit\": the program may "
		"open /dev/tty";
	const struct plan_limit *output = &setup->plan->limits.output;
	cleanup_fd int tty = -1;

	if (!output->set || !setup->plan->process.keep_session)
		return 0;
	tty = (int)sys_openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	if (tty == -ENXIO || tty == -ENOENT)
		return 0;
	if (output->prefer) {
		outcome_skip(&setup->shared->enforced, "limits.output", reason);
		return 0;
	}
	(void)err_set(err, STAGE_LIMITS, EPERM, "say process.tty = \"auto\"", "limits.output");
	return err_reason(err, reason);
}

int stdio_prepare(struct setup *setup, struct stdio_relay relays[STDIO_RELAYS],
		  int ends[STDIO_RELAYS], struct err *err)
{
	int r;

	for (int i = 0; i < STDIO_RELAYS; i++) {
		relays[i] = (struct stdio_relay){ .from = -1, .to = -1 };
		ends[i] = -1;
	}
	r = check_limit(setup, err);
	for (int i = 0; i < 3 && r == 0; i++)
		r = prepare(setup, i, relays, ends, err);
	if (r < 0)
		return r;
	return setup->caller.privileged ? stdio_reopen(setup, err) : 0;
}

void stdio_give(const struct setup *setup, const struct stdio_relay relays[STDIO_RELAYS])
{
	const struct plan_user *user = &setup->plan->user;

	if (!setup->caller.privileged || user->uid_range_count)
		return;
	for (int i = 0; i < STDIO_RELAYS; i++) {
		int pipe = i == 0 ? relays[i].to : relays[i].from;
		struct stat st;

		if (pipe < 0 && setup->streams[i].fd == i)
			pipe = i;
		/* May fail: the program cannot open the pipe by its name then, only use it. */
		if (pipe >= 0 && sys_fstat(pipe, &st) == 0 && S_ISFIFO(st.st_mode))
			(void)sys_fchown(pipe, user->outer_uid, user->outer_gid);
	}
}

/* What the set-up process is told of each stream. */
struct told {
	int8_t sent; /* its place among the descriptors that come along; -1: its own number */
	bool reopen;
	bool terminal;
	bool landlocked;
};

/* The place of @fd among those that are sent, which it joins where it is new. */
static int8_t add_once(struct transfer *transfer, int fd)
{
	uint8_t i = 0;

	while (i < transfer->fd_count && transfer->fds[i] != fd)
		i++;
	if (i == transfer->fd_count)
		transfer->fds[transfer->fd_count++] = fd;
	return (int8_t)i;
}

int stdio_send(const struct setup *setup, int link)
{
	cleanup_buf struct buf paths = BUF_EMPTY;
	struct transfer transfer = { 0 };
	struct told told[3];
	int r;

	for (int i = 0; i < 3; i++) {
		const struct stdio_stream *stream = &setup->streams[i];

		told[i] = (struct told){
			.sent = -1,
			.reopen = stream->reopen,
			.terminal = stream->terminal,
			.landlocked = stream->landlocked,
		};
		if (stream->fd != i)
			told[i].sent = add_once(&transfer, stream->fd);
		if (stream->path)
			buf_text(&paths, stream->path);
		buf_bytes(&paths, "", 1);
	}
	r = paths.failed ? -ENOMEM : transfer_send_bytes(link, told, sizeof(told));
	if (r == 0)
		r = transfer_send_bytes(link, paths.data, paths.length);
	if (r == 0)
		r = transfer_send(&transfer, link);
	transfer_finish(&transfer);
	return r;
}

/* Those of three texts that each end with a NUL; NULL for an empty one. */
static bool take_paths(struct buf *paths, char *found[3])
{
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		char *path = paths->data + at;
		char *end = at < paths->length ? memchr(path, '\0', paths->length - at) : NULL;

		if (!end)
			return false;
		found[i] = end == path ? NULL : path;
		at += (size_t)(end - path) + 1;
	}
	return at == paths->length;
}

int stdio_receive(struct setup *setup, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_EMPTY;
	struct buf paths = BUF_EMPTY; /* the streams', to the end */
	struct transfer transfer = { 0 };
	struct told told[3];
	char *found[3];
	int r = transfer_receive_bytes(setup->link, &bytes, sizeof(told), err);

	if (r == 0)
		r = transfer_receive_bytes(setup->link, &paths, 3 * 4096, err);
	if (r == 0)
		r = transfer_receive_fds(&transfer, setup->link, err);
	if (r == 0 && (bytes.length != sizeof(told) || !take_paths(&paths, found)))
		r = err_set(err, STAGE_EXEC, EPROTO, NULL, "standard files");
	if (r < 0)
		return r;
	memcpy(told, bytes.data, sizeof(told));
	for (int i = 0; i < 3; i++)
		if (told[i].sent >= (int)transfer.fd_count)
			return err_set(err, STAGE_EXEC, EPROTO, NULL, "%s", names[i]);
	for (int i = 0; i < 3; i++)
		setup->streams[i] = (struct stdio_stream){
			.fd = told[i].sent < 0 ? i : transfer.fds[told[i].sent],
			.reopen = told[i].reopen,
			.terminal = told[i].terminal,
			.landlocked = told[i].landlocked,
			.path = found[i],
		};
	return 0;
}

/* An earlier stream that is the same open file as @stream, or -1: most often all three are one
 * terminal. */
static int same_stream(const struct stdio_stream streams[3], const long flags[3], int stream)
{
	for (int i = 0; i < stream; i++)
		if (streams[i].path && strcmp(streams[i].path, streams[stream].path) == 0 &&
		    flags[i] == flags[stream])
			return i;
	return -1;
}

int stdio_reopen(struct setup *setup, struct err *err)
{
	struct stdio_stream *streams = setup->streams;
	long flags[3] = { 0 };

	for (int i = 0; i < 3; i++) {
		int same, r;

		if (!streams[i].reopen)
			continue;
		/* May fail: each is opened for itself then. */
		flags[i] = sys_fcntl(streams[i].fd, F_GETFL, 0);
		same = same_stream(streams, flags, i);
		r = same < 0 ? open_again(streams[i].path, streams[i].fd) : streams[same].fd;
		if (r < 0)
			return failed(err, r, i, r == -EMFILE ? NULL : "pipe it through cat");
		streams[i].fd = r;
		streams[i].reopen = false;
	}
	if (setup->plan->process.streams[2].kind == STREAM_STDOUT)
		streams[2].fd = streams[1].fd;
	return 0;
}

int stdio_apply(struct setup *setup, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		int fd = setup->streams[i].fd;
		long r = fd == i ? 0 : sys_dup3(fd, i, 0);

		if (r < 0)
			return failed(err, r, i, NULL);
	}
	for (int i = 2; i >= 0; i--) {
		int fd = setup->streams[i].fd;

		setup->streams[i].fd = i;
		for (int j = 0; j < i; j++)
			if (setup->streams[j].fd == fd)
				fd = -1;
		if (fd > 2)
			fd_close(&fd);
	}
	return 0;
}
