-- nl_specs.lua - what the attributes of links, addresses, routes, neighbours, rules, queues,
-- generic netlink and nftables hold: the specs of nl_attributes.lua

local attributes = require "syscall.nl_attributes"
local errors = require "syscall.errors"
local raw = require "syscall.raw"
local types = require "syscall.types.nl"

local memory = raw.memory

local M = {}

-- Links. What the data of a kind is depends on the kind.

M.kinds = {
	vlan = { family = "IFLA_VLAN", ID = "u16", FLAGS = "bytes", PROTOCOL = "be16" },
	macvlan = { family = "IFLA_MACVLAN", MODE = "enum:MACVLAN_MODE", FLAGS = "u16" },
	ipvlan = { family = "IFLA_IPVLAN", MODE = "enum:IPVLAN_MODE:u16", FLAGS = "u16" },
	vxlan = {
		family = "IFLA_VXLAN", ID = "u32", GROUP = "addr", GROUP6 = "addr", LOCAL = "addr",
		LOCAL6 = "addr", LINK = "u32", TTL = "u8", TOS = "u8", LEARNING = "u8", AGEING = "u32",
		LIMIT = "u32", PROXY = "u8", RSC = "u8", L2MISS = "u8", L3MISS = "u8", PORT = "be16",
		UDP_CSUM = "u8", UDP_ZERO_CSUM6_TX = "u8", UDP_ZERO_CSUM6_RX = "u8", COLLECT_METADATA = "u8",
		LABEL = "be32", GBP = "flag", GPE = "flag", TTL_INHERIT = "flag", DF = "u8", VNIFILTER = "u8",
		LOCALBYPASS = "u8", REMCSUM_TX = "u8", REMCSUM_RX = "u8", PORT_RANGE = "bytes",
	},
	bridge = {
		family = "IFLA_BR", FORWARD_DELAY = "u32", HELLO_TIME = "u32", MAX_AGE = "u32",
		AGEING_TIME = "u32", STP_STATE = "u32", PRIORITY = "u16", VLAN_FILTERING = "u8",
		VLAN_PROTOCOL = "be16", GROUP_FWD_MASK = "u16", ROOT_PORT = "u16", ROOT_PATH_COST = "u32",
		TOPOLOGY_CHANGE = "u8", TOPOLOGY_CHANGE_DETECTED = "u8", GROUP_ADDR = "mac",
		MCAST_ROUTER = "u8", MCAST_SNOOPING = "u8", MCAST_QUERIER = "u8", NF_CALL_IPTABLES = "u8",
		NF_CALL_IP6TABLES = "u8", NF_CALL_ARPTABLES = "u8", VLAN_DEFAULT_PVID = "u16",
		VLAN_STATS_ENABLED = "u8", MCAST_STATS_ENABLED = "u8", MCAST_HASH_MAX = "u32",
		HELLO_TIMER = "u64", TCN_TIMER = "u64", GC_TIMER = "u64", TOPOLOGY_CHANGE_TIMER = "u64",
	},
	vrf = { family = "IFLA_VRF", TABLE = "u32" },
	bond = { family = "IFLA_BOND", MODE = "u8", ACTIVE_SLAVE = "u32", MIIMON = "u32",
		UPDELAY = "u32", DOWNDELAY = "u32", XMIT_HASH_POLICY = "u8" },
	geneve = { family = "IFLA_GENEVE", ID = "u32", REMOTE = "addr", REMOTE6 = "addr", TTL = "u8",
		TOS = "u8", PORT = "be16", LABEL = "be32", UDP_CSUM = "u8" },
	tun = { family = "IFLA_TUN", OWNER = "u32", GROUP = "u32", TYPE = "u8", PI = "u8",
		VNET_HDR = "u8", PERSIST = "u8", MULTI_QUEUE = "u8", NUM_QUEUES = "u32",
		NUM_DISABLED_QUEUES = "u32" },
}
M.kinds.macvtap = M.kinds.macvlan
M.kinds.ipvtap = M.kinds.ipvlan

local brport = {
	family = "IFLA_BRPORT", STATE = "u8", PRIORITY = "u16", COST = "u32", MODE = "u8", GUARD = "u8",
	PROTECT = "u8", FAST_LEAVE = "u8", LEARNING = "u8", UNICAST_FLOOD = "u8", PROXYARP = "u8",
	ID = "u16", NO = "u16", DESIGNATED_PORT = "u16", DESIGNATED_COST = "u16", ISOLATED = "u8",
	MCAST_FLOOD = "u8", BCAST_FLOOD = "u8", NEIGH_SUPPRESS = "u8",
}

local info = {
	family = "IFLA_INFO", KIND = "text", SLAVE_KIND = "text",
	DATA = function(values)
		return M.kinds[values.kind] or "bytes"
	end,
	SLAVE_DATA = function(values)
		return values.slave_kind == "bridge" and brport or "bytes"
	end,
}

M.link = {
	family = "IFLA", ADDRESS = "mac", BROADCAST = "mac", PERM_ADDRESS = "mac", IFNAME = "text",
	MTU = "u32", LINK = "u32", QDISC = "text", STATS = "struct:rtnl_link_stats",
	STATS64 = "struct:rtnl_link_stats64", MASTER = "u32", TXQLEN = "u32",
		OPERSTATE = "enum:IF_OPER:u8",
	LINKMODE = "enum:IF_LINK_MODE:u8", LINKINFO = info, NET_NS_PID = "u32", NET_NS_FD = "u32",
	IFALIAS = "text", NUM_VF = "u32", GROUP = "u32", EXT_MASK = "flags:RTEXT_FILTER",
	PROMISCUITY = "u32", NUM_TX_QUEUES = "u32", NUM_RX_QUEUES = "u32", CARRIER = "u8",
	CARRIER_CHANGES = "u32", LINK_NETNSID = "i32", PHYS_PORT_NAME = "text", PROTO_DOWN = "u8",
	GSO_MAX_SEGS = "u32", GSO_MAX_SIZE = "u32", NEW_NETNSID = "i32", TARGET_NETNSID = "i32",
	CARRIER_UP_COUNT = "u32", CARRIER_DOWN_COUNT = "u32", NEW_IFINDEX = "i32", MIN_MTU = "u32",
	MAX_MTU = "u32", ALT_IFNAME = "text", PARENT_DEV_NAME = "text", PARENT_DEV_BUS_NAME = "text",
	GRO_MAX_SIZE = "u32", TSO_MAX_SIZE = "u32", TSO_MAX_SEGS = "u32", ALLMULTI = "u32",
}

local function want(good, name, expected, value)
	if not good then
		errors.raise("netlink attribute %s: %s expected, got %s", name, expected, errors.given(value))
	end
	return value
end

-- Calls @make with each of @list, which must all be tables: what it gave, joined.
local function each_of(list, name, make)
	local parts = {}
	for i, one in ipairs(want(type(list) == "table", name, "a list", list)) do
		parts[i] = make(want(type(one) == "table", name, "a list of tables", one))
	end
	return table.concat(parts)
end

-- The peer of a veth is a whole message of its own within an attribute.
local peer = {
	build = function(values, name)
		want(type(values) == "table", name, "a table", values)
		return memory.string(types.ifinfomsg(values.header or {}))
			.. attributes.build(M.link, values.attributes or values)
	end,
	parse = function(bytes)
		return attributes.parse(M.link, bytes, 17)
	end,
}
M.kinds.veth = { family = "VETH_INFO", PEER = peer }

M.addr = {
	family = "IFA", ADDRESS = "addr", LOCAL = "addr", BROADCAST = "addr", ANYCAST = "addr",
	MULTICAST = "addr", LABEL = "text", FLAGS = "flags:IFA_F", RT_PRIORITY = "u32",
	CACHEINFO = "struct:ifa_cacheinfo", TARGET_NETNSID = "i32", PROTO = "u8",
}

local metrics = { family = "RTAX", MTU = "u32", WINDOW = "u32", RTT = "u32", ADVMSS = "u32",
	HOPLIMIT = "u32", INITCWND = "u32", INITRWND = "u32", CC_ALGO = "text", CWND = "u32" }

-- A list of next hops, each with a header and attributes.
local multipath = {
	build = function(list, name)
		local number = attributes.number
		return each_of(list, name, function(hop)
			local inner = attributes.build(M.route, hop.attributes or {})
			local weight = want(math.type(hop.weight or 1), "weight", "a number", hop.weight) or 1
			return number(8 + #inner, "u16", name) .. number(hop.flags or 0, "u8", "flags")
				.. number(weight - 1, "u8", "weight") .. number(hop.ifindex or 0, "i32", "ifindex") .. inner
		end)
	end,
	parse = function(bytes)
		local list, at = {}, 1
		while at + 7 <= #bytes do
			local length, flags, hops, index = ("=I2I1I1i4"):unpack(bytes, at)
			if length < 8 or at + length - 1 > #bytes then
				break
			end
			local hop = attributes.parse(M.route, bytes:sub(at, at + length - 1), 9)
			hop.flags, hop.weight, hop.ifindex = flags, hops + 1, index
			list[#list + 1] = hop
			at = at + (length + 3) // 4 * 4
		end
		return list
	end,
}

-- RTA_VIA: a family and an address of it
local via = {
	build = function(value, name)
		local bytes = memory.string(want(raw.ismemory(value), name, "an address", value))
		return string.pack("=I2", #bytes == 4 and 2 or 10) .. bytes
	end,
	parse = function(bytes)
		return attributes.parse({ family = "RTA", DST = "addr" },
			attributes.attribute(1, bytes:sub(3))).dst
	end,
}

M.route = {
	family = "RTA", DST = "addr", SRC = "addr", IIF = "u32", OIF = "u32", GATEWAY = "addr",
	PRIORITY = "u32", PREFSRC = "addr", METRICS = metrics, MULTIPATH = multipath, FLOW = "u32",
	CACHEINFO = "struct:rta_cacheinfo", TABLE = "u32", MARK = "u32", VIA = via, PREF = "u8",
	EXPIRES = "u32", UID = "u32", TTL_PROPAGATE = "u8", IP_PROTO = "u8", SPORT = "be16",
	DPORT = "be16", NH_ID = "u32", NEWDST = "addr", plain = true,
}

M.neigh = {
	family = "NDA", DST = "addr", LLADDR = "mac", CACHEINFO = "struct:nda_cacheinfo", PROBES = "u32",
	VLAN = "u16", PORT = "be16", VNI = "u32", IFINDEX = "u32", MASTER = "u32", SRC_VNI = "u32",
	PROTOCOL = "u8", FLAGS_EXT = "flags:NTF_EXT", NH_ID = "u32",
}

M.rule = {
	family = "FRA", DST = "addr", SRC = "addr", IIFNAME = "text", OIFNAME = "text", GOTO = "u32",
	PRIORITY = "u32", FWMARK = "u32", FWMASK = "u32", FLOW = "u32", TABLE = "u32", TUN_ID = "be64",
	SUPPRESS_IFGROUP = "u32", SUPPRESS_PREFIXLEN = "u32", L3MDEV = "u8", PROTOCOL = "u8",
	IP_PROTO = "u8", UID_RANGE = "bytes", SPORT_RANGE = "bytes", DPORT_RANGE = "bytes", DSCP = "u8",
}

-- Queues: options of a kind that is not here are bytes, to be given and answered as such.
M.queues = {
	fq_codel = { family = "TCA_FQ_CODEL", TARGET = "u32", LIMIT = "u32", INTERVAL = "u32", ECN = "u32",
		FLOWS = "u32", QUANTUM = "u32", CE_THRESHOLD = "u32", DROP_BATCH_SIZE = "u32",
		MEMORY_LIMIT = "u32" },
	htb = { family = "TCA_HTB", PARMS = "bytes", INIT = "bytes", DIRECT_QLEN = "u32", RATE64 = "u64",
		CEIL64 = "u64" },
	tbf = { family = "TCA_TBF", PARMS = "bytes", RTAB = "bytes", BURST = "u32", RATE64 = "u64" },
}

M.queue = {
	family = "TCA", KIND = "text", plain = true, INGRESS_BLOCK = "u32", EGRESS_BLOCK = "u32",
	OPTIONS = function(values)
		return M.queues[values.kind] or "bytes"
	end,
}

M.netns = { family = "NETNSA", NSID = "i32", PID = "u32", FD = "u32", TARGET_NSID = "i32",
	CURRENT_NSID = "i32" }

-- Generic netlink's own family

M.control = {
	family = "CTRL_ATTR", FAMILY_ID = "u16", FAMILY_NAME = "text", VERSION = "u32", HDRSIZE = "u32",
	MAXATTR = "u32",
	MCAST_GROUPS = {
		parse = function(bytes)
			local groups = {}
			for _, part in attributes.each(bytes) do
				local group = attributes.parse({ family = "CTRL_ATTR_MCAST_GRP", NAME = "text", ID = "u32" },
					part)
				groups[group.name or #groups + 1] = group.id
			end
			return groups
		end,
	},
}

-- What an acknowledgement says beyond a number

M.ack = { family = "NLMSGERR_ATTR", MSG = "text", OFFS = "u32", COOKIE = "bytes", MISS_TYPE = "u32",
	MISS_NEST = "u32" }

-- nftables: all numbers are in network order

local verdict = { family = "NFTA_VERDICT", CODE = "be32", CHAIN = "text" }
local data = { family = "NFTA_DATA", VALUE = "bytes", VERDICT = verdict }

M.expressions = {
	meta = { family = "NFTA_META", DREG = "be32", KEY = "be32", SREG = "be32" },
	cmp = { family = "NFTA_CMP", SREG = "be32", OP = "be32", DATA = data },
	payload = { family = "NFTA_PAYLOAD", DREG = "be32", BASE = "be32", OFFSET = "be32", LEN = "be32",
		SREG = "be32", CSUM_TYPE = "be32", CSUM_OFFSET = "be32", CSUM_FLAGS = "be32" },
	immediate = { family = "NFTA_IMMEDIATE", DREG = "be32", DATA = data },
	counter = { family = "NFTA_COUNTER", BYTES = "be64", PACKETS = "be64" },
	bitwise = { family = "NFTA_BITWISE", SREG = "be32", DREG = "be32", LEN = "be32", MASK = data,
		XOR = data, OP = "be32", DATA = data },
	ct = { family = "NFTA_CT", DREG = "be32", KEY = "be32", DIRECTION = "u8", SREG = "be32" },
	masq = { family = "NFTA_MASQ", FLAGS = "be32", REG_PROTO_MIN = "be32", REG_PROTO_MAX = "be32" },
	nat = { family = "NFTA_NAT", TYPE = "be32", FAMILY = "be32", REG_ADDR_MIN = "be32",
		REG_ADDR_MAX = "be32", REG_PROTO_MIN = "be32", REG_PROTO_MAX = "be32", FLAGS = "be32" },
	reject = { family = "NFTA_REJECT", TYPE = "be32", ICMP_CODE = "u8" },
	log = { family = "NFTA_LOG", GROUP = "be16", PREFIX = "text", SNAPLEN = "be32", LEVEL = "be32" },
	limit = { family = "NFTA_LIMIT", RATE = "be64", UNIT = "be64", BURST = "be32", TYPE = "be32",
		FLAGS = "be32" },
	lookup = { family = "NFTA_LOOKUP", SET = "text", SREG = "be32", DREG = "be32", SET_ID = "be32",
		FLAGS = "be32" },
}

M.expression = {
	family = "NFTA_EXPR", NAME = "text",
	DATA = function(values)
		return M.expressions[values.name] or "bytes"
	end,
}

-- A list whose elements are attributes of one number
local function elements(spec)
	return {
		build = function(list, name)
			return each_of(list, name, function(one)
				return attributes.attribute(1 | 0x8000, attributes.build(spec, one))
			end)
		end,
		parse = function(bytes)
			local list = {}
			for _, part in attributes.each(bytes) do
				list[#list + 1] = attributes.parse(spec, part)
			end
			return list
		end,
	}
end

M.nft = {
	table = { family = "NFTA_TABLE", NAME = "text", FLAGS = "be32", USE = "be32", HANDLE = "be64",
		USERDATA = "bytes", OWNER = "be32" },
	chain = { family = "NFTA_CHAIN", TABLE = "text", HANDLE = "be64", NAME = "text",
		HOOK = { family = "NFTA_HOOK", HOOKNUM = "be32", PRIORITY = "be32", DEV = "text" },
		POLICY = "be32", USE = "be32", TYPE = "text", FLAGS = "be32", ID = "be32" },
	rule = { family = "NFTA_RULE", TABLE = "text", CHAIN = "text", HANDLE = "be64",
		EXPRESSIONS = elements(M.expression), POSITION = "be64", USERDATA = "bytes", ID = "be32" },
	set = { family = "NFTA_SET", TABLE = "text", NAME = "text", FLAGS = "be32", KEY_TYPE = "be32",
		KEY_LEN = "be32", DATA_TYPE = "be32", DATA_LEN = "be32", POLICY = "be32", ID = "be32",
		TIMEOUT = "be64", GC_INTERVAL = "be32", HANDLE = "be64", USERDATA = "bytes" },
	setelem = { family = "NFTA_SET_ELEM_LIST", TABLE = "text", SET = "text", SET_ID = "be32",
		ELEMENTS = elements { family = "NFTA_SET_ELEM", KEY = data, DATA = data, FLAGS = "be32",
			TIMEOUT = "be64", EXPIRATION = "be64", KEY_END = data } },
}

return M
