-- strace.lua - the system calls of a program and of what it starts: a small strace
--
--   lunette lua examples/strace.lua PROGRAM [ARGUMENT]...
--
-- One line a call on standard error: process, name, arguments by name, result. Texts that are names
-- of files are read from the program's memory.

local S = require "syscall"

local names, arguments = {}, require "syscall.arguments"
for name, number in pairs(require("syscall.numbers_" .. S.raw.arch)) do
	names[number] = name
end

local is_text = { pathname = true, path = true, filename = true, oldpath = true, newpath = true }
local page = S.getpagesize()

-- The text at @address of process @pid; no further than its page, behind which nothing may be.
local function text_at(pid, address)
	local length = math.min(200, page - address % page)
	local buffer = S.t.iovecs { length }
	local count = S.process_vm_readv(pid, buffer, { { address, length } })
	local text = count and tostring(buffer):match "^[^\0]*"
	return text and ("%q"):format(text) or ("0x%x"):format(address)
end

local function entry(pid, info)
	local name, list, at = names[info.nr] or tostring(info.nr), {}, 0
	for argument in (arguments[name] or ""):gmatch "%S+" do
		local value = info.args[at]
		list[#list + 1] = is_text[argument] and value ~= 0 and text_at(pid, value)
			or ("%s=0x%x"):format(argument, value)
		at = at + 1
	end
	return ("%s(%s)"):format(name, table.concat(list, ", "))
end

local function result(info)
	if info.is_error ~= 0 then
		local err = S.t.error(-info.rval)
		return ("-1 %s (%s)"):format(err.sym, err)
	end
	return math.ult(info.rval, 1 << 32) and info.rval or ("0x%x"):format(info.rval)
end

-- The program starts when it is traced: it stops itself, and goes on when its options are set.
local function start(argv)
	local pid = assert(S.fork())
	if pid == 0 then
		assert(S.ptrace "traceme")
		S.kill(S.getpid(), "stop")
		for directory in (argv[1]:find "/" and "" or os.getenv "PATH" or "/bin"):gmatch "[^:]*" do
			local path = directory == "" and argv[1] or directory .. "/" .. argv[1]
			S.execve(path, argv, S.environ())
		end
		S._exit(127)
	end
	assert(S.waitpid(pid, "untraced"))
	assert(S.ptrace("setoptions", pid, 0,
		"tracesysgood, exitkill, traceexec, tracefork, tracevfork, traceclone"))
	assert(S.ptrace("syscall", pid))
	return pid
end

if not ... then
	io.stderr:write("usage: lunette lua strace.lua PROGRAM [ARGUMENT]...\n")
	os.exit(2)
end
local first = start { ... }
local calls, status_of_first = {}, nil
while true do
	local pid, err, status = S.waitpid(-1, "__wall")
	if not pid then
		assert(err.CHILD, err)
		break
	elseif not status.ifstopped then
		io.stderr:write(("%d %s\n"):format(pid, status))
		status_of_first = pid == first and status or status_of_first
	else
		local signal = status.stopsig
		if signal == S.c.SIG.TRAP | 0x80 then -- TRACESYSGOOD's mark: a system call
			signal = 0
			local info = assert(S.ptrace("get_syscall_info", pid))
			if info.op == S.c.PTRACE_SYSCALL_INFO.ENTRY then
				calls[pid] = entry(pid, info)
			elseif info.op == S.c.PTRACE_SYSCALL_INFO.EXIT then
				io.stderr:write(("%d %s = %s\n"):format(pid, calls[pid] or "?", result(info)))
			end
		elseif status.event ~= 0 or signal == S.c.SIG.STOP then
			signal = 0 -- a child that is traced from its start, or an exec
		end
		S.ptrace("syscall", pid, 0, signal)
	end
end
os.exit(status_of_first and status_of_first.ifexited and status_of_first.exitstatus or 1)
