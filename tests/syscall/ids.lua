-- ids.lua - users and groups, changed in children only

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before, in_child = check.open_fds(), check.in_child
local root = S.geteuid() == 0

local uid, gid = S.getuid(), S.getgid()
ok(uid == S.geteuid() and gid == S.getegid(), "getuid() and its kin")
local made, none, real, effective, saved = S.getresuid()
ok(made == true and none == nil and real == uid and effective == uid and saved == uid,
	"getresuid() gives true, nil and three")
is(select(3, S.getresgid()), gid, "getresgid()")
is(S.setfsuid(uid), uid, "setfsuid() gives the one before")
is(S.setfsgid(gid), gid, "setfsgid() too")
ok(#S.getgroups() >= 0 and S.getgroups()[#S.getgroups() + 1] == nil, "getgroups() is a list")
local groups = S.t.groups { 5, 6 }
is(#groups .. " " .. groups[1] .. " " .. groups[2], "2 5 6", "which can be made too")

local calls = {
	setuid = { 12345 }, setgid = { 12345 }, seteuid = { 12345 }, setegid = { 12345 },
	setreuid = { 12345, 12345 }, setregid = { 12345, 12345 }, setresuid = { 1, 2, 3 },
	setresgid = { 1, 2, 3 }, setgroups = { { 1, 2 } },
}
for name, arguments in pairs(calls) do
	if root then
		is(in_child(function()
			return S[name](table.unpack(arguments))
		end), 0, name .. "()")
	else
		fails(function() return S[name](table.unpack(arguments)) end, "PERM", name .. "(): not allowed")
	end
	raises(function() S[name] "x" end, "", name .. "(): a wrong argument")
end
if root then
	is(in_child(function()
		return S.setgroups { 7, 8 } and S.getgroups()[2] == 8 and S.setresuid(1, 2, 3)
			and select(4, S.getresuid()) == 2 and select(2, S.setuid(9)).PERM
			and select(2, S.setgroups {}).PERM
	end), 0, "they do what they say, and are refused to who has given up the right")
	for _, name in ipairs { "setgid", "setegid", "setregid", "setresgid", "seteuid", "setreuid",
		"setresuid", "setgroups" } do
		is(in_child(function()
			S.setresuid(77, 77, 77)
			return select(2, S[name](table.unpack(calls[name]))).PERM
		end), 0, name .. "(): not allowed")
	end
else
	tap.skip("changing ids", "host: needs root")
end
raises(function() S.setuid() end, "#1 (uid) to 'setuid'", "setuid(): none")
raises(function() S.setuid(1 << 32) end, "from 0 to 2^32 - 1", "setuid(): too large")
raises(function() S.setgroups { "x" } end, "whole number of 32 bits", "setgroups(): no numbers")
raises(function() S.setgroups() end, "groups: a list of numbers expected", "setgroups(): no list")

is(check.open_fds(), before, "no fd is left open")
tap.done()
