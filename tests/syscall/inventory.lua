-- inventory.lua - is all there that ljsyscall has?
--
-- Its names, counted from its Linux version of 2021: 287 functions, 112 methods of fd objects, 31
-- functions of util, 21 of netlink, and the tables of constants that the kernel defines. index.lua
-- looks at the same from the other side.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local S = require "syscall"

local function look(what, count, names, of)
	local missing, seen = {}, 0
	for name in names:gmatch "%S+" do
		seen = seen + 1
		local good, value = pcall(function() return of[name] end)
		if not good or value == nil then
			missing[#missing + 1] = name
		end
	end
	tap.is(table.concat(missing, " "), "", what .. ": none is missing")
	tap.is(seen, count, what .. ": all are asked for")
end

look("functions", 287, [[
	open openat creat close read write readv writev pread pwrite preadv pwritev lseek
	truncate ftruncate fallocate posix_fallocate fadvise readahead fsync fdatasync sync
	syncfs sync_file_range dup dup2 dup3 fcntl flock ioctl sendfile splice tee vmsplice
	memfd_create pathconf fpathconf access faccessat stat lstat fstat fstatat chmod fchmod
	fchmodat chown fchown lchown fchownat link linkat symlink symlinkat readlink readlinkat
	unlink unlinkat rename renameat mknod mknodat mkfifo mkfifoat utime utimes lutimes
	futimes futimens utimensat umask mkdir mkdirat rmdir chdir fchdir getcwd getdents statfs
	fstatfs fork clone execve exit _exit atexit wait wait3 wait4 waitpid waitid getpid
	getppid gettid setsid getsid setpgid getpgid getpgrp kill killpg pause acct getuid
	geteuid getgid getegid setuid seteuid setgid setegid setreuid setregid getresuid
	setresuid getresgid setresgid getgroups setgroups getrlimit setrlimit prlimit getrusage
	nice getpriority setpriority getcpu sched_get_priority_max sched_get_priority_min
	sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler
	sched_setscheduler sched_rr_get_interval sched_yield signal sigaction sigprocmask
	sigpending sigsuspend signalfd alarm getitimer setitimer socket socketpair bind listen
	accept accept4 connect shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg
	recvmmsg getsockname getpeername getsockopt setsockopt pipe pipe2 poll ppoll select
	pselect epoll_create epoll_ctl epoll_wait epoll_pwait inotify_init inotify_add_watch
	inotify_rm_watch inotify_read eventfd time gettimeofday settimeofday clock_getres
	clock_gettime clock_settime clock_nanosleep nanosleep sleep adjtimex timer_create
	timer_delete timer_settime timer_gettime timer_getoverrun timerfd_create timerfd_settime
	timerfd_gettime mmap munmap mremap msync mlock munlock mlockall munlockall madvise
	remap_file_pages getpagesize shm_open shm_unlink mount umount unmount pivot_root chroot
	unshare setns swapon swapoff uname gethostname sethostname getdomainname setdomainname
	sysinfo syslog sysctl reboot vhangup getrandom capget capset prctl bpf bpf_map_create
	bpf_map_op bpf_prog_load perf_event_open perf_tracepoint perf_probe
	perf_attach_tracepoint getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr
	listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr xattr lxattr
	fxattr io_setup io_destroy io_submit io_getevents io_cancel mq_open mq_unlink
	mq_getsetattr mq_timedsend mq_timedreceive posix_openpt openpt grantpt unlockpt ptsname
	isatty tcgetattr tcsetattr tcsendbreak tcdrain tcflush tcflow tcgetsid environ getenv
	setenv unsetenv clearenv errno
]], S)

local fd <close> = assert(S.open "/dev/null")
look("methods", 112, [[
	close getfd nogc block nonblock tell lockf seq mmap accept accept4 bind connect dup dup2
	dup3 epoll_ctl epoll_pwait epoll_wait faccessat fadvise fallocate fchdir fchmod fchmodat
	fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fpathconf fremovexattr
	fsetxattr fstat fstatat fstatfs fsync ftruncate futimens futimes fxattr getdents
	getpeername getsockname getsockopt grantpt inotify_add_watch inotify_read
	inotify_rm_watch ioctl isatty listen lseek mkdirat mknodat openat posix_fallocate pread
	preadv ptsname pwrite pwritev read readahead readlinkat readv recv recvfrom recvmmsg
	recvmsg send sendfile sendmmsg sendmsg sendto setns setsockopt shutdown splice
	sync_file_range syncfs tcdrain tcflow tcflush tcgetattr tcgetsid tcsendbreak tcsetattr
	tee timerfd_gettime timerfd_settime unlinkat unlockpt vmsplice write writev stat chdir
	sync datasync chmod setxattr truncate statfs utimens utimes seek chown lock pathconf
]], fd)
tap.is(fd:seq() .. fd:seq(), "12", "fd:seq() counts")

look("util", 31, [[
	dirtable ls rm cp touch createfile mapfile readfile writefile ps proc recvcmsg sendfds
	inet_name basename dirname if_nametoindex bridge_add bridge_del bridge_add_interface
	bridge_list eventfd_read eventfd_write signalfd_read timerfd_read auditarch capget
	capset mounts mount sendcred
]], S.util)

look("netlink", 21, [[
	socket read write getlink newlink dellink getaddr newaddr deladdr getroute newroute
	delroute routes getneigh newneigh delneigh interfaces interface iplink create_interface
	encapnames
]], S.nl)

look("constants", 148, [[
	E SIG SA SIGACT SIGPM SI SIGCLD SIGBUS SIGFPE SIGILL SIGSEGV SIGTRAP SIGPOLL SIGEV SFD O
	OK MODE S_I SEEK F FD F_SEAL FCNTL_LOCK LOCK LOCKF AT DT UTIME FALLOC_FL POSIX_FADV
	SPLICE_F SYNC_FILE_RANGE XATTR MFD PC STD IOCTL PROT MAP MSYNC MADV MCL MREMAP CLONE W
	WAIT P EXIT RLIMIT RLIM RUSAGE PRIO SCHED ITIMER CLOCK TIMER TFD TFD_TIMER TIME ADJ STA
	AF SOCK SOL SO SOF SCM MSG SHUT IPPROTO IP IPV6 TCP ETH_P ETHERTYPE POLL EPOLL EPOLL_CTL
	EPOLLCREATE EFD IN IN_INIT NETLINK NLMSG NLM_F RTM RTMGRP RTNLGRP RTA RTN RTPROT RTF
	RTM_F RT_SCOPE RT_TABLE IFLA IFA IFA_F IFF ARPHRD NDA NDTA NDTPA NTF NUD NF VETH_INFO
	MACVLAN_MODE CAP PR SECCOMP_MODE SECCOMP_RET AUDIT_ARCH MS UMOUNT LINUX_REBOOT
	LINUX_REBOOT_CMD SWAP_FLAG VFS_CAP BPF BPF_CMD BPF_MAP BPF_PROG BPF_ATTACH_TYPE IFLAG
	OFLAG CFLAG LFLAG CC B TCSA TCFLUSH TCFLOW TIOCM KEY BTN ABS REL EV FF LED PCI VIRTIO EM
	IOCB_CMD IOCB_FLAG GRND
]], S.c)

tap.is(S.c.KEY.ENTER .. " " .. S.c.BTN.left .. " " .. S.c.EM["x86_64"] .. " " .. S.names("EV", 1),
	"28 272 62 KEY", "codes of devices and machines")
local none = pcall(function() return fd.seqq end)
tap.ok(not none and not pcall(function() return S.c.KEYS end), "a name that is none is an error")
tap.done()
