-- multiplexed.lua - the ways to a call on i386 that hide its arguments: socketcall and ipc
--
-- Their first argument says which call is meant. A rule on a call stands for that way to it too;
-- one with tests answers the way with ENOSYS, as one on clone's flags does clone3: what a filter
-- cannot see must not be a way around it. Numbers: linux/net.h and linux/ipc.h; the kernel looks
-- at the lower 16 bits of ipc's.

local native = ...

local M = {}

local masks = { socketcall = 0xffffffff, ipc = 0xffff }
local through = {}
for number, name in ipairs { "socket", "bind", "connect", "listen", "accept", "getsockname",
	"getpeername", "socketpair", "send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt",
	"getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg" } do
	through[name] = { "socketcall", number }
end
for name, number in next, {
	semop = 1, semget = 2, semctl = 3, semtimedop = 4, msgsnd = 11, msgrcv = 12, msgget = 13,
	msgctl = 14, shmat = 21, shmdt = 22, shmget = 23, shmctl = 24,
} do
	through[name] = { "ipc", number }
end

local function compare(multiplexer, number)
	return (" a0.4&0x%x=0x%x-0x%x"):format(masks[multiplexer], number, number)
end

-- one() - the multiplexer of the call @name and its test as tokens, or nil
function M.one(name)
	local way = through[name]
	if way then
		return way[1], compare(way[1], way[2])
	end
end

-- each() - puts with @emit(multiplexer, test) what the calls and groups of @names are reached by,
-- but for a multiplexer that stands among them
function M.each(names, emit)
	local tests, there = { socketcall = {}, ipc = {} }, {}
	for _, name in ipairs(names) do
		for _, call in ipairs(native.group(name) or { name }) do
			local way = through[call]
			if way and not there[call] then
				table.insert(tests[way[1]], way[2])
			end
			there[call] = true
		end
	end
	for _, multiplexer in ipairs { "socketcall", "ipc" } do
		local list, text = tests[multiplexer], ""
		table.sort(list)
		for index, number in ipairs(list) do
			text = text .. compare(multiplexer, number) .. (index > 1 and " or" or "")
		end
		if text ~= "" and not there[multiplexer] then
			emit(multiplexer, text)
		end
	end
end

return M
