-- perf.lua - performance events: what is counted or sampled

local struct = require "syscall.struct"

local define = struct.define

local M = {}

local flags = {}
for name, width in ([[disabled inherit pinned exclusive exclude_user exclude_kernel exclude_hv
	exclude_idle mmap comm freq inherit_stat enable_on_exec task watermark precise_ip=2 mmap_data
	sample_id_all exclude_host exclude_guest exclude_callchain_kernel exclude_callchain_user mmap2
	comm_exec use_clockid context_switch write_backward namespaces ksymbol bpf_event aux_output
	cgroup text_poke build_id inherit_thread remove_on_exec sigtrap]]):gmatch "([%w_]+)=?(%d*)" do
	flags[#flags + 1] = { name, tonumber(width) or 1 }
end

M.perf_event_attr = define {
	"perf_event_attr", c = "struct perf_event_attr", header = "linux/perf_event.h",
	{ "u32", "type", const = "PERF_TYPE" },
	{ "u32", "size" },
	{ "u64", "config", const = "PERF_COUNT" },
	{ union = { { "u64", "sample_period" }, { "u64", "sample_freq" } } },
	{ "u64", "sample_type", const = "PERF_SAMPLE" },
	{ "u64", "read_format", const = "PERF_FORMAT" },
	{ "u64", bits = flags },
	{ union = { { "u32", "wakeup_events" }, { "u32", "wakeup_watermark" } } },
	{ "u32", "bp_type" },
	{ union = { { "u64", "bp_addr" }, { "u64", "config1" } } },
	{ union = { { "u64", "bp_len" }, { "u64", "config2" } } },
	{ "u64", "branch_sample_type", const = "PERF_SAMPLE_BRANCH" },
	{ "u64", "sample_regs_user" },
	{ "u32", "sample_stack_user" },
	{ "i32", "clockid", const = "CLOCK" },
	{ "u64", "sample_regs_intr" },
	{ "u32", "aux_watermark" },
	{ "u16", "sample_max_stack" },
	{ "u16" },
	{ "u32", "aux_sample_size" },
	{ "u32" },
	{ "u64", "sig_data" },
}

M.perf_event_attr1 = struct.array("perf_event_attr", 1)

M.perf_event_header = define {
	"perf_event_header", c = "struct perf_event_header", header = "linux/perf_event.h",
	{ "u32", "type", const = "PERF_RECORD" },
	{ "u16", "misc" },
	{ "u16", "size" },
}

M.perf_event_mmap_page = define {
	"perf_event_mmap_page", c = "struct perf_event_mmap_page", header = "linux/perf_event.h",
	{ "u32", "version" }, { "u32", "compat_version" }, { "u32", "lock" }, { "u32", "index" },
	{ "i64", "offset" }, { "u64", "time_enabled" }, { "u64", "time_running" },
	{ "u64", "capabilities" }, { "u16", "pmc_width" }, { "u16", "time_shift" },
	{ "u32", "time_mult" }, { "u64", "time_offset" }, { "u64", "time_zero" },
	{ "u32", "size" }, { "u32" }, { "u64", "time_cycles" }, { "u64", "time_mask" },
	{ "u8[928]" },
	{ "u64", "data_head" }, { "u64", "data_tail" }, { "u64", "data_offset" },
	{ "u64", "data_size" },
	{ "u64", "aux_head" }, { "u64", "aux_tail" }, { "u64", "aux_offset" }, { "u64", "aux_size" },
}

-- perf_reader(fd) - see perf.lua
function M.perf_reader(fd)
	return require("syscall.perf").perf_reader(fd)
end

return M
