/* calls.h - one inline function per system call that the launcher makes
 *
 * sys_NAME() takes the arguments of NAME(2) in the kernel's own order and width and returns its
 * value or -errno. Nothing here allocates, prints, keeps state or calls the C library. A call that
 * is newer than the baseline (Linux 6.1) says so; the others need nothing.
 *
 * The numbers (RAW_NAME) come from policy/tables/, which the build turns into "raw/number.h". The
 * calls of sockets and clocks stand in calls_socket.h and calls_time.h, which come with this file.
 */
#ifndef LUA_RAW_CALLS_H
#define LUA_RAW_CALLS_H

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <linux/capability.h>
#include <linux/perf_event.h>

#include "lua/raw/calls_socket.h"
#include "lua/raw/calls_time.h"
#include "lua/raw/entry.h"
#include "lua/raw/uapi.h"
#include "raw/number.h"

/* Files and descriptors */

static inline long sys_read(int fd, void *buf, size_t count)
{
	return raw_entry(RAW_read, (long)fd, (long)buf, (long)count, 0, 0, 0);
}

static inline long sys_write(int fd, const void *buf, size_t count)
{
	return raw_entry(RAW_write, (long)fd, (long)buf, (long)count, 0, 0, 0);
}

static inline long sys_close(int fd)
{
	return raw_entry(RAW_close, (long)fd, 0, 0, 0, 0, 0);
}

static inline long sys_openat(int dirfd, const char *path, int flags, unsigned int mode)
{
	return raw_entry(RAW_openat, (long)dirfd, (long)path, (long)flags, (long)mode, 0, 0);
}

/* Linux 5.6 */
static inline long sys_openat2(int dirfd, const char *path, const struct open_how *how, size_t size)
{
	return raw_entry(RAW_openat2, (long)dirfd, (long)path, (long)how, (long)size, 0, 0);
}

static inline long sys_lseek(int fd, int64_t offset, int whence)
{
	return raw_entry(RAW_lseek, (long)fd, (long)offset, (long)whence, 0, 0, 0);
}

static inline long sys_dup3(int oldfd, int newfd, int flags)
{
	return raw_entry(RAW_dup3, (long)oldfd, (long)newfd, (long)flags, 0, 0, 0);
}

static inline long sys_fcntl(int fd, int cmd, long arg)
{
	return raw_entry(RAW_fcntl, (long)fd, (long)cmd, (long)arg, 0, 0, 0);
}

static inline long sys_ioctl(int fd, unsigned long request, void *arg)
{
	return raw_entry(RAW_ioctl, (long)fd, (long)request, (long)arg, 0, 0, 0);
}

static inline long sys_pipe2(int fds[2], int flags)
{
	return raw_entry(RAW_pipe2, (long)fds, (long)flags, 0, 0, 0, 0);
}

static inline long sys_splice(int fd_in, int64_t *off_in, int fd_out, int64_t *off_out, size_t len,
			      unsigned int flags)
{
	return raw_entry(RAW_splice, (long)fd_in, (long)off_in, (long)fd_out, (long)off_out,
			 (long)len, (long)flags);
}

/* Linux 5.9 */
static inline long sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return raw_entry(RAW_close_range, (long)first, (long)last, (long)flags, 0, 0, 0);
}

static inline long sys_fstat(int fd, struct stat *st)
{
	return raw_entry(RAW_fstat, (long)fd, (long)st, 0, 0, 0, 0);
}

static inline long sys_newfstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return raw_entry(RAW_newfstatat, (long)dirfd, (long)path, (long)st, (long)flags, 0, 0);
}

static inline long sys_fstatfs(int fd, struct statfs *buf)
{
	return raw_entry(RAW_fstatfs, (long)fd, (long)buf, 0, 0, 0, 0);
}

/* Linux 5.8 */
static inline long sys_faccessat2(int dirfd, const char *path, int mode, int flags)
{
	return raw_entry(RAW_faccessat2, (long)dirfd, (long)path, (long)mode, (long)flags, 0, 0);
}

static inline long sys_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	return raw_entry(RAW_readlinkat, (long)dirfd, (long)path, (long)buf, (long)size, 0, 0);
}

static inline long sys_getdents64(int fd, void *buf, size_t size)
{
	return raw_entry(RAW_getdents64, (long)fd, (long)buf, (long)size, 0, 0, 0);
}

static inline long sys_mkdirat(int dirfd, const char *path, unsigned int mode)
{
	return raw_entry(RAW_mkdirat, (long)dirfd, (long)path, (long)mode, 0, 0, 0);
}

static inline long sys_mknodat(int dirfd, const char *path, unsigned int mode, unsigned int dev)
{
	return raw_entry(RAW_mknodat, (long)dirfd, (long)path, (long)mode, (long)dev, 0, 0);
}

static inline long sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return raw_entry(RAW_symlinkat, (long)target, (long)dirfd, (long)path, 0, 0, 0);
}

static inline long sys_unlinkat(int dirfd, const char *path, int flags)
{
	return raw_entry(RAW_unlinkat, (long)dirfd, (long)path, (long)flags, 0, 0, 0);
}

static inline long sys_fchmod(int fd, unsigned int mode)
{
	return raw_entry(RAW_fchmod, (long)fd, (long)mode, 0, 0, 0, 0);
}

static inline long sys_fchown(int fd, unsigned int uid, unsigned int gid)
{
	return raw_entry(RAW_fchown, (long)fd, (long)uid, (long)gid, 0, 0, 0);
}

static inline long sys_fchmodat(int dirfd, const char *path, unsigned int mode)
{
	return raw_entry(RAW_fchmodat, (long)dirfd, (long)path, (long)mode, 0, 0, 0);
}

static inline long sys_fchdir(int fd)
{
	return raw_entry(RAW_fchdir, (long)fd, 0, 0, 0, 0, 0);
}

static inline long sys_chdir(const char *path)
{
	return raw_entry(RAW_chdir, (long)path, 0, 0, 0, 0, 0);
}

static inline long sys_getcwd(char *buf, size_t size)
{
	return raw_entry(RAW_getcwd, (long)buf, (long)size, 0, 0, 0, 0);
}

static inline long sys_umask(unsigned int mask)
{
	return raw_entry(RAW_umask, (long)mask, 0, 0, 0, 0, 0);
}

/* Returns the value's length; @size 0 asks for no more than that. */
static inline long sys_getxattr(const char *path, const char *name, void *value, size_t size)
{
	return raw_entry(RAW_getxattr, (long)path, (long)name, (long)value, (long)size, 0, 0);
}

static inline long sys_ftruncate(int fd, int64_t length)
{
	return raw_entry(RAW_ftruncate, (long)fd, (long)length, 0, 0, 0, 0);
}

static inline long sys_flock(int fd, int operation)
{
	return raw_entry(RAW_flock, (long)fd, (long)operation, 0, 0, 0, 0);
}

/* Memory */

static inline long sys_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)
{
	return raw_entry(RAW_mmap, (long)addr, (long)length, (long)prot, (long)flags, (long)fd,
			 (long)offset);
}

static inline long sys_munmap(void *addr, size_t length)
{
	return raw_entry(RAW_munmap, (long)addr, (long)length, 0, 0, 0, 0);
}

static inline long sys_madvise(void *addr, size_t length, int advice)
{
	return raw_entry(RAW_madvise, (long)addr, (long)length, (long)advice, 0, 0, 0);
}

/* Mounts */

/* Linux 5.2 */
static inline long sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return raw_entry(RAW_open_tree, (long)dirfd, (long)path, (long)flags, 0, 0, 0);
}

/* Linux 5.2 */
static inline long sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to,
				  unsigned int flags)
{
	return raw_entry(RAW_move_mount, (long)from_dirfd, (long)from, (long)to_dirfd, (long)to,
			 (long)flags, 0);
}

/* Linux 5.2 */
static inline long sys_fsopen(const char *fsname, unsigned int flags)
{
	return raw_entry(RAW_fsopen, (long)fsname, (long)flags, 0, 0, 0, 0);
}

/* Linux 5.2 */
static inline long sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value,
				int aux)
{
	return raw_entry(RAW_fsconfig, (long)fd, (long)cmd, (long)key, (long)value, (long)aux, 0);
}

/* Linux 5.2 */
static inline long sys_fsmount(int fd, unsigned int flags, unsigned int attr_flags)
{
	return raw_entry(RAW_fsmount, (long)fd, (long)flags, (long)attr_flags, 0, 0, 0);
}

/* Linux 5.12 */
static inline long sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
				     struct mount_attr *attr, size_t size)
{
	return raw_entry(RAW_mount_setattr, (long)dirfd, (long)path, (long)flags, (long)attr,
			 (long)size, 0);
}

static inline long sys_pivot_root(const char *new_root, const char *put_old)
{
	return raw_entry(RAW_pivot_root, (long)new_root, (long)put_old, 0, 0, 0, 0);
}

static inline long sys_umount2(const char *target, int flags)
{
	return raw_entry(RAW_umount2, (long)target, (long)flags, 0, 0, 0, 0);
}

static inline long sys_mount(const char *source, const char *target, const char *fstype,
			     unsigned long flags, const void *data)
{
	return raw_entry(RAW_mount, (long)source, (long)target, (long)fstype, (long)flags,
			 (long)data, 0);
}

/* Processes and namespaces */

/* Linux 5.3 */
static inline long sys_clone3(struct clone_args *args, size_t size)
{
	return raw_entry(RAW_clone3, (long)args, (long)size, 0, 0, 0, 0);
}

/* A child with a copy of our memory, on our stack. What other flags would need in the remaining
 * arguments has an order of its own on each architecture, so they stay zero. */
static inline long sys_clone(unsigned long flags)
{
	return raw_entry(RAW_clone, (long)flags, 0, 0, 0, 0, 0);
}

static inline long sys_unshare(unsigned long flags)
{
	return raw_entry(RAW_unshare, (long)flags, 0, 0, 0, 0, 0);
}

static inline long sys_sched_yield(void)
{
	return raw_entry(RAW_sched_yield, 0, 0, 0, 0, 0, 0);
}

static inline long sys_setns(int fd, int nstype)
{
	return raw_entry(RAW_setns, (long)fd, (long)nstype, 0, 0, 0, 0);
}

static inline long sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return raw_entry(RAW_execve, (long)path, (long)argv, (long)envp, 0, 0, 0);
}

/* Linux 3.19 */
static inline long sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
				int flags)
{
	return raw_entry(RAW_execveat, (long)dirfd, (long)path, (long)argv, (long)envp, (long)flags,
			 0);
}

static inline long sys_waitid(int idtype, int id, siginfo_t *info, int options,
			      struct rusage *usage)
{
	return raw_entry(RAW_waitid, (long)idtype, (long)id, (long)info, (long)options, (long)usage,
			 0);
}

static inline long sys_kill(int pid, int sig)
{
	return raw_entry(RAW_kill, (long)pid, (long)sig, 0, 0, 0, 0);
}

/* Linux 5.3 */
static inline long sys_pidfd_open(int pid, unsigned int flags)
{
	return raw_entry(RAW_pidfd_open, (long)pid, (long)flags, 0, 0, 0, 0);
}

/* Linux 5.1 */
static inline long sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags)
{
	return raw_entry(RAW_pidfd_send_signal, (long)pidfd, (long)sig, (long)info, (long)flags, 0,
			 0);
}

/* Of one thread, which with the last is the process; strict seccomp leaves this one only. */
static inline long sys_exit(int status)
{
	return raw_entry(RAW_exit, (long)status, 0, 0, 0, 0, 0);
}

static inline long sys_exit_group(int status)
{
	return raw_entry(RAW_exit_group, (long)status, 0, 0, 0, 0, 0);
}

static inline long sys_getpid(void)
{
	return raw_entry(RAW_getpid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getppid(void)
{
	return raw_entry(RAW_getppid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getpgid(int pid)
{
	return raw_entry(RAW_getpgid, (long)pid, 0, 0, 0, 0, 0);
}

static inline long sys_setpgid(int pid, int pgid)
{
	return raw_entry(RAW_setpgid, (long)pid, (long)pgid, 0, 0, 0, 0);
}

static inline long sys_getsid(int pid)
{
	return raw_entry(RAW_getsid, (long)pid, 0, 0, 0, 0, 0);
}

static inline long sys_setsid(void)
{
	return raw_entry(RAW_setsid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
			     unsigned long d)
{
	return raw_entry(RAW_prctl, (long)option, (long)a, (long)b, (long)c, (long)d, 0);
}

static inline long sys_prlimit64(int pid, int resource, const struct raw_rlimit *new_limit,
				 struct raw_rlimit *old_limit)
{
	return raw_entry(RAW_prlimit64, (long)pid, (long)resource, (long)new_limit, (long)old_limit,
			 0, 0);
}

static inline long sys_getrusage(int who, struct rusage *usage)
{
	return raw_entry(RAW_getrusage, (long)who, (long)usage, 0, 0, 0, 0);
}

static inline long sys_sethostname(const char *name, size_t len)
{
	return raw_entry(RAW_sethostname, (long)name, (long)len, 0, 0, 0, 0);
}

static inline long sys_setdomainname(const char *name, size_t len)
{
	return raw_entry(RAW_setdomainname, (long)name, (long)len, 0, 0, 0, 0);
}

static inline long sys_uname(struct utsname *buf)
{
	return raw_entry(RAW_uname, (long)buf, 0, 0, 0, 0, 0);
}

/* Identities, capabilities, filters */

static inline long sys_getuid(void)
{
	return raw_entry(RAW_getuid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_geteuid(void)
{
	return raw_entry(RAW_geteuid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getgid(void)
{
	return raw_entry(RAW_getgid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getegid(void)
{
	return raw_entry(RAW_getegid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getgroups(int size, unsigned int *list)
{
	return raw_entry(RAW_getgroups, (long)size, (long)list, 0, 0, 0, 0);
}

static inline long sys_setgroups(size_t size, const unsigned int *list)
{
	return raw_entry(RAW_setgroups, (long)size, (long)list, 0, 0, 0, 0);
}

static inline long sys_setresuid(unsigned int ruid, unsigned int euid, unsigned int suid)
{
	return raw_entry(RAW_setresuid, (long)ruid, (long)euid, (long)suid, 0, 0, 0);
}

static inline long sys_setresgid(unsigned int rgid, unsigned int egid, unsigned int sgid)
{
	return raw_entry(RAW_setresgid, (long)rgid, (long)egid, (long)sgid, 0, 0, 0);
}

static inline long sys_getresuid(unsigned int *ruid, unsigned int *euid, unsigned int *suid)
{
	return raw_entry(RAW_getresuid, (long)ruid, (long)euid, (long)suid, 0, 0, 0);
}

static inline long sys_getresgid(unsigned int *rgid, unsigned int *egid, unsigned int *sgid)
{
	return raw_entry(RAW_getresgid, (long)rgid, (long)egid, (long)sgid, 0, 0, 0);
}

static inline long sys_capget(struct __user_cap_header_struct *header,
			      struct __user_cap_data_struct *data)
{
	return raw_entry(RAW_capget, (long)header, (long)data, 0, 0, 0, 0);
}

static inline long sys_capset(struct __user_cap_header_struct *header,
			      const struct __user_cap_data_struct *data)
{
	return raw_entry(RAW_capset, (long)header, (long)data, 0, 0, 0, 0);
}

static inline long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c,
			      unsigned long d)
{
	return raw_entry(RAW_keyctl, (long)operation, (long)a, (long)b, (long)c, (long)d, 0);
}

/* Linux 3.17 */
static inline long sys_seccomp(unsigned int operation, unsigned int flags, void *args)
{
	return raw_entry(RAW_seccomp, (long)operation, (long)flags, (long)args, 0, 0, 0);
}

/* Reads and writes nothing but @local and the memory that @remote names in process @pid. */
static inline long sys_process_vm_readv(int pid, const struct iovec *local,
					unsigned long local_count, const struct iovec *remote,
					unsigned long remote_count, unsigned long flags)
{
	return raw_entry(RAW_process_vm_readv, (long)pid, (long)local, (long)local_count,
			 (long)remote, (long)remote_count, (long)flags);
}

static inline long sys_perf_event_open(const struct perf_event_attr *attr, int pid, int cpu,
				       int group_fd, unsigned long flags)
{
	return raw_entry(RAW_perf_event_open, (long)attr, (long)pid, (long)cpu, (long)group_fd,
			 (long)flags, 0);
}

/* Linux 5.13 */
static inline long sys_landlock_create_ruleset(const void *attr, size_t size, unsigned int flags)
{
	return raw_entry(RAW_landlock_create_ruleset, (long)attr, (long)size, (long)flags, 0, 0, 0);
}

/* Linux 5.13 */
static inline long sys_landlock_add_rule(int ruleset_fd, int rule_type, const void *attr,
					 unsigned int flags)
{
	return raw_entry(RAW_landlock_add_rule, (long)ruleset_fd, (long)rule_type, (long)attr,
			 (long)flags, 0, 0);
}

/* Linux 5.13 */
static inline long sys_landlock_restrict_self(int ruleset_fd, unsigned int flags)
{
	return raw_entry(RAW_landlock_restrict_self, (long)ruleset_fd, (long)flags, 0, 0, 0, 0);
}

/* Signals, time and waiting */

static inline long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old, size_t size)
{
	return raw_entry(RAW_rt_sigprocmask, (long)how, (long)set, (long)old, (long)size, 0, 0);
}

static inline long sys_rt_sigaction(int signal, const struct raw_sigaction *action,
				    struct raw_sigaction *old, size_t size)
{
	return raw_entry(RAW_rt_sigaction, (long)signal, (long)action, (long)old, (long)size, 0, 0);
}

static inline long sys_rt_sigtimedwait(const uint64_t *set, siginfo_t *info,
				       const struct raw_timespec *timeout, size_t size)
{
	return raw_entry(RAW_rt_sigtimedwait, (long)set, (long)info, (long)timeout, (long)size, 0,
			 0);
}

static inline long sys_signalfd4(int fd, const uint64_t *mask, size_t size, int flags)
{
	return raw_entry(RAW_signalfd4, (long)fd, (long)mask, (long)size, (long)flags, 0, 0);
}

static inline long sys_ppoll(struct pollfd *fds, unsigned int count, struct raw_timespec *timeout,
			     const uint64_t *mask, size_t size)
{
	return raw_entry(RAW_ppoll, (long)fds, (long)count, (long)timeout, (long)mask, (long)size,
			 0);
}

static inline long sys_epoll_create1(int flags)
{
	return raw_entry(RAW_epoll_create1, (long)flags, 0, 0, 0, 0, 0);
}

static inline long sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return raw_entry(RAW_epoll_ctl, (long)epfd, (long)op, (long)fd, (long)event, 0, 0);
}

static inline long sys_epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout,
				   const uint64_t *mask, size_t size)
{
	return raw_entry(RAW_epoll_pwait, (long)epfd, (long)events, (long)max, (long)timeout,
			 (long)mask, (long)size);
}

/* Linux 3.17 */
static inline long sys_getrandom(void *buf, size_t length, unsigned int flags)
{
	return raw_entry(RAW_getrandom, (long)buf, (long)length, (long)flags, 0, 0, 0);
}

#endif
