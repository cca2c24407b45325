-- process.lua - S.process: what this process is, as fields to read and to set
--
-- S.process.limits.soft.cpu = 4, S.process.cwd = "/", print(S.process.nice). S.process(pid) is the
-- same of another process, as far as the kernel lets one process see and change another. A field
-- that cannot be read or set raises an error that names it; one that does not exist names the
-- nearest.

local call = require "syscall.call"
local errors = require "syscall.errors"
local lists = require "syscall.lists"
local S = require "syscall"

local c, check = S.c, call.check

local M = { __name = "process" }

local pid_of = setmetatable({}, { __mode = "k" }) -- nil: whoever asks, also a child of fork(2)

-- The answer of a call, or an error that names the field.
local function must(field, value, err, ...)
	if value == nil then
		errors.raise("process.%s: %s", field, tostring(err))
	end
	return value, err, ...
end

-- Limits: three views of one set, "soft", "hard" and both. No limit is math.huge.

local view = { __name = "limits" }
local view_of = setmetatable({}, { __mode = "k" }) -- view → { pid, "cur", "max" or nil }

local function limits_of(pid, which)
	local self = setmetatable({}, view)
	view_of[self] = { pid = pid or 0, which = which }
	return self
end

local function from_kernel(number)
	return number == -1 and math.huge or number
end

local function to_kernel(value)
	return (value == math.huge or value == -1) and "infinity" or value
end

local function limit_name(key)
	if type(key) ~= "string" then
		errors.raise("process.limits: the name of a limit expected, got %s", tostring(key))
	end
	return "limits." .. key:lower(), c.RLIMIT[key]
end

function view.__index(self, key)
	local of = view_of[self]
	if not of.which and (key == "soft" or key == "hard") then
		return limits_of(of.pid, key)
	end
	local name, number = limit_name(key)
	local limit = must(name, S.prlimit(of.pid, number))
	local soft, hard = from_kernel(limit.cur), from_kernel(limit.max)
	if of.which then
		return of.which == "soft" and soft or of.which == "hard" and hard
	end
	return { soft = soft, hard = hard }
end

-- A soft limit that is above the new hard one comes down with it.
function view.__newindex(self, key, value)
	local of = view_of[self]
	local name, number = limit_name(key)
	local both = type(value) == "table"
	local soft = both and (value.soft or value[1]) or value
	local hard = both and (value.hard or value[2]) or value
	if not math.type(soft) or not math.type(hard) or (both and of.which) then
		errors.raise("process.%s: a number expected, got %s", name, type(value))
	end
	if of.which then
		local limit = must(name, S.prlimit(of.pid, number))
		local old_soft = from_kernel(limit.cur)
		hard = of.which == "soft" and from_kernel(limit.max) or hard
		soft = of.which == "hard" and math.min(old_soft, hard) or soft
	end
	must(name, S.prlimit(of.pid, number, { cur = to_kernel(soft), max = to_kernel(hard) }))
end

function view.__pairs(self)
	local names, at = lists.names(c.RLIMIT), 0
	return function()
		at = at + 1
		if names[at] then
			local name = names[at]:lower()
			return name, self[name]
		end
	end
end

-- Fields. A getter and a setter get the pid, nil where it is our own, and the field's name.

local getters, setters = {}, {}

-- Of /proc/PID
for field, from in pairs { exe = "exe", cwd = "cwd", root = "root", name = "comm",
	cmdline = "cmdline", oom_score_adj = "oom_score_adj", cgroup = "cgroup" } do
	getters[field] = function(pid)
		return S.proc(("%s/%s"):format(pid or "self", from))
	end
end

-- Of /proc/PID/status
local function status(key, place)
	return function(pid)
		local all, err = S.proc(("%s/status"):format(pid or "self"))
		local value = all and all[key]
		return place and value and value[place] or value, err
	end
end

getters.ppid, getters.umask, getters.threads = status "PPid", status "Umask", status "Threads"
getters.uid, getters.euid = status("Uid", 1), status("Uid", 2)
getters.gid, getters.egid = status("Gid", 1), status("Gid", 2)
getters.groups = status "Groups"

function getters.pid(pid)
	return pid or S.getpid()
end

-- Our own is what programs inherit; another's is what it began with.
function getters.environ(pid)
	if pid then
		return S.proc(pid .. "/environ")
	end
	return S.environ()
end

function getters.limits(pid)
	return limits_of(pid)
end

for field, name in pairs { pgid = "getpgid", sid = "getsid", caps = "capget" } do
	getters[field] = function(pid)
		return S[name](pid)
	end
end

function getters.nice(pid)
	return S.getpriority("process", pid or 0)
end

-- The numbers of the processors that it may run on
function getters.affinity(pid)
	local set, err = S.sched_getaffinity(pid)
	local list = {}
	for cpu = 0, set and #set * 8 - 1 or -1 do
		list[#list + 1] = set:get(cpu) and cpu or nil
	end
	return set and list, err
end

function getters.scheduler(pid)
	local policy, err = S.sched_getscheduler(pid)
	return policy and S.names("SCHED", policy & 0xff):lower(), err
end

function setters.pgid(value, pid)
	return S.setpgid(pid, value)
end

function setters.nice(value, pid)
	return S.setpriority("process", pid or 0, value)
end

function setters.affinity(value, pid)
	return S.sched_setaffinity(pid, value)
end

function setters.oom_score_adj(value, pid)
	return S.util.writefile(("/proc/%s/oom_score_adj"):format(pid or "self"), tostring(value))
end

function setters.limits(value, pid)
	local limits = limits_of(pid)
	for name, limit in pairs(check.table("process.limits", 1, value)) do
		limits[name] = limit
	end
	return true
end

-- What only the process itself may do; options of prctl(2) are booleans or numbers.
local own = {}

for field, name in pairs { cwd = "chdir", root = "chroot", umask = "umask", groups = "setgroups",
	caps = "capset" } do
	own[field] = function(value)
		return S[name](value)
	end
end

function own.name(value)
	return S.prctl("set_name", value)
end

-- Real, effective and saved: for good.
function own.uid(value)
	return S.setresuid(value, value, value)
end

function own.gid(value)
	return S.setresgid(value, value, value)
end

for name, option in pairs { dumpable = "dumpable", no_new_privs = "no_new_privs",
	subreaper = "child_subreaper", keepcaps = "keepcaps", timerslack = "timerslack",
	pdeathsig = "pdeathsig" } do
	getters[name] = function(pid)
		if pid then
			errors.raise("process.%s: known of the own process only", name)
		end
		local value, err = S.prctl("get_" .. option)
		if name == "timerslack" or name == "pdeathsig" then
			return value, err
		end
		return value and value ~= 0, err
	end
	own[name] = function(value)
		return S.prctl("set_" .. option, value == true and 1 or value or 0)
	end
end

function M.__index(self, key)
	local get = getters[key]
	if not get then
		errors.raise("process has no field %s%s", tostring(key), errors.nearest(tostring(key), getters))
	end
	return (must(key, get(pid_of[self])))
end

function M.__newindex(self, key, value)
	local pid = pid_of[self]
	local set = setters[key] or not pid and own[key]
	if not set then
		errors.raise("process.%s: %s", tostring(key), own[key] and "set by the process itself only"
			or "no field that can be set" .. errors.nearest(tostring(key), setters))
	end
	must(key, set(value, pid))
end

function M.__pairs(self)
	local names, at = lists.names(getters), 0
	return function()
		at = at + 1
		if names[at] then
			local good, value = pcall(M.__index, self, names[at])
			if not good then
				value = nil
			end
			return names[at], value
		end
	end
end

function M.__tostring(self)
	return ("process %d"):format(pid_of[self] or S.getpid())
end

-- S.process(pid) - another process
function M.__call(_, pid)
	local self = setmetatable({}, M)
	pid_of[self] = check.integer("process", 1, pid, 1, 0x7fffffff)
	return self
end

return setmetatable({}, M)
