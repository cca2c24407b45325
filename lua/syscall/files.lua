-- files.lua - descriptors of files: open, read, write, seek, duplicate, control

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
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
	read = "fd room -> bytes retry",
	write = "fd data -> int retry",
	pread = "pread64: fd room i64 -> bytes",
	pwrite = "pwrite64: fd data i64 -> int",
	lseek = "fd i64=0 enum:SEEK -> int",
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
	copy_file_range = "fd in?:i64 fd in?:i64 size u32=0 -> int",
	sendfile = "fd fd in?:i64 size -> int",
	splice = "fd in?:i64 fd in?:i64 size flags:SPLICE_F -> int",
	tee = "fd fd size flags:SPLICE_F -> int",
	sync_file_range = "fd i64 i64 flags:SYNC_FILE_RANGE -> true",
	cachestat = "fd in?:cachestat_range out:cachestat u32=0 -> out",
}

-- fadvise(fd, advice [, offset [, length]]): ljsyscall's order; without a length to the end
local advise = bind("fadvise", "fadvise64: fd i64=0 i64=0 enum:POSIX_FADV -> true")

function M.fadvise(fd, advice, offset, length)
	return advise(fd, offset, length, c.POSIX_FADV[advice])
end

-- Scattered reads and writes: fd, a list that t.iovecs() takes, and what the call adds. The answer
-- is a count; what was read lies in the list, so it is made beforehand.

local function vectored(name, row)
	local call_vector = bind(name, "fd mem size " .. row .. " -> int retry")
	local vector = require("syscall.types.iovec").vector
	return function(fd, list, ...)
		local pieces, count = vector(name, 2, list)
		return call_vector(fd, pieces, count, ...)
	end
end

M.readv = vectored("readv", "")
M.writev = vectored("writev", "")
M.preadv = vectored("preadv", "i64=0 #0")
M.pwritev = vectored("pwritev", "i64=0 #0")
M.preadv2 = vectored("preadv2", "i64=-1 #0 flags:RWF")
M.pwritev2 = vectored("pwritev2", "i64=-1 #0 flags:RWF")
M.vmsplice = vectored("vmsplice", "flags:SPLICE_F")

-- dup(fd [, to [, flags]]): without `to` the kernel chooses; with it, dup3(2).
local dup_any = bind("dup", "fd -> fd")
local dup_to = bind("dup3", "fd fd flags:O -> fd")

-- An object that owns the new number; one that stands for `to` already stays the only owner. The
-- standard files are the process's: no collection of an object that nobody kept closes them.
local function duplicate(fd, to, flags)
	local new, err = dup_to(fd, to, flags)
	if new and raw.ishandle(to) then
		raw.nogc(new)
		return to
	end
	if new and raw.getfd(new) <= 2 then
		raw.nogc(new)
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

-- A number that may be an address, where nobody knows which of the two the kernel takes, must be
-- smaller than the first page, which is never there.
local NO_ADDRESS = 4096

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
	if not kind then
		check.integer("fcntl", 3, argument or 0, 0, NO_ADDRESS - 1)
	end
	local result, err = fcntl_number(fd, number, argument)
	return result and (gives_nothing[name] or result), err
end

-- lockf(fd, command, length): record locks from the offset on, as in lockf(3)
local lockf_how = {
	ULOCK = { "setlk", "unlck" }, LOCK = { "setlkw", "wrlck" }, TLOCK = { "setlk", "wrlck" },
	TEST = { "getlk", "wrlck" },
}

function M.lockf(fd, command, length)
	local name = require("syscall.constants").name("LOCKF", c.LOCKF[command])
		or errors.raise("lockf: no command %s", tostring(command))
	local how = lockf_how[name]
	local lock, err = M.fcntl(fd, how[1], { type = how[2], whence = "cur", len = length or 0 })
	if not lock then
		return nil, err
	elseif name == "TEST" and lock.type ~= c.FCNTL_LOCK.UNLCK then
		return nil, errors.objects[c.E.ACCES]
	end
	return true
end

-- pathconf(path, name), fpathconf(fd, name): what Linux's C libraries answer; -1 is "no limit".
-- Only the length of names is the file system's to say.
local path_limits = {
	LINK_MAX = 8, MAX_CANON = 255, MAX_INPUT = 255, PATH_MAX = 4096, PIPE_BUF = 4096,
	CHOWN_RESTRICTED = 1, NO_TRUNC = 1, VDISABLE = 0, SYNC_IO = 1, ASYNC_IO = -1, PRIO_IO = -1,
	SOCK_MAXBUF = -1, FILESIZEBITS = 64, REC_INCR_XFER_SIZE = 4096, REC_MAX_XFER_SIZE = 4096,
	REC_MIN_XFER_SIZE = 4096, REC_XFER_ALIGN = 4096, ALLOC_SIZE_MIN = 4096, SYMLINK_MAX = -1,
	["2_SYMLINKS"] = 1,
}

local function limit_of(statfs)
	return function(file, name)
		local number = c.PC[name]
		local filesystem, err = require("syscall")[statfs](file)
		if not filesystem then
			return nil, err
		end
		local key = require("syscall.constants").name("PC", number)
		return key == "NAME_MAX" and filesystem.namelen or path_limits[key]
	end
end

M.pathconf = limit_of "statfs"
M.fpathconf = limit_of "fstatfs"

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

local takes_id = { [c.IOCTL.TUNSETOWNER] = true, [c.IOCTL.TUNSETGROUP] = true }

function M.ioctl(fd, request, argument)
	local number = type(request) == "string" and errors.lookup(c.IOCTL, request, "ioctl", 2)
		or c.IOCTL[request]
	if not raw.ismemory(argument) then
		local whole = math.type(argument) and math.tointeger(argument)
		if whole and (whole < 0 or whole >= NO_ADDRESS) and not takes_id[number] then
			errors.complain("ioctl", 3, "memory, or a number below 4096, which is no address", argument)
		end
		return ioctl_number(fd, number, argument)
	end
	local size = number >> 16 & 0x3fff
	check.integer("ioctl", 3, raw.memory.size(argument), size)
	return ioctl_memory(fd, number, argument)
end

return M
