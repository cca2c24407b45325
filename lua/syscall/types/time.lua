-- time.lua - times: timespec, timeval and the intervals of timers

local errors = require "syscall.errors"
local struct = require "syscall.struct"
local constants = require "syscall.constants"

local define = struct.define

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
		if not math.type(value) or value ~= value or value < -2 ^ 63 or value >= 2 ^ 63 then
			errors.raise("a time: a number of seconds expected, got %s", errors.given(value))
		end
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

-- timespec2(access, modification) and timeval2: the pairs of utimensat(2), each a time, "now" or
-- "omit"; without arguments nil, which is now.
local utime_words = { now = 0x3fffffff, omit = 0x3ffffffe }

local function pair(name)
	local array
	return function(first, second)
		array = array or struct.array(name, 2)
		if type(first) == "table" and second == nil then
			first, second = first[1], first[2]
		end
		local both = array()
		for i, value in ipairs { first or "now", second or "now" } do
			local word = utime_words[type(value) == "string" and value:lower()]
			if type(value) == "string" and not word then
				errors.raise("%s2: a time, \"now\" or \"omit\" expected, got %q", name, value)
			end
			both[i - 1] = word and { 0, word } or value
		end
		return both
	end
end

M.timespec2 = pair "timespec"
M.timeval2 = pair "timeval"
M.timespec2_raw = struct.array("timespec", 2)
M.timeval2_raw = struct.array("timeval", 2)

M.timex = define {
	"timex", c = "struct __kernel_timex", header = "linux/timex.h",
	{ "uint", "modes", const = "ADJ" },
	{ "int" },
	{ "i64", "offset" },
	{ "i64", "freq" },
	{ "i64", "maxerror" },
	{ "i64", "esterror" },
	{ "int", "status", const = "STA" },
	{ "int" },
	{ "i64", "constant" },
	{ "i64", "precision" },
	{ "i64", "tolerance" },
	{ "timeval", "time" },
	{ "i64", "tick" },
	{ "i64", "ppsfreq" },
	{ "i64", "jitter" },
	{ "int", "shift" },
	{ "int" },
	{ "i64", "stabil" },
	{ "i64", "jitcnt" },
	{ "i64", "calcnt" },
	{ "i64", "errcnt" },
	{ "i64", "stbcnt" },
	{ "int", "tai" },
	{ "int[11]" },
}

-- adjtimex(state, timex) - an answer of that call as one value: .state, .timex, and .OK, .INS, …
local answer = { __name = "adjtimex" }

function answer.__index(self, name)
	return rawget(self, "state") == constants.c.TIME[name]
end

function M.adjtimex(state, timex)
	if math.type(state) ~= "integer" then
		errors.complain("adjtimex", 1, "the clock's state", state)
	end
	return setmetatable({ state = state, timex = M.timex(timex) }, answer)
end

-- timer(id) - an object that owns a POSIX timer; its methods are put there by time.lua
M.timer_metatable = { __name = "timer" }

function M.timer(id)
	if math.type(id) ~= "integer" or id < 0 or id > 0x7fffffff then
		errors.complain("timer", 1, "the number of a timer", id)
	end
	require "syscall.time"
	return setmetatable({ id = id }, M.timer_metatable)
end

return M
