-- tty.lua - terminals, on pairs of pseudo-terminals

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local null = assert(S.open "/dev/null")

for name, arguments in pairs {
	tcgetattr = {}, tcsetattr = { "now", S.t.termios() }, tcsendbreak = {}, tcdrain = {},
	tcflush = {}, tcflow = { "oon" }, tcgetsid = {}, isatty = {}, ptsname = {}, grantpt = {},
	unlockpt = {}, tcgetwinsize = {}, tcsetwinsize = { { 1, 2 } },
} do
	fails(function() return S[name](null, table.unpack(arguments)) end, "NOTTY",
		name .. "(): no terminal")
	raises(function() S[name]("x", table.unpack(arguments)) end, ("to '%s' (an fd"):format(name),
		name .. "(): no fd")
end
raises(function() S.tcsetattr(null, "soon", S.t.termios()) end, "no TCSA",
	"tcsetattr(): no such time")
raises(function() S.tcsetattr(null, "now") end, "#3", "tcsetattr(): no modes")
raises(function() S.tcflush(null, "all") end, "no TCFLUSH", "tcflush(): no such queue")
raises(function() S.tcflow(null, "on") end, "no TCFLOW", "tcflow(): no such action")
raises(function() S.tcsetwinsize(null) end, "#2 to 'tcsetwinsize'", "tcsetwinsize(): no size")
fails(function() return S.posix_openpt "directory" end, "NOTDIR", "posix_openpt(): no directory")
fails(function() return S.openpt "directory" end, "NOTDIR", "openpt(): no directory")
raises(function() S.posix_openpt "rdrw" end, "did you mean", "posix_openpt(): no such flag")

local master, why = S.posix_openpt()
if not master then
	tap.skip("pseudo-terminals", "host: there are none: " .. tostring(why))
	null:close()
	tap.done()
end
ok(master:grantpt() and master:unlockpt() and master:ptsname():find "^/dev/pts/%d+$",
	"posix_openpt(), grantpt(), unlockpt(), ptsname()")
master:close()
master = assert(S.openpt())
master:close()

-- Modes

local modes = S.t.termios()
modes:makeraw()
local made, none, terminal
made, none, master, terminal = S.openpty(nil, { 24, 80 })
ok(made == true and none == nil, "openpty()")
ok(terminal:isatty() and master:isatty(), "isatty()")
is(terminal:tcgetattr().vintr, 3, "tcgetattr(): a control character")
local size = S.tcgetwinsize(terminal)
is(size.row .. "x" .. size.col, "24x80", "tcgetwinsize()")
ok(S.tcsetwinsize(master, { row = 50, col = 132 }) and S.tcgetwinsize(terminal).ws_col == 132,
	"tcsetwinsize()")
modes = terminal:tcgetattr()
ok(modes.lflag & S.c.LFLAG.ECHO ~= 0, "it echoes at first")
modes:makeraw()
modes.speed = 12345
modes.VEOF = "x"
modes.iflag = "ixon, ixoff"
ok(terminal:tcsetattr("now", modes), "tcsetattr()")
local now = terminal:tcgetattr()
ok(now.lflag & S.c.LFLAG "echo, icanon" == 0 and now.oflag & S.c.OFLAG.OPOST == 0, "makeraw()")
is(now.speed .. " " .. now.ispeed .. " " .. now.veof .. " " .. now.cc[4], "12345 12345 120 120",
	"a speed that has no name, and a character")
is(S.names("IFLAG", now.c_iflag), "IXOFF, IXON", "flags by name")
is(S.c.B["9600"], 13, "speeds that have names")
raises(function() modes.speed = "fast" end, "a speed in bits a second expected", "no speed")
raises(function() modes.vint = 3 end, "did you mean", "no such character")
master:write "raw\3"
is(terminal:read(nil, 10), "raw\3", "bytes as they come")

-- Queues

master:write "lost"
ok(terminal:tcflush "iflush", "tcflush()")
terminal:nonblock()
fails(function() return terminal:read(nil, 10) end, "AGAIN", "what was queued is gone")
ok(terminal:tcflow "ooff" and terminal:tcflow "oon", "tcflow()")
ok(terminal:tcdrain(), "tcdrain()")
ok(terminal:tcsendbreak(0), "tcsendbreak()")
fails(function() return terminal:tcgetsid() end, "NOTTY", "tcgetsid(): nobody's terminal")
local pid = assert(S.fork())
if pid == 0 then
	S._exit(select(2, S.login_tty(null)).NOTTY and 0 or 1)
end
local _, _, status = S.waitpid(pid)
is(status.exitstatus, 0, "login_tty(): no terminal")
pid = assert(S.fork())
if pid == 0 then
	S._exit(S.login_tty(terminal) and S.tcgetsid(2) == S.getpid() and 0 or 1)
end
_, _, status = S.waitpid(pid)
is(status.exitstatus, 0, "login_tty()")
terminal:close()
master:close()

-- Sessions

local nothing, line
pid, nothing, line = S.forkpty(modes, { 10, 20 })
if pid == 0 then
	local seen = S.tcgetwinsize(0).row
	S.write(1, ("%s %s %d"):format(S.isatty(2), S.tcgetsid(0) == S.getpid(), seen))
	S.read(0, nil, 1)
	S._exit(7)
end
is(nothing, nil, "forkpty() gives pid, nil, master")
is(line:read(nil, 100), "true true 10", "the child has a terminal and a session of its own")
line:write "x"
_, _, status = S.waitpid(pid)
is(status.exitstatus, 7, "to which one can write")
line:close()
pid = assert(S.fork())
if pid == 0 then
	S.setrlimit("nofile", 0)
	S._exit(select(2, S.openpty()).MFILE and select(2, S.forkpty()).MFILE and 0 or 1)
end
_, _, status = S.waitpid(pid)
is(status.exitstatus, 0, "openpty() and forkpty(): no descriptors left")

null:close()
is(check.open_fds(), before, "no fd is left open")
tap.done()
