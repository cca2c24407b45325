-- limits.lua - limits, priorities, scheduling, and waiting on a word of memory

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c
local types = require "syscall.types.limits"

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	getrlimit = "prlimit64: #0 enum:RLIMIT #0 out:rlimit -> out",
	setrlimit = "prlimit64: #0 enum:RLIMIT in:rlimit #0 -> true",
	prlimit = "prlimit64: i32 enum:RLIMIT in?:rlimit out:rlimit -> out",
	getrusage = "enum:RUSAGE out:rusage -> out",
	setpriority = "enum:PRIO i32 i32 -> true",
	sched_get_priority_max = "enum:SCHED -> int",
	sched_get_priority_min = "enum:SCHED -> int",
	sched_setparam = "i32 in:sched_param -> true",
	sched_getscheduler = "i32=0 -> int",
	sched_rr_get_interval = "i32=0 out:timespec -> out",
	sched_yield = "-> true",
	sched_setattr = "i32 in:sched_attr u32=0 -> true",
	ioprio_get = "enum:IOPRIO_WHO i32 -> int",
	ioprio_set = "enum:IOPRIO_WHO i32 i32 -> true",
	membarrier = "enum:MEMBARRIER_CMD u32=0 i32=0 -> int",
}

-- getpriority(which, who) - from -20 to 19: the kernel answers 20 less it
local get_priority = bind("getpriority", "enum:PRIO i32 -> int")

function M.getpriority(which, who)
	local value, err = get_priority(which, who or 0)
	return value and 20 - value, err
end

-- nice(increment) - the niceness that this gave
function M.nice(increment)
	check.integer("nice", 1, increment, -40, 40)
	local nice, err = M.getpriority("process", 0)
	if not nice then
		return nil, err
	end
	local wanted = math.max(-20, math.min(19, nice + increment))
	local done, failed = require("syscall").setpriority("process", 0, wanted)
	return done and wanted, failed
end

-- getcpu() - a table of cpu and node
local get_cpu = bind("getcpu", "out:u32 out:u32 #0 -> true")

function M.getcpu()
	local both = memory.new(8)
	local done, err = get_cpu(both:slice(0, 4), both:slice(4, 4))
	return done and { cpu = both:u32(0), node = both:u32(4) }, err
end

-- Processors: a cpu_set, or a list of their numbers

local get_affinity = bind("sched_getaffinity", "i32 u32 mem -> int")
local set_affinity = bind("sched_setaffinity", "i32 u32 in:cpu_set -> true")

function M.sched_getaffinity(pid, set)
	set = set or types.cpu_set()
	local bytes, err = get_affinity(pid or 0, memory.size(set), set)
	return bytes and set, err
end

function M.sched_setaffinity(pid, set)
	if set == nil then
		errors.complain("sched_setaffinity", 2, "a set of CPUs", set)
	end
	set = raw.ismemory(set) and set or types.cpu_set(set)
	return set_affinity(pid or 0, memory.size(set), set)
end

-- Of sched_param there is one field: a number will do, and is what is answered.

local get_param = bind("sched_getparam", "i32=0 out:sched_param -> out")
local set_scheduler = bind("sched_setscheduler", "i32 enum:SCHED in:sched_param -> true")

function M.sched_getparam(pid)
	local param, err = get_param(pid)
	return param and param.priority, err
end

function M.sched_setscheduler(pid, policy, param)
	return set_scheduler(pid, policy, param or 0)
end

local get_attr = bind("sched_getattr", "i32 mem len u32=0 -> true")

function M.sched_getattr(pid, attr, flags)
	attr = attr or types.sched_attr()
	local done, err = get_attr(pid or 0, attr, flags)
	return done and attr, err
end

-- Futexes: a word is memory of 4 bytes, which others see where it is a shared mapping.

-- futex(word, operation, value [, timeout or count [, word2 [, value3]]])
local futex_timed = bind("futex", "mem:4 enum:FUTEX u32=0 in?:timespec mem?:4 u32=0 -> int")

local takes_count = { [3] = true, [4] = true, [5] = true, [12] = true } -- REQUEUE … CMP_REQUEUE_PI

function M.futex(word, operation, value, timeout, word2, value3)
	local number = c.FUTEX[operation]
	if not takes_count[number & 0x7f] then
		return futex_timed(word, number, value, timeout, word2, value3)
	end
	-- Where the timeout would be stands a count, which the table of calls takes for an address.
	check.integer("futex", 4, timeout or 0, 0, 0x7fffffff)
	for index, one in pairs { [1] = word or false, [5] = word2 or false } do
		if not raw.ismemory(one) or memory.size(one) < 4 then
			errors.complain("futex", index, "memory of at least 4 bytes", one or nil)
		end
	end
	return require("syscall.unsafe").call(call.number "futex", word, number,
		check.integer("futex", 3, value or 0, 0, 0xffffffff), timeout or 0, word2,
		check.integer("futex", 6, value3 or 0, 0, 0xffffffff))
end

-- futex_wait(word, value [, mask [, flags [, timeout [, clock]]]]), futex_wake(word [, mask [,
-- count [, flags]]]): Linux 6.7; a timeout is a point of time of the clock
local ANY = 0xffffffff
local wait = bind("futex_wait", "mem:4 u64 u64 flags:FUTEX2 in?:timespec enum:CLOCK -> true")
local wake = bind("futex_wake", "mem:4 u64 i32 flags:FUTEX2 -> int")

function M.futex_wait(word, value, mask, flags, timeout, clock)
	return wait(word, value, mask or ANY, flags or "size_u32", timeout, clock or "monotonic")
end

function M.futex_wake(word, mask, count, flags)
	return wake(word, mask or ANY, count or 1, flags or "size_u32")
end

-- A list of { uaddr = word, val = value, flags = … }; the flags are "size_u32" unless given.
local function waiters(name, list)
	if raw.ismemory(list) then
		return list
	end
	local made = {}
	for i, one in ipairs(check.table(name, 1, list)) do
		made[i] = types.futex_waitv(one)
		if not made[i].uaddr or memory.size(made[i].uaddr) < 4 then
			errors.complain(name, 1, "words of at least 4 bytes", made[i].uaddr)
		elseif made[i].flags == 0 then
			made[i].flags = c.FUTEX2.SIZE_U32
		end
	end
	return require("syscall.struct").list "futex_waitv"(made)
end

-- futex_waitv(list [, timeout [, clock]]) - the index, from 1, of one that was woken: Linux 5.16
local wait_any = bind("futex_waitv", "mem u32 #0 in?:timespec enum:CLOCK -> int")

function M.futex_waitv(list, timeout, clock)
	local words = waiters("futex_waitv", list)
	local index, err = wait_any(words, #words, timeout, clock or "monotonic")
	return index and index + 1, err
end

-- futex_requeue({ from, to }, wake, requeue) - how many were woken or moved: Linux 6.7
local requeue = bind("futex_requeue", "mem:48 #0 i32 i32 -> int")

function M.futex_requeue(list, wake_count, requeue_count)
	return requeue(waiters("futex_requeue", list), wake_count, requeue_count)
end

return M
