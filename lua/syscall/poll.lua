-- poll.lua - pipes and what waits on descriptors: poll, select, epoll, inotify, fanotify, eventfd,
-- timerfd
--
-- A wait without a mask of signals goes on after a stop and a continue, for what is left of its
-- time; with a mask EINTR is an answer, because a signal is what the caller asked for.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local types = require "syscall.types.poll"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	epoll_create = "epoll_create1: flags:EPOLLCREATE -> fd",
	inotify_init = "inotify_init1: flags:IN_INIT -> fd",
	inotify_add_watch = "fd path flags:IN -> int",
	inotify_rm_watch = "fd i32 -> true",
	eventfd = "eventfd2: u32=0 flags:EFD -> fd",
	fanotify_init = "flags:FAN flags:O=RDONLY -> fd",
	fanotify_mark = "fd flags:FAN_MARK flags:FAN_EVENT at path? -> true",
	timerfd_create = "enum:CLOCK=MONOTONIC flags:TFD -> fd",
	timerfd_gettime = "fd out:itimerspec -> out",
}

-- Pipes

-- pipe([flags]) - true, nil, the end to read from, the end to write to
M.rows.pipe = "pipe2: pair flags:O -> pair"
M.rows.pipe2 = M.rows.pipe

-- Memory of a mask of signals that was given, or nil.
local function mask_of(name, index, set)
	if set == nil then
		return nil
	elseif not raw.ismemory(set) then
		set = require("syscall").t.sigset(set)
	end
	if memory.size(set) < 8 then
		errors.complain(name, index, "a set of signals", set)
	end
	return set
end

-- poll

local poll_again = bind("ppoll", "mem u32 in?:timespec mem?:8 #8 -> int retry")
local poll_once = bind("ppoll", "mem u32 in?:timespec mem?:8 #8 -> int")

local function list_of(name, fds)
	if raw.ismemory(fds) then
		return fds, memory.size(fds) // types.pollfd.size
	end
	local list = types.pollfds(check.table(name, 1, fds))
	return list, #list
end

-- What came of it, in the tables that the list was made of.
local function tell(fds, list)
	for i, one in ipairs(raw.ismemory(fds) and {} or fds) do
		one.revents = list[i].revents
	end
end

-- ppoll(fds [, timeout [, sigmask]]) - how many are ready; fds is t.pollfds or a table of tables,
-- which are given `revents`. A timespec that is given says afterwards how much was left.
function M.ppoll(fds, timeout, set)
	local list, count = list_of("ppoll", fds)
	local mask = mask_of("ppoll", 3, set)
	local ready, err = (mask and poll_once or poll_again)(list, count, timeout, mask)
	if ready then
		tell(fds, list)
	end
	return ready, err
end

-- poll(fds [, milliseconds]): without a time or with -1 for ever
function M.poll(fds, timeout)
	timeout = timeout and check.integer("poll", 2, timeout, -1)
	return M.ppoll(fds, timeout and timeout >= 0 and timeout / 1000 or nil)
end

-- select

local select_words = "i32 mem? mem? mem? in?:timespec mem? -> int"
local select_again = bind("pselect6", select_words .. " retry")
local select_once = bind("pselect6", select_words)

local function highest(list)
	local most = -1
	for i, fd in ipairs(list) do
		local number = raw.getfd(fd) or errors.raise("select: entry %d is no open fd", i)
		most = math.max(most, number)
	end
	return most
end

-- Of @list those that are in @set.
local function chosen(list, set)
	local out = {}
	for _, fd in ipairs(list) do
		if set:get(fd) then
			out[#out + 1] = fd
		end
	end
	return out
end

-- pselect({ readfds =, writefds =, exceptfds = } [, timeout [, sigmask]]) - the same lists with
-- those that are ready, and count
function M.pselect(sets, timeout, set)
	check.table("pselect", 1, sets)
	local lists, most = {}, -1
	for i, name in ipairs { "readfds", "writefds", "exceptfds" } do
		lists[i] = sets[name] or {}
		most = math.max(most, highest(lists[i]))
	end
	local memories = {}
	for i, list in ipairs(lists) do
		memories[i] = types.fdset_of(list, most + 1)
	end
	local mask = mask_of("pselect", 3, set)
	local packed
	if mask then
		packed = memory.new(16)
		packed:point(0, mask)
		packed:u64(8, 8)
	end
	local count, err = (mask and select_once or select_again)(most + 1, memories[1], memories[2],
		memories[3], timeout, packed)
	if not count then
		return nil, err
	end
	return { readfds = chosen(lists[1], memories[1]), writefds = chosen(lists[2], memories[2]),
		exceptfds = chosen(lists[3], memories[3]), count = count }
end

function M.select(sets, timeout)
	return M.pselect(sets, timeout)
end

-- epoll

local control = bind("epoll_ctl", "fd enum:EPOLL_CTL fd in?:epoll_event -> true")
local wait = bind("epoll_pwait", "fd mem i32 i32 mem?:8 #8 -> int")
local wait2 = bind("epoll_pwait2", "fd mem i32 in?:timespec mem?:8 #8 -> int")

-- epoll_ctl(epfd, op, fd [, event]): names of events, or { events =, data = }; without data the
-- event carries the number of fd
function M.epoll_ctl(epfd, op, fd, event)
	if type(event) == "string" or math.type(event) then
		event = { events = event, fd = fd }
	elseif type(event) == "table" and not (event.data or event.u32 or event.fd) then
		event = { events = event.events or event[1], fd = fd }
	end
	return control(epfd, op, fd, event)
end

-- Room for events: a list, a count, or nothing.
local function room_for(name, events)
	if not raw.ismemory(events) then
		events = types.epoll_events(check.integer(name, 2, events or 64, 1, 1 << 20))
	end
	local count = memory.size(events) // types.epoll_event.size
	if count < 1 then
		errors.complain(name, 2, "room for an event", events)
	end
	return events, count
end

-- Without a mask again after EINTR, for what is left of @seconds.
local function wait_for(events, seconds, mask, once)
	local count, err
	if mask then
		count, err = once(seconds)
	else
		count, err = call.go_on(seconds, once)
	end
	if not count then
		return nil, err
	end
	return memory.down, events, count
end

-- epoll_pwait(epfd [, events [, milliseconds [, sigmask]]]) - an iterator: for i, event in …
function M.epoll_pwait(epfd, events, timeout, set)
	timeout = check.integer("epoll_pwait", 3, timeout or -1, -1, 0x7fffffff)
	local list, count = room_for("epoll_pwait", events)
	local mask = mask_of("epoll_pwait", 4, set)
	return wait_for(list, timeout >= 0 and timeout / 1000 or nil, mask, function(seconds)
		return wait(epfd, list, count, seconds and math.ceil(seconds * 1000) or -1, mask)
	end)
end

function M.epoll_wait(epfd, events, timeout)
	return M.epoll_pwait(epfd, events, timeout)
end

-- epoll_pwait2(epfd [, events [, timespec or seconds [, sigmask]]])
function M.epoll_pwait2(epfd, events, timeout, set)
	local list, count = room_for("epoll_pwait2", events)
	local mask = mask_of("epoll_pwait2", 4, set)
	local spec = timeout and require("syscall.types.time").timespec(timeout)
	return wait_for(list, spec and spec.time, mask, function(seconds)
		return wait2(epfd, list, count, seconds, mask)
	end)
end

-- inotify and fanotify: read and taken apart

local read_bytes = bind("read", "fd room -> int retry")

local function reader(name, take, room)
	return function(fd, buffer, length)
		buffer = buffer or memory.new(check.integer(name, 3, length or room, 1, 1 << 24))
		check.memory(name, 2, buffer)
		local count, err = read_bytes(fd, buffer, length)
		if not count then
			return nil, err
		end
		return take(buffer, count)
	end
end

-- inotify_read(fd [, buffer [, length]]) - a list of events { wd, mask, cookie, name }
M.inotify_read = reader("inotify_read", types.inotify_events, 4096)

-- fanotify_read(fd [, buffer [, length]]) - a list of events { mask, pid, fd, info }
M.fanotify_read = reader("fanotify_read", types.fanotify_events, 8192)

local write_response = bind("write", "fd in:fanotify_response len -> int")

-- fanotify_respond(fd, event's fd, "allow" or "deny") - answer an event of permission
function M.fanotify_respond(fd, event_fd, response)
	local done, err = write_response(fd,
		{ fd = check.fd("fanotify_respond", 2, event_fd), response = c.FAN_RESPONSE[response] })
	return done and true, err
end

-- timerfd

local set_timer = bind("timerfd_settime", "fd flags:TFD_TIMER in:itimerspec out:itimerspec -> true")

-- timerfd_settime(fd, flags, itimerspec [, old]) - what it was set to before
function M.timerfd_settime(fd, flags, value, old)
	old = old or require("syscall.types.time").itimerspec()
	local done, err = set_timer(fd, flags, value, old)
	return done and old, err
end

return M
