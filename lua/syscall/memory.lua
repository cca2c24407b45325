-- memory.lua - mappings, and what the kernel is told about them
--
-- A mapping is memory of its own (docs/syscall.md): the kernel chooses its place, and it is
-- unmapped by munmap(), close(), the end of its block or the collector. A length after a mapping
-- may be left out for all of it. What would make reading memory that Lua still has a signal instead
-- of an error is refused.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

M.rows = {
	mlockall = "flags:MCL -> true",
	munlockall = "-> true",
	userfaultfd = "flags:UFFD -> fd",
}

local mapping = raw.metatable "mapping"
mapping.__index = memory

-- A mapping itself, and no part of one.
local function whole(name, index, value)
	if debug.getmetatable(value) ~= mapping then
		errors.complain(name, index, "a mapping", value)
	end
	return value
end

-- mmap(nil, length, prot, flags [, fd [, offset]]) - memory
function M.mmap(address, length, prot, flags, fd, offset)
	if address ~= nil and address ~= 0 then
		errors.complain("mmap", 1, "nil: the kernel chooses", address)
	end
	flags = c.MAP[flags or 0]
	if flags & c.MAP "fixed, fixed_noreplace, growsdown" ~= 0 then
		errors.complain("mmap", 4, "flags without fixed and growsdown", flags)
	elseif flags & c.MAP "hugetlb, noreserve" == c.MAP "hugetlb, noreserve" then
		errors.complain("mmap", 4, "huge pages that are reserved: without, reading is a signal", flags)
	end
	return raw.map(mapping, check.integer("mmap", 2, length, 1), c.PROT[prot or 0], flags,
		fd == nil and -1 or check.fd("mmap", 5, fd), check.integer("mmap", 6, offset or 0, 0))
end

-- fd:mmap(nil, length, prot, flags [, offset])
function M.fmmap(fd, address, length, prot, flags, offset)
	return M.mmap(address, length, prot, flags, fd, offset)
end

local function check_all(name, value, length)
	whole(name, 1, value)
	local size = memory.size(value)
	if length ~= nil then
		check.integer(name, 2, length, size, size)
	end
end

-- munmap(mapping) - a second time is a success
function M.munmap(map, length)
	whole("munmap", 1, map)
	if length ~= nil then
		check.integer("munmap", 2, length, math.max(1, memory.size(map) - M.getpagesize() + 1),
			memory.size(map))
	end
	return memory.close(map)
end

-- mremap(mapping, old length, new length [, flags]) - the same object
function M.mremap(map, old, length, flags)
	check_all("mremap", map, old)
	flags = c.MREMAP[flags or 0]
	if flags & ~c.MREMAP.MAYMOVE ~= 0 then
		errors.complain("mremap", 4, "maymove or nothing", flags)
	end
	return raw.remap(map, check.integer("mremap", 3, length, 1), flags)
end

-- mprotect(mapping, length, prot) - of a whole mapping
function M.mprotect(map, length, prot)
	check_all("mprotect", map, length)
	return raw.protect(map, c.PROT[prot or 0])
end

-- Calls of memory, its length and something more. Of a mapping only, where whole pages change.
local function about(name, more, of_mapping, refused, kernel)
	local tell = bind(name, (kernel or "") .. ("mem size %s -> true"):format(more))
	local family = more:match ":(%u+)"
	return function(value, length, argument)
		if not raw.ismemory(value) or of_mapping and not raw.ismapping(value) then
			errors.complain(name, 1, of_mapping and "a mapping or a part of one" or "memory", value)
		end
		local size = memory.size(value)
		length = length == nil and size or check.integer(name, 2, length, 0, size)
		if refused and refused[c[family][argument or 0]] then
			errors.complain(name, 3, "nothing that makes reading a signal", argument)
		end
		return tell(value, length, argument)
	end
end

M.mlock = about("mlock", "flags:MLOCK", false, nil, "mlock2: ")
M.munlock = about("munlock", "")
M.msync = about("msync", "flags:MSYNC", true)
M.madvise = about("madvise", "enum:MADV", true,
	{ [c.MADV.GUARD_INSTALL] = true, [c.MADV.HWPOISON] = true })

-- mincore(mapping [, length]) - a list of whether each page is there
local in_core = bind("mincore", "mem size mem -> true")

function M.mincore(value, length)
	if not raw.ismapping(value) then
		errors.complain("mincore", 1, "a mapping or a part of one", value)
	end
	local size = memory.size(value)
	length = length == nil and size or check.integer("mincore", 2, length, 0, size)
	local count = (length + raw.pagesize - 1) // raw.pagesize
	local bytes = memory.new(count)
	local done, err = in_core(value, length, bytes)
	if not done then
		return nil, err
	end
	local list = {}
	for i = 1, count do
		list[i] = bytes:u8(i - 1) & 1 == 1
	end
	return list
end

-- remap_file_pages(mapping, length, prot, page, flags)
local remap_pages = bind("remap_file_pages", "mem size flags:PROT u64 flags:MAP -> true")

function M.remap_file_pages(value, length, prot, page, flags)
	if not raw.ismapping(value) then
		errors.complain("remap_file_pages", 1, "a mapping or a part of one", value)
	end
	local size = memory.size(value)
	length = length == nil and size or check.integer("remap_file_pages", 2, length, 0, size)
	return remap_pages(value, length, prot, page or 0, flags)
end

function M.getpagesize()
	return raw.pagesize
end

-- Shared memory by name, as shm_open(3) has it: files below /dev/shm

local function shared_path(name, text)
	check.path(name, 1, text)
	local bare = text:gsub("^/+", "")
	if bare == "" or bare == "." or bare == ".." or bare:find "/" then
		errors.complain(name, 1, "a name without slashes within", text)
	end
	return "/dev/shm/" .. bare
end

function M.shm_open(name, flags, mode)
	local S = require "syscall"
	return S.open(shared_path("shm_open", name), c.O[flags or 0] | c.O "nofollow, cloexec, nonblock",
		mode)
end

function M.shm_unlink(name)
	return require("syscall").unlink(shared_path("shm_unlink", name))
end

-- Protection keys. What a key's rights refuse stays so, since no Lua writes PKRU: the mappings that
-- have it know, and a key is given back only when none is left.

local alloc = bind("pkey_alloc", "u64=0 flags:PKEY -> int")
local free = bind("pkey_free", "i32 -> true")
local rights, users = {}, setmetatable({}, { __mode = "k" })

function M.pkey_alloc(flags, access_rights)
	local key, err = alloc(flags, access_rights)
	if key then
		rights[key] = c.PKEY[access_rights or 0]
	end
	return key, err
end

function M.pkey_free(key)
	check.integer("pkey_free", 1, key)
	for map, used in pairs(users) do
		if used == key and raw.ismapping(map) then
			errors.raise("pkey_free: a mapping still has key %d", key)
		end
	end
	return free(key)
end

-- pkey_mprotect(mapping, length, prot, key) - of a whole mapping
function M.pkey_mprotect(map, length, prot, key)
	check_all("pkey_mprotect", map, length)
	check.integer("pkey_mprotect", 4, key, -1, 15)
	local done, err = raw.protect(map, c.PROT[prot or 0], key, rights[key] or 0)
	if done then
		users[map] = key
	end
	return done, err
end

return M
