-- signals.lua - what is done with signals, and waiting for them
--
-- No Lua runs in a handler: a signal is ignored, does what it does by default, or is blocked and
-- read from a signalfd or by sigtimedwait().

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local types = require "syscall.types.signals"

local bind = call.bind
local memory = raw.memory

local M = {}

M.rows = {
	sigprocmask = "rt_sigprocmask: enum:SIGPM in?:sigset out:sigset #8 -> out",
	sigpending = "rt_sigpending: out:sigset #8 -> out",
	sigsuspend = "rt_sigsuspend: in:sigset #8 -> true",
	getitimer = "enum:ITIMER out:itimerval -> out",
	setitimer = "enum:ITIMER in:itimerval out:itimerval -> out",
}

-- sigaction(signal [, action [, old]]) - what was done until now; an action is "ign", "dfl", a
-- table of handler, flags and mask, or what sigaction() answered before. That may hold the address
-- of a handler in C, so such memory is taken back only as it was given.

local set_action = bind("sigaction", "rt_sigaction: enum:SIG in?:sigaction out:sigaction #8 -> out")
local given = setmetatable({}, { __mode = "k" })

local function action_of(action)
	if type(action) == "string" then
		return types.sigaction { handler = action }
	elseif type(action) == "function" then
		errors.raise("sigaction: no Lua runs in a handler; block the signal and read a signalfd")
	elseif raw.ismemory(action) and memory.size(action) == types.sigaction.size then
		local handler = memory.u64(action, 0)
		if handler ~= 0 and handler ~= 1 and given[action] ~= memory.string(action) then
			errors.raise("sigaction: the handler is none that sigaction() answered")
		end
	end
	return action
end

function M.sigaction(signal, action, old)
	local before, err = set_action(signal, action_of(action), old)
	if before then
		given[before] = memory.string(before)
	end
	return before, err
end

-- signal(signal, handler) - what was done before, as signal() takes it: "DFL", "IGN", or the action
-- where it is a handler in C
function M.signal(signal, handler)
	if handler == nil then
		errors.complain("signal", 2, "\"ign\" or \"dfl\"", handler)
	end
	local before, err = M.sigaction(signal, handler)
	if not before then
		return nil, err
	end
	local known = { [c.SIGACT.DFL] = "DFL", [c.SIGACT.IGN] = "IGN" }
	return known[memory.u64(before, 0)] or before
end

-- signalfd(set [, flags [, fd]]) - a new descriptor; with `fd` that one, which has the set now
local new_signalfd = bind("signalfd", "signalfd4: #-1 in:sigset #8 flags:SFD -> fd")
local change_signalfd = bind("signalfd", "signalfd4: fd in:sigset #8 flags:SFD -> true")

function M.signalfd(set, flags, fd)
	if set == nil then
		errors.complain("signalfd", 1, "a set of signals", set)
	elseif fd == nil or fd == -1 then
		return new_signalfd(set, flags)
	end
	local done, err = change_signalfd(fd, set, flags)
	return done and fd, err
end

-- alarm(seconds) - the seconds that an alarm before this one had left, rounded up; 0 ends it
local set_timer = bind("alarm", "setitimer: enum:ITIMER in:itimerval out:itimerval -> out")

function M.alarm(seconds)
	call.check.integer("alarm", 1, seconds, 0, 0xffffffff)
	local old, err = set_timer(c.ITIMER.REAL, { value = { seconds, 0 } })
	return old and old.value.sec + (old.value.usec > 0 and 1 or 0), err
end

-- sigtimedwait(set [, timeout [, info]]) - the siginfo of the signal that came
local wait_signal = bind("sigtimedwait",
	"rt_sigtimedwait: in:sigset out:siginfo in?:timespec #8 -> out")
local wait_again = bind("sigwaitinfo", "rt_sigtimedwait: in:sigset out:siginfo #0 #8 -> out retry")

function M.sigtimedwait(set, timeout, info)
	if set == nil then
		errors.complain("sigtimedwait", 1, "a set of signals", set)
	end
	local spec = timeout and require("syscall.types.time").timespec(timeout)
	return call.go_on(spec and spec.time, function(seconds)
		return wait_signal(set, info, seconds)
	end)
end

function M.sigwaitinfo(set, info)
	if set == nil then
		errors.complain("sigwaitinfo", 1, "a set of signals", set)
	end
	return wait_again(set, info)
end

-- sigqueue(pid, signal [, value]) - with a number that the receiver reads as .int or .value
local queue = bind("sigqueue", "rt_sigqueueinfo: i32 enum:SIG in:siginfo -> true")

function M.sigqueue(pid, signal, value)
	local S = require "syscall"
	return queue(pid, signal, {
		signo = c.SIG[signal], code = c.SI.QUEUE, pid = S.getpid(), uid = S.getuid(),
		value = value or 0,
	})
end

return M
