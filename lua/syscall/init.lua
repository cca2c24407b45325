-- init.lua - `local S = require "syscall"`: the library's one entrance
--
-- S.NAME is a function of one of the families that index.lua lists; the family is loaded, and a
-- function that is a row is bound, when the name is first used. S.c are the constants, S.t the
-- types, S.util, S.nl and S.cgroup the modules above. What is not there is nil, so that `if
-- S.statmount` asks whether this architecture has the call.

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local index = require "syscall.index"

local state = raw.state()
state.errors = errors.objects
state.complain, state.raise, state.lookup = errors.complain, errors.raise, errors.lookup

local call = require "syscall.call"
local fd = require "syscall.fd"

local S = {
	_VERSION = "lunette 0.1.0",
	_DESCRIPTION = "Linux system calls for plain Lua",
	_COPYRIGHT = "MIT",
	raw = raw,
	abi = {
		os = "linux", arch = raw.arch == "x86_64" and "x64" or raw.arch, abi32 = false, abi64 = true,
		le = string.pack("=I2", 1) == "\1\0", be = string.pack("=I2", 1) ~= "\1\0",
	},
}

-- Types: constructors by name; `types.s` their sizes.

local own_types = { fd = fd.fd }

function own_types.error(errno)
	return errors.objects[errno]
end

function own_types.buffer(size)
	return raw.memory.new(size)
end

-- Of plain memory buffer[i] is a byte, from 0 on.
local function no_byte(_, at)
	if not math.type(at) then
		errors.raise("memory has no field %s%s", tostring(at), errors.nearest(tostring(at), raw.memory))
	end
end

local function no_byte_to_set(self, at)
	if not math.type(at) then
		errors.raise("memory has no field %s that can be set", tostring(at))
	end
	errors.raise("memory: no byte %s of %d", tostring(at), #self)
end

local plain = debug.getmetatable(raw.memory.new(0))
plain.__index, plain.__newindex =
	raw.memory.elements(raw.memory.kinds.u8, raw.memory, no_byte, no_byte_to_set, 0)

S.t = setmetatable(own_types, {
	__index = function(t, name)
		if not index.types[name] then
			errors.raise("no type %q%s", tostring(name), errors.nearest(tostring(name), index.types))
		end
		local family = require("syscall.types." .. index.types[name])
		t[name] = family[name] or error(name .. " is not where index.lua says")
		return t[name]
	end,
})
S.types = {
	t = S.t,
	s = setmetatable({}, {
		__index = function(_, name)
			return S.t[name].size
		end,
	}),
}

-- Functions

local rows = {} -- of loaded families: name → row, until it is bound

local function load_family(name)
	local family = require("syscall." .. name)
	for key, value in pairs(family) do
		if key ~= "rows" then
			rawset(S, key, value)
		end
	end
	for key, row in pairs(family.rows or {}) do
		rows[key] = row
	end
end

local loaded = {}
local modules = { util = true, nl = true, cgroup = true, proc = true, process = true,
	terminal = true }
local of_constants = { c = true, names = true }

local function find(_, name)
	if modules[name] or of_constants[name] then
		S[name] = of_constants[name] and require("syscall.constants")[name]
			or require("syscall." .. name)
		return S[name]
	end
	local family = index.functions[name]
	if not family then
		return nil
	end
	if not loaded[family] then
		loaded[family] = true
		load_family(family)
	end
	if rows[name] then
		S[name] = call.bind(name, rows[name])
	end
	return rawget(S, name)
end

setmetatable(S, { __index = find })

-- load_all() - everything that would be loaded when it is first used: for a program that is about
-- to leave its files behind, by another root or a filter
function S.load_all()
	for name in pairs(index.functions) do
		find(nil, name)
	end
	for name in pairs(index.types) do
		local _ = S.t[name]
	end
	for name in pairs(modules) do
		find(nil, name)
	end
	require "syscall.arguments"
	require "syscall.requests"
	require "syscall.unsafe"
end

-- Not owned: a program's standard files are not closed because a collector ran.
fd.open(S)
for number, name in pairs { [0] = "stdin", "stdout", "stderr" } do
	S[name] = raw.nogc(fd.fd(number))
end

return S
