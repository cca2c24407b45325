-- files.lua - descriptors of files and files by name, each for success and for an error

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails = tap.ok, tap.is, check.fails

local before = check.open_fds()
local dir, remove = check.scratch()
local path = dir .. "/file"

-- open, read, write, seek, close

local fd = assert(S.open(path, "creat, excl, rdwr, cloexec", "0640"))
is(fd:write "hello world", 11, "write() gives how many")
is(fd:write("abcdef", 3), 3, "or as many as it was told")
is(fd:seek(0, "set"), 0, "seek() gives the place")
is(fd:read(), "hello worldabc", "read() gives text")
is(fd:read(), "", "at the end an empty one")
is(fd:pread(nil, 5, 6), "world", "pread() reads elsewhere")
is(fd:pwrite("W", 1, 6), 1, "and pwrite() writes")
local buffer = S.t.buffer(4)
is(fd:pread(buffer, 4, 6), 4, "into memory: how many")
is(tostring(buffer), "Worl", "they are there")
is(fd:tell(), 14, "where the offset is")
ok(fd:sync() and fd:datasync() and fd:truncate(3), "sync and truncate")
is(fd:stat().size, 3, "it is shorter")
ok(fd:fallocate(0, 0, 4096), "room for it")
fails(function() return S.open(path, "creat, excl") end, "EXIST", "open(): exists")
fails(function() return S.open(dir .. "/none") end, "NOENT", "open(): does not")
fails(function() return S.write(fd:getfd() + 100, "x") end, "BADF", "write(): no such fd")
fails(function() return S.read(S.open(dir, "directory")) end, "ISDIR", "read(): a directory")
fails(function() return fd:lseek(-1, "set") end, "INVAL", "lseek(): before the start")
fails(function() return S.openat("fdcwd", path, "directory") end, "NOTDIR",
	"openat(): no directory")

-- openat2 and resolving

local base = assert(S.open(dir, "path, directory"))
local inner = S.openat2(base, "file", { flags = "rdonly", resolve = "beneath" })
ok(inner and inner:stat().ino == fd:stat().ino, "openat2() below a directory")
fails(function() return S.openat2(base, "../x", { resolve = "beneath" }) end, "XDEV",
	"and not above it")

-- Descriptors

local second = assert(fd:dup())
ok(second:getfd() ~= fd:getfd() and second:stat().ino == fd:stat().ino,
	"dup() gives another number")
local third = S.open "/dev/null"
is(fd:dup2(third), third, "dup2() answers the object that stands there")
is(third:stat().ino, fd:stat().ino, "which is the file now")
fails(function() return fd:dup3(fd:getfd()) end, "INVAL", "dup3(): the same number")
is(fd:dup2(fd), fd, "which dup2() lets pass")
ok(fd:nonblock() and fd:fcntl("getfl") & S.c.O.NONBLOCK ~= 0, "nonblock()")
ok(fd:block() and fd:fcntl("getfl") & S.c.O.NONBLOCK == 0, "block()")
ok(fd:fcntl("setfd", "cloexec"), "fcntl() with names")
is(fd:fcntl "getfd", S.c.FD.CLOEXEC, "and without")
ok(fd:fcntl("setlk", { type = "wrlck", whence = "set", start = 0, len = 1 }), "a lock from a table")
is(fd:fcntl("ofd_getlk", { type = "wrlck", len = 1 }).type, S.c.FCNTL_LOCK.WRLCK, "who holds it")
fails(function() return S.fcntl(-1, "getfl") end, "BADF", "fcntl(): no such fd")
ok(fd:flock "ex, nb" and fd:flock "un", "flock()")
fails(function() return S.ioctl(fd, "TCGETS", S.t.buffer(64)) end, "NOTTY",
	"ioctl(): not a terminal")
check.raises(function() S.ioctl(fd, 0x800454d2, S.t.buffer(3)) end, "ioctl",
	"ioctl(): memory too short")
local sealed = assert(S.memfd_create("name", "cloexec, allow_sealing"))
ok(sealed:fcntl("add_seals", "write, grow"), "seals")
fails(function() return sealed:write "x" end, "PERM", "hold")

-- By name

local st = S.stat(path)
ok(st.isreg and not st.isdir and st.typename == "file", "stat(): a file")
is(st.mode & 511, 416, "its mode")
is(S.lstat(path).ino .. S.fstat(fd).ino, ("%d%d"):format(st.ino, st.ino),
	"lstat() and fstat() agree")
is(S.fstatat(base, "file").ino, st.ino, "and fstatat()")
is(S.statx(nil, path, 0, "basic_stats").size, st.size, "and statx()")
ok(S.statfs(dir).bsize > 0 and fd:statfs().bsize > 0, "statfs()")
fails(function() return S.stat(path .. "/x") end, "NOTDIR", "stat(): no directory")
fails(function() return S.statx(nil, dir .. "/none") end, "NOENT", "statx(): is not there")
ok(S.mkdir(dir .. "/sub", "0700") and S.stat(dir .. "/sub").isdir, "mkdir()")
fails(function() return S.mkdir(dir .. "/sub") end, "EXIST", "mkdir(): exists")
fails(function() return S.rmdir(path) end, "NOTDIR", "rmdir(): no directory")
ok(S.rmdir(dir .. "/sub"), "rmdir()")
ok(S.unlink(path), "unlink()")
fails(function() return S.unlink(path) end, "NOENT", "unlink(): is not there")

-- Pipes and processes, as far as the core needs them

local made, none, reader, writer = S.pipe "cloexec"
ok(made == true and none == nil, "pipe() gives true, nil and two fds")
is(writer:write "through" .. reader:read(), "7through", "which are joined")
ok(S.getpid() > 0 and S.kill(S.getpid(), 0), "getpid() and kill()")
fails(function() return S.kill(-1 << 31, 0) end, "SRCH", "kill(): no such process")

for _, one in ipairs { fd, base, inner, second, third, sealed, reader, writer } do
	one:close()
end
remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
