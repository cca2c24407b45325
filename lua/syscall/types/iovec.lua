-- iovec.lua - scattered buffers of readv(2), sendmsg(2) and their kin

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"

local memory = raw.memory

local M = {}

-- Text (a copy), a count of bytes, memory, or { memory or count, how much of it }.
local function base_of(value)
	local count = math.type(value) and math.tointeger(value)
	if count and count >= 0 and count <= 0x7fffffff then
		return memory.new(count)
	elseif type(value) == "string" or raw.ismemory(value) then
		return value
	end
	errors.raise("iovec: a text, a count of bytes or memory expected, got %s", errors.given(value))
end

M.iovec = struct.define {
	"iovec", c = "struct iovec", header = "linux/uio.h", prefix = "iov_",
	{ "ptr", "base", length = "len" },
	{ "size", "len" },
	takes_memory = true,
	init = function(self, first, length)
		if type(first) == "table" and not first.base and not first.iov_base then
			first, length = first[1], first[2]
		end
		if type(first) == "table" then
			M.iovec.fill(self, first)
		else
			self.base = base_of(first)
			self.len = length or self.len
		end
	end,
	text = function(self)
		return self.base and memory.string(self.base, 0, self.len) or ""
	end,
	list_text = function(list)
		local parts = {}
		for i, one in ipairs(list) do
			parts[i] = tostring(one)
		end
		return table.concat(parts)
	end,
}

local new_list = struct.list "iovec"

-- iovecs(list) - a list of them; tostring() joins what they hold
function M.iovecs(values)
	if not raw.ismemory(values) and type(values) ~= "table" then
		errors.raise("iovecs: a list of texts, counts or memory expected, got %s", type(values))
	end
	return new_list(values)
end

M.MOST = 1024 -- of one call: UIO_MAXIOV

-- sound(memory, count) - whether the first @count iovecs there point to what point() stored, and
-- no further: anything else in their place would be an address out of nothing
function M.sound(pieces, count)
	local size = raw.readable(pieces)
	if not size or size < 16 * count then
		return false
	end
	for at = 0, 16 * (count - 1), 16 do
		local length = memory.u64(pieces, at + 8)
		if length ~= 0 and not memory.holds(pieces, at, length) then
			return false
		end
	end
	return true
end

-- vector(name, index, value) - an argument of a call as iovecs, and how many they are
function M.vector(name, index, value)
	if type(value) == "table" then
		value = M.iovecs(value)
	end
	local size = raw.readable(value) or errors.complain(name, index, "a list of iovecs", value)
	local count = size // 16
	if count > M.MOST or not M.sound(value, count) then
		errors.complain(name, index, ("at most %d iovecs that point to memory"):format(M.MOST), value)
	end
	return value, count
end

return M
