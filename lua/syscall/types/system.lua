-- system.lua - what uname(2), sysinfo(2) and kexec_load(2) answer and take

local define = require("syscall.struct").define

local M = {}

M.utsname = define {
	"utsname", c = "struct new_utsname", header = "linux/utsname.h",
	{ "char[65]", "sysname" },
	{ "char[65]", "nodename" },
	{ "char[65]", "release" },
	{ "char[65]", "version" },
	{ "char[65]", "machine" },
	{ "char[65]", "domainname" },
	text = function(self)
		return ("%s %s %s %s %s"):format(self.sysname, self.nodename, self.release, self.version,
			self.machine)
	end,
}

M.sysinfo = define {
	"sysinfo", c = "struct sysinfo", header = "linux/sysinfo.h",
	{ "long", "uptime" },
	{ "ulong[3]", "loads" },
	{ "ulong", "totalram" },
	{ "ulong", "freeram" },
	{ "ulong", "sharedram" },
	{ "ulong", "bufferram" },
	{ "ulong", "totalswap" },
	{ "ulong", "freeswap" },
	{ "u16", "procs" },
	{ "u16" },
	{ "ulong", "totalhigh" },
	{ "ulong", "freehigh" },
	{ "u32", "mem_unit" },
}

return M
