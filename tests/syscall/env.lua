-- env.lua - the environment, and the last error

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, raises = tap.ok, tap.is, check.raises

local before = check.open_fds()

local value = os.tmpname()
os.remove(value)
ok(S.setenv("LUNETTE_TEST", value), "setenv()")
is(S.getenv "LUNETTE_TEST", value, "getenv()")
is(os.getenv "LUNETTE_TEST", value, "Lua's own sees it")
ok(S.setenv("LUNETTE_TEST", "other") and S.getenv "LUNETTE_TEST" == value, "it stays")
ok(S.setenv("LUNETTE_TEST", "other", true) and S.getenv "LUNETTE_TEST" == "other",
	"unless it is to be overwritten")
is(S.environ().LUNETTE_TEST, "other", "environ() is a table")
local pipe = io.popen "echo $LUNETTE_TEST"
is(pipe:read(), "other", "programs inherit it")
pipe:close()
ok(S.unsetenv "LUNETTE_TEST" and S.getenv "LUNETTE_TEST" == nil, "unsetenv()")
raises(function() S.setenv("a=b", "") end, "#1 to 'setenv' (a name without = and NUL",
	"a wrong name")
raises(function() S.setenv("", "") end, "#1 to 'setenv'", "an empty name")
raises(function() S.setenv("a", "b\0c") end, "#2 to 'setenv' (a text without NUL", "a wrong value")
raises(function() S.getenv() end, "#1 to 'getenv'", "no name")
raises(function() S.unsetenv "a\0b" end, "#1 to 'unsetenv'", "a NUL in a name")
local all = S.environ()
ok(S.clearenv() and next(S.environ()) == nil and os.getenv "PATH" == nil, "clearenv()")
for name, text in pairs(all) do
	assert(S.setenv(name, text))
end
is(S.getenv "PATH", all.PATH, "and back")

S.open "/nonexistent"
is(S.errno(), S.c.E.NOENT, "errno() is the last error's number")
is(S.errno(0), 0, "and can be set")
raises(function() S.errno "x" end, "bad argument #1 to 'errno'", "to a number")

is(check.open_fds(), before, "no fd is left open")
tap.done()
