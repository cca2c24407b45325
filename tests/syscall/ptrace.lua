-- ptrace.lua - tracing another process, and the example that does

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local NOBODY = 0x7ffffffe
local word = S.t.buffer(8)
word:u64(0, 1111)
local address = require("syscall.unsafe").address(word)

local pid = assert(S.fork())
if pid == 0 then
	if not S.ptrace "traceme" then
		S._exit(98)
	end
	S.kill(S.getpid(), "stop")
	local own = S.getppid()
	S._exit(own > 0 and word:u64(0) == 2222 and 5 or 6)
end
local _, _, status = assert(S.waitpid(pid, "untraced"))
if not status.ifstopped then
	S.ptrace = nil
	tap.skip("ptrace()", "host: this kernel lets nobody trace")
	tap.done()
end
ok(S.ptrace("setoptions", pid, 0, "tracesysgood, exitkill"), "ptrace(): traceme and options")
is(S.ptrace("peekdata", pid, address), 1111, "a word is read")
ok(S.ptrace("pokedata", pid, address, 2222), "and written")
is(S.ptrace("peektext", pid, address) .. " " .. word:u64(0), "2222 1111", "there and not here")
is(S.ptrace("getsiginfo", pid).signame, "STOP", "why it stopped")
ok(S.ptrace("setsigmask", pid, nil, "usr1") and S.ptrace("getsigmask", pid).usr1, "its mask")
local regs = S.ptrace("getregset", pid)
ok(regs and #regs == S.types.s.user_regs, "its registers")
ok(S.ptrace("setregset", pid, "prstatus", regs), "can be set")
if S.raw.arch == "x86_64" then
	is(S.ptrace("getregs", pid).rip, regs.rip, "x86_64 has a request of its own")
	ok(S.ptrace("setregs", pid, nil, regs), "for setting them too")
end
ok(#S.ptrace("getregset", pid, "prfpreg") > 0, "another set of them")
fails(function() return S.ptrace("seccomp_get_filter", pid) end,
	select(2, S.ptrace("seccomp_get_filter", pid)).sym:sub(2), "it has no filter")
ok(S.ptrace("syscall", pid), "on to the next call")
local calls = {}
local entry = S.c.PTRACE_SYSCALL_INFO.ENTRY
while true do
	_, _, status = assert(S.waitpid(pid))
	if not status.ifstopped then
		break
	end
	if status.stopsig == S.c.SIG.TRAP | 0x80 then
		local info = assert(S.ptrace("get_syscall_info", pid))
		calls[#calls + 1] = info.op == entry and info.nr or nil
	end
	S.ptrace("syscall", pid)
end
local number = require("syscall.call").number
ok(calls[#calls] == number "exit_group", "the last call is exit_group()")
ok(table.concat(calls, " "):find(number "getppid", 1, true), "getppid() before it")
is(status.exitstatus, 5, "it saw what was written")

-- Attaching

pid = assert(S.fork())
if pid == 0 then
	S.pause()
end
ok(S.ptrace("seize", pid, 0, "traceexit"), "seize")
ok(S.ptrace("interrupt", pid), "interrupt")
_, _, status = assert(S.waitpid(pid))
is(status.event, S.c.PTRACE_EVENT.STOP, "stops it")
ok(S.ptrace("cont", pid), "cont")
S.kill(pid, "term")
_, _, status = assert(S.waitpid(pid))
is(status.stopsig, S.c.SIG.TERM, "a signal stops it")
ok(S.ptrace("cont", pid, 0, "term"), "and is passed on")
_, _, status = assert(S.waitpid(pid))
is(status.event .. " " .. S.ptrace("geteventmsg", pid), S.c.PTRACE_EVENT.EXIT .. " 15",
	"its end is an event")
ok(S.ptrace("detach", pid), "detach")
_, _, status = assert(S.waitpid(pid))
is(status.termsig, S.c.SIG.TERM, "it ends")

for _, request in ipairs { "attach", "cont", "peekdata", "getsiginfo", "getregset",
	"get_syscall_info", "geteventmsg", "seccomp_get_filter" } do
	fails(function() return S.ptrace(request, NOBODY) end, "SRCH", request .. ": nobody")
end
fails(function() return S.ptrace("setregset", NOBODY, nil, S.t.user_regs()) end, "SRCH",
	"setregset: nobody")
fails(function() return S.ptrace("setsiginfo", NOBODY, nil, {}) end, "SRCH", "setsiginfo: nobody")
raises(function() S.ptrace("contt", 1) end, "did you mean \"CONT\"", "no such request")
raises(function() S.ptrace("setoptions", 1, 0, "tracesys") end, "no PTRACE_O", "no such option")
raises(function() S.ptrace("pokedata", 1, 8, {}) end, "bad argument #4 (data) to 'ptrace'",
	"no number")
raises(function() S.ptrace("pokedata", 1, 8) end, "bad argument #4 (data) to 'ptrace'", "no data")
raises(function() S.ptrace("cont", "x") end, "bad argument #2 (pid) to 'ptrace'", "no pid")
raises(function() S.ptrace("getsiginfo", 1, 0, 4096) end,
	"#4 (data) to 'ptrace' (memory of the type",
	"an address of ours")
raises(function() S.ptrace("setregset", 1, nil, 4096) end,
	"#4 (data) to 'ptrace' (registers expected",
	"an address of ours for registers")
raises(function() S.ptrace("getfpregs", 1) end, "not among those", "a request that is not here")
raises(function() S.raw.call(number "ptrace", S.c.PTRACE.PEEKDATA, 1, 0, 4096) end, "address",
	"raw.call() takes no address for its data")

-- The example

local function strace(...)
	local _, _, from, to = assert(S.pipe "cloexec")
	local child = assert(S.fork())
	if child == 0 then
		to:dup2(2)
		collectgarbage() -- standard error stays what it is
		assert(loadfile "examples/strace.lua")(...)
	end
	to:close()
	local parts = {}
	repeat
		parts[#parts + 1] = assert(from:read(nil, 65536))
	until parts[#parts] == ""
	from:close()
	local _, _, ended = assert(S.waitpid(child))
	return table.concat(parts), ended
end
local text
text, status = strace("sh", "-c", "cd /; /bin/true; exit 3")
is(status.exitstatus, 3, "strace.lua ends as the program did")
ok(text:find 'chdir%("/"%) = 0\n', "it shows calls with their files", text:sub(-2000))
ok(text:find "exit_group%(status=0x0%)" or text:find "exited with 0\n", "of children too")
ok(text:find "%d+ exited with 3\n", "and how each ends")
ok(text:find "%) = %-1 ENOENT %(No such file or directory%)", "errors by name")
text, status = strace()
ok(status.exitstatus == 2 and text:find "^usage: ", "without one it says how it is used", text)

is(check.open_fds(), before, "no fd is left open")
tap.done()
