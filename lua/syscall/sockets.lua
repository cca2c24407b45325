-- sockets.lua - sockets: make, address, send, receive, options
--
-- An address is one of S.t's sockaddr types, or a table with a family. Calls that answer an
-- address answer an object of its family. Descriptors that come with a message are objects from
-- the moment the call returns, so that none leaks from a message nobody looks at.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local struct = require "syscall.struct"
local c = require("syscall.constants").c

local bind, check = call.bind, call.check
local memory = raw.memory

local M = {}

-- Loaded when they are first needed: a program that only opens files has no addresses.
local function addresses()
	return require "syscall.types.addresses"
end

local function messages()
	return require "syscall.types.sockets"
end

M.rows = {
	listen = "fd i32=4096 -> true",
	shutdown = "fd enum:SHUT -> true",
	send = "sendto: fd data flags:MSG -> int retry",
	recv = "recvfrom: fd room flags:MSG -> bytes retry",
}

-- An address to hand over, and its length.
local function target(name, index, addr, length)
	if type(addr) == "table" then
		addr = addresses().sockaddr(addr)
	elseif not raw.ismemory(addr) then
		errors.complain(name, index, "an address", addr)
	end
	local size = memory.size(addr)
	if length == nil then
		return addr, math.min(#addr, size)
	end
	return addr, check.integer(name, index + 1, length, 0, size)
end

-- Room for an address and for its length: memory of both, the second set to the first's size.
local function place(name, index, addr, length)
	addr = addr or addresses().sockaddr_storage()
	if not raw.ismemory(addr) then
		errors.complain(name, index, "memory for an address", addr)
	end
	local size = memory.size(addr)
	local room = struct.find("u32")()
	room.value = length and check.integer(name, index + 1, length, 0, size) or size
	return addr, room
end

-- Made, joined, named

local make = bind("socket", "enum:AF flags:SOCK i32 -> fd")
local make_pair = bind("socketpair", "enum:AF flags:SOCK i32 pair -> pair")

-- What the third argument's names mean depends on the first.
local protocols = { [c.AF.NETLINK] = "NETLINK", [c.AF.PACKET] = "ETH_P" }

local function protocol_of(domain, protocol)
	if type(protocol) ~= "string" then
		return protocol or 0
	end
	local number = c.AF[domain]
	local value = c[protocols[number] or "IPPROTO"][protocol]
	return number == c.AF.PACKET and (value >> 8 | (value & 255) << 8) or value
end

-- socket(domain, type [, protocol]): "netlink" has protocols of NETLINK, "packet" of ETH_P (a
-- number there is in network order, as in packet(7)).
function M.socket(domain, kind, protocol)
	return make(domain, kind or "stream", protocol_of(domain, protocol))
end

-- socketpair(domain, type [, protocol]) - true, nil, and both ends
function M.socketpair(domain, kind, protocol)
	return make_pair(domain, kind or "stream", protocol_of(domain, protocol))
end

local bind_address = bind("bind", "fd mem u32 -> true")
local connect_address = bind("connect", "fd mem u32 -> true retry")

function M.bind(fd, addr, length)
	return bind_address(fd, target("bind", 2, addr, length))
end

function M.connect(fd, addr, length)
	return connect_address(fd, target("connect", 2, addr, length))
end

local accept_any = bind("accept4", "fd mem? mem? flags:SOCK -> fd retry")

-- accept(fd [, addr [, addrlen]]) - an fd, nil and, where memory for an address was given, the
-- address
function M.accept4(fd, addr, length, flags)
	local room
	if addr then
		addr, room = place("accept4", 2, addr, length)
	end
	local new, err = accept_any(fd, addr, room, flags)
	if not new or not addr then
		return new, err
	end
	return new, nil, addresses().sa(addr, room.value)
end

function M.accept(fd, addr, length)
	return M.accept4(fd, addr, length)
end

local function name_of(name)
	local get = bind(name, "fd mem mem -> true")
	return function(fd, addr, length)
		local room
		addr, room = place(name, 2, addr, length)
		local done, err = get(fd, addr, room)
		return done and addresses().sa(addr, room.value), err
	end
end

M.getsockname = name_of "getsockname"
M.getpeername = name_of "getpeername"

-- Sent and received

local send_to = bind("sendto", "fd data flags:MSG mem? u32=0 -> int retry")
local receive_from = bind("recvfrom", "fd room flags:MSG mem? mem? -> bytes retry")

function M.sendto(fd, data, count, flags, addr, length)
	if not addr then
		return send_to(fd, data, count, flags)
	end
	return send_to(fd, data, count, flags, target("sendto", 5, addr, length))
end

-- recvfrom(fd, buffer, count, flags [, addr [, addrlen]]) - count or text, nil, the address; with
-- false for the address none is asked for
function M.recvfrom(fd, buffer, count, flags, addr, length)
	if addr == false then
		return receive_from(fd, buffer, count, flags)
	end
	local room
	addr, room = place("recvfrom", 5, addr, length)
	local got, err = receive_from(fd, buffer, count, flags, addr, room)
	if not got then
		return nil, err
	end
	return got, nil, addresses().sa(addr, room.value)
end

-- Messages

local send_message = bind("sendmsg", "fd mem:56 flags:MSG -> int retry")
local receive_message = bind("recvmsg", "fd mem:56 flags:MSG -> int retry")

local function message_of(name, message)
	local types = messages()
	if not raw.ismemory(message) then
		message = types.msghdr(check.table(name, 2, message))
	elseif check.memory(name, 2, message, types.msghdr.size)
		and debug.getmetatable(message) ~= types.msghdr.metatable then
		message = memory.slice(message, 0, types.msghdr.size, types.msghdr.metatable)
	end
	if not types.check_message(message) then
		errors.complain(name, 2, "a msghdr whose lengths lie within its name, iov and control",
			message)
	end
	return message
end

-- sendmsg(fd [, message [, flags]]): without a message one zero byte
function M.sendmsg(fd, message, flags)
	return send_message(fd, message_of("sendmsg", message or { iov = { "\0" } }), flags)
end

function M.recvmsg(fd, message, flags)
	message = message_of("recvmsg", message)
	local count, err = receive_message(fd, message, flags)
	if count then
		messages().take_fds(message)
	end
	return count, err
end

local send_messages = bind("sendmmsg", "fd mem u32 flags:MSG -> int retry")
local receive_messages = bind("recvmmsg", "fd mem u32 flags:MSG in?:timespec -> int retry")

local function messages_of(name, list)
	local types = messages()
	if not raw.ismemory(list) then
		list = types.mmsghdrs(check.table(name, 2, list))
	end
	local count = check.memory(name, 2, list) // types.mmsghdr.size
	for i = 0, count - 1 do
		message_of(name, memory.slice(list, i * types.mmsghdr.size, types.msghdr.size))
	end
	return list, count
end

-- sendmmsg(fd, messages [, flags]), recvmmsg(fd, messages [, flags [, timeout]]) - how many
function M.sendmmsg(fd, list, flags)
	local all, count = messages_of("sendmmsg", list)
	return send_messages(fd, all, count, flags)
end

function M.recvmmsg(fd, list, flags, timeout)
	local types = messages()
	local all, count = messages_of("recvmmsg", list)
	local got, err = receive_messages(fd, all, count, flags, timeout)
	for i = 0, (got or 0) - 1 do
		types.take_fds(memory.slice(all, i * types.mmsghdr.size, types.msghdr.size,
			types.msghdr.metatable))
	end
	return got, err
end

-- Options

local set_option = bind("setsockopt", "fd i32 i32 data -> true")
local get_option = bind("getsockopt", "fd i32 i32 mem mem:4 -> true")

-- Level → c's family of its options.
local options_of = {
	[c.SOL.SOCKET] = "SO", [c.IPPROTO.IP] = "IP", [c.IPPROTO.IPV6] = "IPV6",
	[c.IPPROTO.TCP] = "TCP", [c.IPPROTO.UDP] = "UDP", [c.SOL.PACKET] = "PACKET",
	[c.SOL.NETLINK] = "NETLINK_OPT",
}

-- Options that are no number: family and name → type, or "text".
local option_types = {
	SO = { LINGER = "linger", PEERCRED = "ucred", RCVTIMEO = "timeval", SNDTIMEO = "timeval",
		BINDTODEVICE = "text", PEERSEC = "text", ATTACH_FILTER = "sock_fprog" },
	IP = { ADD_MEMBERSHIP = "ip_mreqn", DROP_MEMBERSHIP = "ip_mreqn", MULTICAST_IF = "ip_mreqn" },
	IPV6 = { ADD_MEMBERSHIP = "ipv6_mreq", DROP_MEMBERSHIP = "ipv6_mreq" },
	TCP = { INFO = "tcp_info", CONGESTION = "text", ULP = "text" },
	PACKET = { ADD_MEMBERSHIP = "packet_mreq", DROP_MEMBERSHIP = "packet_mreq" },
}

-- Numbers of level and option, and the option's type where it has one.
local function option(name, level, optname)
	level = messages().level(level)
	local family = options_of[level]
	if not family then
		return level, check.integer(name, 3, optname)
	end
	local number = c[family][optname]
	for key, kind in pairs(option_types[family] or {}) do
		if c[family][key] == number then
			return level, number, kind
		end
	end
	return level, number
end

-- setsockopt(fd, level, option, value [, length]): a boolean, a number, text, memory, or what the
-- option's type is made of
function M.setsockopt(fd, level, optname, value, length)
	local kind
	level, optname, kind = option("setsockopt", level, optname)
	if type(value) == "boolean" then
		value = value and 1 or 0
	end
	if kind and kind ~= "text" and not raw.ismemory(value) then
		value = struct.find(kind)(value)
	elseif math.type(value) then
		value = check.integer("setsockopt", 4, value, -1 << 31, (1 << 32) - 1)
		value = string.pack("=I4", value & 0xffffffff)
	end
	return set_option(fd, level, optname, value, length)
end

-- What @bytes, of which the kernel has filled @length, say.
local function option_value(bytes, length, kind)
	if kind == "text" then
		return memory.cstring(bytes, 0, length)
	elseif kind then
		return struct.find(kind)(memory.slice(bytes, 0, struct.find(kind).size))
	elseif length == 4 then
		return memory.i32(bytes, 0)
	elseif length == 1 then
		return memory.u8(bytes, 0)
	elseif length == 8 then
		return memory.u64(bytes, 0)
	end
	return memory.slice(bytes, 0, length)
end

-- getsockopt(fd, level, option [, memory or type [, length]]) - a number, text or an object, as the
-- option is; memory that is given is answered itself
function M.getsockopt(fd, level, optname, value, length)
	local kind
	level, optname, kind = option("getsockopt", level, optname)
	local into = raw.ismemory(value) and value
		or type(value) == "table" and value.size and value() or memory.new(1024)
	local room = struct.find("u32")()
	local fallback = value and memory.size(into) or kind and kind ~= "text" and struct.find(kind).size
		or kind and memory.size(into) or 4
	room.value = length and check.integer("getsockopt", 5, length, 0, memory.size(into)) or fallback
	local done, err = get_option(fd, level, optname, into, room)
	if not done then
		return nil, err
	end
	return value and into or option_value(into, room.value, kind)
end

return M
