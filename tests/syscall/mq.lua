-- mq.lua - POSIX message queues

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t = S.t
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local name = "/lunette-test-" .. S.getpid()
local queue, err = S.mq_open(name, "creat, excl, rdwr, nonblock", "0600", { maxmsg = 3,
	msgsize = 16 })
if not queue and (err.NOSYS or err.ACCES or err.MFILE) then
	tap.skip("message queues", "host: mq_open() says " .. tostring(err))
	tap.done()
end
ok(queue and queue:getfd() >= 0, "mq_open()", tostring(err))
local attributes = queue:getattr()
is(attributes.maxmsg .. " " .. attributes.msgsize .. " " .. attributes.curmsgs, "3 16 0",
	"getattr()")
ok(queue:send "low" and queue:send("high", nil, 9), "send(), with a priority")
is(queue:getattr().curmsgs, 2, "two are there")
local text, none, priority = queue:receive(nil, 16)
ok(text == "high" and none == nil and priority == 9,
	"receive() gives the most urgent, and its priority")
local buffer = t.buffer(16)
ok(queue:timedreceive(buffer) == 3 and buffer:string(0, 3) == "low", "into memory")
ok(S.mq_timedsend(queue, "abcdef", 3, 1) and S.mq_timedreceive(queue, nil, 16) == "abc",
	"mq_timedsend() of a part, mq_timedreceive()")
is(queue:setattr({ flags = 0 }).flags, S.c.O.NONBLOCK, "setattr() gives what was before")
local past = { sec = 1 }
fails(function() return queue:receive(nil, 16, nil, past) end, "TIMEDOUT",
	"receive(): time is over")
queue:setattr { flags = "nonblock" }
fails(function() return queue:receive(nil, 16) end, "AGAIN", "receive(): nothing there")
fails(function() return queue:receive(nil, 3) end, "MSGSIZE", "receive(): room too short")
fails(function() return queue:send(("x"):rep(17)) end, "MSGSIZE", "send(): too long")
fails(function() return S.mq_open(name, "creat, excl, rdwr") end, "EXIST", "mq_open(): exists")
fails(function() return S.mq_open("none" .. S.getpid()) end, "NOENT", "mq_open(): does not")
fails(function() return S.mq_getsetattr(-1, nil, t.mq_attr()) end, "BADF", "mq_getsetattr(): no fd")
fails(function() return S.mq_timedsend(-1, "x") end, "BADF", "mq_timedsend(): no fd")
fails(function() return S.mq_timedreceive(-1, nil, 16) end, "BADF", "mq_timedreceive(): no fd")
raises(function() S.mq_open {} end, "#1", "mq_open(): no name")
raises(function() S.mq_getsetattr(queue, nil, t.buffer(3)) end, "at least 64 bytes",
	"mq_getsetattr(): memory too short")
raises(function() queue:send(5) end, "#2", "send(): no text")
ok(S.mq_unlink(name), "mq_unlink()")
fails(function() return S.mq_unlink(name) end, "NOENT", "mq_unlink(): gone already")
ok(queue:close() and queue:close() and queue:getfd() == nil, "close(), twice")
do
	local other <close> = assert(S.mq_open(name, "creat, rdwr", "0600", { maxmsg = 1, msgsize = 1 }))
	ok(S.mq_unlink(name) and other:send "x", "a queue without a name, closed by its block")
end
is(check.open_fds(), before, "no fd is left open")
tap.done()
