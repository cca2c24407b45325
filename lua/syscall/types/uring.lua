-- uring.lua - structures of io_uring

local define = require("syscall.struct").define

local M = {}
local header = "linux/types.h,linux/io_uring.h"

M.io_sqring_offsets = define {
	"io_sqring_offsets", c = "struct io_sqring_offsets", header = header,
	{ "u32", "head" },
	{ "u32", "tail" },
	{ "u32", "ring_mask" },
	{ "u32", "ring_entries" },
	{ "u32", "flags" },
	{ "u32", "dropped" },
	{ "u32", "array" },
	{ "u32" },
	{ "u64" },
}

M.io_cqring_offsets = define {
	"io_cqring_offsets", c = "struct io_cqring_offsets", header = header,
	{ "u32", "head" },
	{ "u32", "tail" },
	{ "u32", "ring_mask" },
	{ "u32", "ring_entries" },
	{ "u32", "overflow" },
	{ "u32", "cqes" },
	{ "u32", "flags" },
	{ "u32" },
	{ "u64" },
}

M.io_uring_params = define {
	"io_uring_params", c = "struct io_uring_params", header = header,
	{ "u32", "sq_entries" },
	{ "u32", "cq_entries" },
	{ "u32", "flags", const = "IORING_SETUP" },
	{ "u32", "sq_thread_cpu" },
	{ "u32", "sq_thread_idle" },
	{ "u32", "features", const = "IORING_FEAT" },
	{ "u32", "wq_fd" },
	{ "u32[3]" },
	{ "io_sqring_offsets", "sq_off" },
	{ "io_cqring_offsets", "cq_off" },
}

M.io_uring_sqe = define {
	"io_uring_sqe", c = "struct io_uring_sqe", header = header, align = 8,
	{ "u8", "opcode", const = "IORING_OP" },
	{ "u8", "flags", const = "IOSQE" },
	{ "u16", "ioprio" },
	{ "i32", "fd" },
	{ union = { { "u64", "off" }, { "ptr", "addr2" } } },
	{ "ptr", "addr" },
	{ "u32", "len" },
	{ "u32", "op_flags", c = "rw_flags" },
	{ "u64", "user_data" },
	{ "u16", "buf_index" },
	{ "u16", "personality" },
	{ "i32", "file_index" },
	{ "u64", "addr3" },
	{ "u64" },
}

M.io_uring_cqe = define {
	"io_uring_cqe", c = "struct io_uring_cqe", header = header,
	{ "u64", "user_data" },
	{ "i32", "res" },
	{ "u32", "flags", const = "IORING_CQE_F" },
}

return M
