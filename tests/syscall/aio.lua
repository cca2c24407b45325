-- aio.lua - asynchronous input and output: contexts, requests, events

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t, c = S.t, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local context, err = S.io_setup(8)
if not context and (err.NOSYS or err.AGAIN) then
	tap.skip("aio", "host: io_setup() says " .. tostring(err))
	tap.done()
end
ok(context, "io_setup() gives a context")
local name = os.tmpname()
local file = assert(S.open(name, "rdwr, cloexec"))
local event = assert(S.eventfd(0, "cloexec"))

is(S.io_submit(context, { { opcode = "pwrite", fildes = file, buf = "hello world", nbytes = 11,
	data = 42, resfd = event } }), 1, "io_submit() from a table")
for i, one in S.io_getevents(context, 1, t.io_events(4)) do
	is(i .. " " .. one.data .. " " .. one.res, "0 42 11", "io_getevents(): what came of it")
end
is(#event:read(nil, 8), 8, "the eventfd was told")
local buffer = t.buffer(5)
local array = t.iocb_array { { opcode = "pread", fildes = file, buf = buffer, offset = 6 },
	{ opcode = "preadv", fildes = file, buf = t.iovecs { 2, 3 }, nbytes = 2 } }
is(S.io_submit(context, array), 2, "two requests")
local count = 0
for _, one in S.io_getevents(context, 2) do
	count = count + one.res
	is(one.error, nil, "no error")
end
is(count .. tostring(buffer), "10world", "read")
ok(S.io_submit(context, { { opcode = "fsync", fildes = file } }) or true, "fsync() may be lacking")
for _, one in S.io_getevents(context, 0, 4, 0.01) do
	ok(one.res == 0 or one.error, "and says so in its event")
end
local _, _, reader, writer = S.pipe "cloexec"
local poll = t.iocb_array { { opcode = "poll", fildes = reader, nbytes = 0 } }
if S.io_submit(context, poll) then
	local done, why = S.io_cancel(context, poll.iocbs[1])
	ok(done or why.INPROGRESS or why.INVAL, "io_cancel()", tostring(why))
end
fails(function() return S.io_cancel(0, t.iocb()) end, "INVAL", "io_cancel(): no context")
fails(function() return S.io_submit(context, { { opcode = "pread",
	fildes = -1 & 0x7fffffff } }) end,
	"BADF", "io_submit(): no such fd")
fails(function() return S.io_submit(0, array) end, "INVAL", "io_submit(): no context")
fails(function() return S.io_getevents(0, 0, 1, 0) end, "INVAL", "io_getevents(): no context")
fails(function() return S.io_setup(0) end, "INVAL", "io_setup(): no requests")
fails(function() return S.io_destroy(0) end, "INVAL", "io_destroy(): no context")
raises(function() t.iocb { buf = buffer, nbytes = 6 } end, "from 0 to 5",
	"more bytes than the buffer has")
raises(function()
	S.io_submit(context, { { opcode = "preadv", fildes = file, buf = t.iovecs { 2 }, nbytes = 2 } })
end, "request 1", "more pieces than there are")
raises(function() t.iocb { opcode = "prea" } end, "did you mean \"PREAD\"?", "a wrong operation")
raises(function() S.io_submit(context, 5) end, "#2", "no requests")
raises(function() S.io_setup "x" end, "#1 (nr_events) to 'io_setup'", "no number")
-- Requests whose memory nobody else holds
S.io_submit(context, { { opcode = "pread", fildes = file, buf = t.buffer(100) } })
collectgarbage()
collectgarbage()
ok(S.io_destroy(context), "io_destroy() waits for what is under way")
is(c.IOCB_CMD.PREAD, 0, "names of operations")

os.remove(name)
for _, one in ipairs { file, event, reader, writer } do
	one:close()
end
is(check.open_fds(), before, "no fd is left open")
tap.done()
