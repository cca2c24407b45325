-- files.lua - descriptors of files, each call for success and for an error

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
is(fd:seek(), 0, "seek() gives the place")
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
fails(function() return S.pread(-1, nil, 1, 0) end, "BADF", "pread(): no such fd")
fails(function() return S.pwrite(-1, "x", 1, 0) end, "BADF", "pwrite(): no such fd")
fails(function() return fd:pread(nil, 1, -1) end, "INVAL", "pread(): before the start")
fails(function() return S.tell(-1) end, "BADF", "tell(): no such fd")
fails(function() return S.open(path, "creat, excl") end, "EXIST", "open(): exists")
fails(function() return S.open(dir .. "/none") end, "NOENT", "open(): does not")
fails(function() return S.write(fd:getfd() + 100, "x") end, "BADF", "write(): no such fd")
fails(function() return S.read(S.open(dir, "directory")) end, "ISDIR", "read(): a directory")
fails(function() return fd:lseek(-1, "set") end, "INVAL", "lseek(): before the start")
fails(function() return S.openat("fdcwd", path, "directory") end, "NOTDIR",
	"openat(): no directory")

-- openat2 and resolving

local base = assert(S.open(dir, "path, directory"))
local within = assert(S.openat(base, "file", "rdonly"))
is(within:stat().ino, fd:stat().ino, "openat() below a directory")
within:close()
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
local fourth = assert(S.fcntl(fd, "dupfd", 50))
is(fd:dup3(fourth, "cloexec"), fourth, "dup3() does too")
is(fourth:fcntl "getfd", S.c.FD.CLOEXEC, "with its flag")
fourth:close()
fails(function() return fd:dup3(fd:getfd()) end, "INVAL", "dup3(): the same number")
is(fd:dup2(fd), fd, "which dup2() lets pass")
ok(fd:nonblock() and fd:fcntl("getfl") & S.c.O.NONBLOCK ~= 0, "nonblock()")
ok(fd:block() and fd:fcntl("getfl") & S.c.O.NONBLOCK == 0, "block()")
fails(function() return S.nonblock(-1) end, "BADF", "nonblock(): no such fd")
fails(function() return S.block(-1) end, "BADF", "block(): no such fd")
ok(fd:fcntl("setfd", "cloexec"), "fcntl() with names")
is(fd:fcntl "getfd", S.c.FD.CLOEXEC, "and without")
ok(fd:fcntl("setlk", { type = "wrlck", whence = "set", start = 0, len = 1 }), "a lock from a table")
is(fd:fcntl("ofd_getlk", { type = "wrlck", len = 1 }).type, S.c.FCNTL_LOCK.WRLCK, "who holds it")
fails(function() return S.fcntl(-1, "getfl") end, "BADF", "fcntl(): no such fd")
ok(fd:flock "ex, nb" and fd:flock "un", "flock()")
fails(function() return S.ioctl(fd, "TCGETS", S.t.buffer(64)) end, "NOTTY",
	"ioctl(): not a terminal")
local requests = S.c.IOCTL
is(("%x %x %x %x"):format(requests._IO("f", 2), requests._IOW(0x66, 2, S.t.winsize),
	requests._IOWR("f", 2, 16), requests.EVIOCGBIT("key", 96)), "6602 40086602 c0106602 80604521",
	"numbers of requests from their parts")
fails(function() return S.ioctl(fd, requests.EVIOCGNAME(8), S.t.buffer(8)) end, "NOTTY",
	"ioctl(): no input device")
for argument, text in pairs {
	["EVIOCGNAME"] = "is made by S.c.IOCTL.EVIOCGNAME(…) expected",
	EVIOCGNAMES = 'no IOCTL "eviocgnames"',
	[requests.EVIOCGNAME(9)] = "from 9",
} do
	check.raises(function() S.ioctl(fd, argument, S.t.buffer(8)) end, text, "ioctl(): " .. argument)
end
for name, arguments in pairs {
	EVIOCGNAME = { -1 }, EVIOCGBIT = { "kez", 1 }, EVIOCGABS = {}, EVIOCSABS = { 64 },
	_IO = { "ff", 1 },
	_IOR = { "f", 256, 1 }, _IOW = { "f", 1, "nothing" }, _IOWR = { "f", 1, {} },
} do
	check.raises(function() requests[name](table.unpack(arguments)) end, "", name .. ": an argument")
end
check.raises(function() S.ioctl(fd, 0x800454d2, S.t.buffer(3)) end, "ioctl",
	"ioctl(): memory too short")
local sealed = assert(S.memfd_create("name", "cloexec, allow_sealing"))
ok(sealed:fcntl("add_seals", "write, grow"), "seals")
fails(function() return sealed:write "x" end, "PERM", "hold")

-- Scattered reads and writes

local f = assert(S.open(dir .. "/vector", "creat, rdwr", "0600"))
is(f:writev { "abc", "defg" }, 7, "writev()")
local vector = S.t.iovecs { 2, 3 }
is(f:preadv(vector, 1), 5, "preadv()")
is(tostring(vector), "bcdef", "what it read")
is(f:seek(0, "set") + f:readv(vector), 5, "readv() into a list")
is(tostring(vector), "abcde", "what that read")
is(f:pwritev({ "XY" }, 5), 2, "pwritev()")
is(S.pwritev2(f, { "Z" }, 7, "dsync"), 1, "pwritev2()")
is(S.preadv2(f, vector, 3, 0), 5, "preadv2()")
is(tostring(vector), "deXYZ", "what all that left")
local forged = S.t.iovecs { 8, 8 }
S.raw.memory.u64(forged, 16, S.raw.memory.u64(forged, 0))
check.raises(function() f:readv(forged) end, "#2 (iov) to 'readv' (at most 1024 iovecs that point",
	"readv(): an address that nobody stored")
for _, address in ipairs { 4096, -1 } do
	check.raises(function() S.ioctl(0, "FIONREAD", address) end, "#3 (arg) to 'ioctl'",
		"ioctl(): a number that may be an address")
	check.raises(function() S.fcntl(0, "setdeleg", address) end, "#3 (arg) to 'fcntl'",
		"fcntl(): where nobody knows what it takes")
end
local long = S.t.iovecs { 8 }
S.raw.memory.u64(long, 8, 9)
check.raises(function() f:preadv(long, 0) end, "iovecs that point to memory",
	"preadv(): more than there is")
check.raises(function() f:writev(S.raw.memory.new(("\1"):rep(32))) end, "to 'writev'",
	"writev(): bytes for addresses")
fails(function() return S.readv(-1, { 1 }) end, "BADF", "readv(): no such fd")
fails(function() return S.writev(-1, { "x" }) end, "BADF", "writev(): no such fd")
fails(function() return f:preadv({ 1 }, -1) end, "INVAL", "preadv(): before the start")
fails(function() return f:pwritev({ "x" }, -1) end, "INVAL", "pwritev(): before the start")
fails(function() return S.preadv2(f, { 1 }, 0, 1 << 30) end, "OPNOTSUPP", "preadv2(): no such flag")
fails(function() return S.pwritev2(f, { "x" }, 0, 1 << 30) end, "OPNOTSUPP",
	"pwritev2(): no such flag")
check.raises(function() f:readv "x" end, "bad argument #2 (iov) to 'readv' (a list of iovecs",
	"readv(): no list")
check.raises(function() f:readv { {} } end, "iovec: a text, a count of bytes or memory expected",
	"readv(): a list of nothing")

-- From fd to fd

local _, _, pipe_out, pipe_in = assert(S.pipe "cloexec, nonblock")
is(S.sendfile(pipe_in, f, 0, 3), 3, "sendfile() from an offset")
is(pipe_out:read(), "abc", "what it sent")
local offset = S.t.buffer(8)
offset:i64(0, 4)
is(pipe_in:sendfile(f, offset, 2), 2, "with the offset in memory")
is(offset:i64(0), 6, "which has moved")
is(pipe_out:read(), "eX", "what that sent")
is(f:splice(1, pipe_in, nil, 2, "move"), 2, "splice()")
local _, _, tee_out, tee_in = assert(S.pipe "cloexec, nonblock")
is(pipe_out:tee(tee_in, 10), 2, "tee()")
is(pipe_out:read() .. tee_out:read(), "bcbc", "both have it")
is(pipe_in:vmsplice { "vm", "splice" }, 8, "vmsplice()")
is(pipe_out:read(), "vmsplice", "what it gave")
local copy = assert(S.open(dir .. "/copy", "creat, rdwr", "0600"))
local copied, copy_error = S.copy_file_range(f, 0, copy, 0, 4)
if copied then
	is(copied .. copy:pread(nil, 10, 0), "4abcd", "copy_file_range()")
else
	tap.skip("copy_file_range()", "host: the file system has none: " .. tostring(copy_error))
end
fails(function() return S.sendfile(-1, f, 0, 1) end, "BADF", "sendfile(): no such fd")
fails(function() return f:splice(nil, copy, nil, 1) end, "INVAL", "splice(): no pipe")
fails(function() return f:tee(copy, 1) end, "INVAL", "tee(): no pipe")
fails(function() return f:vmsplice { "x" } end, "BADF", "vmsplice(): no pipe")
fails(function() return S.copy_file_range(f, 0, -1, 0, 1) end, "BADF",
	"copy_file_range(): no such fd")
check.raises(function() S.sendfile(pipe_in, f, S.t.buffer(4), 1) end,
	"#3 (offset) to 'sendfile' (memory of at least 8 bytes", "sendfile(): short memory")

-- Advice, locks, limits

ok(f:fadvise "sequential" and f:fadvise("willneed", 0, 4), "fadvise()")
fails(function() return pipe_in:fadvise "random" end, "SPIPE", "fadvise(): a pipe")
ok(f:sync_file_range(0, 4, "write"), "sync_file_range()")
fails(function() return pipe_in:sync_file_range(0, 1, "write") end, "SPIPE",
	"sync_file_range(): a pipe")
ok(f:readahead(0, 4), "readahead()")
fails(function() return pipe_out:readahead(0, 4) end, "INVAL", "readahead(): a pipe")
ok(f:lockf("tlock", 3) and f:lockf("test", 3) and f:lockf("ulock", 3), "lockf()")
fails(function() return S.lockf(-1, "lock") end, "BADF", "lockf(): no such fd")
check.raises(function() f:lockf "lick" end, "did you mean", "lockf(): no such command")
is(f:pathconf "path_max", 4096, "fpathconf()")
ok(S.pathconf(dir, "name_max") >= 14, "pathconf() asks the file system")
fails(function() return S.pathconf(dir .. "/none", "name_max") end, "NOENT", "pathconf(): none")
fails(function() return S.fpathconf(-1, "name_max") end, "BADF", "fpathconf(): no such fd")
ok(S.sync() and S.syncfs(f), "sync() and syncfs()")
fails(function() return S.syncfs(-1) end, "BADF", "syncfs(): no such fd")
fails(function() return S.fsync(pipe_in) end, "INVAL", "fsync(): a pipe")
fails(function() return S.fdatasync(pipe_in) end, "INVAL", "fdatasync(): a pipe")
fails(function() return S.truncate(dir, 1) end, "ISDIR", "truncate(): a directory")
ok(S.truncate(dir .. "/copy", 2) and S.ftruncate(copy, 1), "truncate() and ftruncate()")
fails(function() return S.ftruncate(pipe_in, 1) end, "INVAL", "ftruncate(): a pipe")
ok(S.posix_fallocate(copy, 0, 100), "posix_fallocate()")
fails(function() return S.posix_fallocate(pipe_in, 0, 1) end, "SPIPE", "posix_fallocate(): a pipe")
fails(function() return S.fallocate(copy, 0, -1, 1) end, "INVAL", "fallocate(): before the start")
fails(function() return S.flock(-1, "ex") end, "BADF", "flock(): no such fd")
fails(function() return S.dup(-1) end, "BADF", "dup(): no such fd")
fails(function() return S.dup2(-1, 5) end, "BADF", "dup2(): no such fd")
local created = assert(S.creat(dir .. "/creat", "0600"))
fails(function() return S.creat(dir .. "/none/x", "0600") end, "NOENT", "creat(): no directory")
local high = assert(S.fcntl(created, "dupfd_cloexec", 100))
ok(S.close_range(high:nogc():getfd(), high:getfd()), "close_range()")
fails(function() return S.fcntl(high:getfd(), "getfd") end, "BADF", "what it closed")
fails(function() return S.close_range(2, 1) end, "INVAL", "close_range(): backwards")
fails(function() return S.memfd_create("x", 1 << 31) end, "INVAL", "memfd_create(): no such flag")
local secret, secret_error = S.memfd_secret "cloexec"
if secret then
	ok(secret:close(), "memfd_secret()")
else
	tap.skip("memfd_secret()", "host: this kernel gives none: " .. tostring(secret_error))
end
fails(function() return S.memfd_secret(1 << 20) end, secret and "INVAL" or secret_error.sym:sub(2),
	"memfd_secret(): no such flag")
local cached, cache_error = S.cachestat(f, { 0, 4096 })
if cached or cache_error.NOSYS then
	ok(not cached or cached.cache >= 0, "cachestat()")
else
	tap.ok(false, "cachestat(): " .. tostring(cache_error))
end
fails(function() return S.cachestat(-1) end, cached and "BADF" or "NOSYS",
	"cachestat(): no such fd")
for _, one in ipairs { f, copy, created, pipe_in, pipe_out, tee_in, tee_out } do
	one:close()
end

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
