-- names.lua - files by name: metadata, links, directories, extended attributes

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local root = S.raw.call(require("syscall.call").number "geteuid") == 0
local dir, remove = check.scratch()
local path, none = dir .. "/file", dir .. "/none/x"
local fd = assert(S.open(path, "creat, excl, rdwr, cloexec", "0640"))
fd:write "abc"
local base = assert(S.open(dir, "path, directory"))

-- stat and its kin

local st = S.stat(path)
is(S.stat("/dev/null").typename, "char device", "stat(): a device")
is(S.stat("/dev/null").rdev.dev, S.stat("/dev/null").rdev.device, "its number")
ok(S.access(path, "rw"), "access(): letters")
ok(st.isreg and not st.isdir and st.typename == "file", "stat(): a file")
is(st.mode & 511, 416, "its mode")
is(S.lstat(path).ino .. S.fstat(fd).ino, ("%d%d"):format(st.ino, st.ino),
	"lstat() and fstat() agree")
is(S.fstatat(base, "file").ino, st.ino, "and fstatat()")
is(S.statx(nil, path, 0, "basic_stats").size, st.size, "and statx()")
ok(S.statfs(dir).bsize > 0 and fd:statfs().bsize > 0, "statfs()")
local null = S.stat "/dev/null"
is(tostring(null.rdev), "1:3", "a device")
ok(null.rdev == S.t.device(1, 3) and null.rdev.major == 1 and null.rdev.minor == 3,
	"is a pair of numbers")
is(S.t.device(0x12345, 0x6789a).major, 0x12345, "which may be large")
is(S.t.device { 0x12345, 0x6789a }.minor, 0x6789a, "both of them")
raises(function() S.t.device "x" end, "device: numbers expected", "no device")
fails(function() return S.stat(path .. "/x") end, "NOTDIR", "stat(): no directory")
fails(function() return S.lstat(none) end, "NOENT", "lstat(): is not there")
fails(function() return S.fstat(-1) end, "BADF", "fstat(): no such fd")
fails(function() return S.fstatat(base, "none") end, "NOENT", "fstatat(): is not there")
fails(function() return S.statx(nil, none) end, "NOENT", "statx(): is not there")
fails(function() return S.statfs(none) end, "NOENT", "statfs(): is not there")
fails(function() return S.fstatfs(-1) end, "BADF", "fstatfs(): no such fd")

-- Rights and owners

ok(S.access(path, "r, w") and base:faccessat("file", "r"), "access() and faccessat()")
ok(base:faccessat("file", "r", "eaccess") and S.faccessat2(nil, path, "r"), "with flags too")
fails(function() return S.access(none, "f") end, "NOENT", "access(): is not there")
fails(function() return S.access(path, "x") end, "ACCES", "access(): no right")
fails(function() return S.faccessat(base, "none", "r") end, "NOENT", "faccessat(): is not there")
fails(function() return S.faccessat2(base, "none", "r") end, "NOENT", "faccessat2(): is not there")
raises(function() S.access(path, "y") end, "no OK \"y\"", "access(): no such right")
ok(S.chmod(path, "0600") and S.stat(path).mode & 511 == 384, "chmod()")
ok(fd:chmod "rusr" and fd:stat().mode & 511 == 256, "fchmod()")
ok(base:fchmodat("file", "0644") and fd:stat().mode & 511 == 420, "fchmodat()")
local newer, newer_error = S.fchmodat2(base, "file", "0640", "symlink_nofollow")
ok(newer or newer_error.NOSYS, "fchmodat2()")
ok(S.fchmodat(base, "file", "0640", "symlink_nofollow") or newer_error.NOSYS, "from fchmodat() too")
fails(function() return S.chmod(none, "0600") end, "NOENT", "chmod(): is not there")
fails(function() return S.fchmod(-1, "0600") end, "BADF", "fchmod(): no such fd")
fails(function() return S.fchmodat(base, "none", 0) end, "NOENT", "fchmodat(): is not there")
fails(function() return S.fchmodat2(base, "none", 0) end, newer and "NOENT" or "NOSYS",
	"fchmodat2(): is not there")
raises(function() S.chmod(path, "0999") end, "no MODE", "chmod(): no octal number")
ok(S.chown(path) and S.lchown(path, st.uid) and fd:chown(-1, st.gid)
	and base:fchownat("file", st.uid, st.gid), "chown() to the same owner")
fails(function() return S.chown(none, -1, -1) end, "NOENT", "chown(): is not there")
fails(function() return S.lchown(none) end, "NOENT", "lchown(): is not there")
fails(function() return S.fchown(-1) end, "BADF", "fchown(): no such fd")
fails(function() return S.fchownat(base, "none") end, "NOENT", "fchownat(): is not there")
raises(function() S.chown(path, "root") end, "#2 (owner) to 'chown'", "chown(): a name")
local mask = S.umask "0077"
is(S.umask(mask), 63, "umask() gives the one before")
raises(function() S.umask {} end, "to 'umask'", "umask(): no mode")

-- Links

ok(S.link(path, dir .. "/hard") and S.stat(dir .. "/hard").nlink == 2, "link()")
ok(base:getfd() and S.linkat(base, "file", base, "hard2"), "linkat()")
ok(S.symlink("target", dir .. "/soft") and S.symlinkat("x", base, "soft2"), "symlink()")
is(S.readlink(dir .. "/soft") .. base:readlinkat "soft2", "targetx", "readlink()")
local buffer = S.t.buffer(3)
is(S.readlink(dir .. "/soft", buffer) .. tostring(buffer), "3tar", "readlink() into memory")
fails(function() return S.link(none, path) end, "NOENT", "link(): is not there")
fails(function() return S.linkat(base, "file", base, "hard") end, "EXIST", "linkat(): is there")
fails(function() return S.symlink("x", path) end, "EXIST", "symlink(): is there")
fails(function() return S.symlinkat("x", base, "file") end, "EXIST", "symlinkat(): is there")
fails(function() return S.readlink(path) end, "INVAL", "readlink(): no link")
fails(function() return S.readlinkat(base, "file") end, "INVAL", "readlinkat(): no link")
ok(S.rename(dir .. "/hard", dir .. "/hard3") and S.renameat(base, "hard3", base, "hard4"),
	"rename()")
ok(S.renameat2(base, "soft", base, "soft2", "exchange"), "renameat2()")
is(S.readlink(dir .. "/soft"), "x", "which has exchanged the two")
fails(function() return S.rename(none, path) end, "NOENT", "rename(): is not there")
fails(function() return S.renameat(base, "none", base, "y") end, "NOENT",
	"renameat(): is not there")
fails(function() return S.renameat2(base, "soft", base, "file", "noreplace") end, "EXIST",
	"renameat2(): is there")
ok(base:unlinkat "soft" and S.unlink(dir .. "/soft2"), "unlink()")
fails(function() return S.unlink(dir .. "/soft") end, "NOENT", "unlink(): is not there")
fails(function() return base:unlinkat "soft" end, "NOENT", "unlinkat(): is not there")

-- Nodes

ok(S.mkfifo(dir .. "/fifo", "0600") and S.stat(dir .. "/fifo").isfifo, "mkfifo()")
ok(S.mkfifoat(base, "fifo2", "0600") and S.fstatat(base, "fifo2").isfifo, "mkfifoat()")
ok(S.mknod(dir .. "/node", "fifo, 0600") and base:mknodat("node2", "freg, 0600"), "mknod()")
ok(S.stat(dir .. "/node").isfifo and S.stat(dir .. "/node2").isreg, "of two kinds")
fails(function() return S.mkfifo(path) end, "EXIST", "mkfifo(): is there")
fails(function() return S.mkfifoat(base, "file") end, "EXIST", "mkfifoat(): is there")
fails(function() return S.mknod(path, "fchr", { 1, 3 }) end, "EXIST",
	"mknod(): is there")
fails(function() return S.mknodat(base, "file", "freg") end, "EXIST", "mknodat(): is there")
raises(function() S.mknod(dir .. "/x", "fchr", "null") end, "device: numbers expected",
	"mknod(): no device")

-- Times

ok(S.utimensat(base, "file", { 1, 2.5 }), "utimensat()")
is(fd:stat().atime .. " " .. fd:stat().modification, "1 2.5", "sets both times")
ok(fd:utimens { "omit", 7 } and fd:stat().atime == 1 and fd:stat().mtime == 7, "\"omit\"")
ok(S.utimes(path, { 3, 4.25 }) and fd:stat().modification == 4.25, "utimes()")
local pair = S.t.timeval2 { 5, 6.5 }
ok(fd:utimes(pair) and fd:stat().modification == 6.5, "futimes() of memory")
ok(S.utime(path, 8, 9) and fd:stat().mtime == 9, "utime()")
S.symlink("nowhere", dir .. "/soft")
ok(S.lutimes(dir .. "/soft", { 11, 12 }) and S.lstat(dir .. "/soft").mtime == 12, "lutimes()")
ok(S.utimensat(nil, path) and fd:stat().mtime > 1e9, "without times, now")
fails(function() return S.utimensat(base, "none") end, "NOENT", "utimensat(): is not there")
fails(function() return S.futimens(-1) end, "BADF", "futimens(): no such fd")
fails(function() return S.utimes(none) end, "NOENT", "utimes(): is not there")
fails(function() return S.lutimes(none) end, "NOENT", "lutimes(): is not there")
fails(function() return S.futimes(-1) end, "BADF", "futimes(): no such fd")
fails(function() return S.utime(none) end, "NOENT", "utime(): is not there")
raises(function() S.utimes(path, { "then" }) end, "a time, \"now\" or \"omit\" expected",
	"utimes(): no time")
raises(function() S.utimensat(nil, nil) end, "#2 (pathname) to 'utimensat'", "utimensat(): no path")

-- Directories

ok(S.mkdir(dir .. "/sub", "0700") and S.stat(dir .. "/sub").isdir, "mkdir()")
ok(base:mkdirat "sub2", "mkdirat()")
fails(function() return S.mkdir(dir .. "/sub") end, "EXIST", "mkdir(): exists")
fails(function() return S.mkdirat(base, "sub") end, "EXIST", "mkdirat(): exists")
fails(function() return S.rmdir(path) end, "NOTDIR", "rmdir(): no directory")
local here = assert(S.getcwd())
local place = assert(S.open(".", "path, directory"))
ok(S.chdir(dir .. "/sub"), "chdir()")
is(S.getcwd(), dir .. "/sub", "getcwd()")
ok(S.rmdir(dir .. "/sub"), "rmdir()")
fails(S.getcwd, "NOENT", "getcwd(): of a directory that is gone")
ok(place:chdir() and S.getcwd() == here, "fchdir()")
fails(function() return S.chdir(none) end, "NOENT", "chdir(): is not there")
fails(function() return S.fchdir(fd) end, "NOTDIR", "fchdir(): no directory")
local list = assert(S.open(dir, "rdonly, directory"))
local found, types = {}, {}
repeat
	local entries, bytes = assert(list:getdents())
	for entry in entries do
		found[#found + 1] = entry.name
		types[entry.name] = entry
	end
until bytes == 0
table.sort(found)
is(table.concat(found, " "), ". .. fifo fifo2 file hard2 hard4 node node2 soft sub2", "getdents()")
ok(types.file.REG and types.sub2.dir and types.soft.lnk and not types.file.dir, "with types")
ok(types.file.ino == st.ino and types.file.toif == S.c.S_I.FREG, "and inodes")
raises(function() return types.file.wrong end, "dirent has no field wrong", "no such field")
list:seek(0, "set")
local plain = {}
for name, type in list:getdents(nil, nil, true) do
	plain[#plain + 1] = name
	ok(type == types[name].type, "getdents() of names: type of " .. name)
end
local plain_order = table.move(plain, 1, #plain, 1, {})
table.sort(plain)
is(table.concat(plain, " "), table.concat(found, " "), "names alone")
for _, text in ipairs { "", ("x"):rep(18), ("x"):rep(19), ("\0"):rep(100), ("\255"):rep(4096) } do
	raises(function()
		for _ in S.raw.entries(text) do end
		error(#text < 19 and "an entry that goes past the end" or "all of it is passed")
	end, "an entry that goes past the end", ("%d bytes that are no entries"):format(#text))
end
local function names_of(entries)
	local names = {}
	for name in entries do
		names[#names + 1] = name
	end
	return table.concat(names, " ")
end

-- Room is used again once an iteration is at its end, and not before.
list:seek(0, "set")
local first = list:getdents(nil, nil, true)
local before_end = first()
local other = assert(S.open("/proc/self/fd", "directory, rdonly"))
local numbers = names_of(other:getdents(nil, nil, true))
ok(numbers:find "0 1 2", "getdents() of another directory meanwhile")
is(before_end .. " " .. names_of(first), table.concat(plain_order, " "),
	"leaves the first as it was")
other:seek(0, "set")
is(names_of(other:getdents(nil, nil, true)), numbers, "room of an iteration that has ended")
is(first(), nil, "which stays at its end")
is(names_of(list:getdents(nil, nil, true)), "", "nothing after the last entry")
other:close()
list:seek(0, "set")
local room = S.t.buffer(64)
local part, bytes = list:getdents(room)
ok(bytes <= 64 and part().name, "getdents() into memory")
fails(function() return list:getdents(room, 8) end, "INVAL", "getdents(): too little room")
fails(function() return fd:getdents() end, "NOTDIR", "getdents(): no directory")

-- Handles

local made, _, handle, mount = S.name_to_handle_at(base, "file")
if made then
	ok(#handle.bytes == handle.handle_bytes and mount ~= 0, "name_to_handle_at()")
	local again, why = S.open_by_handle_at(list, handle, "rdonly")
	ok(again and again:stat().ino == st.ino or why and not root and why.PERM, "open_by_handle_at()")
	if again then
		again:close()
	end
else
	tap.skip("name_to_handle_at()", "host: this file system has no handles")
end
fails(function() return S.name_to_handle_at(base, "none") end, "NOENT",
	"name_to_handle_at(): is not there")
local _, wrong = S.open_by_handle_at(-1, S.t.file_handle("12345678", 1))
ok(wrong.BADF or not root and wrong.PERM, "open_by_handle_at(): no such fd")
raises(function() S.open_by_handle_at(list, S.raw.memory.new "\100\0\0\0\0\0\0\0") end,
	"open_by_handle_at", "open_by_handle_at(): memory shorter than the handle says")

for _, one in ipairs { fd, base, place, list } do
	one:close()
end
remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
