-- cgroup.lua - S.cgroup: control groups of version 2 as tables
--
-- S.cgroup.own():create "name" makes one; group.memory.max = "64M" writes its file memory.max, and
-- reading a field takes the file apart by the forms that version 2 has. A field that is not there
-- is nil; setting one that is not, or to what the kernel refuses, raises. Methods give true, or nil
-- and the error.

local call = require "syscall.call"
local errors = require "syscall.errors"
local forms = require "syscall.proc_forms"
local whole = require "syscall.whole"
local S = require "syscall"

local c, check = S.c, call.check

local M = {}

-- Forms of files

local function value_of(text)
	return text == "max" and math.huge or text:find "^-?%d+$" and math.tointeger(tonumber(text))
		or tonumber(text) or text
end

local function split(text, of)
	local list = {}
	for word in text:gmatch "%S+" do
		list[#list + 1] = of and of(word) or word
	end
	return list
end

local lists = { ["cgroup.procs"] = value_of, ["cgroup.threads"] = value_of,
	["cgroup.controllers"] = tostring, ["cgroup.subtree_control"] = tostring }

local as_text = { ["cgroup.type"] = true, ["cpuset.cpus.partition"] = true }

-- "key name=value name=value" or "key value"
local function line_of(out, line)
	local key, rest = line:match "^(%S+)%s+(.+)$"
	if not key then
		return false
	elseif not rest:find "=" then
		out[key] = value_of(rest)
		return not rest:find "%s"
	end
	out[key] = {}
	for name, value in rest:gmatch "([^%s=]+)=(%S+)" do
		out[key][name] = value_of(value)
	end
	return true
end

-- What the text of file @name is: a value, a list, or a table by the first word of each line.
local function read_form(name, text)
	text = text:gsub("\n$", "")
	if lists[name] then
		return split(text, lists[name])
	elseif name == "cpu.max" then
		local quota, period = text:match "^(%S+) (%d+)$"
		return quota and { quota = value_of(quota), period = value_of(period) } or text
	elseif as_text[name] or not text:find "%s" then
		return as_text[name] and text or value_of(text)
	end
	local out = {}
	for line in text:gmatch "[^\n]+" do
		if not line_of(out, line) then
			return text
		end
	end
	return out
end

-- What is written for @value: { quota =, period = } is of cpu.max, { rbps = 5 } of one device. The
-- kernel takes the lines of several devices one by one.
local function written(value)
	if value == math.huge then
		return "max"
	elseif type(value) == "boolean" then
		return value and "1" or "0"
	elseif type(value) ~= "table" then
		return tostring(value)
	elseif value.quota then
		return written(value.quota) .. (value.period and " " .. written(value.period) or "")
	end
	local words = {}
	for i, word in ipairs(value) do
		words[i] = written(word)
	end
	for name, one in pairs(value) do
		words[#words + 1] = type(name) == "string" and ("%s=%s"):format(name, written(one)) or nil
	end
	return table.concat(words, " ")
end

-- Fields. A group's field "memory" stands for the files memory.*, and so on down.

local fields = { __name = "cgroup" }
local of = setmetatable({}, { __mode = "k" }) -- fields → { path, what their names begin with }

local function fields_of(path, start)
	local self = setmetatable({}, fields)
	of[self] = { path = path, start = start }
	return self
end

local function file_of(path, start, key)
	key = math.type(key) and tostring(key) or key
	if type(key) ~= "string" or key == "" or key:find "[/\0]" or key:find "^%." then
		return nil
	end
	local name = start and start .. "." .. key or key
	return path .. "/" .. name, name
end

local function read_field(path, start, key)
	local file, name = file_of(path, start, key)
	if not file then
		return nil
	end
	local text, err = whole.read(file)
	if text then
		return read_form(name, text)
	elseif not err.NOENT and not err.ISDIR then
		errors.raise("%s: %s", file, tostring(err))
	end
	for _, other in ipairs(S.util.dirtable(path, true) or {}) do
		if other:sub(1, #name + 1) == name .. "." then
			return fields_of(path, name)
		end
	end
end

local function write_file(file, value)
	local done, err = whole.write(file, written(value))
	if not done then
		errors.raise("%s: %s", file, tostring(err))
	end
end

local function write_field(path, start, key, value)
	local file = file_of(path, start, key)
	if not file or value == nil then
		errors.raise("cgroup: a name and a value expected, got %s, %s", tostring(key), tostring(value))
	end
	if type(value) ~= "table" or type(select(2, next(value))) ~= "table" then
		return write_file(file, value)
	end
	for device, settings in pairs(value) do
		write_file(file, device .. " " .. written(settings))
	end
end

function fields.__index(self, key)
	return read_field(of[self].path, of[self].start, key)
end

function fields.__newindex(self, key, value)
	write_field(of[self].path, of[self].start, key, value)
end

-- Groups

local methods = {}
local group = { __name = "cgroup" }
local path_of = setmetatable({}, { __mode = "k" })

local function group_of(path)
	local self = setmetatable({}, group)
	path_of[self] = path
	return self
end

function group.__index(self, key)
	return methods[key] or read_field(path_of[self], nil, key)
end

function group.__newindex(self, key, value)
	if methods[key] then
		errors.raise("cgroup: %s is a method", key)
	end
	write_field(path_of[self], nil, key, value)
end

function group.__tostring(self)
	return path_of[self]
end

function group.__eq(one, other)
	return path_of[one] == path_of[other]
end

local function name_below(name, value)
	if #check.path(name, 1, value) == 0 or value:find "/" or value == "." or value == ".." then
		errors.complain(name, 1, "a name without /", value)
	end
	return value
end

-- path(), name()
function methods.path(self)
	return path_of[self]
end

function methods.name(self)
	return path_of[self]:match "[^/]*$"
end

-- child(name) - the group of that name below, whether or not it is there; parent()
function methods.child(self, name)
	return group_of(path_of[self] .. "/" .. name_below("child", name))
end

function methods.parent(self)
	return group_of(S.util.dirname(path_of[self]))
end

function methods.exists(self)
	local st = S.stat(path_of[self])
	return st ~= nil and st.isdir
end

-- create(name [, mode]) - makes it
function methods.create(self, name, mode)
	local child = self:child(name)
	local done, err = S.mkdir(path_of[child], mode or "0755")
	return done and child, err
end

-- children() - a list
function methods.children(self)
	local list = {}
	local entries, err, _, fd = S.util.ls(path_of[self])
	if not entries then
		return nil, err
	end
	for name, entry in entries, nil, nil, fd do
		if entry.DIR and name ~= "." and name ~= ".." then
			list[#list + 1] = self:child(name)
		end
	end
	return list
end

-- add([pid]) - a process, with all its threads; ourselves without one
function methods.add(self, pid)
	return whole.write(path_of[self] .. "/cgroup.procs",
		tostring(check.integer("add", 1, pid or 0, 0)))
end

-- procs() - a list of the processes in it and, with true, below it
function methods.procs(self, all)
	local text, err = whole.read(path_of[self] .. "/cgroup.procs")
	if not text then
		return nil, err
	end
	local list = split(text, value_of)
	for _, child in ipairs(all and self:children() or {}) do
		local more = child:procs(true) or {} -- it may be gone by now
		table.move(more, 1, #more, #list + 1, list)
	end
	return list
end

-- enable("memory, pids"), disable(…): what groups below it get
local function control(name, sign)
	return function(self, controllers)
		local words = {}
		for word in check.path(name, 1, controllers):gmatch "[^,%s]+" do
			words[#words + 1] = sign .. word
		end
		return whole.write(path_of[self] .. "/cgroup.subtree_control", table.concat(words, " "))
	end
end

methods.enable = control("enable", "+")
methods.disable = control("disable", "-")

-- kill() - all processes in it and below it: at once since Linux 5.14, else until none is left
function methods.kill(self)
	local done, err = whole.write(path_of[self] .. "/cgroup.kill", "1")
	if done or not err.NOENT then
		return done, err
	end
	for _ = 1, 100 do
		local list
		list, err = self:procs(true)
		if not list or #list == 0 then
			return list and true, err
		end
		for _, pid in ipairs(list) do
			S.kill(pid, "kill")
		end
		S.nanosleep(0.01)
	end
	return nil, errors.objects[c.E.BUSY]
end

-- wait([seconds]) - until no process is left in it or below it
function methods.wait(self, seconds)
	local limit = S.clock_gettime("monotonic").time + (seconds or math.huge)
	while true do
		local text, err = whole.read(path_of[self] .. "/cgroup.events")
		if not text then
			return nil, err
		elseif read_form("cgroup.events", text).populated == 0 then
			return true
		elseif S.clock_gettime("monotonic").time > limit then
			return nil, errors.objects[c.E.TIMEDOUT]
		end
		S.nanosleep(0.005)
	end
end

-- remove() - and the groups below it; EBUSY where a process is left
function methods.remove(self)
	for _, child in ipairs(self:children() or {}) do
		local done, err = child:remove()
		if not done then
			return nil, err
		end
	end
	return S.rmdir(path_of[self])
end

-- close() - kills what is in it and removes it; also the end of a block
function methods.close(self)
	local done, err = self:kill()
	if done then
		done, err = self:wait(10)
	end
	if not done and not err.NOENT then
		return nil, err
	end
	done, err = self:remove()
	return done or err.NOENT, err
end

group.__close = methods.close

-- open() - a descriptor, for clone3 { cgroup = fd, flags = "into_cgroup" }
function methods.open(self)
	return S.open(path_of[self], "path, directory, cloexec")
end

-- The hierarchy

-- root() - the group at which the hierarchy is mounted here
function M.root()
	local list, err = S.mounts()
	for _, mount in ipairs(list or {}) do
		if mount.type == "cgroup2" then
			return group_of(mount.target), nil, mount
		end
	end
	return nil, err or errors.objects[c.E.NOENT]
end

-- cgroups([pid]) - as ljsyscall: a table by number, "0" for version 2, of { name =, path = }
function M.cgroups(pid)
	local text, err = whole.read(("/proc/%s/cgroup"):format(pid
		and check.integer("cgroups", 1, pid, 1) or "self"))
	if not text then
		return nil, err
	end
	local out = {}
	for _, one in ipairs(forms.process.cgroup(text)) do
		out[tostring(one.id)] = { name = one.controllers, path = one.path }
	end
	return out
end

-- own([pid]) - the group that a process is in
function M.own(pid)
	local all, err = M.cgroups(pid)
	local root, failed, mount = M.root()
	if not all or not root then
		return nil, err or failed
	end
	local path = all["0"] and all["0"].path
	-- Where not the hierarchy's root is mounted, what is mounted is the path's beginning.
	local above = mount.root == "/" and "" or mount.root
	if not path or path:sub(1, #above) ~= above or path:find "^/%.%." then
		return nil, errors.objects[c.E.NOENT]
	end
	return group_of((mount.target .. path:sub(#above + 1)):gsub("/*$", ""))
end

-- mount { target =, source = "none", flags =, data = } - version 2; a relative target is below
-- /sys/fs/cgroup
function M.mount(tab)
	check.table("cgroup.mount", 1, tab)
	local target = check.path("cgroup.mount", 1, tab.target)
	if target:sub(1, 1) ~= "/" then
		target = "/sys/fs/cgroup/" .. target
	end
	local done, err = S.mount(tab.source or "none", target, "cgroup2", tab.flags, tab.data)
	return done and group_of(target), err
end

-- S.cgroup(path) - a group by its directory
return setmetatable(M, {
	__call = function(_, path)
		return group_of((check.path("cgroup", 1, path):gsub("(.)/+$", "%1")))
	end,
})
