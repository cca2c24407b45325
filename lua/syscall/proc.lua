-- proc.lua - S.proc: /proc as tables, each field of which is read when it is asked for
--
-- S.proc[1].status.Uid, S.proc.meminfo.MemFree, S.proc.sys.kernel.hostname = "name". A directory is
-- a table, a symbolic link the text where it leads, a file what proc_forms.lua makes of it. What is
-- not there is nil, and so is what we may not see; another failure raises, as does every one of a
-- write. S.proc(path) says why instead: it gives nil and the error.

local errors = require "syscall.errors"
local forms = require "syscall.proc_forms"
local whole = require "syscall.whole"
local check = require("syscall.call").check
local S = require "syscall"

-- No file of /proc that fits a field is this long; /proc/kcore and pagemap would not fit at all.
local LONGEST = 1 << 26

local path_of = setmetatable({}, { __mode = "k" })
local directory = { __name = "proc" }

local function node(path)
	local self = setmetatable({}, directory)
	path_of[self] = path
	return self
end

local root = node "/proc"

-- The path of field @key: one component, that leads no further up.
local function below(self, key)
	key = math.type(key) and ("%d"):format(key) or key
	if type(key) ~= "string" or key == "" or key == "." or key == ".." or key:find "[/\0]" then
		return nil
	end
	return path_of[self] .. "/" .. key, key
end

-- The form of the file at @path.
local function form_of(path)
	local of_process = path:match "^/proc/[%w-]+/task/%d+/(.*)$" or path:match "^/proc/%d+/(.*)$"
		or path:match "^/proc/self/(.*)$" or path:match "^/proc/thread%-self/(.*)$"
	if of_process then
		return of_process:find "^fdinfo/" and forms.fdinfo or forms.process[of_process]
	end
	return forms.system[path:match "^/proc/(.*)$"]
end

-- read(path, follow) - a table, text, or a number; nil and an error
local function read(path, follow)
	local st, err = (follow and S.stat or S.lstat)(path)
	if not st then
		return nil, err
	elseif st.isdir then
		return node(path)
	elseif st.islnk then
		return S.readlink(path)
	end
	local text
	text, err = whole.read(path, LONGEST)
	if not text then
		return nil, err
	elseif #text == LONGEST then
		return nil, errors.objects[S.c.E.FBIG]
	end
	return (form_of(path) or forms.plain)(text)
end

-- What is in /proc itself is followed: self, net and mounts are links there.
local function field(self, key)
	local path, name = below(self, key)
	if path and self == root and (name == "self" or name == "thread-self") then
		return node(path)
	end
	if not path then
		return nil
	end
	return read(path, self == root)
end

function directory.__index(self, key)
	local value, err = field(self, key)
	if value == nil and err and not (err.NOENT or err.SRCH or err.ACCES or err.PERM) then
		errors.raise("%s: %s", below(self, key), tostring(err))
	end
	return value
end

function directory.__newindex(self, key, value)
	local path = below(self, key)
	if not path or value == nil then
		errors.raise("proc: a name and a value expected, got %s, %s", tostring(key), tostring(value))
	end
	local done, err = whole.write(path, forms.written(value))
	if not done then
		errors.raise("%s: %s", path, tostring(err))
	end
end

-- for name, kind in pairs(S.proc.sys.kernel): in order, nothing is read. Kinds are "directory",
-- "link" and "file".
function directory.__pairs(self)
	local names = S.util.dirtable(path_of[self], true) or {}
	table.sort(names)
	local at = 0
	return function()
		at = at + 1
		local name = names[at]
		if not name then
			return nil
		end
		local st = S.lstat(path_of[self] .. "/" .. name)
		return math.tointeger(tonumber(name)) or name,
			st and (st.isdir and "directory" or st.islnk and "link") or "file"
	end
end

function directory.__tostring(self)
	return path_of[self]
end

function directory.__eq(one, other)
	return path_of[one] == path_of[other]
end

-- S.proc(path) - "1/status", "sys/kernel/ostype": what is there, or nil and the error
function directory.__call(self, path)
	local value = self
	for part in check.path("proc", 1, path):gmatch "[^/]+" do
		if getmetatable(value) ~= directory then
			return nil, errors.objects[S.c.E.NOTDIR]
		end
		local inner, err = field(value, part)
		if inner == nil then
			return nil, err or errors.objects[S.c.E.INVAL]
		end
		value = inner
	end
	return value
end

-- S.proc.processes() - an iterator: pid, its table. Those that end meanwhile are passed over.
rawset(root, "processes", function()
	local list = S.util.ps() or {}
	local at = 0
	return function()
		repeat
			at = at + 1
		until not list[at] or S.stat("/proc/" .. list[at].pid)
		if list[at] then
			return list[at].pid, node("/proc/" .. list[at].pid)
		end
	end
end)

return root
