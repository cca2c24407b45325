-- warnings.lua - what `check` says of a profile that is valid

local root = arg[0]:match("^(.*)/tests/") or "."
local front = dofile(root .. "/tests/lib/front.lua")
local tap = dofile(root .. "/tests/lib/tap.lua")

local parent = [[return profile {
	limits = { wall = "1m", pids = 10 }, net = "none",
	seccomp = { default = errno "EPERM", guard = { "no-ptrace" }, allow { "read" },
		kill { "mount" } },
}]]

-- The warnings for a child of `parent`, or for @text itself where it returns.
local function warnings(text)
	local plan, list = front.plan(text:find("return") and text
		or 'return profile { extends = "parent", ' .. text .. " }",
		{ verb = "check", host = { profiles = { parent = parent }, features = {} } })
	return plan and table.concat(list, "\n") or front.message(list)
end

local function warns(text, want)
	local have = warnings(text)
	tap.ok(want and have:find(want, 1, true) or not want and have == "",
		(want or "nothing") .. ": " .. text, "have: " .. have)
end

warns("", nil)
warns('limits = { wall = "30s" }, seccomp = { kill { "read" } }', nil)
warns('limits = { wall = "2m" }',
	"test.lua:1: limits.wall: loosens a parent's: 60000 becomes 120000")
warns("limits = { pids = none }", "limits.pids: loosens a parent's: 10 becomes none")
warns('net = "host"', "net: loosens a parent's: none becomes host")
warns('net = veth { address = "10.0.0.2/24" }', "net: loosens a parent's: none becomes veth")
warns("seccomp = { default = allow }",
	"seccomp.default: loosens a parent's: errno:1 becomes allow")
warns("seccomp = { default = kill }", nil)
warns('seccomp = { errno "EPERM" { "mount" } }', "seccomp[1]: loosens a parent's rule on mount")
warns('seccomp = { remove "no-ptrace" }', "seccomp[1]: takes away a parent's no-ptrace")
warns('caps = { keep = { "chown" } }', "caps.keep: a parent kept fewer capabilities")
warns("user = { outer = 0 }", "user.outer: 0 is the host's root where root launches")
warns("user = { outer = { uid = 5, gid = 0 } }", "user.outer: 0 is the host's root")
warns("user = { outer = 5 }", nil)
warns("user = { map = { uid = { { 0, 100000, 10 } }, gid = { { 0, 0, 10 } } } }",
	"user.map: gid 0 outside is one of the host's own, not subordinate")
warns("user = { map = { uid = { { 0, 1000, 2 } }, gid = { { 0, 100000, 10 } } } }",
	"user.map: uid 1000 outside is one of the host's own")
warns([[user = { map = { uid = { { 0, 1000, 1 }, { 1, 100000, 10 } },
	gid = { { 0, 100000, 10 } } } }]], nil)
warns("return profile {}", "test.lua:1: seccomp: not there: every system call is allowed")
warns("return profile { seccomp = {} }", nil)

tap.done()
