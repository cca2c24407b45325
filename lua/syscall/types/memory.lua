-- memory.lua - what a userfaultfd is told and tells

local define = require("syscall.struct").define

local M = {}

M.uffdio_api = define {
	"uffdio_api", c = "struct uffdio_api", header = "linux/userfaultfd.h",
	{ "u64", "api" },
	{ "u64", "features", const = "UFFD_FEATURE" },
	{ "u64", "ioctls" },
	init = function(self, values)
		self.api = 0xaa
		if values then
			M.uffdio_api.fill(self, values)
		end
	end,
}

M.uffdio_range = define {
	"uffdio_range", c = "struct uffdio_range", header = "linux/userfaultfd.h",
	{ "ptr", "start", length = "len" },
	{ "u64", "len" },
}

M.uffdio_register = define {
	"uffdio_register", c = "struct uffdio_register", header = "linux/userfaultfd.h",
	{ "uffdio_range", "range" },
	{ "u64", "mode", const = "UFFDIO_REGISTER_MODE" },
	{ "u64", "ioctls" },
}

M.uffdio_copy = define {
	"uffdio_copy", c = "struct uffdio_copy", header = "linux/userfaultfd.h",
	{ "ptr", "dst", length = "len" },
	{ "ptr", "src", length = "len" },
	{ "u64", "len" },
	{ "u64", "mode", const = "UFFDIO_COPY_MODE" },
	{ "i64", "copy" },
}

M.uffdio_zeropage = define {
	"uffdio_zeropage", c = "struct uffdio_zeropage", header = "linux/userfaultfd.h",
	{ "uffdio_range", "range" },
	{ "u64", "mode" },
	{ "i64", "zeropage" },
}

M.uffd_msg = define {
	"uffd_msg", c = "struct uffd_msg", header = "linux/userfaultfd.h", packed = true,
	{ "u8", "event", const = "UFFD_EVENT" },
	{ "u8" },
	{ "u16" },
	{ "u32" },
	{ union = {
		{ struct = {
			{ "u64", "flags", c = "arg.pagefault.flags" },
			{ "u64", "address", c = "arg.pagefault.address" },
			{ "u32", "ptid", c = "arg.pagefault.feat.ptid" },
		} },
		{ "u32", "ufd", c = "arg.fork.ufd" },
		{ struct = {
			{ "u64", "from", c = "arg.remap.from" },
			{ "u64", "to", c = "arg.remap.to" },
			{ "u64", "len", c = "arg.remap.len" },
		} },
		{ struct = {
			{ "u64", "start", c = "arg.remove.start" },
			{ "u64", "finish", c = "arg.remove.end" },
		} },
	} },
}

return M
