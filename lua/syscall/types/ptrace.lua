-- ptrace.lua - registers of a traced process, and the system call that it stopped at

local raw = require "syscall.raw"
local define = require("syscall.struct").define

local M = {}

-- The general registers, as NT_PRSTATUS gives them.
local layouts = {
	x86_64 = { c = "struct user_regs_struct", header = "sys/user.h",
		"r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss \z
		fs_base gs_base ds es fs gs" },
	aarch64 = { c = "struct user_pt_regs", header = "asm/ptrace.h", array = "u64[31]",
		"sp pc pstate" },
	riscv64 = { c = "struct user_regs_struct", header = "asm/ptrace.h",
		"pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 \z
		t3 t4 t5 t6" },
}
local layout = layouts[raw.arch]
local registers = { "user_regs", c = layout.c, header = layout.header }
if layout.array then
	registers[2] = { layout.array, "regs" }
end
for name in layout[1]:gmatch "%S+" do
	registers[#registers + 1] = { "u64", name }
end
M.user_regs = define(registers)

-- What stands behind the stack pointer depends on .op: at the entry nr and args, at the exit rval
-- and is_error, at a filter's stop nr, args and ret_data.
M.ptrace_syscall_info = define {
	"ptrace_syscall_info", c = "struct ptrace_syscall_info", header = "linux/ptrace.h",
	{ "u8", "op", const = "PTRACE_SYSCALL_INFO" },
	{ "u8[3]" },
	{ "u32", "arch" },
	{ "u64", "instruction_pointer" },
	{ "u64", "stack_pointer" },
	{ union = {
		{ struct = {
			{ "u64", "nr", c = "entry.nr" },
			{ "u64[6]", "args", c = "entry.args" },
			{ "u32", "ret_data", c = "seccomp.ret_data" },
		} },
		{ struct = {
			{ "i64", "rval", c = "exit.rval" },
			{ "u8", "is_error", c = "exit.is_error" },
		} },
	} },
}

return M
