-- params.lua - the parameters of a profile
--
-- Values come from the child's `extends` or from --set, which gives them as text.

local native = ...
local base = native.load("lunette.base")
local tag, fail = base.tag, base.fail

local flags = {
	["true"] = true, yes = true, on = true, ["1"] = true,
	["false"] = false, no = false, off = false, ["0"] = false,
}

-- Each answers the value, or nil and what is wrong. @from_text: the value was given by --set.
local types = {}

function types.path(value, from_text, layer)
	if from_text and value ~= "" and value:byte() ~= 47 then
		value = native.load("lunette.paths").absolute(value, layer.question.cwd)
	end
	return base.path(value)
end

function types.text(value)
	if type(value) ~= "string" then
		return nil, "must be text"
	end
	return value
end

function types.number(value, from_text)
	local number = from_text and tonumber(value) or not from_text and value
	if type(number) ~= "number" then
		return nil, "must be a number"
	end
	return math.tointeger(number) or number
end

function types.size(value, from_text)
	return base.size(from_text and tonumber(value) or value)
end

-- Seconds, as the keys take them.
function types.time(value, from_text)
	local milliseconds, wrong = base.time(from_text and tonumber(value) or value)
	return milliseconds and (milliseconds % 1000 == 0 and milliseconds // 1000 or milliseconds / 1000),
		wrong
end

function types.flag(value, from_text)
	if from_text then
		value = flags[value]
	end
	if type(value) ~= "boolean" then
		return nil, "must be true or false"
	end
	return value
end

function types.choice(value, _, _, options)
	for _, one in ipairs(options) do
		if value == one then
			return value
		end
	end
	return nil, 'must be one of "' .. table.concat(options, '", "') .. '"'
end

-- One parameter's value: as given, else its default.
local function settle(layer, name, param, given)
	local options = param[1] or {}
	if type(options) ~= "table" then
		fail(param.where, "params." .. name,
			param.op .. " takes a table: " .. param.op .. " { default = ... }")
	end
	for key in next, options do
		if key ~= "default" and key ~= "doc" and key ~= "optional"
			and not (param.op == "choice" and type(key) == "number") then
			native.load("lunette.explain").unknown(param.where, "params." .. name, tostring(key),
				{ default = true, doc = true, optional = true })
		end
	end
	local value, from_text = given, layer.from_text and given ~= nil
	if value == nil then
		value = options.default
	end
	if value == nil then
		if options.optional then
			return nil
		end
		fail(layer.from_text and "" or param.where, layer.name,
			"the parameter `" .. name .. "` must be given", layer.from_text and "--set " .. name .. "=..."
				or ('extends = { "%s", %s = ... }'):format(layer.ask, name))
	end
	local result, wrong = types[param.op](value, from_text, layer, options)
	if result == nil then
		if from_text then
			fail("", "--set " .. name, wrong)
		end
		fail(param.where, "params." .. name, wrong)
	end
	return result
end

-- Answers the table that `params` returns in the profile of @layer.
return function(layer, declared, where)
	if type(declared) ~= "table" or tag(declared) then
		fail(where, "params", "must be called with a table: params { dir = path { ... } }")
	elseif layer.declared then
		fail(where, "params", "stands once in a profile")
	end
	local values, known = {}, {}
	for name, param in next, declared do
		if type(name) ~= "string" or tag(param) ~= "param" then
			fail(where, "params." .. tostring(name), "must be one of path, text, number, size, time, flag, "
				.. "choice", "NAME = text { default = ... }")
		end
		known[name] = true
	end
	for name in next, layer.given do
		if not known[name] then
			native.load("lunette.explain").unknown(layer.from_text and "" or where, "params", name, known)
		end
	end
	for name, param in next, declared do
		values[name] = settle(layer, name, param, layer.given[name])
	end
	return setmetatable(values, { __index = function(_, name)
		if not known[name] then
			native.load("lunette.explain").unknown(native.where(1), "params", tostring(name), known)
		end
	end })
end
