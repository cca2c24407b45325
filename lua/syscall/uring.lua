-- uring.lua - io_uring: the three calls, and a ring that works
--
--   local ring <close> = assert(S.io_uring(8))
--   ring:read(fd, buffer, nil, 0, "mine")
--   ring:submit(1)
--   for done in ring:completions() do print(done.data, done.result) end
--
-- The kernel reads and writes memory after the call that told it to has returned. So a ring keeps
-- what each request points to until the request is complete, and close() cancels what is under way
-- and waits for it; should that fail, the memory is kept for good.
--
-- Completions are only looked at after io_uring_enter(2), which orders memory. A ring whose
-- submissions are polled by the kernel (SQPOLL) would need barriers of its own and is refused.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local types = require "syscall.types.uring"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

local setup = bind("io_uring_setup", "u32 in:io_uring_params -> fd")
local enter = bind("io_uring_enter", "fd u32=0 u32=0 flags:IORING_ENTER mem? size=0 -> int")
local register = bind("io_uring_register", "fd enum:IORING_REGISTER mem? u32=0 -> int")

-- io_uring_setup(entries [, params]) - fd, nil, what the kernel made of params
function M.io_uring_setup(entries, params)
	params = raw.ismemory(params) and params or types.io_uring_params(params or {})
	local fd, err = setup(entries, params)
	return fd, err, fd and params
end

-- io_uring_enter(fd, to_submit, min_complete, flags [, sigset]) - how many were taken
function M.io_uring_enter(fd, submit, complete, flags, mask)
	if mask ~= nil and not raw.ismemory(mask) then
		errors.complain("io_uring_enter", 5, "a set of signals", mask)
	end
	if mask and memory.size(mask) < 8 then
		errors.complain("io_uring_enter", 5, "8 bytes of signals", mask)
	end
	return enter(fd, submit, complete, flags, mask, mask and 8 or 0)
end

-- Bytes of an element of what an operation takes; others are given whole structures.
local element = { REGISTER_BUFFERS = 16, REGISTER_FILES = 4, REGISTER_EVENTFD = 4,
	REGISTER_PROBE = 8, REGISTER_RESTRICTIONS = 16, REGISTER_RING_FDS = 16,
	UNREGISTER_RING_FDS = 16, REGISTER_IOWQ_MAX_WORKERS = 4, REGISTER_IOWQ_AFF = 1 }

-- io_uring_register(fd, opcode [, memory [, count]])
function M.io_uring_register(fd, opcode, argument, count)
	local code = c.IORING_REGISTER[opcode]
	count = check.integer("io_uring_register", 4, count or 0, 0, 1 << 20)
	if raw.ismemory(argument) then
		local name = require("syscall.constants").name("IORING_REGISTER", code)
		local least = (element[name] or 64) * math.max(count, 1)
			+ (name == "REGISTER_PROBE" and 16 or 0)
		if memory.size(argument) < least then
			errors.complain("io_uring_register", 3, ("memory of at least %d bytes"):format(least),
				argument)
		end
	end
	return register(fd, code, argument, count)
end

-- Rings

local methods = {}
local metatable = { __index = methods, __name = "io_uring" }
local mapping = raw.metatable "io_uring"
local unfinished = {} -- what the kernel may go on writing to

local SQE, CQE = 64, 16

-- io_uring(entries [, params]) - a ring
function M.io_uring(entries, params)
	entries = check.integer("io_uring", 1, entries or 32, 1, 32768)
	params = types.io_uring_params(params or {})
	local refused = c.IORING_SETUP "sqpoll, iopoll, sqe128, cqe32" | 0x4000
	if params.flags & refused ~= 0 then
		errors.raise "io_uring: a ring without sqpoll, iopoll, sqe128, cqe32 and no_mmap expected"
	end
	local fd, err = setup(entries, params)
	if not fd then
		return nil, err
	end
	local sq, cq = params.sq_off, params.cq_off
	local size = math.max(sq.array + params.sq_entries * 4, cq.cqes + params.cq_entries * CQE)
	local prot, flags = c.PROT "read, write", c.MAP "shared, populate"
	if params.features & c.IORING_FEAT.SINGLE_MMAP == 0 then
		fd:close()
		return nil, errors.objects[c.E.OPNOTSUPP] -- before Linux 5.4
	end
	local rings, sqes
	rings, err = raw.map(mapping, size, prot, flags, fd:getfd(), c.IORING_OFF.SQ_RING)
	if rings then
		sqes, err = raw.map(mapping, params.sq_entries * SQE, prot, flags, fd:getfd(),
			c.IORING_OFF.SQES)
	end
	if not sqes then
		fd:close()
		return nil, err
	end
	local self = { fd = fd, params = params, rings = rings, sqes = sqes, entries = params.sq_entries,
		mask = memory.u32(rings, sq.ring_mask), cq_mask = memory.u32(rings, cq.ring_mask),
		sq_head = sq.head, sq_tail = sq.tail, sq_array = sq.array, cq_head = cq.head,
		cq_tail = cq.tail, cqes = cq.cqes, pending = {}, count = 0, last = 0, prepared = 0 }
	return setmetatable(self, metatable)
end

-- What an operation's memory is: how many bytes at addr, and at off where that is an address too;
-- a number, a field that tells, or a path. Of these only, since an unknown operation may take any
-- number for an address, and what lists point to (readv, sendmsg) could change until submit().
local OFF, ADDR, LEN = 8, 16, 24
local takes = {
	TIMEOUT = { 16 }, LINK_TIMEOUT = { 16 }, ACCEPT = { 0, 0 }, PIPE = { 8 },
	READ = { LEN }, WRITE = { LEN }, SEND = { LEN, 0 }, RECV = { LEN, 0 },
	CONNECT = { OFF }, BIND = { OFF }, EPOLL_CTL = { 16 }, STATX = { "path", 256 },
	OPENAT = { "path" }, OPENAT2 = { "path", LEN }, UNLINKAT = { "path" }, MKDIRAT = { "path" },
	RENAMEAT = { "path", "path" }, SYMLINKAT = { "path", "path" }, LINKAT = { "path", "path" },
}
for name in ([[NOP FSYNC SYNC_FILE_RANGE FALLOCATE FADVISE FTRUNCATE POLL_ADD POLL_REMOVE CLOSE
		SPLICE TEE SHUTDOWN SOCKET LISTEN MSG_RING ASYNC_CANCEL]]):gmatch "%u[%u_]*" do
	takes[name] = { 0 }
end
local by_code = {}
for name, what in pairs(takes) do
	by_code[c.IORING_OP[name]] = what
end

local function holds(request, at, what)
	if what == "path" then
		local text = memory.target(request, at)
		return text and memory.holds(request, at, 1) and memory.string(text):find("\0", 1, true)
	elseif what == 0 then
		return memory.u64(request, at) == 0
	elseif what == LEN then
		what = request.len
	elseif what == OFF then
		what = request.off
	end
	return memory.holds(request, at, what)
end

local function check_sqe(request)
	local what = by_code[request.opcode]
	if not what then
		errors.raise("io_uring: operation %s: only those whose memory can be checked expected",
			require("syscall.constants").names("IORING_OP", request.opcode))
	elseif not holds(request, ADDR, what[1]) or what[2] and not holds(request, OFF, what[2]) then
		errors.raise "io_uring: memory of the request's length expected"
	end
end

-- sqe(opcode, fields, keep [, data]) - prepare one request: fields of io_uring_sqe. What its
-- pointers point to is kept until it completes; so is @keep. Returns its number, by which it is
-- cancelled; nil, err (EBUSY) where the queue is full: submit() first.
function methods.sqe(self, opcode, fields, keep, data)
	if not self.fd then
		errors.raise "io_uring: the ring is closed"
	end
	local tail = memory.u32(self.rings, self.sq_tail)
	if (tail - memory.u32(self.rings, self.sq_head)) & 0xffffffff >= self.entries then
		return nil, errors.objects[c.E.BUSY]
	end
	local request = types.io_uring_sqe(fields)
	request.opcode = opcode
	check_sqe(request)
	self.last = self.last + 1
	request.user_data = self.last
	local at = tail & self.mask
	memory.write(self.sqes, at * SQE, request)
	memory.u32(self.rings, self.sq_array + at * 4, at)
	memory.u32(self.rings, self.sq_tail, (tail + 1) & 0xffffffff)
	-- The request itself keeps the targets of its pointers.
	self.pending[self.last] = { keep = keep, request = request, data = data, opcode = request.opcode }
	self.count, self.prepared = self.count + 1, self.prepared + 1
	return self.last
end

-- Memory for data or an answer: what was given, or new; and its length.
local function room(name, index, buffer, count)
	if type(buffer) == "string" or math.type(buffer) then
		buffer = memory.new(buffer)
	elseif buffer == nil then
		buffer = memory.new(check.integer(name, index + 1, count or 4096, 0, 1 << 30))
	elseif not raw.ismemory(buffer) then
		errors.complain(name, index, "memory or text", buffer)
	end
	local size = memory.size(buffer)
	return buffer, check.integer(name, index + 1, count or size, 0, size)
end

-- A request about a descriptor, memory and an offset (-1: where the file stands).
local function transfer(name, opcode, answers)
	methods[name] = function(self, fd, buffer, count, offset, data)
		local wanted = answers and buffer == nil
		local at, length = room(name, 2, buffer, count)
		return self:sqe(opcode, { fd = check.fd(name, 1, fd), addr = at, len = length,
			off = check.integer(name, 4, offset or -1) }, { fd, at, answers and wanted and "text" }, data)
	end
end

transfer("read", "read", true)
transfer("write", "write", false)

-- The same about a socket: flags of MSG in place of an offset.
local function message(name, opcode, answers)
	methods[name] = function(self, fd, buffer, count, flags, data)
		local wanted = answers and buffer == nil
		local at, length = room(name, 2, buffer, count)
		return self:sqe(opcode, { fd = check.fd(name, 1, fd), addr = at, len = length,
			op_flags = c.MSG[flags or 0] }, { fd, at, wanted and "text" }, data)
	end
end

message("recv", "recv", true)
message("send", "send", false)

function methods.nop(self, data)
	return self:sqe("nop", { fd = -1 }, nil, data)
end

-- fsync(fd [, "datasync" [, data]])
function methods.fsync(self, fd, flags, data)
	return self:sqe("fsync", { fd = check.fd("fsync", 1, fd), op_flags = c.IORING_FSYNC[flags or 0] },
		fd, data)
end

-- openat(dir or nil, path, flags, mode [, data]): the result is an fd object
function methods.openat(self, dir, path, flags, mode, data)
	local at = dir == nil and c.AT.FDCWD or check.fd("openat", 1, dir)
	return self:sqe("openat", { fd = at, addr = check.path("openat", 2, path),
		len = c.MODE[mode or 0], op_flags = c.O[flags or 0] & 0xffffffff }, dir, data)
end

-- accept(fd [, flags of SOCK [, data]]): the result is an fd object
function methods.accept(self, fd, flags, data)
	return self:sqe("accept", { fd = check.fd("accept", 1, fd), op_flags = c.SOCK[flags or 0] }, fd,
		data)
end

function methods.connect(self, fd, address, data)
	if not raw.ismemory(address) then
		errors.complain("connect", 2, "an address", address)
	end
	return self:sqe("connect", { fd = check.fd("connect", 1, fd), addr = address, off = #address }, fd,
		data)
end

-- poll_add(fd, events of POLL [, data]): the result is what happened
function methods.poll_add(self, fd, events, data)
	return self:sqe("poll_add", { fd = check.fd("poll_add", 1, fd), op_flags = c.POLL[events] }, fd,
		data)
end

-- timeout(seconds or timespec [, count [, data]]): after so many completions or that time (ETIME)
function methods.timeout(self, time, count, data)
	local spec = require("syscall.types.time").timespec(time)
	return self:sqe("timeout", { fd = -1, addr = spec, len = 1,
		off = check.integer("timeout", 2, count or 0, 0) }, nil, data)
end

-- cancel(number [, data]) - of a request that sqe() and the others answered
function methods.cancel(self, number, data)
	local request = { fd = -1 }
	local made, err = self:sqe("async_cancel", request, nil, data)
	if made then
		local tail = (memory.u32(self.rings, self.sq_tail) - 1) & self.mask
		memory.u64(self.sqes, tail * SQE + 16, check.integer("cancel", 1, number))
	end
	return made, err
end

-- submit([wait for]) - hand over what was prepared; how many the kernel took
function methods.submit(self, wait)
	wait = check.integer("submit", 1, wait or 0, 0, 0x7fffffff)
	local taken, err
	repeat
		taken, err = enter(self.fd, self.prepared, wait, wait > 0 and "getevents" or 0)
	until taken or not err.INTR
	if taken then
		self.prepared = self.prepared - taken
	end
	return taken, err
end

local gives_fd = { [c.IORING_OP.OPENAT] = true, [c.IORING_OP.ACCEPT] = true }

-- A completion: { number, data, res, flags, result } - result is a number, text or an fd object,
-- or nil and then err is the error.
local function finish(self, number, res, flags)
	local pending = self.pending[number]
	local done = { number = number, data = pending and pending.data, res = res, flags = flags }
	if flags & c.IORING_CQE_F.MORE == 0 and pending then
		self.pending[number] = nil
		self.count = self.count - 1
	end
	if res < 0 then
		done.err = errors.objects[-res]
	elseif pending and gives_fd[pending.opcode] then
		done.result = require("syscall.fd").fd(res)
	elseif pending and type(pending.keep) == "table" and pending.keep[3] then
		done.result = memory.string(pending.keep[2], 0, res)
	else
		done.result = res
	end
	return done
end

-- Takes one completion that is there, or nil.
local function take(self)
	local head = memory.u32(self.rings, self.cq_head)
	if head == memory.u32(self.rings, self.cq_tail) then
		return nil
	end
	local at = self.cqes + (head & self.cq_mask) * CQE
	local number = memory.u64(self.rings, at)
	local res, flags = memory.i32(self.rings, at + 8), memory.u32(self.rings, at + 12)
	memory.u32(self.rings, self.cq_head, (head + 1) & 0xffffffff)
	return finish(self, number, res, flags)
end

-- peek() - a completion that has come, or nil
function methods.peek(self)
	local ok, err = enter(self.fd, 0, 0, "getevents")
	if not ok then
		return nil, err
	end
	return take(self)
end

-- wait() - the next completion; submits what was prepared. nil where nothing is under way.
function methods.wait(self)
	if self.count == 0 then
		return nil
	end
	local done = self.prepared == 0 and methods.peek(self)
	while not done do
		-- A stop ends the wait, without EINTR where requests were handed over before it.
		local ok, err = methods.submit(self, 1)
		if not ok then
			return nil, err
		end
		done = take(self)
	end
	return done
end

-- for done in ring:completions() do - until nothing is under way
function methods.completions(self)
	return function()
		return (methods.wait(self))
	end
end

-- close() - cancel what is under way, wait for it, and give the ring back. Twice is a success.
function methods.close(self)
	local fd = self.fd
	if not fd then
		return true
	end
	if self.count > 0 then
		-- struct io_uring_sync_cancel_reg: any request, wait for at most one second (Linux 6.0)
		local request = memory.new(64)
		request:i32(8, -1)
		request:u32(12, 4) -- IORING_ASYNC_CANCEL_ANY
		request:u64(16, 1)
		methods.submit(self)
		register(fd, "register_sync_cancel", request, 1)
		local done = methods.peek(self)
		while done do
			if raw.ishandle(done.result) then
				done.result:close()
			end
			done = methods.peek(self)
		end
	end
	if self.count > 0 then
		unfinished[#unfinished + 1] = self.pending
	end
	self.fd = nil
	memory.close(self.rings)
	memory.close(self.sqes)
	return fd:close()
end

metatable.__close = methods.close
metatable.__gc = methods.close

return M
