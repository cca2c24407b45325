-- arguments.lua - a wrong argument to any function is an error that names function and argument
--
-- Functions that are rows are called with each of their arguments wrong in each way that its kind
-- knows, behind arguments that would do; all others with values of a wrong type. Nothing is called
-- by that: what is checked in front of a call is all that runs.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local call = require "syscall.call"
local index = require "syscall.index"
local struct = require "syscall.struct"
local S = require "syscall"
local memory = S.raw.memory

local before = check.open_fds()
local closed_fd = assert(S.open "/dev/null")
closed_fd:close()
local closed = memory.new(4096)
closed:close()

-- Kind → values that it must refuse.
local wrong = {
	fd = { "x", {}, 1.5, 1 << 40, closed_fd, true }, at = { "x", {}, 1.5, closed_fd, true },
	path = { {}, 5, "a\0b", true }, text = { {}, 5, "a\0b" },
	i32 = { "x", 1.5, 1 << 40, -1 << 31 << 1, {}, 0 / 0 }, u32 = { "x", 1.5, 1 << 40, -2, {} },
	i64 = { "x", 1.5, 1e300, {} }, u64 = { "x", 1.5, 1e300, {} }, size = { "x", 1.5, -1, {} },
	flags = { "no such name", {}, 1.5, true }, enum = { "no such name", {}, 1.5 },
	mode = { "no such name", {}, 1.5 },
	mem = { "x", {}, 5, closed }, room = { "x", {}, 5, closed }, data = { {}, 5, closed },
	out = { "x", {}, 5, closed }, ["in"] = { closed },
}
local required = { fd = true, path = true, text = true, i32 = true, u32 = true, i64 = true,
	u64 = true, size = true, mem = true, data = true, ["in"] = true }

-- What would do in its place.
local function good(kind, of)
	if kind == "fd" or kind == "at" then
		return -1
	elseif kind == "path" or kind == "text" then
		return "/none/none"
	elseif kind == "mem" then
		return memory.new(4096)
	elseif kind == "in" or kind == "out" then
		return memory.new(math.max(struct.find(of).size, 1))
	elseif kind == "data" then
		return "data"
	end
	return kind ~= "room" and 0 or nil
end

-- A word for each argument of Lua.
local function words_of(row)
	local list = {}
	for _, word in ipairs((call.words(row))) do
		if word.takes > 0 then
			list[#list + 1] = word
		end
		if word.takes == 2 then
			list[#list + 1] = { kind = "count", default = "all" }
		end
	end
	return list
end

local function bad_values(word)
	local list = table.move(wrong[word.kind] or {}, 1, #(wrong[word.kind] or {}), 1, {})
	if word.kind == "count" then
		list = { "x", 1.5, -1 }
	elseif word.kind == "in" or word.kind == "out" then
		local size = struct.find(word.of).size
		list[#list + 1] = size > 0 and memory.new(size - 1) or nil
	elseif word.kind == "mem" and tonumber(word.of) then
		list[#list + 1] = memory.new(tonumber(word.of) - 1)
	end
	return list
end

-- Calls @name and answers what is wrong with the error, or nil.
local function refused(name, position, arguments)
	local ran, message = pcall(S[name], table.unpack(arguments, 1, arguments.n))
	message = tostring(message)
	if ran then
		return "no error"
	elseif not message:find("bad argument #" .. position, 1, true)
		or not message:find(name, 1, true) then
		return message
	end
end

local function try_row(name, row)
	local words, complaints = words_of(row), {}
	for i, word in ipairs(words) do
		local arguments = { n = #words }
		for j = 1, i - 1 do
			arguments[j] = good(words[j].kind, words[j].of)
		end
		local function try(value, what)
			arguments[i] = value
			local why = refused(name, i, arguments)
			if why then
				complaints[#complaints + 1] = ("#%d = %s: %s"):format(i, what, why)
			end
		end
		for _, value in ipairs(bad_values(word)) do
			try(value, S.raw.ismemory(value) and "memory" or type(value) .. " " .. tostring(value))
		end
		if required[word.kind] and not word.optional and not word.default then
			try(nil, "nil")
		end
	end
	return complaints
end

-- Of a function that is written out: it has an error for a value of no use.
local function try_function(name)
	local complaints = {}
	for _, value in ipairs { coroutine.create(print), print } do
		local ran, message = pcall(S[name], value, value, value, value)
		message = tostring(message)
		if ran or not (message:find(name, 1, true) or message:find "expected, got") then
			complaints[#complaints + 1] = type(value) .. ": " .. (ran and "no error" or message)
		end
	end
	return complaints
end

-- Without arguments, or glad of any.
local takes_none = {}
for name in ([[atexit clearenv environ exit fork getcpu getcwd getegid geteuid getgid getgroups
	gethostname getdomainname getpagesize getpgrp getpid getppid getresgid getresuid gettid getuid
	munlockall sched_yield setsid sync sysinfo time uname vhangup pause setns sigpending swapoff
	mounts wait wait3 posix_openpt openpt openpty forkpty]]):gmatch "%S+" do
	takes_none[name] = true
end

local names = {}
for name in pairs(index.functions) do
	names[#names + 1] = S[name] and name or nil
end
table.sort(names)
for _, name in ipairs(names) do
	local rows = require("syscall." .. index.functions[name]).rows or {}
	local complaints
	if rows[name] then
		complaints = try_row(name, rows[name])
	elseif not takes_none[name] then
		complaints = try_function(name)
	end
	if complaints then
		tap.ok(#complaints == 0, name .. "(): wrong arguments", table.unpack(complaints))
	end
end
for name in ([[execve mkfifo mknod utime utimes lutimes shm_open shm_unlink mq_open mq_unlink
	pathconf getxattr lgetxattr listxattr llistxattr xattr lxattr mount umount fsopen swapon mounts
	sysctl setenv]]):gmatch "%S+" do
	local second = { mkfifo = "0600", mknod = "0600", pathconf = "name_max" }
	check.raises(function() S[name]("a\0b", second[name] or "value", nil, "x", "x") end, "NUL",
		name .. "(): a NUL byte in a path or name")
end
tap.is(check.open_fds(), before, "no fd is left open")
tap.done()
