-- aio.lua - requests of asynchronous input and output, and what came of them

local struct = require "syscall.struct"
local raw = require "syscall.raw"
local errors = require "syscall.errors"

local define = struct.define
local memory = raw.memory

local M = {}

M.iocb = define {
	"iocb", c = "struct iocb", header = "linux/aio_abi.h", prefix = "aio_",
	{ "u64", "data" },
	{ "u32", "key" },
	{ "i32", "rw_flags", const = "RWF" },
	{ "u16", "lio_opcode", const = "IOCB_CMD" },
	{ "i16", "reqprio" },
	{ "u32", "fildes", fd = true },
	{ "ptr", "buf", length = "nbytes" },
	{ "u64", "nbytes" },
	{ "i64", "offset" },
	{ "u64" },
	{ "u32", "flags", const = "IOCB_FLAG" },
	{ "u32", "resfd" },
	get = {
		opcode = function(self)
			return self.lio_opcode
		end,
	},
	set = {
		opcode = function(self, value)
			self.lio_opcode = value
		end,
		resfd = function(self, fd)
			memory.u32(self, 60, raw.getfd(fd) or errors.raise("iocb.resfd: an open fd expected"))
			self.flags = self.flags | 1
		end,
	},
}

M.iocbs = struct.list "iocb"

-- iocb_array { request, … } - requests as io_submit(2) takes them
function M.iocb_array(list)
	local iocbs = M.iocbs(list)
	return { iocbs = iocbs, nr = #iocbs }
end

M.io_event = define {
	"io_event", c = "struct io_event", header = "linux/aio_abi.h",
	{ "u64", "data" },
	{ "u64", "obj" },
	{ "i64", "res" },
	{ "i64", "res2" },
	get = {
		-- what the call would have failed with, or nil
		error = function(self)
			return self.res < 0 and errors.objects[-self.res] or nil
		end,
	},
}

M.io_events = struct.list "io_event"

return M
