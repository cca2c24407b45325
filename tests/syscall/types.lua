-- types.lua - types that no call of the library answers: numbers of C, lists of pointers, and what
-- ljsyscall has besides

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"

local raises = check.raises
local memory = S.raw.memory
local before = check.open_fds()

-- Numbers
tap.is(("%d %d %d %d"):format(S.t.uint16(70000), S.t.int8(200), S.t.pid(0xffffffff), S.t.uid(-1)),
	"4464 -56 -1 4294967295", "a number becomes what C would have")
tap.is(("%d %d %d"):format(S.t.int64(-5), S.t.uint64(-1), S.t.int()), "-5 -1 0",
	"of 64 bits it stays, and none is 0")
tap.is(S.types.s.pid .. S.types.s.sa_family .. S.types.s.time .. tostring(S.t.char), "428"
	.. "type char (1 bytes)", "sizes")
raises(function() S.t.pid "1" end, "bad argument #1 to 'pid' (a whole number expected, got \"1\"",
	"a text is no number")
raises(function() S.t.int(1.5) end, "a whole number expected", "nor is a half")
tap.is(#S.t.int2 { 3, 4 } .. " " .. S.t.int2({ 3, 4 })[1], "2 4", "two in memory")

-- Pointers
local texts = S.t.string_array(3, { "ab", "c" })
tap.is(#texts .. " " .. memory.cstring(memory.target(texts, 8)) .. " "
	.. tostring(memory.target(texts, 16)), "24 c nil", "pointers to texts, and NULL")
local requests = S.t.iocb_ptrs { { opcode = "pread" }, S.t.iocb() }
tap.is(memory.u16(memory.target(requests, 0), 16), S.c.IOCB_CMD.PREAD, "pointers to requests")
raises(function() S.t.string_array "ab" end, "a count or a list expected", "a text is no list")

-- Entries of a directory
local bytes = ("=I8i8I2B"):pack(7, 1, 24, S.c.DT.DIR) .. "ab\0\0\0"
	.. ("=I8i8I2B"):pack(8, 2, 24, S.c.DT.REG) .. "cd\0\0\0"
local names = {}
for entry in S.t.dirents(bytes) do
	names[#names + 1] = entry.name .. entry.ino .. tostring(entry.dir)
end
tap.is(table.concat(names, " "), "ab7true cd8false", "entries in bytes")
tap.is(S.t.dirent(memory.new(bytes)).name, "ab", "the first one, in memory")
tap.is(S.t.dirents(bytes, 0)(), nil, "none in no bytes")
raises(function() S.t.dirents(bytes, 49) end, "a whole number from 0 to 48 expected", "too many")
raises(function() S.t.dirent(bytes:sub(25, 46)) end, "an entry that goes past the end",
	"half an entry")

-- Times
local answer = S.t.adjtimex(S.c.TIME.ERROR, { tick = 10000 })
tap.ok(answer.ERROR and not answer.ok and answer.timex.tick == 10000, "the answer of adjtimex")
local made = assert(S.timer_create("monotonic", { notify = "none" }))
local timer = S.t.timer(made:gettimer())
tap.ok(timer:settime(0, { value = 60 }) and timer:gettime().value.sec > 0, "a timer's number")
tap.ok(timer:delete() and timer:delete() and not made:delete(), "it deletes that timer")
raises(function() S.t.timer "x" end, "the number of a timer expected", "no number")

-- What drivers take
local filter = S.t.tun_filter { flags = "allmulti", "02:00:00:00:00:01", "02:00:00:00:00:02" }
tap.is(("%d %d %d"):format(memory.size(filter), filter.count, filter.flags), "16 2 1",
	"a list behind its length")
tap.is(tostring(S.t.macaddr(memory.slice(filter, 10, 6))), "02:00:00:00:00:02", "its elements")
raises(function() filter.count = 3 end, "a number from 0 to 2 expected", "no longer than it is")
filter.count = 1
local guest = memory.new(100)
local map = S.t.vhost_memory { { guest_phys_addr = 4096, userspace_addr = guest } }
tap.is(map.nregions .. " " .. memory.u64(map, 16), "1 100", "a region is as long as its memory")
tap.ok(rawequal(memory.target(map, 24), guest), "which it keeps")
raises(function() S.t.vhost_memory_region { userspace_addr = 4096 } end, "open memory",
	"and never a number")
raises(function() S.t.vhost_vring_addr { desc_user_addr = 1 } end, "open memory", "nor a ring's")
local effect = S.t.ff_effect { type = "rumble", id = -1, rumble = { strong_magnitude = 5 } }
tap.is(("%d %d %d"):format(effect.type, effect.id, effect.rumble.strong_magnitude), "80 -1 5",
	"an effect")
local event = S.t.input_event { type = "key", code = S.c.KEY.A, value = 1, time = 1.5 }
tap.is(event.time.time .. " " .. event.type .. " " .. event.code, "1.5 1 30", "what is read")
tap.is(S.t.input_id { bustype = "usb" }.bustype, 3, "a bus by name")

-- The rest
local caps = S.t.vfs_cap_data { magic_etc = "revision_2" }
caps.data[1].permitted = 6
tap.is(("%x %d"):format(memory.u32(caps, 0), memory.u32(caps, 12)), "2000000 6", "of a file")
tap.is(S.t.bpf_attr1({ { map_type = "hash" } }).map_type, S.c.BPF_MAP.HASH, "an array of one")
raises(function() S.t.bpf_attr1(5) end, "a list of attributes expected", "no list")
tap.ok(S.types.s.ucontext > S.types.s.mcontext and S.t.ucontext().sigmask.isemptyset,
	"what a handler of signals is given")

-- Constants in other forms
tap.is(S.c.PATH_MAX .. " " .. S.c.LINUX_CAPABILITY_U32S[3] .. " " .. S.c.STD.err, "4096 2 2",
	"a single constant, a list, and a name in short")
tap.is(S.c.LINUX_CAPABILITY_VERSION[3], 0x20080522, "not the place itself")
tap.is(S.c.errornames.NOENT, tostring(S.t.error(2)), "texts of errors")
tap.is(S.names("AF", 1) .. " " .. S.c.AF.file .. " " .. S.names("O", S.c.O.fsync), "LOCAL 1 SYNC",
	"older names are read, not printed")
raises(function() S.names("PATH_MAX", 1) end, "PATH_MAX has no names of numbers", "no names there")
raises(function() S.names("errornames", 1) end, "has no names of numbers", "nor there")

tap.is(check.open_fds(), before, "no descriptor is left open")
tap.done()
