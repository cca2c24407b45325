-- ids.lua - users and groups of this process
--
-- As the kernel has them: of this thread, which is the only one that Lua has.

local raw = require "syscall.raw"
local call = require "syscall.call"

local bind = call.bind
local memory = raw.memory

local M = {}

M.rows = {
	getuid = "-> int",
	geteuid = "-> int",
	getgid = "-> int",
	getegid = "-> int",
	setuid = "u32 -> true",
	setgid = "u32 -> true",
	seteuid = "setresuid: #-1 u32 #-1 -> true",
	setegid = "setresgid: #-1 u32 #-1 -> true",
	setreuid = "u32=-1 u32=-1 -> true",
	setregid = "u32=-1 u32=-1 -> true",
	setresuid = "u32=-1 u32=-1 u32=-1 -> true",
	setresgid = "u32=-1 u32=-1 u32=-1 -> true",
	setfsuid = "u32 -> int", -- the one before, also where it was not allowed
	setfsgid = "u32 -> int",
}

-- getresuid(), getresgid() - true, nil, real, effective, saved
local function triple(name)
	local get = bind(name, "out:u32 out:u32 out:u32 -> true")
	return function()
		local ids = memory.new(12)
		local done, err = get(ids:slice(0, 4), ids:slice(4, 4), ids:slice(8, 4))
		if not done then
			return nil, err
		end
		return true, nil, ids:u32(0), ids:u32(4), ids:u32(8)
	end
end

M.getresuid = triple "getresuid"
M.getresgid = triple "getresgid"

local get_groups = bind("getgroups", "i32 mem -> int")
local set_groups = bind("setgroups", "i32 mem -> true")

-- getgroups() - a list of the further groups
function M.getgroups()
	local most = 65536 -- NGROUPS_MAX
	local room = memory.new(most * 4)
	local count, err = get_groups(most, room)
	return count and require("syscall.types.ids").groups(room:slice(0, count * 4)), err
end

function M.setgroups(list)
	local groups = require("syscall.types.ids").groups(list)
	return set_groups(#groups, groups)
end

return M
