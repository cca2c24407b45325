-- multiplexed.lua - the ways to a call on i386 that hide its arguments: socketcall and ipc
--
-- A rule with tests answers them with ENOSYS for that call, as one on clone's flags does clone3:
-- what a filter cannot see must not be a way around it. Numbers: linux/net.h and linux/ipc.h.

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

-- Answers the multiplexer of @name and its test as tokens, or nil.
return function(name)
	local way = through[name]
	if way then
		return way[1], (" a0.4&0xffff=0x%x-0x%x"):format(way[2], way[2])
	end
end
