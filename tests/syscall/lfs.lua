-- lfs.lua - syscall.lfs: every function, and beside LuaFileSystem in C where that is here

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local lfs = require "syscall.lfs"
local ok, is, raises = tap.ok, tap.is, check.raises

local before = check.open_fds()
local dir, remove = check.scratch()
local path = dir .. "/file"

-- refuses(text, errno, name, …): nil, a text, a number
local function refuses(text, sym, name, value, message, errno)
	ok(value == nil and message and message:find(text, 1, true)
		and (sym == nil or errno == S.c.E[sym]), name, value, message, errno)
end

local function write(name, text)
	local file <close> = assert(io.open(name, "w"))
	file:write(text)
end

-- Attributes

write(path, "hello")
S.chmod(path, "0641")
S.symlink("file", dir .. "/link")
S.mkfifo(dir .. "/fifo", "0600")
local st = S.stat(path)
is(lfs.attributes(path).size, 5, "attributes()")
is(lfs.attributes(path, "mode") .. lfs.attributes(path, "permissions"), "filerw-r----x",
	"one attribute")
for name, want in pairs { dev = st.dev.device, ino = st.ino, nlink = 1, uid = st.uid, gid = st.gid,
	rdev = st.rdev.device, access = st.atime, modification = st.mtime, change = st.ctime,
	blocks = st.blocks, blksize = st.blksize } do
	is(lfs.attributes(path, name), want, "attribute " .. name)
end
local table_of = { other = 1 }
is(lfs.attributes(path, table_of), table_of, "into a table")
is(table_of.other .. table_of.size, "15", "which keeps what it had")
for name, want in pairs { [dir] = "directory", [dir .. "/fifo"] = "named pipe",
	["/dev/null"] = "char device", [dir .. "/link"] = "file" } do
	is(lfs.attributes(name, "mode"), want, name .. " is a " .. want)
end
is(lfs.symlinkattributes(dir .. "/link", "mode"), "link", "symlinkattributes()")
is(lfs.symlinkattributes(dir .. "/link").target, "file", "where it leads")
is(lfs.symlinkattributes(dir .. "/link", "target"), "file", "and only that")
is(lfs.symlinkattributes(path).target, nil, "a file leads nowhere")
refuses("obtain information from file '" .. dir .. "/none'", "NOENT", "attributes(): none",
	lfs.attributes(dir .. "/none"))
refuses("cannot obtain information", "NOENT", "symlinkattributes(): none",
	lfs.symlinkattributes(dir .. "/none"))
refuses("could not obtain link target", "INVAL", "symlinkattributes(): no link",
	lfs.symlinkattributes(path, "target"))
raises(function() lfs.attributes(path, "colour") end, "invalid attribute name 'colour'",
	"attributes(): no such name")
raises(function() lfs.attributes() end, "#1 to 'attributes'", "attributes(): nothing")

-- Directories

local home = assert(lfs.currentdir())
ok(lfs.chdir(dir), "chdir()")
is(lfs.currentdir(), dir, "currentdir()")
ok(lfs.chdir(home), "and back")
refuses("Unable to change working directory to '" .. dir .. "/none'", nil, "chdir(): none",
	lfs.chdir(dir .. "/none"))
ok(lfs.mkdir(dir .. "/made"), "mkdir()")
refuses("File exists", "EXIST", "mkdir(): twice", lfs.mkdir(dir .. "/made"))
ok(lfs.rmdir(dir .. "/made"), "rmdir()")
refuses("No such file", "NOENT", "rmdir(): twice", lfs.rmdir(dir .. "/made"))
local names = {}
for name in lfs.dir(dir) do
	names[#names + 1] = name
end
table.sort(names)
is(table.concat(names, " "), ". .. fifo file link", "dir()")
for _ in lfs.dir(dir) do
	if #names > 0 then
		break
	end
end
local _, object = lfs.dir(dir)
ok(object:next(), "next()")
object:close()
raises(function() object:next() end, "closed directory", "next(): after close()")
object:close()
local iterate, whole = lfs.dir(dir)
repeat until not iterate(whole)
raises(function() whole:next() end, "closed directory", "next(): after the end")
raises(function() lfs.dir(dir .. "/none") end, "cannot open " .. dir .. "/none: No such file",
	"dir(): none")
raises(function() lfs.dir(path) end, "Not a directory", "dir(): a file")
raises(function() lfs.mkdir(5) end, "#1 (pathname) to 'mkdir'", "mkdir(): a number")

-- Links and times

ok(lfs.link(path, dir .. "/hard") and lfs.attributes(path, "nlink") == 2, "link()")
ok(lfs.link("hard", dir .. "/soft", true), "link(): a symbolic one")
is(lfs.symlinkattributes(dir .. "/soft", "target"), "hard", "which leads there")
refuses("File exists", "EXIST", "link(): twice", lfs.link(path, dir .. "/hard"))
raises(function() lfs.link(path) end, "#2 (newpath) to 'link'", "link(): one name")
ok(lfs.touch(path, 1000), "touch()")
is(lfs.attributes(path, "access") + lfs.attributes(path, "modification"), 2000, "both times")
ok(lfs.touch(path, 1000, 3000.9), "with two times")
is(lfs.attributes(path, "modification"), 3000, "in whole seconds")
local now = os.time()
ok(lfs.touch(path) and lfs.attributes(path, "access") >= now - 5, "now")
refuses("No such file", "NOENT", "touch(): none", lfs.touch(dir .. "/none"))
raises(function() lfs.touch(path, "now") end, "#2 to 'touch'", "touch(): a text")

-- Locks of files: those of another process are in the way, so a child looks

local file = assert(io.open(path, "r+"))
ok(lfs.lock(file, "w", 0, 2), "lock() of a part")
local function may(mode, start, length)
	return check.in_child(function()
		local mine <close> = io.open(path, "r+")
		return lfs.lock(mine, mode, start, length)
	end) == 0
end
ok(not may("r", 0, 1) and may("r", 2, 1) and not may "w", "another process has to respect it")
ok(lfs.lock(file, "r") and may "r" and not may "w", "a lock for reading is shared")
ok(lfs.unlock(file) and may "w", "unlock()")
local fd = assert(S.open(path, "rdonly, cloexec"))
refuses("Bad file descriptor", "BADF", "lock(): to write what is open to read", lfs.lock(fd, "w"))
fd:close()
raises(function() lfs.lock(file, "x") end, "lock: invalid mode", "lock(): no such mode")
raises(function() lfs.lock(file, "r", "0x") end, "#3 to 'lock'", "lock(): no offset")
raises(function() lfs.unlock("file") end, "#1 to 'unlock' (an open file", "unlock(): no file")

-- Files of Lua's own in place of descriptors

is(S.fstat(file).ino, st.ino, "a file of io's will do as a descriptor")
raises(function() S.close(file) end, "#1 (fd) to 'close'", "but close() is the file's own")
local result, mode = lfs.setmode(file, "text")
ok(result == true and mode == "binary", "setmode()")
raises(function() lfs.setmode(file, "fast") end, "#2 to 'setmode'", "setmode(): no such mode")
file:close()
raises(function() lfs.setmode(file, "binary") end, "closed file", "setmode(): a closed file")
raises(function() lfs.lock(file, "r") end, "closed file", "lock(): a closed file")
raises(function() S.fstat(file) end, "an open fd", "fstat(): a closed file")

-- Locks of directories

local lock = assert(lfs.lock_dir(dir))
is(lfs.symlinkattributes(dir .. "/lockfile.lfs", "mode"), "link", "lock_dir()")
refuses("File exists", nil, "lock_dir(): twice", lfs.lock_dir(dir))
refuses("File exists", nil, "lock_dir(): not stale yet", lfs.lock_dir(dir, 1000))
is(check.in_child(function()
	return lock:free()
end), 0, "free() in a child")
ok(not lfs.lock_dir(dir), "which does not free it")
S.lutimes(dir .. "/lockfile.lfs", { { 1000, 0 }, { 1000, 0 } })
local second = assert(lfs.lock_dir(dir, 60))
ok(second, "a stale one is taken")
do
	local third <close> = second
	is(third, second, "and freed at the end of a block")
end
is(lfs.symlinkattributes(dir .. "/lockfile.lfs"), nil, "it is gone")
lock:free()
ok(lfs.lock_dir(dir), "lock_dir() once more")
collectgarbage()
collectgarbage()
is(lfs.symlinkattributes(dir .. "/lockfile.lfs"), nil, "the collector frees it")
refuses("No such file", nil, "lock_dir(): no directory", lfs.lock_dir(dir .. "/none"))
raises(function() lfs.lock_dir(dir, "old") end, "#2 to 'lock_dir'", "lock_dir(): no number")

-- Beside LuaFileSystem itself, where an lfs in C can be loaded

local there, other = pcall(require, "lfs")
if there then
	local missing = {}
	for name, value in pairs(other) do
		missing[#missing + 1] = type(value) ~= type(lfs[name]) and name or nil
	end
	is(table.concat(missing, " "), "", "all of LuaFileSystem's names are there")
	local wrong = {}
	for _, name in ipairs { path, dir, dir .. "/link", dir .. "/fifo", "/dev/null", "/", "/none" } do
		for _, f in ipairs { "attributes", "symlinkattributes" } do
			local mine, theirs = { lfs[f](name) }, { other[f](name) }
			is(mine[2], theirs[2], f .. "(): the same message for " .. name)
			for key, value in pairs(type(theirs[1]) == "table" and theirs[1] or {}) do
				wrong[#wrong + 1] = mine[1][key] ~= value and f .. " " .. name .. " " .. key or nil
			end
		end
	end
	is(table.concat(wrong, ", "), "", "all attributes are the same")
else
	tap.skip("beside LuaFileSystem in C", "host: it is not there, or this Lua loads nothing in C")
end

remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
