-- merge.lua - checks the layers of a profile and makes one of them
--
-- A layer is one profile file or one option of the command line; they are applied oldest ancestor
-- first, the command line last. The result holds each key under its full name ("limits.wall") in
-- canonical form, the mounts in order, and the layers' guards and rules still apart, since
-- seccomp.lua orders them.

local native = ...
local base = native.load("lunette.base")
local keys = native.load("lunette.keys")
local schema = native.load("lunette.schema")
local tag, fail, line, digits = base.tag, base.fail, base.line, base.digits
local ipairs, next, type = ipairs, next, type
local sub = string.sub

local M = {
	values = {}, -- full key -> canonical value; a list has `at` (item -> FILE:LINE) and `optional`
	owner = {}, -- full key -> the layer that set it last
	preferred = {}, -- full key -> true where each layer that set it preferred it
	mounts = {}, -- in order; by target too
	layers = {}, -- with .guards and .rules
	skipped = {}, -- { what, why }
	warnings = {},
}
local values, owner = M.values, M.owner

local function wrong(layer, path, reason, hint)
	fail(layer.text and line(layer, path) or "", layer.option or path, reason, hint)
end
M.wrong = wrong

local function skip(what, why)
	M.skipped[#M.skipped + 1] = { what, why }
end
M.skip = skip

function M.warn(layer, path, text)
	M.warnings[#M.warnings + 1] = (layer.text and line(layer, path) .. ": " or "")
		.. (layer.option or path) .. ": " .. text
end

-- A value out of its wrappers: the value, its tag, whether it is preferred.
local function unwrap(value, preferred)
	local kind = tag(value)
	if kind == "prefer" then
		return unwrap(value[1], true)
	end
	return value, kind, preferred
end
M.unwrap = unwrap

local function section_table(layer, path, value)
	if type(value) ~= "table" or tag(value) then
		wrong(layer, path, "must be a table", path .. " = { ... }")
	end
end

-- Raises where @list has other keys than 1 to @count.
local function check_list(layer, path, list, count)
	for key in next, list do
		if type(key) ~= "number" then
			wrong(layer, path, "must be a list, but has the key `" .. tostring(key) .. "`")
		elseif not (key >= 1 and key <= count) then
			wrong(layer, path, "the list has a hole: a value in it is nil")
		end
	end
end

-- items() - a list's items one by one: @each(value, tag, preferred, path, index)
local function items(layer, path, list, preferred, each)
	section_table(layer, path, list)
	local count = #list
	if next(list, count > 0 and count or nil) ~= nil then
		check_list(layer, path, list, count)
	end
	for index = 1, count do
		local value, kind, prefers = list[index], nil, preferred
		if type(value) == "table" then
			value, kind, prefers = unwrap(value, preferred)
		elseif value == nil then
			wrong(layer, path, "the list has a hole: a value in it is nil")
		end
		each(value, kind, prefers, path, index)
	end
end
M.items = items

-- What a remove takes away, as a list.
local function removed(value)
	return type(value[1]) == "table" and value[1] or { value[1] }
end
M.removed = removed

local function take_away(list, value)
	for index, item in ipairs(list) do
		if item == value then
			list.at[value] = nil
			return table.remove(list, index)
		end
	end
end

local function put_list(layer, path, check, value, kind, preferred, replaces)
	local list = values[path]
	if kind == "replace" or replaces or not list then
		list = { at = {}, optional = {} }
		values[path] = list
	end
	if kind == "replace" then
		value = value[1]
	end
	local at, options = list.at, list.optional
	items(layer, path, value, preferred, function(item, class, prefers, _, index)
		if class == "remove" then
			for _, old in ipairs(removed(item)) do
				if not take_away(list, (check(old, layer, path))) then
					wrong(layer, path .. "[" .. index .. "]", "there is nothing to remove: " .. tostring(old))
				end
			end
			return
		end
		local optional = class == "optional"
		if optional then
			item = item[1]
		end
		local result, reason, hint, other = check(item, layer, path, prefers)
		if result == nil then
			local where = path .. "[" .. index .. "]"
			if reason and not prefers then
				wrong(layer, where, reason, hint)
			end
			skip(where, reason or "this host cannot give it")
		elseif not at[result] then
			list[#list + 1] = result
			at[result] = layer
			options[result] = optional or other or nil
		end
	end)
end

-- For weak.lua: what each layer made of @path.
local function remember(layer, path)
	if M.history then
		local past = M.history[path] or {}
		M.history[path] = past
		past[#past + 1] = { layer = layer, value = values[path] }
	end
end

-- put() - the key @path of type @class gets @value
local function put(layer, path, class, value, preferred)
	local kind
	value, kind, preferred = unwrap(value, preferred)
	if kind == "none" then
		values[path], owner[path], M.preferred[path] = nil, layer, nil
		remember(layer, path)
		return
	end
	local last = sub(class, -1)
	if last == "*" then
		local replaces = sub(class, -2) == "**"
		put_list(layer, path, keys[sub(class, 1, replaces and -3 or -2)], value, kind, preferred,
			replaces)
	else
		local check = keys[last == "+" and sub(class, 1, -2) or class]
		local result, reason, hint, said = check(value, layer, path, preferred, values[path])
		if result == 0 and last == "+" then
			native.load("lunette.explain").zero(M, layer, path)
		end
		if result == nil and (reason or not preferred) then
			wrong(layer, path, reason or "this host cannot give it", hint)
		elseif result == nil then
			if not said then
				skip(path, "this host cannot give it")
			end
			return
		end
		values[path] = result
	end
	remember(layer, path)
	-- What one layer wants without prefer stays wanted when another only prefers it.
	local before = M.preferred[path]
	M.preferred[path] = preferred and (last ~= "*" or before or not owner[path]) or nil
	owner[path] = layer
end

local function forget(prefix)
	for path in next, values do
		if sub(path, 1, #prefix) == prefix then
			values[path] = nil
		end
	end
end

local function unknown(layer, path, name, known)
	native.load("lunette.explain").key(layer, path, name, known)
end

local function mounts(layer, value, preferred)
	local list = M.mounts
	local kind
	value, kind, preferred = unwrap(value, preferred)
	if kind == "none" or kind == "replace" then
		list = {}
		M.mounts = list
		if kind == "none" then
			return
		end
		value = value[1]
	end
	local target = native.load("lunette.mounts").target
	items(layer, "mounts", value, preferred, function(item, class, prefers, path, number)
		path = path .. "[" .. (digits[number] or number) .. "]"
		if class == "remove" then
			for _, at in ipairs(removed(item)) do
				local clean = base.path(at)
				local index = clean and list[clean]
				if not index then
					native.load("lunette.explain").mount(layer, path, at, list)
				end
				list[clean], list[index] = nil, false
			end
			return
		elseif class ~= "mount" then
			wrong(layer, path, 'must be a mount: ro "/usr", tmpfs "/tmp", ...',
				class == "replace" and "replace stands around the whole list; a mount for the same "
					.. "target replaces the earlier one anyway" or nil)
		end
		item.layer, item.path, item.preferred = layer, path, prefers
		local at = target(item)
		local index = list[at] or #list + 1
		list[at], list[index] = index, item
	end)
end

local function seccomp(layer, value, preferred)
	local kind
	value, kind, preferred = unwrap(value, preferred)
	if kind == "none" or kind == "replace" then
		forget("seccomp.")
		for _, other in ipairs(M.layers) do
			other.rules = {}
			if kind == "none" and #other.guards > 0 then
				wrong(layer, "seccomp", "guards of a parent go only by remove { \"NAME\" }")
			end
		end
		if kind == "none" then
			M.seccomp = nil
			return
		end
		value = value[1]
	end
	section_table(layer, "seccomp", value)
	M.seccomp = true
	local rules = native.load("lunette.rules")
	local known = schema.seccomp
	for name, item in next, value do
		if type(name) == "number" then
			if name < 1 or name > #value then
				wrong(layer, "seccomp", "the list has a hole: a value in it is nil")
			end
		elseif name == "guard" then
			rules.guards(M, layer, item, preferred)
		elseif known[name] then
			put(layer, "seccomp." .. name, known[name], item, preferred)
		else
			unknown(layer, "seccomp", name, known)
		end
	end
	for index = 1, #value do
		rules.rule(M, layer, value[index], preferred, "seccomp[" .. index .. "]")
	end
end

local function section(layer, path, known, value, preferred)
	local kind
	value, kind, preferred = unwrap(value, preferred)
	if kind == "none" or kind == "replace" then
		forget(path .. ".")
		if kind == "none" then
			M[path] = nil
			return
		end
		value = value[1]
	end
	section_table(layer, path, value)
	for name, item in next, value do
		local class = known[name]
		if not class then
			unknown(layer, path, name, known)
		end
		put(layer, path .. "." .. name, class, item, preferred)
	end
	if path == "landlock" then
		M.landlock = { layer = layer, prefer = preferred and not (M.landlock and not M.landlock.prefer) }
	end
end

-- apply() - merges @layer, whose .value is the table of its `profile`
function M.apply(layer)
	layer.guards, layer.rules = {}, {}
	M.layers[#M.layers + 1] = layer
	for name, value in next, layer.value do
		local class = schema[name]
		if class == nil then
			unknown(layer, "", name, schema)
		elseif name == "seccomp" then
			seccomp(layer, value)
		elseif type(class) == "table" then
			section(layer, name, class, value)
		elseif name == "mounts" then
			mounts(layer, value)
		elseif name ~= "extends" then
			put(layer, name, class, value)
		end
	end
end

return M
