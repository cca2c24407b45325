-- lfs.lua - LuaFileSystem: local lfs = require "syscall.lfs"
--
-- The functions, arguments, answers and messages of LuaFileSystem 1.8, over this library: a failure
-- is nil, a text and a number. Programs that say `require "lfs"` get this one after
-- `package.loaded.lfs = require "syscall.lfs"`.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c
local S = require "syscall"

local check = call.check

local M = {
	_VERSION = "LuaFileSystem 1.8.0 (lunette)",
	_DESCRIPTION = "LuaFileSystem's functions over the system calls",
	_COPYRIGHT = "MIT",
}

-- What LuaFileSystem gives for what a call of ours gave.
local function plain(done, err)
	if done then
		return done
	end
	return nil, tostring(err), err.errno
end

-- Attributes

local modes = {
	IFREG = "file", IFDIR = "directory", IFLNK = "link", IFSOCK = "socket", IFIFO = "named pipe",
	IFCHR = "char device", IFBLK = "block device",
}
local mode_of = {}
for name, mode in pairs(modes) do
	mode_of[c.S_I[name:sub(2)]] = mode
end

local function permissions(st)
	local text, letters = {}, "rwxrwxrwx"
	for i = 1, 9 do
		text[i] = st.mode >> (9 - i) & 1 == 1 and letters:sub(i, i) or "-"
	end
	return table.concat(text)
end

local attributes = {
	permissions = permissions,
	mode = function(st)
		return mode_of[st.mode & c.S_I.FMT] or "other"
	end,
	dev = function(st)
		return st.dev.device
	end,
	rdev = function(st)
		return st.rdev.device
	end,
}
for name, field in pairs { ino = "ino", nlink = "nlink", uid = "uid", gid = "gid", size = "size",
	access = "atime", modification = "mtime", change = "ctime", blocks = "blocks",
	blksize = "blksize" } do
	attributes[name] = function(st)
		return st[field]
	end
end

-- @wanted is the name of one attribute, or the table that all are put into.
local function attributes_of(name, get, path, wanted)
	local st, err = get(check.path(name, 1, path))
	if not st then
		local text = "cannot obtain information from file '%s': %s"
		return nil, text:format(path, tostring(err)), err.errno
	elseif type(wanted) == "string" then
		local attribute = attributes[wanted] or errors.raise("invalid attribute name '%s'", wanted)
		return attribute(st)
	end
	local out = type(wanted) == "table" and wanted or {}
	for key, attribute in pairs(attributes) do
		out[key] = attribute(st)
	end
	return out
end

-- attributes(path [, name or table])
function M.attributes(path, wanted)
	return attributes_of("attributes", S.stat, path, wanted)
end

-- symlinkattributes(path [, name or table]): of a link itself; also target
function M.symlinkattributes(path, wanted)
	if wanted == "target" then
		local target, err = S.readlink(path)
		if not target then
			return nil, ("could not obtain link target: %s"):format(tostring(err)), err.errno
		end
		return target
	end
	local out, message, errno = attributes_of("symlinkattributes", S.lstat, path, wanted)
	if type(out) == "table" then
		out.target = S.readlink(path)
	end
	return out, message, errno
end

-- Directories

function M.chdir(path)
	local done, err = S.chdir(check.path("chdir", 1, path))
	if not done then
		return nil, ("Unable to change working directory to '%s'\n%s\n"):format(path, tostring(err))
	end
	return true
end

function M.currentdir()
	return plain(S.getcwd())
end

function M.mkdir(path)
	return plain(S.mkdir(check.path("mkdir", 1, path), "0775"))
end

function M.rmdir(path)
	return plain(S.rmdir(check.path("rmdir", 1, path)))
end

-- The object behind dir(): it is closed at its end, by close(), or where a loop is left.
local directory = { __name = "directory" }
directory.__index = directory

function directory.next(self)
	if not self.step then
		errors.raise "closed directory"
	end
	local name = self.step()
	if not name then
		self.step = nil
	end
	return name
end

function directory.close(self)
	self.step = nil
	self.fd:close()
end

directory.__close = directory.close

-- dir(path) - for name in lfs.dir "/tmp"; or the object's next() and close()
function M.dir(path)
	local step, err, _, fd = S.util.ls(check.path("dir", 1, path))
	if not step then
		errors.raise("cannot open %s: %s", path, tostring(err))
	end
	local self = setmetatable({ step = step, fd = fd }, directory)
	return directory.next, self, nil, self
end

-- Links and times

-- link(old, new [, symbolic])
function M.link(old, new, symbolic)
	check.path("link", 1, old)
	check.path("link", 2, new)
	return plain((symbolic and S.symlink or S.link)(old, new))
end

-- touch(path [, access [, modification]]): seconds; now without them
function M.touch(path, access, modification)
	check.path("touch", 1, path)
	for index, value in pairs { [2] = access, [3] = modification } do
		if not math.type(value) then
			errors.complain("touch", index, "a number of seconds", value)
		end
	end
	access = access and math.floor(access)
	return plain(S.utime(path, access, modification and math.floor(modification) or access))
end

-- Locks

local locks = { r = "rdlck", w = "wrlck", u = "unlck" }

local function open_file(name, file)
	if io.type(file) == "closed file" then
		errors.raise("bad argument #1 to '%s' (closed file)", name)
	elseif not raw.getfd(file) then
		errors.complain(name, 1, "an open file", file)
	end
	return file
end

local function set_lock(name, index, file, mode, start, length)
	local lock, err = S.fcntl(open_file(name, file), "setlk", {
		type = locks[mode] or errors.raise("%s: invalid mode", name), whence = "set",
		start = check.integer(name, index, start or 0),
		len = check.integer(name, index + 1, length or 0),
	})
	return plain(lock and true, err)
end

-- lock(file, mode [, start [, length]]): mode "r" or "w"; of the whole file without a length
function M.lock(file, mode, start, length)
	return set_lock("lock", 3, file, mode, start, length)
end

function M.unlock(file, start, length)
	return set_lock("unlock", 2, file, "u", start, length)
end

local directory_lock = { __name = "lock" }
directory_lock.__index = directory_lock

-- The copy that a child of fork(2) has is not its own.
function directory_lock.free(self)
	local path = self.path
	self.path = nil
	if not path or self.pid ~= S.getpid() then
		return true
	end
	return plain(S.unlink(path))
end

directory_lock.__close = directory_lock.free
directory_lock.__gc = directory_lock.free

-- Takes the lock away where it is older than @seconds. Another process may do so too and have made
-- a new one since: what was moved away is looked at again.
local function break_stale(path, seconds)
	local st = S.lstat(path)
	if not st or S.time() - st.mtime <= seconds then
		return
	end
	local aside = ("%s.%d"):format(path, S.getpid())
	if S.rename(path, aside) then
		local moved = S.lstat(aside)
		if moved and (moved.ino ~= st.ino or moved.mtime ~= st.mtime) then
			S.renameat2(nil, aside, nil, path, "noreplace")
		end
		S.unlink(aside)
	end
end

-- lock_dir(path [, seconds]) - an object with free(); nil and "File exists" where it is locked and
-- not older than so many seconds
function M.lock_dir(path, seconds)
	local name = check.path("lock_dir", 1, path) .. "/lockfile.lfs"
	if seconds ~= nil then
		break_stale(name, check.integer("lock_dir", 2, seconds))
	end
	local done, err = S.symlink("lock", name)
	if not done then
		return plain(nil, err)
	end
	return setmetatable({ path = name, pid = S.getpid() }, directory_lock)
end

-- setmode(file, mode): "binary" and "text" are one here
function M.setmode(file, mode)
	open_file("setmode", file)
	if mode ~= "binary" and mode ~= "text" then
		errors.complain("setmode", 2, "\"binary\" or \"text\"", mode)
	end
	return true, "binary"
end

return M
