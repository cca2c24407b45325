-- processes.lua - making, awaiting and asking about processes

local M = {}

M.rows = {
	getpid = "-> int",
	getppid = "-> int",
	gettid = "-> int",
	kill = "i32 enum:SIG -> true",
}

return M
