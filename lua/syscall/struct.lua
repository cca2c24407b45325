-- struct.lua - a small language for the kernel's structures
--
-- define { "timespec", c = "struct __kernel_timespec", { "i64", "sec" }, { "i64", "nsec" } }
-- answers a type: calling it makes memory with named fields. Sizes, alignment and offsets follow
-- from the list as they do in C; a generated test holds them against the headers. docs/syscall.md
-- says what may stand in a definition.
--
-- A number in a table of gets or sets is a packed field, read by lua/bind/access.c without any Lua;
-- everything else (nested structures, text, pointers, bits) is a function.

local raw = require "syscall.raw"
local errors = require "syscall.errors"

local memory = raw.memory

local M = {}

local scalars = {
	u8 = 1, i8 = 1, u16 = 2, i16 = 2, u32 = 4, i32 = 4, u64 = 8, i64 = 8,
	be16 = 2, be32 = 4, be64 = 8,
}
-- C's names on the architectures that we know, all of 64 bits.
local synonyms = {
	char = "i8", uchar = "u8", short = "i16", ushort = "u16", int = "i32", uint = "u32",
	long = "i64", ulong = "u64", size = "u64", ssize = "i64",
}
local raw_kinds = { be16 = "u16be", be32 = "u32be", be64 = "u64be" }

-- packed(kind, offset) - a get or set that reads or stores the number of @kind there without Lua
function M.packed(kind, offset)
	return memory.kinds[raw_kinds[kind] or kind] | offset << 4
end

M.all = {} -- in order of definition, for the test of layouts

local named = {} -- name → type, of all modules of types that are loaded

-- find(name) - a type by name, of whichever module; "u32[4]" and "timespec[2]" are arrays
function M.find(name)
	local element, count = name:match "^(.-)%[(%d*)%]$"
	if element then
		return M.array(element, tonumber(count))
	end
	if not named[name] and not scalars[synonyms[name] or name] then
		require("syscall.index").load_type(name)
	end
	return named[name] or M.scalar(name)
end

-- A list of names that `__newindex` and constructors may be given in place of a number.
local function constants(family)
	return require("syscall.constants").c[family]
end

-- Memory that can be read, as values of @what.
local function check_readable(what, value)
	return raw.readable(value)
		or errors.raise("%s: open memory that can be read expected, got %s", what, errors.given(value))
end

-- Fields: each adds its gets and sets to the type.

local function add_scalar(type, name, kind, offset, field)
	local packed = M.packed(kind, offset)
	type.gets[name] = packed
	if field.const then
		local access = memory[raw_kinds[kind] or kind]
		type.sets[name] = function(self, value)
			access(self, offset, _G.type(value) == "string" and constants(field.const)[value] or value)
		end
	elseif field.fd then
		local access = memory[raw_kinds[kind] or kind]
		type.sets[name] = function(self, value)
			access(self, offset, raw.getfd(value) or errors.raise("%s.%s: an open fd expected, got %s",
				type.name, name, errors.given(value)))
		end
	else
		type.sets[name] = packed
	end
end

local function add_bit_field(type, name, kind, offset, shift, width)
	local access = memory[raw_kinds[kind] or kind]
	local mask = (1 << width) - 1
	type.gets[name] = function(self)
		local value = access(self, offset) >> shift & mask
		return width == 1 and value == 1 or width > 1 and value
	end
	type.sets[name] = function(self, value)
		local number = math.type(value) and math.tointeger(value)
		if width == 1 and not math.type(value) then
			number = value == true and 1 or not value and 0
		end
		if not number or number ~= number & mask then
			errors.raise("%s.%s: a number of %d bits expected, got %s", type.name, name, width,
				errors.given(value))
		end
		access(self, offset, access(self, offset) & ~(mask << shift) | number << shift)
	end
end

-- Bits of a member, from the least significant: { "name", width } or a name of one bit; a number
-- skips.
local function add_bits(type, kind, offset, bits)
	local shift = 0
	for _, bit in ipairs(bits) do
		local name, width = bit, 1
		if _G.type(bit) == "table" then
			name, width = bit[1], bit[2]
		elseif math.type(bit) then
			name, width = nil, bit
		end
		if name then
			add_bit_field(type, name, kind, offset, shift, width)
		end
		shift = shift + width
	end
end

local function add_text(type, name, length, offset)
	type.gets[name] = function(self)
		return memory.cstring(self, offset, length)
	end
	type.sets[name] = function(self, value)
		value = tostring(value)
		if #value > length then
			errors.raise("%s.%s: text of at most %d bytes expected, got %d", type.name, name, length, #value)
		end
		memory.fill(self, 0, offset, length)
		memory.write(self, offset, value)
	end
end

local function add_pointer(type, name, offset)
	type.gets[name] = function(self)
		return memory.target(self, offset)
	end
	type.sets[name] = function(self, value)
		if _G.type(value) == "string" then
			value = memory.new(value .. "\0") -- a copy: the kernel may write there, and Lua's text is shared
		elseif value ~= nil and not raw.isopen(value) then
			errors.raise("%s.%s: open memory, a text or nil expected, got %s", type.name, name,
				errors.given(value))
		end
		memory.point(self, offset, value)
	end
end

local function add_nested(type, name, inner, offset)
	type.gets[name] = function(self)
		return memory.slice(self, offset, inner.size, inner.metatable)
	end
	type.sets[name] = function(self, value)
		memory.write(self, offset, inner(value))
	end
end

-- Pointers whose length stands in another field, in bytes or in units: setting one of them sets the
-- length, which after that may only be made smaller. So it goes past nothing that is pointed to.
local function add_length(type, length, pointers)
	local store = memory["u" .. length.size * 8]
	local function most(self)
		local least
		for _, pointer in ipairs(pointers) do
			local target = memory.target(self, pointer.offset)
			local count = target and memory.size(target) // (pointer.unit or 1)
			least = count and math.min(count, least or count) or least
		end
		return least or 0
	end
	for _, pointer in ipairs(pointers) do
		local set = type.sets[pointer.name]
		type.sets[pointer.name] = function(self, value)
			set(self, value)
			local of_text = _G.type(value) == "string" and #value // (pointer.unit or 1)
			store(self, length.offset, math.min(most(self), of_text or math.maxinteger))
		end
	end
	type.sets[length.name] = function(self, value)
		local whole = math.type(value) and math.tointeger(value)
		if not whole or whole < 0 or whole > most(self) then
			errors.raise("%s.%s: a number from 0 to %d expected, got %s", type.name, length.name,
				most(self), tostring(value))
		end
		store(self, length.offset, whole)
	end
end

local function add_lengths(type)
	for _, length in ipairs(type.fields) do
		local pointers = {}
		for _, pointer in ipairs(type.fields) do
			pointers[#pointers + 1] = pointer.length == length.name and pointer or nil
		end
		if #pointers > 0 then
			type.lengths = type.lengths or {}
			type.lengths[length.name] = true
			add_length(type, length, pointers)
		end
	end
end

-- Layout

local function aligned(offset, align)
	return (offset + align - 1) // align * align
end

-- A field's size and alignment, and how it is added to the type.
local function measure(field)
	local kind = field[1]
	local text, count = kind:match "^(%w+)%[(%d+)%]$"
	kind = synonyms[kind] or kind
	if text == "char" then
		return tonumber(count), 1, function(type, name, offset)
			add_text(type, name, tonumber(count), offset)
		end
	elseif kind == "ptr" then
		return 8, 8, add_pointer
	elseif scalars[kind] then
		return scalars[kind], scalars[kind], function(type, name, offset)
			add_scalar(type, name, kind, offset, field)
		end
	end
	local inner = M.find(kind)
	return inner.size, inner.align, function(type, name, offset)
		add_nested(type, name, inner, offset)
	end
end

local function here(field)
	return (not field.only or field.only == raw.arch) and field.except ~= raw.arch
end

-- Lays @fields out from @start; returns the end and the alignment. Fields of unions all start at
-- once.
local function lay_out(type, fields, start, union)
	local packed = type.packed == true or type.packed == raw.arch
	local offset, finish, align = start, start, 1
	for _, field in ipairs(fields) do
		if here(field) then
			local size, field_align, add
			local inner = field.union or field.struct
			if inner then
				local _, inner_align = lay_out({ gets = {}, sets = {}, fields = {}, packed = type.packed },
					inner, 0, field.union ~= nil)
				field_align = inner_align
			else
				size, field_align, add = measure(field)
			end
			field_align = packed and 1 or field.align or field_align
			offset = aligned(union and start or offset, field_align)
			if inner then
				size = lay_out(type, inner, offset, field.union ~= nil) - offset
			elseif field[2] then
				add(type, field[2], offset)
				table.insert(type.fields, { name = field[2], offset = offset, size = size,
					c = field.c, since = field.since, length = field.length, unit = field.unit })
			end
			if field.bits then
				add_bits(type, synonyms[field[1]] or field[1], offset, field.bits)
			end
			offset = offset + size
			finish = math.max(finish, offset)
			align = math.max(align, field_align)
		end
	end
	return aligned(finish, align), align
end

-- Types

-- C's own name of a field in ours: st_size is size.
local function short_name(type, key)
	return type.prefix and _G.type(key) == "string" and key:match("^" .. type.prefix .. "(.+)$")
end

local function miss_get(type)
	return function(self, key)
		local get = type.gets[short_name(type, key) or ""]
		if not get then
			errors.raise("%s has no field %s%s", type.name, tostring(key),
				errors.nearest(tostring(key), type.gets))
		end
		return math.type(get) and memory[memory.names[get & 15]](self, get >> 4) or get(self)
	end
end

local function miss_set(type)
	return function(self, key, value)
		local short = short_name(type, key)
		if not type.sets[short or ""] then
			errors.raise("%s has no field %s that can be set%s", type.name, tostring(key),
				errors.nearest(tostring(key), type.sets))
		end
		self[short] = value
	end
end

-- Lengths last: they are held against what their pointers point to.
local function from_table(type, self, values)
	if _G.type(values) ~= "table" then
		errors.raise("%s: a table expected, got %s", type.name, errors.given(values))
	end
	local lengths = {}
	for key, value in pairs(values) do
		local field = math.type(key) and type.fields[key]
		local name = field and field.name or key
		if type.lengths and (type.lengths[name] or type.lengths[short_name(type, name)]) then
			lengths[name] = value
		else
			self[name] = value
		end
	end
	for name, value in pairs(lengths) do
		self[name] = value
	end
end

-- new(type, …): a copy of memory, fields of a table by name or place, or one value a field.
local function new(type, ...)
	local first = ...
	local foreign = type.takes_memory and debug.getmetatable(first) ~= type.metatable
	if raw.ismemory(first) and not foreign then
		local size = check_readable(type.name, first)
		if size < type.size then
			errors.raise("%s: memory of %d bytes expected, got %d", type.name, type.size, size)
		end
		local copy = memory.new(type.size, type.metatable)
		memory.write(copy, 0, memory.slice(first, 0, type.size))
		return copy
	end
	local self = memory.new(type.size, type.metatable)
	if type.init then
		local made = type.init(self, ...)
		return made or self
	elseif _G.type(first) == "table" then
		from_table(type, self, first)
	else
		for i = 1, select("#", ...) do
			local field = type.fields[i]
			if not field then
				errors.raise("%s has %d fields, got %d values", type.name, #type.fields, select("#", ...))
			end
			self[field.name] = select(i, ...)
		end
	end
	return self
end

local type_metatable = { __call = new, __name = "type" }

function type_metatable.__tostring(type)
	return ("type %s (%d bytes)"):format(type.name, type.size)
end

local function finish(type)
	local metatable = raw.metatable(type.name)
	type.metatable = metatable
	metatable.__index, metatable.__newindex =
		memory.fields(type.gets, type.methods, miss_get(type), type.sets, miss_set(type))
	metatable.__tostring = type.text
	for name, get in pairs(type.get or {}) do
		type.gets[name] = get
	end
	for name, set in pairs(type.set or {}) do
		type.sets[name] = set
	end
	add_lengths(type)
	return setmetatable(type, type_metatable)
end

-- define(definition) - see docs/syscall.md. The definition's table becomes the type.
function M.define(type)
	type.name = type[1]
	type.gets, type.sets, type.fields = {}, {}, {}
	type.methods = type.methods or {}
	local members = table.move(type, 2, #type, 1, {})
	local size, align = lay_out(type, members, 0, type.union)
	type.align = type.align or align
	type.size = math.max(type.size or 0, aligned(size, type.align))
	finish(type)
	-- For init functions that only add to what the plain constructor does.
	function type.fill(self, values)
		from_table(type, self, values)
		return self
	end
	named[type.name] = type
	M.all[#M.all + 1] = type
	return type
end

-- A number of its own, as an answer that the kernel stores: .value
function M.scalar(name)
	local kind = synonyms[name] or name
	if not scalars[kind] then
		error("no type " .. name)
	end
	if not named[kind] then
		named[kind] = M.define { kind, { kind, "value" } }
		table.remove(M.all)
	end
	return named[kind]
end

-- Arrays. Within a structure and as answers of calls they count from 0, as in C; lists, which are
-- made by M.list(), from 1, so that ipairs() works. `#` is the number of elements.

local arrays = {}

local function array_of(name, base)
	local key = name .. "@" .. base
	if arrays[key] then
		return arrays[key]
	end
	local kind = synonyms[name] or name
	local element = not scalars[kind] and M.find(kind) or nil
	local size = element and element.size or scalars[kind]
	local metatable = raw.metatable(name .. "[]")
	local methods = {}
	for method, call in pairs(memory) do
		methods[method] = call
	end
	local function count(self)
		return memory.size(self) // size
	end
	metatable.__len = count
	metatable.__tostring = element and element.list_text
	local function miss(_, index)
		if math.type(index) ~= "integer" then
			errors.raise("%s[] has no field %s", name, tostring(index))
		end
	end
	local function set(self, index, value)
		if not math.type(index) or index < base or index >= base + count(self) then
			errors.raise("%s[]: no element %s of %d", name, tostring(index), count(self))
		end
		memory.write(self, (index - base) * size, element(value))
	end
	metatable.__index, metatable.__newindex = memory.elements(
		element and element.metatable or memory.kinds[raw_kinds[kind] or kind], methods, miss, set, base,
		size)
	arrays[key] = { element = size, metatable = metatable, base = base,
		align = element and element.align or size }
	return arrays[key]
end

local function new_array(type, values)
	local self = memory.new(type.size, type.metatable)
	if _G.type(values) == "string" or raw.ismemory(values) then
		local size = raw.ismemory(values) and check_readable(type.name, values) or #values
		if size > type.size then
			errors.raise("%s: at most %d bytes expected, got %d", type.name, type.size, size)
		end
		memory.write(self, 0, values)
	elseif math.type(values) then
		self[type.base] = values
	elseif values ~= nil and _G.type(values) ~= "table" then
		errors.raise("%s: a list, a text or memory expected, got %s", type.name, errors.given(values))
	elseif values then
		for i, value in ipairs(values) do
			self[i - 1 + type.base] = value
		end
	end
	return self
end

local array_metatable = { __call = new_array, __name = "type" }

-- array(element, count) - the type of a C array; values are a list, bytes as text, or memory
function M.array(name, count)
	local of = array_of(name, 0)
	return setmetatable({ name = ("%s[%d]"):format(name, count), size = of.element * count,
		align = of.align, metatable = of.metatable, base = 0 }, array_metatable)
end

-- list(element) - a function that makes a list of a table, or of a count of empty elements
function M.list(name)
	local of
	return function(values, second)
		of = of or array_of(name, 1)
		if math.type(values) and _G.type(second) == "table" then
			values = second -- as ljsyscall has it: a count and the list
		end
		if raw.ismemory(values) then
			return memory.slice(values, 0, check_readable(name .. "[]", values), of.metatable)
		end
		local count = _G.type(values) == "table" and #values or math.type(values)
			and math.tointeger(values) or -1
		if count < 0 or count > 0x7fffffff // of.element then
			errors.raise("%s[]: a list, a count or memory expected, got %s", name, errors.given(values))
		end
		local self = memory.new(of.element * count, of.metatable)
		for i, value in ipairs(math.type(values) and {} or values) do
			self[i] = value
		end
		return self
	end
end

return M
