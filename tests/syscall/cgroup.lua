-- cgroup.lua - S.cgroup: forms of files on a directory of our own, and real groups where there are
-- any

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises, in_child = tap.ok, tap.is, check.fails, check.raises, check.in_child

local before = check.open_fds()
local cgroup, util = S.cgroup, S.util
local dir, remove = check.scratch()

local function file(name, text)
	assert(util.writefile(dir .. "/" .. name, text, "0644"))
end

-- Reading: what a kernel says

local group = cgroup(dir .. "/")
is(tostring(group), dir, "cgroup() of a directory")
file("memory.max", "max\n")
file("memory.current", "4096\n")
file("memory.events", "low 0\nhigh 2\noom_kill 1\n")
file("memory.stat", "anon 10\nfile 20\n")
file("memory.numa_stat", "anon N0=1 N1=2\nfile N0=3 N1=4\n")
file("memory.swap.max", "0\n")
file("hugetlb.2MB.max", "max\n")
file("cpu.max", "max 100000\n")
file("cpu.stat", "usage_usec 7\nnr_periods 0\n")
file("cpu.pressure", "some avg10=0.50 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 "
	.. "avg300=0.00 total=3\n")
file("io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=max\n8:16 rbps=5 wbps=6 riops=7 "
	.. "wiops=8\n")
file("cgroup.procs", "1\n22\n")
file("cgroup.controllers", "cpu io memory\n")
file("cgroup.subtree_control", "\n")
file("cgroup.type", "domain threaded\n")
file("cpuset.cpus", "0-3,5\n")
file("cpuset.cpus.partition", "root invalid (no cpus)\n")
file("odd", "no form of those\nat all\n")
is(group.memory.max, math.huge, "max is no limit")
is(group.memory.current .. group.memory.swap.max, "40960", "numbers")
is(group.memory.events.oom_kill .. group.memory.stat.file, "120", "a line for each key")
is(group.memory.numa_stat.file.N1, 4, "several values for each key")
is(group.hugetlb["2MB"].max, math.huge, "names of several parts")
is(group["memory.current"], 4096, "or at once")
is(group.cpu.max.quota .. " " .. group.cpu.max.period, "inf 100000", "cpu.max")
is(group.cpu.pressure.some.avg10 .. " " .. group.cpu.pressure.full.total, "0.5 3", "pressure")
is(group.io.max["8:0"].rbps .. group.io.max["8:16"].wiops, "10485768", "io.max")
is(table.concat(group.cgroup.procs, " "), "1 22", "lists of processes")
is(table.concat(group.cgroup.controllers, " ") .. #group.cgroup.subtree_control, "cpu io memory0",
	"and of names")
is(group.cgroup.type .. group.cpuset.cpus, "domain threaded0-3,5", "texts")
is(group.cpuset["cpus.partition"], "root invalid (no cpus)", "of several words")
is(group.odd, "no form of those\nat all", "what has no form is text")
is(group.memory.nothing, nil, "nothing for what is not there")
is(group.nothing, nil, "nor a part of a name")
is(group["../x"] == nil and group[{}] == nil and group.memory["x/y"] == nil, true, "no other names")

-- Writing

local function wrote(name, want, what)
	is(util.readfile(dir .. "/" .. name), want, what)
	file(name, "")
end
file("memory.max", "")
group.memory.max = "64M"
wrote("memory.max", "64M", "a size")
group.memory.max = math.huge
wrote("memory.max", "max", "no limit")
group["memory.max"] = 65536
wrote("memory.max", "65536", "a number, by the whole name")
file("cpu.max", "")
group.cpu.max = { quota = 50000, period = 100000 }
wrote("cpu.max", "50000 100000", "a quota")
group.cpu.max = { quota = math.huge }
wrote("cpu.max", "max", "or none")
file("io.max", "")
group.io.max = { ["8:0"] = { rbps = 5 } }
wrote("io.max", "8:0 rbps=5", "for a device")
file("cgroup.freeze", "")
group.cgroup.freeze = true
wrote("cgroup.freeze", "1", "a flag")
file("cgroup.subtree_control", "")
ok(group:enable "memory, pids", "enable()")
wrote("cgroup.subtree_control", "+memory +pids", "what that writes")
ok(group:disable "memory", "disable()")
wrote("cgroup.subtree_control", "-memory", "what that writes")
file("cgroup.procs", "")
ok(group:add() and util.readfile(dir .. "/cgroup.procs") == "0", "add() of ourselves")
file("cgroup.procs", "")
ok(group:add(17), "add() of a process")
wrote("cgroup.procs", "17", "what that writes")
raises(function() group.memory.nothing = 1 end, "/memory.nothing: No such file", "none to set")
raises(function() group.memory["../x"] = 1 end, "a name and a value expected", "no such name")
raises(function() group.memory.max = nil end, "a name and a value expected", "no value")
raises(function() group.add = 1 end, "add is a method", "a method")
raises(function() group:add "me" end, "'add'", "add(): a text")
raises(function() group:enable(5) end, "#1 to 'enable'", "enable(): a number")

-- Groups below

local child = assert(group:create "child")
ok(child:exists() and child == group:child "child" and child:parent() == group, "create()")
is(child:name() .. child:path(), "child" .. dir .. "/child", "name(), path()")
is(#group:children() .. tostring(group:children()[1]), "1" .. dir .. "/child", "children()")
fails(function() return group:create "child" end, "EXIST", "create(): twice")
raises(function() group:create "a/b" end, "a name without /", "create(): a path")
raises(function() group:child ".." end, "a name without /", "child(): upwards")
do
	local fd <close> = assert(child:open())
	is(fd:stat().ino, S.stat(dir .. "/child").ino, "open()")
end
ok(child:create "deeper" and child:remove() and not child:exists(), "remove(), with those below")
fails(function() return child:remove() end, "NOENT", "remove(): twice")
fails(function() return child:children() end, "NOENT", "children(): none")
fails(function() return child:add() end, "NOENT", "add(): no group")
fails(function() return child:procs() end, "NOENT", "procs(): no group")
fails(function() return child:open() end, "NOENT", "open(): no group")
fails(function() return child:kill() end, "NOENT", "kill(): no group")
fails(function() return child:wait() end, "NOENT", "wait(): no group")
fails(function() return child:enable "memory" end, "NOENT", "enable(): no group")
ok(child:close(), "close(): what is gone is closed")

-- The hierarchy

is(cgroup.cgroups()["0"].path ~= nil or next(cgroup.cgroups()) ~= nil, true, "cgroups()")
is(cgroup.cgroups(S.getpid())["0"].path, cgroup.cgroups()["0"].path, "of a process")
fails(function() return cgroup.cgroups(0x7fffffff) end, "NOENT", "cgroups(): no process")
raises(function() cgroup.cgroups "self" end, "#1 to 'cgroups'", "cgroups(): a text")
raises(function() cgroup.mount "x" end, "#1 to 'cgroup.mount'", "mount(): a text")
raises(function() cgroup(5) end, "#1 to 'cgroup'", "cgroup(): a number")
fails(function() return cgroup.mount { target = dir .. "/none" } end, "NOENT", "mount(): no target")

-- Real ones, below the root of a mount of our own: none but those that this test makes are touched

-- In group @top: its own child, killed with it.
local function real(top)
	local _, _, reader, writer = assert(S.pipe "cloexec")
	local fd = assert(top:open())
	local pid = assert(S.clone3 { flags = "into_cgroup", exit_signal = S.c.SIG.CHLD,
		cgroup = fd:getfd() })
	if pid == 0 then
		writer:close()
		reader:read(nil, 1)
		S._exit(0)
	end
	fd:close()
	assert(top:procs()[1] == pid and top.cgroup.procs[1] == pid, "clone3() puts it in")
	assert(top.cgroup.events.populated == 1 and top.cgroup.type == "domain", "files")
	assert(select(2, top:remove()).BUSY, "remove() of one with a process")
	assert(select(2, top:wait(0.01)).TIMEDOUT, "wait() for one that stays")
	local inner = assert(top:create "inner")
	assert(inner:add(pid) and #top:procs() == 0 and top:procs(true)[1] == pid, "add()")
	assert(cgroup.cgroups(pid)["0"].path:find "/inner$", "where it is")
	if cgroup.own(pid) then
		assert(cgroup.own(pid):name() == "inner", "own()")
	end
	assert(top:kill() and select(3, S.waitpid(pid)).termsig == S.c.SIG.KILL, "kill()")
	assert(top:wait(5) and #top:procs(true) == 0, "wait()")
	writer:close()
	reader:close()
	if table.concat(top:parent().cgroup.subtree_control, " "):find "pids" then
		top.pids.max = 5
		assert(top.pids.max == 5, "a limit")
		assert(not pcall(function() top.pids.max = "many" end), "a limit that is none")
		print "# with the controller pids"
	end
	return true
end

local root = S.getuid() == 0
local code = root and in_child(function()
	assert(S.unshare "newns" and S.mount("none", "/", nil, "rec, private"))
	assert(S.mkdir(dir .. "/mounted", "755"))
	local mounted = cgroup.mount { target = dir .. "/mounted" }
	if not mounted then
		S._exit(77)
	end
	local top <close> = assert(mounted:create("test-of-syscall." .. S.getpid()))
	return real(top) and cgroup.root()
end)
if not root then
	tap.skip("real groups", "host: needs root")
elseif code == 77 then
	tap.skip("real groups", "host: cgroup v2 cannot be mounted")
else
	is(code, 0, "real groups")
end

remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
