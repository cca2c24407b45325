-- processes.lua - making, awaiting and asking about processes

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local root = S.geteuid() == 0
local NOBODY = 0x7ffffffe -- no pid is that large

io.stdout:setvbuf "line" -- a child that ends with exit() writes out what is left

-- child(f) - the pid of a child that runs @f and ends with what it gives
local function child(f, make)
	local pid = assert((make or S.fork)())
	if pid == 0 then
		local good, result = pcall(f)
		S._exit(good and result or 99)
	end
	return pid
end

local function status_of(pid, options)
	local found, none, status = S.waitpid(pid, options)
	assert(found == pid and none == nil, "waitpid() gives pid, nil, status")
	return status
end

-- Making and awaiting

local status = status_of(child(function() return 7 end))
ok(status.WIFEXITED and status.EXITSTATUS == 7 and status.ifexited and not status.WIFSIGNALED,
	"fork(), _exit(), waitpid()")
is(tostring(status), "exited with 7", "a status in words")
raises(function() return status.EXITED end, "waitstatus has no field EXITED", "a wrong field")
local pid = child(S.pause)
ok(S.waitpid(pid, "nohang") == 0, "waitpid() without waiting")
ok(S.kill(pid, "stop"), "kill()")
status = status_of(pid, "untraced")
ok(status.WIFSTOPPED and status.STOPSIG == S.c.SIG.STOP, "a stopped child")
S.kill(pid, "cont")
ok(status_of(pid, "continued").ifcontinued, "a continued one")
S.kill(pid, "term")
status = status_of(pid)
ok(status.WIFSIGNALED and status.TERMSIG == S.c.SIG.TERM and not status.coredump, "a killed one")
is(tostring(status), "killed by signal 15", "in words")
pid = child(function() return 1 end, function() return S.clone(0, "chld") end)
is(status_of(pid).exitstatus, 1, "clone()")
pid = child(function() return 2 end, S.clone)
is(status_of(pid, "__wclone").exitstatus, 2, "clone() without a signal")
local made, none, pidfd = S.clone3 { flags = "pidfd", exit_signal = "chld" }
if made == 0 then
	S._exit(3)
end
ok(made > 0 and none == nil and pidfd:getfd() > 2, "clone3() with a pidfd")
local info = S.waitid("pidfd", pidfd, "exited")
ok(info.pid == made and info.status == 3 and info.code == S.c.SIGCLD.EXITED, "waitid() of it")
pidfd:close()
raises(function() S.clone "vm" end, "clone: VM would let two processes run in one Lua",
	"clone(): shared memory")
raises(function() S.clone "pidfd" end, "comes from clone3()", "clone(): a pidfd")
raises(function() S.clone3 { flags = "thread" } end, "THREAD would", "clone3(): a thread")
raises(function() S.clone3() end, "#1 (cl_args) to 'clone3'", "clone3(): nothing")
raises(function() S.clone3 { stack = S.t.buffer(4096) } end, "neither stack nor tls",
	"clone3(): a stack")
raises(function() S.clone3(S.raw.memory.new(("\0"):rep(40) .. ("\1"):rep(48))) end,
	"neither stack nor tls", "clone3(): bytes for a stack")
raises(function() S.clone3(S.t.buffer(64)) end, "memory of at least 88 bytes",
	"clone3(): short memory")
fails(function() return S.clone "newns, fs" end, "INVAL", "clone(): flags that do not go together")
fails(function() return S.clone3 { exit_signal = 1000 } end, "INVAL", "clone3(): no signal")
is(status_of(child(function()
	S.setrlimit("nproc", 0)
	if root then
		S.setuid(12345)
	end
	return select(2, S.fork()).AGAIN and 0
end)).exitstatus, 0, "fork(): no more processes")
pid = child(function() return 4 end)
local found, nothing, ended = S.wait()
ok(found == pid and nothing == nil and ended.exitstatus == 4, "wait()")
pid = child(function() return 5 end)
local usage
found, nothing, ended, usage = S.wait4(pid, 0)
ok(found == pid and nothing == nil and ended.exitstatus == 5 and usage.maxrss > 0,
	"wait4() with the usage")
pid = child(function() return 6 end)
ok(S.wait3() == pid, "wait3()")
fails(S.wait, "CHILD", "wait(): no child")
fails(S.wait3, "CHILD", "wait3(): no child")
fails(function() return S.wait4(NOBODY) end, "CHILD", "wait4(): no such child")
fails(function() return S.waitpid(NOBODY) end, "CHILD", "waitpid(): no such child")
fails(function() return S.waitid("pid", NOBODY, "exited") end, "CHILD", "waitid(): no such child")
raises(function() S.waitpid "x" end, "#1 (pid) to 'wait4'", "waitpid(): no pid")
raises(function() S.waitpid(-1, "nohangs") end, "did you mean", "waitpid(): no such option")
raises(function() S.waitid "pids" end, "no P", "waitid(): no such kind")

-- Programs

local function output(path, argv, envp, make)
	local _, _, reader, writer = assert(S.pipe "cloexec")
	local running = child(function()
		writer:dup2(1)
		S.execve(path, argv, envp)
		if make then
			make()
		end
		return 98
	end)
	writer:close()
	local text = reader:read()
	reader:close()
	return text, status_of(running).exitstatus
end

is(output("/bin/sh", { "sh", "-c", "echo $0 $A $1", "a", "b c" }, { "A=1" }), "a 1 b c\n",
	"execve()")
is(output("/bin/sh", { "sh", "-c", "echo $A $B" }, { "A=1", B = "2" }), "1 2\n",
	"an environment as a table")
is(output("/nonexistent", {}, nil, function()
	local bin = S.open("/bin", "path")
	S.execveat(bin, "sh", { "sh", "-c", "echo at" })
end), "at\n", "execveat()")
fails(function() return S.execve "/nonexistent" end, "NOENT", "execve(): no such program")
fails(function() return S.execveat(nil, "/", {}, {}) end, "ACCES", "execveat(): a directory")
raises(function() S.execve("/bin/sh", "x") end, "#2 (argv) to 'execve' (a table expected",
	"execve(): no list")
raises(function() S.execve("/bin/sh", { 1 }) end, "a list of texts without NUL bytes expected",
	"execve(): a number")
raises(function() S.execve("/bin/sh", {}, { "a\0b" }) end, "#3 (envp) to 'execve'",
	"execve(): a NUL in the environment")
raises(function() S.execve() end, "#1 (pathname) to 'execve'", "execve(): no path")

-- Ends

local _, _, reader, writer = assert(S.pipe "cloexec")
is(status_of(child(function()
	S.atexit(function() writer:write "first" end)
	S.atexit(function() writer:write "last " end)
	S.exit(9)
end)).exitstatus, 9, "exit()")
is(reader:read(), "last first", "atexit(): the last first")
reader:close()
writer:close()
raises(function() S.atexit(1) end, "bad argument #1 to 'atexit' (a function", "atexit(): a number")
raises(function() S.exit "perhaps" end, "no EXIT \"perhaps\"", "exit(): no such status")
raises(function() S._exit {} end, "#1 to '_exit'", "_exit(): a table")

-- Who is who

ok(S.getpid() == S.gettid() and S.getppid() >= 0, "getpid(), gettid(), getppid()")
is(status_of(child(function()
	local session = S.setsid()
	return session == S.getpid() and S.getsid() == session and S.getpgrp() == session
		and S.getpgid(0) == session and select(2, S.setsid()).PERM
		and select(2, S.setpgid(0, 0)).PERM and 0
end)).exitstatus, 0, "setsid(), getsid(), getpgrp(), getpgid()")
is(status_of(child(function()
	return S.setpgid() and S.getpgrp() == S.getpid() and S.killpg(S.getpgrp(), 0) and 0
end)).exitstatus, 0, "setpgid() and killpg()")
fails(function() return S.getsid(NOBODY) end, "SRCH", "getsid(): nobody's")
fails(function() return S.getpgid(NOBODY) end, "SRCH", "getpgid(): nobody's")
fails(function() return S.setpgid(NOBODY, 0) end, "SRCH", "setpgid(): nobody's")
fails(function() return S.killpg(NOBODY, 0) end, "SRCH", "killpg(): nobody's")
raises(function() S.killpg(-1, 0) end, "to 'killpg' (a whole number from 0", "killpg(): negative")
ok(S.kill(S.getpid(), 0) and S.tgkill(S.getpid(), S.gettid(), 0) and S.tkill(S.gettid(), 0),
	"kill(), tgkill(), tkill()")
fails(function() return S.kill(NOBODY, 0) end, "SRCH", "kill(): nobody")
fails(function() return S.tgkill(S.getpid(), NOBODY, 0) end, "SRCH", "tgkill(): nobody")
fails(function() return S.tkill(NOBODY, 0) end, "SRCH", "tkill(): nobody")
raises(function() S.kill(1, "killl") end, "did you mean \"KILL\"", "kill(): no such signal")
local persona = S.personality()
is(status_of(child(function()
	return S.personality "addr_no_randomize" == persona
		and S.personality() == S.c.PER.ADDR_NO_RANDOMIZE and 0
end)).exitstatus, 0, "personality()")
raises(function() S.personality "windows" end, "no PER", "personality(): no such one")
fails(function() return S.acct "/nonexistent" end, root and "NOENT" or "PERM", "acct(): no file")

-- pidfds

local self = assert(S.pidfd_open(S.getpid()))
local null = S.open "/dev/null"
local copy = assert(S.pidfd_getfd(self, null:getfd()))
ok(copy:getfd() ~= null:getfd() and copy:stat().ischr, "pidfd_getfd()")
ok(S.pidfd_send_signal(self, 0), "pidfd_send_signal()")
fails(function() return S.pidfd_open(NOBODY) end, "SRCH", "pidfd_open(): nobody")
fails(function() return S.pidfd_getfd(self, 9999) end, "BADF", "pidfd_getfd(): no such fd")
fails(function() return S.pidfd_send_signal(null, 0) end, "BADF", "pidfd_send_signal(): no pidfd")
raises(function() S.pidfd_getfd(self, "x") end, "#2 (targetfd) to 'pidfd_getfd'",
	"pidfd_getfd(): no number")
local same, why = S.kcmp(S.getpid(), S.getpid(), "file", null:getfd(), copy:getfd())
if same or not why.NOSYS then
	is(same, 0, "kcmp(): the same file")
	fails(function() return S.kcmp(NOBODY, S.getpid(), "vm") end, "SRCH", "kcmp(): nobody")
else
	tap.skip("kcmp()", "host: this kernel has none")
end
raises(function() S.kcmp(1, 1, "files_") end, "no KCMP", "kcmp(): no such kind")
copy:close()
self:close()

-- The memory of another process

local bytes = S.t.buffer(6)
bytes:write(0, "parent")
local address = require("syscall.unsafe").address(bytes)
local _, _, go, gone = assert(S.pipe "cloexec")
pid = child(function()
	bytes:write(0, "child!")
	gone:write "x"
	S.pause()
end)
go:read(nil, 1)
local here = S.t.iovecs { 2, 4 }
is(S.process_vm_readv(pid, here, { { address, 6 } }), 6, "process_vm_readv()")
is(tostring(here), "child!", "what it read")
is(S.process_vm_writev(pid, { "CHILD" }, { { address, 2 }, { address + 2, 3 } }), 5,
	"process_vm_writev()")
S.process_vm_readv(pid, here, { { address, 6 } })
is(tostring(here) .. tostring(bytes), "CHILD!parent", "what it wrote, and where")
fails(function() return S.process_vm_readv(NOBODY, { 1 }, { { 1, 1 } }) end, "SRCH",
	"process_vm_readv(): nobody's")
fails(function() return S.process_vm_writev(pid, { "x" }, { { 8, 1 } }) end, "FAULT",
	"process_vm_writev(): nothing there")
raises(function() S.process_vm_writev(S.getpid(), { "x" }, { { address, 1 } }) end,
	"another process expected", "process_vm_writev(): our own memory")
raises(function() S.process_vm_readv(pid, { 1 }, { 5 }) end, "a list of { address, length }",
	"process_vm_readv(): no list")
local other = assert(S.pidfd_open(pid))
local advised, advice_error = S.process_madvise(other, { { address & ~4095, 4096 } }, "cold")
ok(advised == 4096 or advice_error.PERM and not root, "process_madvise()")
raises(function() S.process_madvise(other, {}, "dontneed") end,
	"cold, pageout, willneed or collapse", "process_madvise(): advice that loses something")
fails(function() return S.process_madvise(null, { { 4096, 4096 } }, "cold") end, "BADF",
	"process_madvise(): no pidfd")
fails(function() return S.process_mrelease(other) end, "INVAL", "process_mrelease(): it lives")
S.kill(pid, "kill")
local released, release_error = S.process_mrelease(other)
ok(released or release_error.SRCH, "process_mrelease(): it dies, or is dead")
status_of(pid)
for _, one in ipairs { null, other, go, gone } do
	one:close()
end

is(check.open_fds(), before, "no fd is left open")
tap.done()
