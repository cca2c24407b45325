-- bpf.lua - BPF: maps and programs
--
-- The kernel reads and writes keys and values as long as the map says, not as long as the caller's
-- memory is. So operations on a map ask the map first (once for each fd object), and bpf() itself
-- lets only commands through whose memory is checked.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local types = require "syscall.types.bpf"
local constants = require "syscall.constants"

local c = constants.c
local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

local enter = bind("bpf", "enum:BPF_CMD mem len -> int")
local enter_fd = bind("bpf", "enum:BPF_CMD mem len -> fd")

-- Maps and their sizes

local known = setmetatable({}, { __mode = "k" }) -- fd object → { key, value }
local per_cpu = { [c.BPF_MAP.PERCPU_HASH] = true, [c.BPF_MAP.PERCPU_ARRAY] = true,
	[c.BPF_MAP.LRU_PERCPU_HASH] = true, [c.BPF_MAP.PERCPU_CGROUP_STORAGE] = true }

-- Processors that may ever be there: per-CPU values have one of each.
local function processors()
	local file = io.open "/sys/devices/system/cpu/possible"
	local text = file and file:read "l" or "0-8191"
	if file then
		file:close()
	end
	return math.tointeger(tonumber(text:match "(%d+)$")) + 1
end

local function sizes_of(fd)
	if known[fd] then
		return known[fd]
	end
	local info = types.bpf_map_info()
	local done, err = enter("obj_get_info_by_fd", types.bpf_attr { info_fd = check.fd("bpf", 2, fd),
		info = info })
	if not done then
		return nil, err
	end
	local value = info.value_size
	if per_cpu[info.type] then
		value = (value + 7) // 8 * 8 * processors()
	end
	local sizes = { key = info.key_size, value = value }
	if raw.ishandle(fd) then
		known[fd] = sizes
	end
	return sizes
end

local uses = { -- of a command: whether it has a key, and what its second pointer is
	[c.BPF_CMD.MAP_LOOKUP_ELEM] = { key = true, second = "value" },
	[c.BPF_CMD.MAP_UPDATE_ELEM] = { key = true, second = "value" },
	[c.BPF_CMD.MAP_DELETE_ELEM] = { key = true },
	[c.BPF_CMD.MAP_LOOKUP_AND_DELETE_ELEM] = { key = true, second = "value" },
	[c.BPF_CMD.MAP_GET_NEXT_KEY] = { second = "key" },
}

local function long_enough(target, size)
	return size == 0 or (target and memory.size(target) >= size)
end

-- Commands whose pointers bpf_attr holds to their lengths, or that have none.
local plain = {}
for name in ([[MAP_CREATE PROG_LOAD OBJ_PIN OBJ_GET PROG_ATTACH PROG_DETACH PROG_TEST_RUN
	PROG_GET_NEXT_ID MAP_GET_NEXT_ID PROG_GET_FD_BY_ID MAP_GET_FD_BY_ID OBJ_GET_INFO_BY_FD
	RAW_TRACEPOINT_OPEN BTF_GET_FD_BY_ID BTF_GET_NEXT_ID MAP_FREEZE LINK_GET_FD_BY_ID
	LINK_GET_NEXT_ID ENABLE_STATS LINK_DETACH PROG_BIND_MAP]]):gmatch "%S+" do
	plain[c.BPF_CMD[name]] = true
end

local gives_fd = {}
for name in ([[MAP_CREATE PROG_LOAD OBJ_GET PROG_GET_FD_BY_ID MAP_GET_FD_BY_ID RAW_TRACEPOINT_OPEN
	BTF_GET_FD_BY_ID LINK_GET_FD_BY_ID ENABLE_STATS]]):gmatch "%S+" do
	gives_fd[c.BPF_CMD[name]] = true
end

-- bpf(command, attr) - an fd where the command makes one, else a number. Commands with memory whose
-- length only the kernel knows are refused: syscall.unsafe has them.
function M.bpf(command, attr)
	local number = c.BPF_CMD[command]
	if not raw.ismemory(attr) or debug.getmetatable(attr) ~= types.bpf_attr.metatable then
		attr = types.bpf_attr(check.table("bpf", 2, attr))
	end
	local use = uses[number]
	if use then
		local sizes, err = sizes_of(attr.map_fd)
		if not sizes then
			return nil, err
		end
		if (use.key and not long_enough(attr.key, sizes.key))
			or (use.second and not long_enough(attr.value, sizes[use.second]))
			or (attr.key and memory.size(attr.key) < sizes.key) then
			errors.raise("bad argument #2 to 'bpf' (a key of %d and a value of %d bytes expected)",
				sizes.key, sizes.value)
		end
	elseif not plain[number] then
		errors.raise("bad argument #1 to 'bpf' (a command whose memory can be checked expected, got %s)",
			constants.name("BPF_CMD", number) or number)
	end
	return (gives_fd[number] and enter_fd or enter)(number, attr)
end

-- bpf_map_create(type, key_size, value_size, max_entries [, flags [, name]]) - an fd
function M.bpf_map_create(kind, key_size, value_size, max_entries, flags, name)
	return M.bpf("map_create", { map_type = kind, map_flags = flags or 0, map_name = name or "",
		key_size = check.integer("bpf_map_create", 2, key_size, 0),
		value_size = check.integer("bpf_map_create", 3, value_size, 0),
		max_entries = check.integer("bpf_map_create", 4, max_entries, 0) })
end

local function element(name, index, value, size)
	if type(value) == "string" then
		value = memory.new(value)
	elseif math.type(value) and (size == 4 or size == 8) then
		value = memory.new(string.pack("=I" .. size, value & (size == 4 and 0xffffffff or -1)))
	end
	if not raw.ismemory(value) or memory.size(value) < size then
		errors.complain(name, index, ("text or memory of %d bytes"):format(size), value)
	end
	return value
end

-- bpf_map_op(op, fd, key [, value or next [, flags]]): "map_lookup_elem", "map_update_elem",
-- "map_delete_elem", "map_get_next_key". Keys and values are text, memory or, of 4 and 8 bytes,
-- numbers. An answer without memory for it is text.
function M.bpf_map_op(op, fd, key, value, flags)
	local number = c.BPF_CMD[op]
	local use = uses[number] or errors.complain("bpf_map_op", 1, "an operation on an element", op)
	local sizes, err = sizes_of(fd)
	if not sizes then
		return nil, err
	end
	local attr = types.bpf_attr { map_fd = check.fd("bpf_map_op", 2, fd), flags = flags or 0 }
	if use.key or key ~= nil then
		attr.key = element("bpf_map_op", 3, key, sizes.key)
	end
	local answer
	if use.second and value == nil and number ~= c.BPF_CMD.MAP_UPDATE_ELEM then
		answer = memory.new(sizes[use.second])
		attr.value = answer
	elseif use.second then
		attr.value = element("bpf_map_op", 4, value, sizes[use.second])
	end
	local done
	done, err = enter(number, attr)
	if not done then
		return nil, err
	end
	return answer and memory.string(answer) or true
end

-- bpf_prog_load(type, insns [, count [, license [, version [, log_level]]]]) - an fd, nil and the
-- verifier's log; where it is refused nil, the error and the log
function M.bpf_prog_load(kind, insns, count, license, version, log_level)
	if not raw.ismemory(insns) then
		insns = types.bpf_insns(check.table("bpf_prog_load", 2, insns))
	end
	local log = memory.new(1 << 16)
	local attr = types.bpf_attr { prog_type = kind, insns = insns, license = license or "GPL",
		kern_version = version or 0, log_level = log_level or 1, log_buf = log }
	if count then
		attr.insn_cnt = count
	end
	if log_level == 0 then
		attr.log_buf = nil
	end
	local fd, err = enter_fd("prog_load", attr)
	return fd, err, memory.cstring(log)
end

return M
