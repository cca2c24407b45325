-- devices.lua - what drivers are told by ioctl(2) and answer to read(2): input devices and their
-- force feedback, tun devices, vhost, bridges, the modules of iptables
--
-- What the kernel takes for an address in this process is a pointer here, which only memory sets.

local raw = require "syscall.raw"
local struct = require "syscall.struct"
local errors = require "syscall.errors"
require "syscall.types.time"
require "syscall.types.addresses"

local define = struct.define
local memory = raw.memory

local M = {}

-- Input devices

M.input_event = define {
	"input_event", c = "struct input_event", header = "linux/input.h",
	{ "timeval", "time" },
	{ "u16", "type", const = "EV" },
	{ "u16", "code" },
	{ "i32", "value" },
}

M.input_id = define {
	"input_id", c = "struct input_id", header = "linux/input.h",
	{ "u16", "bustype", const = "BUS" },
	{ "u16", "vendor" },
	{ "u16", "product" },
	{ "u16", "version" },
}

M.input_absinfo = define {
	"input_absinfo", c = "struct input_absinfo", header = "linux/input.h",
	{ "i32", "value" }, { "i32", "minimum" }, { "i32", "maximum" },
	{ "i32", "fuzz" }, { "i32", "flat" }, { "i32", "resolution" },
}

M.input_keymap_entry = define {
	"input_keymap_entry", c = "struct input_keymap_entry", header = "linux/input.h",
	{ "u8", "flags" },
	{ "u8", "len" },
	{ "u16", "index" },
	{ "u32", "keycode", const = "KEY" },
	{ "u8[32]", "scancode" },
}

-- Force feedback

M.ff_replay = define {
	"ff_replay", c = "struct ff_replay", header = "linux/input.h",
	{ "u16", "length" }, { "u16", "delay" },
}

M.ff_trigger = define {
	"ff_trigger", c = "struct ff_trigger", header = "linux/input.h",
	{ "u16", "button", const = "BTN" }, { "u16", "interval" },
}

M.ff_envelope = define {
	"ff_envelope", c = "struct ff_envelope", header = "linux/input.h",
	{ "u16", "attack_length" }, { "u16", "attack_level" },
	{ "u16", "fade_length" }, { "u16", "fade_level" },
}

M.ff_constant_effect = define {
	"ff_constant_effect", c = "struct ff_constant_effect", header = "linux/input.h",
	{ "i16", "level" },
	{ "ff_envelope", "envelope" },
}

M.ff_ramp_effect = define {
	"ff_ramp_effect", c = "struct ff_ramp_effect", header = "linux/input.h",
	{ "i16", "start_level" },
	{ "i16", "end_level" },
	{ "ff_envelope", "envelope" },
}

M.ff_condition_effect = define {
	"ff_condition_effect", c = "struct ff_condition_effect", header = "linux/input.h",
	{ "u16", "right_saturation" }, { "u16", "left_saturation" },
	{ "i16", "right_coeff" }, { "i16", "left_coeff" },
	{ "u16", "deadband" }, { "i16", "center" },
}

M.ff_periodic_effect = define {
	"ff_periodic_effect", c = "struct ff_periodic_effect", header = "linux/input.h",
	{ "u16", "waveform", const = "FF" },
	{ "u16", "period" },
	{ "i16", "magnitude" },
	{ "i16", "offset" },
	{ "u16", "phase" },
	{ "ff_envelope", "envelope" },
	{ "u32", "custom_len" },
	{ "ptr", "custom_data", length = "custom_len", unit = 2 },
}

M.ff_rumble_effect = define {
	"ff_rumble_effect", c = "struct ff_rumble_effect", header = "linux/input.h",
	{ "u16", "strong_magnitude" }, { "u16", "weak_magnitude" },
}

M.ff_effect = define {
	"ff_effect", c = "struct ff_effect", header = "linux/input.h",
	{ "u16", "type", const = "FF" },
	{ "i16", "id" },
	{ "u16", "direction" },
	{ "ff_trigger", "trigger" },
	{ "ff_replay", "replay" },
	{ union = {
		{ "ff_constant_effect", "constant", c = "u.constant" },
		{ "ff_ramp_effect", "ramp", c = "u.ramp" },
		{ "ff_periodic_effect", "periodic", c = "u.periodic" },
		{ "ff_condition_effect[2]", "condition", c = "u.condition" },
		{ "ff_rumble_effect", "rumble", c = "u.rumble" },
	} },
}

-- Structures that a list follows, whose length is in the structure: TYPE { element, … } makes both,
-- and the length cannot be set past the end.

local function with_list(name, definition, count, element, fields)
	local of_list = struct.list(element)
	function definition.init(self, values)
		values = values or {}
		if type(values) ~= "table" then
			errors.raise("%s: a list expected, got %s", name, errors.given(values))
		end
		local list = of_list(table.move(values, 1, #values, 1, {}))
		local bytes = memory.size(list)
		local both = memory.new(memory.size(self) + bytes, definition.metatable)
		if bytes > 0 then
			memory.write(both, memory.size(self), list)
		end
		both[count] = #values
		for _, field in ipairs(fields) do
			both[field] = values[field] or 0
		end
		return both
	end
	local type_of = define(definition)
	local set = type_of.sets[count]
	local access = memory[memory.names[set & 15]]
	type_of.sets[count] = function(self, value)
		local most = (memory.size(self) - type_of.size) // struct.find(element).size
		local number = math.type(value) and math.tointeger(value)
		if not number or number < 0 or number > most then
			errors.raise("%s.%s: a number from 0 to %d expected, got %s", name, count, most,
				errors.given(value))
		end
		access(self, set >> 4, number)
	end
	return type_of
end

-- tun devices

M.tun_pi = define {
	"tun_pi", c = "struct tun_pi", header = "linux/if_tun.h",
	{ "u16", "flags", const = "TUN_PKT" },
	{ "be16", "proto", const = "ETH_P" },
}

-- tun_filter { flags = "allmulti", "02:00:00:00:00:01", … }
M.tun_filter = with_list("tun_filter", {
	"tun_filter", c = "struct tun_filter", header = "linux/if_tun.h",
	{ "u16", "flags", const = "TUN_FLT" },
	{ "u16", "count" },
}, "count", "macaddr", { "flags" })

-- vhost

M.vhost_vring_state = define {
	"vhost_vring_state", c = "struct vhost_vring_state", header = "linux/vhost.h",
	{ "uint", "index" },
	{ "uint", "num" },
}

M.vhost_vring_file = define {
	"vhost_vring_file", c = "struct vhost_vring_file", header = "linux/vhost.h",
	{ "uint", "index" },
	{ "int", "fd", fd = true },
}

M.vhost_vring_addr = define {
	"vhost_vring_addr", c = "struct vhost_vring_addr", header = "linux/vhost.h",
	{ "uint", "index" },
	{ "uint", "flags" },
	{ "ptr", "desc_user_addr" },
	{ "ptr", "used_user_addr" },
	{ "ptr", "avail_user_addr" },
	{ "u64", "log_guest_addr" },
}

M.vhost_memory_region = define {
	"vhost_memory_region", c = "struct vhost_memory_region", header = "linux/vhost.h",
	{ "u64", "guest_phys_addr" },
	{ "u64", "memory_size" },
	{ "ptr", "userspace_addr", length = "memory_size" },
	{ "u64", "flags_padding" },
}

-- vhost_memory { region, … }
M.vhost_memory = with_list("vhost_memory", {
	"vhost_memory", c = "struct vhost_memory", header = "linux/vhost.h",
	{ "u32", "nregions" },
	{ "u32", "padding" },
}, "nregions", "vhost_memory_region", {})

-- Bridges and iptables

M.fdb_entry = define {
	"fdb_entry", c = "struct __fdb_entry", header = "linux/if_bridge.h",
	{ "macaddr", "mac_addr" },
	{ "u8", "port_no" },
	{ "u8", "is_local" },
	{ "u32", "ageing_timer_value" },
	{ "u8", "port_hi" },
	{ "u8" },
	{ "u16" },
}

M.xt_get_revision = define {
	"xt_get_revision", c = "struct xt_get_revision", header = "linux/netfilter/x_tables.h",
	{ "char[29]", "name" },
	{ "u8", "revision" },
}

return M
