-- paths.lua - paths that are not canonical already, which native.path() has sorted out

local M = {}

-- canonical() - an absolute path without "." and double slashes, or nil and what is wrong with it
function M.canonical(value)
	if type(value) ~= "string" then
		return nil, "must be a path, as text"
	elseif value:byte() ~= 47 then
		return nil, 'must be an absolute path: "' .. value .. '" is not'
	elseif value:find("\0", 1, true) then
		return nil, "must not hold a NUL byte"
	end
	local parts = {}
	for part in value:gmatch("[^/]+") do
		if part == ".." then
			return nil, 'must not hold "..": "' .. value .. '"'
		elseif part ~= "." then
			parts[#parts + 1] = part
		end
	end
	return "/" .. table.concat(parts, "/")
end

-- absolute() - @path joined to the working directory @cwd, "." and ".." taken out
function M.absolute(path, cwd)
	local parts = {}
	for part in (path:byte() == 47 and path or cwd .. "/" .. path):gmatch("[^/]+") do
		if part == ".." then
			parts[#parts] = nil
		elseif part ~= "." then
			parts[#parts + 1] = part
		end
	end
	return "/" .. table.concat(parts, "/")
end

return M
