-- proc.lua - S.proc: files of /proc taken apart, written, gone through

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local forms = require "syscall.proc_forms"
local S = require "syscall"
local ok, is, fails, raises, in_child = tap.ok, tap.is, check.fails, check.raises, check.in_child

local before = check.open_fds()
local proc, pid = S.proc, S.getpid()

-- Our own process

is(proc.self.stat.pid, pid, "stat")
is(proc[pid].status.Pid, pid, "status, by number")
is(proc.self.status.Uid[2] .. " " .. proc.self.status.Gid[1], S.geteuid() .. " " .. S.getgid(),
	"lists of numbers")
is(proc.self.status.CapEff, S.capget().effective.value, "sets of capabilities are numbers")
local mask = S.umask(0)
S.umask(mask)
is(proc.self.status.Umask, mask, "the mask of modes too")
ok(proc.self.status.VmRSS % 1024 == 0 and proc.self.statm.resident > 0, "kB are bytes")
ok(proc.self.cmdline[#proc.self.cmdline]:find "proc.lua$", "cmdline is a list")
is(proc.self.environ.PATH, os.getenv "PATH", "environ is a table")
is(proc.self.limits.nofile.soft, S.getrlimit("nofile").cur, "limits")
is(proc.self.limits.cpu.hard, math.huge, "no limit")
is(proc.self.fd[0], S.readlink "/proc/self/fd/0", "a link is where it leads")
ok(proc.self.exe:find "^/" and proc.self.ns.net:find "^net:", "more links")
ok(#proc.self.mountinfo > 0 and #proc.self.mounts > 0, "mounts")
ok(proc.self.maps[1].start < proc.self.maps[1].finish, "maps")
is(proc.self.uid_map[1].inside, 0, "maps of ids")
ok(proc.self.cgroup[1].path:find "^/", "cgroup")
is(proc.self.fdinfo[0].mnt_id, tonumber((S.util.readfile "/proc/self/fdinfo/0":match
	"mnt_id:%s*(%d+)")), "fdinfo")
is(proc.self.io.syscr and proc.self.oom_score_adj ~= nil, true, "io, and a number of its own")
is(proc.self.nothing, nil, "nothing for what is not there")
is(proc[0x7fffffff], nil, "and for no process")
is(tostring(proc.self) .. tostring(proc), "/proc/self/proc", "as text")
ok(proc.self == proc.self and proc.self ~= proc[1], "one directory is equal to itself")
is(in_child(function()
	return proc.self.stat.ppid == pid and proc.self.stat.pid == S.getpid()
end), 0, "self is whoever asks")

-- The system

is(proc.sys.kernel.ostype, "Linux", "settings")
is(math.type(proc.sys.kernel.pid_max), "integer", "numbers are numbers")
ok(proc.meminfo.MemTotal > proc.meminfo.MemFree, "meminfo")
ok(proc.loadavg.total > 0 and proc.uptime.uptime > 1 and proc.version:find "^Linux", "more files")
ok(proc.stat.cpu.user >= 0 and proc.stat.btime > 0 and proc.cpuinfo[1], "of processors")
ok(proc.vmstat.pgfault > 0 and #proc.filesystems > 1 and #proc.mounts > 0, "of memory, mounts")
ok(proc.partitions and proc.swaps and proc.diskstats, "of disks")
is(proc.net.dev, S.util.readfile "/proc/net/dev", "what has no form is text")

-- As an answer with its reason

is(proc "self/stat".pid, pid, "S.proc(path)")
is(proc "/sys/kernel/ostype/", "Linux", "with slashes")
fails(function() return proc "nothing" end, "NOENT", "S.proc(): none")
fails(function() return proc "self/stat/x" end, "NOTDIR", "S.proc(): below a file")
fails(function() return proc "self/../1" end, "INVAL", "S.proc(): upwards")
fails(function() return proc.self "cwd/etc" end, "NOTDIR", "S.proc(): through a link")
is(proc[".."] == nil and proc["self/stat"] == nil and proc[{}] == nil, true, "no other names")
raises(function() proc(5) end, "#1 to 'proc' (a text", "S.proc(): a number")
fails(function() return proc "self/pagemap" end, "FBIG", "S.proc(): longer than a field may be")

-- Going through

local kinds = {}
for name, kind in pairs(proc.self) do
	kinds[name] = kind
end
is(kinds.fd .. kinds.exe .. kinds.stat, "directorylinkfile", "pairs() has names and kinds")
local found = 0
for number, process in proc.processes() do
	found = found + (number == pid and process.stat.pid == pid and 1 or 0)
end
is(found, 1, "processes() has us once")

-- Writing

is(in_child(function()
	proc.self.comm = "a (name) \n)x"
	proc.self.oom_score_adj = 500
	return proc.self.stat.comm == "a (name) \n)x" and proc.self.stat.ppid == pid
		and proc.self.comm == "a (name) \n)x" and proc.self.oom_score_adj == 500
end), 0, "setting; a name that looks like more of its line")
raises(function() proc.self.oom_score_adj = "much" end, "/proc/self/oom_score_adj: Invalid",
	"what the kernel refuses")
raises(function() proc.self.nothing = 1 end, "/proc/self/nothing: ", "what is not there")
raises(function() proc.self[".."] = 1 end, "a name and a value", "no such name")
raises(function() proc.self.comm = nil end, "a name and a value", "no value")
local uid = S.getuid()
local code = in_child(function()
	if not S.unshare "newuser, newuts" then
		S._exit(77)
	end
	proc.self.setgroups = "deny"
	proc.self.uid_map = { { inside = 5, outside = uid, count = 1 } }
	return S.getuid() == 5 and proc.self.uid_map[1].outside == uid
end)
if code == 77 then
	tap.skip("an id map", "host: no user namespaces")
else
	is(code, 0, "an id map of a table")
end
if uid == 0 then
	is(in_child(function()
		assert(S.unshare "newuts")
		proc.sys.kernel.hostname = "inside"
		return S.gethostname() == "inside" and S.sysctl("kernel.hostname", "other")
			and proc.sys.kernel.hostname == "other"
	end), 0, "a setting of a namespace of our own")
else
	tap.skip("a setting of a namespace of our own", "host: needs root")
end

-- Forms: what programs and kernels may say

local status = forms.process.status("Name:\t123\nUid:\t1\t2\t3\t4\nSigQ:\t0/9\n"
	.. "SigIgn:\tff\nX:\t\n")
is(status.Name .. status.Uid[3] .. status.SigQ .. status.SigIgn .. status.X, "12330/9255",
	"a name of digits is a text")
is(#forms.process.cmdline "a\0\0b", 3, "an argument that is empty, and none at the end")
is(forms.process.environ "A=b=c\nd\0=x\0E\0".A, "b=c\nd", "a variable with lines and =")
is(forms.process.stat "no such line", "no such line", "a line in no form")
is(forms.plain "18446744073709551616\n", "18446744073709551616", "a number too large stays text")
is(forms.plain "a\nb\n", "a\nb\n", "several lines stay as they are")
local maps = forms.process.maps "00-ff r-xp 0 00:00 0 \n7f-80 r--p 10 08:01 5   /a b (deleted)\nx"
is(#maps .. maps[2].path, "2/a b (deleted)", "maps")
is(#forms.system.cpuinfo "processor\t: 0\nflags\t\t: a b\n\nprocessor\t: 1\n\n", 2, "cpuinfo")
is(forms.system.modules "ext4 10 2 jbd2,x Live 0x0"[1].used, 2, "modules")
is(forms.system.swaps "Filename Type\n/dev/x partition 5 0 -2"[1].priority, -2, "swaps")
is(forms.written { { 1, 2, 3 }, { 4, 5, 6 } }, "1 2 3\n4 5 6", "lists are lines")
is(forms.written { 1, 2 } .. forms.written(true) .. forms.written(5), "1 215", "words, booleans")

is(check.open_fds(), before, "no fd is left open")
tap.done()
