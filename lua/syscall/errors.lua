-- errors.lua - error objects of failed calls, and Lua errors of wrong ones
--
-- A failed call gives nil and an error object: tostring() is the message, .errno the number, .sym
-- the name ("ENOENT"), .lsym that in lower case, and .NOENT or .noent whether it is that error; any
-- other field raises. There is one object for each number, so objects can be compared.
--
-- A wrong call (a type, a range, a name) raises an error that points at the caller's line and not
-- into the library.

local raw = require "syscall.raw"

local M = {}

local own = debug.getinfo(1, "S").source:gsub("errors%.lua$", ""):gsub("errors$", "")

local argument_of -- the text that names the argument whose names are being looked up

-- Raises @text with the place of the nearest function that is not the library's own, and the name
-- by which it called the library, where the text does not say it.
function M.raise(text, ...)
	if select("#", ...) > 0 then
		text = text:format(...)
	end
	if argument_of then
		text = ("bad argument %s (%s)"):format(argument_of, text)
		argument_of = nil
	end
	local level = 2
	while true do
		local info = debug.getinfo(level, "Sl")
		if not info then
			error(text, 0)
		elseif info.currentline > 0 and info.source:sub(1, #own) ~= own then
			local called = debug.getinfo(level - 1, "n")
			if called.name and called.name ~= "?"
				and called.namewhat ~= "metamethod" and not text:find(called.name, 1, true) then
				text = called.name .. ": " .. text
			end
			error(("%s:%d: %s"):format(info.short_src, info.currentline, text), 0)
		end
		level = level + 1
	end
end

-- What an argument is called in an error: "#2 (flags) to 'open'"
local function argument_text(name, index)
	local known = require("syscall.call").argument(name, index)
	return ("#%d%s to '%s'"):format(index, known and (" (%s)"):format(known) or "", name)
end

-- lookup(values, names, name, index) - what names of flags stand for, as that argument of a call
function M.lookup(values, names, name, index)
	local value = rawget(getmetatable(values).__index, names) -- read before
	if not value then
		argument_of = argument_text(name, index)
		value = values[names]
		argument_of = nil
	end
	if type(value) == "function" then -- of c.IOCTL
		M.complain(name, index, "a request; this name's is made by S.c.IOCTL." .. names .. "(…)", names)
	end
	return value
end

-- Edit distance of two names without regard to case; more than @most is @most + 1.
local function distance(a, b, most)
	a, b = a:upper(), b:upper()
	if math.abs(#a - #b) > most then
		return most + 1
	end
	local row = {}
	for j = 0, #b do
		row[j] = j
	end
	for i = 1, #a do
		local corner = row[0]
		row[0] = i
		for j = 1, #b do
			local same = a:byte(i) == b:byte(j) and 0 or 1
			corner, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, corner + same)
		end
	end
	return row[#b]
end

-- The key of @names nearest to @name, as `; did you mean "…"?`, or "".
function M.nearest(name, names)
	local best, least = nil, math.max(2, #name // 3) + 1
	for key in pairs(names) do
		if type(key) == "string" then
			local far = distance(name, key, least)
			if far < least or (far == least and best and key < best) then
				best, least = key, far
			end
		end
	end
	return best and ("; did you mean \"%s\"?"):format(best) or ""
end

-- Error objects

local names, numbers -- number → name without the E, and back; filled when first asked for

local function load_names()
	if names then
		return
	end
	names, numbers = {}, {}
	for name, number in pairs(require("syscall.constants").c.E) do
		numbers[name] = number
		local other = names[number]
		-- EAGAIN and EOPNOTSUPP are the names to print, EDEADLK and not EDEADLOCK.
		if not other or name == "AGAIN" or name == "OPNOTSUPP" or name == "DEADLK" then
			names[number] = name
		end
	end
	numbers.NOATTR = numbers.NODATA -- as libattr has it
end

local metatable = { __name = "error" }

function metatable.__tostring(err)
	return raw.strerror(err.errno)
end

function metatable.__index(err, key)
	load_names()
	if key == "sym" or key == "lsym" then
		local name = names[err.errno]
		local sym = name and "E" .. name or tostring(err.errno)
		return key == "sym" and sym or sym:lower()
	end
	local number = type(key) == "string" and numbers[key:upper()]
	if not number then
		M.raise("an error has no field %q", tostring(key))
	end
	return err.errno == number
end

-- The state's table of errors: the object of a number, made when it is first asked for.
M.objects = setmetatable({}, {
	__index = function(objects, errno)
		local err = setmetatable({ errno = errno }, metatable)
		rawset(objects, errno, err)
		return err
	end,
})

-- given(value) - what it is, for an error that says what was expected instead
function M.given(value)
	if math.type(value) then
		return tostring(value)
	elseif raw.ismemory(value) then
		local size = raw.readable(value)
		return size and ("memory of %d bytes"):format(size) or "memory that is closed or cannot be read"
	elseif raw.ishandle(value) then
		return raw.getfd(value) and "an fd" or "a closed fd"
	elseif type(value) == "string" then
		return ("%q"):format(#value > 40 and value:sub(1, 40) .. "…" or value)
	end
	return type(value)
end

-- raw's bound functions call this for an argument that will not do.
function M.complain(name, argument, expected, value)
	M.raise("bad argument %s (%s expected, got %s)", argument_text(name, argument), expected,
		M.given(value))
end

return M
