-- writexec.lua - the guard no-write-execute, as rows of rules.lua
--
-- PROT_WRITE with PROT_EXEC; PROT_EXEC later; SHM_EXEC, also through i386's ipc; READ_IMPLIES_EXEC
-- (but personality(0xffffffff) only asks). i386's first mmap hides its arguments and is refused.

return {
	{ "errno:1", { "mmap" }, entry = "i386" },
	{ "errno:1", { "mmap", "mmap2" }, " a2.4&0x6=0x6-0x6" },
	{ "errno:1", { "mprotect", "pkey_mprotect" }, " a2.4&0x4=0x4-0x4" },
	{ "errno:1", { "shmat" }, " a2.4&0x8000=0x8000-0x8000" },
	{ "errno:1", { "ipc" }, " a0.4&0xffff=0x15-0x15 a2.4&0x8000=0x8000-0x8000 and" },
	{ "errno:1", { "personality" }, " a0.4&0x400000=0x400000-0x400000"
		.. " a0.4&0xffffffff=0xffffffff-0xffffffff not and" },
}
