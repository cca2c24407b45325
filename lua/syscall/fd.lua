-- fd.lua - fd objects: methods, and the metatable that raw's bound functions give their results
--
-- A method is a function of S with the fd in front. Those that exist stand in index.lua; one is
-- looked up when it is first called, so an fd costs nothing but itself.

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local index = require "syscall.index"

local M = {}

local close_number = require("syscall.call").bind("close", "fd -> true")
local sequences = setmetatable({}, { __mode = "k" })

-- seq(fd) - 1, 2, … with each call: numbers for messages on a netlink socket
local function sequence(fd)
	if not raw.ishandle(fd) then
		errors.complain("seq", 1, "an fd object", fd)
	end
	sequences[fd] = (sequences[fd] or 0) + 1
	return sequences[fd]
end

local core = { close = raw.closefd, getfd = raw.getfd, nogc = raw.nogc, seq = sequence }
local methods = {}

M.metatable = raw.handletype "fd"

function M.metatable.__tostring(fd)
	return tostring(raw.getfd(fd) or "closed")
end

-- Called by init.lua with the library itself.
function M.open(S)
	setmetatable(methods, {
		__index = function(_, name)
			local target = index.methods[name]
			local method = core[name] or (target and S[target])
			if not method then
				errors.raise("an fd has no method %s%s", tostring(name),
					errors.nearest(tostring(name), index.methods))
			end
			methods[name] = method
			return method
		end,
	})
	M.metatable.__index = methods
	raw.state().fd = M.metatable
end

-- fd(number) - an object that owns descriptor @number; an fd object is answered as it is
function M.fd(value)
	if raw.ishandle(value) then
		return value
	end
	return raw.handle(value, M.metatable)
end

-- close(fd) - of an object or a plain number. A closed object is a success. A file of Lua's own
-- would close the number once more, when it may be another's: file:close() is for that.
function M.close(fd)
	if raw.ishandle(fd) then
		return raw.closefd(fd)
	elseif io.type(fd) then
		errors.complain("close", 1, "an fd", fd)
	end
	local done, err = close_number(fd)
	if err and err.INTR then -- it is closed, and the number may be another's by now
		return true
	end
	return done, err
end

return M
