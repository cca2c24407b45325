-- signals.lua - sets of signals, what is done with one, and what comes with one

local raw = require "syscall.raw"
local errors = require "syscall.errors"
local struct = require "syscall.struct"
local constants = require "syscall.constants"

local c = constants.c
local define, memory = struct.define, raw.memory

local M = {}

-- sigset "int, pipe", sigset { "int", 10 }, sigset(10). A signal's name is a field: .winch

local function bit_of(signal)
	local number = type(signal) == "string" and c.SIG[signal]
		or math.type(signal) and math.tointeger(signal)
	if not number or number < 1 or number > 64 then
		errors.raise("sigset: a signal expected, got %s", tostring(signal))
	end
	return 1 << (number - 1)
end

local function change(self, signals, add)
	local list = signals
	if type(signals) == "string" then
		list = {}
		for name in signals:gmatch "[^%s,]+" do
			list[#list + 1] = name
		end
	elseif type(signals) ~= "table" then
		list = { signals }
	end
	for _, signal in ipairs(list) do
		local bit = bit_of(signal)
		self.val = add and self.val | bit or self.val & ~bit
	end
	return self
end

local members, set_members = {}, {}
for name in pairs(c.SIG) do
	local function has(self)
		return self.val & bit_of(name) ~= 0
	end
	local function set(self, value)
		change(self, name, value)
	end
	members[name], members[name:lower()] = has, has
	set_members[name], set_members[name:lower()] = set, set
end

function members.isemptyset(self)
	return self.val == 0
end

M.sigset = define {
	"sigset",
	{ "u64", "val" },
	init = function(self, signals)
		if type(signals) == "table" and signals.val then
			self.val = signals.val
		elseif signals then
			change(self, signals, true)
		end
	end,
	get = members, set = set_members,
	methods = {
		add = function(self, signals)
			return change(self, signals, true)
		end,
		del = function(self, signals)
			return change(self, signals, false)
		end,
	},
	text = function(self)
		local list = {}
		for number = 1, 64 do
			if self.val & 1 << (number - 1) ~= 0 then
				list[#list + 1] = constants.name("SIG", number) or tostring(number)
			end
		end
		return table.concat(list, ", ")
	end,
}

-- No Lua runs in a handler, and a number never becomes an address: what can be set is "dfl" or
-- "ign".
M.sigaction = define {
	"sigaction", c = "struct sigaction", header = "asm/signal.h", prefix = "sa_",
	{ "ulong", "handler" },
	{ "ulong", "flags", const = "SA" },
	{ "ulong", "restorer", except = "riscv64" },
	{ "sigset", "mask" },
	set = {
		handler = function(self, value)
			local number = type(value) == "string" and c.SIGACT[value] or value
			if number ~= 0 and number ~= 1 then
				errors.raise("sigaction.handler: \"dfl\" or \"ign\" expected, got %s; "
					.. "a signalfd tells Lua of signals",
					tostring(value))
			end
			memory.u64(self, 0, number)
		end,
		restorer = function()
			errors.raise("sigaction.restorer cannot be set")
		end,
	},
}

local function signal_name(self)
	return constants.name("SIG", self.signo) or tostring(self.signo)
end

M.siginfo = define {
	"siginfo", c = "siginfo_t", header = "asm/siginfo.h", prefix = "si_", size = 128,
	{ "int", "signo", const = "SIG" },
	{ "int", "errno" },
	{ "int", "code", const = "SI" },
	{ union = {
		{ struct = {
			{ "int", "pid", c = "_sifields._kill._pid" },
			{ "uint", "uid", c = "_sifields._kill._uid" },
			{ union = {
				{ struct = {
					{ "int", "status", c = "_sifields._sigchld._status" },
					{ "long", "utime", c = "_sifields._sigchld._utime" },
					{ "long", "stime", c = "_sifields._sigchld._stime" },
				} },
				{ "int", "int", c = "_sifields._rt._sigval.sival_int" },
				{ "i64", "value", c = "_sifields._rt._sigval.sival_ptr" },
			} },
		} },
		{ struct = {
			{ "int", "timerid", c = "_sifields._timer._tid" },
			{ "int", "overrun", c = "_sifields._timer._overrun" },
		} },
		{ "u64", "addr", c = "_sifields._sigfault._addr" },
		{ struct = {
			{ "long", "band", c = "_sifields._sigpoll._band" },
			{ "int", "fd", c = "_sifields._sigpoll._fd" },
		} },
		{ struct = {
			{ "u64", "call_addr", c = "_sifields._sigsys._call_addr" },
			{ "int", "syscall", c = "_sifields._sigsys._syscall" },
			{ "uint", "arch", c = "_sifields._sigsys._arch" },
		} },
	} },
	get = { signame = signal_name },
}

M.sigval = define {
	"sigval", c = "sigval_t", header = "asm/siginfo.h", prefix = "sival_", union = true,
	{ "int", "int" },
	{ "i64", "ptr" },
}

M.sigevent = define {
	"sigevent", c = "struct sigevent", header = "asm/siginfo.h", prefix = "sigev_", size = 64,
	{ "sigval", "value" },
	{ "int", "signo", const = "SIG" },
	{ "int", "notify", const = "SIGEV" },
	{ "int", "tid", c = "_sigev_un._tid" },
}

-- What a signalfd is read as. Of a signal's name, in capitals or not: .alrm. But .int is the number
-- that came with the signal; SIGINT is .INT.
local signalfd_gets = { signame = signal_name }

function signalfd_gets.user(self)
	return self.code == c.SI.USER
end

for name, number in pairs(c.SIG) do
	local function is(self)
		return self.signo == number
	end
	signalfd_gets[name] = is
	if name ~= "INT" then
		signalfd_gets[name:lower()] = is
	end
end

M.signalfd_siginfo = define {
	"signalfd_siginfo", c = "struct signalfd_siginfo", header = "linux/signalfd.h",
	prefix = "ssi_",
	{ "u32", "signo" },
	{ "i32", "errno" },
	{ "i32", "code" },
	{ "u32", "pid" },
	{ "u32", "uid" },
	{ "i32", "fd" },
	{ "u32", "tid" },
	{ "u32", "band" },
	{ "u32", "overrun" },
	{ "u32", "trapno" },
	{ "i32", "status" },
	{ "i32", "int" },
	{ "u64", "ptr" },
	{ "u64", "utime" },
	{ "u64", "stime" },
	{ "u64", "addr" },
	{ "u16", "addr_lsb" },
	{ "u16" },
	{ "i32", "syscall" },
	{ "u64", "call_addr" },
	{ "u32", "arch" },
	{ "u8[28]" },
	get = signalfd_gets,
}

-- siginfos(list, or memory that a signalfd was read into)
M.siginfos = struct.list "signalfd_siginfo"

-- What a handler in C is given, and sigreturn(2) takes: the registers at the signal.

M.stack = define {
	"stack", c = "stack_t", header = "asm/signal.h", prefix = "ss_",
	{ "ptr", "sp" },
	{ "int", "flags" },
	{ "size", "size" },
}

local registers = {
	x86_64 = {
		{ "u64", "r8" }, { "u64", "r9" }, { "u64", "r10" }, { "u64", "r11" }, { "u64", "r12" },
		{ "u64", "r13" }, { "u64", "r14" }, { "u64", "r15" }, { "u64", "rdi" }, { "u64", "rsi" },
		{ "u64", "rbp" }, { "u64", "rbx" }, { "u64", "rdx" }, { "u64", "rax" }, { "u64", "rcx" },
		{ "u64", "rsp" }, { "u64", "rip" }, { "u64", "eflags" }, { "u16", "cs" }, { "u16", "gs" },
		{ "u16", "fs" }, { "u16", "ss" }, { "u64", "err" }, { "u64", "trapno" },
		{ "u64", "oldmask" }, { "u64", "cr2" }, { "u64", "fpstate" }, { "u64[8]", "reserved1" },
	},
	aarch64 = {
		{ "u64", "fault_address" }, { "u64[31]", "regs" }, { "u64", "sp" }, { "u64", "pc" },
		{ "u64", "pstate" }, { "u8[4096]", "__reserved", align = 16 },
	},
	riscv64 = {
		{ "u64[32]", "regs", c = "sc_regs" }, { "u8[528]", "fpregs", c = "sc_fpregs", align = 16 },
	},
}

M.mcontext = define {
	"mcontext", c = "struct sigcontext", header = "asm/sigcontext.h",
	table.unpack(registers[raw.arch]),
}

M.ucontext = define {
	"ucontext", c = "struct ucontext", header = "asm/signal.h,asm/sigcontext.h,asm/ucontext.h",
	prefix = "uc_",
	{ "ulong", "flags" },
	{ "ptr", "link" },
	{ "stack", "stack" },
	{ "mcontext", "mcontext", only = "x86_64" },
	{ "sigset", "sigmask" },
	{ "u8[120]", except = "x86_64" },
	{ "mcontext", "mcontext", except = "x86_64" },
}

return M
