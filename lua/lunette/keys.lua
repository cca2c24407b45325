-- keys.lua - the types of schema.lua: what a key's value must be, and its form in the plan
--
-- A type is a function(value, layer, path, preferred, before) that returns the canonical value, or
-- nil and what is wrong with it and perhaps a hint; nil alone leaves a preferred value out (a
-- fourth result says that this is told already). Types that few profiles use are in rarely.lua.

local native = ...
local base = native.load("lunette.base")
local find, tointeger, type = string.find, math.tointeger, type
local tag = base.tag

local M = { path = base.path, size = base.size, time = base.time }

function M.text(value)
	if type(value) ~= "string" or find(value, "\0", 1, true) then
		return nil, "must be text without a NUL byte"
	end
	return value
end

function M.flag(value)
	if type(value) ~= "boolean" then
		return nil, "must be true or false"
	end
	return value
end

function M.any(value)
	return value
end

function M.count(value)
	local number = type(value) == "number" and tointeger(value)
	if not number or number < 0 then
		return nil, "must be a whole number, not below 0"
	end
	return number
end

function M.id(value)
	local number = type(value) == "number" and tointeger(value)
	if not number or number < 0 or number > 4294967294 then
		return nil, "must be a whole number from 0 to 4294967294"
	end
	return number
end

function M.hostname(value)
	if type(value) ~= "string" or not find(value, "^[%w._-]+$") or #value > 64 then
		return nil, "must be 1 to 64 letters, digits, dots, hyphens and underscores"
	end
	return value
end

function M.variable(value)
	if type(value) ~= "string" or not find(value, "^[^=%z]+$") then
		return nil, 'must be the name of an environment variable, without "="'
	end
	return value
end

-- variables() - NAME = "text"; the names in order too, so that the plan is always the same
function M.variables(value, layer, path, preferred, before)
	if tag(value) == "replace" then
		value, before = value[1], nil
	end
	if type(value) ~= "table" or tag(value) then
		return nil, 'must be a table: { NAME = "text" }'
	end
	local out = {}
	for name, text in next, before or out do
		if type(name) == "string" then
			out[name] = text
		end
	end
	for name, text in next, value do
		if tag(text) == "none" then
			text = nil
		elseif not M.text(text) then
			return nil, tostring(name) .. " must be text without a NUL byte"
		end
		if not M.variable(name) then
			return nil, ('"%s" is no name of a variable'):format(tostring(name))
		end
		out[name] = text
	end
	local names = {}
	for name in next, out do
		names[#names + 1] = name
	end
	table.sort(names)
	return table.move(names, 1, #names, 1, out)
end

-- octal() - a umask or mode; written as text because Lua has no octal numbers
function M.octal(value)
	if type(value) ~= "string" or not find(value, "^[0-7]+$") or #value > 5
		or tonumber(value, 8) > 4095 then
		return nil, 'must be an octal number as text, such as "0755"'
	end
	return ("%04o"):format(tonumber(value, 8))
end

function M.umask(value)
	local mask = M.octal(value)
	if not mask or mask:byte() ~= 48 then
		return nil, 'must be an octal number as text, such as "022"'
	end
	return mask
end

function M.groups(value, layer, path, preferred)
	if value == "keep" then
		return value
	elseif type(value) ~= "table" or tag(value) then
		return nil, 'must be a list of ids, or "keep"'
	end
	local list = { prefer = preferred }
	for index = 1, #value do
		local id, wrong = M.id(value[index])
		if not id then
			return nil, wrong
		end
		list[index] = id
	end
	return list
end

function M.net(value, layer, path, preferred)
	if value == "none" or value == "host" then
		return value
	end
	return native.load("lunette.rarely").net(value, layer, path, preferred)
end

-- place() - a path that may be optional
function M.place(value)
	if type(value) == "table" and not tag(value) then
		for key in next, value do
			if key ~= 1 and key ~= "optional" then
				return nil, 'must be a path or { path, optional = true }'
			end
		end
		local path, wrong = base.path(value[1])
		return path, wrong, nil, value.optional
	end
	return base.path(value)
end

function M.port(value)
	local number = type(value) == "number" and tointeger(value)
	if not number or number < 0 or number > 65535 then
		return nil, "must be a port number, 0 to 65535"
	end
	return number
end

function M.scope(value)
	if type(value) ~= "string" or (native.landlock("scope", value) or 0) == 0 then
		return nil, 'must be "signal" or "abstract_unix"'
	end
	return value
end

function M.action(value)
	if tag(value) ~= "action" then
		return nil, 'must be an action: allow, errno "EPERM", kill, ...'
	end
	return value.text
end

function M.newer(value)
	if value == "default" then
		return value
	end
	return M.action(value)
end

local names = { "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time" }
M.namespaces = names

function M.namespace(value, layer, path, preferred)
	for _, name in ipairs(names) do
		if value == name then
			if preferred and name == "time" and not native.ask("feature", "time") then
				return nil
			end
			return value
		end
	end
	return nil, 'must be one of "' .. table.concat(names, '", "') .. '"'
end

return setmetatable(M, { __index = function(_, name)
	return native.load("lunette.rarely")[name]
end })
