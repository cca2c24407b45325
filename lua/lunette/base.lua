-- base.lua - what every module of the front end shares: tagged values, errors, paths and numbers
--
-- A constructor of the profile language makes a table with a tag, which is its metatable; profiles
-- have neither getmetatable nor setmetatable, so a tag cannot be forged. All faults end in fail(),
-- which raises the table that the launcher prints as one line.
--
-- Must not know a key of the language, and stays small: every launch loads it.

local native = ...
local match = string.match
local setmetatable, tointeger, type = setmetatable, math.tointeger, type

local M = {}

local tags = {}

-- make() - @object with the tag @name; @call is what happens when it is called
function M.make(name, object, call)
	local meta = tags[name]
	if not meta then
		meta = { is = name, __call = call }
		tags[name] = meta
	end
	return setmetatable(object, meta)
end

-- tag() - the name of a value's tag, or nil
M.tag = native.tag

-- digits - small numbers as text, made when the binary is: each time, Lua takes printf for it
M.digits = {}
for number = 0, 127 do
	M.digits[number] = tostring(number)
end

-- fail() - raises: @where is "FILE:LINE" or "", @path the key's
function M.fail(where, path, reason, hint)
	error({
		stage = where == "" and "usage" or "profile", reason = reason, hint = hint,
		object = where == "" and path or path == "" and where or where .. ": " .. path,
	}, 0)
end

-- line() - where @path ("limits.wall", "needs[2]") stands in @layer: the line of its name, else of
-- its `profile`; "" for the command line
function M.line(layer, path)
	if not layer.text then
		return ""
	end
	local found = layer.lines[path]
	if not found then
		local name = match(path, "^.*%.([%w_]+)") or match(path, "^[%w_]+")
		layer.words = layer.words or native.lines(layer.text)
		local number = name and layer.words[name]
		found = number and layer.name .. ":" .. number or layer.where
		layer.lines[path] = found
	end
	return found
end

-- path() - the canonical form of an absolute path, or nil and what is wrong with it
function M.path(value)
	local plain = native.path(value)
	if plain then
		return plain
	end
	return native.load("lunette.paths").canonical(value)
end

local function scaled(value, pattern, scales, what)
	local number, unit = value, ""
	if type(value) == "string" then
		number, unit = match(value, pattern)
		number = tonumber(number)
	end
	local scale = scales[unit]
	if type(number) ~= "number" or not scale or number < 0 or number * 1.0 * scale >= 0x1p63 then
		return nil, what
	end
	return tointeger(number * scale // 1)
end

local sizes = { [""] = 1, K = 1024, M = 1 << 20, G = 1 << 30, T = 1 << 40 }
local times = { [""] = 1000, ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000 }

-- size() - bytes of 4096, "64M", "1.5G"
function M.size(value)
	return scaled(value, "^(%d+%.?%d*)([KMGT]?)$", sizes, 'must be a size, such as "64M"')
end

-- time() - milliseconds of 10 (seconds), "500ms", "1.5h"
function M.time(value)
	return scaled(value, "^(%d+%.?%d*)(%a*)$", times, 'must be a time, such as "10s" or "500ms"')
end

return M
