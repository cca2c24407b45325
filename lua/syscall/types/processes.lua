-- processes.lua - arguments of clone3(2), and how a process has ended

local errors = require "syscall.errors"
local struct = require "syscall.struct"

local M = {}

M.clone_args = struct.define {
	"clone_args", c = "struct clone_args", header = "linux/sched.h",
	{ "u64", "flags", const = "CLONE" },
	{ "ptr", "pidfd" },
	{ "ptr", "child_tid" },
	{ "ptr", "parent_tid" },
	{ "u64", "exit_signal", const = "SIG" },
	{ "ptr", "stack", length = "stack_size" },
	{ "u64", "stack_size" },
	{ "u64", "tls" },
	{ "ptr", "set_tid", length = "set_tid_size", unit = 4 },
	{ "u64", "set_tid_size" },
	{ "u64", "cgroup" },
}

-- waitstatus(number): .WIFEXITED .EXITSTATUS .WIFSIGNALED .TERMSIG .COREDUMP .WIFSTOPPED .STOPSIG
-- .WIFCONTINUED .EVENT, in any case and with or without the W; .status is the number

local readers = {}

function readers.TERMSIG(status)
	return status & 0x7f
end

function readers.EXITSTATUS(status)
	return status >> 8 & 0xff
end

readers.STOPSIG = readers.EXITSTATUS

function readers.COREDUMP(status)
	return status & 0x80 ~= 0
end

function readers.IFEXITED(status)
	return status & 0x7f == 0
end

function readers.IFSTOPPED(status)
	return status & 0xff == 0x7f
end

function readers.IFSIGNALED(status)
	return status & 0x7f ~= 0 and status & 0x7f ~= 0x7f
end

function readers.IFCONTINUED(status)
	return status == 0xffff
end

-- what ptrace(2) stopped at
function readers.EVENT(status)
	return status >> 16
end

local metatable = { __name = "waitstatus" }

function metatable.__index(self, key)
	local name = type(key) == "string" and key:upper() or ""
	local reader = readers[name] or readers[name:match "^W(.+)$" or ""]
	if not reader then
		errors.raise("waitstatus has no field %s%s", tostring(key),
			errors.nearest(tostring(key), readers))
	end
	return reader(rawget(self, "status"))
end

function metatable.__tostring(self)
	if self.ifexited then
		return ("exited with %d"):format(self.exitstatus)
	elseif self.ifsignaled then
		return ("killed by signal %d"):format(self.termsig)
	end
	return self.ifcontinued and "continued" or ("stopped by signal %d"):format(self.stopsig)
end

function M.waitstatus(status)
	if not math.type(status) then
		errors.raise("waitstatus: a number expected, got %s", type(status))
	end
	return setmetatable({ status = status }, metatable)
end

return M
