-- poll.lua - pipes and what waits on descriptors

local call = require "syscall.call"
local fd = require "syscall.fd"

local M = {}

local make_pipe = call.bind("pipe2", "out:i32[2] flags:O -> out")

-- pipe([flags]) - true, nil, the end to read from, the end to write to
function M.pipe(flags)
	local ends, err = make_pipe(nil, flags)
	if not ends then
		return nil, err
	end
	return true, nil, fd.fd(ends[0]), fd.fd(ends[1])
end

M.pipe2 = M.pipe

return M
