-- mounts.lua - what mount_setattr(2), statmount(2), listmount(2) and quotactl(2) take and answer

local struct = require "syscall.struct"

local define = struct.define

local M = {}

M.mount_attr = define {
	"mount_attr", c = "struct mount_attr", header = "linux/mount.h",
	{ "u64", "attr_set", const = "MOUNT_ATTR" },
	{ "u64", "attr_clr", const = "MOUNT_ATTR" },
	{ "u64", "propagation", const = "MS" },
	{ "u64", "userns_fd", fd = true },
}

M.mnt_id_req = define {
	"mnt_id_req", c = "struct mnt_id_req", header = "linux/mount.h", since = "6.8",
	{ "u32", "size" },
	{ "u32", "spare" },
	{ "u64", "mnt_id" },
	{ "u64", "param", const = "STATMOUNT" },
	{ "u64", "mnt_ns_id" },
}

-- Texts follow behind it; their fields are offsets from there.
M.statmount = define {
	"statmount", c = "struct statmount", header = "linux/mount.h", since = "6.8", size = 512,
	{ "u32", "size" },
	{ "u32", "mnt_opts" },
	{ "u64", "mask" },
	{ "u32", "sb_dev_major" },
	{ "u32", "sb_dev_minor" },
	{ "u64", "sb_magic" },
	{ "u32", "sb_flags" },
	{ "u32", "fs_type" },
	{ "u64", "mnt_id" },
	{ "u64", "mnt_parent_id" },
	{ "u32", "mnt_id_old" },
	{ "u32", "mnt_parent_id_old" },
	{ "u64", "mnt_attr" },
	{ "u64", "mnt_propagation" },
	{ "u64", "mnt_peer_group" },
	{ "u64", "mnt_master" },
	{ "u64", "propagate_from" },
	{ "u32", "mnt_root" },
	{ "u32", "mnt_point" },
	{ "u64", "mnt_ns_id" },
	{ "u32", "fs_subtype" },
	{ "u32", "sb_source" },
	{ "u32", "opt_num" },
	{ "u32", "opt_array" },
	{ "u32", "opt_sec_num" },
	{ "u32", "opt_sec_array" },
	{ "u64", "supported_mask" },
	{ "u32", "mnt_uidmap_num" },
	{ "u32", "mnt_uidmap" },
	{ "u32", "mnt_gidmap_num" },
	{ "u32", "mnt_gidmap" },
}

local function quota(name, c_name, last)
	local type = { name, c = c_name, header = "linux/quota.h", prefix = "dqb_" }
	for field in ([[bhardlimit bsoftlimit curspace ihardlimit isoftlimit curinodes btime
		itime]]):gmatch "%S+" do
		type[#type + 1] = { "u64", field }
	end
	type[#type + 1] = { "u32", "valid", const = "QIF" }
	type[#type + 1] = last
	return define(type)
end

M.dqblk = quota("dqblk", "struct if_dqblk")
M.nextdqblk = quota("nextdqblk", "struct if_nextdqblk", { "u32", "id" })

M.dqinfo = define {
	"dqinfo", c = "struct if_dqinfo", header = "linux/quota.h", prefix = "dqi_",
	{ "u64", "bgrace" },
	{ "u64", "igrace" },
	{ "u32", "flags" },
	{ "u32", "valid" },
}

return M
