-- scalars.lua - C's numbers: t.uint16(70000) is 4464, t.int1() memory for one
--
-- A type of one number converts to what C would have in it, and knows its size; a number stays one
-- of Lua's. Of memory, as in C, an element is named from 0 on: t.off1(8)[0] is 8.

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"

local memory = raw.memory

local M = {}

local number_metatable = { __name = "type" }

-- Without an argument 0, as memory is made of zeroes.
function number_metatable.__call(type, value)
	local whole = value == nil and 0 or math.type(value) and math.tointeger(value)
	if not whole then
		errors.complain(type.name, 1, "a whole number", value)
	end
	local low = whole & (-1 >> (64 - type.bits))
	return type.signed and low >> (type.bits - 1) == 1 and low | ~(-1 >> (64 - type.bits)) or low
end

function number_metatable.__tostring(type)
	return ("type %s (%d bytes)"):format(type.name, type.size)
end

local kinds = {
	char = raw.arch == "x86_64" and "i8" or "u8", uchar = "u8", int8 = "i8", uint8 = "u8",
	int16 = "i16", uint16 = "u16", int32 = "i32", uint32 = "u32", int64 = "i64", uint64 = "u64",
	int = "i32", uint = "u32", long = "i64", ulong = "u64", size = "u64", ssize = "i64",
	intptr = "i64", uintptr = "u64", off = "i64", ino = "u64", dev = "u64", daddr = "i32",
	nlink = raw.arch == "x86_64" and "u64" or "u32", mode = "u32", uid = "u32", gid = "u32",
	pid = "i32", id = "u32", socklen = "u32", sa_family = "u16", in_port = "u16", nfds = "u64",
	time = "i64", clock = "i64", clockid = "i32", aio_context = "u64",
}
for name, kind in pairs(kinds) do
	local bits = tonumber(kind:sub(2))
	M[name] = setmetatable({ name = name, bits = bits, size = bits // 8,
		signed = kind:sub(1, 1) == "i" }, number_metatable)
end

-- Numbers in memory: one of each kind, and two of some.
for name in ([[
	char uchar int uint long ulong size socklen off uid gid intptr aio_context int16_ uint16_
	int32_ uint32_ int64_ uint64_
]]):gmatch "%S+" do
	M[name .. "1"] = struct.array(kinds[name] or kinds[name:sub(1, -2)], 1)
end
for name in ("char int uint"):gmatch "%S+" do
	M[name .. "2"] = struct.array(kinds[name], 2)
end

local MOST = 0x7fffffff // 8

-- The list of the arguments (list) or (count, list), and its length, which @count may make longer.
local function list_of(name, first, second)
	local list = type(first) == "table" and first or second
	local count = math.type(first) and math.tointeger(first) or type(list) == "table" and #list
	if (list ~= nil and type(list) ~= "table") or not count or count < 0 or count > MOST then
		errors.complain(name, 1, "a count or a list", first)
	end
	return list or {}, math.max(count, #(list or {}))
end

-- ints(count or list)
function M.ints(first, second)
	local list, count = list_of("ints", first, second)
	return struct.array("i32", count)(list)
end

-- Pointers to what the list has; where the count is greater the rest is NULL.

local function pointers(name, first, second, target)
	local list, count = list_of(name, first, second)
	local self = memory.new(count * 8)
	for i, value in ipairs(list) do
		memory.point(self, (i - 1) * 8, target(value))
	end
	return self
end

-- string_array([count,] list of texts)
function M.string_array(first, second)
	return pointers("string_array", first, second, function(text)
		return memory.new(tostring(text) .. "\0")
	end)
end

-- iocb_ptrs([count,] list of requests)
function M.iocb_ptrs(first, second)
	local iocb = struct.find "iocb"
	return pointers("iocb_ptrs", first, second, function(request)
		return debug.getmetatable(request) == iocb.metatable and request or iocb(request)
	end)
end

return M
