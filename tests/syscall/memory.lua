-- memory.lua - mappings, and what the kernel is told about them

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local PAGE = S.getpagesize()
ok(PAGE >= 4096 and PAGE & (PAGE - 1) == 0, "getpagesize()")

-- Mappings

local map = assert(S.mmap(nil, 4 * PAGE, "read, write", "private, anonymous"))
map:u32(8, 42)
is(map:u32(8) .. " " .. #map, "42 " .. 4 * PAGE, "mmap() gives memory")
local file = assert(S.memfd_create("file", "cloexec"))
file:truncate(2 * PAGE)
local shared = assert(file:mmap(nil, PAGE, "read, write", "shared", 0))
shared:write(0, "through")
is(file:pread(nil, 7, 0), "through", "fd:mmap() of a file")
ok(shared:close() and S.munmap(shared), "munmap(), and a second time")
fails(function() return S.mmap(nil, PAGE, "read", "shared", 9999) end, "BADF", "mmap(): no such fd")
fails(function() return file:mmap(nil, PAGE, "read", 0, 0) end, "INVAL", "mmap(): no kind")
raises(function() S.mmap(4096, PAGE, "read", "private") end, "#1 (addr) to 'mmap' (nil: the kernel",
	"mmap(): an address")
raises(function() S.mmap(nil, 0, "read", "private") end, "#2 (length) to 'mmap'", "mmap(): nothing")
raises(function() S.mmap(nil, PAGE, "read", "private, fixed") end, "#4 (flags) to 'mmap'",
	"mmap(): a fixed place")
raises(function() S.mmap(nil, PAGE, "read", "private, anonymous, hugetlb, noreserve") end,
	"huge pages that are reserved", "mmap(): huge pages that may not be there")
raises(function() S.munmap(S.t.buffer(8)) end, "#1 (addr) to 'munmap' (a mapping expected",
	"munmap(): other memory")
raises(function() S.munmap(map:slice(0, PAGE)) end, "(a mapping expected", "munmap(): a part")
raises(function() S.munmap(map, PAGE) end, "#2 (length) to 'munmap'", "munmap(): a part by length")
is(#S.mremap(map, 4 * PAGE, 6 * PAGE, "maymove"), 6 * PAGE, "mremap()")
is(map:u32(8), 42, "keeps what is in it")
fails(function() return S.mremap(map, nil, 1 << 46, "maymove") end, "NOMEM", "mremap(): too long")
raises(function() S.mremap(map, PAGE, PAGE) end, "#2 (old_size) to 'mremap'", "mremap(): a part")
raises(function() S.mremap(map, nil, PAGE, "fixed") end, "maymove or nothing", "mremap(): fixed")
ok(S.mprotect(map, nil, "read"), "mprotect()")
raises(function() map:u32(0, 1) end, "cannot be written to", "what may only be read")
fails(function() return S.mprotect(map, nil, 1 << 30) end, "INVAL",
	"mprotect(): no such protection")
raises(function() S.mprotect(S.t.buffer(8), nil, "none") end, "a mapping expected",
	"mprotect(): other memory")
S.mprotect(map, nil, "read, write")

-- About them

map:u8(0, 1)
ok(S.mincore(map)[1] and #S.mincore(map) == 6 and #S.mincore(map, PAGE + 1) == 2, "mincore()")
fails(function() return S.mincore(map:slice(1)) end, "INVAL", "mincore(): not at a page")
raises(function() S.mincore(S.t.buffer(8)) end, "a mapping or a part of one",
	"mincore(): other memory")
ok(S.madvise(map, nil, "dontneed") and map:u8(0) == 0, "madvise()")
fails(function() return S.madvise(map, nil, 77) end, "INVAL", "madvise(): no such advice")
raises(function() S.madvise(map, nil, "guard_install") end, "nothing that makes reading a signal",
	"madvise(): a guard")
raises(function() S.madvise(S.t.buffer(PAGE), nil, "dontneed") end, "a mapping or a part of one",
	"madvise(): other memory")
raises(function() S.madvise(map, 7 * PAGE, "normal") end, "#2 (length) to 'madvise'",
	"madvise(): too long")
ok(S.msync(map, PAGE, "sync"), "msync()")
fails(function() return S.msync(map, nil, "sync, async") end, "INVAL", "msync(): both ways")
ok(S.mlock(map, PAGE) and S.munlock(map, PAGE), "mlock() and munlock()")
fails(function() return S.mlock(map, PAGE, 1 << 20) end, "INVAL", "mlock(): no such flag")
raises(function() S.mlock "text" end, "#1", "mlock(): a text")
raises(function() S.munlock(map, -1) end, "#2 (len) to 'munlock'", "munlock(): a negative length")
local sanitized = check.sanitized "locking all includes terabytes of its shadow"
if sanitized then
	tap.skip("mlockall() and munlockall()", sanitized)
else
	local status = check.in_child(function()
		return S.mlockall "current" and S.munlockall()
	end)
	ok(status == 0 or S.geteuid() ~= 0, "mlockall() and munlockall()")
end
fails(function() return S.mlockall(1 << 20) end, "INVAL", "mlockall(): no such flag")
file:pwrite("second", 6, PAGE)
local pages = assert(file:mmap(nil, 2 * PAGE, "read, write", "shared", 0))
ok(S.remap_file_pages(pages, PAGE, 0, 1, 0), "remap_file_pages()")
is(pages:string(0, 6), "second", "shows another page")
fails(function() return S.remap_file_pages(map, PAGE, 0, 1) end, "INVAL",
	"remap_file_pages(): not shared")
raises(function() S.remap_file_pages("x") end, "a mapping or a part of one",
	"remap_file_pages(): a text")
pages:close()

-- Shared memory by name

local name = "/lunette-test-" .. S.getpid()
local shm, shm_error = S.shm_open(name, "creat, excl, rdwr", "0600")
if shm or not shm_error.NOENT then
	ok(shm:truncate(4) and shm:pwrite("x", 1, 0), "shm_open()")
	fails(function() return S.shm_open(name, "creat, excl, rdwr", "0600") end, "EXIST",
		"shm_open(): is there")
	ok(S.shm_unlink(name), "shm_unlink()")
	shm:close()
else
	tap.skip("shm_open()", "host: there is no /dev/shm")
end
fails(function() return S.shm_open(name) end, "NOENT", "shm_open(): is not there")
fails(function() return S.shm_unlink(name) end, "NOENT", "shm_unlink(): is not there")
raises(function() S.shm_open "../tmp/x" end, "a name without slashes within", "shm_open(): a path")
raises(function() S.shm_unlink(1) end, "#1 to 'shm_unlink'", "shm_unlink(): a number")

-- Protection keys

local key, key_error = S.pkey_alloc(0, "disable_write")
if key then
	ok(S.pkey_mprotect(map, nil, "read, write", key), "pkey_mprotect()")
	raises(function() map:u8(0, 1) end, "cannot be written to", "a key that refuses writing")
	raises(function() S.pkey_free(key) end, "a mapping still has key", "pkey_free(): in use")
	ok(S.pkey_mprotect(map, nil, "read, write", -1) and map:u8(0, 1) == nil, "without the key")
	ok(S.pkey_free(key), "pkey_free()")
	fails(function() return S.pkey_mprotect(map, nil, "read", 15) end, "INVAL",
		"pkey_mprotect(): no such key")
else
	ok(key_error.NOSPC or key_error.INVAL or key_error.NOSYS, "pkey_alloc(): no keys here")
	tap.skip("pkey_mprotect()", "host: this processor has no protection keys")
end
fails(function() return S.pkey_alloc(1) end,
	key and "INVAL" or key_error.NOSYS and "NOSYS" or "INVAL",
	"pkey_alloc(): no such flag")
local _, free_error = S.pkey_free(14)
ok(free_error.INVAL or free_error.NOSYS, "pkey_free(): no such key")
raises(function() S.pkey_free "x" end, "#1 (pkey) to 'pkey_free'", "pkey_free(): a text")
raises(function() S.pkey_mprotect(map, nil, "read", 99) end, "#4 (pkey) to 'pkey_mprotect'",
	"pkey_mprotect(): a key that cannot be")

-- userfaultfd

local uffd, uffd_error = S.userfaultfd "cloexec, user_mode_only"
if uffd then
	local api = S.t.uffdio_api()
	is(uffd:ioctl(S.c.UFFDIO.API, api), 0, "userfaultfd()")
	local area = assert(S.mmap(nil, PAGE, "read, write", "private, anonymous"))
	is(uffd:ioctl(S.c.UFFDIO.REGISTER, S.t.uffdio_register {
		range = { start = area }, mode = "missing" }), 0, "a mapping is registered")
	local source = S.t.buffer(PAGE)
	source:write(0, "filled")
	local copy = S.t.uffdio_copy { dst = area, src = source }
	is(uffd:ioctl(S.c.UFFDIO.COPY, copy), 0, "and filled before it is read")
	is(copy.copy .. area:string(0, 6), PAGE .. "filled", "which then it is")
	raises(function() S.t.uffdio_copy { dst = area, src = S.t.buffer(8), len = 9 } end,
		"a number from 0 to 8 expected", "no more is copied than there is")
	uffd:close()
	area:close()
else
	ok(uffd_error.PERM or uffd_error.NOSYS, "userfaultfd(): " .. tostring(uffd_error))
	tap.skip("userfaultfd()", "host: this kernel gives none")
end
local _, flag_error = S.userfaultfd(1 << 20)
ok(flag_error.INVAL or flag_error.PERM or flag_error.NOSYS, "userfaultfd(): no such flag")
raises(function() S.userfaultfd "x" end, "no UFFD", "userfaultfd(): no such name")

map:close()
file:close()
is(check.open_fds(), before, "no fd is left open")
tap.done()
