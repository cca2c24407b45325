-- xattr.lua - extended attributes

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local dir, remove = check.scratch()
local path, none = dir .. "/file", dir .. "/none"
local fd = assert(S.open(path, "creat, rdwr", "0600"))
S.symlink(path, dir .. "/link")

for _, f in ipairs { "getxattr", "lgetxattr", "setxattr", "lsetxattr", "removexattr",
	"lremovexattr" } do
	fails(function() return S[f](none, "user.a", f:find "set" and "x" or nil) end, "NOENT",
		f .. "(): is not there")
end
for _, f in ipairs { "listxattr", "llistxattr", "xattr", "lxattr" } do
	fails(function() return S[f](none) end, "NOENT", f .. "(): is not there")
end
for _, f in ipairs { "fgetxattr", "fsetxattr", "fremovexattr", "flistxattr", "fxattr" } do
	local second = f ~= "fxattr" and "user.a" or nil
	fails(function() return S[f](-1, second, f:find "set" and "x" or nil) end, "BADF",
		f .. "(): no such fd")
end
raises(function() S.setxattr(path, "user.a") end, "to 'setxattr' (a text or memory expected",
	"setxattr(): no value")
raises(function() S.getxattr(path, "user\0a") end, "#2 (name) to 'getxattr' (a text without NUL",
	"getxattr(): a NUL in a name")
raises(function() S.xattr(path, 1) end, "bad argument #2 to 'xattr' (a table expected",
	"xattr(): no table")

local set, err = S.setxattr(path, "user.one", "1", "create")
if not set and err.OPNOTSUPP then
	tap.skip("attributes", "host: the file system of the temporary directory has no user attributes")
else
	ok(set, "setxattr()")
	fails(function() return S.setxattr(path, "user.one", "2", "create") end, "EXIST",
		"setxattr(): is there")
	is(S.getxattr(path, "user.one"), "1", "getxattr()")
	ok(fd:setxattr("user.two", ("x"):rep(3000)), "fsetxattr()")
	is(#fd:getxattr "user.two", 3000, "fgetxattr()")
	local room = S.t.buffer(3000)
	is(S.getxattr(path, "user.two", room), 3000, "getxattr() into memory")
	fails(function() return S.getxattr(path, "user.two", nil, 10) end, "RANGE",
		"getxattr(): too little room")
	local names = assert(S.listxattr(path))
	table.sort(names)
	is(table.concat(names, " "):match "user.*", "user.one user.two", "listxattr()")
	is(#fd:flistxattr(), #names, "flistxattr()")
	is(#S.llistxattr(path), #names, "llistxattr()")
	ok(S.lsetxattr(path, "user.three", "") and S.lgetxattr(path, "user.three") == "",
		"lsetxattr() of nothing")
	ok(S.removexattr(path, "user.one") and S.lremovexattr(path, "user.three")
		and fd:fremovexattr "user.two", "removexattr()")
	fails(function() return S.getxattr(path, "user.one") end, "NODATA", "getxattr(): is not there")
	local all = assert(S.xattr(path))
	all["user.a"], all["user.b"] = "1", "2"
	ok(S.xattr(path, all), "xattr() of a table")
	all["user.a"] = nil
	all["user.b"] = "3"
	ok(fd:fxattr(all), "fxattr()")
	local now = S.lxattr(path)
	ok(now["user.a"] == nil and now["user.b"] == "3", "xattr() removes and changes")
end

fd:close()
remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
