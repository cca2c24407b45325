-- numbers.lua - does each function enter the kernel by the right number?
--
-- First every number of the library is held against <asm/unistd.h> of each architecture, and the
-- headers' against the library's. Then each function is called, with arguments of all kinds until
-- it gets as far as the kernel, in a child whose filter lets nothing happen: it answers each call
-- with an error that is its number. What comes back must be the number of the call of the same
-- name, or of the one that the list below says.

package.path = "tests/lib/?.lua;" .. (os.getenv "LUNETTE_BUILD" or "build/release")
	.. "/generated/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local index = require "syscall.index"
local S = require "syscall"

-- Numbers of the headers

local compilers = {
	x86_64 = "x86_64-linux-gnu-gcc", aarch64 = "aarch64-linux-gnu-gcc",
	riscv64 = "riscv64-linux-gnu-gcc",
}

-- What is newer than Linux 6.1: read off scripts/syscall.tbl and syscall_64.tbl of arch/x86 in the
-- sources of Linux 6.18.
local newer = {
	cachestat = 451, fchmodat2 = 452, map_shadow_stack = 453, futex_wake = 454, futex_wait = 455,
	futex_requeue = 456, statmount = 457, listmount = 458, lsm_get_self_attr = 459,
	lsm_set_self_attr = 460, lsm_list_modules = 461, mseal = 462, setxattrat = 463,
	getxattrat = 464, listxattrat = 465, removexattrat = 466, open_tree_attr = 467,
	file_getattr = 468, file_setattr = 469,
}
local newer_here = {
	x86_64 = { uretprobe = 335, uprobe = 336 }, -- of the abi `common`
	riscv64 = { riscv_hwprobe = 258 }, -- of the abi `riscv`
}

local function preprocess(compiler, options, text)
	local name = os.tmpname()
	local file <close> = assert(io.open(name, "w"))
	file:write("#include <asm/unistd.h>\n", text)
	file:flush()
	local pipe <close> = assert(io.popen(("%s -E -P %s -x c %s"):format(compiler, options, name)))
	local output = pipe:read "a"
	os.remove(name)
	return output
end

-- Name → number of the headers.
local function of_headers(compiler)
	local text, found = {}, {}
	for name in preprocess(compiler, "-dM", ""):gmatch "#define __NR_([%w_]+) " do
		text[#text + 1] = ("number %s __NR_%s;"):format(name, name)
	end
	local numbers = preprocess(compiler, "", table.concat(text, "\n"))
	for name, value in numbers:gmatch "number (%S+) ([^;]*);" do
		found[name] = load("return " .. value)()
	end
	return found
end

-- No calls, but what the headers say of these.
local no_call = { syscalls = true, arch_specific_syscall = true }

for arch, compiler in pairs(compilers) do
	local program = io.popen("command -v " .. compiler):read "l"
	local ours = require("syscall.numbers_" .. arch)
	local headers = program and of_headers(compiler) or {}
	local wrong, count = {}, 0
	for _, list in ipairs { newer, newer_here[arch] } do
		for name, number in pairs(list) do
			headers[name] = headers[name] or number
		end
	end
	for name, number in pairs(program and ours or {}) do
		local right = headers[name]
		count = count + 1
		wrong[#wrong + 1] = right ~= number and ("%s %d, not %s"):format(name, number,
			tostring(right)) or nil
	end
	for name in pairs(headers) do
		wrong[#wrong + 1] = not ours[name] and not no_call[name] and name .. " is not known" or nil
	end
	table.sort(wrong)
	if program then
		tap.ok(#wrong == 0 and count > 300, ("%s: %d numbers are those of the headers"):format(arch,
			count), table.unpack(wrong))
	else
		tap.skip(arch .. ": numbers", compiler .. " is not installed (./quickstart setup)")
	end
end

-- What functions do

local sanitized = check.sanitized "its own calls would be refused too"
if sanitized then
	tap.skip("each function's number", sanitized)
	tap.done()
	return
elseif check.no_filters() then
	tap.skip("each function's number", check.no_filters())
	tap.done()
	return
end

-- Function → the first call that it makes, where that has another name.
local calls = {}
for name, first in ([[
	accept=accept4 access=faccessat alarm=setitimer block=fcntl bpf_map_create=bpf
	bpf_map_op=bpf bpf_prog_load=bpf chmod=fchmodat chown=fchownat creat=openat dup2=dup3
	epoll_create=epoll_create1 epoll_wait=epoll_pwait eventfd=eventfd2 execve=execveat
	fadvise=fadvise64 fanotify_read=read fanotify_respond=write fork=clone forkpty=openat
	fpathconf=fstatfs fstatat=newfstatat futimens=utimensat futimes=utimensat
	fxattr=flistxattr getdents=getdents64 getdomainname=uname gethostname=uname
	getpgrp=getpgid getrlimit=prlimit64 grantpt=ioctl inotify_init=inotify_init1
	inotify_read=read io_uring=io_uring_setup isatty=ioctl killpg=kill lchown=fchownat
	link=linkat lockf=fcntl login_tty=setsid lstat=newfstatat lutimes=utimensat
	lxattr=llistxattr mkdir=mkdirat mkfifo=mknodat mkfifoat=mknodat mknod=mknodat mlock=mlock2
	mounts=openat nanosleep=clock_nanosleep nice=getpriority nonblock=fcntl open=openat
	openpt=openat openpty=openat pathconf=statfs pause=ppoll
	perf_attach_tracepoint=perf_event_open perf_probe=openat perf_tracepoint=openat pipe=pipe2
	poll=ppoll posix_fallocate=fallocate posix_openpt=openat pread=pread64 prlimit=prlimit64
	pselect=pselect6 ptsname=ioctl pwrite=pwrite64 readlink=readlinkat recv=recvfrom
	rename=renameat2 renameat=renameat2 rmdir=unlinkat select=pselect6 send=sendto
	setegid=setresgid seteuid=setresuid setrlimit=prlimit64 shm_open=openat
	shm_unlink=unlinkat sigaction=rt_sigaction signal=rt_sigaction signalfd=signalfd4
	sigpending=rt_sigpending sigprocmask=rt_sigprocmask sigqueue=rt_sigqueueinfo
	sigsuspend=rt_sigsuspend sigtimedwait=rt_sigtimedwait sigwaitinfo=rt_sigtimedwait
	sleep=clock_nanosleep stat=newfstatat symlink=symlinkat sysctl=openat tcdrain=ioctl
	tcflow=ioctl tcflush=ioctl tcgetattr=ioctl tcgetsid=ioctl tcgetwinsize=ioctl
	tcsendbreak=ioctl tcsetattr=ioctl tcsetwinsize=ioctl tell=lseek umount=umount2
	unlink=unlinkat unlockpt=ioctl unmount=umount2 utime=utimensat utimes=utimensat wait=wait4
	wait3=wait4 waitpid=wait4 xattr=listxattr
]]):gmatch "(%S+)=(%S+)" do
	calls[name] = first
end

local exempt = {
	["does not return"] = "_exit exit",
	["the filter lets it through, since Lua's own memory needs it"] = [[
		mmap fmmap munmap mremap madvise]],
	["does not ask the kernel"] = "atexit clearenv environ errno getenv getpagesize setenv unsetenv",
	["makes an object of a descriptor that is there"] = "perf_reader",
	["takes its answer from clock_gettime() without looking whether that failed"] = "time",
}

local numbers = require("syscall.numbers_" .. S.raw.arch)
local BASE, LAST = 1000, 999 -- errors that the kernel does not have, one for each number

local function filter_of(allowed)
	local list = { S.t.sock_filter("LD,W,ABS", 0) }
	for i, name in ipairs(allowed) do
		list[#list + 1] = S.t.sock_filter("JMP,JEQ,K", numbers[name], #allowed - i + 2, 0)
	end
	list[#list + 1] = S.t.sock_filter("ALU,ADD,K", S.c.SECCOMP_RET.ERRNO + BASE)
	list[#list + 1] = S.t.sock_filter "RET,A"
	list[#list + 1] = S.t.sock_filter("RET,K", S.c.SECCOMP_RET.ALLOW)
	return list
end

-- The number in the error among @results, or nil.
local function entered(results)
	for i = 2, results.n do
		local value = results[i]
		local good, number = pcall(function() return value.errno end)
		if good and math.type(number) and number >= BASE and number <= BASE + LAST then
			return number - BASE
		end
	end
end

-- Arguments that no choice below is: function → what calls it.
local page = assert(S.mmap(nil, 4096, "read, write", "private, anonymous"))
local special = {
	copy_file_range = function() return S.copy_file_range(0, nil, 1, nil, 5) end,
	dup2 = function() return S.dup2(0, 9) end,
	mincore = function() return S.mincore(page) end,
	mprotect = function() return S.mprotect(page, nil, "read") end,
	msync = function() return S.msync(page, nil, "sync") end,
	perf_probe = function() return S.perf_probe("kprobe", "x/y") end,
	pkey_mprotect = function() return S.pkey_mprotect(page, nil, "read", 0) end,
	process_madvise = function() return S.process_madvise(0, { { 0, 4096 } }, "cold") end,
	quotactl = function() return S.quotactl("sync", "usrquota", "/none", 0) end,
	quotactl_fd = function() return S.quotactl_fd(0, "sync", "usrquota", 0) end,
	remap_file_pages = function() return S.remap_file_pages(page, 4096, 0, 0, 0) end,
	splice = function() return S.splice(0, nil, 1, nil, 5) end,
}

-- Calls @f with all choices of @depth values until it enters the kernel.
local function try(f, values, depth, arguments, at)
	if at > depth then
		return entered(table.pack(pcall(f, table.unpack(arguments, 1, depth))))
	end
	for _, value in ipairs(values) do
		arguments[at] = value
		local number = try(f, values, depth, arguments, at + 1)
		if number then
			return number
		end
	end
end

local names = {}
for name in pairs(index.functions) do
	names[#names + 1] = S[name] and name or nil
end
table.sort(names)
for _, list in pairs(exempt) do
	for name in list:gmatch "%S+" do
		calls[name] = "-"
	end
end

S.load_all()
local answers = assert(S.mmap(nil, 65536, "read, write", "shared, anonymous"))
local values = { "/none", 0, S.t.buffer(4096), {}, S.stdin, 1, "0" }
local filter = filter_of { "mmap", "munmap", "mremap", "madvise", "brk", "exit_group" }
local child = assert(S.fork())
if child == 0 then
	assert(S.prctl("set_no_new_privs", true))
	assert(S.seccomp("set_mode_filter", 0, filter))
	for i, name in ipairs(names) do
		local number = special[name] and entered(table.pack(pcall(special[name])))
		for depth = 0, (special[name] or calls[name] == "-") and -1 or 4 do
			number = number or try(S[name], values, depth, {}, 1)
		end
		answers:i32(i * 4, number or -1)
	end
	S._exit(0)
end
tap.is(select(3, assert(S.waitpid(child))).exitstatus, 0, "every function was called")
local name_of = {}
for name, number in pairs(numbers) do
	name_of[number] = name
end
for i, name in ipairs(names) do
	local expected = calls[name] or name
	if expected ~= "-" then
		tap.is(name_of[answers:i32(i * 4)], expected, name .. "() enters by " .. expected)
	end
end
tap.done()
