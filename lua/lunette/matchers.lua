-- matchers.lua - the tests of sys.NAME { ... } as postfix tokens at the argument's own width
--
-- An argument's type comes from the signature table. Signed comparisons become unsigned intervals:
-- the filter knows only those.

local native = ...
local base = native.load("lunette.base")
local tag, fail = base.tag, base.fail
local concat, type, ult = table.concat, type, math.ult

-- width, mask, least and greatest value as the type orders them (u64's as bits)
local types = {
	u16 = { 4, 0xffff, 0, 0xffff },
	i32 = { 4, 0xffffffff, -0x80000000, 0x7fffffff, signed = true },
	u32 = { 4, 0xffffffff, 0, 0xffffffff },
	i64 = { 8, -1, math.mininteger, math.maxinteger, signed = true },
	u64 = { 8, -1, 0, -1 },
}
-- What a signature calls them; a family of constants stands behind the colon.
local classes = { fd = "i32", flags = "u32", enum = "i32", flags64 = "u64", enum64 = "i64",
	mode = "u16" }

-- The argument under test: .call .entry .name .index .type .family
local this

local function wrong(reason, hint)
	fail(this.call.where, "sys." .. this.call.name .. "." .. this.name, reason, hint)
end

local function less(a, b)
	if this.type == types.u64 then
		return ult(a, b)
	end
	return a < b
end

-- The number that @value stands for, checked against the type.
local function number(value)
	local result = type(value) == "number" and this.class ~= "mode" and math.tointeger(value)
	if type(value) == "string" then
		result = 0
		for part in value:gmatch("[^|,]+") do
			local name = part:match("^%s*(.-)%s*$")
			local bits = this.family and native.constant(this.family, name, this.entry)
				or native.load("lunette.digits")(this, name)
			result = result | bits
		end
		if this.class == "enum" and value:find("[|,]") then
			wrong("takes one of several names, not a sum: \"" .. value .. '"', "one_of { ... }")
		end
	end
	if not result then
		native.load("lunette.explain").value(this, value)
	end
	local kind = this.type
	if kind[1] == 4 and (result < kind[3] or result > kind[4]) then
		-- A constant such as 0x80000000 for an i32 is meant as bits only where it is a flag's name.
		if kind.signed and type(value) == "string" and result >= 0 and result <= 0xffffffff then
			return (result ~ 0x80000000) - 0x80000000
		end
		wrong(("does not fit %s: %d"):format(this.shown, result))
	end
	return result
end

local tokens

local function push(mask, low, high)
	local kind = this.type
	tokens[#tokens + 1] = ("a%d.%d&0x%x=0x%x-0x%x"):format(this.index, kind[1], mask,
		low & kind[2], high & kind[2])
end

-- low <= argument <= high, in the type's own order
local function range(low, high)
	if less(high, low) then
		wrong("can never match: the range is empty")
	end
	local kind = this.type
	if kind.signed and low < 0 and high >= 0 then
		push(kind[2], low, -1)
		push(kind[2], 0, high)
		tokens[#tokens + 1] = "or"
	else
		push(kind[2], low, high)
	end
end

local function bits(value)
	local mask = number(value) & this.type[2]
	if mask == 0 then
		wrong("names no bits")
	end
	return mask
end

local test

local function each(list, joiner)
	if type(list) ~= "table" or tag(list) or #list == 0 then
		wrong("must list one matcher or more")
	end
	for index = 1, #list do
		test(list[index])
		if index > 1 then
			tokens[#tokens + 1] = joiner
		end
	end
end

-- one_of: neighbours become one range
local function one_of(list)
	if type(list) ~= "table" or tag(list) or #list == 0 then
		wrong("one_of { ... } lists one value or more")
	end
	local sorted = {}
	for index = 1, #list do
		sorted[index] = number(list[index])
	end
	table.sort(sorted, less)
	local first, count = sorted[1], 0
	for index = 1, #sorted do
		local value, following = sorted[index], sorted[index + 1]
		if not following or following ~= value and following ~= value + 1 then
			range(first, value)
			count = count + 1
			if count > 1 then
				tokens[#tokens + 1] = "or"
			end
			first = following
		end
	end
end

local function edge(value, most, step)
	local limit = number(value)
	if limit == most then
		wrong("can never match: nothing is beyond it")
	end
	return limit + step
end

local ops = {
	one_of = one_of,
	has = function(value) local mask = bits(value) push(mask, mask, mask) end,
	without = function(value) push(bits(value), 0, 0) end,
	only = function(value)
		local mask = ~number(value) & this.type[2]
		if mask ~= 0 then
			push(mask, 0, 0)
		else
			wrong("is always true")
		end
	end,
	masked = function(mask, value)
		local wanted = number(value) & this.type[2]
		mask = bits(mask)
		if wanted & ~mask ~= 0 then
			wrong("can never match: the value has bits outside the mask")
		end
		push(mask, wanted, wanted)
	end,
	range = function(low, high) range(number(low), number(high)) end,
	lt = function(value) range(this.type[3], edge(value, this.type[3], -1)) end,
	le = function(value) range(this.type[3], number(value)) end,
	gt = function(value) range(edge(value, this.type[4], 1), this.type[4]) end,
	ge = function(value) range(number(value), this.type[4]) end,
	ne = function(value)
		test(value)
		tokens[#tokens + 1] = "not"
	end,
	all_of = function(list) each(list, "and") end,
	any_of = function(list) each(list, "or") end,
}
ops.no = ops.ne

function test(value)
	if tag(value) == "matcher" then
		ops[value.op](value[1], value[2])
	else
		local equal = number(value)
		range(equal, equal)
	end
end

-- The arguments of a call at an entry, in order: { type, name }.
local function signature(call, entry)
	local list, text = {}, native.signature(call.name, entry) or ""
	for shown, name in text:gmatch("([%w:_]+) ([%w_]+)") do
		list[#list + 1] = { shown, name }
		list[name] = #list
	end
	return list
end

-- Answers the tests of @call as tokens with a space before each, and whether they are of clone's
-- flags.
return function(call, entry)
	local arguments = call.arguments
	if type(arguments) ~= "table" or tag(arguments) then
		fail(call.where, "sys." .. call.name, "is called with a table of arguments",
			"sys." .. call.name .. " { }")
	end
	local list = signature(call, entry)
	local order, clone_flags = {}, false
	for key, value in next, arguments do
		local index = type(key) == "number" and key or list[key]
		local argument = index and list[index]
		if not argument then
			native.load("lunette.explain").argument(call, entry, key, list)
		end
		if order[index] then
			fail(call.where, "sys." .. call.name, "names an argument twice: " .. argument[2])
		end
		order[index] = value
		order.last = math.max(order.last or 0, index)
		clone_flags = clone_flags or call.name == "clone" and index == 1
	end
	tokens = {}
	local count = 0
	for index = 1, order.last or 0 do
		local value = order[index]
		if value ~= nil then
			local shown, name = list[index][1], list[index][2]
			local class, family = shown:match("^(%w+):?(.*)$")
			this = {
				call = call, entry = entry, name = name, index = index - 1, shown = shown,
				type = types[classes[class] or class], family = family ~= "" and family or nil,
				class = class:match("^[efm]%l+"),
			}
			if not this.type then
				wrong("is a pointer: a filter sees the address and not what it points to")
			end
			if entry == "i386" and this.type[1] == 8 then
				this.type = this.type.signed and types.i32 or types.u32
			end
			test(value)
			count = count + 1
			if count > 1 then
				tokens[#tokens + 1] = "and"
			end
		end
	end
	if #tokens > 1024 then
		fail(call.where, "sys." .. call.name,
			"needs " .. #tokens .. " comparisons; 1024 are the most")
	end
	return #tokens > 0 and " " .. concat(tokens, " ") or "", clone_flags
end
