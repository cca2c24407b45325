-- perf.lua - performance events: counters, tracepoints, probes, and a reader of samples
--
-- A reader owns the event's fd and a mapping of the samples. next() copies a sample out before the
-- kernel may write over it; what is left unread when the buffer is full the kernel drops and
-- counts (PERF_RECORD_LOST).

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local types = require "syscall.types.perf"
local constants = require "syscall.constants"

local c = constants.c
local check = call.check
local memory = raw.memory

local M = {}

local open_event = call.bind("perf_event_open", "mem i32=0 i32=-1 i32=-1 flags:PERF_FLAG -> fd")

-- perf_event_open(attr [, pid [, cpu [, group_fd [, flags]]]]) - attr is made of a table
function M.perf_event_open(attr, pid, cpu, group, flags)
	if type(attr) ~= "table" and (raw.readable(attr) or 0) < types.perf_event_attr.size then
		errors.complain("perf_event_open", 1, "a perf_event_attr", attr)
	end
	attr = types.perf_event_attr(attr)
	-- The kernel reads as many bytes as the field says.
	memory.u32(attr, 4, types.perf_event_attr.size)
	return open_event(attr, pid, cpu, group and check.fd("perf_event_open", 4, group), flags)
end

-- Tracepoints, which live in tracefs

local function tracefs()
	local S = require "syscall"
	for _, path in ipairs { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" } do
		if S.stat(path .. "/events") then
			return path
		end
	end
	return "/sys/kernel/tracing"
end

-- perf_tracepoint(path) - the number of "syscalls/sys_enter_write", or of a whole path below
-- tracefs
function M.perf_tracepoint(path)
	local S = require "syscall"
	check.path("perf_tracepoint", 1, path)
	if path:sub(1, 1) ~= "/" then
		path = tracefs() .. "/events/" .. path
	end
	local file, err = S.open(path .. "/id", "rdonly, cloexec")
	if not file then
		return nil, err
	end
	local text
	text, err = file:read(nil, 64)
	file:close()
	return text and math.tointeger(tonumber(text)), err
end

-- perf_probe("kprobe" or "uprobe", name, definition [, at return]) - the number of a new probe's
-- tracepoint; without a definition the probe is taken away
function M.perf_probe(kind, name, definition, at_return)
	local S = require "syscall"
	if kind ~= "kprobe" and kind ~= "uprobe" then
		errors.complain("perf_probe", 1, "\"kprobe\" or \"uprobe\"", kind)
	end
	check.path("perf_probe", 2, name)
	local place = ("%ss/%s"):format(kind, name)
	if definition and S.stat(("%s/events/%s"):format(tracefs(), place)) then
		return nil, errors.objects[c.E.EXIST]
	end
	local file, err = S.open(("%s/%s_events"):format(tracefs(), kind), "wronly, append, cloexec")
	if not file then
		return nil, err
	end
	local text = definition and ("%s:%s %s"):format(at_return and "r" or "p", place,
		check.path("perf_probe", 3, definition)) or "-:" .. place
	local done
	done, err = file:write(text)
	file:close()
	if not done then
		return nil, err
	end
	return definition and M.perf_tracepoint(place) or true
end

-- perf_attach_tracepoint(tracepoint [, pid [, cpu [, group_fd [, fields of attr]]]]) - a reader
function M.perf_attach_tracepoint(tracepoint, pid, cpu, group, fields)
	local attr = types.perf_event_attr { type = "tracepoint", sample_type = "raw",
		config = check.integer("perf_attach_tracepoint", 1, tracepoint, 0), sample_period = 1,
		wakeup_events = 1 }
	for key, value in pairs(check.table("perf_attach_tracepoint", 5, fields or {})) do
		attr[key] = value
	end
	local fd, err = M.perf_event_open(attr, pid, cpu, group, "fd_cloexec")
	if not fd then
		return nil, err
	end
	return M.perf_reader(fd)
end

-- Readers

local methods = {}
local metatable = { __index = methods, __name = "perf_reader" }
local mapping = raw.metatable "perf_reader"
local PAGE = 1024 -- of perf_event_mmap_page: where data_head and the rest stand

-- perf_reader(fd) - of an event that perf_event_open() gave, which it owns from now on
function M.perf_reader(fd)
	check.fd("perf_reader", 1, fd)
	return setmetatable({ fd = fd }, metatable)
end

function methods.ioctl(self, request, argument)
	local done, err = self.fd:ioctl("PERF_EVENT_IOC_" .. request:upper(), argument)
	return done and true, err
end

function methods.start(self)
	return self:ioctl "enable"
end

function methods.stop(self)
	return self:ioctl "disable"
end

function methods.reset(self)
	return self:ioctl "reset"
end

-- refresh([count]) - enable for so many samples
function methods.refresh(self, count)
	return self:ioctl("refresh", count or 1)
end

-- setfilter(text) - of a tracepoint's fields: "count > 10"
function methods.setfilter(self, filter)
	return self:ioctl("set_filter", memory.new(check.path("setfilter", 1, filter)
		.. ("\0"):rep(8)))
end

-- setbpf(program's fd)
function methods.setbpf(self, program)
	return self:ioctl("set_bpf", check.fd("setbpf", 1, program))
end

-- read() - the count, a number
function methods.read(self)
	local bytes, err = self.fd:read(nil, 512)
	return bytes and #bytes >= 8 and ("=I8"):unpack(bytes) or nil, err
end

-- mmap([pages]) - room for samples: a power of two
function methods.mmap(self, pages)
	pages = check.integer("mmap", 1, pages or 8, 1, 1 << 16)
	local map, err = raw.map(mapping, (1 + pages) * raw.pagesize, c.PROT "read, write", c.MAP.SHARED,
		self.fd:getfd(), 0)
	if not map then
		return nil, err
	end
	self:munmap()
	self.map, self.size = map, pages * raw.pagesize
	return true
end

function methods.munmap(self)
	local map = self.map
	self.map = nil
	return not map or memory.close(map)
end

-- meta() - the first page, where the kernel says how far it has written
function methods.meta(self)
	if not self.map then
		errors.raise "perf_reader: mmap() comes first"
	end
	return memory.slice(self.map, 0, types.perf_event_mmap_page.size,
		types.perf_event_mmap_page.metatable)
end

local function bytes_at(self, at, length)
	local first = math.min(length, self.size - at)
	local bytes = memory.string(self.map, raw.pagesize + at, first)
	return first < length and bytes .. memory.string(self.map, raw.pagesize, length - first) or bytes
end

-- next() - the name of a record's type in lower case ("sample"), its bytes behind the header, and
-- the header's misc; nil where none is there
function methods.next(self)
	methods.meta(self)
	local head, tail = memory.u64(self.map, PAGE), memory.u64(self.map, PAGE + 8)
	if head - tail < types.perf_event_header.size then
		return nil
	end
	local kind, misc, size = ("=I4I2I2"):unpack(bytes_at(self, tail % self.size, 8))
	if size < 8 or size > head - tail then
		errors.raise "perf_reader: a record that goes past the end"
	end
	local bytes = bytes_at(self, tail % self.size, size):sub(9)
	memory.u64(self.map, PAGE + 8, tail + size)
	local name = constants.name("PERF_RECORD", kind)
	return name and name:lower() or kind, bytes, misc
end

function methods.close(self)
	self:munmap()
	return self.fd:close()
end

metatable.__close = methods.close

return M
