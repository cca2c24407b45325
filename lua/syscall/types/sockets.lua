-- sockets.lua - messages with control data, and what socket options take and give
--
-- A message points to an address, to pieces of data and to control data, and keeps all of them.
-- The kernel writes lengths back, so functions that hand a message over check them again
-- (M.check_message): a length that is larger than what it belongs to would be read over its end.

local raw = require "syscall.raw"
local struct = require "syscall.struct"
local errors = require "syscall.errors"
local fd_objects = require "syscall.fd"
local c = require("syscall.constants").c
local iovec = require "syscall.types.iovec"
local addresses = require "syscall.types.addresses"
require "syscall.types.time"

local define = struct.define
local memory = raw.memory

local M = {}

M.ucred = define {
	"ucred", c = "struct ucred", header = "sys/socket.h",
	{ "i32", "pid" },
	{ "u32", "uid" },
	{ "u32", "gid" },
}

M.linger = define {
	"linger", c = "struct linger", header = "sys/socket.h", prefix = "l_",
	{ "int", "onoff" },
	{ "int", "linger" },
}

-- Control data

local HEADER = 16 -- of cmsghdr, which is aligned already
local function padded(length)
	return (length + 7) // 8 * 8
end

-- Kinds of control data by level: c's family of their names.
local scm_of = {
	[c.SOL.SOCKET] = "SCM", [c.IPPROTO.IP] = "IP", [c.IPPROTO.IPV6] = "IPV6",
	[c.IPPROTO.TCP] = "TCP", [c.IPPROTO.UDP] = "UDP", [c.SOL.PACKET] = "PACKET",
}

-- level(value) - of a socket option or of control data: "socket", "ip", "tcp", "netlink", a number
function M.level(value)
	if type(value) ~= "string" then
		return c.SOL[value]
	end
	local name = value:upper():gsub("^%s*SOL_", ""):gsub("^%s*IPPROTO_", "")
	return rawget(c.SOL, name) or rawget(c.IPPROTO, name) or c.SOL[value]
end

local MOST_FDS = 253 -- of one message: SCM_MAX_FD

local function fd_numbers(data)
	local numbers = {}
	if raw.ishandle(data) then
		data = { data }
	elseif type(data) ~= "table" then
		errors.raise("cmsghdr: an fd or a list of fds expected as data, got %s", errors.given(data))
	end
	for i, fd in ipairs(data) do
		numbers[i] = raw.getfd(fd) or errors.raise("cmsghdr: descriptor %d is closed or none", i)
	end
	return string.pack("=" .. ("i4"):rep(#numbers), table.unpack(numbers))
end

-- What @data is as text, for a kind that knows better than bytes.
local function payload(level, kind, data)
	if level == c.SOL.SOCKET and kind == c.SCM.RIGHTS then
		local room = math.type(data) and math.tointeger(data)
		return room and room >= 0 and room <= MOST_FDS and ("\0"):rep(4 * room) or fd_numbers(data or {})
	elseif level == c.SOL.SOCKET and kind == c.SCM.CREDENTIALS and type(data) == "table" then
		return memory.string(M.ucred(data))
	elseif math.type(data) then
		local whole = math.tointeger(data)
		if not whole or whole < -0x80000000 or whole > 0xffffffff then
			errors.raise("cmsghdr: a whole number of 32 bits expected as data, got %s", tostring(data))
		end
		return string.pack("=I4", whole & 0xffffffff)
	elseif raw.ismemory(data) then
		return raw.readable(data) and memory.string(data)
			or errors.raise("cmsghdr: memory that can be read expected as data")
	elseif data ~= nil and type(data) ~= "string" then
		errors.raise("cmsghdr: text, memory or a number expected as data, got %s", type(data))
	end
	return data or ""
end

-- A received descriptor belongs to the message that brought it until somebody takes it, and is
-- closed with it: control data → offset → list of fd objects.
local received = setmetatable({}, { __mode = "k" })
local fds_of = setmetatable({}, { __mode = "k" }) -- the same, of one cmsghdr

local function is_rights(self)
	return self.level == c.SOL.SOCKET and self.type == c.SCM.RIGHTS
end

local cmsg = {}

function cmsg.datalen(self)
	return memory.u64(self, 0) - HEADER
end

function cmsg.data(self)
	return memory.slice(self, HEADER, cmsg.datalen(self))
end

function cmsg.setdata(self, data, length)
	memory.write(self, HEADER, payload(self.level, self.type, data):sub(1, length))
end

function cmsg.setfds(self, fds)
	memory.write(self, HEADER, fd_numbers(fds))
end
cmsg.setfd = cmsg.setfds

-- The descriptors that came with it, as fd objects. They are the same each time.
function cmsg.fds(self)
	local list = is_rights(self) and fds_of[self] or {}
	local at = 0
	return function()
		at = at + 1
		return list[at]
	end
end

-- pid, uid, gid of the sender, or nil and why not
function cmsg.credentials(self)
	if self.level ~= c.SOL.SOCKET or self.type ~= c.SCM.CREDENTIALS then
		return nil, "cmsghdr: no credentials"
	end
	local sender = M.ucred(cmsg.data(self))
	return sender.pid, sender.uid, sender.gid
end

-- Its length is both a field of C and, in ljsyscall, a method: only the method is here.
function cmsg.len(self)
	return memory.u64(self, 0)
end

M.cmsghdr = define {
	"cmsghdr", c = "struct cmsghdr", header = "sys/socket.h", prefix = "cmsg_",
	{ "size", "len" },
	{ "int", "level" },
	{ "int", "type" },
	methods = cmsg,
	get = { cmsg_len = cmsg.len },
	-- cmsghdr(level, type, data): with room for what the kernel adds behind it
	init = function(_, level, kind, data)
		level = M.level(level or "socket")
		kind = scm_of[level] and c[scm_of[level]][kind or 0] or kind or 0
		local bytes = payload(level, kind, data)
		local self = memory.new(HEADER + padded(#bytes), M.cmsghdr.metatable)
		memory.u64(self, 0, HEADER + #bytes)
		self.level, self.type = level, kind
		memory.write(self, HEADER, bytes)
		return self
	end,
}
M.cmsghdr.gets.len, M.cmsghdr.sets.len = nil, nil

-- Messages

local NAME, IOV, CONTROL = 0, 16, 32

local function check_target(name, value)
	if value ~= nil and not raw.isopen(value) then
		errors.raise("msghdr.%s: open memory, or what it is made of, expected, got %s", name,
			errors.given(value))
	end
	return value
end

local function set_pointer(name, at, length_at, kind, bytes_of)
	return function(self, value)
		value = check_target(name, bytes_of(value))
		memory.point(self, at, value)
		memory[kind](self, length_at, value and #value or 0)
	end
end

local function control_of(value)
	local room = math.type(value) and math.tointeger(value)
	if room and room >= 0 and room <= 1 << 20 then
		return memory.new(room)
	elseif type(value) == "table" then
		local parts = {}
		for i, one in ipairs(value) do
			parts[i] = memory.string(check_target("control", one))
		end
		return memory.new(table.concat(parts))
	end
	return value
end

-- Goes over control data: for n, cmsghdr in message:cmsgs() do
local function cmsgs(self)
	local control = memory.target(self, CONTROL)
	local length = control and math.min(self.controllen, memory.size(control)) or 0
	local at, count = 0, 0
	return function()
		if at + HEADER > length then
			return nil
		end
		local size = memory.u64(control, at)
		if size < HEADER or size > length - at then
			return nil
		end
		local one = memory.slice(control, at, size, M.cmsghdr.metatable)
		fds_of[one] = (received[control] or {})[at]
		at, count = at + padded(size), count + 1
		return count, one
	end
end

M.msghdr = define {
	"msghdr", c = "struct msghdr", header = "sys/socket.h", prefix = "msg_",
	{ "ptr", "name" },
	{ "u32", "namelen" },
	{ "ptr", "iov" },
	{ "size", "iovlen" },
	{ "ptr", "control" },
	{ "size", "controllen" },
	{ "int", "flags", const = "MSG" },
	set = {
		name = set_pointer("name", NAME, 8, "u32", function(value)
			return type(value) == "table" and addresses.sockaddr(value) or value
		end),
		iov = function(self, value)
			local single = debug.getmetatable(value) == iovec.iovec.metatable
			if type(value) == "string" then
				value = { value }
			end
			if type(value) == "table" then
				value = iovec.iovecs(value)
			end
			memory.point(self, IOV, check_target("iov", value))
			memory.u64(self, 24, value and (single and 1 or #value) or 0)
		end,
		control = set_pointer("control", CONTROL, 40, "u64", control_of),
	},
	methods = { cmsgs = cmsgs },
	init = function(self, values)
		if values ~= nil and type(values) ~= "table" then
			errors.raise("msghdr: a table expected, got %s", type(values))
		end
		-- pointers first: they set the lengths that a table may then make smaller
		for _, name in ipairs { "name", "iov", "control" } do
			self[name] = values and (values[name] or values["msg_" .. name])
		end
		for name, value in pairs(values or {}) do
			name = type(name) == "string" and name:gsub("^msg_", "") or name
			if name ~= "name" and name ~= "iov" and name ~= "control" then
				self[name] = value
			end
		end
	end,
}

M.mmsghdr = define {
	"mmsghdr", c = "struct mmsghdr", header = "sys/socket.h", prefix = "msg_",
	{ "msghdr", "hdr" },
	{ "uint", "len" },
	init = function(self, values)
		if values ~= nil then
			if type(values) ~= "table" then
				errors.complain("mmsghdr", 1, "a table", values)
			end
			self.hdr = M.msghdr(values.hdr or values.msg_hdr or values)
		end
	end,
}

M.mmsghdrs = struct.list "mmsghdr"

-- A pointer that comes with no length is one that the kernel does not follow.
local function fits(self, at, length)
	return length == 0 or memory.holds(self, at, length)
end

-- check_message(message) - whether all its pointers are stored ones, and its lengths lie within
-- what they point to
function M.check_message(message)
	local count = message.iovlen
	return fits(message, NAME, message.namelen) and fits(message, CONTROL, message.controllen)
		and (count == 0 or count > 0 and count <= iovec.MOST and memory.holds(message, IOV, 16 * count)
			and iovec.sound(memory.target(message, IOV), count))
end

-- take_fds(message) - called once recvmsg() has filled @message: descriptors become objects.
function M.take_fds(message)
	local control = memory.target(message, CONTROL)
	if not control then
		return
	end
	received[control] = nil
	local at = 0
	local length = math.min(message.controllen, memory.size(control))
	while at + HEADER <= length do
		local size = memory.u64(control, at)
		if size < HEADER or size > length - at then
			return
		end
		if is_rights(memory.slice(control, at, size, M.cmsghdr.metatable)) then
			local list = {}
			for i = at + HEADER, at + size - 4, 4 do
				list[#list + 1] = fd_objects.fd(memory.i32(control, i))
			end
			received[control] = received[control] or {}
			received[control][at] = list
		end
		at = at + padded(size)
	end
end

-- What the error queue and timestamps bring

M.sock_extended_err = define {
	"sock_extended_err", c = "struct sock_extended_err", header = "time.h,linux/errqueue.h",
	prefix = "ee_",
	{ "u32", "errno" },
	{ "u8", "origin" },
	{ "u8", "type" },
	{ "u8", "code" },
	{ "u8", "pad" },
	{ "u32", "info" },
	{ "u32", "data" },
}

M.scm_timestamping = define {
	"scm_timestamping", c = "struct scm_timestamping", header = "time.h,linux/errqueue.h",
	{ "timespec[3]", "ts" },
}

M.tcp_info = define {
	"tcp_info", c = "struct tcp_info", header = "linux/tcp.h", prefix = "tcpi_",
	{ "u8", "state" }, { "u8", "ca_state" }, { "u8", "retransmits" }, { "u8", "probes" },
	{ "u8", "backoff" }, { "u8", "options" }, { "u8" }, { "u8" },
	{ "u32", "rto" }, { "u32", "ato" }, { "u32", "snd_mss" }, { "u32", "rcv_mss" },
	{ "u32", "unacked" }, { "u32", "sacked" }, { "u32", "lost" }, { "u32", "retrans" },
	{ "u32", "fackets" }, { "u32", "last_data_sent" }, { "u32", "last_ack_sent" },
	{ "u32", "last_data_recv" }, { "u32", "last_ack_recv" }, { "u32", "pmtu" },
	{ "u32", "rcv_ssthresh" }, { "u32", "rtt" }, { "u32", "rttvar" }, { "u32", "snd_ssthresh" },
	{ "u32", "snd_cwnd" }, { "u32", "advmss" }, { "u32", "reordering" }, { "u32", "rcv_rtt" },
	{ "u32", "rcv_space" }, { "u32", "total_retrans" }, { "u64", "pacing_rate" },
	{ "u64", "max_pacing_rate" }, { "u64", "bytes_acked" }, { "u64", "bytes_received" },
	{ "u32", "segs_out" }, { "u32", "segs_in" }, { "u32", "notsent_bytes" }, { "u32", "min_rtt" },
	{ "u32", "data_segs_in" }, { "u32", "data_segs_out" }, { "u64", "delivery_rate" },
	{ "u64", "busy_time" }, { "u64", "rwnd_limited" }, { "u64", "sndbuf_limited" },
	{ "u32", "delivered" }, { "u32", "delivered_ce" }, { "u64", "bytes_sent" },
	{ "u64", "bytes_retrans" }, { "u32", "dsack_dups" }, { "u32", "reord_seen" },
	{ "u32", "rcv_ooopack" }, { "u32", "snd_wnd" },
}

-- Packets

-- The Internet checksum (RFC 1071) of memory or text, as a number in network order.
local function checksum(bytes)
	if #bytes % 2 == 1 then
		bytes = bytes .. "\0"
	end
	local sum = 0
	for i = 1, #bytes, 2 do
		sum = sum + (">I2"):unpack(bytes, i)
	end
	while sum > 0xffff do
		sum = (sum >> 16) + (sum & 0xffff)
	end
	return ~sum & 0xffff
end

M.ethhdr = define {
	"ethhdr", c = "struct ethhdr", header = "linux/if_ether.h", prefix = "h_",
	{ "macaddr", "dest" },
	{ "macaddr", "source" },
	{ "be16", "proto", const = "ETH_P" },
}

M.iphdr = define {
	"iphdr", c = "struct iphdr", header = "linux/ip.h", align = 4,
	{ "u8", bits = { { "ihl", 4 }, { "version", 4 } } },
	{ "u8", "tos" },
	{ "be16", "tot_len" },
	{ "be16", "id" },
	{ "be16", "frag_off" },
	{ "u8", "ttl" },
	{ "u8", "protocol", const = "IPPROTO" },
	{ "be16", "check" },
	{ "in_addr", "saddr" },
	{ "in_addr", "daddr" },
	methods = {
		-- Stores the header's checksum.
		checksum = function(self)
			self.check = 0
			self.check = checksum(memory.string(self, 0, self.ihl * 4))
			return self.check
		end,
	},
}

M.udphdr = define {
	"udphdr", c = "struct udphdr", header = "linux/udp.h",
	{ "be16", "source" },
	{ "be16", "dest" },
	{ "be16", "len" },
	{ "be16", "check" },
	methods = {
		-- Stores the checksum over @ip's addresses, this header and @body (text).
		checksum = function(self, ip, body)
			self.check = 0
			local sum = checksum(memory.string(ip, 12, 8)
				.. string.pack(">I1I1I2", 0, ip.protocol, self.len)
				.. memory.string(self, 0, 8) .. (body or ""))
			self.check = sum == 0 and 0xffff or sum
			return self.check
		end,
	},
}

M.ifreq = define {
	"ifreq", c = "struct ifreq", header = "linux/if.h", prefix = "ifr_", size = 40, align = 8,
	{ "char[16]", "name" },
	{ union = {
		{ "sockaddr", "addr" },
		{ "short", "flags", const = "IFF" },
		{ "int", "ivalue", c = "ifr_ifru.ifru_ivalue" },
		{ "int", "mtu" },
		{ "char[16]", "newname" },
		{ "u8[24]" },
	} },
	get = {
		ifindex = function(self)
			return self.ivalue
		end,
		hwaddr = function(self)
			return addresses.macaddr(memory.slice(self, 18, 6))
		end,
	},
}

return M
