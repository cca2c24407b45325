-- poll.lua - pipes, poll, select, epoll, inotify, fanotify, eventfd, timerfd

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t, c = S.t, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local dir, remove = check.scratch()

-- Pipes

local made, none, reader, writer = S.pipe "cloexec, nonblock"
ok(made == true and none == nil and reader:fcntl "getfd" == c.FD.CLOEXEC, "pipe() with flags")
local _, _, reader2, writer2 = assert(S.pipe2 "cloexec")
ok(reader2:close() and writer2:close(), "pipe2()")
fails(function() return S.pipe "creat" end, "INVAL", "pipe(): a flag that is none of its")
fails(function() return S.pipe2 "creat" end, "INVAL", "pipe2(): a flag that is none of its")

-- poll

local fds = t.pollfds { { fd = reader, events = "in" }, { fd = writer, events = "out" } }
is(S.poll(fds, 0), 1, "poll(): one is ready")
ok(not fds[1].IN and fds[2].OUT and fds[2]["out"], "the one to write to")
writer:write "x"
is(S.poll(fds, -1), 2, "both, without an end to the wait")
ok(fds[1].IN and not fds[1].HUP, "booleans of what happened")
local list = { { fd = reader, events = "in" } }
ok(S.poll(list, 10) == 1 and list[1].revents == c.POLL.IN, "a table is told too")
is(S.ppoll({ { fd = writer, events = "in" } }, 0.001), 0, "ppoll(): time passes")
local left = t.timespec(5)
S.ppoll(fds, left)
ok(left.time > 4 and left.time <= 5, "what was left of it")
ok(S.poll({ { fd = writer:getfd() + 500, events = "in" } }, 0) == 1, "a number that is no fd")
fails(function() return S.ppoll({}, { sec = 0, nsec = -1 }) end, "INVAL", "ppoll(): no time")
local limited = assert(S.fork())
if limited == 0 then
	S.setrlimit("nofile", 0)
	S._exit(select(2, S.poll(list, 0)).INVAL and 0 or 1)
end
is(select(3, assert(S.waitpid(limited))).exitstatus, 0, "poll(): more than may be open")
raises(function() S.poll(5) end, "a table expected", "poll(): no list")
raises(function() S.poll({}, -2) end, "#2", "poll(): time before -1")
raises(function() t.pollfds { { fd = "x" } } end, "pollfd.fd: an open fd", "an entry without an fd")

-- select

local sets = S.select({ readfds = { reader }, writefds = { writer } }, 0)
ok(sets.count == 2 and sets.readfds[1] == reader and sets.writefds[1] == writer,
	"select() answers the objects that are ready")
reader:read()
is(#S.select({ readfds = { reader, writer } }, 0.001).readfds, 0, "and none where none is")
is(S.pselect({ writefds = { writer:getfd() } }, { 0, 0 }).writefds[1], writer:getfd(),
	"numbers too")
local gone = S.open "/dev/null"
local number = gone:getfd()
gone:close()
fails(function() return S.select({ readfds = { number } }, 0) end, "BADF", "select(): no such fd")
fails(function() return S.pselect({}, { sec = -1 }) end, "INVAL", "pselect(): no time")
raises(function() S.select({ readfds = { "x" } }) end, "select: entry 1", "an entry that is none")
raises(function() S.select(3) end, "a table expected", "select(): no table")
local set = t.fdset { 3, 1000 }
ok(set:get(1000) and not set:get(4), "a set of descriptors")
set:clear(3)
ok(not set:get(3), "of which one is taken away")
raises(function() set:set(1024) end, "from 0 to 1023", "one past its end")

-- epoll

local ep = assert(S.epoll_create "cloexec")
ok(ep:epoll_ctl("add", reader, "in, et") and ep:epoll_ctl("add", writer, { events = "out",
	data = 77 }),
	"epoll_ctl() with names and with a table")
local count, seen = 0, {}
for i, event in ep:epoll_wait(nil, 1000) do
	count = count + 1
	seen[i] = event.data
	ok(event.OUT and not event.IN, "an event's booleans")
end
ok(count == 1 and seen[0] == 77, "epoll_wait() with the data that was given")
writer:write "x"
local found = {}
for _, event in S.epoll_wait(ep, t.epoll_events(4)) do
	found[event.fd] = event.events
end
ok(found[reader:getfd()] == c.EPOLL.IN, "without data the number of the fd")
reader:read()
ok(ep:epoll_ctl("del", writer), "one is taken away")
for _ in ep:epoll_pwait(4, 1) do
	ok(false, "epoll_pwait(): nothing is ready")
end
if S.epoll_pwait2 then
	local n = select(3, S.epoll_pwait2(ep, 4, 0.001))
	is(n, 0, "epoll_pwait2(): nothing within a millisecond")
end
fails(function() return ep:epoll_ctl("add", reader, "in") end, "EXIST",
	"epoll_ctl(): there already")
fails(function() return S.epoll_wait(reader, 1, 0) end, "INVAL", "epoll_wait(): no epoll")
fails(function() return S.epoll_pwait(-1, 1, 0) end, "BADF", "epoll_pwait(): no fd")
fails(function() return S.epoll_pwait2(-1, 1, 0) end, "BADF", "epoll_pwait2(): no fd")
fails(function() return S.epoll_create(1) end, "INVAL", "epoll_create(): no such flag")
raises(function() ep:epoll_ctl("ad", reader, "in") end, "did you mean \"ADD\"?",
	"a wrong operation")
raises(function() ep:epoll_wait(0) end, "#2 (events) to 'epoll_pwait'", "room for no event")
raises(function() ep:epoll_wait(t.buffer(3)) end, "room for an event", "memory too short for one")

-- With a set of signals a signal is an answer, without one a wait goes on.

local pending = t.sigset "usr1"
S.sigprocmask("block", pending)
S.kill(S.getpid(), "usr1")
is(S.ppoll({ { fd = writer, events = "out" } }, 0, "usr1"), 1, "ppoll() with a set of signals")
is(S.pselect({ writefds = { writer } }, 0, "usr1").count, 1, "pselect()")
is(select(3, S.epoll_pwait(ep, 1, 1, pending)), 0, "epoll_pwait()")
is(select(3, S.epoll_pwait2(ep, 1, 0.001, pending)), 0, "epoll_pwait2()")
raises(function() S.ppoll({}, 0, t.buffer(4)) end, "a set of signals", "a set too short")
raises(function() S.pselect({}, 0, t.buffer(4)) end, "a set of signals", "pselect(): the same")
local info = S.signalfd(pending)
is(#info:read(nil, 128), 128, "the signal is taken")
info:close()
S.sigprocmask("unblock", pending)

-- inotify

local watch = assert(S.inotify_init "cloexec, nonblock")
local wd = assert(watch:inotify_add_watch(dir, "create, delete, moved_from, moved_to"))
S.open(dir .. "/file", "creat", "0600"):close()
S.unlink(dir .. "/file")
local events = watch:inotify_read()
is(#events, 2, "inotify_read() gives a list")
ok(events[1].create and not events[1].delete and events[1].name == "file" and events[1].wd == wd,
	"with booleans, name and watch")
is(tostring(events[2]), "DELETE file", "and text")
fails(function() return watch:inotify_read() end, "AGAIN", "inotify_read(): nothing happened")
ok(watch:inotify_rm_watch(wd), "inotify_rm_watch()")
ok(watch:inotify_read()[1].ignored, "which is an event too")
fails(function() return watch:inotify_rm_watch(wd) end, "INVAL", "inotify_rm_watch(): gone already")
fails(function() return watch:inotify_add_watch(dir .. "/none", "create") end, "NOENT",
	"inotify_add_watch(): no such file")
fails(function() return S.inotify_init(1) end, "INVAL", "inotify_init(): no such flag")
raises(function() watch:inotify_read "x" end, "#2 to 'inotify_read' (memory", "no buffer")
raises(function() return events[1].creat end, "did you mean \"CREATE\"?", "a wrong event")
raises(function() t.inotify_events(S.raw.memory.new(("\255"):rep(32)), 32) end, "past the end",
	"an event longer than its bytes")

-- eventfd

local event = assert(S.eventfd(3, "semaphore, nonblock"))
is(event:read(nil, 8), "\1" .. ("\0"):rep(7), "eventfd() as a semaphore")
fails(function() return S.eventfd(0, 64) end, "INVAL", "eventfd(): no such flag")
raises(function() S.eventfd(-2) end, "#1 (initval) to 'eventfd'", "eventfd(): a negative count")

-- timerfd

local timer = assert(S.timerfd_create("monotonic", "cloexec"))
is(timer:timerfd_settime(0, { value = 0.001, interval = 2 }).value.time, 0,
	"timerfd_settime() gives what was set")
is(#timer:read(nil, 8), 8, "it expires")
is(timer:timerfd_gettime().interval.time, 2, "timerfd_gettime()")
fails(function() return S.timerfd_create(99) end, "INVAL", "timerfd_create(): no such clock")
fails(function() return reader:timerfd_gettime() end, "INVAL", "timerfd_gettime(): no timer")
fails(function() return reader:timerfd_settime(0, {}) end, "INVAL", "timerfd_settime(): no timer")
raises(function() timer:timerfd_settime("abstim", {}) end, "did you mean \"ABSTIME\"?",
	"a wrong flag")

-- fanotify

local fan, err = S.fanotify_init("class_notif, report_fid, nonblock", "rdonly")
if fan then
	local marked, why = S.fanotify_mark(fan, "add", "create, open, event_on_child", nil, dir)
	if marked then
		S.open(dir .. "/other", "creat", "0600"):close()
		local got = S.fanotify_read(fan)
		ok(#got > 0 and got[1].fd == false and (got[1].create or got[1].open), "fanotify_read()")
		is(got[1].info[1].type, c.FAN_EVENT_INFO_TYPE.FID, "with information on the file")
		ok(#got[1].info[1].handle > 0, "which is its handle")
		ok(S.fanotify_mark(fan, "flush"), "marks are taken away")
	else
		tap.skip("fanotify_mark()", "host: fanotify_mark() says " .. tostring(why))
	end
	fails(function() return S.fanotify_mark(fan, "add", "open", nil, dir .. "/none") end, "NOENT",
		"fanotify_mark(): no such file")
	fails(function() return S.fanotify_respond(fan, 5000, "allow") end, "NOENT",
		"fanotify_respond(): none is asked for")
	fails(function() return S.fanotify_read(fan) end, "AGAIN", "fanotify_read(): nothing happened")
	fan:close()
else
	tap.skip("fanotify", "host: fanotify_init() says " .. tostring(err))
end
local made_none, not_init = S.fanotify_init(1 << 31)
ok(made_none == nil and (not_init.INVAL or not_init.PERM or not_init.NOSYS),
	"fanotify_init(): no such flag")
local class, refused = S.fanotify_init("class_content", "rdonly")
if class then
	assert(S.fanotify_mark(class, "add", "open_perm, event_on_child", nil, dir))
	local opener = assert(S.fork())
	if opener == 0 then
		local opened, refusal = S.open(dir .. "/other", "creat, rdwr", "0600")
		S._exit(opened and 1 or refusal.PERM and 0 or 2)
	end
	local asked = S.fanotify_read(class)[1]
	ok(asked.open_perm and S.fanotify_respond(class, asked.fd, "deny"), "fanotify_respond()")
	is(select(3, assert(S.waitpid(opener))).exitstatus, 0, "who asked is refused")
	asked.fd:close()
	assert(S.fanotify_mark(class, "remove", "open_perm, event_on_child", nil, dir))
	class:close()
else
	tap.skip("fanotify's permission", "host: fanotify_init() says " .. tostring(refused))
end
raises(function() t.fanotify_events(S.raw.memory.new(24), 24) end, "past the end",
	"an event without a length")

for _, one in ipairs { reader, writer, ep, watch, event, timer } do
	one:close()
end
remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
