-- ids.lua - lists of groups

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"

local M = {}

local new_list = struct.list "u32"

-- groups(list) - of numbers, from 1
function M.groups(values)
	if type(values) ~= "table" and not raw.ismemory(values) then
		errors.raise("groups: a list of numbers expected, got %s", type(values))
	end
	return new_list(values)
end

return M
