-- poll.lua - what waiting takes and answers: pollfd, epoll_event, sets of descriptors, and the
-- events of inotify and fanotify

local raw = require "syscall.raw"
local struct = require "syscall.struct"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local fd_objects = require "syscall.fd"
require "syscall.types.time"

local c = constants.c
local define = struct.define
local memory = raw.memory

local M = {}

-- The number of what is a descriptor.
local function number_of(what, fd)
	return raw.getfd(fd) or errors.raise("%s: an open fd expected, got %s", what, errors.given(fd))
end

-- Booleans by the names of @family, in both cases, of the field @field.
local function booleans(family, field)
	local gets = {}
	for name, bit in pairs(c[family]) do
		local function get(self)
			return self[field] & bit ~= 0
		end
		gets[name], gets[name:lower()] = get, get
	end
	return gets
end

M.pollfd = define {
	"pollfd", c = "struct pollfd", header = "poll.h",
	{ "int", "fd", fd = true },
	{ "short", "events", const = "POLL" },
	{ "short", "revents", const = "POLL" },
	get = booleans("POLL", "revents"),
}

M.pollfds = struct.list "pollfd"

local DATA = raw.arch == "x86_64" and 4 or 8 -- packed there
local event_gets = booleans("EPOLL", "events")

event_gets.fd, event_gets.u32 = struct.packed("i32", DATA), struct.packed("u32", DATA)

M.epoll_event = define {
	"epoll_event", c = "struct epoll_event", header = "linux/eventpoll.h", packed = "x86_64",
	{ "u32", "events", const = "EPOLL" },
	{ "u64", "data" },
	get = event_gets,
	set = {
		fd = function(self, fd)
			memory.u64(self, DATA, 0)
			memory.i32(self, DATA, number_of("epoll_event.fd", fd))
		end,
		u32 = function(self, value)
			memory.u64(self, DATA, 0)
			memory.u32(self, DATA, value)
		end,
	},
}

M.epoll_events = struct.list "epoll_event"

-- Sets of descriptors, of as many bits as the highest needs.

local SET = 1024 -- bits of C's fd_set

local function bit_of(self, fd)
	local number = number_of("fdset", fd)
	if number < 0 or number >= memory.size(self) * 8 then
		errors.raise("fdset: an fd from 0 to %d expected, got %d", memory.size(self) * 8 - 1, number)
	end
	return number
end

M.fdset = define {
	"fdset", c = "fd_set", header = "sys/select.h", size = SET / 8, align = 8,
	{ "u64[16]", "bits", c = "fds_bits" },
	init = function(self, list)
		for _, fd in ipairs(list or {}) do
			M.fdset.methods.set(self, fd)
		end
	end,
	methods = {
		set = function(self, fd)
			local at = bit_of(self, fd)
			memory.u8(self, at >> 3, memory.u8(self, at >> 3) | 1 << (at & 7))
		end,
		clear = function(self, fd)
			local at = bit_of(self, fd)
			memory.u8(self, at >> 3, memory.u8(self, at >> 3) & ~(1 << (at & 7)))
		end,
		get = function(self, fd)
			local at = bit_of(self, fd)
			return memory.u8(self, at >> 3) >> (at & 7) & 1 == 1
		end,
	},
}

-- fdset_of(list, bits) - a set of at least @bits bits
function M.fdset_of(list, bits)
	local set = memory.new(math.max(SET, (bits + 63) // 64 * 64) // 8, M.fdset.metatable)
	for _, fd in ipairs(list) do
		set:set(fd)
	end
	return set
end

-- inotify

M.inotify_event = define {
	"inotify_event", c = "struct inotify_event", header = "linux/inotify.h",
	{ "i32", "wd" },
	{ "u32", "mask", const = "IN" },
	{ "u32", "cookie" },
	{ "u32", "len" },
}

-- An event that was read: a table with booleans by name (event.create).
local event_metatable = {
	__index = function(event, key)
		if math.type(key) then
			return nil
		end
		return event.mask & c.IN[key] ~= 0
	end,
	__tostring = function(event)
		return ("%s %s"):format(constants.names("IN", event.mask), event.name or "")
	end,
}

-- The number of bytes of @bytes that hold events: all, unless a length is given.
local function check_events(name, bytes, length)
	local size = raw.readable(bytes) or errors.complain(name, 1, "memory", bytes)
	length = length == nil and size or math.type(length) and math.tointeger(length)
		or errors.complain(name, 2, "a count of bytes", length)
	return length <= size and length or errors.complain(name, 2, "no more than there are", length)
end

-- inotify_events(memory [, length]) - the list of events in the first @length bytes
function M.inotify_events(bytes, length)
	length = check_events("inotify_events", bytes, length)
	local list, at = {}, 0
	local header = M.inotify_event.size
	while at + header <= length do
		local size = memory.u32(bytes, at + 12)
		if size > length - at - header then
			errors.raise "inotify_events: an event that goes past the end"
		end
		list[#list + 1] = setmetatable({
			wd = memory.i32(bytes, at), mask = memory.u32(bytes, at + 4),
			cookie = memory.u32(bytes, at + 8),
			name = size > 0 and memory.cstring(bytes, at + header, size) or false,
		}, event_metatable)
		at = at + header + size
	end
	return list
end

-- fanotify

M.fanotify_event_metadata = define {
	"fanotify_event_metadata", c = "struct fanotify_event_metadata", header = "linux/fanotify.h",
	{ "u32", "event_len" },
	{ "u8", "vers" },
	{ "u8", "reserved" },
	{ "u16", "metadata_len" },
	{ "u64", "mask", align = 8 },
	{ "i32", "fd" },
	{ "i32", "pid" },
}

M.fanotify_event_info_header = define {
	"fanotify_event_info_header", c = "struct fanotify_event_info_header",
	header = "linux/fanotify.h",
	{ "u8", "info_type", const = "FAN_EVENT_INFO_TYPE" },
	{ "u8", "pad" },
	{ "u16", "len" },
}

M.fanotify_response = define {
	"fanotify_response", c = "struct fanotify_response", header = "linux/fanotify.h",
	{ "i32", "fd" },
	{ "u32", "response", const = "FAN_RESPONSE" },
}

local fan_metatable = {
	__index = function(event, key)
		if math.type(key) then
			return nil
		end
		return event.mask & c.FAN_EVENT[key] ~= 0
	end,
	__tostring = function(event)
		return constants.names("FAN_EVENT", event.mask)
	end,
}

-- What one record of information says: fsid, file handle and name, or the bytes.
local function read_info(bytes, at, size)
	local kind = memory.u8(bytes, at)
	local info = { type = kind, bytes = memory.string(bytes, at + 4, size - 4) }
	if kind == c.FAN_EVENT_INFO_TYPE.PIDFD and size >= 8 then
		local number = memory.i32(bytes, at + 4)
		info.pidfd = number >= 0 and fd_objects.fd(number) or nil
	elseif kind ~= c.FAN_EVENT_INFO_TYPE.ERROR and size >= 20 then
		-- __kernel_fsid_t, then a file_handle: its length, its type, its bytes; then a name
		local length = memory.u32(bytes, at + 12)
		info.fsid = memory.u64(bytes, at + 4)
		info.handle_type = memory.i32(bytes, at + 16)
		if length <= size - 20 then
			info.handle = memory.string(bytes, at + 20, length)
			if size > 20 + length and kind ~= c.FAN_EVENT_INFO_TYPE.FID then
				info.name = memory.cstring(bytes, at + 20 + length, size - 20 - length)
			end
		end
	end
	return info
end

-- fanotify_events(memory [, length]) - a list of events; their descriptors are objects
function M.fanotify_events(bytes, length)
	length = check_events("fanotify_events", bytes, length)
	local list, at = {}, 0
	local header = M.fanotify_event_metadata.size
	while at + header <= length do
		local size, own = memory.u32(bytes, at), memory.u16(bytes, at + 6)
		if size < header or size > length - at or own < header or own > size then
			errors.raise "fanotify_events: an event that goes past the end"
		end
		local number = memory.i32(bytes, at + 16)
		local event = setmetatable({
			mask = memory.u64(bytes, at + 8), pid = memory.i32(bytes, at + 20),
			fd = number >= 0 and fd_objects.fd(number) or false, info = {},
		}, fan_metatable)
		local part = at + own
		while part + 4 <= at + size do
			local part_size = memory.u16(bytes, part + 2)
			if part_size < 4 or part_size > at + size - part then
				break
			end
			event.info[#event.info + 1] = read_info(bytes, part, part_size)
			part = part + part_size
		end
		list[#list + 1] = event
		at = at + size
	end
	return list
end

return M
