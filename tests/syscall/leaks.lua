-- leaks.lua - descriptors where something goes wrong half-way
--
-- An error may come from anywhere: a limit, a wrong argument behind a good one, the body of a loop.
-- Here it comes from everywhere: a hook raises one after each single instruction of a call in turn.
-- What the call has made by then must go with its object.

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"

io.stdout:setvbuf "line"
local before = check.open_fds()
local dir, remove = check.scratch()
local path = dir .. "/file"
local listener = assert(S.socket("unix", "stream, nonblock"))
assert(listener:bind(S.t.sockaddr_un(dir .. "/socket")) and listener:listen(100))

local calls = {
	open = function() return S.open(path, "creat, rdwr", "0600") end,
	pipe = function() return S.pipe "cloexec" end,
	socketpair = function() return S.socketpair("unix", "stream") end,
	dup = function() return S.dup(listener) end,
	["dup to a number"] = function() return S.dup(listener, 200) end,
	fcntl = function() return S.fcntl(listener, "dupfd_cloexec", 100) end,
	accept = function()
		local client <close> = assert(S.socket("unix", "stream, nonblock"))
		client:connect(S.t.sockaddr_un(dir .. "/socket"))
		return listener:accept(S.t.sockaddr_storage())
	end,
	memfd_create = function() return S.memfd_create "x" end,
	epoll_create = function() return S.epoll_create() end,
	signalfd = function() return S.signalfd "usr1" end,
	timerfd_create = function() return S.timerfd_create() end,
	inotify_init = function() return S.inotify_init() end,
	openpt = function() return S.openpt() end,
	openpty = function() return S.openpty() end,
	shm_open = function() return S.shm_open("lunette-leaks", "creat, rdwr", "0600") end,
	mq_open = function() return S.mq_open("/lunette-leaks", "creat, rdwr", "0600") end,
	io_uring = function() return S.io_uring(4) end,
	pidfd_open = function() return S.pidfd_open(S.getpid()) end,
	mounts = function() return S.mounts() end,
	sysctl = function() return S.sysctl "kernel.ostype" end,
	pathconf = function() return S.pathconf(dir, "name_max") end,
	perf = function() return S.perf_event_open { type = "software", exclude_kernel = true } end,
}

local names = {}
for name in pairs(calls) do
	names[#names + 1] = name
end
table.sort(names)

-- An error after @count instructions of @f; false where it was over before.
local function interrupted(f, count)
	local done = false
	local function interrupt()
		debug.sethook()
		error "interrupted"
	end
	pcall(function()
		debug.sethook(interrupt, "", count + 2)
		f()
		done = true
		debug.sethook()
	end)
	debug.sethook()
	return not done
end

for _, name in ipairs(names) do
	local f = calls[name]
	pcall(f) -- loads its family
	collectgarbage()
	local start, most, count = check.open_fds(), 0, 0
	repeat
		count = count + 1
		local still = interrupted(f, count)
		if count % 16 == 0 or not still then
			most = math.max(most, check.open_fds())
		end
	until not still or count > 3000
	local title = ("%s: an error after each of %d instructions"):format(name, count)
	tap.ok(most <= start and count > 3, title, most .. " fds are open", start .. " were before")
end

S.shm_unlink "lunette-leaks"
S.mq_unlink "/lunette-leaks"

-- Errors that are the library's own, with something made already

local function keeps(name, f)
	local start = check.open_fds()
	for _ = 1, 20 do
		f()
	end
	tap.is(check.open_fds(), start, name)
end

keeps("a call that needs two descriptors and gets one", function()
	local limit = S.getrlimit "nofile"
	local top = assert(S.dup(listener)):getfd()
	S.setrlimit("nofile", { top + 1, limit.max })
	S.pipe()
	S.openpty()
	S.socketpair("unix", "stream")
	S.setrlimit("nofile", limit)
end)
keeps("an iterator that its loop leaves with an error", function()
	pcall(function()
		local here <close> = assert(S.open(dir, "rdonly, directory"))
		for entry in here:getdents() do
			error(entry.name)
		end
	end)
end)
keeps("descriptors in a message that nobody takes", function()
	local _, _, left, right = assert(S.socketpair("unix", "dgram"))
	assert(left:sendmsg { iov = { "x" },
		control = { S.t.cmsghdr("socket", "rights", { listener, listener }) } })
	local message = S.t.msghdr { iov = { 1 }, control = 64 }
	assert(right:recvmsg(message))
	pcall(error, message)
end)
keeps("wrong arguments behind a good one", function()
	pcall(S.openat, S.open(dir, "rdonly, directory"), "file", "no flag")
	pcall(S.dup3, S.open "/dev/null", {})
	pcall(S.io_uring, 4, { flags = "sqpoll" })
end)

listener:close()
remove()
tap.is(check.open_fds(), before, "no fd is left open")
tap.done()
