-- iovec.lua - scattered buffers of readv(2), sendmsg(2) and their kin

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"

local memory = raw.memory

local M = {}

-- Text (a copy), a count of bytes, memory, or { memory or count, how much of it }.
local function base_of(value)
	if math.type(value) then
		return memory.new(value)
	elseif type(value) == "string" or raw.ismemory(value) then
		return value
	end
	errors.raise("iovec: a text, a count of bytes or memory expected, got %s", type(value))
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

return M
