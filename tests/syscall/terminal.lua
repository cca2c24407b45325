-- terminal.lua - S.terminal: modes that go back, programs on a terminal of their own

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local terminal, L = S.terminal, S.c.LFLAG
local made, why, master, line = S.openpty()
assert(made, why)

local function has(name)
	return line:tcgetattr().lflag & L[name] ~= 0
end

-- Modes

local modes = assert(terminal.raw(line))
ok(not has "icanon" and not has "echo" and not has "isig", "raw()")
ok(modes:restore() and has "icanon" and has "echo", "restore()")
local changed = line:tcgetattr()
changed.lflag = changed.lflag & ~L.ECHOE
line:tcsetattr("now", changed)
ok(modes:restore() and not has "echoe", "which is nothing the second time")
do
	local inner <close> = assert(terminal.cbreak(line))
	ok(inner and not has "icanon" and has "isig", "cbreak()")
end
ok(has "icanon", "the end of the block restores")
pcall(function()
	local inner <close> = assert(terminal.noecho(line))
	ok(inner and not has "echo" and has "icanon", "noecho()")
	error "half-way"
end)
ok(has "echo", "an error restores")
modes = terminal.raw(line)
ok(modes, "raw() once more")
modes = nil -- luacheck: ignore
collectgarbage()
collectgarbage()
ok(has "icanon", "the collector restores")
master:write "secret\n"
is(terminal.password("Say it: ", line), "secret", "password()")
local shown = ""
while not shown:find "Say it: " and S.poll({ { fd = master, events = "in" } }, 5000) == 1 do
	shown = shown .. master:read()
end
ok(shown:find "Say it: " and has "echo", "with its prompt", shown)
master:write "\4"
is(terminal.password("", line), nil, "password(): the end")
for _, name in ipairs { "raw", "cbreak", "noecho" } do
	fails(function() return terminal[name](S.stdin:getfd() + 900) end, "BADF", name .. "(): no fd")
end
local null = S.open "/dev/null"
fails(function() return terminal.password("", null) end, "NOTTY", "password(): no terminal")
fails(function() return terminal.size(null) end, "NOTTY", "size(): no terminal")
raises(function() terminal.password(5, line) end, "#1 to 'password'", "password(): a number")
ok(terminal.size(line, 30, 90), "size(), set")
is(table.concat({ terminal.size(line) }, " "), "30 90", "and read")
raises(function() terminal.size(line, 30) end, "#3 to 'size'", "size(): no columns")
raises(function() terminal.size(line, -1, 5) end, "#2 to 'size'", "size(): below 0")
null:close()
master:close()
line:close()

-- Programs

local script = [[stty size; read name; echo "hello $name"; tty; exit 7]]
local shell = assert(terminal.spawn({ "sh", "-c", script }, { rows = 11, columns = 33,
	env = { PATH = os.getenv "PATH" } }))
is(table.concat({ shell:expect "(%d+) (%d+)" }, " "), "11 33", "spawn(), expect()")
ok(shell:write "you\n", "write()")
is(shell:expect "hello %a+", "hello you", "what it answers")
ok(shell:expect "/dev/pts/%d", "it has a terminal")
is(shell:wait().exitstatus, 7, "wait()")
is(shell:wait().exitstatus, 7, "twice")
fails(function() return shell:kill() end, "SRCH", "kill(): over")
fails(function() return shell:expect "more" end, "PIPE", "expect(): over")
is(shell:read(), "", "read(): over")
ok(shell:close(), "close()")
local cat <close> = assert(terminal.spawn { "/bin/cat" })
fails(function() return cat:read(0.01) end, "TIMEDOUT", "read(): nothing in time")
fails(function() return cat:expect("never", 0.05) end, "TIMEDOUT", "expect(): nothing in time")
ok(cat:size(5, 6) and cat:size() == 5, "size()")
ok(cat:kill "kill" and cat:wait().termsig == S.c.SIG.KILL, "kill()")
local stubborn = assert(terminal.spawn { "sh", "-c", "trap '' HUP TERM; echo ready; sleep 100" })
ok(stubborn:expect "ready", "a program that will not hang up")
ok(stubborn:close() and stubborn.status.ifsignaled, "close() ends it")
local nothing = assert(terminal.spawn { "no such program" })
is(nothing:wait().exitstatus, 127, "spawn(): no such program")
nothing:close()
raises(function() terminal.spawn "sh" end, "#1 to 'spawn' (a table", "spawn(): a text")
raises(function() terminal.spawn {} end, "#1 to 'spawn' (a text", "spawn(): nothing")
raises(function() terminal.spawn({ "sh" }, 5) end, "#2 to 'spawn'", "spawn(): no options")
raises(function() cat:write(5) end, "#1 to 'terminal.write'", "write(): a number")
is(check.in_child(function()
	S.setrlimit("nofile", 0)
	return select(2, terminal.spawn { "sh" }).MFILE
end), 0, "spawn(): no descriptors left")
cat:close()

is(check.open_fds(), before, "no fd is left open")
tap.done()
