-- scalars.lua - numbers in memory, which a call may store into: t.int1(), t.off1(8), t.ints(4)
--
-- As in C an element is named from 0 on: t.off1(8)[0] is 8.

local errors = require "syscall.errors"
local struct = require "syscall.struct"

local M = {}

for name, kind in pairs { char = "i8", uchar = "u8", int = "i32", uint = "u32", long = "i64",
	ulong = "u64", size = "u64", socklen = "u32", off = "i64", uid = "u32", gid = "u32",
	int16_ = "i16", uint16_ = "u16", int32_ = "i32", uint32_ = "u32", int64_ = "i64",
	uint64_ = "u64" } do
	M[name .. "1"] = struct.array(kind, 1)
end

local MOST = 0x7fffffff // 4

-- ints(count or list)
function M.ints(values)
	local list = type(values) == "table" and values or nil
	local count = list and #list or math.type(values) and math.tointeger(values)
	if not count or count < 0 or count > MOST then
		errors.complain("ints", 1, "a count or a list", values)
	end
	return struct.array("i32", count)(list)
end

return M
