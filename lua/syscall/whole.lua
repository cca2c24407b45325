-- whole.lua - files read and written as a whole, of whatever length
--
-- What the kernel shows in /proc, /sys and cgroups has no size that could be asked for, and one
-- read(2) gives a part of it. Descriptors are closed whatever happens.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local M = {}

local open = call.bind("open", "openat: at path flags:O mode -> fd retry")
local read = call.bind("read", "fd room -> bytes retry")
local write = call.bind("write", "fd data -> int retry")

local PART = 65536

-- from(fd [, most]) - text up to the end of the file, or up to @most bytes
function M.from(fd, most)
	local parts, left = {}, most or math.maxinteger
	while left > 0 do
		local part, err = read(fd, nil, math.min(left, PART))
		if not part then
			return nil, err
		elseif part == "" then
			break
		end
		parts[#parts + 1] = part
		left = left - #part
	end
	return table.concat(parts)
end

-- to(fd, data) - all of a text or of memory. What is empty is written too: in /proc that may mean
-- something.
function M.to(fd, data)
	local bytes = raw.ismemory(data) and raw.memory.string(data) or data
	local at = 1
	repeat
		local count, err = write(fd, at == 1 and bytes or bytes:sub(at))
		if not count then
			return nil, err
		elseif count == 0 and bytes ~= "" then
			return nil, errors.objects[c.E.IO]
		end
		at = at + count
	until at > #bytes
	return true
end

-- read(path [, most [, directory]])
function M.read(path, most, directory)
	local fd <close>, err = open(directory, path, c.O.CLOEXEC)
	if not fd then
		return nil, err
	end
	return M.from(fd, most)
end

-- write(path, data [, flags [, mode [, directory]]]) - without flags into what is there
function M.write(path, data, flags, mode, directory)
	local fd <close>, err = open(directory, path, c.O[flags or "wronly"] | c.O.CLOEXEC, mode)
	if not fd then
		return nil, err
	end
	return M.to(fd, data)
end

return M
