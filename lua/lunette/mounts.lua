-- mounts.lua - one mount of a profile as a line of the plan
--
-- `same` asks the host here, so that the plan already says what it is.

local native = ...
local base = native.load("lunette.base")
local tag, fail = base.tag, base.fail
local ipairs, next, type = ipairs, next, type

-- The attributes of each word; an attribute is a word between spaces.
local attributes = {
	ro = " at optional on_symlink noexec ", rw = " at optional on_symlink noexec ",
	same = " optional ", tmpfs = " size mode inodes optional on_symlink noexec ",
	proc = " optional on_symlink ", dev = " optional on_symlink ", sysfs = " optional on_symlink ",
	mqueue = " optional on_symlink ",
	overlay = " at upper work size inodes optional on_symlink noexec ",
	symlink = " at optional ", file = " text mode optional on_symlink ",
	dir = " mode optional on_symlink ", mask = " optional on_symlink ",
}

local function wrong(mount, name, reason, hint)
	if mount.where == "" then
		fail("", mount.layer.option or mount.path, reason, hint)
	end
	fail(mount.where, name and mount.path .. "." .. name or mount.path, reason, hint)
end

-- A path of the mount, checked.
local function path(mount, name, value)
	local clean, reason = base.path(value)
	if not clean then
		wrong(mount, name, reason)
	end
	return clean
end

local M = {}

-- target() - where the mount goes inside; its arguments as a table from now on
function M.target(mount)
	local arguments = mount[1]
	if type(arguments) ~= "table" then
		arguments = { arguments }
		mount[1] = arguments
	elseif tag(arguments) then
		wrong(mount, nil, mount.op .. " takes a path, or { path, NAME = VALUE }")
	end
	local at = arguments.at
	if at == nil then
		if mount.op == "symlink" then
			wrong(mount, nil, "needs a place: symlink { \"usr/bin\", at = \"/bin\" }")
		end
		at = arguments[1]
	end
	mount.target = path(mount, arguments.at and "at" or nil, at)
	return mount.target
end

local function flag(mount, name)
	local value = mount[1][name]
	if value ~= nil and type(value) ~= "boolean" then
		wrong(mount, name, "must be true or false")
	end
	return value
end

-- ask() - asks for the links of all `same` mounts at once
function M.ask(mounts)
	local paths, askers = {}, {}
	for _, mount in ipairs(mounts) do
		if mount and mount.op == "same" then
			paths[#paths + 1], askers[#askers + 1] = mount.target, mount
		end
	end
	if #paths > 0 then
		for index, link in ipairs(native.ask_all("readlink", paths)) do
			askers[index].link = link
		end
	end
end

-- line() - the tokens of the plan, or nil and why the mount is left out. @escape makes a token.
function M.line(mount, escape)
	local kind, arguments, target = mount.op, mount[1], mount.target
	local known, named = attributes[kind], false
	for name in next, arguments do
		if name ~= 1 then
			named = true
			if type(name) ~= "string" or not known:find(" " .. name .. " ", 1, true) then
				native.load("lunette.explain").attribute(mount, name, known)
			end
		end
	end
	local optional = named and flag(mount, "optional") or mount.preferred
	local shown = escape(target)
	local text = kind .. " " .. shown
	if kind == "ro" or kind == "rw" then
		local source = arguments[1]
		text = "bind " .. shown .. " source="
			.. (source == target and shown or escape(path(mount, nil, source)))
	elseif kind == "same" then
		if mount.link then
			return "symlink " .. shown .. " source=" .. escape(mount.link)
		elseif native.ask("exists", target) then
			return "bind " .. shown .. " source=" .. shown .. " read-only"
		elseif optional then
			return
		end
		wrong(mount, nil, "the host has no " .. target, 'same { "' .. target
			.. '", optional = true } does without')
	elseif kind == "overlay" then
		if mount.preferred and not native.ask("feature", "overlay") then
			return nil, "this kernel has no overlay for ordinary users"
		end
		text = text .. " source=" .. escape(path(mount, nil, arguments[1]))
	elseif kind == "symlink" then
		local link = arguments[1]
		if type(link) ~= "string" or link == "" or link:find("\0", 1, true) then
			wrong(mount, nil, "the link's text must be a path")
		end
		text = text .. " source=" .. escape(link)
	end
	if named or kind == "overlay" or kind == "file" then
		text = text .. native.load("lunette.attributes")(mount, escape, wrong)
	end
	return text .. (kind == "ro" and " read-only" or "") .. (optional and " optional" or "")
		.. (named and flag(mount, "noexec") and " noexec" or "")
end

return M
