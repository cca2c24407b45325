-- bpf.lua - BPF: instructions and the argument of bpf(2)
--
-- Every length in bpf_attr is held against what its pointer points to; what an element of a map
-- takes is the map's to say and checked by bpf.lua.

local struct = require "syscall.struct"
local raw = require "syscall.raw"
local errors = require "syscall.errors"
local c = require("syscall.constants").c

local define = struct.define

local M = {}

M.bpf_insn = define {
	"bpf_insn", c = "struct bpf_insn", header = "linux/bpf.h",
	{ "u8", "code", const = "BPF" },
	{ "u8", bits = { { "dst_reg", 4 }, { "src_reg", 4 } } },
	{ "i16", "off" },
	{ "i32", "imm" },
	-- bpf_insn(code, dst, src, off, imm), or a table of these names
	init = function(self, code, dst, src, off, imm)
		if type(code) == "table" then
			local v = code
			code, dst, src = v.code or v[1], v.dst or v.dst_reg or v[2], v.src or v.src_reg or v[3]
			off, imm = v.off or v[4], v.imm or v[5]
		end
		self.code = code or 0
		self.dst_reg, self.src_reg = dst or 0, src or 0
		self.off, self.imm = off or 0, imm or 0
	end,
}

local list = struct.list "bpf_insn"

-- bpf_insns { { code, dst, src, off, imm }, … }: { map = fd, dst = } is the two instructions that
-- load a map, { load = number, dst = } those that load 64 bits
-- As in ljsyscall a count may stand in front of the list.
function M.bpf_insns(values, second)
	local out = {}
	values = math.type(values) and second or values
	if type(values) ~= "table" then
		errors.complain("bpf_insns", 1, "a list", values)
	end
	for _, one in ipairs(values) do
		local whole = type(one) == "table" and (one.map or one.load)
		if whole then
			local number = one.load or raw.getfd(one.map)
				or errors.raise("bpf_insns: the fd of a map expected")
			local low = number & 0xffffffff
			out[#out + 1] = { "ld, dw, imm", one.dst or 0, one.map and c.BPF.PSEUDO_MAP_FD or 0, 0,
				low >= 1 << 31 and low - (1 << 32) or low }
			local high = number >> 32
			out[#out + 1] = { 0, 0, 0, 0, high >= 1 << 31 and high - (1 << 32) or high }
		else
			out[#out + 1] = one
		end
	end
	return list(out)
end

M.bpf_attr = define {
	"bpf_attr", c = "union bpf_attr", header = "linux/bpf.h", union = true, align = 8,
	{ struct = {
		{ "u32", "map_type", const = "BPF_MAP" }, { "u32", "key_size" }, { "u32", "value_size" },
		{ "u32", "max_entries" }, { "u32", "map_flags", const = "BPF_F" }, { "u32", "inner_map_fd" },
		{ "u32", "numa_node" }, { "char[16]", "map_name" }, { "u32", "map_ifindex" },
		{ "u32", "btf_fd" }, { "u32", "btf_key_type_id" }, { "u32", "btf_value_type_id" },
		{ "u32", "btf_vmlinux_value_type_id" }, { "u64", "map_extra" },
	} },
	{ struct = {
		{ "u32", "map_fd" }, { "ptr", "key" },
		{ union = { { "ptr", "value" }, { "ptr", "next_key" } } },
		{ "u64", "flags", const = "BPF_UPDATE" },
	} },
	{ struct = {
		{ "u32", "prog_type", const = "BPF_PROG" }, { "u32", "insn_cnt" },
		{ "ptr", "insns", length = "insn_cnt", unit = 8 }, { "ptr", "license" },
		{ "u32", "log_level" }, { "u32", "log_size" }, { "ptr", "log_buf", length = "log_size" },
		{ "u32", "kern_version" }, { "u32", "prog_flags", const = "BPF_F" },
		{ "char[16]", "prog_name" }, { "u32", "prog_ifindex" },
		{ "u32", "expected_attach_type", const = "BPF_ATTACH_TYPE" }, { "u32", "prog_btf_fd" },
		{ "u32" }, { "u64" }, { "u32" }, { "u32" }, { "u64" }, { "u32" },
		{ "u32", "attach_btf_id" }, { "u32", "attach_prog_fd" }, { "u32" }, { "u64" }, { "u64" },
		{ "u32" },
	} },
	{ struct = { { "ptr", "pathname" }, { "u32", "bpf_fd" },
		{ "u32", "file_flags", const = "BPF_F" } } },
	{ struct = { { "u32", "target_fd" }, { "u32", "attach_bpf_fd" },
		{ "u32", "attach_type", const = "BPF_ATTACH_TYPE" },
		{ "u32", "attach_flags", const = "BPF_F" }, { "u32", "replace_bpf_fd" } } },
	{ struct = {
		{ "u32", "test_prog_fd", c = "test.prog_fd" }, { "u32", "test_retval", c = "test.retval" },
		{ "u32", "data_size_in", c = "test.data_size_in" },
		{ "u32", "data_size_out", c = "test.data_size_out" },
		{ "ptr", "data_in", c = "test.data_in", length = "data_size_in" },
		{ "ptr", "data_out", c = "test.data_out", length = "data_size_out" },
		{ "u32", "test_repeat", c = "test.repeat" }, { "u32", "duration", c = "test.duration" },
	} },
	{ struct = { { "u32", "start_id" }, { "u32", "next_id" }, { "u32", "open_flags" } } },
	{ struct = { { "u32", "info_fd", c = "info.bpf_fd" }, { "u32", "info_len", c = "info.info_len" },
		{ "ptr", "info", c = "info.info", length = "info_len" } } },
	{ struct = { { "ptr", "raw_tracepoint", c = "raw_tracepoint.name" },
		{ "u32", "raw_prog_fd", c = "raw_tracepoint.prog_fd" } } },
}

M.bpf_map_info = define {
	"bpf_map_info", c = "struct bpf_map_info", header = "linux/bpf.h", align = 8,
	{ "u32", "type" }, { "u32", "id" }, { "u32", "key_size" }, { "u32", "value_size" },
	{ "u32", "max_entries" }, { "u32", "map_flags" }, { "char[16]", "name" }, { "u32", "ifindex" },
	{ "u32", "btf_vmlinux_value_type_id" }, { "u64", "netns_dev" }, { "u64", "netns_ino" },
	{ "u32", "btf_id" }, { "u32", "btf_key_type_id" }, { "u32", "btf_value_type_id" }, { "u32" },
	{ "u64", "map_extra" },
}

-- bpf_attr1 { attributes } - as ljsyscall has it: one of an array of one
function M.bpf_attr1(values)
	if values ~= nil and type(values) ~= "table" then
		errors.complain("bpf_attr1", 1, "a list of attributes", values)
	end
	return M.bpf_attr(values and values[1])
end

return M
