-- names.lua - files by name: metadata, links, directories

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	stat = "newfstatat: #AT.FDCWD path out:stat #0 -> out",
	lstat = "newfstatat: #AT.FDCWD path out:stat #AT.SYMLINK_NOFOLLOW -> out",
	fstat = "fd out:stat -> out",
	fstatat = "newfstatat: at path out:stat flags:AT -> out",
	statfs = "path out:statfs -> out",
	fstatfs = "fd out:statfs -> out",
	statx = "at path flags:AT flags:STATX out:statx -> out",
	access = "faccessat: #AT.FDCWD path flags:OK -> true",
	faccessat2 = "at path flags:OK flags:AT -> true",
	chmod = "fchmodat: #AT.FDCWD path mode -> true",
	fchmod = "fd mode -> true",
	fchmodat2 = "at path mode flags:AT -> true",
	chown = "fchownat: #AT.FDCWD path u32=-1 u32=-1 #0 -> true",
	fchown = "fd u32=-1 u32=-1 -> true",
	lchown = "fchownat: #AT.FDCWD path u32=-1 u32=-1 #AT.SYMLINK_NOFOLLOW -> true",
	fchownat = "at path u32=-1 u32=-1 flags:AT -> true",
	link = "linkat: #AT.FDCWD path #AT.FDCWD path #0 -> true",
	linkat = "at path at path flags:AT -> true",
	symlink = "symlinkat: path #AT.FDCWD path -> true",
	symlinkat = "path at path -> true",
	readlink = "readlinkat: #AT.FDCWD path room -> bytes",
	readlinkat = "at path room -> bytes",
	unlink = "unlinkat: #AT.FDCWD path #0 -> true",
	unlinkat = "at path flags:AT -> true",
	rename = "renameat2: #AT.FDCWD path #AT.FDCWD path #0 -> true",
	renameat = "renameat2: at path at path #0 -> true",
	renameat2 = "at path at path flags:RENAME -> true",
	mkdir = "mkdirat: #AT.FDCWD path mode -> true",
	mkdirat = "at path mode -> true",
	rmdir = "unlinkat: #AT.FDCWD path #AT.REMOVEDIR -> true",
	chdir = "path -> true",
	fchdir = "fd -> true",
	umask = "mode -> int",
}

-- Two calls, of which only the newer knows flags: Linux 5.8 and 6.6.

local plain_access = bind("faccessat", "at path flags:OK -> true")
local access = bind("faccessat2", "at path flags:OK flags:AT -> true")

function M.faccessat(dir, path, mode, flags)
	if not flags or flags == 0 then
		return plain_access(dir, path, mode)
	end
	return access(dir, path, mode, flags)
end

local plain_chmod = bind("fchmodat", "at path mode -> true")
local chmod = bind("fchmodat2", "at path mode flags:AT -> true")

function M.fchmodat(dir, path, mode, flags)
	if not flags or flags == 0 then
		return plain_chmod(dir, path, mode)
	end
	return chmod(dir, path, mode, flags)
end

-- Nodes: the device as t.device() takes it.

local make_node = bind("mknod", "mknodat: at path mode u32=0 -> true")

function M.mknodat(dir, path, mode, device)
	if device ~= nil then
		device = require("syscall.types.files").device(device).device
	end
	return make_node(dir, path, mode, device)
end

function M.mknod(path, mode, device)
	return M.mknodat(nil, path, mode, device)
end

function M.mkfifoat(dir, path, mode)
	return make_node(dir, path, c.MODE[mode or 0] | c.S_I.FIFO)
end

function M.mkfifo(path, mode)
	return M.mkfifoat(nil, path, mode)
end

-- Times. All are utimensat(2), which alone every architecture has; nil is now.

local set_times = bind("utimensat", "at path? mem?:32 flags:AT -> true")

local function times_of(value)
	if value == nil or raw.ismemory(value) then
		return value
	end
	return require("syscall.types.time").timespec2(value)
end

-- Of timevals: their microseconds into nanoseconds.
local function times_of_timevals(value)
	if not raw.ismemory(value) then
		return times_of(value)
	end
	check.memory("utimes", 2, value, 32)
	local parts = {}
	for i = 0, 1 do
		local sec, usec = memory.i64(value, i * 16), memory.i64(value, i * 16 + 8)
		parts[i + 1] = { sec, usec < 1000000 and usec * 1000 or usec }
	end
	return times_of(parts)
end

function M.utimensat(dir, path, times, flags)
	check.path("utimensat", 2, path)
	return set_times(dir, path, times_of(times), flags)
end

function M.futimens(fd, times)
	return set_times(check.fd("futimens", 1, fd), nil, times_of(times))
end

function M.utimes(path, times)
	check.path("utimes", 1, path)
	return set_times(nil, path, times_of_timevals(times))
end

function M.lutimes(path, times)
	check.path("lutimes", 1, path)
	return set_times(nil, path, times_of_timevals(times), c.AT.SYMLINK_NOFOLLOW)
end

function M.futimes(fd, times)
	return set_times(check.fd("futimes", 1, fd), nil, times_of_timevals(times))
end

function M.utime(path, access_time, modification_time)
	check.path("utime", 1, path)
	return set_times(nil, path, times_of(access_time and { access_time, modification_time }))
end

-- Directories

local get_directory = bind("getcwd", "room -> bytes")

-- getcwd() - the working directory. The kernel's answer ends with a NUL.
function M.getcwd()
	local text, err = get_directory()
	return text and text:sub(1, -2), err
end

local get_entries = bind("getdents", "getdents64: fd room -> bytes")

local ROOM = 32768 -- what the C library asks for at a time
local spare = {} -- the room of an iteration that has come to its end, for the next one

-- getdents(fd [, buffer [, size [, names]]]) - an iterator over the next entries, and how many
-- bytes they took: 0 at the end of the directory. With @names it gives names and types (DT) alone,
-- which costs less.
function M.getdents(fd, buffer, size, names)
	local metatable = not names and require("syscall.types.files").entry or nil
	if buffer or size then
		local bytes, err = get_entries(fd, buffer, size)
		if not bytes then
			return nil, err
		elseif buffer then
			bytes = memory.string(buffer, 0, bytes)
		end
		return raw.entries(bytes, metatable), #bytes
	end
	local room = spare[1] or memory.new(ROOM)
	spare[1] = nil
	local count, err = get_entries(fd, room)
	if not count then
		return nil, err
	end
	return raw.entries(room, metatable, count, spare), count
end

-- Handles of files, which outlive their names. name_to_handle_at() answers true, nil, the handle
-- and the number of its mount.

local to_handle = bind("name_to_handle_at", "at path mem:8 out:i32 flags:AT -> out")
local open_handle = bind("open_by_handle_at", "fd mem:8 flags:O -> fd")

function M.name_to_handle_at(dir, path, flags)
	local handle = require("syscall.types.files").file_handle()
	local mount, err = to_handle(dir, path, handle, nil, flags)
	if not mount then
		return nil, err
	end
	return true, nil, handle, mount.value
end

-- The kernel reads as many bytes as the handle itself says.
function M.open_by_handle_at(mount, handle, flags)
	local size = check.memory("open_by_handle_at", 2, handle, 8)
	if size < 8 + memory.u32(handle, 0) then
		errors.complain("open_by_handle_at", 2, "memory as long as the handle says", handle)
	end
	return open_handle(mount, handle, flags)
end

return M
