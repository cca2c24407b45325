-- env.lua - the environment that os.getenv() reads and that programs inherit; the last error's
-- number

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local check = require("syscall.call").check

local M = {}

local function check_name(name, value)
	if type(value) ~= "string" or value == "" or value:find "[=%z]" then
		errors.complain(name, 1, "a name without = and NUL", value)
	end
	return value
end

-- environ() - a table of all variables
function M.environ()
	local variables = {}
	for _, text in ipairs(raw.env.environ()) do
		local name, value = text:match "^([^=]+)=(.*)$"
		if name then
			variables[name] = value
		end
	end
	return variables
end

function M.getenv(name)
	return os.getenv(check_name("getenv", name))
end

-- setenv(name, value [, overwrite]) - as setenv(3): one that is there stays without `overwrite`
function M.setenv(name, value, overwrite)
	return raw.env.setenv(check_name("setenv", name), check.path("setenv", 2, value),
		overwrite and overwrite ~= 0)
end

function M.unsetenv(name)
	return raw.env.unsetenv(check_name("unsetenv", name))
end

function M.clearenv()
	return raw.env.clearenv()
end

-- errno([number]) - the number of the last error, or 0; with a number, that becomes it
function M.errno(number)
	local state = raw.state()
	if number ~= nil then
		state.errno = check.integer("errno", 1, number, 0, 4095)
	end
	return state.errno or 0
end

return M
