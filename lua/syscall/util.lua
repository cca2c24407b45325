-- util.lua - S.util: what stands in sections 1 and 3 of the manual and is made of system calls
--
-- Arguments and answers are ljsyscall's. Files are read and written whole, whatever their length;
-- no descriptor is left open, also when a loop is left half-way; what is removed is gone through by
-- descriptors, so that a name which somebody exchanges meanwhile leads nowhere else.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local forms = require "syscall.proc_forms"
local lists = require "syscall.lists"
local whole = require "syscall.whole"
local c = require("syscall.constants").c
local S = require "syscall"

local check = call.check
local memory = raw.memory

local M = {}

-- Directories

local DIRECTORY = c.O "rdonly, directory, cloexec"
local NO_LINK = DIRECTORY | c.O.NOFOLLOW

-- ls([name [, buffer [, size]]]) - an iterator: for name, dirent in util.ls "/tmp". Leaving the
-- loop closes the directory.
function M.ls(name, buffer, size)
	name = check.path("ls", 1, name or ".")
	local fd, err = S.open(name, DIRECTORY)
	if not fd then
		return nil, err
	end
	local entries
	local function next_entry()
		while fd do
			local entry = entries and entries()
			if entry then
				return entry.name, entry
			end
			local count
			entries, count = fd:getdents(buffer, size)
			if not entries or count == 0 then
				fd:close()
				fd = nil
			end
			if not entries then
				errors.raise("ls: %s: %s", name, tostring(count))
			end
		end
	end
	return next_entry, nil, nil, fd
end

-- What is in the directory that @fd is, but for "." and "..": a list of names.
local function names_in(fd)
	local list = {}
	while true do
		local names, count = fd:getdents(nil, nil, true)
		if not names then
			return nil, count
		elseif count == 0 then
			return list
		end
		for name in names do
			if name ~= "." and name ~= ".." then
				list[#list + 1] = name
			end
		end
	end
end

local directory_metatable = {
	__tostring = function(self)
		local sorted = table.move(self, 1, #self, 1, {})
		table.sort(sorted)
		return #sorted == 0 and "" or table.concat(sorted, "\n") .. "\n"
	end,
}

-- dirtable([name [, nodots]]) - a list of names
function M.dirtable(name, nodots)
	local fd <close>, err = S.open(check.path("dirtable", 1, name or "."), DIRECTORY)
	if not fd then
		return nil, err
	end
	local list
	list, err = names_in(fd)
	if not list then
		return nil, err
	elseif not nodots then
		table.move({ ".", ".." }, 1, 2, #list + 1, list)
	end
	return setmetatable(list, directory_metatable)
end

-- Removing

local function is_same(one, other)
	return one.ino == other.ino and one.dev.device == other.dev.device
end

-- Opens directory @name of @here as one more level.
local function descend(levels, here, name)
	local fd, err = S.openat(here, name, NO_LINK)
	local left
	if fd then
		left, err = names_in(fd)
	end
	if not left then
		if fd then
			fd:close()
		end
		return nil, err
	end
	levels[#levels + 1] = { name = name, left = left, stat = assert(fd:stat()) }
	return fd
end

-- Opens the directory above @here, and removes the one that is left. Somebody may have moved that:
-- then ".." is not where we came from.
local function ascend(levels, here)
	local below = table.remove(levels)
	local fd, err = S.openat(here, "..", DIRECTORY)
	if fd and not is_same(assert(fd:stat()), levels[#levels].stat) then
		err = errors.objects[c.E.STALE]
	elseif fd then
		err = select(2, fd:unlinkat(below.name, "removedir"))
	end
	if err and fd then
		fd:close()
	end
	return not err and fd or nil, err
end

-- Empties directory @name of the working directory and removes it. Two descriptors are open at
-- most, however deep it is.
local function remove_tree(name)
	local levels = {}
	local here, err = descend(levels, nil, name)
	while here do
		local child, after = table.remove(levels[#levels].left), here
		if child then
			err = select(2, here:unlinkat(child))
			if err and err.ISDIR then
				after, err = descend(levels, here, child)
			elseif err and err.NOENT then
				err = nil -- somebody else was quicker
			end
		elseif #levels > 1 then
			after, err = ascend(levels, here)
		else
			after = nil
		end
		after = not err and after or nil
		if after ~= here then
			here:close()
			here = after
		end
	end
	if err then
		return nil, err
	end
	return S.unlinkat(nil, name, "removedir")
end

-- rm(name, …) - files, and directories with all that is in them. "." and ".." and "/" are not
-- removed.
function M.rm(...)
	for i, name in ipairs { ... } do
		local last = M.basename(check.path("rm", i, name))
		if last == "." or last == ".." or last == "/" then
			return nil, errors.objects[c.E.INVAL]
		end
		local done, err = S.unlink(name)
		if not done and err.ISDIR then
			done, err = remove_tree(name)
		end
		if not done then
			return nil, err
		end
	end
	return true
end

-- Files

-- cp(source, dest [, mode]) - the contents of a file; without a mode a new one gets the source's
-- permissions
function M.cp(source, dest, mode)
	local from <close>, err = S.open(check.path("cp", 1, source), "rdonly, cloexec")
	if not from then
		return nil, err
	end
	local st = assert(from:stat())
	if st.isdir then
		return nil, errors.objects[c.E.ISDIR]
	end
	local to <close>, failed = S.open(check.path("cp", 2, dest), "wronly, creat, cloexec",
		mode or st.mode & c.MODE "0777")
	if not to then
		return nil, failed
	end
	local old = assert(to:stat())
	if is_same(st, old) then
		return nil, errors.objects[c.E.INVAL]
	end
	local done = true
	if old.isreg then
		done, err = to:truncate(0)
	end
	while done do
		local part
		part, err = whole.from(from, 1 << 20)
		if not part or part == "" then
			return part and true, err
		end
		done, err = whole.to(to, part)
	end
	return nil, err
end

-- touch(file) - now is when it was read and written; makes it where it is not there
function M.touch(file)
	local done, err = S.utimensat(nil, check.path("touch", 1, file))
	if done or not err.NOENT then
		return done, err
	end
	local fd <close>, failed = S.open(file, "wronly, creat, noctty, nonblock, cloexec", "0666")
	if not fd then
		return nil, failed
	end
	return fd:futimens()
end

-- createfile(file) - makes it where it is not there
function M.createfile(file)
	local fd <close>, err = S.open(check.path("createfile", 1, file),
		"wronly, creat, noctty, nonblock, cloexec", "0666")
	return fd and true, err
end

-- readfile(name [, buffer [, length]]) - text, at most @length; with a buffer a count
function M.readfile(name, buffer, length)
	check.path("readfile", 1, name)
	length = length and check.integer("readfile", 3, length, 0)
	if not buffer then
		return whole.read(name, length)
	elseif not raw.ismemory(buffer) then
		errors.complain("readfile", 2, "memory", buffer)
	end
	local text, err = whole.read(name, math.min(length or memory.size(buffer), memory.size(buffer)))
	if not text then
		return nil, err
	end
	memory.write(buffer, 0, text)
	return #text
end

-- mapfile(name) - text. As readfile(): a mapping kills who reads it when the file is cut short.
function M.mapfile(name)
	return whole.read(check.path("mapfile", 1, name))
end

-- writefile(name, data [, mode [, flags]]) - with a mode the file is made or emptied; without,
-- opened as flags say ("wronly")
function M.writefile(name, data, mode, flags)
	check.path("writefile", 1, name)
	if type(data) ~= "string" and not raw.ismemory(data) then
		errors.complain("writefile", 2, "text or memory", data)
	end
	return whole.write(name, data, mode and "wronly, creat, trunc" or flags, mode)
end

-- Parts of names, as basename(1) and dirname(1) see them

local function without_slashes(name)
	return name:match "^(.-)/*$"
end

function M.basename(name)
	check.path("basename", 1, name)
	local plain = without_slashes(name)
	return name == "" and "." or plain == "" and "/" or plain:match "[^/]*$"
end

function M.dirname(name)
	check.path("dirname", 1, name)
	local plain = without_slashes(name)
	if name ~= "" and plain == "" then
		return "/"
	end
	local above = plain:match "^(.*)/"
	if not above then
		return "."
	end
	above = without_slashes(above)
	return above == "" and "/" or above
end

-- Processes

local process_metatable = { __name = "process" }

-- The text of a file below /proc/PID, where a symbolic link leads, or nil.
function process_metatable.__index(self, key)
	if type(key) ~= "string" or key:find("\0", 1, true) then
		return nil
	end
	local path = self.dir .. key
	local st = S.lstat(path)
	if st and st.islnk then
		return (S.readlink(path))
	elseif st and st.isreg then
		return (whole.read(path))
	end
end

function process_metatable.__tostring(self)
	local line = (self.cmdline or ""):gsub("\0$", ""):gsub("\0", " ")
	if line == "" then
		line = "[" .. (self.comm or ""):gsub("\n$", "") .. "]"
	end
	return self.pid .. "  " .. line
end

-- proc([pid]) - a table of what is in /proc/PID, read when it is asked for; S.proc takes it apart
function M.proc(pid)
	pid = pid and check.integer("proc", 1, pid, 0) or S.getpid()
	return setmetatable({ pid = pid, dir = ("/proc/%d/"):format(pid) }, process_metatable)
end

-- ps() - a list of all processes, as proc() gives them
function M.ps()
	local names, err = M.dirtable("/proc", true)
	if not names then
		return nil, err
	end
	local list = {}
	for _, name in ipairs(names) do
		list[#list + 1] = name:find "^%d+$" and M.proc(tonumber(name)) or nil
	end
	table.sort(list, function(one, other)
		return one.pid < other.pid
	end)
	return setmetatable(list, { __tostring = lists.lines })
end

-- Mounts

-- mounts([file]) - what /proc/mounts or a file like fstab(5) says: source, target, type, flags,
-- freq, passno. S.mounts() tells more.
function M.mounts(file)
	local text, err = whole.read(check.path("mounts", 1, file or "/proc/mounts"))
	return text and forms.system.mounts(text), err
end

-- mount { source = "none", target = or dir =, type =, flags =, data = }
function M.mount(tab)
	check.table("util.mount", 1, tab)
	return S.mount(tab.source or "none", tab.target or tab.dir, tab.type, tab.flags, tab.data)
end

-- What concerns descriptors, links and capabilities of files
for name, value in pairs(require "syscall.util_linux") do
	M[name] = value
end

return M
