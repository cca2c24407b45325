-- uring.lua - io_uring: a ring that reads, writes, waits, accepts, times out and cancels

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local c = S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
raises(function() S.io_uring(0) end, "from 1 to 32768", "a ring of nothing")
raises(function() S.io_uring(8, { flags = "sqpoll" }) end, "without sqpoll", "a ring with SQPOLL")
raises(function() S.io_uring_enter(0, 0, 0, 0, 5) end, "#5", "a set of signals that is none")
raises(function() S.io_uring_register(0, "register_files", S.t.buffer(4), 2) end,
	"at least 8 bytes", "memory too short for its count")
fails(function() return S.io_uring(8, { flags = 1 << 31 }) end, (select(2, S.io_uring_setup(0))
	.INVAL and "INVAL" or select(2, S.io_uring_setup(0)).sym:sub(2)), "io_uring(): no such flag")
fails(function() return S.io_uring_enter(-1, 0, 0) end, "BADF", "io_uring_enter(): no fd")
local none, err = S.io_uring_setup(0)
if none == nil and (err.NOSYS or err.PERM) then
	tap.skip("io_uring", "host: io_uring_setup() says " .. tostring(err))
	tap.done()
end
ok(none == nil and err.INVAL, "io_uring_setup(): no entries")

do
	local fd, nothing, params = S.io_uring_setup(4)
	ok(fd and nothing == nil and params.sq_entries == 4 and params.cq_entries == 8,
		"io_uring_setup() tells what it made")
	is(S.io_uring_enter(fd, 0, 0), 0, "io_uring_enter()")
	local probe = S.t.buffer(16 + 8 * 32)
	ok(S.io_uring_register(fd, "register_probe", probe, 32) == 0 and probe:u8(1) > 30,
		"io_uring_register()")
	fails(function() return S.io_uring_register(fd, "unregister_files") end, "NXIO",
		"io_uring_register(): nothing is registered")
	fd:close()
end

local ring = assert(S.io_uring(4))
local _, _, reader, writer = assert(S.pipe "cloexec")
is(ring:nop "first", 1, "a request is numbered")
is(ring:submit(1), 1, "submit()")
local done = ring:wait()
ok(done.data == "first" and done.result == 0, "and its completion brings its data")
is(ring:wait(), nil, "nothing is under way")

ring:write(writer, "hello", nil, nil, "w")
ring:submit(1)
is(ring:wait().result, 5, "write()")
local buffer = S.t.buffer(16)
ring:read(reader, buffer, 3, nil, "r")
ring:read(reader, nil, 100, nil, "text")
local results = {}
for one in ring:completions() do
	results[one.data] = one.result
end
ok(results.r == 3 and buffer:string(0, 3) == "hel" and results.text == "lo",
	"read() into memory, and as text")

for _ = 1, 4 do
	assert(ring:nop())
end
fails(function() return ring:nop() end, "BUSY", "the queue is full")
local count = 0
for _ in ring:completions() do
	count = count + 1
end
is(count, 4, "completions() until nothing is under way")

local name = os.tmpname()
ring:openat(nil, name, "rdwr, cloexec", 0, "open")
local file = ring:wait().result
ok(file and file:stat().isreg, "openat() gives an fd object")
ring:write(file, "0123456789", 10, 0)
ring:fsync(file, "datasync")
for one in ring:completions() do
	ok(one.result, "write() at an offset, and fsync()")
end
ring:read(file, nil, 4, 3)
is(ring:wait().result, "3456", "read() at an offset")
ring:openat(nil, name .. "/none", "rdonly")
local failed = ring:wait()
ok(failed.result == nil and failed.err.NOTDIR, "a request that fails has an error")
os.remove(name)

ring:timeout(0.001, 0, "late")
local late = ring:wait()
ok(late.data == "late" and late.err.TIME, "timeout()")
local number = ring:poll_add(reader, "in", "poll")
ring:submit()
is(ring:peek(), nil, "peek(): nothing has come")
ring:cancel(number, "cancel")
local seen = {}
for one in ring:completions() do
	seen[one.data] = one
end
ok(seen.poll.err.CANCELED and seen.cancel.result == 0, "cancel()")
ring:poll_add(reader, "in", "poll")
ring:submit()
writer:write "x"
is(ring:wait().result & c.POLL.IN, c.POLL.IN, "poll_add()")
reader:read()

local listener = assert(S.socket("unix", "stream, cloexec"))
assert(listener:bind(S.t.sockaddr_un("\0uring-" .. S.getpid())) and listener:listen())
local client = assert(S.socket("unix", "stream, cloexec"))
ring:accept(listener, "cloexec", "accept")
ring:connect(client, listener:getsockname(), "connect")
local sockets = {}
for one in ring:completions() do
	sockets[one.data] = one.result
end
is(sockets.connect, 0, "connect()")
ring:send(client, "ping")
ring:recv(sockets.accept, nil, 10, 0, "recv")
for one in ring:completions() do
	sockets[one.data or "send"] = one.result
end
is(sockets.send .. sockets.recv, "4ping", "send() and recv()")

-- Memory of a request that nobody waits for
-- What goes past its memory, or is none

local short = S.t.buffer(8)
local wants = "memory of the request's length"
raises(function() ring:sqe("read", { fd = 0, addr = short, len = 9 }) end, wants, "sqe(): too long")
raises(function() ring:sqe("read", { fd = 0, addr = short:slice(4), len = 5 }) end, wants,
	"sqe(): of a part")
raises(function() ring:sqe("recv", { fd = 0, addr = short, len = 8, off = 1 << 32 }) end, wants,
	"sqe(): an address out of a number")
local forged = S.t.io_uring_sqe { fd = 0, len = 8 }
S.raw.memory.u64(forged, 16, 1 << 32)
raises(function() ring:sqe("read", forged) end, wants, "sqe(): an address that was written")
raises(function() ring:sqe("statx", { fd = -100, addr = "/", off = 1 << 32 }) end, wants,
	"sqe(): where statx is to write")
raises(function() ring:sqe("statx", { fd = -100, addr = "/", addr2 = short }) end, wants,
	"sqe(): too little room for statx")
raises(function() ring:sqe("unlinkat", { fd = -100, addr = S.t.buffer "abc" }) end, wants,
	"sqe(): a path without an end")
raises(function() ring:sqe("accept", { fd = 0, addr = short }) end, wants,
	"sqe(): accept's address, whose length could change")
raises(function() ring:sqe("madvise", { addr = short, len = 8 }) end, "operation MADVISE",
	"sqe(): an operation whose memory cannot be checked")
local stat = S.t.statx()
ring:sqe("statx", { fd = -100, addr = "/", len = c.STATX "basic_stats", addr2 = stat })
ring:submit(1)
is(tostring(ring:wait().err) .. (stat.mode & 0xf000), "nil16384", "sqe(): statx into a statx")

ring:read(reader, nil, 1 << 16)
ring:submit()
collectgarbage()
collectgarbage()
ok(ring:close() and ring:close(), "close() cancels what is under way; twice is a success")
raises(function() ring:nop() end, "the ring is closed", "a closed ring")
do
	local forgotten = assert(S.io_uring(2))
	forgotten:read(reader, nil, 100)
	forgotten:submit()
end
collectgarbage()
collectgarbage()
raises(function()
	local other <close> = assert(S.io_uring(2))
	other:read(reader, 5, 9)
end, "from 0 to 5", "a count over its memory's end")
raises(function()
	local other <close> = assert(S.io_uring(2))
	other:write({}, "x")
end, "#1 (fd) to 'write'", "a request about no fd")

for _, one in ipairs { reader, writer, file, listener, client, sockets.accept } do
	one:close()
end
is(check.open_fds(), before, "no fd is left open")
tap.done()
