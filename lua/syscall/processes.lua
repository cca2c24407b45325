-- processes.lua - making, awaiting and asking about processes

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c
local fd_objects = require "syscall.fd"
local types = require "syscall.types.processes"

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	getpid = "-> int",
	getppid = "-> int",
	gettid = "-> int",
	setsid = "-> int",
	getsid = "i32=0 -> int",
	setpgid = "i32=0 i32=0 -> true",
	getpgid = "i32=0 -> int",
	getpgrp = "getpgid: #0 -> int",
	kill = "i32 enum:SIG -> true",
	tgkill = "i32 i32 enum:SIG -> true",
	tkill = "i32 enum:SIG -> true",
	pause = "ppoll: #0 #0 #0 #0 #8 -> int",
	acct = "path? -> true",
	_exit = "exit_group: enum:EXIT -> true",
	pidfd_open = "i32 flags:PIDFD -> fd",
	pidfd_send_signal = "fd enum:SIG in?:siginfo flags:PIDFD_SIGNAL -> true",
	pidfd_getfd = "fd i32 u32=0 -> fd",
	kcmp = "i32 i32 enum:KCMP u64=0 u64=0 -> int",
	process_mrelease = "fd u32=0 -> true",
}

-- Making processes. The child goes on with a copy of this Lua, so it must not share its memory; nor
-- may the kernel be told where to store a thread's number.

local STACK = 40 -- of clone_args
local UNSAFE = c.CLONE "vm, sighand, thread, settls, parent_settid, child_settid, child_cleartid"

local function check_flags(name, flags)
	if flags & UNSAFE ~= 0 then
		errors.raise("%s: %s would let two processes run in one Lua", name,
			require("syscall.constants").names("CLONE", flags & UNSAFE))
	end
end

local fork = bind("clone", "u64 #0 #0 #0 #0 -> int")

-- fork() - the child's pid, and 0 in the child
function M.fork()
	return fork(c.SIG.CHLD)
end

-- clone([flags [, signal]]) - like fork(), with namespaces and the signal that tells of its end
function M.clone(flags, signal)
	flags = c.CLONE[flags or 0]
	check_flags("clone", flags)
	if flags & c.CLONE.PIDFD ~= 0 then
		errors.raise "clone: a pidfd comes from clone3()"
	end
	return fork(flags | c.SIG[signal or 0])
end

-- clone3(arguments) - the pid, nil and, where the flags have "pidfd", a pidfd

-- Memory of its own for the child's stack, or a thread's, is what no Lua can go on with.
local function check_stack(arguments)
	if arguments.stack_size ~= 0 or arguments.tls ~= 0 or not memory.holds(arguments, STACK, 0) then
		errors.raise "clone3: neither stack nor tls expected: the child goes on with this Lua"
	end
end

local clone3 = bind("clone3", "mem:64 len -> int")

function M.clone3(arguments)
	if not raw.ismemory(arguments) then
		arguments = types.clone_args(check.table("clone3", 1, arguments))
	else
		check.memory("clone3", 1, arguments, types.clone_args.size)
		arguments = memory.slice(arguments, 0, types.clone_args.size, types.clone_args.metatable)
	end
	check_flags("clone3", arguments.flags)
	check_stack(arguments)
	local number
	if arguments.flags & c.CLONE.PIDFD ~= 0 then
		number = memory.new(4)
		arguments.pidfd = number
	end
	local pid, err = clone3(arguments)
	if not pid then
		return nil, err
	end
	return pid, nil, number and pid > 0 and fd_objects.fd(number:i32(0)) or nil
end

-- Programs. argv is a list of texts; envp a list of "NAME=value", a table of names, or both.

local MOST_TEXTS = 1 << 20 -- far more than ARG_MAX lets through

local function texts(name, index, list)
	if #list > MOST_TEXTS then
		errors.complain(name, index, "fewer texts", list)
	end
	local array = memory.new(8 * (#list + 1))
	for i, text in ipairs(list) do
		if type(text) ~= "string" or text:find("\0", 1, true) then
			errors.complain(name, index, "a list of texts without NUL bytes", text)
		end
		array:point(8 * (i - 1), memory.new(text .. "\0"))
	end
	return array
end

local function environment(name, index, given)
	local list = {}
	for key, value in pairs(check.table(name, index, given or {})) do
		if type(key) == "string" then
			list[#list + 1] = key .. "=" .. tostring(value)
		end
	end
	return texts(name, index, table.move(given or {}, 1, #(given or {}), #list + 1, list))
end

local execute = bind("execveat", "at path mem:8 mem:8 flags:AT -> true")

-- execve(path [, argv [, envp]]) - returns where it failed. Without argv the path; without envp
-- none.
function M.execve(path, argv, envp)
	check.path("execve", 1, path)
	return execute(nil, path, texts("execve", 2, check.table("execve", 2, argv or { path })),
		environment("execve", 3, envp))
end

function M.execveat(dir, path, argv, envp, flags)
	check.path("execveat", 2, path)
	return execute(dir, path, texts("execveat", 3, check.table("execveat", 3, argv or { path })),
		environment("execveat", 4, envp), flags)
end

-- Ends. exit() runs what atexit() was given, the last first, and writes out Lua's files; so does
-- the end of the script. _exit() does not.

local at_end

function M.atexit(f)
	if type(f) ~= "function" then
		errors.complain("atexit", 1, "a function", f)
	end
	if not at_end then
		at_end = setmetatable({}, {
			__gc = function(list)
				while #list > 0 do
					table.remove(list)()
				end
			end,
		})
	end
	table.insert(at_end, f)
	return true
end

function M.exit(status)
	status = c.EXIT[status or 0]
	while at_end and #at_end > 0 do
		table.remove(at_end)()
	end
	os.exit(status)
end

-- Waiting: the pid, nil and the status, as t.waitstatus() has it. Without WNOHANG's 0.

local wait_for = bind("wait4", "enum:WAIT mem:4 flags:W mem?:144 -> int retry")

local function wait4(pid, options, rusage, status)
	status = status or memory.new(4)
	local found, err = wait_for(pid, status, options, rusage)
	if not found then
		return nil, err
	end
	return found, nil, types.waitstatus(memory.u32(status, 0)), rusage
end

function M.wait(status)
	return wait4(-1, 0, nil, status)
end

function M.waitpid(pid, options, status)
	return wait4(pid, options, nil, status)
end

-- wait4(pid [, options [, rusage [, status]]]) - also the rusage
function M.wait4(pid, options, rusage, status)
	return wait4(pid, options, rusage or require("syscall.types.limits").rusage(), status)
end

function M.wait3(options, rusage, status)
	return M.wait4(-1, options, rusage, status)
end

-- waitid(idtype, id [, options [, info [, rusage]]]) - a siginfo, nil and the rusage; its pid is 0
-- where WNOHANG found none. An id may be a pidfd.
local wait_id = bind("waitid", "enum:P i32 out:siginfo flags:W mem?:144 -> out retry")

function M.waitid(idtype, id, options, info, rusage)
	if raw.ishandle(id) then
		id = check.fd("waitid", 2, id)
	end
	rusage = rusage or require("syscall.types.limits").rusage()
	local found, err = wait_id(idtype, id or 0, info, options, rusage)
	if not found then
		return nil, err
	end
	return found, nil, rusage
end

function M.killpg(group, signal)
	check.integer("killpg", 1, group, 0, 0x7fffffff)
	return require("syscall").kill(-group, signal)
end

-- personality([persona]) - the one before; without an argument it stays
local set_personality = bind("personality", "flags:PER -> int")

function M.personality(persona)
	return set_personality(persona or 0xffffffff)
end

-- The memory of another process: our own is a list that t.iovecs() takes, the other's a list of
-- { address, length }. The answer is a count.

local function remote_list(name, index, list)
	if #check.table(name, index, list) > 1024 then
		errors.complain(name, index, "at most 1024 entries", list)
	end
	local memory_of = memory.new(16 * #list)
	for i, one in ipairs(list) do
		if type(one) ~= "table" then
			errors.complain(name, index, "a list of { address, length }", one)
		end
		memory_of:u64(16 * (i - 1), check.integer(name, index, one[1]))
		memory_of:u64(16 * (i - 1) + 8, check.integer(name, index, one[2], 0))
	end
	return memory_of
end

local function transfer(name)
	local copy = bind(name, "i32 mem size mem size #0 -> int")
	return function(pid, here, there)
		if pid == require("syscall").getpid() then
			errors.raise("%s: another process expected: no address of this one comes from Lua", name)
		end
		local list, count = require("syscall.types.iovec").vector(name, 2, here)
		return copy(pid, list, count, remote_list(name, 3, there), #there)
	end
end

M.process_vm_readv = transfer "process_vm_readv"
M.process_vm_writev = transfer "process_vm_writev"

-- process_madvise(pidfd, { { address, length }, … }, advice [, flags]) - advice that loses nothing
local advise = bind("process_madvise", "fd mem size enum:MADV u32=0 -> int")
local harmless = { COLD = true, PAGEOUT = true, WILLNEED = true, COLLAPSE = true }

function M.process_madvise(pidfd, list, advice, flags)
	local number = c.MADV[advice]
	if not harmless[require("syscall.constants").name("MADV", number)] then
		errors.complain("process_madvise", 3, "cold, pageout, willneed or collapse", advice)
	end
	local remote = remote_list("process_madvise", 2, list)
	return advise(pidfd, remote, #list, number, flags)
end

return M
