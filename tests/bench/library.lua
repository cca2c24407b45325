-- library.lua - what a call costs: this library, luaposix, LuaJIT's FFI
--
--   INTERPRETER library.lua ours|posix|ffi DIRECTORY
--
-- Prints a line `NAME SECONDS` for each of what it can do, seconds of CPU time a call: that of the
-- process and of the kernel for it, which a busy machine changes least. Runs in Lua 5.1 to 5.4 and
-- LuaJIT; DIRECTORY holds 10,000 files. tests/bench/library starts it and compares.

local which, directory = ...
local clock = os.clock

-- The least of several rounds, each of about 50 ms.
local function measure(name, f)
	local count, least = 1, math.huge
	repeat
		count = count * 2
		local start = clock()
		f(count)
		local took = clock() - start
	until took > 0.02
	for _ = 1, 7 do
		local start = clock()
		f(count)
		least = math.min(least, (clock() - start) / count)
	end
	print(("%s %.12f"):format(name, least))
end

local function ours()
	local start = clock()
	local S = require "syscall"
	print(("load %.12f"):format(clock() - start))
	local zero, null = assert(S.open("/dev/zero", "rdwr")), assert(S.open("/dev/null", "rdwr"))
	local one, many, buffer = "x", ("x"):rep(65536), S.t.buffer(65536)
	measure("getpid", function(n) for _ = 1, n do S.getpid() end end)
	measure("read_1", function(n) for _ = 1, n do S.read(zero, nil, 1) end end)
	measure("read_64K", function(n) for _ = 1, n do S.read(zero, nil, 65536) end end)
	measure("read_64K_into", function(n) for _ = 1, n do S.read(zero, buffer) end end)
	measure("write_1", function(n) for _ = 1, n do S.write(null, one) end end)
	measure("write_64K", function(n) for _ = 1, n do S.write(null, many) end end)
	measure("stat", function(n) for _ = 1, n do local _ = S.stat("/dev/null").mode end end)
	measure("open_close", function(n) for _ = 1, n do S.open("/dev/null", "rdonly"):close() end end)
	-- Names alone, as luaposix gives them; and with type and inode of each, which it does not.
	local function list(names, count_all)
		local fd, count = assert(S.open(directory, "rdonly, directory")), 0
		repeat
			local entries, bytes = fd:getdents(nil, nil, names)
			count = count + count_all(entries)
		until bytes == 0
		fd:close()
		assert(count == 10002)
	end
	local function count_names(entries)
		local count = 0
		for name in entries do
			count = count + (name and 1 or 0)
		end
		return count
	end
	local function count_objects(entries)
		local count = 0
		for entry in entries do
			count = count + (entry.name and 1 or 0)
		end
		return count
	end
	measure("getdents_10000", function(n) for _ = 1, n do list(true, count_names) end end)
	measure("entries_10000", function(n) for _ = 1, n do list(false, count_objects) end end)
	local ep, fds = assert(S.epoll_create()), {}
	for i = 1, 100 do
		fds[i] = assert(S.eventfd(1))
		assert(ep:epoll_ctl("add", fds[i], "in"))
	end
	local events = S.t.epoll_events(100)
	measure("epoll_wait_100", function(n)
		for _ = 1, n do
			for _, event in ep:epoll_wait(events, 0) do
				local _ = event.fd
			end
		end
	end)
	if S.unshare "newuser, newnet" then
		for i = 1, 199 do
			if not S.nl.create_interface { type = "bridge", name = "link" .. i } then
				return
			end
		end
		assert(#S.nl.getlink() == 200)
		measure("netlink_200_links", function(n) for _ = 1, n do S.nl.getlink() end end)
	end
end

local function posix()
	local unistd, fcntl, stat = require "posix.unistd", require "posix.fcntl", require "posix.sys.stat"
	local dirent = require "posix.dirent"
	local zero, null = fcntl.open("/dev/zero", fcntl.O_RDWR), fcntl.open("/dev/null", fcntl.O_RDWR)
	local one, many = "x", ("x"):rep(65536)
	measure("getpid", function(n) for _ = 1, n do unistd.getpid() end end)
	measure("read_1", function(n) for _ = 1, n do unistd.read(zero, 1) end end)
	measure("read_64K", function(n) for _ = 1, n do unistd.read(zero, 65536) end end)
	measure("write_1", function(n) for _ = 1, n do unistd.write(null, one) end end)
	measure("write_64K", function(n) for _ = 1, n do unistd.write(null, many) end end)
	measure("stat", function(n) for _ = 1, n do local _ = stat.stat("/dev/null").st_mode end end)
	measure("open_close", function(n)
		for _ = 1, n do
			unistd.close(fcntl.open("/dev/null", fcntl.O_RDONLY))
		end
	end)
	measure("getdents_10000", function(n)
		for _ = 1, n do
			local count = 0
			for name in dirent.files(directory) do
				count = count + (name and 1 or 0)
			end
			assert(count == 10002)
		end
	end)
end

local function ffi()
	local C, made = require("ffi"), require("ffi").new
	C.cdef [[
		int getpid(void); int open(const char *, int, ...); int close(int);
		long read(int, void *, size_t); long write(int, const void *, size_t);
		int epoll_create1(int); int epoll_ctl(int, int, int, void *);
		int epoll_wait(int, void *, int, int); int eventfd(unsigned, int);
	]]
	local libc = C.C
	local zero, null = libc.open("/dev/zero", 2), libc.open("/dev/null", 2)
	local one, many, buffer = "x", ("x"):rep(65536), made("char[65536]")
	measure("getpid", function(n) for _ = 1, n do libc.getpid() end end)
	measure("read_1", function(n)
		for _ = 1, n do
			local _ = C.string(buffer, libc.read(zero, buffer, 1))
		end
	end)
	measure("read_64K", function(n)
		for _ = 1, n do
			local _ = C.string(buffer, libc.read(zero, buffer, 65536))
		end
	end)
	measure("read_64K_into", function(n) for _ = 1, n do libc.read(zero, buffer, 65536) end end)
	measure("write_1", function(n) for _ = 1, n do libc.write(null, one, 1) end end)
	measure("write_64K", function(n) for _ = 1, n do libc.write(null, many, 65536) end end)
	measure("open_close", function(n) for _ = 1, n do libc.close(libc.open("/dev/null", 0)) end end)
	local ep, events = libc.epoll_create1(0), made("struct { uint32_t e; uint32_t d[2]; }[100]")
	for _ = 1, 100 do
		local fd = libc.eventfd(1, 0)
		events[0].e, events[0].d[0] = 1, fd
		libc.epoll_ctl(ep, 1, fd, events)
	end
	measure("epoll_wait_100", function(n)
		for _ = 1, n do
			for i = 0, libc.epoll_wait(ep, events, 100, 0) - 1 do
				local _ = events[i].d[0]
			end
		end
	end)
end

if which == "ours" then
	ours()
elseif which == "posix" then
	posix()
else
	ffi()
end
