-- time.lua - clocks, sleeping, timers

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local root = S.geteuid() == 0

-- Clocks

ok(math.abs(S.time() - os.time()) <= 1, "time()")
ok(math.abs(S.gettimeofday().time - os.time()) < 2, "gettimeofday()")
ok(math.abs(S.clock_gettime("realtime").time - os.time()) < 2, "clock_gettime()")
local clock = S.t.timespec()
ok(S.clock_gettime("monotonic", clock) == clock and clock.time > 0, "into what was given")
ok(S.clock_getres("monotonic").time < 1, "clock_getres()")
fails(function() return S.clock_gettime(99) end, "INVAL", "clock_gettime(): no such clock")
fails(function() return S.clock_getres(99) end, "INVAL", "clock_getres(): no such clock")
fails(function() return S.clock_settime("monotonic", 1) end, "INVAL",
	"clock_settime(): cannot be set")
fails(function() return S.settimeofday { 0, 2000000 } end, "INVAL", "settimeofday(): no time")
raises(function() S.clock_gettime "monotone" end, "did you mean", "clock_gettime(): no such name")
raises(function() S.clock_settime("realtime") end, "#2 (tp) to 'clock_settime'",
	"clock_settime(): no time")
raises(function() S.settimeofday() end, "#1 (tv) to 'settimeofday'", "settimeofday(): no time")
local timex, none, state = S.adjtimex()
ok(timex.time.sec > 1e9 and none == nil and state >= 0 and state <= 5, "adjtimex() only asks")
local _, adjust_error = S.adjtimex { modes = "tick", tick = 1 }
ok(adjust_error.INVAL or adjust_error.PERM, "adjtimex(): a wrong tick")
raises(function() S.adjtimex(S.t.buffer(100)) end, "#1 (buf) to 'adjtimex' (memory of at least 208",
	"adjtimex(): short memory")

-- Sleeping

local start = S.clock_gettime("monotonic").time
ok(S.nanosleep(0.01), "nanosleep()")
ok(S.clock_nanosleep("monotonic", 0, { 0, 10000000 }), "clock_nanosleep()")
ok(S.clock_nanosleep("monotonic", "abstime", start + 0.03), "until a point of time")
ok(S.clock_gettime("monotonic").time - start >= 0.03, "all that took its time")
is(S.sleep(0), 0, "sleep()")
fails(function() return S.nanosleep { 0, -1 } end, "INVAL", "nanosleep(): no time")
fails(function() return S.clock_nanosleep(99, 0, 1) end, "INVAL", "clock_nanosleep(): no clock")
raises(function() S.nanosleep() end, "bad argument #1 (req) to 'nanosleep'", "nanosleep(): nothing")
raises(function() S.clock_nanosleep "monotonic" end, "#3", "clock_nanosleep(): no time")
raises(function() S.sleep(-1) end, "bad argument #1 to 'sleep'", "sleep(): less than nothing")

-- A child that a signal wakes: sleep interrupted by a handler needs one, and the library sets none;
-- SIGCONT after SIGSTOP goes on sleeping.

local pid = assert(S.fork())
if pid == 0 then
	S._exit(S.nanosleep(0.2) and 0 or 1)
end
S.kill(pid, "stop")
S.waitpid(pid, "untraced")
S.kill(pid, "cont")
local _, _, status = assert(S.waitpid(pid))
is(status.exitstatus, 0, "a sleeper that was stopped sleeps on")

-- Timers

local timer = assert(S.timer_create("monotonic", { notify = "none" }))
is(timer:settime(0, { value = 100 }).value.time, 0, "timer_settime() gives what was")
local left = timer:gettime()
ok(left.value.time > 90 and left.value.time <= 100 and left.interval.time == 0, "timer_gettime()")
is(timer:getoverrun(), 0, "timer_getoverrun()")
ok(S.timer_gettime(timer.id).value.sec > 90, "a plain number will do")
local id = timer:gettimer()
is(S.timer_settime(timer, 0, { value = 50 }).value.sec >= 90, true, "timer_settime() by name")
is(S.timer_getoverrun(timer), 0, "timer_getoverrun() by name")
ok(timer:delete() and S.timer_delete(timer), "timer_delete(), and a second time")
raises(function() timer:gettime() end, "a timer that is not deleted", "a deleted one")
fails(function() return S.timer_gettime(id) end, "INVAL", "timer_gettime(): no such timer")
fails(function() return S.timer_delete(id) end, "INVAL", "timer_delete(): no such timer")
fails(function() return S.timer_settime(id, 0, { value = 1 }) end, "INVAL",
	"timer_settime(): no such timer")
fails(function() return S.timer_getoverrun(id) end, "INVAL", "timer_getoverrun(): no such timer")
fails(function() return S.timer_create(99) end, "INVAL", "timer_create(): no such clock")
raises(function() S.timer_gettime "x" end, "bad argument #1 (timerid) to 'timer_gettime'",
	"timer_gettime(): no timer")
do
	local closing <close> = assert(S.timer_create())
	id = closing.id
end
fails(function() return S.timer_gettime(id) end, "INVAL", "a timer ends with its block")

local fd = assert(S.timerfd_create("monotonic", "cloexec, nonblock"))
is(fd:timerfd_settime(0, { interval = 0.001, value = 0.001 }).value.time, 0, "timerfd_settime()")
S.nanosleep(0.01)
ok(string.unpack("=I8", fd:read(nil, 8)) >= 5, "it has run out several times")
is(fd:timerfd_gettime().interval.nsec, 1000000, "timerfd_gettime()")
fails(function() return S.timerfd_create(99) end, "INVAL", "timerfd_create(): no such clock")
fails(function() return S.timerfd_settime(-1, 0, { value = 1 }) end, "BADF",
	"timerfd_settime(): no such fd")
fails(function() return S.timerfd_gettime(0) end, "INVAL", "timerfd_gettime(): no timer")
raises(function() fd:timerfd_settime(0) end, "#3 (new_value) to 'timerfd_settime'",
	"timerfd_settime(): no time")
fd:close()

-- Types

is(S.t.timeval(1.5).usec, 500000, "timeval of a number")
is(S.t.timespec(-0.5).sec, -1, "timespec before zero")
raises(function() S.t.timespec2 "then" end, "\"now\" or \"omit\"", "timespec2 of a wrong word")

if root then
	local child = assert(S.fork())
	if child == 0 then
		S.setuid(12345)
		S._exit(select(2, S.clock_settime("realtime", 1)).PERM and
			select(2, S.settimeofday(1)).PERM and 0 or 1)
	end
	local _, _, ended = S.waitpid(child)
	is(ended.exitstatus, 0, "setting the clock is refused")
else
	fails(function() return S.clock_settime("realtime", 1) end, "PERM", "clock_settime(): refused")
	fails(function() return S.settimeofday(1) end, "PERM", "settimeofday(): refused")
end
is(check.open_fds(), before, "no fd is left open")
tap.done()
