-- attributes.lua - the attributes of a mount, in the plan's order
--
-- Loaded for the first mount that has any.

local native = ...
local base = native.load("lunette.base")
local keys = native.load("lunette.keys")

-- @wrong raises for the mount and the attribute's name.
return function(mount, escape, wrong)
	local arguments, out = mount[1], ""
	local function add(name, check)
		local value = arguments[name]
		if value ~= nil then
			local result, reason = check(value)
			if result == 0 then
				result, reason = nil, "must be above 0"
			end
			if result == nil then
				wrong(mount, name, reason)
			end
			out = out .. " " .. name .. "=" .. escape(result)
		end
	end
	if mount.op == "overlay" then
		local upper, work = arguments.upper, arguments.work
		if upper == nil or upper == "tmpfs" then
			if work ~= nil then
				wrong(mount, "work", "is only for an upper that is a directory")
			end
		elseif work == nil then
			wrong(mount, "work", "must be given: an empty directory beside upper, on the same "
				.. "file system")
		else
			add("upper", base.path)
			add("work", base.path)
			if arguments.size or arguments.inodes then
				wrong(mount, "size", "is only for an upper that is a tmpfs")
			end
		end
	elseif mount.op == "file" then
		if arguments.text == nil then
			wrong(mount, "text", "must be given: what the file holds")
		end
		add("text", keys.text)
	end
	add("mode", keys.octal)
	add("size", base.size)
	add("inodes", keys.count)
	add("on_symlink", function(value)
		if value ~= "refuse" and value ~= "resolve" and value ~= "replace" then
			return nil, 'must be "refuse", "resolve" or "replace"'
		end
		return value
	end)
	return (out:gsub(" on_symlink=refuse", ""))
end
