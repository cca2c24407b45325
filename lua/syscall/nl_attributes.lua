-- nl_attributes.lua - attributes of netlink messages: values to bytes and back
--
-- A spec says for a family of constants what each attribute holds: { family = "IFLA", MTU =
-- "u32", LINKINFO = { family = "IFLA_INFO", … } }. Kinds: u8 u16 u32 u64 i32 be16 be32 be64,
-- text, bytes, mac, addr (IPv4 or IPv6, whichever it is), flag, "enum:FAMILY" and "flags:FAMILY"
-- (of 32 bits; with :u8 or :u16 behind it, of that), "struct:TYPE", "list:KIND" (each in an
-- attribute of its own), a nested spec, or a function (values) → spec for what depends on a
-- neighbour.
--
-- Parsing never fails: what is of no known kind, or too short for it, is kept as bytes; what has no
-- name stands under its number.

local struct = require "syscall.struct"
local errors = require "syscall.errors"
local raw = require "syscall.raw"
local constants = require "syscall.constants"
local addresses = require "syscall.types.addresses"

local c = constants.c
local memory = raw.memory

local M = {}

local NESTED, TYPE_MASK = 0x8000, 0x3fff

local packs = {
	u8 = "=I1", u16 = "=I2", u32 = "=I4", u64 = "=I8", i32 = "=i4",
	be16 = ">I2", be32 = ">I4", be64 = ">I8",
}

local lower = setmetatable({}, { -- name → in lower case
	__index = function(memo, name)
		memo[name] = name:lower()
		return memo[name]
	end,
})

-- spec → number → name
local names = setmetatable({}, { __mode = "k" })

-- Of several names that one number has, the one that the spec has, else the first.
local function names_of(spec)
	local own = names[spec]
	if not own then
		own = {}
		for name, value in pairs(c[spec.family]) do
			local known = own[value]
			local better = known and (spec[name] ~= nil) ~= (spec[known] ~= nil)
			if not known or better and spec[name] or not better and name < known then
				own[value] = name
			end
		end
		names[spec] = own
	end
	return own
end

-- The name of attribute @number in lower case, or nil.
local function name_of(spec, number)
	local name = names_of(spec)[number]
	return name and lower[name]
end

-- "enum:FAMILY:u8" → family, width
local function constant_kind(kind)
	local family, width = kind:match "^%a+:([%w_]+):?(%w*)$"
	return family, width ~= "" and width or "u32"
end

-- Kinds to bytes

-- number(value, kind, name) - as text; @name is what an error calls it
function M.number(value, kind, name)
	if type(value) == "boolean" then
		value = value and 1 or 0
	end
	local number = math.type(value) and math.tointeger(value)
	local size = string.packsize(packs[kind])
	local least = kind == "i32" and -(1 << 31) or 0
	if not number or (size < 8 and (number < least or number >= 1 << size * 8)) then
		errors.raise("netlink attribute %s: a number of %d bits expected, got %s", name, size * 8,
			tostring(value))
	end
	return packs[kind]:pack(number)
end

local to_bytes = {}

function to_bytes.text(value)
	return tostring(value) .. "\0"
end

function to_bytes.bytes(value, name)
	if raw.ismemory(value) then
		return memory.string(value)
	elseif type(value) ~= "string" then
		errors.raise("netlink attribute %s: bytes as text or memory expected, got %s", name, type(value))
	end
	return value
end

function to_bytes.flag()
	return ""
end

function to_bytes.mac(value)
	return memory.string(raw.ismemory(value) and value or addresses.macaddr(value))
end

function to_bytes.addr(value, name)
	if type(value) == "string" then
		value = addresses.parse(value)
			or errors.raise("netlink attribute %s: an address expected, got %q", name, value)
	end
	return to_bytes.bytes(value, name)
end

local function encode(kind, value, name, values)
	if type(kind) == "function" then
		kind = kind(values)
	end
	if type(kind) == "table" then
		-- one with a build() of its own takes what that takes; bytes are as they are for all
		local own = kind.build and type(value) ~= "string"
		return (own or type(value) == "table") and M.build(kind, value, name)
			or to_bytes.bytes(value, name)
	elseif packs[kind] then
		return M.number(value, kind, name)
	elseif to_bytes[kind] then
		return to_bytes[kind](value, name)
	end
	local what, of = (kind or "bytes"):match "^(%a+):?(.*)$"
	if what == "enum" or what == "flags" then
		local family, width = constant_kind(kind)
		return M.number(type(value) == "string" and c[family][value] or value, width, name)
	elseif what == "struct" then
		local type_of = struct.find(of)
		return memory.string(raw.ismemory(value) and value or type_of(value))
	elseif what == "list" then
		local parts = {}
		if type(value) ~= "table" then
			errors.raise("netlink attribute %s: a list expected, got %s", name, errors.given(value))
		end
		for i, one in ipairs(value) do
			parts[i] = M.attribute(1, encode(of, one, name))
		end
		return table.concat(parts)
	end
	return to_bytes.bytes(value, name)
end

-- attribute(number, bytes) - one attribute, padded to four bytes
function M.attribute(number, bytes)
	local length = #bytes + 4
	if length > 0xffff then
		errors.raise("netlink attribute %d: at most 65531 bytes, got %d", number, #bytes)
	end
	return string.pack("=I2I2", length, number) .. bytes .. ("\0"):rep(-length % 4)
end

local function is_nested(kind, values)
	if type(kind) == "function" then
		kind = kind(values)
	end
	return type(kind) == "table" or (type(kind) == "string" and kind:find "^list:")
end

-- build(spec, values) - attributes as bytes: @values is { name = value, … }, in order of their
-- numbers, or { name, value, name, value, … } in that order; @what is what an error calls them
function M.build(spec, values, what)
	if type(spec) == "table" and spec.build then
		return spec.build(values, what)
	elseif type(spec) ~= "table" or type(values) ~= "table" then
		errors.raise("attributes: a spec and a table of values expected, got %s and %s",
			errors.given(spec), errors.given(values))
	end
	local list, ordered = {}, values[1] ~= nil
	if ordered then
		for i = 1, #values, 2 do
			list[#list + 1] = { values[i], values[i + 1] }
		end
	else
		for name, value in pairs(values) do
			list[#list + 1] = { name, value }
		end
	end
	values = {}
	for _, pair in ipairs(list) do
		pair.number = c[spec.family][pair[1]]
		if pair.number < 0 or pair.number > TYPE_MASK then
			errors.raise("netlink attribute %s: a number from 0 to %d expected", pair[1], TYPE_MASK)
		end
		values[name_of(spec, pair.number) or pair.number] = pair[2]
	end
	if not ordered then
		table.sort(list, function(a, b)
			return a.number < b.number
		end)
	end
	local parts = {}
	for i, pair in ipairs(list) do
		local name = name_of(spec, pair.number)
		local kind = name and spec[name:upper()]
		if not (kind == "flag" and pair[2] == false) then
			local bytes = encode(kind, pair[2], tostring(pair[1]), values)
			local nested = is_nested(kind, values) and not spec.plain
			parts[i] = M.attribute(pair.number | (nested and NESTED or 0), bytes)
		else
			parts[i] = ""
		end
	end
	return table.concat(parts)
end

-- Bytes to values
--
-- A dump has some hundred attributes a link, so nothing is copied out of a message but what is
-- kept: a kind's taker is given all bytes, and where the value begins and ends.

local unpack, sub, find = string.unpack, string.sub, string.find

-- A TYPE that holds these bytes, with zeroes behind them: an older kernel's may be shorter.
local function hold(type_of, bytes, from, to)
	local text = sub(bytes, from, math.min(to, from + type_of.size - 1))
	text = text .. ("\0"):rep(type_of.size - #text)
	return type_of.takes_memory and type_of(memory.new(text)) or memory.new(text, type_of.metatable)
end

local takers = { bytes = sub }

for kind, format in pairs(packs) do
	local size = string.packsize(format)
	takers[kind] = function(bytes, from, to)
		if to - from + 1 ~= size then
			return sub(bytes, from, to)
		end
		return (unpack(format, bytes, from))
	end
end

function takers.text(bytes, from, to)
	local nul = find(bytes, "\0", from, true)
	return sub(bytes, from, nul and nul <= to and nul - 1 or to)
end

function takers.flag()
	return true
end

function takers.mac(bytes, from, to)
	return to - from == 5 and hold(addresses.macaddr, bytes, from, to) or sub(bytes, from, to)
end

function takers.addr(bytes, from, to)
	local kind = to - from == 3 and addresses.in_addr or to - from == 15 and addresses.in6_addr
	return kind and hold(kind, bytes, from, to) or sub(bytes, from, to)
end

local take -- of any kind

local function taker_of(kind)
	local what, of = kind:match "^(%a+):?(.*)$"
	if what == "enum" or what == "flags" then
		return takers[select(2, constant_kind(kind))] or sub
	elseif what == "struct" then
		local type_of = struct.find(of)
		return function(bytes, from, to)
			return hold(type_of, bytes, from, to)
		end
	elseif what == "list" then
		return function(bytes, from, to)
			local list = {}
			for _, part in M.each(sub(bytes, from, to)) do
				list[#list + 1] = take(of, part, 1, #part)
			end
			return list
		end
	end
	return sub
end

setmetatable(takers, {
	__index = function(_, kind)
		takers[kind] = taker_of(kind)
		return takers[kind]
	end,
})

-- each(bytes [, from]) - for number, bytes in …: attributes up to the first that is not whole
function M.each(bytes, from)
	local at = from or 1
	return function()
		if at + 3 > #bytes then
			return nil
		end
		local length, number = unpack("=I2I2", bytes, at)
		if length < 4 or at + length - 1 > #bytes then
			return nil
		end
		local start = at + 4
		at = at + (length + 3) // 4 * 4
		return number & TYPE_MASK, sub(bytes, start, start + length - 5)
	end
end

-- Neighbours that a kind depends on (the kind of a link), by name: text, whatever their place.
local function neighbours(spec, bytes, from)
	return setmetatable({}, {
		__index = function(_, name)
			local found
			for number, part in M.each(bytes, from) do
				if name_of(spec, number) == name then
					found = part
				end
			end
			return found and takers.text(found, 1, #found)
		end,
	})
end

-- The attributes from @from to @to of @bytes, as parse() gives them.
local function read(spec, bytes, from, to)
	local own, out, later = names_of(spec), {}, nil
	local at = from
	while at + 3 <= to do
		local length, number = unpack("=I2I2", bytes, at)
		local finish = at + length - 1
		if length < 4 or finish > to then
			break
		end
		number = number & TYPE_MASK
		local name = own[number]
		local kind = name and spec[name] or "bytes"
		local key = name and lower[name] or number
		if type(kind) == "function" then
			later = later or {}
			later[#later + 1] = { key, kind, at + 4, finish }
		else
			out[key] = take(kind, bytes, at + 4, finish)
		end
		at = at + (length + 3) // 4 * 4
	end
	if later then
		local context = neighbours(spec, sub(bytes, 1, to), from)
		for _, one in ipairs(later) do
			out[one[1]] = take(one[2](context), bytes, one[3], one[4])
		end
	end
	return out
end

function take(kind, bytes, from, to)
	if type(kind) ~= "table" then
		return takers[kind or "bytes"](bytes, from, to)
	elseif kind.parse then
		return kind.parse(sub(bytes, from, to))
	end
	return read(kind, bytes, from, to)
end

-- parse(spec, bytes [, from]) - a table by names in lower case
function M.parse(spec, bytes, from)
	if spec.parse then
		return spec.parse(bytes, from)
	end
	return read(spec, bytes, from or 1, #bytes)
end

return M
