-- files.lua - descriptors of files: open, read, write, seek, duplicate, control

local raw = require "syscall.raw"
local call = require "syscall.call"
local c = require("syscall.constants").c
local fd_objects = require "syscall.fd"

local bind, check = call.bind, call.check

local M = {}

M.close = fd_objects.close

M.rows = {
	open = "openat: #AT.FDCWD path flags:O mode -> fd retry",
	creat = "openat: #AT.FDCWD path #O.CREAT|WRONLY|TRUNC mode -> fd retry",
	openat = "at path flags:O mode -> fd retry",
	openat2 = "at path in:open_how len -> fd retry",
	read = "fd room -> bytes",
	write = "fd data -> int",
	pread = "pread64: fd room i64 -> bytes",
	pwrite = "pwrite64: fd data i64 -> int",
	lseek = "fd i64 enum:SEEK -> int",
	truncate = "path i64 -> true",
	ftruncate = "fd i64 -> true",
	fallocate = "fd flags:FALLOC_FL i64 i64 -> true",
	posix_fallocate = "fallocate: fd #0 i64 i64 -> true",
	readahead = "fd i64 size -> true",
	fsync = "fd -> true",
	fdatasync = "fd -> true",
	sync = "-> true",
	syncfs = "fd -> true",
	flock = "fd flags:LOCK -> true",
	close_range = "u32 u32 flags:CLOSE_RANGE -> true",
	memfd_create = "text flags:MFD -> fd",
	memfd_secret = "flags:O -> fd",
	copy_file_range = "fd mem?:8 fd mem?:8 size u32=0 -> int",
	cachestat = "fd in?:cachestat_range out:cachestat u32=0 -> out",
}

-- dup(fd [, to [, flags]]): without `to` the kernel chooses; with it, dup3(2).
local dup_any = bind("dup", "fd -> fd")
local dup_to = bind("dup3", "fd fd flags:O -> fd")

-- An object that owns the new number; one that stands for `to` already stays the only owner.
local function duplicate(fd, to, flags)
	local new, err = dup_to(fd, to, flags)
	if new and raw.ishandle(to) then
		raw.nogc(new)
		return to
	end
	return new, err
end

function M.dup(fd, to, flags)
	if to then
		return duplicate(fd, to, flags)
	end
	return dup_any(fd)
end

M.dup3 = duplicate

-- Of dup2(2): the same number twice is a success, where dup3(2) says EINVAL.
function M.dup2(fd, to)
	if check.fd("dup2", 1, fd) == check.fd("dup2", 2, to) then
		local flags, err = M.fcntl(fd, "getfd")
		return flags and to, err
	end
	return duplicate(fd, to)
end

-- fcntl(fd, command [, argument]): what the argument is depends on the command, as in fcntl(2).

local fcntl_number = bind("fcntl", "fd enum:F i64=0 -> int")
local fcntl_fd = bind("fcntl", "fd enum:F i64=0 -> fd")
local fcntl_lock = bind("fcntl", "fd enum:F in:flock -> true retry")
local fcntl_memory = bind("fcntl", "fd enum:F mem:8 -> true")

local fcntl_arguments = {
	DUPFD = "i64", DUPFD_CLOEXEC = "i64", SETFD = "FD", SETFL = "O", ADD_SEALS = "F_SEAL",
	SETSIG = "SIG", NOTIFY = "i64", SETPIPE_SZ = "i64", SETOWN = "i64", SETLEASE = "FCNTL_LOCK",
	GETLK = "flock", SETLK = "flock", SETLKW = "flock",
	OFD_GETLK = "flock", OFD_SETLK = "flock", OFD_SETLKW = "flock",
	GET_RW_HINT = "memory", SET_RW_HINT = "memory", GETOWN_EX = "memory", SETOWN_EX = "memory",
}
local gives_fd = { DUPFD = true, DUPFD_CLOEXEC = true }
local gives_nothing = { SETFD = true, SETFL = true, SETSIG = true, SETOWN = true, SETLEASE = true }

function M.fcntl(fd, command, argument)
	local number = c.F[command]
	local name = type(command) == "string" and command:upper():gsub("^F_", "")
		or require("syscall.constants").name("F", number)
	local kind = fcntl_arguments[name]
	if kind == "flock" then
		local lock = raw.ismemory(argument) and argument
			or require("syscall.types.files").flock(check.table("fcntl", 3, argument))
		local done, err = fcntl_lock(fd, number, lock)
		return done and lock, err
	elseif kind == "memory" then
		return fcntl_memory(fd, number, argument)
	elseif kind and kind ~= "i64" and type(argument) == "string" then
		argument = c[kind][argument]
	end
	if gives_fd[name] then
		return fcntl_fd(fd, number, argument)
	end
	local result, err = fcntl_number(fd, number, argument)
	return result and (gives_nothing[name] or result), err
end

-- fd:block(), fd:nonblock(): O_NONBLOCK, the other flags as they are
local function set_flag(fd, add, remove)
	local flags, err = M.fcntl(fd, "getfl")
	if not flags then
		return nil, err
	end
	return M.fcntl(fd, "setfl", flags & ~remove | add)
end

function M.block(fd)
	return set_flag(fd, 0, c.O.NONBLOCK)
end

function M.nonblock(fd)
	return set_flag(fd, c.O.NONBLOCK, 0)
end

-- tell(fd) - the offset
function M.tell(fd)
	return require("syscall").lseek(fd, 0, "cur")
end

-- ioctl(fd, request, argument): memory, a number, or nil. Memory must be as long as the request
-- says, where it says so (_IOC_SIZE).
local ioctl_memory = bind("ioctl", "fd enum:IOCTL mem -> int")
local ioctl_number = bind("ioctl", "fd enum:IOCTL i64=0 -> int")

function M.ioctl(fd, request, argument)
	local number = c.IOCTL[request]
	if not raw.ismemory(argument) then
		return ioctl_number(fd, number, argument)
	end
	local size = number >> 16 & 0x3fff
	check.integer("ioctl", 3, raw.memory.size(argument), size)
	return ioctl_memory(fd, number, argument)
end

return M
