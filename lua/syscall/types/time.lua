-- time.lua - times: timespec, timeval and the intervals of timers

local define = require("syscall.struct").define

local M = {}

-- A number of seconds, a table, or the two parts.
local function init(unit, part)
	return function(self, first, second)
		if type(first) == "table" then
			local type_of = M[unit]
			type_of.fill(self, first)
		elseif second then
			self.sec, self[part] = first, second
		elseif first then
			self.time = first
		end
	end
end

local function time(part, parts)
	return function(self)
		return self.sec + self[part] / parts
	end, function(self, value)
		local whole = math.floor(value)
		self.sec = whole
		self[part] = math.floor((value - whole) * parts + 0.5)
	end
end

local get_spec, set_spec = time("nsec", 1000000000)
local get_val, set_val = time("usec", 1000000)

M.timespec = define {
	"timespec", c = "struct __kernel_timespec", header = "linux/time_types.h", prefix = "tv_",
	{ "i64", "sec" },
	{ "i64", "nsec" },
	init = init("timespec", "nsec"), get = { time = get_spec }, set = { time = set_spec },
}

M.timeval = define {
	"timeval", c = "struct timeval", header = "sys/time.h", prefix = "tv_",
	{ "i64", "sec" },
	{ "i64", "usec" },
	init = init("timeval", "usec"), get = { time = get_val }, set = { time = set_val },
}

M.itimerspec = define {
	"itimerspec", c = "struct __kernel_itimerspec", header = "linux/time_types.h", prefix = "it_",
	{ "timespec", "interval" },
	{ "timespec", "value" },
}

M.itimerval = define {
	"itimerval", c = "struct itimerval", header = "sys/time.h", prefix = "it_",
	{ "timeval", "interval" },
	{ "timeval", "value" },
}

return M
