-- inventory.lua - is all there that ljsyscall has?
--
-- Its names, counted from its Linux version of 2021: 287 functions, 112 methods of fd objects, 31
-- functions of util, 21 of netlink, 205 tables of constants with 3,166 entries, which ljsyscall.txt
-- lists, and 194 types. index.lua looks at the same from the other side.

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

look("tables of constants", 205, [[
	ABS ADJ AF ARPHRD AT AT_FDCWD AUDIT_ARCH B BPF BPF_ATTACH_TYPE BPF_CMD BPF_MAP BPF_PROG
	BTN BUS CAP CC CFLAG CLOCK CLONE DT E EFD EM EPOLL EPOLLCREATE EPOLL_CTL ETHERTYPE ETH_P
	EV EXIT F FALLOC_FL FCNTL_LOCK FD FF FF_STATUS F_SEAL GRND ID IFA IFA_F IFF IFLA IFLAG
	IFLA_INET IFLA_INET6 IFLA_INFO IFLA_MACVLAN IFLA_PORT IFLA_VF IFLA_VF_INFO IFLA_VF_PORT
	IFLA_VLAN IFLA_VLAN_QOS IFREQ IN INPUT_PROP IN_INIT IOCB_CMD IOCB_FLAG IOCTL IP IPPROTO
	IPT_SO_GET IPT_SO_SET IPV6 ITIMER KEY LED LFLAG LINUX_CAPABILITY_U32S
	LINUX_CAPABILITY_VERSION LINUX_REBOOT LINUX_REBOOT_CMD LOCK LOCKF MACVLAN_MODE MADV MAP
	MCL MFD MODE MREMAP MS MSC MSG MSYNC MT_TOOL NDA NDTA NDTPA NETLINK NF NLMSG NLM_F NTF
	NUD O OFLAG OK OMQATTR OPIPE P PC PCI PCI_BASE_ADDRESS PERF_COUNT PERF_FLAG
	PERF_READ_FORMAT PERF_RECORD PERF_SAMPLE PERF_SAMPLE_BRANCH PERF_TYPE POLL PORT
	PORT_PROFILE_RESPONSE PORT_REQUEST PORT_VDP_RESPONSE POSIX_FADV PR PRIO PROT PR_ENDIAN
	PR_FPEMU PR_FP_EXC PR_MCE_KILL PR_MCE_KILL_OPT PR_TIMING PR_TSC PR_UNALIGN REG REL REP
	RLIM RLIMIT RTA RTF RTM RTMGRP RTM_F RTN RTNLGRP RTPROT RT_SCOPE RT_TABLE RUSAGE SA
	SCHED SCM SECCOMP_MODE SECCOMP_RET SEEK SFD SHUT SI SIG SIGACT SIGBUS SIGCLD SIGEV
	SIGFPE SIGILL SIGPM SIGPOLL SIGSEGV SIGTRAP SND SO SOCK SOF SOL SPLICE_F STA STD
	SWAP_FLAG SYN SYNC_FILE_RANGE S_I TCFLOW TCFLUSH TCP TCSA TFD TFD_TIMER TIME TIMER TIOCM
	TUN TUN_F TUN_FLT TUN_PKT TUN_READQ UMOUNT UTIME VETH_INFO VFS_CAP VFS_CAP_FLAGS VIRTIO
	W WAIT XATTR XATTR_CAPS XT errornames
]], S.c)

-- Entries of these tables. Reason → what is not there, or has another value, for that reason.

local not_there = {
	["linux/elf-em.h no longer has the machine"] = "EM: AVR32 CYGNUS_V850 V850",
	["epoll_create1(2) takes no such flag"] = "EPOLLCREATE: NONBLOCK",
	["ljsyscall's own: all bits that are no flag"] = "IFF: NONE",
	["the kernel's own, in no header for programs (linux/if.h)"] = [[
		IFREQ: BRIDGE_PORT DISABLE_NETPOLL DONT_BRIDGE ISATAP MACVLAN_PORT MASTER_ARPMON
		OVS_DATAPATH SLAVE_NEEDARP TX_SKB_SHARING UNICAST_FLT WAN_HDLC XMIT_DST_RELEASE]],
	["what the driver kept to itself; linux/if_tun.h no longer has it"] = [[
		TUN: FASYNC NOCHECKSUM NO_PI ONE_QUEUE PERSIST TAP_MQ VNET_HDR]],
	["errors of MIPS alone"] = "errornames: INIT REMDEV",
}
local other_value = {
	["the last of its kind, which newer kernels move"] = [[
		MT_TOOL: MAX SOF: TIMESTAMPING_LAST TIMESTAMPING_MASK]],
	["the newer form of capabilities of files"] = "VFS_CAP: REVISION XATTR_CAPS: SZ",
	["ljsyscall has what libc gives programs of 64 bits: 0"] = "O: LARGEFILE",
}

-- The entries of the lists in @reasons: "TABLE ENTRY" → true
local function exceptions(reasons)
	local set = {}
	for _, list in pairs(reasons) do
		local family
		for word in list:gmatch "%S+" do
			family = word:match "^(.+):$" or family
			set[family .. " " .. word] = word:sub(-1) ~= ":" or nil
		end
	end
	return set
end

-- What is there: a number as ljsyscall has it, of 32 bits or of 64, with or without a sign.
local function same(value, text)
	local number = math.tointeger(tonumber(text)) or -1 -- 2^64 - 1
	return text == "()" and type(value) == "function"
		or math.type(value) and (value == number or value & 0xffffffff == number & 0xffffffff)
end

local function compare(here)
	local lacking, differing = exceptions(not_there), exceptions(other_value)
	local count, wrong = 0, {}
	for line in io.lines "tests/syscall/ljsyscall.txt" do
		local family, entries = line:match "^([%w_]+) (.*)$"
		for entry in (entries or ""):gmatch "%S+" do
			local name, text = entry:match "^(.-)=(.*)$"
			name = name or entry
			local at = family .. " " .. name
			local good, value = pcall(function()
				return here[family][name]
			end)
			count = count + 1
			if not good or value == nil then
				wrong[#wrong + 1] = not lacking[at] and at .. " is missing" or nil
			elseif lacking[at] then
				wrong[#wrong + 1] = at .. " is there, and stands among those that are not"
			elseif text and same(value, text) == (differing[at] or false) then
				wrong[#wrong + 1] = ("%s is %s, and %s for ljsyscall"):format(at, tostring(value), text)
			end
			lacking[at], differing[at] = nil, nil
		end
	end
	for at in pairs(lacking) do
		wrong[#wrong + 1] = at .. " is no entry of ljsyscall"
	end
	for at in pairs(differing) do
		wrong[#wrong + 1] = at .. " is no entry of ljsyscall"
	end
	table.sort(wrong)
	return count, wrong
end

local here = setmetatable({}, {
	__index = function(_, family)
		local list = require("syscall.constants").c[family]
		return family:find "^LINUX_CAPABILITY" and setmetatable({}, {
			__index = function(_, name) return list[math.tointeger(tonumber(name))] end,
		}) or list
	end,
})
if S.raw.arch == "x86_64" then
	local count, wrong = compare(here)
	tap.is(count, 3166, "entries of tables: all are asked for")
	tap.ok(#wrong == 0, "none is missing or differs but those in the lists", table.unpack(wrong))
	local _, wrongs = compare { O = { RDWR = 3 } }
	tap.ok(#wrongs > 3000 and table.concat(wrongs, "\n"):find "O RDWR is 3, and 2 for ljsyscall",
		"a wrong value and a missing table are found")
else
	tap.skip("entries of tables", "host: the list has the values of x86_64")
end

look("single constants", 10, [[
	CBAUD CBAUDEX CIBAUD CMSPAR CRTSCTS HOST_NAME_MAX IFHWADDRLEN IFNAMSIZ PATH_MAX SOMAXCONN
]], S.c)

-- Not there: sighandler, the address of a function, since no Lua runs in a handler, and no number
-- becomes an address; and five names of files below /sys (SYSFS_BRIDGE_…), which are no numbers.
look("types", 193, [[
	adjtimex aio_context aio_context1 bpf_attr bpf_attr1 bpf_insn bpf_insns buffer cap
	capabilities char char1 char2 clock clockid cmsghdr cpu_set daddr dev device dirent
	dirents epoll_event epoll_events error ethhdr fd fdb_entry fdset ff_condition_effect
	ff_constant_effect ff_effect ff_envelope ff_periodic_effect ff_ramp_effect ff_replay
	ff_rumble_effect ff_trigger flock gid gid1 groups id ifa_cacheinfo ifaddrmsg ifinfomsg
	ifreq in6_addr in_addr in_port ino inotify_event inotify_events input_absinfo
	input_event input_id input_keymap_entry int int1 int16 int16_1 int2 int32 int32_1 int64
	int64_1 int8 intptr intptr1 ints io_event io_events iocb iocb_array iocb_ptrs iocbs
	iovec iovecs iphdr itimerspec itimerval long long1 macaddr mcontext mmsghdr mmsghdrs
	mode mq_attr mqd msghdr nda_cacheinfo ndmsg ndt_config ndt_stats ndtmsg nfds nlink
	nlmsgerr nlmsghdr off off1 perf_event_attr perf_event_attr1 perf_reader pid pollfd
	pollfds rlimit rta_cacheinfo rtattr rtgenmsg rtmsg rtnl_link_stats rusage sa sa_family
	sched_param scm_timestamping seccomp_data sigaction sigevent siginfo siginfos
	signalfd_siginfo sigset sigval size size1 sock_filter sock_filters sock_fprog
	sock_fprog1 sockaddr sockaddr_in sockaddr_in6 sockaddr_ll sockaddr_nl sockaddr_storage
	sockaddr_un socklen socklen1 ssize stat statfs string_array sysinfo termios termios2
	time timer timespec timespec2 timespec2_raw timeval timeval2 timeval2_raw timex
	tun_filter tun_pi uchar uchar1 ucontext ucred udphdr uid uid1 uint uint1 uint16 uint16_1
	uint2 uint32 uint32_1 uint64 uint64_1 uint8 uintptr ulong ulong1 user_cap_data
	user_cap_data2 user_cap_header utsname vfs_cap_data vhost_memory vhost_memory_region
	vhost_vring_addr vhost_vring_file vhost_vring_state waitstatus winsize xt_get_revision
]], S.t)
tap.ok(not pcall(function() return S.t.sighandler end), "a type that is not there is an error")

tap.is(S.c.KEY.ENTER .. " " .. S.c.BTN.left .. " " .. S.c.EM["x86_64"] .. " " .. S.names("EV", 1),
	"28 272 62 KEY", "codes of devices and machines")
local none = pcall(function() return fd.seqq end)
tap.ok(not none and not pcall(function() return S.c.KEYS end), "a name that is none is an error")
tap.done()
