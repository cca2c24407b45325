-- xattr.lua - extended attributes: one at a time, and all of a file as a table

local call = require "syscall.call"

local bind, check = call.bind, call.check

local M = {}

M.rows = {
	removexattr = "path text -> true",
	lremovexattr = "path text -> true",
	fremovexattr = "fd text -> true",
}

-- An answer in text without a size is of whatever length the kernel allows: 64 KiB.
local LONGEST = 65536

local function growing(get)
	local answer, err = get()
	if not answer and err.RANGE then
		return get(LONGEST)
	end
	return answer, err
end

-- setxattr(path, name, value, flags): the count that `data` allows stands last.
local function setter(name, kind)
	local set = bind(name, kind .. " text data flags:XATTR -> true")
	return function(file, attribute, value, flags)
		return set(file, attribute, value, nil, flags)
	end
end

local function getter(name, kind)
	local get = bind(name, kind .. " text room -> bytes")
	return function(file, attribute, buffer, size)
		if buffer or size then
			return get(file, attribute, buffer, size)
		end
		return growing(function(longest)
			return get(file, attribute, nil, longest)
		end)
	end
end

-- A list of names.
local function lister(name, kind)
	local list = bind(name, kind .. " room -> bytes")
	return function(file)
		local text, err = growing(function(longest)
			return list(file, nil, longest)
		end)
		if not text then
			return nil, err
		end
		local names = {}
		for one in text:gmatch "([^\0]+)" do
			names[#names + 1] = one
		end
		return names
	end
end

for prefix, kind in pairs { [""] = "path", l = "path", f = "fd" } do
	M[prefix .. "setxattr"] = setter(prefix .. "setxattr", kind)
	M[prefix .. "getxattr"] = getter(prefix .. "getxattr", kind)
	M[prefix .. "listxattr"] = lister(prefix .. "listxattr", kind)
end

-- xattr(path) - a table of all attributes; xattr(path, table) makes them what the table says:
-- others are removed. An attribute that another process takes away meanwhile is passed over.

local function all_of(file, list, get)
	local names, err = list(file)
	if not names then
		return nil, err
	end
	local values = {}
	for _, name in ipairs(names) do
		local value, failed = get(file, name)
		if not value and not failed.NODATA then
			return nil, failed
		end
		values[name] = value
	end
	return values
end

local function whole(prefix)
	local remove
	return function(file, wanted)
		local values, err = all_of(file, M[prefix .. "listxattr"], M[prefix .. "getxattr"])
		if not values or wanted == nil then
			return values, err
		end
		check.table(prefix .. "xattr", 2, wanted)
		local name_of_remove = prefix .. "removexattr"
		remove = remove or bind(name_of_remove, M.rows[name_of_remove])
		local done = true
		for name in pairs(values) do
			if done and wanted[name] == nil then
				done, err = remove(file, name)
			end
		end
		for name, value in pairs(wanted) do
			if done and values[name] ~= value then
				done, err = M[prefix .. "setxattr"](file, name, value)
			end
		end
		return done, err
	end
end

M.xattr = whole ""
M.lxattr = whole "l"
M.fxattr = whole "f"

return M
