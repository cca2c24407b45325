-- calls.lua - what tests of the system-call library say often

local tap = require "tap"
local S = require "syscall"
local number = require("syscall.call").number

local M = {}

if os.getenv "LUNETTE_EXERCISED" then
	require("exercised").watch(os.getenv "LUNETTE_EXERCISED")
end

-- raises(f, text, name) - @f raises an error that contains @text and points at its caller's line
function M.raises(f, text, name)
	local good, message = pcall(f)
	message = tostring(message)
	local own = message:find("lua/syscall/", 1, true)
	return tap.ok(not good and not own and message:find(text, 1, true), "error: " .. name,
		 "have: " .. (good and "no error" or message), "want: " .. text)
end

-- fails(f, sym, name) - @f gives nil and the error object of @sym ("NOENT")
function M.fails(f, sym, name)
	local value, err = f()
	return tap.ok(value == nil and err and err[sym], name, "have: " .. tostring(value) .. ", "
		.. tostring(err), "want: nil, " .. sym)
end

-- open_fds() - how many descriptors this process has open, once the collector has run. Counted by
-- hand: a child that counts would see those that its own making takes.
function M.open_fds()
	collectgarbage()
	collectgarbage()
	local count = -1 -- the directory's own
	local directory <close> = assert(S.open("/proc/self/fd", "directory"))
	local names = S.t.buffer(4096)
	while true do
		local bytes = assert(S.raw.call(number "getdents64", directory, names, 4096))
		if bytes == 0 then
			return count - 2 -- "." and ".."
		end
		local at = 0
		while at < bytes do
			count = count + 1
			at = at + names:u16(at + 16)
		end
	end
end

-- no_filters() - why no filter of system calls can be tried here, or nil
function M.no_filters()
	local _, err = S.seccomp("get_action_avail", 0, "allow")
	return err and err.NOSYS and "host: QEMU emulates a program without filters" or nil
end

-- sanitized(why) - the reason to skip what AddressSanitizer's own memory makes impossible, or nil
function M.sanitized(why)
	return (os.getenv "LUNETTE_BUILD" or ""):find "asan$" and "host: under AddressSanitizer " .. why
end

-- in_child(f) - the exit status of a child that runs @f: 0 where that gave true, 128 and its number
-- where a signal ended it. What it raises is said as a comment.
function M.in_child(f)
	local pid = assert(S.fork())
	if pid == 0 then
		local good, result = pcall(f)
		if not good then
			print("# in a child: " .. tostring(result))
			io.stdout:flush()
		end
		S._exit(good and result and 0 or 1)
	end
	local _, _, status = assert(S.waitpid(pid))
	return status.WIFSIGNALED and 128 + status.WTERMSIG or status.exitstatus
end

-- scratch() - a directory of its own, and a function that removes it and what is in it
function M.scratch()
	local name = os.tmpname()
	os.remove(name)
	assert(os.execute("mkdir -m 755 " .. name))
	return name, function()
		os.execute("rm -rf " .. name)
	end
end

return M
