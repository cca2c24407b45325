-- security.lua - capabilities, filters of seccomp(2), rules of Landlock

local struct = require "syscall.struct"
local errors = require "syscall.errors"
local constants = require "syscall.constants"

local c = constants.c
local define = struct.define

local M = {}

-- Capabilities

M.user_cap_header = define {
	"user_cap_header", c = "struct __user_cap_header_struct", header = "linux/capability.h",
	{ "u32", "version", const = "LINUX_CAPABILITY_VERSION" },
	{ "int", "pid" },
}

M.user_cap_data = define {
	"user_cap_data", c = "struct __user_cap_data_struct", header = "linux/capability.h",
	{ "u32", "effective" },
	{ "u32", "permitted" },
	{ "u32", "inheritable" },
}

M.user_cap_data2 = struct.array("user_cap_data", 2)

-- A set of capabilities: set.sys_admin is a boolean, and may be set; .value is the number.
local set_metatable = { __name = "capability set" }

function set_metatable.__index(self, name)
	return rawget(self, "value") >> c.CAP[name] & 1 == 1
end

function set_metatable.__newindex(self, name, on)
	local bit = 1 << c.CAP[name]
	rawset(self, "value", on and self.value | bit or self.value & ~bit)
end

function set_metatable.__tostring(self)
	local names = {}
	for name, bit in pairs(c.CAP) do
		names[#names + 1] = self.value >> bit & 1 == 1 and name or nil
	end
	table.sort(names)
	return table.concat(names, ",")
end

function set_metatable.__eq(a, b)
	return a.value == b.value
end

-- cap(nil, number, names or list of names) - a set
function M.cap(values)
	local number = math.type(values) and math.tointeger(values)
	local set = setmetatable({ value = number or 0 }, set_metatable)
	if getmetatable(values) == set_metatable then
		rawset(set, "value", values.value)
	elseif type(values) == "string" then
		for name in values:gmatch "[^,|%s]+" do
			set[name] = true
		end
	elseif type(values) == "table" then
		for key, value in pairs(values) do
			set_metatable.__newindex(set, math.type(key) and value or key, value)
		end
	elseif values ~= nil and not number then
		errors.raise("cap: names, a number or a list expected, got %s", type(values))
	end
	return set
end

local capabilities_metatable = { __name = "capabilities" }

function capabilities_metatable.__tostring(self)
	return ("effective: %s; permitted: %s; inheritable: %s"):format(tostring(self.effective),
		tostring(self.permitted), tostring(self.inheritable))
end

-- capabilities { effective =, permitted =, inheritable = } - each as cap() takes it
function M.capabilities(values)
	values = values or {}
	if type(values) ~= "table" then
		errors.complain("capabilities", 1, "a table", values)
	end
	return setmetatable({ version = c.LINUX_CAPABILITY_VERSION["3"],
		effective = M.cap(values.effective), permitted = M.cap(values.permitted),
		inheritable = M.cap(values.inheritable) }, capabilities_metatable)
end

-- Filters

M.sock_filter = define {
	"sock_filter", c = "struct sock_filter", header = "linux/filter.h",
	{ "u16", "code", const = "BPF" },
	{ "u8", "jt" },
	{ "u8", "jf" },
	{ "u32", "k" },
	-- sock_filter("JMP,JEQ,K", k, jt, jf), as in ljsyscall
	init = function(self, code, k, jt, jf)
		if type(code) == "table" then
			return M.sock_filter.fill(self, code)
		end
		self.code, self.k, self.jt, self.jf = c.BPF[code or 0], k or 0, jt or 0, jf or 0
	end,
}

M.sock_filters = struct.list "sock_filter"

M.sock_fprog = define {
	"sock_fprog", c = "struct sock_fprog", header = "linux/filter.h",
	{ "u16", "len" },
	{ "ptr", "filter", length = "len", unit = 8 },
	-- sock_fprog { t.sock_filter(…), … }
	init = function(self, filters)
		self.filter = M.sock_filters(filters or {})
	end,
}

-- sock_fprog1 { { count, filters } } - as ljsyscall has it: one of an array of one
function M.sock_fprog1(list)
	local first = type(list) == "table" and list[1]
	if type(first) ~= "table" then
		errors.raise("sock_fprog1: a list of { count, filters } expected, got %s", type(list))
	end
	local program = M.sock_fprog {}
	program.filter = M.sock_filters(first[2])
	return program
end

M.seccomp_data = define {
	"seccomp_data", c = "struct seccomp_data", header = "linux/seccomp.h",
	{ "int", "nr" },
	{ "u32", "arch" },
	{ "u64", "instruction_pointer" },
	{ "u64[6]", "args" },
}

M.seccomp_notif_sizes = define {
	"seccomp_notif_sizes", c = "struct seccomp_notif_sizes", header = "linux/seccomp.h",
	{ "u16", "seccomp_notif" },
	{ "u16", "seccomp_notif_resp" },
	{ "u16", "seccomp_data" },
}

M.seccomp_notif = define {
	"seccomp_notif", c = "struct seccomp_notif", header = "linux/seccomp.h",
	{ "u64", "id" },
	{ "u32", "pid" },
	{ "u32", "flags" },
	{ "seccomp_data", "data" },
}

M.seccomp_notif_resp = define {
	"seccomp_notif_resp", c = "struct seccomp_notif_resp", header = "linux/seccomp.h",
	{ "u64", "id" },
	{ "i64", "val" },
	{ "i32", "error" },
	{ "u32", "flags" },
}

-- Landlock

-- Not held against the headers: 6.1's has the first field only. An older kernel takes what is zero
-- behind the fields that it knows.
M.landlock_ruleset_attr = define {
	"landlock_ruleset_attr",
	{ "u64", "handled_access_fs", const = "LANDLOCK_ACCESS_FS" },
	{ "u64", "handled_access_net", const = "LANDLOCK_ACCESS_NET" },
	{ "u64", "scoped", const = "LANDLOCK_SCOPE" },
}

M.landlock_path_beneath_attr = define {
	"landlock_path_beneath_attr", c = "struct landlock_path_beneath_attr",
	header = "linux/landlock.h", packed = true,
	{ "u64", "allowed_access", const = "LANDLOCK_ACCESS_FS" },
	{ "i32", "parent_fd", fd = true },
}

M.landlock_net_port_attr = define {
	"landlock_net_port_attr", c = "struct landlock_net_port_attr", header = "linux/landlock.h",
	since = "6.7",
	{ "u64", "allowed_access", const = "LANDLOCK_ACCESS_NET" },
	{ "u64", "port" },
}

-- No name in C: an element of vfs_cap_data's.
M.vfs_cap_set = define {
	"vfs_cap_set",
	{ "u32", "permitted" },
	{ "u32", "inheritable" },
}

-- Capabilities of a file, as its attribute security.capability has them.
M.vfs_cap_data = define {
	"vfs_cap_data", c = "struct vfs_cap_data", header = "linux/capability.h",
	{ "u32", "magic_etc", const = "VFS_CAP" },
	{ "vfs_cap_set[2]", "data" },
}

return M
