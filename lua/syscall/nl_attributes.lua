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

-- spec → number → name in lower case
local names = setmetatable({}, { __mode = "k" })

-- Of several names that one number has, the one that the spec has, else the first.
local function name_of(spec, number)
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
	local name = own[number]
	return name and name:lower()
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

local from_bytes = {}

function from_bytes.text(bytes)
	return bytes:match "^[^\0]*"
end

function from_bytes.bytes(bytes)
	return bytes
end

function from_bytes.flag()
	return true
end

function from_bytes.mac(bytes)
	return #bytes == 6 and addresses.macaddr(memory.new(bytes)) or bytes
end

function from_bytes.addr(bytes)
	local kind = #bytes == 4 and addresses.in_addr or #bytes == 16 and addresses.in6_addr
	return kind and kind(memory.new(bytes)) or bytes
end

local function decode(kind, bytes, values)
	if type(kind) == "function" then
		kind = kind(values)
	end
	if type(kind) == "table" then
		return M.parse(kind, bytes)
	elseif packs[kind] then
		return #bytes == string.packsize(packs[kind]) and packs[kind]:unpack(bytes) or bytes
	elseif from_bytes[kind] then
		return from_bytes[kind](bytes)
	end
	local what, of = (kind or "bytes"):match "^(%a+):?(.*)$"
	if what == "enum" or what == "flags" then
		return decode(select(2, constant_kind(kind)), bytes)
	elseif what == "struct" then
		-- an older kernel's may be shorter
		local type_of = struct.find(of)
		return type_of(memory.new(bytes .. ("\0"):rep(type_of.size - #bytes)))
	elseif what == "list" then
		local list = {}
		for _, part in M.each(bytes) do
			list[#list + 1] = decode(of, part)
		end
		return list
	end
	return bytes
end

-- each(bytes [, from]) - for number, bytes in …: attributes up to the first that is not whole
function M.each(bytes, from)
	local at = from or 1
	return function()
		if at + 3 > #bytes then
			return nil
		end
		local length, number = ("=I2I2"):unpack(bytes, at)
		if length < 4 or at + length - 1 > #bytes then
			return nil
		end
		local start = at + 4
		at = at + (length + 3) // 4 * 4
		return number & TYPE_MASK, bytes:sub(start, start + length - 5)
	end
end

-- parse(spec, bytes [, from]) - a table by names in lower case
function M.parse(spec, bytes, from)
	if spec.parse then
		return spec.parse(bytes, from)
	end
	local found, values = {}, {}
	for number, part in M.each(bytes, from) do
		local name = name_of(spec, number) or number
		found[#found + 1] = { name, part }
		values[name] = part
	end
	-- A neighbour that others depend on (the kind of a link) is text, whatever its place.
	local context = setmetatable({}, {
		__index = function(_, name)
			local bytes_of = values[name]
			return bytes_of and from_bytes.text(bytes_of)
		end,
	})
	local out = {}
	for _, one in ipairs(found) do
		local name = one[1]
		out[name] = decode(type(name) == "string" and spec[name:upper()] or nil, one[2], context)
	end
	return out
end

return M
