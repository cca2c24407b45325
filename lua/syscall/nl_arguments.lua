-- nl_arguments.lua - what the functions of S.nl take: a wrong one is an error at the caller's line
--
-- A function that is a row here is wrapped: its arguments are looked at, then it runs. Only those
-- are looked at that nothing below would refuse by name: types, constants and attributes refuse
-- what they cannot hold themselves.

local errors = require "syscall.errors"

local expected = {
	device = "a link's name, number or object", table = "a table", text = "a text",
	number = "a whole number", list = "a table", batch = "a batch of nftables",
	priority = "a table whose priority is a whole number",
}

local is = {}

function is.text(value)
	return type(value) == "string"
end

function is.number(value)
	return math.type(value) and math.tointeger(value)
end

function is.table(value)
	return type(value) == "table"
end

function is.device(value)
	return is.text(value) or is.number(value) or is.table(value) and is.number(value.index)
end

function is.batch(value)
	return is.table(value) and is.table(rawget(value, "messages"))
end

function is.priority(value)
	return is.table(value) and (value.priority == nil or is.number(value.priority))
end

-- A list of tables: next hops, expressions
function is.list(value)
	for _, one in ipairs(is.table(value) and value or { 0 }) do
		if not is.table(one) then
			return false
		end
	end
	return true
end

local M = {}

-- By the names of functions: a word for each argument, `any` for what is looked at elsewhere, with
-- `?` behind it where nil will do.
M.functions = {
	message = "number number text number?", request = "any any any text", parse = "table text number?",
	setlink = "device table", dellink = "device", getlink = "device?", interface = "device",
	iplink = "table", create_interface = "table", newaddr = "device", deladdr = "device",
	newqdisc = "device table", delqdisc = "device table?", getqdisc = "device?",
	newrule = "table", delrule = "table", newneigh = "device table", delneigh = "device table",
	getneigh = "device? table?",
	family = "text", generic = "number number number? any table table?",
	nftables_list = "any any table?",
}

-- The same of methods of nftables(), self first
M.batch = {
	table = "batch any text table?", deltable = "batch any text",
	chain = "batch any any any priority?",
	delchain = "batch", rule = "batch any any any list table?", delrule = "batch",
	set = "batch any any any table table?", message = "batch any any any table table",
	commit = "batch",
}

-- guard(functions, rows, before, self) - puts into @functions what looks at the arguments first;
-- errors name the function with @before in front, and count from behind @self.
function M.guard(functions, rows, before, self)
	for name, row in pairs(rows) do
		local f, words = functions[name], {}
		for word, optional in row:gmatch "(%a+)(%??)" do
			words[#words + 1] = { kind = word, optional = optional == "?", is = is[word] }
		end
		functions[name] = function(...)
			for i, word in ipairs(words) do
				local value = select(i, ...)
				if word.is and not (word.optional and value == nil) and not word.is(value) then
					errors.complain(before .. name, i - (self and 1 or 0), expected[word.kind], value)
				end
			end
			return f(...)
		end
	end
end

return M
