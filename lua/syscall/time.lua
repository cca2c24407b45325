-- time.lua - clocks, sleeping, timers
--
-- Times are what t.timespec() takes: seconds as a number, { seconds, nanoseconds }, or the
-- structure.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local types = require "syscall.types.time"

local bind, check = call.bind, call.check

local M = {}

M.rows = {
	gettimeofday = "out:timeval #0 -> out",
	settimeofday = "in:timeval #0 -> true",
	clock_getres = "enum:CLOCK out:timespec -> out",
	clock_gettime = "enum:CLOCK out:timespec -> out",
	clock_settime = "enum:CLOCK in:timespec -> true",
}

local now = bind("clock_gettime", "enum:CLOCK out:timespec -> out")

-- time() - whole seconds since 1970
function M.time()
	return now(c.CLOCK.REALTIME).sec
end

-- nanosleep(time [, remaining]) - true; after a signal nil, the error and what was left to sleep

local sleep = bind("clock_nanosleep", "enum:CLOCK flags:TIMER in:timespec mem:16 -> true")

local function sleep_on(clock, flags, time, left)
	left = left or types.timespec()
	local done, err = sleep(clock, flags, time, left)
	if not done and err.INTR and flags == 0 then
		return nil, err, left
	end
	return done, err
end

function M.nanosleep(time, left)
	if time == nil then
		errors.complain("nanosleep", 1, "a time", time)
	end
	return sleep_on(c.CLOCK.MONOTONIC, 0, time, left)
end

function M.clock_nanosleep(clock, flags, time, left)
	if time == nil then
		errors.complain("clock_nanosleep", 3, "a time", time)
	end
	return sleep_on(c.CLOCK[clock], c.TIMER[flags or 0], time, left)
end

-- sleep(seconds) - the seconds that were left when a signal came, or 0
function M.sleep(seconds)
	check.integer("sleep", 1, seconds, 0)
	local done, err, left = sleep_on(c.CLOCK.MONOTONIC, 0, seconds)
	if done then
		return 0
	elseif left then
		return left.sec + (left.nsec >= 500000000 and 1 or 0)
	end
	return nil, err
end

-- adjtimex([timex]) - the structure with the kernel's values, nil, and the clock's state (TIME)
local adjust = bind("adjtimex", "mem:208 -> int")

function M.adjtimex(values)
	local given = raw.ismemory(values) and values or types.timex(values)
	local state, err = adjust(given)
	if not state then
		return nil, err
	end
	return given, nil, state
end

-- POSIX timers. timer_create() answers an object that deletes its timer when it is collected or
-- closed.

local create = bind("timer_create", "enum:CLOCK in?:sigevent out:i32 -> out")
local delete = bind("timer_delete", "i32 -> true")
local set_timer = bind("timer_settime", "i32 flags:TIMER in:itimerspec out:itimerspec -> out")
local get_timer = bind("timer_gettime", "i32 out:itimerspec -> out")
local overrun = bind("timer_getoverrun", "i32 -> int")

local timer = types.timer_metatable
timer.__index = timer

local function id_of(name, value)
	if getmetatable(value) == timer then
		return value.id or errors.complain(name, 1, "a timer that is not deleted", value)
	end
	return check.integer(name, 1, value, 0, 0x7fffffff)
end

function M.timer_create(clock, event)
	local id, err = create(c.CLOCK[clock or "monotonic"], event)
	return id and types.timer(id.value), err
end

-- A second time is a success.
function M.timer_delete(which)
	if getmetatable(which) ~= timer then
		return delete(id_of("timer_delete", which))
	end
	local id = which.id
	which.id = nil
	if id then
		return delete(id)
	end
	return true
end

-- timer_settime(timer, flags, itimerspec [, old]) - what was set before
function M.timer_settime(which, flags, time, old)
	return set_timer(id_of("timer_settime", which), flags, time, old)
end

function M.timer_gettime(which, time)
	return get_timer(id_of("timer_gettime", which), time)
end

function M.timer_getoverrun(which)
	return overrun(id_of("timer_getoverrun", which))
end

timer.delete, timer.settime, timer.gettime = M.timer_delete, M.timer_settime, M.timer_gettime
timer.getoverrun, timer.__gc, timer.__close = M.timer_getoverrun, M.timer_delete, M.timer_delete

function timer.gettimer(self)
	return self.id
end

return M
