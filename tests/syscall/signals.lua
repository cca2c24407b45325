-- signals.lua - what is done with signals, and waiting for them

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()

-- Sets

local set = S.t.sigset "int, winch"
ok(set.winch and set.INT and not set.term and not set.isemptyset, "a set of signals")
is(tostring(set), "INT, WINCH", "in words")
set:add "term, 64"
set:del { "int" }
set.winch = false
is(tostring(set), "TERM, 64", "changed")
ok(S.t.sigset().isemptyset and S.t.sigset(10).usr1, "empty, and of a number")
raises(function() S.t.sigset "intt" end, "no SIG \"intt\"", "no such signal")
raises(function() S.t.sigset(65) end, "a signal expected, got 65", "no such number")

local old = assert(S.sigprocmask("block", "usr1, usr2, alrm, winch"))
ok(not old.usr1 and S.sigprocmask().usr1, "sigprocmask() gives the one before")
ok(S.kill(S.getpid(), "usr1") and S.sigpending().usr1, "sigpending()")
local info = S.sigwaitinfo "usr1"
ok(info.signame == "USR1" and info.pid == S.getpid() and info.code == S.c.SI.USER, "sigwaitinfo()")
ok(S.sigqueue(S.getpid(), "usr2", 42), "sigqueue()")
info = S.sigtimedwait("usr2", 1)
ok(info.signo == S.c.SIG.USR2 and info.int == 42 and info.value == 42 and info.code == S.c.SI.QUEUE
	and info.uid == S.getuid(), "sigtimedwait()")
fails(function() return S.sigtimedwait("usr2", 0) end, "AGAIN", "sigtimedwait(): none came")
fails(function() return S.sigqueue(0x7ffffffe, "usr1") end, "SRCH", "sigqueue(): nobody")
fails(function() return S.sigprocmask(99, "usr1") end, "INVAL", "sigprocmask(): no such way")
raises(function() S.sigprocmask("blok") end, "did you mean \"BLOCK\"",
	"sigprocmask(): no such name")
raises(function() S.sigpending(S.t.buffer(4)) end, "#1 (set) to 'sigpending' (memory of at least 8",
	"sigpending(): short memory")
raises(function() S.sigtimedwait() end, "to 'sigtimedwait' (a set of signals",
	"sigtimedwait(): none")
raises(function() S.sigwaitinfo() end, "to 'sigwaitinfo' (a set of signals", "sigwaitinfo(): none")

-- signalfd

local fd = assert(S.signalfd("usr1", "cloexec, nonblock"))
S.kill(S.getpid(), "usr1")
local infos = S.t.siginfos(S.raw.memory.new(fd:read(nil, 1280)))
ok(#infos == 1 and infos[1].usr1 and infos[1].USR1 and not infos[1].INT and infos[1].user
	and infos[1].pid == S.getpid() and infos[1].signame == "USR1", "signalfd()")
is(S.signalfd("usr2", 0, fd), fd, "signalfd() changes what one has")
S.sigqueue(S.getpid(), "usr2", 7)
is(S.t.signalfd_siginfo(S.raw.memory.new(fd:read(nil, 128))).int, 7, "with the number that came")
fails(function() return fd:read(nil, 128) end, "AGAIN", "signalfd(): none came")
fails(function() return S.signalfd("usr1", 0, 0) end, "INVAL", "signalfd(): no signalfd")
raises(function() S.signalfd() end, "to 'signalfd' (a set of signals", "signalfd(): no set")
fd:close()

-- What is done with one

local action = assert(S.sigaction("hup", "ign"))
ok(S.kill(S.getpid(), "hup"), "sigaction(): an ignored signal does nothing")
is(S.sigaction("hup").handler, 1, "which can be asked")
ok(S.sigaction("hup", action), "and be as before")
is(S.sigaction("hup").handler, action.handler, "which it then is")
local hup = S.signal("hup", "ign")
is(S.signal("hup", hup), "IGN", "signal() gives what was done before")
is(S.sigaction("hup", { handler = "ign", flags = "restart", mask = "int" }).handler, 0,
	"an action as a table")
local set_action = S.sigaction("hup", "dfl")
ok(set_action.flags & S.c.SA.RESTART ~= 0 and set_action.mask.int, "with flags and a mask")
fails(function() return S.sigaction("kill", "ign") end, "INVAL", "sigaction(): KILL is not ignored")
fails(function() return S.signal(99, "ign") end, "INVAL", "signal(): no such signal")
raises(function() S.sigaction("hup", function() end) end, "no Lua runs in a handler",
	"sigaction(): a function")
raises(function() S.sigaction("hup", { handler = 4096 }) end, "\"dfl\" or \"ign\" expected",
	"sigaction(): an address")
local forged = S.t.sigaction()
S.raw.memory.u64(forged, 0, 4096)
raises(function() S.sigaction("hup", forged) end, "none that sigaction() answered",
	"sigaction(): a forged one")
raises(function() forged.restorer = 1 end, "restorer cannot be set", "sigaction(): a restorer")
raises(function() S.signal "hup" end, "#2 (handler) to 'signal'", "signal(): nothing")

-- Waiting

S.sigprocmask("block", "usr1")
local pid = assert(S.fork())
if pid == 0 then
	S.sigsuspend(S.t.sigset())
	S._exit(0)
end
S.kill(pid, "usr1")
local _, _, status = S.waitpid(pid)
is(status.termsig, S.c.SIG.USR1, "sigsuspend() lets a blocked signal through")
raises(function() S.sigsuspend() end, "to 'sigsuspend' (a value", "sigsuspend(): no set")
raises(function() S.sigsuspend "winchh" end, "no SIG", "sigsuspend(): no such signal")
pid = assert(S.fork())
if pid == 0 then
	S.pause()
	S._exit(0)
end
S.kill(pid, "term")
_, _, status = S.waitpid(pid)
is(status.termsig, S.c.SIG.TERM, "pause()")

-- Timers that send one

is(S.alarm(100), 0, "alarm()")
is(S.alarm(0), 100, "gives what was left")
local set_before = S.setitimer("real", { value = 0.01 })
is(set_before.value.time, 0, "setitimer() gives what was")
ok(S.getitimer("real").value.time <= 0.01, "getitimer()")
is(S.sigtimedwait("alrm", 1).signame, "ALRM", "it sends its signal")
fails(function() return S.getitimer(99) end, "INVAL", "getitimer(): no such timer")
fails(function() return S.setitimer("real", { value = { 0, 2000000 } }) end, "INVAL",
	"setitimer(): no time")
raises(function() S.alarm(-1) end, "#1 (seconds) to 'alarm'", "alarm(): less than nothing")
raises(function() S.setitimer "real" end, "#2 (new_value) to 'setitimer'", "setitimer(): no time")
local timer = assert(S.timer_create("monotonic", { notify = "signal", signo = "usr1",
	value = { 9 } }))
timer:settime(0, { value = 0.001 })
info = S.sigtimedwait("usr1", 1)
ok(info.code == S.c.SI.TIMER and info.int == 9 and info.timerid == timer.id, "a timer's signal")
timer:delete()
S.sigprocmask("setmask", old)
ok(not S.sigprocmask().usr1, "the set is as it was")

is(check.open_fds(), before, "no fd is left open")
tap.done()
