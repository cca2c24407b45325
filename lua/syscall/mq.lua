-- mq.lua - POSIX message queues: S.mq_open(), and methods of what it gives

local raw = require "syscall.raw"
local call = require "syscall.call"
local types = require "syscall.types.mq"

local bind, check = call.bind, call.check

local M = {}

local open = bind("mq_open", "text flags:O mode in?:mq_attr -> fd")
local unlink = bind("mq_unlink", "text -> true")
local receive = bind("mq_timedreceive", "fd room mem:4 in?:timespec -> bytes retry")

M.rows = {
	mq_getsetattr = "fd in?:mq_attr mem?:64 -> true",
	mq_timedsend = "fd data u32=0 in?:timespec -> true retry",
}

-- The kernel knows names without the slash that POSIX has in front.
local function name_of(caller, name)
	return (check.path(caller, 1, name):gsub("^/", ""))
end

-- mq_open(name [, flags [, mode [, { maxmsg =, msgsize = }]]]) - a queue
function M.mq_open(name, flags, mode, attributes)
	local made, err = open(name_of("mq_open", name), flags, mode, attributes)
	return made and raw.adopt(made, types.queue), err
end

function M.mq_unlink(name)
	return unlink(name_of("mq_unlink", name))
end

-- mq_timedreceive(queue, buffer, length [, prio [, timeout]]) - text where the buffer is nil,
-- else a count; nil; and the message's priority. The length is at least msgsize.
function M.mq_timedreceive(queue, buffer, length, priority, timeout)
	priority = priority or raw.memory.new(4)
	local got, err = receive(queue, buffer, length, priority, timeout)
	if not got then
		return nil, err
	end
	return got, nil, raw.memory.u32(priority, 0)
end

-- Methods

local queue = { close = raw.closefd, getfd = raw.getfd, nogc = raw.nogc }
types.queue.__index = queue

function queue.getattr(self)
	local attributes = types.mq_attr()
	local done, err = require("syscall").mq_getsetattr(self, nil, attributes)
	return done and attributes, err
end

-- setattr({ flags = "nonblock" }) - what it was before
function queue.setattr(self, new)
	local old = types.mq_attr()
	local done, err = require("syscall").mq_getsetattr(self, new, old)
	return done and old, err
end

function queue.timedsend(self, data, length, priority, timeout)
	return require("syscall").mq_timedsend(self, data, length, priority, timeout)
end
queue.send = queue.timedsend

queue.timedreceive = M.mq_timedreceive
queue.receive = M.mq_timedreceive

return M
