-- files.lua - what calls on files answer: stat, statfs, statx, locks

local raw = require "syscall.raw"
local struct = require "syscall.struct"
local c = require("syscall.constants").c
local define, memory = struct.define, raw.memory

require "syscall.types.time"

local errors = require "syscall.errors"

local M = {}

-- device(major, minor), device { major, minor } or device(number): a number as st_rdev has it.
-- Plain tables, which compare by their number.
local device_metatable = { __name = "device" }

function device_metatable.__index(device, key)
	local number = rawget(device, "device")
	if key == "major" then
		return number >> 8 & 0xfff | number >> 32 & ~0xfff
	elseif key == "minor" then
		return number & 0xff | number >> 12 & 0xffffff00
	elseif key == "number" or key == "dev" then
		return number
	end
	errors.raise("device has no field %s", tostring(key))
end

function device_metatable.__eq(one, other)
	return one.device == other.device
end

function device_metatable.__tostring(device)
	return ("%d:%d"):format(device.major, device.minor)
end

function M.device(major, minor)
	if getmetatable(major) == device_metatable then
		return major
	elseif type(major) == "table" then
		major, minor = major[1], major[2]
	end
	local number = math.type(major) and math.tointeger(major)
	local second = math.type(minor) and math.tointeger(minor)
	if not number or (minor ~= nil and not second) then
		errors.raise("device: numbers expected, got %s, %s", errors.given(major),
			errors.given(minor))
	end
	if minor then
		major, minor = number, second
		number = minor & 0xff | (major & 0xfff) << 8 | (minor & ~0xff) << 12 | (major & ~0xfff) << 32
	end
	return setmetatable({ device = number }, device_metatable)
end

local file_types = {
	{ "isfifo", "IFIFO", "named pipe" }, { "ischr", "IFCHR", "char device" },
	{ "isdir", "IFDIR", "directory" }, { "isblk", "IFBLK", "block device" },
	{ "isreg", "IFREG", "file" }, { "islnk", "IFLNK", "link" }, { "issock", "IFSOCK", "socket" },
}

local function file_type(st)
	return st.mode & c.S_I.FMT
end

local stat_gets = {
	type = file_type,
	todt = function(st)
		return file_type(st) >> 12
	end,
	typename = function(st)
		for _, row in ipairs(file_types) do
			if file_type(st) == c.S_I[row[2]:sub(2)] then
				return row[3]
			end
		end
		return "other"
	end,
	access = function(st)
		return st.atime + st.atime_nsec / 1e9
	end,
	modification = function(st)
		return st.mtime + st.mtime_nsec / 1e9
	end,
	change = function(st)
		return st.ctime + st.ctime_nsec / 1e9
	end,
}
for _, row in ipairs(file_types) do
	stat_gets[row[1]] = function(st)
		return file_type(st) == c.S_I[row[2]:sub(2)]
	end
end

-- The kernel's own: asm/stat.h on x86_64, asm-generic/stat.h elsewhere.
M.stat = define {
	"stat", c = "struct stat", header = "asm/stat.h", prefix = "st_",
	{ "ulong", "dev" },
	{ "ulong", "ino" },
	{ "ulong", "nlink", only = "x86_64" },
	{ "uint", "mode" },
	{ "uint", "nlink", except = "x86_64" },
	{ "uint", "uid" },
	{ "uint", "gid" },
	{ "uint", only = "x86_64" },
	{ "ulong", "rdev" },
	{ "ulong", except = "x86_64" },
	{ "long", "size" },
	{ "long", "blksize", only = "x86_64" },
	{ "int", "blksize", except = "x86_64" },
	{ "int", except = "x86_64" },
	{ "long", "blocks" },
	{ "long", "atime" },
	{ "ulong", "atime_nsec" },
	{ "long", "mtime" },
	{ "ulong", "mtime_nsec" },
	{ "long", "ctime" },
	{ "ulong", "ctime_nsec" },
	{ "long[3]", only = "x86_64" },
	{ "uint[2]", except = "x86_64" },
	get = stat_gets,
}
for _, name in ipairs { "dev", "rdev" } do
	local offset = M.stat.gets[name] >> 4
	M.stat.gets[name] = function(st)
		return M.device(memory.u64(st, offset))
	end
end

M.statfs = define {
	"statfs", c = "struct statfs", header = "asm/statfs.h", prefix = "f_",
	{ "long", "type" },
	{ "long", "bsize" },
	{ "long", "blocks" },
	{ "long", "bfree" },
	{ "long", "bavail" },
	{ "long", "files" },
	{ "long", "ffree" },
	{ "int[2]", "fsid" },
	{ "long", "namelen" },
	{ "long", "frsize" },
	{ "long", "flags" },
	{ "long[4]" },
}

M.open_how = define {
	"open_how", c = "struct open_how", header = "linux/openat2.h",
	{ "u64", "flags", const = "O" },
	{ "u64", "mode", const = "MODE" },
	{ "u64", "resolve", const = "RESOLVE" },
}

M.flock = define {
	"flock", c = "struct flock", header = "asm/fcntl.h", prefix = "l_",
	{ "short", "type", const = "FCNTL_LOCK" },
	{ "short", "whence", const = "SEEK" },
	{ "long", "start" },
	{ "long", "len" },
	{ "int", "pid" },
}

M.statx_timestamp = define {
	"statx_timestamp", c = "struct statx_timestamp", header = "linux/stat.h", prefix = "tv_",
	{ "i64", "sec" },
	{ "u32", "nsec" },
	{ "i32" },
	get = {
		time = function(self)
			return self.sec + self.nsec / 1e9
		end,
	},
}

-- Linux 6.1's headers end before subvol, which came with 6.10.
M.statx = define {
	"statx", c = "struct statx", header = "linux/stat.h", prefix = "stx_",
	{ "u32", "mask" },
	{ "u32", "blksize" },
	{ "u64", "attributes" },
	{ "u32", "nlink" },
	{ "u32", "uid" },
	{ "u32", "gid" },
	{ "u16", "mode" },
	{ "u16" },
	{ "u64", "ino" },
	{ "u64", "size" },
	{ "u64", "blocks" },
	{ "u64", "attributes_mask" },
	{ "statx_timestamp", "atime" },
	{ "statx_timestamp", "btime" },
	{ "statx_timestamp", "ctime" },
	{ "statx_timestamp", "mtime" },
	{ "u32", "rdev_major" },
	{ "u32", "rdev_minor" },
	{ "u32", "dev_major" },
	{ "u32", "dev_minor" },
	{ "u64", "mnt_id" },
	{ "u32", "dio_mem_align" },
	{ "u32", "dio_offset_align" },
	{ "u64", "subvol", since = "6.10" },
	{ "u32", "atomic_write_unit_min", since = "6.11" },
	{ "u32", "atomic_write_unit_max", since = "6.11" },
	{ "u32", "atomic_write_segments_max", since = "6.11" },
	{ "u32", "dio_read_offset_align", since = "6.14" },
	{ "u32", "atomic_write_unit_max_opt", since = "6.16" },
	{ "u32[1]" },
	{ "u64[8]" },
}

M.cachestat_range = define {
	"cachestat_range", c = "struct cachestat_range", header = "linux/mman.h", since = "6.5",
	{ "u64", "off" },
	{ "u64", "len" },
}

M.cachestat = define {
	"cachestat", c = "struct cachestat", header = "linux/mman.h", since = "6.5", prefix = "nr_",
	{ "u64", "cache" },
	{ "u64", "dirty" },
	{ "u64", "writeback" },
	{ "u64", "evicted" },
	{ "u64", "recently_evicted" },
}

M.file_handle = define {
	"file_handle", c = "struct file_handle", header = "fcntl.h",
	{ "uint", "handle_bytes", c = "handle_bytes" },
	{ "int", "handle_type", c = "handle_type" },
	get = {
		bytes = function(self)
			return memory.string(self, 8, self.handle_bytes)
		end,
	},
	-- C's ends in an array of no length; MAX_HANDLE_SZ is 128.
	init = function(_, bytes, kind)
		local whole = memory.new(8 + 128, M.file_handle.metatable)
		if bytes ~= nil and (type(bytes) ~= "string" or #bytes > 128) then
			errors.raise("file_handle: a text of at most 128 bytes expected, got %s", type(bytes))
		end
		whole.handle_bytes = bytes and #bytes or 128
		whole.handle_type = kind or 0
		memory.write(whole, 8, bytes or "")
		return whole
	end,
}

-- One entry of a directory: .name, .ino, .type, .off, .reclen, and .DIR, .REG, … or .dir, .reg, …
M.entry = raw.entrytype(function(self, key)
	if key == "toif" then
		return self.type << 12
	end
	local kind = type(key) == "string" and rawget(c.DT, key:upper())
	if not kind then
		errors.raise("dirent has no field %s", tostring(key))
	end
	return self.type == kind
end)

-- dirents(text or memory [, size]) - an iterator over what getdents64(2) stored there
function M.dirents(bytes, size)
	local length = raw.readable(bytes) or type(bytes) == "string" and #bytes
	if not length then
		errors.complain("dirents", 1, "a text, or memory that can be read", bytes)
	end
	local count = size == nil and length or math.type(size) and math.tointeger(size)
	if not count or count < 0 or count > length then
		errors.complain("dirents", 2, ("a whole number from 0 to %d"):format(length), size)
	end
	return raw.entries(type(bytes) == "string" and bytes:sub(1, count)
		or memory.string(bytes, 0, count), M.entry)
end

-- dirent(text or memory) - the first of them, or nil
function M.dirent(bytes)
	local good, entry = pcall(M.dirents(bytes))
	return good and entry or not good and errors.raise("dirent: %s", entry) or nil
end

return M
