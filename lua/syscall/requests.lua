-- requests.lua - requests of ioctl that are functions, as in C: of a length, a code, a structure
--
-- S.c.IOCTL.EVIOCGNAME(256) is the number of the request for a name of up to 256 bytes, and
-- S.c.IOCTL._IOR("E", 1, "int") that of one that reads an int. constants.lua finds them here when
-- S.c.IOCTL has no number by that name.

local check = require("syscall.call").check
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local M = {}

local NONE, WRITE, READ = 0, 1, 2 -- asm-generic/ioctl.h, as x86_64, aarch64 and riscv64 have it
local LONGEST = 0x3fff

local function encode(direction, letter, number, size)
	return direction << 30 | size << 16 | letter << 8 | number
end

-- The bytes of what a request reads or writes: a count, a type, or a type's name.
local function size_of(name, index, of)
	local size = of
	if type(of) == "string" then
		size = require("syscall").types.s[of]
	elseif type(of) == "table" then
		size = of.size
	end
	return check.integer(name, index, size, 0, LONGEST)
end

-- _IO(letter, number), _IOR(letter, number, size), …: the letter as text or as its code
for name, direction in pairs { _IO = NONE, _IOR = READ, _IOW = WRITE, _IOWR = READ | WRITE } do
	M[name] = function(letter, number, of)
		if type(letter) == "string" then
			letter = #letter == 1 and letter:byte() or errors.complain(name, 1, "one letter", letter)
		end
		return encode(direction, check.integer(name, 1, letter, 0, 255),
			check.integer(name, 2, number, 0, 255), direction == NONE and 0 or size_of(name, 3, of))
	end
end

-- linux/input.h: of a length
for name, number in pairs {
	EVIOCGNAME = 0x06, EVIOCGPHYS = 0x07, EVIOCGUNIQ = 0x08, EVIOCGPROP = 0x09, EVIOCGMTSLOTS = 0x0a,
	EVIOCGKEY = 0x18, EVIOCGLED = 0x19, EVIOCGSND = 0x1a, EVIOCGSW = 0x1b,
} do
	M[name] = function(length)
		return M._IOR("E", number, check.integer(name, 1, length, 0, LONGEST))
	end
end

-- EVIOCGBIT(kind of event, length), 0 for the kinds themselves
function M.EVIOCGBIT(event, length)
	return M._IOR("E", 0x20 + check.integer("EVIOCGBIT", 1, c.EV[event or 0], 0, c.EV.MAX),
		check.integer("EVIOCGBIT", 2, length, 0, LONGEST))
end

-- EVIOCGABS(axis), EVIOCSABS(axis): an input_absinfo
function M.EVIOCGABS(axis)
	return M._IOR("E", 0x40 + check.integer("EVIOCGABS", 1, c.ABS[axis], 0, c.ABS.MAX),
		"input_absinfo")
end

function M.EVIOCSABS(axis)
	return M._IOW("E", 0xc0 + check.integer("EVIOCSABS", 1, c.ABS[axis], 0, c.ABS.MAX),
		"input_absinfo")
end

return M
