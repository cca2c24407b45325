/* test_path.c - paths, and links that lead elsewhere: by openat2, and by hand where it is refused
 *
 * The same questions are put three times: as the kernel is, then below a filter that answers
 * openat2 with ENOSYS, as an old kernel does, and with EPERM, as an old container does.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "launcher/base/path.h"
#include "tests/unit/tap.h"

enum { LINKS = 40 }; /* as many as the kernel follows: path_resolution(7) */

static char top[] = "/tmp/test_path.XXXXXX";
static const char *way; /* in which openat2 answers */
static bool by_hand;

struct attempt {
	const char *path;
	int flags;
	const char *found; /* which is opened then, or NULL */
	int error;
};

static void is_found(int fd, const struct attempt *attempt, const char *what)
{
	struct stat wanted = { 0 };
	struct stat st = { 0 };

	if (attempt->error) {
		is_number(fd, attempt->error, "%s: %s %s: refused", way, what, attempt->path);
	} else if (lstat(attempt->found, &wanted) != 0 || fd < 0 || fstat(fd, &st) != 0) {
		ok(false, "%s: %s %s: %d", way, what, attempt->path, fd);
	} else {
		ok(wanted.st_dev == st.st_dev && wanted.st_ino == st.st_ino, "%s: %s %s is %s", way,
		   what, attempt->path, attempt->found);
	}
	if (fd >= 0)
		(void)close(fd);
}

/* Below `top`, which is the working directory. */
static void make_tree(void)
{
	char name[32];
	char to[32];
	bool made = mkdir("tree", 0755) == 0 && mkdir("tree/dir", 0755) == 0 &&
		    mkdir("tree/dir/file", 0755) == 0 && mkdir("secret", 0755) == 0 &&
		    mkdir("chain", 0755) == 0 && mkdir("chain/0", 0755) == 0 &&
		    symlink("dir", "tree/link") == 0 && symlink("/dir", "tree/abs") == 0 &&
		    symlink("../secret", "tree/up") == 0 && symlink("loop", "tree/loop") == 0 &&
		    symlink("tree", "alias") == 0 && symlink("secret", "theirs") == 0 &&
		    mknod("tree/plain", S_IFREG | 0644, 0) == 0 &&
		    symlink("plain", "tree/to-plain") == 0 &&
		    (geteuid() != 0 || lchown("theirs", 1000, 1000) == 0);

	for (int i = 1; i <= LINKS + 1 && made; i++) {
		snprintf(name, sizeof(name), "chain/%d", i);
		snprintf(to, sizeof(to), "%d", i - 1);
		made = symlink(to, name) == 0;
	}
	if (!made)
		abort();
}

static void check_host(void)
{
	static const struct attempt attempts[] = {
		{ "tree/link/file", O_PATH, "tree/dir/file", 0 },
		{ "tree/link", O_PATH | O_DIRECTORY, "tree/dir", 0 },
		{ "tree/link", O_PATH | O_NOFOLLOW, "tree/link", 0 },
		{ "tree/to-plain", O_RDONLY, "tree/plain", 0 },
		{ "tree/to-plain", O_RDONLY | O_NOFOLLOW, NULL, -ELOOP },
		{ "tree/plain", O_WRONLY | O_NOFOLLOW | O_NONBLOCK, "tree/plain", 0 },
		{ "tree/plain", O_PATH | O_DIRECTORY, NULL, -ENOTDIR },
		{ "tree/plain/../dir", O_PATH, NULL, -ENOTDIR },
		{ "tree//link/.././dir", O_PATH, "tree/dir", 0 },
		{ "tree/up", O_PATH, "secret", 0 },
		{ "tree/none", O_PATH, NULL, -ENOENT },
		{ "", O_PATH, NULL, -ENOENT },
		{ "/", O_PATH, "/", 0 },
		{ "tree/loop", O_PATH, NULL, -ELOOP },
		{ "chain/40", O_PATH, "chain/0", 0 },
		{ "chain/41", O_PATH, NULL, -ELOOP },
		{ "/proc/self/status", O_RDONLY, "/proc/self/status", 0 },
		{ "/proc/self/root", O_PATH, NULL, -ELOOP },
		{ "/proc/self/root/etc", O_PATH, NULL, -ELOOP },
		{ "/proc/self/cwd/tree", O_PATH, NULL, -ELOOP },
		{ "/proc/self/exe", O_PATH, NULL, -ELOOP },
		{ "/proc/thread-self/fd/0", O_PATH, NULL, -ELOOP },
	};

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		is_found(path_host(attempts[i].path, attempts[i].flags), &attempts[i], "host");
}

/* What a walk by hand refuses, openat2 follows below the root. */
static void check_root(void)
{
	const struct attempt attempts[] = {
		{ "dir/file", O_PATH, "tree/dir/file", 0 },
		{ "/dir/file", O_PATH | O_DIRECTORY, "tree/dir/file", 0 },
		{ "", O_PATH, "tree", 0 },
		{ "link", O_PATH | O_NOFOLLOW, "tree/link", 0 },
		{ "loop", O_PATH, NULL, -ELOOP },
		{ "link/file", O_PATH, "tree/dir/file", by_hand ? -ELOOP : 0 },
		{ "abs/file", O_PATH, "tree/dir/file", by_hand ? -ELOOP : 0 },
		{ "up", O_PATH, NULL, by_hand ? -ELOOP : -ENOENT },
		{ "../secret", O_PATH, NULL, by_hand ? -EXDEV : -ENOENT },
		{ "dir/../../secret", O_PATH, NULL, by_hand ? -EXDEV : -ENOENT },
		{ "dir/..", O_PATH, "tree", by_hand ? -EXDEV : 0 },
	};
	int root = open("tree", O_PATH | O_CLOEXEC);
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	int fd;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		is_found(path_in_root(root, attempts[i].path, attempts[i].flags), &attempts[i],
			 "below a root");
	fd = path_in_root(proc, "self/root/tmp", O_PATH);
	ok(fd < 0, "%s: a magic link below a root is refused: %d", way, fd);
	(void)close(root);
	(void)close(proc);
}

static void check_steady(void)
{
	static const struct attempt planted[] = {
		{ "tree/dir/file", O_PATH, "tree/dir/file", 0 },
		{ "tree/link/file", O_PATH, NULL, -ELOOP },
		{ "tree/up", O_PATH, NULL, -ELOOP },
		{ "alias/dir/file", O_PATH, "tree/dir/file", 0 },
		{ "alias/link/file", O_PATH, NULL, -ELOOP },
		{ "chain/3", O_PATH, "chain/0", 0 },
		{ "chain/40", O_PATH, "chain/0", 0 },
		{ "chain/41", O_PATH, NULL, -ELOOP },
		{ "theirs", O_PATH, "secret", 0 },
	};
	const struct attempt owned[] = {
		{ "alias/dir", O_PATH, "tree/dir", geteuid() == 0 ? 0 : -ELOOP },
		{ "secret", O_PATH, "secret", 0 },
		{ "theirs", O_PATH, NULL, -ELOOP },
	};
	struct path_tree list[] = { { .path = "none" }, { .path = "tree" } };
	struct path_trees trees = { list, 2, true };
	struct path_trees none = { NULL, 0, false };

	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++)
		is_found(path_steady(planted[i].path, &trees), &planted[i], "around a tree");
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		is_found(path_steady(owned[i].path, &none), &owned[i], "by root's links only");
}

/* From here on openat2 answers with @error; of two filters the newer one's errno is the answer. */
static void refuse_openat2(unsigned int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RAW_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	struct open_how how = { .flags = O_PATH };

	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		abort();
	is_number(sys_openat2(AT_FDCWD, ".", &how, sizeof(how)), -(long)error,
		  "openat2 is not to be had");
	by_hand = true;
}

static void check(const char *name)
{
	way = name;
	check_host();
	check_root();
	check_steady();
}

static int take_away(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int main(void)
{
	if (!mkdtemp(top) || chdir(top) != 0)
		abort();
	make_tree();
	check("openat2");
	refuse_openat2(ENOSYS);
	check("ENOSYS");
	refuse_openat2(EPERM);
	check("EPERM");
	(void)nftw(top, take_away, 8, FTW_DEPTH | FTW_PHYS);
	return done();
}
