-- core.lua - what every family leans on: memory, structures, constants, errors, fd objects

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local raw = S.raw
local memory = raw.memory
local ok, is, raises = tap.ok, tap.is, check.raises

-- Memory

local m = memory.new(16)
m:u32(4, 0xdeadbeef)
is(m:u32(4), 0xdeadbeef, "what is stored is read")
is(m:i32(4), 0xdeadbeef - (1 << 32), "also as signed")
is(m:u32be(4), 0xefbeadde, "and most significant byte first")
is(m:u8(7), 0xde, "bytes stand as on this machine")
raises(function() m:u32(13) end, "do not lie within 16 bytes", "reading over the end")
raises(function() m:u32(-1) end, "do not lie within 16 bytes", "reading before the start")
raises(function() m:u32(math.maxinteger) end, "do not lie within 16 bytes",
	"an offset that overflows")
raises(function() m:u8(0, 256) end, "8 bits", "a value that does not fit")
raises(function() m:u8(0, 1.5) end, "8 bits", "a value that is not whole")
m:u8(0, 3.0)
is(m:u8(0), 3, "a float that is whole will do")
local part = m:slice(4, 4)
is(part:u32(0), 0xdeadbeef, "a slice sees its bytes")
part:u32(0, 7)
is(m:u32(4), 7, "and writes them")
raises(function() part:u32(1) end, "do not lie within 4 bytes", "over the end of a slice")
is(#memory.new("abc"), 3, "the length of memory made of text")
is(tostring(memory.new "abc"), "abc", "its text")
is(memory.cstring(memory.new "ab\0c"), "ab", "its text up to a NUL")
raises(function() memory.new(-1) end, "size", "memory of a negative size")
do
	local _ <close> = m
end
raises(function() m:u8(0) end, "memory is closed", "closed memory")
raises(function() part:u8(0) end, "memory is closed", "a slice of closed memory")
local holder, target = memory.new(8), memory.new "kept"
holder:point(0, target)
target = nil -- luacheck: ignore
collectgarbage()
collectgarbage()
is(tostring(holder:target(0)), "kept", "what is pointed to is kept")
local copy = memory.new(24)
copy:write(16, holder)
copy:write(8, copy:slice(16, 8))
holder = memory.new(8) -- luacheck: ignore
collectgarbage()
collectgarbage()
is(tostring(copy:target(8)), "kept", "a copy keeps what its pointers point to")
raises(function() holder:point(4, memory.new(1)) end, "do not lie within", "a pointer over the end")
target = memory.new(16)
holder:point(0, target)
ok(holder:holds(0, 16) and not holder:holds(0, 17) and not holder:holds(0, -1),
	"a pointer holds as much as it points to")
holder:u64(0, holder:u64(0) + 8)
ok(not holder:holds(0, 1), "an address that was changed holds nothing")
holder:u64(0, 0)
ok(holder:holds(0, 0) and not holder:holds(0, 1), "nor does none")
holder:point(0, target)
target:close()
ok(not holder:holds(0, 0), "nor one to what is closed")
is(raw.readable(memory.new(3)), 3, "the size of what can be read")
ok(not raw.readable(target) and not raw.readable "text" and not raw.isopen(target),
	"what is closed cannot")
local hidden <close> = S.mmap(nil, 4096, "none", "private, anonymous")
ok(raw.isopen(hidden) and not raw.readable(hidden), "nor can pages without a right")
local shape = memory.slice(hidden, 0, 16, S.t.timespec.metatable)
raises(function() return shape.sec end, "cannot be read", "a field there")
raises(function() shape.sec = 1 end, "cannot be written to", "which cannot be set either")
raises(function() S.t.timespec(hidden) end, "open memory that can be read", "a copy of it")
is(getmetatable(holder), false, "metatables of memory are not handed out")

-- Metatables: whoever chooses one does not choose what the bytes are taken for.

local own = "a metatable that the library made expected"
for _, foreign in ipairs { getmetatable(io.stdout), {} } do
	raises(function() memory.new(64, foreign) end, own, "memory with a metatable of others")
	raises(function() memory.slice(holder, 0, 8, foreign) end, own, "a slice")
	raises(function() raw.handle(0, foreign) end, own, "an fd object")
	raises(function() raw.entries("", foreign) end, own, "an entry")
	raises(function() raw.map(foreign, 4096, 0, S.c.MAP "private, anonymous", -1, 0) end, own,
		"a mapping")
	raises(function() memory.elements(foreign, {}, error, error, 0, 8) end, own, "an element")
end
local name_of = raw.entrytype(function() end)
local record = string.pack("=I8i8I2B", -1 >> 1, 64, 80, 8) .. ("x"):rep(61)
local entry = raw.entries(record, raw.metatable "memory")()
raises(function() memory.u8(entry, 0) end, "memory expected", "an entry that claims to be memory")
raises(function() memory.slice(entry, 0, 1) end, "memory expected", "nor has it slices")
raises(function() return memory.new(64, name_of).name end, "dirent expected",
	"memory that claims to be an entry")
raises(function() return memory.slice(holder, 0, 1, name_of).name end, "dirent expected",
	"or a slice")
local both = raw.handletype "both"
for key, value in pairs(raw.metatable "memory") do
	both[key] = both[key] or value
end
raises(function() memory.string(raw.nogc(raw.handle(1 << 20, both))) end, "memory expected",
	"an fd object with all that memory's metatable has")
ok(not raw.ishandle(memory.new(64, both)), "and memory with all that one of fd objects has")

-- Addresses

local number = require("syscall.call").number
raises(function() raw.call(number "read", 0, 4096, 1) end, "address", "a number for an address")
local standing <close> = assert(S.dup(0))
raises(function() raw.call(number "read", 0, standing, 1) end, "address",
	"an fd object, whose number may be chosen")
for name, place in pairs { ioctl = 3, fcntl = 3, prctl = 2, keyctl = 3 } do
	local list = { 0, 0, 0 }
	list[place] = 4096
	raises(function() raw.call(number(name), table.unpack(list)) end, "address",
		name .. ": a number that may be an address")
end
ok(raw.call(number "prctl", S.c.PR.SET_DUMPABLE, 1), "one that cannot be is taken")
raises(function() raw.call(number "munmap", 4096, 4096) end, "address",
	"also where its type is a number")
raises(function() raw.bind("read", number "read", "n-\3f\0\0l\0\0l\0\0") end, "address",
	"a bound call that would take one")
ok(type(require("syscall.unsafe").address(copy)) == "number", "syscall.unsafe tells addresses")

-- Bytes, and numbers in memory

local bytes = S.t.buffer "abc"
bytes[1] = 0x58
is(tostring(bytes) .. bytes[0] .. tostring(bytes[3]), "aXc97nil", "buffer[i] is a byte")
raises(function() bytes[3] = 1 end, "no byte 3 of 3", "past its end")
raises(function() bytes[0] = 256 end, "8 bits", "more than a byte")
raises(function() return bytes.strin end, "memory has no field strin; did you mean \"string\"?",
	"no such field of memory")
is(S.t.off1(8)[0] .. " " .. #S.t.int1() .. " " .. S.t.ints { 5, 6 }[1] .. " " .. #S.t.ints(3),
	"8 1 6 3", "numbers in memory")

-- Mappings

local map_type = raw.metatable "mapping"
local map = raw.map(map_type, 4096, S.c.PROT "read, write", S.c.MAP "private, anonymous", -1, 0)
is(memory.size(map), 4096, "a mapping is memory")
memory.u32(map, 4092, 5)
ok(raw.ismapping(map) and raw.ismapping(memory.slice(map, 8)) and not raw.ismapping(holder),
	"and told from other memory")
ok(raw.protect(map, S.c.PROT.READ), "it can be protected")
raises(function() memory.u32(map, 0, 1) end, "cannot be written to", "writing to what is read-only")
ok(raw.protect(map, 0), "from reading too")
raises(function() memory.u32(map, 0) end, "cannot be read", "reading what has no access")
ok(memory.close(map) and memory.close(map), "it is unmapped, and a second time is nothing")
raises(function() memory.u32(map, 0) end, "memory is closed", "an unmapped mapping")
check.fails(function()
	return raw.map(map_type, 4096, S.c.PROT.READ, S.c.MAP.PRIVATE, -1, 0)
end, "BADF", "a mapping of no file")

-- A mapping goes when no pointer to it is left, whoever calls or drops what in which order.

local unsafe = require "syscall.unsafe"

local function new_map()
	return assert(raw.map(map_type, 1 << 16, S.c.PROT "read, write", S.c.MAP "private, anonymous",
		-1, 0))
end

-- Whether mincore(2) finds something at an address.
local function mapped(address)
	return (unsafe.call(number "mincore", address, 4096, memory.new(1)))
end

map = new_map()
local place = unsafe.address(map)
memory.point(holder, 0, map)
for name, method in pairs(debug.getmetatable(map)) do
	if name:find "^__[gc]" then
		method(map)
	end
end
ok(mapped(place), "no metamethod unmaps what a pointer points to")
memory.point(holder, 0, nil)
map = nil -- luacheck: ignore
for _ = 1, 4 do
	collectgarbage()
end
ok(not mapped(place), "which goes with the last pointer")

local final, there = raw.metatable "final", nil
final.__gc = function(self)
	there = mapped(memory.u64(self, 0))
end
do
	local first, other = memory.new(8, final), memory.new(8)
	map = new_map()
	place = unsafe.address(map)
	memory.point(other, 0, map)
	memory.write(first, 0, other)
	map = nil
end
for _ = 1, 4 do
	collectgarbage()
end
ok(there, "finalizers find it, a copied pointer's too")
ok(not mapped(place), "and after them it goes")

map = new_map()
local bound = require("syscall.call").bind("pwrite64", "fd data i64=0 in?:timespec -> int")
raises(function()
	bound(standing, map, 16, 0, setmetatable({}, { __pairs = function()
		memory.close(map)
		return next, {}
	end }))
end, "memory", "a mapping that is closed while a later argument is made")

local pointers = memory.new(1 << 13)
for at = 0, #pointers - 8, 8 do
	memory.point(pointers, at, holder)
end
is(check.in_child(function()
	collectgarbage("incremental", 10, 10000)
	for _ = 1, 300 do
		local closed = new_map()
		setmetatable({}, { __gc = function()
			memory.close(closed)
		end })
		pcall(memory.write, closed, 0, pointers)
		pcall(memory.point, closed, 0, pointers)
	end
	return true
end), 0, "one that the collector closes while it is written to")

-- Constants

is(S.c.O["rdwr, creat"], S.c.O.RDWR | S.c.O.CREAT, "names in any case")
is(S.c.O["O_RDWR|creat"], S.c.O.RDWR | S.c.O.CREAT, "with C's prefix, and with bars")
is(S.c.O("rdwr, creat, excl", "~excl"), S.c.O.RDWR | S.c.O.CREAT, "a call that takes one away")
is(S.c.O["excl, creat, ~excl"], S.c.O.CREAT, "and text that does")
is(S.c.O[66], 66, "a number stands for itself")
is(S.c.MODE["0644"], 420, "a mode is octal")
is(S.c.MODE["rusr, wusr, rgrp"], 416, "or names")
is(S.c.MODE["fdir, 0711"], 0x41c9, "or both")
is(S.c.OK.rw .. S.c.OK["R, w"] .. S.c.OK.r, "664", "letters that stand together")
raises(function() return S.c.OK.rz end, "no OK \"z\"", "no such letter")
is(S.c.W.clone | S.c.W["__wall"], S.c.W.__WCLONE | S.c.W.__WALL, "names that C hides")
is(S.c.MS["ro,nosuid"] .. S.names("MS", 1) .. S.c.MAP.anon .. S.names("MAP", 0x20),
	"3RDONLY32ANONYMOUS", "names that are read and not printed")
is(S.c.SEEK.CUR, 1, "an enum")
is(rawget(S.c.O, "RDWR"), 2, "names are plain keys")
is(rawget(S.c.O, "rdwr"), nil, "text in other forms is remembered elsewhere")
raises(function() return S.c.O.craet end, "no O \"craet\"; did you mean \"CREAT\"?",
	"the nearest name")
raises(function() return S.c.OO end, "no family of constants \"OO\"", "no such family")
is(S.names("O", S.c.O "creat, rdwr, sync"), "CREAT, RDWR, SYNC", "numbers back to names")
is(S.names("SEEK", 1), "CUR", "of an enum too")
is(S.names("O", 1 << 40), "0x10000000000", "bits without a name are a number")

-- Errors

local _, err = S.open "/nonexistent"
is(tostring(err), "No such file or directory", "an error is its message")
is(err.errno, 2, "has a number")
is(err.sym .. err.lsym, "ENOENTenoent", "a name in both cases")
ok(err.NOATTR == false and S.t.error(61).NOATTR, "the name that libattr has")
ok(err.NOENT and err.noent and not err.perm, "and is asked for by name")
raises(function() return err.noentt end, "no field", "by one that there is not")
is(err, select(2, S.open "/nonexistent"), "one object for each number")
is(S.t.error(2), err, "that t.error() gives too")

-- Structures

local struct = require "syscall.struct"
local ts = S.t.timespec(1.5)
is(ts.sec .. " " .. ts.nsec .. " " .. ts.time, "1 500000000 1.5", "a constructor of its own")
is(ts.tv_nsec, 500000000, "C's names of fields")
is(#ts, 16, "the length is the size")
local it = S.t.itimerspec { interval = { 1, 2 }, value = 3.25 }
is(it.interval.nsec .. " " .. it.value.time, "2 3.25", "nested, from a table")
it.value.sec = 9
is(it.value.sec, 9, "a nested structure is a view")
raises(function() return ts.secs end, "timespec has no field secs; did you mean \"sec\"?",
	"a wrong field")
raises(function() ts.secs = 1 end, "timespec has no field secs that can be set", "to set one")
raises(function() S.t.timespec(memory.new(4)) end, "16 bytes expected",
	"of memory that is too short")
raises(function() return S.t.timespecc end, "no type \"timespecc\"; did you mean \"timespec\"?",
	"no such type")

local example = struct.define {
	"example", { "u8", "a" }, { "u32", "b", bits = { "first", 2, { "third", 3 } } }, { "be16",
		"port" },
	{ union = { { "u64", "long" }, { "u8[4]", "bytes" }, { struct = { { "u32" }, { "u32",
		"upper" } } } } },
	{ "char[5]", "name" }, { "ptr", "data" }, { "u16", "how", const = "O" },
}
local e = example { a = 1, port = 0x1234, name = "four", data = "pointed", how = "rdwr" }
is(example.size .. " " .. example.align, "48 8", "size and alignment of a structure of all kinds")
is(memory.u16be(e, 8), 0x1234, "network order")
e.long = 0x0102030405060708
is(e.bytes[0] .. " " .. e.upper, "8 16909060", "members of a union share their bytes")
e.first, e.third = true, 5
is(e.b, 1 | 5 << 3, "bits of a field")
ok(e.first == true and e.third == 5, "and read back")
raises(function() e.third = 8 end, "3 bits", "a number with more bits")
is(e.name, "four", "text up to its NUL")
raises(function() e.name = "too long" end, "at most 5 bytes", "text that does not fit")
is(memory.cstring(e.data), "pointed", "a pointer keeps what it points to")
is(e.how, 2, "a field of constants takes names")
local list = struct.list "timespec" { 1, { 2, 3 } }
is(#list .. " " .. list[2].nsec, "2 3", "lists count from 1")
is(list[3], nil, "and end, so that ipairs() does")
raises(function() list[3] = 1 end, "no element 3", "to set one past the end")

-- Pointers with their lengths

local vector = S.t.iovecs { "abc", 5, memory.new(16), { memory.new(10), 3 } }
is(("%d %d %d %d"):format(vector[1].len, vector[2].len, vector[3].len, vector[4].len),
	"3 5 16 3", "the length of what is pointed to, unless a smaller one is given")
is(tostring(S.t.iovecs { "ab", "", { "cde", 2 } }), "abcd", "what they hold, joined")
raises(function() vector[4].len = 11 end, "iovec.len: a number from 0 to 10 expected, got 11",
	"a length that goes past what is pointed to")
raises(function() S.t.iovec(memory.new(3), 4) end, "a number from 0 to 3 expected",
	"in a constructor too")
raises(function() S.t.iovec {} end, "iovec: a text", "an iovec of nothing")

-- Fd objects

local before = check.open_fds()
do
	local null <close> = S.open "/dev/null"
	ok(null:getfd() >= 0 and tostring(null) == tostring(null:getfd()), "an fd object has a number")
	ok(S.fstat(null).ischr and null:stat().ischr, "it is an argument, and has methods")
	raises(function() return null.statt end, "no method statt; did you mean \"stat\"?",
		"a wrong method")
end
is(check.open_fds(), before, "it is closed at the end of its block")
local null = S.open "/dev/null"
ok(null:close() and null:close() and S.close(null), "to close twice is a success")
is(null:getfd(), nil, "a closed one has no number")
raises(function() S.read(null) end, "an open fd expected, got a closed fd", "to use a closed one")
check.fails(function() return S.close(-1) end, "BADF", "to close a number that is none")
for _ = 1, 100 do
	S.open "/dev/null"
end
collectgarbage()
collectgarbage()
is(check.open_fds(), before, "the collector closes what is forgotten")
local kept = S.open("/dev/null"):nogc():getfd()
collectgarbage()
ok(S.close(kept), "but not what nogc() keeps")
pcall(function()
	local _ <close> = S.open "/dev/null"
	error "half-way"
end)
is(check.open_fds(), before, "an error half-way leaves none open")

-- Arguments

raises(function() S.open "/a\0b" end, "#1 (pathname) to 'open' (a text without NUL bytes",
	"a NUL in a path")
raises(function() S.open() end, "#1 (pathname) to 'open' (a text expected, got nil)",
	"a missing path")
raises(function() S.open("/", "rdwr, craet") end, "did you mean \"CREAT\"?", "a wrong flag")
raises(function() S.open("/", {}) end, "#2 (flags) to 'open'", "flags of a wrong type")
raises(function() S.read({}) end, "#1 (fd) to 'read' (an fd expected, got table)", "no fd")
raises(function() S.read(0, nil, -1) end, "#3 (count) to 'read'", "a negative count")
raises(function() S.read(0, memory.new(4), 5) end, "no larger than the buffer",
	"a count over the buffer's end")
raises(function() S.lseek(0, "x") end, "#2 (offset) to 'lseek'", "no offset")
raises(function() S.stat("/", memory.new(4)) end, ("at least %d bytes"):format(S.t.stat.size),
	"memory that is too short")
raises(function() S.kill(1 << 31, 0) end, "32 bits", "a number that is too large")
is(S.nothing, nil, "what is not there is nil")

tap.done()
