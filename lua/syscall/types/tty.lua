-- tty.lua - a terminal's modes and size

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local define = require("syscall.struct").define
local c = require("syscall.constants").c

local memory = raw.memory

local M = {}

local CC = 17 -- where the control characters lie, after four words of flags and the line

local gets, sets = {}, {}
for name, place in pairs(c.CC) do
	local function get(self)
		return memory.u8(self, CC + place)
	end
	-- A number, or the character itself.
	local function set(self, value)
		memory.u8(self, CC + place, type(value) == "string" and #value == 1 and value:byte() or value)
	end
	gets[name], gets[name:lower()], sets[name], sets[name:lower()] = get, get, set, set
end

-- In bits a second, of any value: what B's constants cannot say the kernel takes as BOTHER.
local function set_speed(field, shift)
	return function(self, value)
		if not math.type(value) or value < 0 then
			errors.raise("termios: a speed in bits a second expected, got %s", tostring(value))
		end
		self.cflag = self.cflag & ~(c.CFLAG.CBAUD << shift) | c.CFLAG.BOTHER << shift
		memory.u32(self, field, value)
	end
end

local set_input, set_output = set_speed(36, 16), set_speed(40, 0)

function gets.speed(self)
	return self.ospeed
end

function sets.speed(self, value)
	set_input(self, value)
	set_output(self, value)
end

sets.ispeed, sets.ospeed = set_input, set_output

M.termios = define {
	"termios", c = "struct termios2", header = "asm/termbits.h", prefix = "c_",
	{ "uint", "iflag", const = "IFLAG" },
	{ "uint", "oflag", const = "OFLAG" },
	{ "uint", "cflag", const = "CFLAG" },
	{ "uint", "lflag", const = "LFLAG" },
	{ "u8", "line" },
	{ "u8[19]", "cc" },
	{ "uint", "ispeed" },
	{ "uint", "ospeed" },
	get = gets, set = sets,
	methods = {
		-- as cfmakeraw(3): bytes as they come
		makeraw = function(self)
			self.iflag = self.iflag
				& ~c.IFLAG "ignbrk, brkint, parmrk, istrip, inlcr, igncr, icrnl, ixon"
			self.oflag = self.oflag & ~c.OFLAG.OPOST
			self.lflag = self.lflag & ~c.LFLAG "echo, echonl, icanon, isig, iexten"
			self.cflag = self.cflag & ~c.CFLAG "csize, parenb" | c.CFLAG.CS8
			self.vmin, self.vtime = 1, 0
			return true
		end,
	},
}
M.termios2 = M.termios

M.winsize = define {
	"winsize", c = "struct winsize", header = "asm/termios.h", prefix = "ws_",
	{ "ushort", "row" },
	{ "ushort", "col" },
	{ "ushort", "xpixel" },
	{ "ushort", "ypixel" },
}

return M
