-- bpf.lua - BPF: maps, programs that are loaded and run

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t, c = S.t, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
is(#t.bpf_insns(1, { { "jmp, exit" } }), 1, "bpf_insns: a count and the list")
local insns = t.bpf_insns { { "alu64, mov, k", 0, 0, 0, 7 }, { map = 3, dst = 1 }, { "jmp, exit" } }
is(#insns .. " " .. insns[1].code .. " " .. insns[2].src_reg .. " " .. insns[4].code, "4 183 1 149",
	"instructions, of which loading a map is two")
is(t.bpf_insn("ldx, mem, w", 2, 1, -4).off, -4, "one by values")
raises(function() t.bpf_insn "movv" end, "no BPF", "a wrong instruction")
raises(function() t.bpf_attr { insns = insns, insn_cnt = 5 } end, "from 0 to 4",
	"more instructions than there are")
raises(function() S.bpf("map_lookup_batch", {}) end, "whose memory can be checked",
	"bpf(): a command without checks")
raises(function() S.bpf("map_creat", {}) end, "did you mean \"MAP_CREATE\"?", "a wrong command")
raises(function() S.bpf_map_op("prog_load", 0) end, "#1", "bpf_map_op(): no operation of a map")
local nothing, no_map = S.bpf_map_op("map_lookup_elem", -1, "x")
ok(nothing == nil and (no_map.BADF or no_map.BADFD or no_map.PERM or no_map.NOSYS),
	"bpf_map_op(): no fd", tostring(no_map))

local map, err = S.bpf_map_create("hash", 4, 8, 16, 0, "test")
if not map then
	ok(err.PERM or err.NOSYS, "bpf_map_create() says why", tostring(err))
	tap.skip("maps and programs", "host: bpf() says " .. tostring(err))
	tap.done()
end
fails(function() return S.bpf("map_create", { map_type = "hash" }) end, "INVAL",
	"bpf(): a map of nothing")
ok(S.bpf_map_op("map_update_elem", map, 5, 1000), "an element is set")
is(S.bpf_map_op("map_lookup_elem", map, "\5\0\0\0"), string.pack("=I8", 1000), "and looked up")
local value = t.buffer(8)
ok(S.bpf_map_op("map_lookup_elem", map, 5, value) and value:u64(0) == 1000, "into memory")
is(S.bpf_map_op("map_get_next_key", map), "\5\0\0\0", "the first key")
fails(function() return S.bpf_map_op("map_get_next_key", map, 5) end, "NOENT", "no key follows")
fails(function() return S.bpf_map_op("map_update_elem", map, 5, 1, "noexist") end, "EXIST",
	"it is there already")
ok(S.bpf_map_op("map_delete_elem", map, 5), "and taken away")
fails(function() return S.bpf_map_op("map_lookup_elem", map, 5) end, "NOENT", "it is gone")
raises(function() S.bpf_map_op("map_lookup_elem", map, "abc") end, "of 4 bytes", "a key too short")
raises(function() S.bpf_map_op("map_lookup_elem", map, 5, t.buffer(7)) end, "of 8 bytes",
	"room too short for a value")
raises(function()
	S.bpf("map_lookup_elem", { map_fd = map:getfd(), key = "abcd", value = t.buffer(7) })
end, "#2 to 'bpf'", "the same by bpf() itself")
raises(function() S.bpf_map_create("hash", "x") end, "#2", "bpf_map_create(): no size")
fails(function() return S.bpf_map_create("hash", 0, 8, 1) end, "INVAL", "bpf_map_create(): no key")
local each = S.bpf_map_create("percpu_array", 4, 4, 1)
ok(each and #S.bpf_map_op("map_lookup_elem", each, 0) % 8 == 0, "a value of each processor")

-- A program that counts its runs in an array, run by the kernel
local counts = assert(S.bpf_map_create("array", 4, 8, 1))
local program, refused, log = S.bpf_prog_load("socket_filter", {
	{ "st, mem, w", 10, 0, -4, 0 },
	{ map = counts, dst = 1 },
	{ "alu64, mov, x", 2, 10 },
	{ "alu64, add, k", 2, 0, 0, -4 },
	{ "jmp, call", 0, 0, 0, c.BPF_FUNC.MAP_LOOKUP_ELEM },
	{ "jmp, jeq, k", 0, 0, 2, 0 },
	{ "alu64, mov, k", 1, 0, 0, 1 },
	{ "stx, atomic, dw", 0, 1, 0, 0 },
	{ "alu64, mov, k", 0, 0, 0, 42 },
	{ "jmp, exit" },
})
ok(program, "bpf_prog_load()", tostring(refused), log)
if program then
	local attr = t.bpf_attr { test_prog_fd = program:getfd(), data_in = ("x"):rep(64),
		test_repeat = 3 }
	local ran, why = S.bpf("prog_test_run", attr)
	ok(ran and attr.test_retval == 42, "a program is run", tostring(why))
	is(S.bpf_map_op("map_lookup_elem", counts, 0), string.pack("=I8", 3), "and has counted")
	local _, _, left, right = S.socketpair("unix", "dgram")
	ok(left:setsockopt("socket", "attach_bpf", program:getfd()), "it becomes a socket's filter")
	right:send "message"
	is(S.bpf_map_op("map_lookup_elem", counts, 0), string.pack("=I8", 4), "which is asked")
	left:close()
	right:close()
	program:close()
end
local none, wrong, why = S.bpf_prog_load("socket_filter", { { "jmp, exit" } })
ok(none == nil and (wrong.ACCES or wrong.INVAL) and why:find "R0",
	"one that is wrong: the verifier's log",
	tostring(wrong), why)
for _, one in ipairs { map, each, counts } do
	one:close()
end
is(check.open_fds(), before, "no fd is left open")
tap.done()
