-- addresses.lua - in_addr, in6_addr, macaddr and the socket addresses of all families
--
-- An address is made of what people write: "127.0.0.1", "fe80::1", "02:00:00:00:00:01", "any",
-- "loopback". The kernel answers a socket address into a sockaddr_storage; M.sa() shows such bytes
-- as the type that their family says, so that fields and tostring() are those of the family.

local raw = require "syscall.raw"
local struct = require "syscall.struct"
local errors = require "syscall.errors"
local c = require("syscall.constants").c
local define = struct.define
local memory = raw.memory

local M = {}

-- Texts

local function wrong(type_name, value)
	errors.raise("%s: an address expected, got %s", type_name,
		type(value) == "string" and ("%q"):format(value) or type(value))
end

local ipv4_names = { any = 0, loopback = 0x7f000001, broadcast = 0xffffffff }

-- "1.2.3.4" as a number, the first byte highest, or nil
local function read_ipv4(text)
	local value, count = 0, 0
	for part in (text .. "."):gmatch "([^.]*)%." do
		local byte = part:match "^%d%d?%d?$" and tonumber(part)
		if not byte or byte > 255 then
			return nil
		end
		value, count = value << 8 | byte, count + 1
	end
	return count == 4 and value or nil
end

local function show_ipv4(value)
	return ("%d.%d.%d.%d"):format(value >> 24 & 255, value >> 16 & 255, value >> 8 & 255, value & 255)
end

local function read_words(text)
	local words = {}
	if text == "" then
		return words
	end
	for part in (text .. ":"):gmatch "([^:]*):" do
		if part:match "^%x%x?%x?%x?$" then
			words[#words + 1] = tonumber(part, 16)
		elseif part:find(".", 1, true) then
			local value = read_ipv4(part)
			if not value then
				return nil
			end
			words[#words + 1], words[#words + 2] = value >> 16, value & 0xffff
		else
			return nil
		end
	end
	return words
end

-- "fe80::1" as 16 bytes, or nil
local function read_ipv6(text)
	local head, tail = text:match "^(.-)::(.*)$"
	local words = read_words(head or text)
	local rest = read_words(tail or "")
	if not words or not rest then
		return nil
	end
	local gap = 8 - #words - #rest
	if (tail and gap < 1) or (not tail and gap ~= 0) then
		return nil
	end
	for _ = 1, gap do
		words[#words + 1] = 0
	end
	table.move(rest, 1, #rest, #words + 1, words)
	return string.pack(">" .. ("I2"):rep(8), table.unpack(words))
end

-- The longest run of zeroes is left out (RFC 5952).
local function show_ipv6(bytes)
	local words = { string.unpack(">" .. ("I2"):rep(8), bytes) }
	local from, count, at = 0, 1, 1
	while at <= 8 do
		local finish = at
		while finish <= 8 and words[finish] == 0 do
			finish = finish + 1
		end
		if finish - at > count then
			from, count = at, finish - at
		end
		at = math.max(finish, at + 1)
	end
	if words[6] == 0xffff and from == 1 and count == 5 then
		return "::ffff:" .. show_ipv4(words[7] << 16 | words[8])
	end
	local parts = {}
	for i = 1, 8 do
		parts[i] = ("%x"):format(words[i])
	end
	if from == 0 then
		return table.concat(parts, ":")
	end
	return table.concat(parts, ":", 1, from - 1) .. "::" .. table.concat(parts, ":", from + count, 8)
end

-- Addresses without a family

M.in_addr = define {
	"in_addr", c = "struct in_addr", header = "linux/in.h",
	{ "be32", "s_addr" },
	init = function(self, value)
		if type(value) == "string" then
			value = ipv4_names[value] or read_ipv4(value) or wrong("in_addr", value)
		elseif type(value) == "table" then
			value = value.s_addr
		end
		self.s_addr = value or 0
	end,
	text = function(self)
		return show_ipv4(self.s_addr)
	end,
	methods = {
		-- The mask of a network of @bits bits, and the address that all of it hears.
		get_mask_bcast = function(self, bits)
			local mask = bits == 0 and 0 or (0xffffffff << (32 - bits)) & 0xffffffff
			return M.in_addr(mask), M.in_addr(self.s_addr & mask | ~mask & 0xffffffff)
		end,
	},
}

local ipv6_names = { any = ("\0"):rep(16), loopback = ("\0"):rep(15) .. "\1" }

M.in6_addr = define {
	"in6_addr", c = "struct in6_addr", header = "linux/in6.h", align = 4,
	{ "u8[16]", "s6_addr" },
	init = function(self, value)
		if type(value) == "string" then
			memory.write(self, 0, ipv6_names[value] or read_ipv6(value) or wrong("in6_addr", value))
		elseif type(value) == "table" then
			self.s6_addr = value.s6_addr or value
		elseif value then
			wrong("in6_addr", value)
		end
	end,
	text = function(self)
		return show_ipv6(memory.string(self, 0, 16))
	end,
}

M.macaddr = define {
	"macaddr", { "u8[6]", "mac_addr" },
	init = function(self, value)
		if type(value) == "string" and value:match "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" then
			memory.write(self, 0, (value:gsub("(%x%x):?", function(byte)
				return string.char(tonumber(byte, 16))
			end)))
		elseif type(value) == "table" then
			self.mac_addr = value.mac_addr or value
		elseif value then
			wrong("macaddr", value)
		end
	end,
	text = function(self)
		return ("%02x:%02x:%02x:%02x:%02x:%02x"):format(memory.string(self, 0, 6):byte(1, -1))
	end,
}

-- addr(text) - an in_addr or an in6_addr of text, whichever it is; nil where it is neither
function M.parse(text)
	if read_ipv4(text) then
		return M.in_addr(text), c.AF.INET
	elseif read_ipv6(text) then
		return M.in6_addr(text), c.AF.INET6
	end
end

-- Socket addresses

local families = {} -- number → type

-- Like define(), for the addresses of @family: made of one value a name in @order, or of a table.
local function address(family, definition, order)
	local number = c.AF[family]
	local first_init = definition.init
	definition.init = definition.init and function(self, ...)
		self.family = number
		return first_init(self, ...)
	end or function(self, first, ...)
		self.family = number
		if type(first) == "table" then
			definition.fill(self, first)
			return
		end
		local values = table.pack(first, ...)
		for i = 1, values.n do
			if values[i] ~= nil then
				self[order[i]] = values[i]
			end
		end
	end
	local made = define(definition)
	families[number] = made
	M[made.name] = made
	return made
end

local family_member = { "u16", "family", const = "AF" }

address("INET", {
	"sockaddr_in", c = "struct sockaddr_in", header = "linux/in.h", prefix = "sin_", size = 16,
	family_member,
	{ "be16", "port" },
	{ "in_addr", "addr" },
	text = function(self)
		return ("%s:%d"):format(tostring(self.addr), self.port)
	end,
}, { "port", "addr" })

address("INET6", {
	"sockaddr_in6", c = "struct sockaddr_in6", header = "linux/in6.h", prefix = "sin6_",
	family_member,
	{ "be16", "port" },
	{ "be32", "flowinfo" },
	{ "in6_addr", "addr" },
	{ "u32", "scope_id" },
	text = function(self)
		local scope = self.scope_id
		return ("[%s%s]:%d"):format(tostring(self.addr), scope ~= 0 and "%" .. scope or "", self.port)
	end,
}, { "port", "addr", "flowinfo", "scope_id" })

address("NETLINK", {
	"sockaddr_nl", c = "struct sockaddr_nl", header = "linux/netlink.h", prefix = "nl_",
	family_member,
	{ "u16" },
	{ "u32", "pid" },
	{ "u32", "groups", const = "RTMGRP" },
	text = function(self)
		return ("netlink:%d groups 0x%x"):format(self.pid, self.groups)
	end,
}, { "pid", "groups" })

address("PACKET", {
	"sockaddr_ll", c = "struct sockaddr_ll", header = "linux/if_packet.h", prefix = "sll_",
	family_member,
	{ "be16", "protocol", const = "ETH_P" },
	{ "int", "ifindex" },
	{ "u16", "hatype", const = "ARPHRD" },
	{ "u8", "pkttype", const = "PACKET" },
	{ "u8", "halen" },
	{ "u8[8]", "addr" },
	get = {
		-- of an Ethernet address; others are the bytes of addr
		macaddr = function(self)
			return M.macaddr(memory.slice(self, 12, 6))
		end,
	},
	set = {
		macaddr = function(self, value)
			self.halen = 6
			memory.write(self, 12, M.macaddr(value))
		end,
	},
}, { "protocol", "ifindex", "macaddr" })

address("VSOCK", {
	"sockaddr_vm", c = "struct sockaddr_vm", header = "sys/socket.h,linux/vm_sockets.h",
	prefix = "svm_", size = 16,
	family_member,
	{ "u16" },
	{ "u32", "port" },
	{ "u32", "cid" },
	{ "u8", "flags" },
	text = function(self)
		return ("vsock:%d:%d"):format(self.cid, self.port)
	end,
}, { "port", "cid" })

address("ALG", {
	"sockaddr_alg", c = "struct sockaddr_alg", header = "linux/if_alg.h", prefix = "salg_",
	family_member,
	{ "char[14]", "type" },
	{ "u32", "feat" },
	{ "u32", "mask" },
	{ "char[64]", "name" },
}, { "type", "name" })

address("CAN", {
	"sockaddr_can", c = "struct sockaddr_can", header = "linux/can.h", prefix = "can_", align = 8,
	family_member,
	{ "int", "ifindex" },
	{ union = {
		{ struct = { { "u32", "rx_id", c = "can_addr.tp.rx_id" },
			{ "u32", "tx_id", c = "can_addr.tp.tx_id" } } },
		{ "u64", c = "can_addr.j1939.name", "j1939_name" },
	} },
	{ "u32", "j1939_pgn", c = "can_addr.j1939.pgn" },
	{ "u8", "j1939_addr", c = "can_addr.j1939.addr" },
}, { "ifindex" })

address("XDP", {
	"sockaddr_xdp", c = "struct sockaddr_xdp", header = "linux/if_xdp.h", prefix = "sxdp_",
	family_member,
	{ "u16", "flags" },
	{ "u32", "ifindex" },
	{ "u32", "queue_id" },
	{ "u32", "shared_umem_fd" },
}, { "ifindex", "queue_id" })

address("QIPCRTR", {
	"sockaddr_qrtr", c = "struct sockaddr_qrtr", header = "linux/qrtr.h", prefix = "sq_",
	family_member,
	{ "u32", "node" },
	{ "u32", "port" },
}, { "node", "port" })

address("TIPC", {
	"sockaddr_tipc", c = "struct sockaddr_tipc", header = "linux/tipc.h",
	family_member,
	{ "u8", "addrtype" },
	{ "i8", "scope" },
	{ union = {
		{ struct = { { "u32", "ref", c = "addr.id.ref" }, { "u32", "node", c = "addr.id.node" } } },
		{ struct = { { "u32", "type", c = "addr.nameseq.type" },
			{ "u32", "lower", c = "addr.nameseq.lower" },
			{ "u32", "upper", c = "addr.nameseq.upper" } } },
	} },
}, { "type", "lower", "upper" })

address("MCTP", {
	"sockaddr_mctp", c = "struct sockaddr_mctp", header = "linux/mctp.h", prefix = "smctp_",
	family_member,
	{ "u16" },
	{ "uint", "network" },
	{ "u8", "addr", c = "smctp_addr.s_addr" },
	{ "u8", "type" },
	{ "u8", "tag" },
	{ "u8" },
}, { "network", "addr", "type" })

-- A unix address is as long as its name, so an object of it has that many bytes and no more;
-- only one that is to be filled (made of nothing) has room for every name.

local UN_PATH, UN_SIZE = 2, 110

local function unix_name(self)
	return memory.string(self, UN_PATH)
end

address("UNIX", {
	"sockaddr_un", c = "struct sockaddr_un", header = "linux/un.h", prefix = "sun_",
	family_member,
	{ "char[108]", "path" },
	init = function(self, name)
		if type(name) == "table" then
			name = name.path
		end
		if name == nil then
			return self
		elseif type(name) ~= "string" or #name > UN_SIZE - UN_PATH then
			errors.raise("sockaddr_un: a path of at most %d bytes expected, got %s", UN_SIZE - UN_PATH,
				type(name) == "string" and #name or type(name))
		end
		local ended = name:sub(1, 1) == "\0" or #name == UN_SIZE - UN_PATH or name == ""
		local made = memory.new(UN_PATH + #name + (ended and 0 or 1), M.sockaddr_un.metatable)
		made.family = c.AF.UNIX
		memory.write(made, UN_PATH, name)
		return made
	end,
	get = {
		unnamed = function(self)
			return memory.size(self) == UN_PATH
		end,
		abstract = function(self)
			return memory.size(self) > UN_PATH and memory.u8(self, UN_PATH) == 0
		end,
		-- a path, or the name of an abstract one without its NUL
		name = function(self)
			local name = unix_name(self)
			return name:sub(1, 1) == "\0" and name:sub(2) or name:match "^[^\0]*"
		end,
		path = function(self)
			return unix_name(self):match "^[^\0]*"
		end,
	},
	set = {
		path = function(self, name)
			if memory.size(self) < UN_SIZE then
				errors.raise "sockaddr_un: another path is another address: make a new one"
			end
			if type(name) ~= "string" or #name > UN_SIZE - UN_PATH then
				errors.raise("sockaddr_un.path: a text of at most %d bytes expected, got %s",
					UN_SIZE - UN_PATH, errors.given(name))
			end
			memory.fill(self, 0, UN_PATH)
			memory.write(self, UN_PATH, name)
		end,
	},
	text = function(self)
		return "unix:" .. (self.unnamed and "" or self.abstract and "@" .. self.name or self.name)
	end,
})

M.sockaddr = define {
	"sockaddr", c = "struct sockaddr", header = "linux/socket.h,sys/socket.h", prefix = "sa_",
	family_member,
	{ "u8[14]", "data" },
	-- of a table with a family, an address of that family
	init = function(self, value)
		if type(value) ~= "table" then
			self.family = value or 0
			return self
		end
		local type_of = families[c.AF[value.family or 0]]
			or errors.raise "sockaddr: a family expected whose addresses the library knows"
		return type_of(value)
	end,
}

M.sockaddr_storage = define {
	"sockaddr_storage", c = "struct __kernel_sockaddr_storage", header = "linux/socket.h",
	prefix = "ss_", align = 8,
	family_member,
	{ "u8[126]" },
	takes_memory = true,
	init = function(self, value)
		if raw.ismemory(value) then
			if not raw.readable(value) or memory.size(value) > 128 then
				errors.complain("sockaddr_storage", 1, "memory of at most 128 bytes", value)
			end
			memory.write(self, 0, value)
		elseif type(value) == "table" then
			memory.write(self, 0, M.sockaddr(value))
		elseif value then
			self.family = value
		end
	end,
}

-- sa(memory [, length]) - a view of the first @length bytes as an address of their family
function M.sa(bytes, length)
	local size = raw.readable(bytes) or errors.complain("sa", 1, "memory", bytes)
	local count = length == nil and size or math.type(length) and math.tointeger(length)
	if not count or count < 0 then
		errors.complain("sa", 2, "a count of bytes", length)
	end
	length = math.min(count, size)
	if length < 2 then
		return memory.slice(bytes, 0, length)
	end
	local type_of = families[memory.u16(bytes, 0)]
	if type_of == M.sockaddr_un then
		return memory.slice(bytes, 0, math.min(length, UN_SIZE), type_of.metatable)
	elseif type_of and size >= type_of.size then
		return memory.slice(bytes, 0, type_of.size, type_of.metatable)
	end
	return memory.slice(bytes, 0, length, M.sockaddr.metatable)
end

-- The fields of a storage are those of the address in it; its length that of the address.
local storage = M.sockaddr_storage.metatable
local own_get, own_set = storage.__index, storage.__newindex

function storage.__index(self, key)
	local type_of = families[memory.u16(self, 0)]
	return type_of and memory.slice(self, 0, type_of.size, type_of.metatable)[key]
		or own_get(self, key)
end

function storage.__newindex(self, key, value)
	local type_of = key ~= "family" and families[memory.u16(self, 0)]
	if not type_of then
		own_set(self, key, value)
		return
	end
	memory.slice(self, 0, type_of.size, type_of.metatable)[key] = value
end

function storage.__len(self)
	local type_of = families[memory.u16(self, 0)]
	return type_of and type_of.size or memory.size(self)
end

function storage.__tostring(self)
	return tostring(M.sa(self))
end

M.ip_mreqn = define {
	"ip_mreqn", c = "struct ip_mreqn", header = "linux/in.h", prefix = "imr_",
	{ "in_addr", "multiaddr" },
	{ "in_addr", "address" },
	{ "int", "ifindex" },
}

M.ipv6_mreq = define {
	"ipv6_mreq", c = "struct ipv6_mreq", header = "linux/in6.h", prefix = "ipv6mr_",
	{ "in6_addr", "multiaddr" },
	{ "int", "ifindex" },
}

M.packet_mreq = define {
	"packet_mreq", c = "struct packet_mreq", header = "linux/if_packet.h", prefix = "mr_",
	{ "int", "ifindex" },
	{ "u16", "type" },
	{ "u16", "alen" },
	{ "u8[8]", "address" },
}

return M
