-- nl.lua - headers of netlink messages

local define = require("syscall.struct").define

local M = {}

M.nlmsghdr = define {
	"nlmsghdr", c = "struct nlmsghdr", header = "linux/netlink.h", prefix = "nlmsg_",
	{ "u32", "len" },
	{ "u16", "type" },
	{ "u16", "flags", const = "NLM_F" },
	{ "u32", "seq" },
	{ "u32", "pid" },
}

M.nlmsgerr = define {
	"nlmsgerr", c = "struct nlmsgerr", header = "linux/netlink.h",
	{ "int", "error" },
	{ "nlmsghdr", "msg" },
}

M.nlattr = define {
	"nlattr", c = "struct nlattr", header = "linux/netlink.h", prefix = "nla_",
	{ "u16", "len" },
	{ "u16", "type" },
}

M.rtattr = define {
	"rtattr", c = "struct rtattr", header = "linux/rtnetlink.h", prefix = "rta_",
	{ "ushort", "len" },
	{ "ushort", "type" },
}

M.rtgenmsg = define {
	"rtgenmsg", c = "struct rtgenmsg", header = "linux/rtnetlink.h", prefix = "rtgen_",
	{ "u8", "family", const = "AF" },
}

M.ifinfomsg = define {
	"ifinfomsg", c = "struct ifinfomsg", header = "linux/rtnetlink.h", prefix = "ifi_",
	{ "u8", "family", const = "AF" },
	{ "u8" },
	{ "ushort", "type", const = "ARPHRD" },
	{ "int", "index" },
	{ "uint", "flags", const = "IFF" },
	{ "uint", "change", const = "IFF" },
}

M.ifaddrmsg = define {
	"ifaddrmsg", c = "struct ifaddrmsg", header = "linux/if_addr.h", prefix = "ifa_",
	{ "u8", "family", const = "AF" },
	{ "u8", "prefixlen" },
	{ "u8", "flags", const = "IFA_F" },
	{ "u8", "scope", const = "RT_SCOPE" },
	{ "u32", "index" },
}

M.rtmsg = define {
	"rtmsg", c = "struct rtmsg", header = "linux/rtnetlink.h", prefix = "rtm_",
	{ "u8", "family", const = "AF" },
	{ "u8", "dst_len" },
	{ "u8", "src_len" },
	{ "u8", "tos" },
	{ "u8", "table", const = "RT_TABLE" },
	{ "u8", "protocol", const = "RTPROT" },
	{ "u8", "scope", const = "RT_SCOPE" },
	{ "u8", "type", const = "RTN" },
	{ "uint", "flags", const = "RTM_F" },
}

M.rtnexthop = define {
	"rtnexthop", c = "struct rtnexthop", header = "linux/rtnetlink.h", prefix = "rtnh_",
	{ "ushort", "len" },
	{ "u8", "flags", const = "RTNH_F" },
	{ "u8", "hops" },
	{ "int", "ifindex" },
}

M.ndmsg = define {
	"ndmsg", c = "struct ndmsg", header = "linux/neighbour.h", prefix = "ndm_",
	{ "u8", "family", const = "AF" },
	{ "u8" },
	{ "u16" },
	{ "i32", "ifindex" },
	{ "u16", "state", const = "NUD" },
	{ "u8", "flags", const = "NTF" },
	{ "u8", "type", const = "RTN" },
}

M.ndtmsg = define {
	"ndtmsg", c = "struct ndtmsg", header = "linux/neighbour.h", prefix = "ndtm_",
	{ "u8", "family", const = "AF" },
	{ "u8" },
	{ "u16" },
}

M.fib_rule_hdr = define {
	"fib_rule_hdr", c = "struct fib_rule_hdr", header = "linux/fib_rules.h",
	{ "u8", "family", const = "AF" },
	{ "u8", "dst_len" },
	{ "u8", "src_len" },
	{ "u8", "tos" },
	{ "u8", "table", const = "RT_TABLE" },
	{ "u8" },
	{ "u8" },
	{ "u8", "action", const = "FR_ACT" },
	{ "u32", "flags", const = "FIB_RULE" },
}

M.tcmsg = define {
	"tcmsg", c = "struct tcmsg", header = "linux/rtnetlink.h", prefix = "tcm_",
	{ "u8", "family", const = "AF" },
	{ "u8" },
	{ "ushort" },
	{ "int", "ifindex" },
	{ "u32", "handle" },
	{ "u32", "parent", const = "TC_H" },
	{ "u32", "info" },
}

M.genlmsghdr = define {
	"genlmsghdr", c = "struct genlmsghdr", header = "linux/genetlink.h",
	{ "u8", "cmd" },
	{ "u8", "version" },
	{ "u16", "reserved" },
}

M.nfgenmsg = define {
	"nfgenmsg", c = "struct nfgenmsg", header = "linux/netfilter/nfnetlink.h",
	{ "u8", "nfgen_family", const = "NFPROTO" },
	{ "u8", "version" },
	{ "be16", "res_id" },
}

M.ifa_cacheinfo = define {
	"ifa_cacheinfo", c = "struct ifa_cacheinfo", header = "linux/if_addr.h",
	{ "u32", "ifa_prefered" },
	{ "u32", "ifa_valid" },
	{ "u32", "cstamp" },
	{ "u32", "tstamp" },
}

M.rta_cacheinfo = define {
	"rta_cacheinfo", c = "struct rta_cacheinfo", header = "linux/rtnetlink.h", prefix = "rta_",
	{ "u32", "clntref" },
	{ "u32", "lastuse" },
	{ "i32", "expires" },
	{ "u32", "error" },
	{ "u32", "used" },
	{ "u32", "id" },
	{ "u32", "ts" },
	{ "u32", "tsage" },
}

M.nda_cacheinfo = define {
	"nda_cacheinfo", c = "struct nda_cacheinfo", header = "linux/neighbour.h", prefix = "ndm_",
	{ "u32", "confirmed" },
	{ "u32", "used" },
	{ "u32", "updated" },
	{ "u32", "refcnt" },
}

-- Counters of a link, of 32 and of 64 bits.
local function statistics(name, kind, last)
	local fields = {}
	for word in ([[rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped
		tx_dropped multicast collisions rx_length_errors rx_over_errors rx_crc_errors
		rx_frame_errors rx_fifo_errors rx_missed_errors tx_aborted_errors tx_carrier_errors
		tx_fifo_errors tx_heartbeat_errors tx_window_errors rx_compressed tx_compressed
		rx_nohandler]] .. last):gmatch "%S+" do
		fields[#fields + 1] = { kind, word }
	end
	return define { name, c = "struct " .. name, header = "linux/if_link.h", table.unpack(fields) }
end

M.rtnl_link_stats = statistics("rtnl_link_stats", "u32", "")
M.rtnl_link_stats64 = statistics("rtnl_link_stats64", "u64", " rx_otherhost_dropped")

M.ndt_config = define {
	"ndt_config", c = "struct ndt_config", header = "linux/neighbour.h", prefix = "ndtc_",
	{ "u16", "key_len" }, { "u16", "entry_size" }, { "u32", "entries" }, { "u32", "last_flush" },
	{ "u32", "last_rand" }, { "u32", "hash_rnd" }, { "u32", "hash_mask" },
	{ "u32", "hash_chain_gc" }, { "u32", "proxy_qlen" },
}

M.ndt_stats = define {
	"ndt_stats", c = "struct ndt_stats", header = "linux/neighbour.h", prefix = "ndts_",
	{ "u64", "allocs" }, { "u64", "destroys" }, { "u64", "hash_grows" }, { "u64", "res_failed" },
	{ "u64", "lookups" }, { "u64", "hits" }, { "u64", "rcv_probes_mcast" },
	{ "u64", "rcv_probes_ucast" }, { "u64", "periodic_gc_runs" }, { "u64", "forced_gc_runs" },
	{ "u64", "table_fulls" },
}

return M
