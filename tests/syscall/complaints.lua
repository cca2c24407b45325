-- complaints.lua - what users of ljsyscall complained of, and how the library answers it
--
-- Each name begins with the number of the issue or pull request there (or in snabb). Stopping and
-- continuing is what makes waits end with EINTR in a program that has no handlers of signals.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local number = require("syscall.call").number

local ok, is, raises = tap.ok, tap.is, check.raises
local before = check.open_fds()
local dir, remove = check.scratch()

-- #166: "for … in ep:epoll_wait()" ended with "attempt to call a nil value" after a stop

-- The state of process @pid once it is none of @states: "S", "T", "Z", …
local function state_of(pid, states)
	local state
	repeat
		S.sched_yield()
		state = S.util.readfile(("/proc/%d/stat"):format(pid)):match "%) (%a)"
	until not states:find(state, 1, true)
	return state
end

-- The status of a child in which @wait is stopped while it waits, goes on, and is woken.
local function stopped(wait, wake)
	local _, _, reader, writer = assert(S.pipe "cloexec")
	local pid = assert(S.fork())
	if pid == 0 then
		local good, result, why = pcall(wait, function() writer:write "x" end)
		if not good or not result then
			print(("# in a child: %s %s"):format(tostring(result), tostring(why)))
			io.stdout:flush()
		end
		S._exit(good and result and 0 or 1)
	end
	reader:read(nil, 1)
	local state = state_of(pid, "RD")
	if state == "Z" then
		return select(3, assert(S.waitpid(pid))).exitstatus
	end
	assert(S.kill(pid, "stop"))
	assert(S.waitpid(pid, "untraced"))
	assert(S.kill(pid, "cont"))
	state_of(pid, "TRD")
	if wake then
		wake(pid)
	end
	local _, _, status = assert(S.waitpid(pid))
	reader:close()
	writer:close()
	return status.exitstatus
end

local function goes_on(name, wait, wake)
	is(stopped(wait, wake), 0, "#166: " .. name .. " goes on after a stop")
end

local _, _, reader, writer = assert(S.pipe "cloexec")
local function write()
	assert(writer:write "y")
end
local function drain()
	return reader:read(nil, 1) == "y"
end

local epoll = assert(S.epoll_create "cloexec")
assert(epoll:epoll_ctl("add", reader, "in"))
is(stopped(function(ready)
	ready()
	local _, err = S.raw.call(number "epoll_pwait", epoll, S.t.buffer(16), 1, -1, nil, 8)
	return err.INTR
end, write) .. tostring(drain()), "0true", "the kernel's own call ends with EINTR (control)")

goes_on("epoll_wait()", function(ready)
	ready()
	local seen = 0
	for _, event in epoll:epoll_wait() do
		seen = seen + event.fd
	end
	return seen == reader:getfd() and drain()
end, write)

goes_on("epoll_wait() with a time", function(ready)
	ready()
	return select(3, epoll:epoll_wait(nil, 60000)) == 1 and drain()
end, write)

if number "epoll_pwait2" and not select(2, S.epoll_pwait2(epoll, nil, 0)) then
	goes_on("epoll_pwait2()", function(ready)
		ready()
		return select(3, S.epoll_pwait2(epoll, nil, 60)) == 1 and drain()
	end, write)
end

goes_on("poll()", function(ready)
	ready()
	return S.poll({ { fd = reader, events = "in" } }, 60000) == 1 and drain()
end, write)

goes_on("select()", function(ready)
	ready()
	return S.select({ readfds = { reader } }, 60).readfds[1] == reader and drain()
end, write)

goes_on("read()", function(ready)
	ready()
	return drain()
end, write)

-- The side that sends, and connect(): with a time-out of the socket's own the kernel does not go on
-- by itself.
local far, near
local function full()
	_, _, near, far = assert(S.socketpair("unix", "stream, cloexec"))
	assert(near:setsockopt("socket", "sndtimeo", { 60, 0 }))
	repeat until not near:send(("x"):rep(1 << 16), nil, "dontwait")
end
local function empty()
	repeat until not far:recv(nil, 1 << 16, "dontwait")
end
full()
is(stopped(function(ready)
	ready()
	local _, err = S.raw.call(number "sendto", near, "y", 1, 0, nil, 0)
	return err and err.INTR
end, empty), 0, "the kernel's own sendto() ends with EINTR (control)")
for name, send in pairs {
	["send()"] = function() return near:send "y" end,
	["sendto()"] = function() return near:sendto "y" end,
	["sendmsg()"] = function() return near:sendmsg { iov = { "y" } } end,
	["write()"] = function() return near:write "y" end,
} do
	full()
	goes_on(name, function(ready)
		ready()
		return send() == 1
	end, empty)
end

local crowded = assert(S.socket("unix", "stream, cloexec"))
assert(crowded:bind(S.t.sockaddr_un(dir .. "/full")) and crowded:listen(0))
local caller = {}
local function new_caller()
	caller[#caller + 1] = assert(S.socket("unix", "stream, cloexec"))
	assert(caller[#caller]:setsockopt("socket", "sndtimeo", { 60, 0 }))
	return caller[#caller]
end
local function accept()
	assert(crowded:accept())
end
assert(new_caller():connect(crowded:getsockname()))
local door = crowded:getsockname()
new_caller()
is(stopped(function(ready)
	ready()
	local _, err = S.raw.call(number "connect", caller[2], door, #door)
	return err and err.INTR
end), 0, "the kernel's own connect() ends with EINTR (control)")
goes_on("connect()", function(ready)
	ready()
	return caller[2]:connect(door)
end, accept)
for _, fd in ipairs { near, far, crowded, caller[1], caller[2] } do
	fd:close()
end

local inotify = assert(S.inotify_init "cloexec")
assert(inotify:inotify_add_watch(dir, "create"))
goes_on("inotify_read()", function(ready)
	ready()
	return assert(inotify:inotify_read())[1].name == "made"
end, function()
	S.util.touch(dir .. "/made")
end)

local set = S.t.sigset "usr1"
local function usr1(pid)
	assert(S.kill(pid, "usr1"))
end

goes_on("util.signalfd_read()", function(ready)
	S.sigprocmask("block", set)
	local fd = assert(S.signalfd(set, "cloexec"))
	ready()
	return S.util.signalfd_read(fd)[1].USR1
end, usr1)

goes_on("sigwaitinfo()", function(ready)
	S.sigprocmask("block", set)
	ready()
	return assert(S.sigwaitinfo(set)).signame == "USR1"
end, usr1)

goes_on("sigtimedwait()", function(ready)
	S.sigprocmask("block", set)
	ready()
	return assert(S.sigtimedwait(set, 60)).signame == "USR1"
end, usr1)

goes_on("nanosleep()", function(ready)
	ready()
	return S.nanosleep(0.3)
end)

goes_on("sleep()", function(ready)
	ready()
	return S.sleep(1) == 0
end)

goes_on("waitpid()", function(ready)
	local pid = assert(S.fork())
	if pid == 0 then
		S.nanosleep(0.3)
		S._exit(5)
	end
	ready()
	return select(3, assert(S.waitpid(pid))).exitstatus == 5
end)

-- Sockets with a time of their own (socket(7)), which the kernel does not take up again by itself
local name = S.t.sockaddr_un(("\0complaint %d"):format(S.getpid()))
local listener = assert(S.socket("unix", "stream, cloexec"))
assert(listener:bind(name) and listener:listen())
assert(listener:setsockopt("socket", "rcvtimeo", { 60, 0 }))
goes_on("accept()", function(ready)
	ready()
	return listener:accept()
end, function()
	local client <close> = assert(S.socket("unix", "stream, cloexec"))
	assert(client:connect(name))
end)

local _, _, here, there = assert(S.socketpair("unix", "dgram, cloexec"))
assert(here:setsockopt("socket", "rcvtimeo", { 60, 0 }))
for call, read in pairs {
	recv = function() return here:recv(nil, 8) end,
	recvfrom = function() return here:recvfrom(nil, 8) end,
	read = function() return here:read(nil, 8) end,
	readv = function() return here:readv { 8 } end,
	recvmsg = function() return here:recvmsg { iov = { 8 } } end,
	recvmmsg = function() return here:recvmmsg { { iov = { 8 } } } end,
} do
	goes_on(call .. "() of a socket with a time", function(ready)
		ready()
		return read()
	end, function()
		assert(there:write "z")
	end)
end

local queue_name = ("/complaint%d"):format(S.getpid())
local queue = S.mq_open(queue_name, "creat, rdwr", "0600", { maxmsg = 1, msgsize = 8 })
if queue then
	goes_on("mq_timedreceive()", function(ready)
		ready()
		return queue:timedreceive(nil, 8) == "message"
	end, function()
		assert(queue:timedsend "message")
	end)
	S.mq_unlink(queue_name)
	queue:close()
else
	tap.skip("#166: mq_timedreceive()", "host: no message queues")
end

local context = S.io_setup(1)
if context then
	S.io_destroy(context)
	goes_on("io_getevents()", function(ready)
		local own = assert(S.io_setup(1))
		ready()
		return select(3, assert(S.io_getevents(own, 1, 1, 0.3))) == 0
	end)
else
	tap.skip("#166: io_getevents()", "host: no asynchronous input and output")
end

local ring = S.io_uring(4)
if ring then
	ring:close()
	goes_on("io_uring's wait()", function(ready)
		local own = assert(S.io_uring(4))
		assert(own:poll_add(reader, "in"))
		ready()
		return own:wait().res > 0 and drain()
	end, write)
else
	tap.skip("#166: io_uring's wait()", "host: no io_uring")
end

local word = assert(S.mmap(nil, 4096, "read, write", "shared, anonymous"))
goes_on("futex()", function(ready)
	ready()
	return S.futex(word, "wait", 0, 60) == 0
end, function()
	assert(S.futex(word, "wake", 1) == 1)
end)

-- PR 205, snabb 1324, PR 188: descriptors closed twice, or not before the collector ran

collectgarbage "stop"
local first = assert(S.open "/dev/null")
local place = first:getfd()
assert(S.close(first))
local second = assert(S.open "/dev/zero")
is(second:getfd(), place, "PR 205: another file has the number")
ok(first:close() and S.close(first), "PR 205: the object can be closed again")
first = second
collectgarbage "collect"
collectgarbage "stop"
is(second:read(nil, 1), "\0", "PR 205: and collected, and the other file stays open")
do
	local _ <close> = second
end
ok(first:close(), "PR 205: the end of a block and close() together")

-- Is close(2) to end with EINTR, the number is free all the same (a filter answers for the kernel).
local filter = { S.t.sock_filter("LD,W,ABS", 0), S.t.sock_filter("JMP,JEQ,K", number "close", 0, 1),
	S.t.sock_filter("RET,K", S.c.SECCOMP_RET.ERRNO | S.c.E.INTR),
	S.t.sock_filter("RET,K", S.c.SECCOMP_RET.ALLOW) }
local close_name = "PR 205: close() with EINTR is a success, and not tried again"
local function interrupted()
	local one, other = assert(S.open "/dev/null"), assert(S.open "/dev/null"):nogc()
	S.prctl("set_no_new_privs", true)
	assert(S.seccomp("set_mode_filter", 0, filter))
	local _, err = S.raw.call(number "close", other:getfd())
	return err.INTR and one:close() and not one:getfd() and S.close(other:getfd())
end
if check.no_filters() then
	tap.skip(close_name, check.no_filters())
else
	is(check.in_child(interrupted), 0, close_name)
end

-- Nothing is left open by what opens something on the way, with the collector switched off.
-- A descriptor's number is the lowest that is free.
local function lowest()
	local fd <close> = assert(S.open "/dev/null")
	return fd:getfd()
end

local function leaves(issue, what, f)
	f() -- what is opened once and kept
	local had = lowest()
	for _ = 1, 3 do
		f()
	end
	is(lowest(), had, ("%s: %s leaves nothing open"):format(issue, what))
end

local big = dir .. "/big"
assert(S.util.writefile(big, ("x"):rep(300000), "0600"))
leaves("snabb 1324", "util.ls(), read to its end", function()
	for _ in S.util.ls(dir) do
	end
end)
leaves("snabb 1324", "util.ls(), left early", function()
	for found in S.util.ls(dir) do
		if found ~= "" then
			break
		end
	end
end)
leaves("PR 188", "util.if_nametoindex()", function() return S.util.if_nametoindex "lo" end)
for what, f in pairs {
	["util.ps()"] = S.util.ps,
	["util.mounts()"] = S.util.mounts,
	["util.cp()"] = function() return S.util.cp(big, dir .. "/copy", "0600") end,
	["util.touch()"] = function() return S.util.touch(dir .. "/touched") end,
	["util.readfile()"] = function() return S.util.readfile(big) end,
	["util.proc()"] = function() return S.util.proc(S.getpid()).status end,
	["nl.interfaces()"] = S.nl.interfaces,
	["a failure to open"] = function() return S.util.readfile(dir .. "/none") end,
} do
	leaves("snabb 1324", what, f)
end
collectgarbage "restart"

-- Defect 5 of section 2.8 of the reference: what one read() does not give was lost

is(#S.util.readfile(big), 300000, "partial reads: a file of many parts")
is(check.in_child(function()
	local _, _, from, to = assert(S.pipe "cloexec")
	local pid = assert(S.fork())
	if pid == 0 then
		from:close()
		for _ = 1, 3 do
			to:write(("p"):rep(1000))
			while S.poll({ { fd = to, events = "out" } }) ~= 1 do
			end
		end
		S._exit(0)
	end
	to:close()
	local text = S.util.readfile("/proc/self/fd/" .. from:getfd())
	S.waitpid(pid)
	return #text == 3000
end), 0, "partial reads: what comes in parts")
is(check.in_child(function()
	S.signal("xfsz", "ign")
	assert(S.setrlimit("fsize", { cur = 100000, max = 100000 }))
	local done, err = S.util.writefile(dir .. "/cut", ("x"):rep(300000), "0600")
	return not done and err.FBIG
end), 0, "partial writes: a file that takes a part is no success")
ok(#S.util.readfile "/proc/self/mountinfo" > 0 and S.util.cp(big, dir .. "/copy2", "0600")
	and #S.util.readfile(dir .. "/copy2") == 300000, "partial reads: util.cp()")

-- #176, #187: a Lua function as handler of signals ended the process

raises(function() S.signal("int", function() end) end, "signalfd", "#176: no function as handler")
S.sigprocmask("block", "int")
local signals = assert(S.signalfd(S.t.sigset "int", "cloexec"))
assert(S.kill(S.getpid(), "int"))
local came = S.util.signalfd_read(signals)[1]
is(came.signame .. S.names("SIG", came.signo), "INTINT", "#187: Ctrl-C, read, and its name")
S.sigprocmask("unblock", "int")

-- #80, #71: an fd's number where the object was wanted

ok(S.select({ writefds = { writer } }, 0).writefds[1] == writer, "#71: select() gives the object")
local waiting = { { fd = writer, events = "out" } }
ok(S.poll(waiting, 0) == 1 and waiting[1].fd == writer and waiting[1].revents ~= 0,
	"#80: poll() tells it in the entry that has the object")
assert(epoll:epoll_ctl("add", writer, "out"))
local by_number = { [writer:getfd()] = writer }
for _, event in assert(epoll:epoll_wait(4, 1000)) do
	ok(by_number[event.fd] == writer, "#80: an event of epoll has the number, for a table")
end
local _, why = pcall(function()
	for _ in assert(S.epoll_wait(reader, 1, 0)) do
	end
end)
ok(S.t.error(22) == why, "#166: in for, assert() raises the error object of epoll_wait()")

-- #180: atexit() crashed

is(check.in_child(function()
	S.atexit(function() writer:write "exit" end)
	S.exit(0)
end) .. reader:read(nil, 4), "0exit", "#180: atexit()")

-- #7: plain Lua

ok(not package.loaded.ffi and not rawget(_G, "jit"), "#7: no LuaJIT")

remove()
for _, fd in ipairs { reader, writer, here, there, epoll, inotify, listener, signals } do
	fd:close()
end
is(check.open_fds(), before, "nothing is left open")
tap.done()
