-- ptrace.lua - tracing another process: ptrace(2), request by request
--
-- ptrace(request, pid [, address [, data]]): an address is the other process's and a number; data
-- is a number, names of options or a signal, or a structure, as the request has it. A request that
-- asks gives what it asked for. Where the kernel stores an answer stands memory of ours, never a
-- number.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

require "syscall.types.ptrace"
require "syscall.types.signals"

local M = {}

-- Requests whose data is a number: what its names are.
local commands = {
	TRACEME = "SIG", CONT = "SIG", SYSCALL = "SIG", SINGLESTEP = "SIG", SINGLEBLOCK = "SIG",
	SYSEMU = "SIG", SYSEMU_SINGLESTEP = "SIG", DETACH = "SIG", ATTACH = "SIG", KILL = "SIG",
	INTERRUPT = "SIG", LISTEN = "SIG", SEIZE = "PTRACE_O", SETOPTIONS = "PTRACE_O",
	POKETEXT = "", POKEDATA = "", POKEUSR = "",
}

local function command(name, family)
	return function(request, pid, address, data)
		if family ~= "" and (data == nil or type(data) == "string") then
			data = c[family][data or 0]
		end
		-- The table of calls takes data for an address, which in these requests it is not.
		local done, err = require("syscall.unsafe").call(call.number "ptrace", request,
			check.integer(name, 2, pid or 0, -0x80000000, 0x7fffffff),
			check.integer(name, 3, address or 0), check.integer(name, 4, data))
		return done and true, err
	end
end

-- Requests that answer or take one structure, and what `address` is then.
local answer_word = bind("ptrace", "i64 i32 u64 out:u64 -> out")

local function peek(request, pid, address)
	local word, err = answer_word(request, pid, address or 0)
	return word and word.value, err
end

local function structure(kind, address, size)
	local get = bind("ptrace", ("i64 i32 u64 %s:%s -> true"):format("out", kind))
	return function(request, pid, _, data)
		data = data or require("syscall.struct").find(kind)()
		local done, err = get(request, pid, address and size or 0, data)
		return done and data, err
	end
end

local function given(kind, size)
	return bind("ptrace", ("i64 i32 #%d in:%s -> true"):format(size, kind))
end

local function taking(kind, size)
	local set = given(kind, size)
	return function(request, pid, _, data)
		if data == nil then
			errors.complain("ptrace", 4, "a " .. kind, data)
		end
		return set(request, pid, data)
	end
end

-- Sets of registers: address is one of NT; the general ones are t.user_regs.
local registers = bind("ptrace", "i64 i32 u64 in:iovec -> true")

local function get_registers(request, pid, set, data)
	local number = c.NT[set or "prstatus"]
	if not data then
		data = number == c.NT.PRSTATUS and require("syscall.types.ptrace").user_regs() or memory.new(8192)
	end
	local vector = require("syscall.types.iovec").iovec(data)
	local done, err = registers(request, pid, number, vector)
	if not done then
		return nil, err
	end
	return vector.len < memory.size(data) and memory.slice(data, 0, vector.len) or data
end

local function set_registers(request, pid, set, data)
	if not raw.ismemory(data) then
		errors.complain("ptrace", 4, "registers", data)
	end
	local done, err = registers(request, pid, c.NT[set or "prstatus"],
		require("syscall.types.iovec").iovec(data))
	return done, err
end

-- GETREGS of x86_64: what GETREGSET answers too
local function all_registers(request, pid, _, data)
	local done, err = structure "user_regs"(request, pid, nil, data)
	return done, err
end

-- The program of a filter: without data how many instructions, else memory of that many
local filter = bind("ptrace", "i64 i32 u64 mem? -> int")

local function get_filter(request, pid, index)
	local count, err = filter(request, pid, index or 0)
	if not count then
		return nil, err
	end
	local program = memory.new(8 * count)
	count, err = filter(request, pid, index or 0, program)
	return count and program, err
end

local handlers = {
	PEEKTEXT = peek, PEEKDATA = peek, PEEKUSR = peek,
	GETEVENTMSG = function(request, pid)
		return peek(request, pid, 0)
	end,
	GETSIGINFO = structure "siginfo", SETSIGINFO = taking("siginfo", 0),
	GETSIGMASK = structure("sigset", true, 8), SETSIGMASK = taking("sigset", 8),
	GET_SYSCALL_INFO = structure("ptrace_syscall_info", true, 88),
	SET_SYSCALL_INFO = taking("ptrace_syscall_info", 88),
	GETREGSET = get_registers, SETREGSET = set_registers,
	GETREGS = all_registers, SETREGS = taking("user_regs", 0),
	SECCOMP_GET_FILTER = get_filter,
}
for name, family in pairs(commands) do
	handlers[name] = command("ptrace", family)
end

function M.ptrace(request, pid, address, data)
	local number = c.PTRACE[request]
	local name = type(request) == "string" and request:upper():gsub("^PTRACE_", "")
		or constants.name("PTRACE", number)
	local handler = handlers[name]
	if not handler then
		errors.raise("ptrace: request %s is not among those that the library knows", tostring(request))
	end
	return handler(number, pid, address, data)
end

return M
