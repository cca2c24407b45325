-- limits.lua - limits, priorities, scheduling, futexes

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before, in_child = check.open_fds(), check.in_child
local root = S.geteuid() == 0

-- Limits

local limit = S.getrlimit "nofile"
ok(limit.cur > 0 and limit.max >= limit.cur or limit.max < 0, "getrlimit()")
is(in_child(function()
	return S.setrlimit("nofile", { 20, limit.max }) and S.getrlimit("nofile").cur == 20
		and S.prlimit(0, "core", 0).max ~= nil and S.getrlimit("core").max == 0
end), 0, "setrlimit() and prlimit()")
is(S.t.rlimit("infinity", -1).rlim_cur, -1, "no limit")
ok(S.prlimit(S.getpid(), "nofile").cur == limit.cur, "prlimit() of a process")
fails(function() return S.getrlimit(99) end, "INVAL", "getrlimit(): no such limit")
fails(function() return S.setrlimit("nofile", { 2, 1 }) end, "INVAL", "setrlimit(): soft over hard")
fails(function() return S.prlimit(0x7ffffffe, "core") end, "SRCH", "prlimit(): no such process")
raises(function() S.getrlimit "nofiles" end, "did you mean \"NOFILE\"", "getrlimit(): no such name")
raises(function() S.setrlimit "nofile" end, "#2 (rlim) to 'setrlimit'", "setrlimit(): no limit")
local usage = S.getrusage "self"
ok(usage.maxrss > 0 and usage.utime.time >= 0 and tostring(usage):find "maxrss %d", "getrusage()")
fails(function() return S.getrusage(99) end, "INVAL", "getrusage(): of nobody")

-- Priorities

is(in_child(function()
	local was = S.getpriority("process", 0)
	return S.setpriority("process", 0, 18) and S.getpriority("process") == 18 and S.nice(1) == 19
		and S.nice(5) == 19 and was < 18
end), S.getpriority("process", 0) < 18 and 0 or 1, "setpriority(), getpriority() and nice()")
fails(function() return S.getpriority("process", 0x7ffffffe) end, "SRCH", "getpriority(): nobody's")
fails(function() return S.setpriority(9, 0, 0) end, "INVAL", "setpriority(): of nothing")
raises(function() S.nice "x" end, "#1 (inc) to 'nice'", "nice(): no number")
is(in_child(function()
	if root then
		S.setrlimit("nice", 0)
		S.setuid(12345)
	end
	return select(2, S.nice(-30)).ACCES
end), 0, "nice(): not allowed")
is(in_child(function()
	local best = S.c.IOPRIO_CLASS.BE << 13 | 7
	return S.ioprio_set("process", 0, best) and S.ioprio_get("process", 0) == best
end), 0, "ioprio_set() and ioprio_get()")
fails(function() return S.ioprio_get("process", 0x7ffffffe) end, "SRCH", "ioprio_get(): nobody's")
fails(function() return S.ioprio_set("process", 0, 7 << 13) end, "INVAL", "ioprio_set(): no class")

-- Processors

local where = S.getcpu()
local set = S.sched_getaffinity(0)
ok(where.cpu >= 0 and where.node >= 0 and set[where.cpu], "getcpu() and sched_getaffinity()")
is(in_child(function()
	return S.sched_setaffinity(0, { where.cpu })
		and tostring(S.sched_getaffinity()) == "{" .. where.cpu .. "}" and S.getcpu().cpu == where.cpu
end), 0, "sched_setaffinity()")
fails(function() return S.sched_setaffinity(0, {}) end, "INVAL", "sched_setaffinity(): nowhere")
fails(function() return S.sched_getaffinity(0x7ffffffe) end, "SRCH",
	"sched_getaffinity(): nobody's")
raises(function() S.sched_setaffinity(0) end,
	"#2 (cpusetsize) to 'sched_setaffinity' (a set of CPUs",
	"sched_setaffinity(): no set")
local cpus = S.t.cpu_set { 0, 70 }
cpus[1] = true
cpus[0] = false
is(tostring(cpus), "{1,70}", "a set of CPUs")
cpus:zero()
cpus:set(5)
ok(cpus[5] and cpus:get(5) and not cpus[6], "and its methods")
cpus:clear(5)
raises(function() cpus[9000] = true end, "a CPU from 0 to 8191 expected", "no such CPU")

-- Scheduling

is(S.sched_get_priority_max "fifo", 99, "sched_get_priority_max()")
is(S.sched_get_priority_min "fifo", 1, "sched_get_priority_min()")
fails(function() return S.sched_get_priority_max(99) end, "INVAL", "of no policy")
fails(function() return S.sched_get_priority_min(99) end, "INVAL", "of no policy")
is(in_child(function()
	return S.sched_setscheduler(0, "idle") and S.sched_getscheduler() == S.c.SCHED.IDLE
		and S.sched_getparam() == 0 and S.sched_setparam(0, 0)
end), 0, "sched_setscheduler(), sched_getscheduler(), sched_getparam(), sched_setparam()")
fails(function() return S.sched_setscheduler(0, "fifo", 0) end, "INVAL", "sched_setscheduler()")
fails(function() return S.sched_getscheduler(0x7ffffffe) end, "SRCH", "sched_getscheduler()")
fails(function() return S.sched_getparam(0x7ffffffe) end, "SRCH", "sched_getparam()")
fails(function() return S.sched_setparam(0, 5) end, "INVAL", "sched_setparam()")
ok(S.sched_rr_get_interval(0).time >= 0, "sched_rr_get_interval()")
fails(function() return S.sched_rr_get_interval(0x7ffffffe) end, "SRCH", "sched_rr_get_interval()")
ok(S.sched_yield(), "sched_yield()")
local attr = S.sched_getattr(0)
ok(attr.policy == S.sched_getscheduler() and attr.size >= 48, "sched_getattr()")
is(in_child(function()
	return S.sched_setattr(0, { policy = "batch", nice = 19 }) and S.sched_getattr(0).nice == 19
end), 0, "sched_setattr()")
fails(function() return S.sched_setattr(0, { policy = 99 }) end, "INVAL", "sched_setattr()")
fails(function() return S.sched_getattr(0x7ffffffe) end, "SRCH", "sched_getattr()")

-- membarrier and futexes

ok(S.membarrier "query" >= 0, "membarrier()")
fails(function() return S.membarrier(1 << 20) end, "INVAL", "membarrier(): no such command")
local word = S.t.buffer(8)
word:u32(0, 5)
fails(function() return S.futex(word, "wait", 4) end, "AGAIN", "futex(): another value")
fails(function() return S.futex(word, "wait", 5, 0.01) end, "TIMEDOUT", "futex(): nobody wakes")
is(S.futex(word, "wake", 1), 0, "futex(): nobody waits")
is(S.futex(word, "requeue", 1, 1, word:slice(4)), 0, "futex() with a count")
raises(function() S.futex(word, "requeue", 1, "x", word) end, "#4 (timeout) to 'futex'",
	"futex(): no count")
raises(function() S.futex(word, "requeue", 1, 1) end, "#5 (uaddr2) to 'futex'", "futex(): no word")
raises(function() S.futex(S.t.buffer(3), "wake") end, "#1 (uaddr) to 'futex' (memory of at least 4",
	"futex(): short memory")
local any, any_error = S.futex_waitv({ { uaddr = word, val = 4 } })
ok(not any and (any_error.AGAIN or any_error.NOSYS), "futex_waitv(): another value")
fails(function() return S.futex_waitv { { uaddr = word, val = 5, flags = 0x70 } } end,
	any_error.NOSYS and "NOSYS" or "INVAL", "futex_waitv(): no such flags")
raises(function() S.futex_waitv { { val = 1 } } end, "words of at least 4 bytes",
	"futex_waitv(): no word")
raises(function() S.futex_waitv() end, "bad argument #1 (waiters) to 'futex_waitv' (a table",
	"futex_waitv(): no list")
local woken, wake_error = S.futex_wake(word)
if woken or not wake_error.NOSYS then
	is(woken, 0, "futex_wake()")
	fails(function() return S.futex_wake(word, 0, 1, 0x70) end, "INVAL", "futex_wake(): no such flags")
	fails(function() return S.futex_wait(word, 4) end, "AGAIN", "futex_wait(): another value")
	fails(function() return S.futex_wait(word, 5, nil, nil, S.clock_gettime "monotonic") end,
		"TIMEDOUT", "futex_wait(): nobody wakes")
	local shared = assert(S.mmap(nil, 4096, "read, write", "shared, anonymous"))
	for name, waits in pairs {
		futex_wait = function() return S.futex_wait(shared, 0, nil, "size_u32") end,
		futex_waitv = function()
			return S.futex_waitv { { uaddr = shared, val = 0, flags = "size_u32" } }
		end,
	} do
		local waiter = assert(S.fork())
		if waiter == 0 then
			S._exit(waits() and 0 or 1)
		end
		repeat
			S.nanosleep(0.001)
		until S.futex_wake(shared, nil, 1, "size_u32") == 1
		is(select(3, assert(S.waitpid(waiter))).exitstatus, 0, name .. "() is woken")
	end
	shared:close()
	is(S.futex_requeue({ { uaddr = word, val = 5 }, { uaddr = word:slice(4) } }, 1, 1), 0,
		"futex_requeue()")
	fails(function() return S.futex_requeue({ { uaddr = word, val = 4 }, { uaddr = word:slice(4) } },
		1, 1) end, "AGAIN", "futex_requeue(): another value")
else
	tap.skip("futex_wake() and its kin", "host: this kernel is older than Linux 6.7")
end

is(check.open_fds(), before, "no fd is left open")
tap.done()
