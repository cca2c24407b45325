-- process.lua - S.process: fields read and set; in children, since what is set stays

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, raises, in_child = tap.ok, tap.is, check.raises, check.in_child

local before = check.open_fds()
local process = S.process
local mask = S.umask(0)
S.umask(mask)

-- Reading

for name, want in pairs { pid = S.getpid(), ppid = S.getppid(), uid = S.getuid(), gid = S.getgid(),
	euid = S.geteuid(), egid = S.getegid(), pgid = S.getpgrp(), sid = S.getsid(),
	cwd = S.getcwd(), nice = S.getpriority "process", exe = S.readlink "/proc/self/exe",
	scheduler = "normal", threads = 1, umask = mask } do
	is(process[name], want, name)
end
is(process.caps.effective, S.capget().effective, "caps")
is(table.concat(process.groups, " "), table.concat(S.getgroups(), " "), "groups")
ok(#process.affinity >= 1 and #process.cmdline > 1 and process.environ.PATH, "lists")
ok(process.root == "/" and process.cgroup[1] and process.name ~= "", "more of /proc")
ok(process.dumpable == true or process.dumpable == false, "dumpable")
is(process.subreaper, false, "subreaper")
is(process.no_new_privs, S.prctl "get_no_new_privs" == 1, "no_new_privs")
is(tostring(process), "process " .. S.getpid(), "as text")
local seen = {}
for name, value in pairs(process) do
	seen[name] = value
end
is(seen.pid .. tostring(seen.subreaper), S.getpid() .. "false", "pairs()")
raises(function() return process.gruops end,
	"process has no field gruops; did you mean \"groups\"?", "no such field")
raises(function() process.gruops = 1 end, "process.gruops: no field that can be set",
	"none to set")
raises(function() process.pid = 1 end, "process.pid: no field that can be set", "a fixed one")
raises(function() process.cwd = "/none" end, "process.cwd: No such file or directory",
	"what the kernel refuses")

-- Setting

local function set(name, f)
	is(in_child(f), 0, name)
end
set("cwd, umask, name, nice, affinity", function()
	process.cwd, process.umask, process.name = "/", "027", "renamed"
	local slower = math.min(process.nice + 3, 19)
	process.nice = slower
	process.affinity = { process.affinity[1] }
	return S.getcwd() == "/" and process.umask == 23 and process.name == "renamed"
		and #process.affinity == 1 and process.nice == slower
end)
set("pgid, oom_score_adj, dumpable, no_new_privs, subreaper, pdeathsig", function()
	process.pgid, process.oom_score_adj = 0, 700
	process.dumpable, process.no_new_privs, process.subreaper = false, true, true
	process.pdeathsig = S.c.SIG.TERM
	process.timerslack, process.keepcaps = 60000, false
	return S.getpgrp() == S.getpid() and process.oom_score_adj == 700 and not process.dumpable
		and process.no_new_privs and process.subreaper and process.pdeathsig == S.c.SIG.TERM
		and process.timerslack == 60000
end)
set("limits.soft.cpu = 4", function()
	process.limits.soft.cpu = 4
	return process.limits.soft.cpu == 4 and process.limits.hard.cpu == math.huge
		and S.getrlimit("cpu").cur == 4
end)
set("limits.hard, which takes the soft one down", function()
	process.limits.hard.nofile = 30
	return process.limits.nofile.soft == 30 and process.limits.soft.nofile == 30
		and not pcall(function() process.limits.soft.nofile = 31 end)
end)
set("limits: both, several, none", function()
	process.limits.core = 0
	process.limits.stack = { soft = 1 << 20, hard = 1 << 21 }
	process.limits = { fsize = { 100, 200 }, cpu = math.huge }
	return process.limits.core.hard == 0 and process.limits.stack.hard == 1 << 21
		and process.limits.fsize.soft == 100 and process.limits.cpu.hard == math.huge
end)
local count = 0
for name, value in pairs(process.limits.soft) do
	assert(type(name) == "string" and math.type(value))
	count = count + 1
end
is(count, 16, "pairs() of limits")
raises(function() process.limits.soft.cpus = 1 end, "no RLIMIT \"cpus\"; did you mean \"CPU\"?",
	"no such limit")
raises(function() process.limits.soft.cpu = "4" end, "process.limits.cpu: a number expected",
	"no number")
raises(function() process.limits.soft.cpu = { 1, 2 } end, "a number expected", "two for one")
raises(function() return process.limits[5] end, "the name of a limit", "a number for a name")
raises(function() process.limits = 5 end, "(a table", "no limits")
if S.getuid() == 0 then
	set("caps, groups, gid, uid", function()
		process.groups, process.gid = { 100 }, 65534
		process.caps = { permitted = "setuid, chown", effective = "setuid" }
		process.uid = 65534
		return process.uid == 65534 and process.gid == 65534 and process.groups[1] == 100
			and not pcall(function() process.uid = 0 end)
	end)
	set("root", function()
		process.root = "/proc"
		return S.stat "/self"
	end)
else
	tap.skip("caps, groups, gid, uid, root", "host: needs root")
end

-- Another process

local _, _, reader, writer = assert(S.pipe "cloexec")
local child = assert(S.fork())
if child == 0 then
	writer:close()
	reader:read(nil, 1)
	S._exit(0)
end
local other = process(child)
is(other.ppid .. other.name, S.getpid() .. process.name, "process(pid)")
other.limits.soft.nofile = 77
local slower = math.min(process.nice + 1, 19)
other.nice = slower
other.affinity = { process.affinity[1] }
is(other.limits.soft.nofile .. " " .. other.nice, "77 " .. slower, "and setting it")
ok(process.limits.soft.nofile ~= 77, "us it does not touch")
ok(other.environ.PATH == process.environ.PATH and other.pid == child, "what it began with")
raises(function() other.cwd = "/" end, "process.cwd: set by the process itself only",
	"what only it may do")
raises(function() return other.dumpable end, "known of the own process only", "or know")
writer:close()
reader:close()
S.waitpid(child)
raises(function() return other.name end, "process.name: No such file or directory", "it is gone")
raises(function() other.nice = 1 end, "process.nice: No such process", "also to set")
raises(function() process(0) end, "#1 to 'process'", "process(): 0")

is(check.open_fds(), before, "no fd is left open")
tap.done()
