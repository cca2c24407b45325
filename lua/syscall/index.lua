-- index.lua - which file each function, fd method and type of the library is in
--
-- `require "syscall"` reads this list and no family: a family is loaded when one of its names is
-- first used. A test holds the list and the files equal; a name that stands here and in no file
-- is not built yet, and that test counts it.

local M = {}

-- lua/syscall/NAME.lua → the functions of S that it has
local functions = {
	files = [[
		open openat creat close read write readv writev pread pwrite preadv pwritev lseek
		truncate ftruncate fallocate posix_fallocate fadvise readahead fsync fdatasync
		sync syncfs sync_file_range dup dup2 dup3 fcntl flock ioctl sendfile splice tee
		vmsplice memfd_create pathconf fpathconf copy_file_range preadv2 pwritev2 openat2
		close_range cachestat memfd_secret
	]],
	names = [[
		access faccessat stat lstat fstat fstatat chmod fchmod fchmodat chown fchown
		lchown fchownat link linkat symlink symlinkat readlink readlinkat unlink unlinkat
		rename renameat mknod mknodat mkfifo mkfifoat utime utimes lutimes futimes
		futimens utimensat umask mkdir mkdirat rmdir chdir fchdir getcwd getdents statfs
		fstatfs statx faccessat2 fchmodat2 renameat2 name_to_handle_at open_by_handle_at
	]],
	xattr = [[
		getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr
		flistxattr removexattr lremovexattr fremovexattr xattr lxattr fxattr
	]],
	processes = [[
		fork clone execve exit _exit atexit wait wait3 wait4 waitpid waitid getpid getppid
		gettid setsid getsid setpgid getpgid getpgrp kill killpg pause acct clone3
		execveat pidfd_open pidfd_send_signal pidfd_getfd process_vm_readv
		process_vm_writev kcmp personality tgkill tkill process_madvise process_mrelease
	]],
	ids = [[
		getuid geteuid getgid getegid setuid seteuid setgid setegid setreuid setregid
		getresuid setresuid getresgid setresgid getgroups setgroups setfsuid setfsgid
	]],
	limits = [[
		getrlimit setrlimit prlimit getrusage nice getpriority setpriority getcpu
		sched_get_priority_max sched_get_priority_min sched_getaffinity sched_setaffinity
		sched_getparam sched_setparam sched_getscheduler sched_setscheduler
		sched_rr_get_interval sched_yield sched_setattr sched_getattr ioprio_get
		ioprio_set membarrier futex futex_wait futex_wake futex_requeue futex_waitv
	]],
	signals = [[
		signal sigaction sigprocmask sigpending sigsuspend signalfd alarm getitimer
		setitimer sigtimedwait sigwaitinfo sigqueue
	]],
	ptrace = [[
		ptrace
	]],
	sockets = [[
		socket socketpair bind listen accept accept4 connect shutdown send sendto sendmsg
		sendmmsg recv recvfrom recvmsg recvmmsg getsockname getpeername getsockopt
		setsockopt
	]],
	poll = [[
		pipe pipe2 poll ppoll select pselect epoll_create epoll_ctl epoll_wait epoll_pwait
		epoll_pwait2 inotify_init inotify_add_watch inotify_rm_watch inotify_read eventfd
		fanotify_init fanotify_mark fanotify_read fanotify_respond timerfd_create
		timerfd_settime timerfd_gettime
	]],
	time = [[
		time gettimeofday settimeofday clock_getres clock_gettime clock_settime
		clock_nanosleep nanosleep sleep adjtimex timer_create timer_delete timer_settime
		timer_gettime timer_getoverrun
	]],
	memory = [[
		mmap munmap mremap mprotect msync mlock munlock mlockall munlockall madvise
		mincore remap_file_pages getpagesize shm_open shm_unlink pkey_alloc pkey_free
		pkey_mprotect userfaultfd
	]],
	mounts = [[
		mount umount unmount pivot_root chroot unshare setns swapon swapoff mount_setattr
		open_tree move_mount fsopen fsconfig fsmount fspick statmount listmount quotactl
		quotactl_fd mounts
	]],
	system = [[
		uname gethostname sethostname getdomainname setdomainname sysinfo syslog sysctl
		reboot vhangup getrandom init_module finit_module delete_module kexec_load
		kexec_file_load
	]],
	security = [[
		capget capset prctl seccomp landlock_create_ruleset landlock_add_rule
		landlock_restrict_self add_key request_key keyctl
	]],
	bpf = [[
		bpf bpf_map_create bpf_map_op bpf_prog_load
	]],
	perf = [[
		perf_event_open perf_tracepoint perf_probe perf_attach_tracepoint perf_reader
	]],
	aio = [[
		io_setup io_destroy io_submit io_getevents io_cancel
	]],
	uring = [[
		io_uring_setup io_uring_enter io_uring_register io_uring
	]],
	mq = [[
		mq_open mq_unlink mq_getsetattr mq_timedsend mq_timedreceive
	]],
	tty = [[
		posix_openpt openpt grantpt unlockpt ptsname isatty tcgetattr tcsetattr
		tcsendbreak tcdrain tcflush tcflow tcgetsid tcgetwinsize tcsetwinsize openpty
		login_tty forkpty
	]],
	env = [[
		environ getenv setenv unsetenv clearenv errno
	]],
}

-- lua/syscall/types/NAME.lua → the types of S.t that it has
local types = {
	files = [[
		stat statfs statx statx_timestamp open_how flock cachestat cachestat_range device
		file_handle dirent dirents
	]],
	iovec = [[
		iovec iovecs
	]],
	scalars = [[
		char1 uchar1 int1 uint1 long1 ulong1 size1 socklen1 off1 uid1 gid1 int16_1 uint16_1
		int32_1 uint32_1 int64_1 uint64_1 intptr1 aio_context1 char2 int2 uint2 ints
		string_array iocb_ptrs char uchar int8 uint8 int16 uint16 int32 uint32 int64 uint64 int
		uint long ulong size ssize intptr uintptr off ino dev daddr nlink mode uid gid pid id
		socklen sa_family in_port nfds time clock clockid aio_context
	]],
	devices = [[
		input_event input_id input_absinfo input_keymap_entry ff_replay ff_trigger ff_envelope
		ff_constant_effect ff_ramp_effect ff_condition_effect ff_periodic_effect
		ff_rumble_effect ff_effect tun_pi tun_filter vhost_vring_state vhost_vring_file
		vhost_vring_addr vhost_memory_region vhost_memory fdb_entry xt_get_revision
	]],
	ids = [[
		groups
	]],
	system = [[
		utsname sysinfo
	]],
	security = [[
		user_cap_header user_cap_data user_cap_data2 vfs_cap_set vfs_cap_data cap capabilities
		sock_filter sock_filters sock_fprog sock_fprog1 seccomp_data
		seccomp_notif_sizes seccomp_notif seccomp_notif_resp landlock_ruleset_attr
		landlock_path_beneath_attr landlock_net_port_attr
	]],
	mounts = [[
		mount_attr mnt_id_req statmount dqblk nextdqblk dqinfo
	]],
	limits = [[
		rlimit rusage sched_param sched_attr cpu_set futex_waitv
	]],
	memory = [[
		uffdio_api uffdio_range uffdio_register uffdio_copy uffdio_zeropage uffd_msg
	]],
	ptrace = [[
		user_regs ptrace_syscall_info
	]],
	processes = [[
		clone_args waitstatus
	]],
	signals = [[
		sigset sigaction siginfo sigval sigevent signalfd_siginfo siginfos
		stack mcontext ucontext
	]],
	tty = [[
		termios termios2 winsize
	]],
	time = [[
		timespec timeval itimerspec itimerval timespec2 timeval2
		timespec2_raw timeval2_raw timex adjtimex timer
	]],
	addresses = [[
		in_addr in6_addr macaddr sockaddr sockaddr_storage sockaddr_in sockaddr_in6 sockaddr_un
		sockaddr_nl sockaddr_ll sockaddr_vm sockaddr_alg sockaddr_can sockaddr_xdp sockaddr_qrtr
		sockaddr_tipc sockaddr_mctp sa ip_mreqn ipv6_mreq packet_mreq
	]],
	nl = [[
		nlmsghdr nlmsgerr nlattr rtattr rtgenmsg ifinfomsg ifaddrmsg rtmsg rtnexthop ndmsg ndtmsg
		fib_rule_hdr tcmsg genlmsghdr nfgenmsg ifa_cacheinfo rta_cacheinfo nda_cacheinfo
		rtnl_link_stats rtnl_link_stats64 ndt_config ndt_stats
	]],
	poll = [[
		pollfd pollfds epoll_event epoll_events fdset inotify_event inotify_events
		fanotify_event_metadata fanotify_event_info_header fanotify_response fanotify_events
	]],
	perf = [[
		perf_event_attr perf_event_attr1 perf_event_header perf_event_mmap_page perf_reader
	]],
	bpf = [[
		bpf_insn bpf_insns bpf_attr bpf_attr1 bpf_map_info
	]],
	aio = [[
		iocb iocbs iocb_array io_event io_events
	]],
	mq = [[
		mq_attr mqd
	]],
	uring = [[
		io_uring_params io_uring_sqe io_uring_cqe io_sqring_offsets io_cqring_offsets
	]],
	sockets = [[
		ucred linger cmsghdr msghdr mmsghdr mmsghdrs sock_extended_err scm_timestamping tcp_info
		ethhdr iphdr udphdr ifreq
	]],
}

-- Methods of fd objects: the function of the same name, with the fd in front.
local same = [[
	accept accept4 bind connect dup dup2 dup3 epoll_ctl epoll_pwait epoll_wait faccessat
	fadvise fallocate fchdir fchmod fchmodat fchown fchownat fcntl fdatasync fgetxattr
	flistxattr flock fpathconf fremovexattr fsetxattr fstat fstatat fstatfs fsync ftruncate
	futimens futimes fxattr getdents getpeername getsockname getsockopt grantpt
	inotify_add_watch inotify_read inotify_rm_watch ioctl isatty listen lseek mkdirat mknodat
	openat posix_fallocate pread preadv ptsname pwrite pwritev read readahead readlinkat readv
	recv recvfrom recvmmsg recvmsg send sendfile sendmmsg sendmsg sendto setns setsockopt
	shutdown splice sync_file_range syncfs tcdrain tcflow tcflush tcgetattr tcgetsid
	tcsendbreak tcsetattr tee timerfd_gettime timerfd_settime unlinkat unlockpt vmsplice write
	writev
]]
local renamed = {
	stat = "fstat", chdir = "fchdir", sync = "fsync", datasync = "fdatasync", chmod = "fchmod",
	setxattr = "fsetxattr", getxattr = "fgetxattr", truncate = "ftruncate", statfs = "fstatfs",
	utimens = "futimens", utimes = "futimes", seek = "lseek", chown = "fchown", lock = "lockf",
	pathconf = "fpathconf",
	-- of files.lua, and no functions of S in ljsyscall: it had them on fd objects only
	block = "block", nonblock = "nonblock", tell = "tell", lockf = "lockf", mmap = "fmmap",
}

-- Functions that only methods use.
functions.files = functions.files .. " block nonblock tell lockf"
functions.memory = functions.memory .. " fmmap"

M.families = functions
M.methods = renamed
for name in same:gmatch "%S+" do
	M.methods[name] = name
end

local function places(list)
	local at = {}
	for file, names in pairs(list) do
		for name in names:gmatch "%S+" do
			at[name] = file
		end
	end
	return at
end

M.functions = places(functions)
M.types = places(types)

-- Loads the file that defines type @name; without one there is nothing to load.
function M.load_type(name)
	if M.types[name] then
		require("syscall.types." .. M.types[name])
	end
end

return M
