-- limits.lua - limits, usage and scheduling

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"

require "syscall.types.time"

local define, memory = struct.define, raw.memory

local M = {}

-- rlimit(soft, hard), or one number for both; -1 and "infinity" are none.
M.rlimit = define {
	"rlimit", c = "struct rlimit64", header = "linux/resource.h", prefix = "rlim_",
	{ "u64", "cur", const = "RLIM" },
	{ "u64", "max", const = "RLIM" },
	init = function(self, soft, hard)
		if type(soft) == "table" then
			M.rlimit.fill(self, soft)
		elseif soft ~= nil then
			self.cur, self.max = soft, hard == nil and soft or hard
		end
	end,
}

M.rusage = define {
	"rusage", c = "struct rusage", header = "linux/resource.h", prefix = "ru_",
	{ "timeval", "utime" },
	{ "timeval", "stime" },
	{ "long", "maxrss" },
	{ "long", "ixrss" },
	{ "long", "idrss" },
	{ "long", "isrss" },
	{ "long", "minflt" },
	{ "long", "majflt" },
	{ "long", "nswap" },
	{ "long", "inblock" },
	{ "long", "oublock" },
	{ "long", "msgsnd" },
	{ "long", "msgrcv" },
	{ "long", "nsignals" },
	{ "long", "nvcsw" },
	{ "long", "nivcsw" },
	text = function(self)
		local list = {}
		for _, field in ipairs(M.rusage.fields) do
			local value = self[field.name]
			list[#list + 1] = ("%s %s"):format(field.name, math.type(value) and value or value.time)
		end
		return table.concat(list, ", ")
	end,
}

M.sched_param = define {
	"sched_param", c = "struct sched_param", header = "linux/sched/types.h", prefix = "sched_",
	{ "int", "priority" },
}

M.sched_attr = define {
	"sched_attr", c = "struct sched_attr", header = "linux/sched/types.h", prefix = "sched_",
	{ "u32", "size", c = "size" },
	{ "u32", "policy", const = "SCHED" },
	{ "u64", "flags", const = "SCHED_FLAG" },
	{ "i32", "nice" },
	{ "u32", "priority" },
	{ "u64", "runtime" },
	{ "u64", "deadline" },
	{ "u64", "period" },
	{ "u32", "util_min" },
	{ "u32", "util_max" },
	init = function(self, values)
		self.size = M.sched_attr.size
		if values then
			M.sched_attr.fill(self, values)
		end
	end,
}

M.futex_waitv = define {
	"futex_waitv", c = "struct futex_waitv", header = "linux/futex.h",
	{ "u64", "val" },
	{ "ptr", "uaddr" },
	{ "u32", "flags", const = "FUTEX2" },
	{ "u32" },
}

-- cpu_set { 0, 2 }: set[n] is whether CPU n is in it, of 8192, as many as a kernel can have

local SIZE = 1024

local function place(cpu)
	if math.type(cpu) ~= "integer" or cpu < 0 or cpu >= SIZE * 8 then
		errors.raise("cpu_set: a CPU from 0 to %d expected, got %s", SIZE * 8 - 1, tostring(cpu))
	end
	return cpu // 8, 1 << (cpu % 8)
end

local methods = {}

function methods.get(self, cpu)
	local byte, bit = place(cpu)
	return memory.u8(self, byte) & bit ~= 0
end

function methods.set(self, cpu)
	local byte, bit = place(cpu)
	memory.u8(self, byte, memory.u8(self, byte) | bit)
end

function methods.clear(self, cpu)
	local byte, bit = place(cpu)
	memory.u8(self, byte, memory.u8(self, byte) & ~bit)
end

function methods.zero(self)
	memory.fill(self, 0)
end

M.cpu_set = define {
	"cpu_set", size = SIZE, align = 8,
	init = function(self, list)
		for _, cpu in ipairs(type(list) == "table" and list or { list }) do
			methods.set(self, cpu)
		end
	end,
	text = function(self)
		local list = {}
		for cpu = 0, SIZE * 8 - 1 do
			if memory.u8(self, cpu // 8) >> (cpu % 8) & 1 == 1 then
				list[#list + 1] = cpu
			end
		end
		return "{" .. table.concat(list, ",") .. "}"
	end,
}
M.cpu_set.metatable.__index, M.cpu_set.metatable.__newindex =
	memory.fields({}, methods, methods.get, {}, function(self, cpu, value)
		methods[value and "set" or "clear"](self, cpu)
	end)

return M
