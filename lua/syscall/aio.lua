-- aio.lua - asynchronous input and output as Linux had it before io_uring
--
-- The kernel goes on using requests and their buffers after io_submit() has returned: they are kept
-- until io_getevents() has brought their event, or io_destroy(), which waits for all, has returned.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local types = require "syscall.types.aio"
local iovec = require "syscall.types.iovec"
local unsafe = require "syscall.unsafe"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

local setup = bind("io_setup", "u32 out:u64 -> out")
local destroy = bind("io_destroy", "u64 -> true")
local submit = bind("io_submit", "u64 i64 mem -> int")
local get_events = bind("io_getevents", "u64 i64 i64 mem in?:timespec -> int")
local cancel = bind("io_cancel", "u64 mem:64 out:io_event -> out")

-- context → address of a request → the list that it lies in
local under_way = {}

-- io_setup(number of requests) - a context
function M.io_setup(count)
	local made, err = setup(count)
	if not made then
		return nil, err
	end
	under_way[made.value] = {}
	return made.value
end

function M.io_destroy(context)
	local done, err = destroy(context)
	if done then
		under_way[context] = nil
	end
	return done, err
end

local BUF = 24 -- of an iocb
local vectors = { [c.IOCB_CMD.PREADV] = true, [c.IOCB_CMD.PWRITEV] = true }

-- io_submit(context, requests) - how many were taken; requests are t.iocb_array or a table of
-- tables { opcode = "pread", fildes =, buf =, nbytes =, offset =, data =, resfd = }
function M.io_submit(context, requests)
	check.integer("io_submit", 1, context)
	local array = check.table("io_submit", 2, requests)
	array = array.iocbs and array or types.iocb_array(array)
	local size = types.iocb.size
	local pointers = memory.new(8 * array.nr)
	for i = 1, array.nr do
		local one = array.iocbs[i]
		local count, opcode = one.nbytes, one.opcode
		local sound = count == 0 or opcode == c.IOCB_CMD.POLL
		if vectors[opcode] and not sound then
			sound = count > 0 and count <= iovec.MOST and memory.holds(one, BUF, 16 * count)
				and iovec.sound(one.buf, count)
		end
		if not sound and (vectors[opcode] or not memory.holds(one, BUF, count)) then
			errors.raise("bad argument #2 to 'io_submit' (request %d: a buffer of nbytes expected)", i)
		end
		pointers:point((i - 1) * 8, one)
	end
	local taken, err = submit(context, array.nr, pointers)
	local kept = under_way[context]
	for i = 1, kept and taken or 0 do
		kept[unsafe.address(array.iocbs) + (i - 1) * size] = array.iocbs
	end
	return taken, err
end

-- io_getevents(context [, least [, events [, timeout]]]) - an iterator: for i, event in …
function M.io_getevents(context, least, events, timeout)
	check.integer("io_getevents", 1, context)
	if not raw.ismemory(events) then
		events = types.io_events(check.integer("io_getevents", 3, events or 64, 1, 1 << 20))
	end
	local most = memory.size(events) // types.io_event.size
	local spec = timeout and require("syscall.types.time").timespec(timeout)
	local count, err = call.go_on(spec and spec.time, function(seconds)
		return get_events(context, least or most, most, events, seconds)
	end)
	if not count then
		return nil, err
	end
	local kept = under_way[context] or {}
	for i = 1, count do
		kept[events[i].obj] = nil
	end
	return memory.down, events, count
end

-- io_cancel(context, request [, result]) - the event, where the request could be stopped
function M.io_cancel(context, request, result)
	return cancel(context, request, result)
end

return M
