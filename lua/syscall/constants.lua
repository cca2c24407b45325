-- constants.lua - tables of constants: S.c.O.RDWR, S.c.O["rdwr, creat"], S.c.O("creat", "~excl")
--
-- A family is made when it is first named, from what the build made of the text tables. It holds
-- its names in upper case as plain keys; text in any other form is taken apart once and
-- remembered in the metatable's __index. Unknown names are errors that name the nearest.

local raw = require "syscall.raw"
local errors = require "syscall.errors"

local M = {}

local data = require("syscall.constants_" .. raw.arch)
local kinds = {} -- family → "flags", "enum", "mode", "letters" or "list"

local function upper(text)
	return (text:match "^%s*(.-)%s*$":upper())
end

-- Names that are read and not printed: what /proc/mounts says, older names, and those that
-- ljsyscall has for a constant of another name or family.
local spoken = {
	MS = { RO = 1, RW = 0, SECLABEL = 0 }, MAP = { ANON = 0x20 },
	O = { FSYNC = 0x101000, RSYNC = 0x101000 },
	AF = { FILE = 1, ROUTE = 16 }, BPF = { ANY = 0, NOEXIST = 1, EXIST = 2 }, E = { NOATTR = 61 },
	F = { GETLK64 = 5, SETLK64 = 6, SETLKW64 = 7 }, IFF = { ALL = 0xffffffff },
	RLIMIT = { OFILE = 7 }, SWAP_FLAG = { PRIO_SHIFT = 0 },
	PERF_SAMPLE_BRANCH = { -- where the bits lie: perf_branch_sample_type_shift
		USER_SHIFT = 0, KERNEL_SHIFT = 1, HV_SHIFT = 2, ANY_SHIFT = 3, ANY_CALL_SHIFT = 4,
		ANY_RETURN_SHIFT = 5, IND_CALL_SHIFT = 6, ABORT_TX_SHIFT = 7, IN_TX_SHIFT = 8,
		NO_TX_SHIFT = 9, COND_SHIFT = 10, CALL_STACK_SHIFT = 11, IND_JUMP_SHIFT = 12,
		CALL_SHIFT = 13, NO_FLAGS_SHIFT = 14, NO_CYCLES_SHIFT = 15, TYPE_SAVE_SHIFT = 16,
		HW_INDEX_SHIFT = 17, PRIV_SAVE_SHIFT = 18, COUNTERS_SHIFT = 19,
	},
}

-- Modules of functions that stand among the constants of a family, by C's names.
local functions = { IOCTL = "syscall.requests" }

local function one(family, values, name)
	local value = rawget(values, name) or math.tointeger(tonumber(name))
		or spoken[family] and spoken[family][name]
	if not value then
		-- with the prefix that C has: "O_RDWR"
		local short = name:match("^" .. family .. "_(.+)$")
		-- or without the underscores that C puts in front: W's __WALL is "all" too
		value = short and rawget(values, short) or rawget(values, "__" .. family .. name)
	end
	if not value then
		errors.raise("no %s %q%s", family, name:lower(), errors.nearest(name, values))
	end
	return value
end

-- Names separated by commas or bars, or'ed; one with a ~ is taken away.
local function read_flags(family, values, text, start)
	local value = start or 0
	for name in text:gmatch "[^,|]+" do
		name = upper(name)
		if name:sub(1, 1) == "~" then
			value = value & ~one(family, values, upper(name:sub(2)))
		elseif name ~= "" then
			value = value | one(family, values, name)
		end
	end
	return value
end

local readers = { flags = read_flags }

function readers.enum(family, values, text)
	return one(family, values, upper(text))
end

readers.list = readers.enum

-- Octal digits, as chmod(1) takes them, or flags, among which an octal number begins with 0.
function readers.mode(family, values, text, start)
	if text:find "^%s*[0-7]+%s*$" then
		return (start or 0) | tonumber(text, 8)
	end
	text = text:gsub("%f[%w_]0%d*%f[^%w_]", function(octal)
		return tostring(tonumber(octal, 8) or errors.raise("no %s %q: an octal number", family, octal))
	end)
	return read_flags(family, values, text, start)
end

-- Flags of one letter each may stand together: "rw".
function readers.letters(family, values, text, start)
	local letters = upper(text):match "^%u+$"
	if letters and not rawget(values, letters) then
		text = letters:gsub("%u", "%0,")
	end
	return read_flags(family, values, text, start)
end

local function read(family, values, key, start)
	if math.type(key) then
		return math.tointeger(key) or errors.raise("%s: %s is no whole number", family, tostring(key))
	elseif type(key) ~= "string" then
		errors.raise("%s: a number or names expected, got %s", family, type(key))
	end
	return readers[kinds[family]](family, values, key, start)
end

local function make(family, text)
	local values = {}
	local kind, list = text:match "^(%a+)|(.*)$"
	kinds[family] = kind
	for name, value in list:gmatch "([^=,]+)=([^,]+)" do
		values[name] = math.tointeger(tonumber(value))
	end
	if kind == "scalar" then
		return values[family]
	end
	local memo = setmetatable({}, {
		__index = function(memo, key)
			local macro = functions[family] and type(key) == "string"
				and require(functions[family])[upper(key)]
			local value = macro or read(family, values, key)
			memo[key] = value
			return value
		end,
	})
	if kind == "list" then -- c.LINUX_CAPABILITY_VERSION[3]
		for name, value in pairs(values) do
			memo[math.tointeger(tonumber(name))] = value
		end
	end
	return setmetatable(values, {
		__index = memo,
		__call = function(_, ...)
			local value = 0
			for i = 1, select("#", ...) do
				local key = select(i, ...)
				value = type(key) == "string" and read(family, values, key, value)
					or value | read(family, values, key or 0)
			end
			return value
		end,
	})
end

-- errornames: the texts of errors by name.
local function error_texts(c)
	local texts = {}
	for name, number in pairs(c.E) do
		texts[name] = tostring(errors.objects[number])
	end
	return texts
end

-- The tables themselves. Scalars (PATH_MAX) are plain values.
M.c = setmetatable({}, {
	__index = function(c, family)
		local text = data[family]
		if family == "errornames" then
			c.errornames = error_texts(c)
			return c.errornames
		elseif not text then
			errors.raise("no family of constants %q%s", tostring(family),
				errors.nearest(tostring(family), data))
		end
		c[family] = make(family, text)
		return c[family]
	end,
})

-- Whether there is such a family.
function M.has(family)
	return data[family] ~= nil
end

function M.families()
	local list = {}
	for family in pairs(data) do
		list[#list + 1] = family
	end
	table.sort(list)
	return list
end

local function names_of(family)
	local values = M.c[family]
	return readers[kinds[family]] and values
		or errors.raise("%s has no names of numbers", tostring(family))
end

-- The name of @value in @family, or nil: the first in alphabetical order where there are several.
function M.name(family, value)
	local best
	for name, number in pairs(names_of(family)) do
		if number == value and (not best or name < best) then
			best = name
		end
	end
	return best
end

-- @value as names that c[family] reads: "CREAT, RDWR". Bits without a name stand as a number.
function M.names(family, value)
	local values = names_of(family)
	local list, left = {}, value
	local whole = M.name(family, value)
	if whole or kinds[family] == "enum" then
		return whole or tostring(value)
	end
	-- Names of most bits first, so that SYNC is not printed as DSYNC and a number.
	local sorted = {}
	for name, number in pairs(values) do
		sorted[#sorted + 1] = { name = name, value = number }
	end
	table.sort(sorted, function(a, b)
		if a.value ~= b.value then
			return math.ult(b.value, a.value)
		end
		return a.name < b.name
	end)
	for _, flag in ipairs(sorted) do
		if flag.value ~= 0 and left & flag.value == flag.value then
			list[#list + 1] = flag.name
			left = left & ~flag.value
		end
	end
	if left ~= 0 then
		list[#list + 1] = ("0x%x"):format(left)
	end
	table.sort(list)
	return table.concat(list, ", ")
end

return M
