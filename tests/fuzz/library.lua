-- library.lua - the system-call library with random arguments
--
--   lunette run -p ./tests/fuzz/confined.lua --set tree=DIR --set build=DIR -- \
--       LUA tests/fuzz/library.lua SECONDS [SEED [COUNT]]
--
-- Calls every function of the index, every method of fd objects, the constructors, fields and
-- methods of all types and the functions of memory, with arguments of wrong types, numbers at the
-- ends of their ranges, closed fds, memory that is too short or may not be touched, and tables with
-- odd members; half of the time most arguments are of the kind that the function's row wants. What
-- a call gives is an argument of later ones.
--
-- Each worker is process 1 of a namespace: no signal of its own making ends it, only a fault. So a
-- worker that died of one is a crash of the library. An error that was raised must be meant for the
-- caller: one that points into the library is a failure too. Must run confined (confined.lua); it
-- refuses where it sees a host.

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
local S = require "syscall"
local index = require "syscall.index"
local names_of = require("syscall.lists").names
local words_of = require("syscall.call").words

local seconds = tonumber(arg[1]) or 5
local first = tonumber(arg[2]) or 1
local only = tonumber(arg[3])
local CALLS = 400 -- of one worker

local random = math.random
local memory = S.raw.memory
local own = debug.getinfo(require("syscall.errors").raise, "S").source:gsub("^[@=]", "")
	:gsub("errors%.?l?u?a?$", "")

-- What happens to whom: two numbers and a text that the worker leaves for its parent.
local shared = assert(S.mmap(nil, 8192, "read, write", "shared, anonymous"))
local DONE, TEXT = 0, 16

-- Functions

local never = { -- ends the worker, or makes another that goes on from here
	_exit = true, exit = true, fork = true, clone = true, clone3 = true, forkpty = true,
	execve = true, execveat = true, atexit = true, landlock_restrict_self = true,
}
local waits = {} -- for something that may not come: seldom
for name in ([[pause sigsuspend sigwaitinfo sigtimedwait poll ppoll select pselect epoll_wait
	epoll_pwait epoll_pwait2 nanosleep clock_nanosleep sleep wait wait3 wait4 waitpid waitid accept
	accept4 futex futex_wait futex_waitv read readv recv recvfrom recvmsg recvmmsg io_getevents
	io_uring_enter vhangup fcntl flock lockf connect inotify_read getrandom splice tee
	fanotify_read mq_timedreceive]]):gmatch "%S+" do
	waits[name] = true
end
local functions, rows, nl_names = {}, {}, {}
for name, family in pairs(index.functions) do
	local has = require("syscall." .. family)
	if not never[name] and S[name] then
		functions[#functions + 1] = name
		rows[name] = has.rows and has.rows[name]
	end
end
table.sort(functions)
for name, f in pairs(S.nl) do
	if type(f) == "function" then
		nl_names[#nl_names + 1] = name
	end
end
table.sort(nl_names)
require "syscall.arguments"
for _, file in pairs(index.types) do
	require("syscall.types." .. file) -- a worker may lose its way to the files
end
local type_names, method_names, memory_names = names_of(index.types), names_of(index.methods), {}
for name, f in pairs(memory) do
	if type(f) == "function" and name ~= "fields" then
		memory_names[#memory_names + 1] = name
	end
end
table.sort(memory_names)

-- Values

local function pick(list)
	return list[random(#list)]
end

local numbers = {
	0, 1, -1, 2, 3, 4, 7, 8, 16, 63, 64, 100, 255, 256, 4095, 4096, 65535, 65536, 0x7fffffff,
	0x80000000, 0xffffffff, 0x100000000, -0x80000000, math.maxinteger, math.mininteger, 1 << 62,
	1.5, 3.0, -0.0, 2 ^ 53, 2 ^ 63, 1e300, 0 / 0, 1 / 0, -1 / 0,
}
local texts = {
	"", "x", "\0", "a\0b", "/", ".", "..", "/tmp", "/tmp/file", "/proc/self/status", "/dev/null",
	"/dev/zero", "/none", "none", "stdin", "stdout", "fdcwd", "rdwr", "creat", "read", "0644", "set",
	"nonblock", "cloexec", "unix", "stream", "inet", "dgram", "usr1", "-1", "0x10", " ", ",", "~",
	"1,2", ("x"):rep(300), ("y"):rep(5000), "\255\254\253", "%s%n", "127.0.0.1", "::1", "lo",
	"now", "any",
}
local pool = {} -- what calls gave

local keys = {
	"fd", "events", "sec", "nsec", "value", "interval", "family", "addr", "path", "data", "flags",
	"type", "len", "name", "iov", "control", 0, -1, 1.5, true, "n", "pid", "prot",
}
local hostile = {
	__index = function()
		error "index"
	end,
	__len = function()
		return 1e9
	end,
}

local value -- forward

local function odd_table(deep)
	local made = {}
	for i = 1, random(0, 3) do
		made[i] = value(deep + 1)
	end
	for _ = 1, random(0, 2) do
		made[pick(keys)] = value(deep + 1)
	end
	return random(20) == 1 and setmetatable(made, hostile) or made
end

local function some_memory()
	local kind = random(8)
	if kind == 1 then
		local closed = memory.new(64)
		memory.close(closed)
		return closed
	elseif kind == 2 then
		return S.mmap(nil, 4096 * random(2), pick { "none", "read", "read, write" },
			"private, anonymous")
	elseif kind == 3 then
		return memory.slice(memory.new(64), random(0, 64))
	elseif kind == 4 then
		local bytes = {}
		for i = 1, random(64) do
			bytes[i] = string.char(random(0, 255))
		end
		return memory.new(table.concat(bytes))
	end
	return memory.new(pick { 0, 1, 4, 7, 8, 16, 24, 64, 128, 256, 4096 })
end

local function some_type()
	local kind = S.t[pick(type_names)]
	local good, made = pcall(kind)
	return good and made or nil
end

local function some_fd()
	local kind = random(5)
	if kind == 1 then
		return pick { 0, 1, 2, -1, 3, 99, 1 << 20, "stdin" }
	elseif kind == 2 then
		local closed = S.open "/dev/null"
		if closed then
			closed:close()
		end
		return closed
	end
	for _ = 1, 5 do
		local one = pool[random(math.max(#pool, 1))]
		if S.raw.ishandle(one) then
			return one
		end
	end
	local path = pick { "/dev/null", "/tmp/file", "/proc/self/status" }
	return S.open(path, "rdwr, creat, cloexec", "0600")
		or S.open("/tmp", "rdonly")
end

function value(deep)
	local kind = random(13)
	if kind <= 3 then
		return pick(numbers)
	elseif kind == 4 then
		return random(0)
	elseif kind <= 6 then
		return pick(texts)
	elseif kind == 7 then
		return some_fd()
	elseif kind <= 9 then
		return some_memory()
	elseif kind == 10 then
		return some_type()
	elseif kind == 11 and (deep or 0) < 3 then
		return odd_table(deep or 0)
	elseif kind == 12 and #pool > 0 then
		return pick(pool)
	end
	return pick { true, false, print, S, coroutine.create(print), io.stdout }
end

-- Of the kind that a word of a row asks for.
local function wanted(kind, of)
	if kind == "fd" or kind == "at" then
		return some_fd()
	elseif kind == "path" or kind == "text" then
		return pick { "/tmp/file", "/tmp", "/tmp/x", "/proc/self/status", "/dev/zero", "name" }
	elseif kind == "mem" or kind == "room" or kind == "data" then
		return random(4) == 1 and pick(texts) or some_memory()
	elseif kind == "in" or kind == "out" then
		local good, made = pcall(require("syscall.struct").find(of))
		return good and made or nil
	elseif kind == "flags" or kind == "enum" then
		local names = names_of(S.c[of])
		return #names > 0 and pick(names) or 0
	end
	return random(0, 64)
end

local function arguments(row)
	local list, count = {}, 0
	if row and random(2) == 1 then
		for _, word in ipairs((words_of(row))) do
			if word.takes > 0 then
				count = count + 1
				if random(8) == 1 then
					list[count] = value()
				elseif random(6) > 1 then
					list[count] = wanted(word.kind, word.of)
				end
			end
			if word.takes == 2 then
				count = count + 1
				list[count] = random(3) == 1 and random(0, 100) or nil
			end
		end
	else
		count = random(0, 6)
		for i = 1, count do
			if random(5) > 1 then
				list[i] = value()
			end
		end
	end
	return table.pack(table.unpack(list, 1, count))
end

-- Calls

local function show(one)
	local text = type(one) == "string" and ("%q"):format(one:sub(1, 40))
		or math.type(one) and tostring(one)
		or S.raw.ismemory(one) and ("memory(%d)"):format(memory.size(one))
		or S.raw.ishandle(one) and "fd" or type(one)
	return (text:gsub("\n", "n"))
end

local function leave(what, list)
	local words = {}
	for i = 1, list.n do
		words[i] = show(list[i])
	end
	local text = ("%s(%s)"):format(what, table.concat(words, ", ")):sub(1, 4000)
	memory.write(shared, TEXT, text .. "\0")
	shared:u64(DONE, shared:u64(DONE) + 1)
end

local function keep(good, ...)
	if not good then
		return
	end
	for i = 1, select("#", ...) do
		local one = select(i, ...)
		if type(one) == "userdata" or type(one) == "table" then
			pool[#pool < 30 and #pool + 1 or random(30)] = one
		end
	end
end

-- An error for the caller is a text without a place in the library.
local function judge(good, ...)
	local message = ...
	if not good and (type(message) ~= "string" or message:sub(1, #own) == own)
		and not tostring(message):find "not enough memory" and message ~= "index" then
		local text = memory.cstring(shared, TEXT) .. "\n  raises " .. tostring(message)
		memory.write(shared, TEXT, text .. "\0")
		S._exit(99)
	end
	return good, ...
end

local function call(what, f, list)
	leave(what, list)
	keep(judge(pcall(f, table.unpack(list, 1, list.n))))
end

local function random_call()
	local kind = random(10)
	if kind <= 6 then
		local name = pick(functions)
		if waits[name] and random(8) > 1 then
			return
		end
		call(name, S[name], arguments(rows[name]))
	elseif kind == 7 then
		local fd, name = some_fd(), pick(method_names)
		if S.raw.ishandle(fd) and (not waits[name] or random(8) == 1) then
			local list = arguments()
			table.insert(list, 1, fd)
			list.n = list.n + 1
			call("fd:" .. name, fd[name], list)
		end
	elseif kind == 8 and random(3) == 1 then
		local name = pick(nl_names)
		call("nl." .. name, S.nl[name], arguments())
	elseif kind == 8 then
		local name = pick(type_names)
		call("t." .. name, S.t[name], arguments())
	elseif kind == 9 then
		local name = pick(memory_names)
		local list = arguments()
		table.insert(list, 1, random(3) == 1 and some_type() or some_memory() or 0)
		list.n = list.n + 1
		call("memory." .. name, memory[name], list)
	else
		local name = pick(type_names)
		local object = some_type()
		local fields = type(S.t[name]) == "table" and S.t[name].fields
		local key = fields and #fields > 0 and pick(fields).name or pick(texts)
		if S.raw.ismemory(object) then
			call(name .. "." .. key, function(a, k, v)
				a[k] = v
				return a[k], #a, tostring(a)
			end, table.pack(object, key, value()))
		end
	end
	if random(50) == 1 then
		collectgarbage()
	end
end

local function worker(seed)
	math.randomseed(seed)
	assert(S.setsid()) -- kill(0) is for a group, of whichever namespace
	local null = assert(S.open("/dev/null", "rdwr"))
	for number = 0, 2 do
		assert(S.dup3(null, number))
	end
	for _ = 1, CALLS do
		random_call()
		if S.getpid() ~= 1 then
			S._exit(0) -- a process that a call made
		end
	end
	S._exit(0)
end

-- Parent

local faults = { SEGV = true, BUS = true, ILL = true, FPE = true, ABRT = true, TRAP = true }
local names = {}
for name, number in pairs(S.c.SIG) do
	names[number] = faults[name] and name or names[number]
end

local function follow(pid, pidfd)
	local before = -1
	while true do
		if S.poll({ { fd = pidfd, events = "in" } }, 40) == 1 then
			break
		end
		local now = shared:u64(DONE)
		if now == before then
			S.kill(pid, "kill") -- it waits for something
		end
		before = now
	end
	pidfd:close()
	return select(3, assert(S.waitpid(pid, "__wall")))
end

local failures, workers, calls = {}, 0, 0

local function one(seed)
	shared:u64(DONE, 0)
	local pid = assert(S.clone("newpid, newns, newipc, newuts", "chld"))
	if pid == 0 then
		local good, message = pcall(worker, seed)
		if message == "not enough memory" then
			S._exit(0)
		end
		local text = tostring(good) .. " worker: " .. tostring(message):sub(1, 4000)
		memory.write(shared, TEXT, text .. "\0")
		S._exit(98)
	end
	local status = follow(pid, assert(S.pidfd_open(pid)))
	workers, calls = workers + 1, calls + shared:u64(DONE)
	local fault = status.WIFSIGNALED and names[status.WTERMSIG]
	if fault or status.WIFEXITED and status.EXITSTATUS ~= 0 then
		local text = memory.cstring(shared, TEXT)
		local key = fault or text:match "raises ([^\n]*)" or text
		if not failures[key] or only then
			failures[key] = true
			failures[#failures + 1] = key
			print(("seed %d: %s %s"):format(seed, fault or "error", text))
		end
	end
end

assert(S.getpid() < 10 and not S.stat "/home", "this runs in a sandbox only (confined.lua)")
if only then
	CALLS = only
	one(first)
else
	local till = S.clock_gettime("monotonic").time + seconds
	local seed = first
	while S.clock_gettime("monotonic").time < till do
		one(seed)
		seed = seed + 1
	end
end
print(("%d workers, %d calls, %d failures"):format(workers, calls, #failures))
os.exit(#failures == 0)
