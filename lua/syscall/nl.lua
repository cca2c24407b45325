-- nl.lua - netlink: S.nl
--
-- nl.socket() opens, nl.request() sends one message and answers what came of it; below them stand
-- links, addresses and queues, in nl_routes.lua routes, neighbours and rules, and in nl_objects.lua
-- what reads like ip(8). A function that fails gives nil, the error, and the kernel's own words
-- where it said more (extended acknowledgement). Dumps that the kernel interrupted are asked for
-- again. Attributes that nobody here knows are kept as bytes.
--
-- Each function opens a socket of the network namespace that the thread is in and closes it;
-- nl.on(socket) is the same module on one socket, which may be of another namespace.

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local arguments = require "syscall.nl_arguments"
local attributes = require "syscall.nl_attributes"
local specs = require "syscall.nl_specs"
local types = require "syscall.types.nl"
local addresses = require "syscall.types.addresses"
local sockets = require "syscall.sockets"
local c = require("syscall.constants").c

local check = call.check
local memory = raw.memory

local M = { attributes = attributes, specs = specs }
local own = setmetatable({}, { __index = M }) -- the same, and what only files of netlink call

local HEADER = 16
local REPEATS = 20 -- of a dump that is interrupted each time, until that is an answer

-- Sockets

local receive = call.bind("recvfrom", "fd room flags:MSG mem mem -> int retry")
local send = call.bind("sendto", "fd data flags:MSG -> int retry")

-- socket([protocol [, address]]) - an fd that is bound: "route", "netfilter", "generic" …
function M.socket(protocol, address)
	local fd, err = sockets.socket("netlink", "raw, cloexec", protocol or "route")
	if not fd then
		return nil, err
	end
	for _, option in ipairs { "ext_ack", "cap_ack", "get_strict_chk" } do
		sockets.setsockopt(fd, "netlink", option, true) -- older kernels do without
	end
	if type(address) == "table" then
		address = addresses.sockaddr_nl(address)
	end
	local done
	done, err = sockets.bind(fd, address or addresses.sockaddr_nl())
	if not done then
		fd:close()
		return nil, err
	end
	return fd
end

-- Messages

local sequence = 0

-- message(type, flags, payload [, sequence]) - one message as bytes
function M.message(kind, flags, payload, number)
	kind = check.integer("message", 1, kind, 0, 0xffff)
	flags = check.integer("message", 2, flags, 0, 0xffff)
	number = check.integer("message", 4, number or 0, 0, 0xffffffff)
	return string.pack("=I4I2I2I4I4", HEADER + #payload, kind, flags, number, 0) .. payload
		.. ("\0"):rep(-#payload % 4)
end

-- write(socket, bytes) - send messages that message() made
function M.write(fd, bytes)
	return send(fd, bytes)
end

-- What one message holds, its payload as text.
local function take_apart(bytes)
	local list, at = {}, 1
	while at + HEADER - 1 <= #bytes do
		local length, kind, flags, number, port = ("=I4I2I2I4I4"):unpack(bytes, at)
		if length < HEADER or at + length - 1 > #bytes then
			break
		end
		list[#list + 1] = { type = kind, flags = flags, seq = number, pid = port,
			payload = bytes:sub(at + HEADER, at + length - 1) }
		at = at + (length + 3) // 4 * 4
	end
	return list
end

local tiny = memory.new(1)

-- read(socket [, flags]) - the messages of one datagram of the kernel's. What another process
-- sent is passed over: it could say anything.
function M.read(fd, flags)
	flags = c.MSG[flags or 0]
	local from, room = memory.new(12), memory.new(4)
	while true do
		room:u32(0, 12)
		local length, err = receive(fd, tiny, 1, flags | c.MSG.PEEK | c.MSG.TRUNC, from, room)
		if not length then
			return nil, err
		end
		local buffer = memory.new(math.max(length, 1))
		room:u32(0, 12)
		local count
		count, err = receive(fd, buffer, nil, flags, from, room)
		if not count then
			return nil, err
		elseif from:u32(4) == 0 then
			return take_apart(buffer:string(0, count))
		end
	end
end

-- The error of an acknowledgement, and what it says beyond the number.
local function acknowledged(message)
	local code = #message.payload >= 4 and ("=i4"):unpack(message.payload) or 0
	local ack = {}
	if message.flags & c.NLM_F.ACK_TLVS ~= 0 and #message.payload >= 20 then
		local at = 4 + HEADER
		if message.flags & c.NLM_F.CAPPED == 0 then
			at = 4 + (("=I4"):unpack(message.payload, 5) + 3) // 4 * 4
		end
		ack = attributes.parse(specs.ack, message.payload, at + 1)
	end
	return code, ack
end

-- Collects the answers of message @number into @list. Returns true, "again" where the dump was
-- interrupted, or nil, err, text.
local function collect(fd, number, dump, list)
	local interrupted = false
	while true do
		local messages, err = M.read(fd)
		if not messages then
			return nil, err
		end
		for _, message in ipairs(messages) do
			if message.seq == number then
				interrupted = interrupted or message.flags & c.NLM_F.DUMP_INTR ~= 0
				if message.type == c.NLMSG.ERROR or message.type == c.NLMSG.DONE then
					local code, ack = acknowledged(message)
					if code < 0 then
						return nil, errors.objects[-code], ack.msg
					end
					return interrupted and dump and "again" or true, nil, ack.msg
				elseif message.type ~= c.NLMSG.NOOP then
					list[#list + 1] = message
				end
			end
		end
	end
end

own.acknowledged = acknowledged

local current -- the socket of on()

local function request_on(fd, kind, flags, payload)
	local dump = flags & c.NLM_F.DUMP == c.NLM_F.DUMP
	for _ = 1, REPEATS do
		sequence = sequence % 0x7fffffff + 1
		local number = sequence
		local sent, err = send(fd, M.message(kind, flags | c.NLM_F.REQUEST
			| (dump and 0 or c.NLM_F.ACK), payload, number))
		if not sent then
			return nil, err
		end
		local list = {}
		local answer, why, text = collect(fd, number, dump, list)
		if not answer then
			return nil, why, text
		elseif answer ~= "again" then
			return list, nil, text
		end
	end
	return nil, errors.objects[c.E.INTR], "the dump was interrupted each time"
end

-- request(socket or nil, type, flags, payload [, protocol]) - a list of messages { type, flags,
-- payload }, which is empty where there is only an acknowledgement; nil, error and the kernel's
-- text where it failed
function M.request(fd, kind, flags, payload, protocol)
	kind, flags = c.RTM[kind], c.NLM_F[flags or 0]
	fd = fd or current
	if fd then
		return request_on(fd, kind, flags, payload)
	end
	local opened <close>, err = M.socket(protocol)
	if not opened then
		return nil, err
	end
	return request_on(opened, kind, flags, payload)
end

-- on(socket) - the module, with each function on that socket
function M.on(fd)
	return setmetatable({}, {
		__index = function(_, name)
			local value = M[name]
			if type(value) ~= "function" then
				return value
			end
			return function(...)
				local before = current
				current = fd
				local results = table.pack(pcall(value, ...))
				current = before
				if not results[1] then
					error(results[2], 0)
				end
				return table.unpack(results, 2, results.n)
			end
		end,
	})
end

-- Requests of one family: a header, a spec, and functions new, set, del and get.

local function header_of(type_of, values)
	return raw.ismemory(values) and values or type_of(values or {})
end
own.header = header_of

-- send(kind, flags, header, spec, values) - true, or nil, err, text
local function change(kind, flags, header, spec, values)
	local list, err, text = M.request(nil, kind, flags,
		memory.string(header) .. attributes.build(spec, values))
	return list and true, err, text
end
own.change = change

-- A list of tables: the header's fields, and the attributes by name.
local function decode(list, type_of, spec)
	local out = {}
	for i, message in ipairs(list) do
		local header = type_of.size <= #message.payload
			and type_of(memory.new(message.payload:sub(1, type_of.size)))
		out[i] = header and attributes.parse(spec, message.payload, (type_of.size + 3) // 4 * 4 + 1) or {}
		out[i].header, out[i].message = header, message.type
	end
	return out
end
own.decode = decode

-- get(kind, header, spec [, values]) - all of them; with @one a single answer of that request
local function get(kind, type_of, header, spec, values, one)
	local list, err, text = M.request(nil, kind, one and 0 or "dump",
		memory.string(header_of(type_of, header)) .. attributes.build(spec, values or {}))
	if not list then
		return nil, err, text
	end
	return decode(list, type_of, spec)
end
own.get = get

local function index_of(device)
	if device == nil or math.type(device) then
		return device
	elseif type(device) == "table" then
		return device.index
	end
	local link, err, text = M.getlink(device)
	return link and link.header.index, err, text
end
own.index = index_of

-- Links

-- newlink(index, flags, iflags, change, name, value, …), as in ljsyscall: names of NLM_F, names
-- of IFF, which of these are set, and attributes; or newlink(table), see link_of().
function M.newlink(index, flags, iflags, changed, ...)
	if type(index) == "table" then
		return own.link_of(index, "create, excl")
	end
	return change("newlink", flags, types.ifinfomsg { index = index, flags = iflags or 0,
		change = changed or 0 }, specs.link, { ... })
end

-- setlink(device, table) - change what the table names
function M.setlink(device, values)
	local index, err, text = index_of(device)
	if not index then
		return nil, err, text
	end
	return own.link_of(values, 0, index)
end

local link_names = { name = "ifname", macaddr = "address", alias = "ifalias" }

-- The attributes that @values of a link stand for, and its header.
local function link_parts(values)
	if type(values) ~= "table" then
		errors.raise("a link: a table expected, got %s", errors.given(values))
	end
	local header, out, info = {}, {}, {}
	for key, value in pairs(values) do
		if key == "up" then
			header.flags, header.change = value and c.IFF.UP or 0, c.IFF.UP
		elseif key == "flags" then
			header.flags, header.change = c.IFF[value], c.IFF[values.change or value]
		elseif key == "kind" or key == "type" then
			info.kind = value
		elseif key == "data" then
			info.data = value
		elseif key == "netns" then
			local name = math.type(value) and "net_ns_pid" or "net_ns_fd"
			out[name] = math.type(value) and value or check.fd("newlink", 1, value)
		elseif key == "link" or key == "master" then
			local index, err, text = index_of(value)
			if not index then
				return nil, err, text
			end
			out[key] = index
		elseif key == "index" then
			header.index = value
		elseif key ~= "change" and key ~= "peer" then
			out[link_names[key] or key] = value
		end
	end
	if values.peer then
		local peer_header, peer, text = link_parts(values.peer)
		if not peer_header then
			return nil, peer, text
		end
		info.data = { peer = { header = peer_header, attributes = peer } }
	end
	if next(info) then
		out.linkinfo = info
	end
	return header, out
end

-- link_of(table, flags [, index]): name, kind, data (by the kind's names), peer (a table like
-- this one), link, master (names or numbers), netns (an fd, or a pid), mtu, macaddr, up, and
-- attributes of IFLA
function own.link_of(values, flags, index)
	local header, out, text = link_parts(values)
	if not header then
		return nil, out, text
	end
	header.index = index or header.index
	return change("newlink", flags, types.ifinfomsg(header), specs.link, out)
end

function M.dellink(index, ...)
	local number, err, text = index_of(index)
	if not number then
		return nil, err, text
	end
	return change("dellink", 0, types.ifinfomsg { index = number }, specs.link, { ... })
end

-- getlink([name or index]) - one link, or a list of all, which has them by name too: header, and
-- attributes by name
function M.getlink(device)
	if device == nil then
		local all, why, said = get("getlink", types.ifinfomsg, {}, specs.link, { ext_mask = "vf" })
		for i = 1, #(all or {}) do
			all[i].index = all[i].header.index
			all[all[i].ifname] = all[i]
		end
		return all, why, said
	end
	local by_name = type(device) == "string"
	local list, err, text = get("getlink", types.ifinfomsg, { index = by_name and 0 or device },
		specs.link, by_name and { ifname = device } or {}, true)
	return list and list[1], err, text
end

-- Addresses

-- An address of text "10.0.0.1/24": its object, its family, the length of its prefix.
local function prefix_of(text, what)
	if raw.ismemory(text) then
		local size = memory.size(text)
		return text, size == 4 and c.AF.INET or c.AF.INET6, size * 8
	end
	local plain, length = tostring(text):match "^([^/]+)/?(%d*)$"
	local address, family = addresses.parse(plain or "")
	if not address then
		errors.raise("%s: an address expected, got %q", what, tostring(text))
	end
	local most = memory.size(address) * 8
	length = tonumber(length) or most
	if length > most then
		errors.raise("%s: a prefix of at most %d bits expected, got %d", what, most, length)
	end
	return address, family, length
end
own.prefix = prefix_of

local function address_change(kind, flags, device, text, values)
	local index, err, said = index_of(device)
	if not index then
		return nil, err, said
	end
	local address, family, length = prefix_of(text, kind)
	local header = types.ifaddrmsg { index = index, family = family, prefixlen = length }
	local out = { address = address, ["local"] = address }
	for key, value in pairs(values or {}) do
		if key == "scope" or key == "prefixlen" then
			header[key] = value
		elseif key == "peer" then
			out.address = value
		else
			out[key] = value
		end
	end
	return change(kind, flags, header, specs.addr, out)
end

-- The same as ljsyscall has it: what to change, the header's fields, names and values in turn.
local function plain_address_change(kind, flags, device, header, ...)
	local index, err, said = index_of(device)
	if not index then
		return nil, err, said
	end
	header.index = index
	return change(kind, flags, types.ifaddrmsg(header), specs.addr, { ... })
end

-- newaddr(device, family, prefixlen, flags, name, value, …), as in ljsyscall; or
-- newaddr(device, "10.0.0.1/24" [, { broadcast =, label =, scope =, … }])
function M.newaddr(index, af, prefixlen, flags, ...)
	if type(af) == "string" and af:find "[.:]" then
		return address_change("newaddr", "create, excl", index, af, prefixlen)
	end
	return plain_address_change("newaddr", "create", index, { family = af, prefixlen = prefixlen,
		flags = flags or 0 }, ...)
end

function M.deladdr(index, af, prefixlen, ...)
	if type(af) == "string" and af:find "[.:]" then
		return address_change("deladdr", 0, index, af, prefixlen)
	end
	return plain_address_change("deladdr", 0, index, { family = af, prefixlen = prefixlen }, ...)
end

-- getaddr([family]) - a list: header, index, addr, prefixlen, and attributes by name
function M.getaddr(af)
	local all, err, text = get("getaddr", types.ifaddrmsg, { family = af or 0 }, specs.addr)
	for _, one in ipairs(all or {}) do
		one.index, one.prefixlen = one.header.index, one.header.prefixlen
		one.addr = one["local"] or one.address
	end
	return all, err, text
end

-- Queues

-- "1:0" or "1:" as a handle
local function handle_of(value)
	if type(value) ~= "string" then
		return value or 0
	end
	local major, minor = value:match "^(%x+):(%x*)$"
	return major and tonumber(major, 16) << 16 | (tonumber(minor, 16) or 0) or c.TC_H[value]
end

local function queue_change(kind, flags, device, values)
	local index, err, text = index_of(device)
	if not index then
		return nil, err, text
	end
	return change(kind, flags, types.tcmsg { ifindex = index, handle = handle_of(values.handle),
		parent = handle_of(values.parent or "root") },
		specs.queue, { kind = values.kind, options = values.options })
end

-- newqdisc(device, { kind =, parent = "root", handle = "1:", options = })
function M.newqdisc(device, values)
	return queue_change("newqdisc", "create, replace", device, values)
end

function M.delqdisc(device, values)
	return queue_change("delqdisc", 0, device, values or {})
end

-- getqdisc([device]) - a list
function M.getqdisc(device)
	local index, err, text = index_of(device)
	if device and not index then
		return nil, err, text
	end
	local list
	list, err, text = get("getqdisc", types.tcmsg, {}, specs.queue)
	for i = #(index and list or {}), 1, -1 do
		if list[i].header.ifindex ~= index then
			table.remove(list, i)
		end
	end
	return list, err, text
end

-- Generic netlink

local GENERIC = 4

-- family(name) - { id =, version =, groups = { name = number } }
function M.family(name)
	local bytes = string.pack("=I1I1I2", c.CTRL_CMD.GETFAMILY, 2, 0)
		.. attributes.build(specs.control, { family_name = name })
	local list, err, text = M.request(nil, c.GENL_ID.CTRL, 0, bytes, "generic")
	if not list then
		return nil, err, text
	end
	local found = attributes.parse(specs.control, list[1].payload, GENERIC + 1)
	return { id = found.family_id, name = found.family_name, version = found.version,
		groups = found.mcast_groups or {} }
end

-- generic(family's id, command, version, flags, spec, values) - a list of tables
function M.generic(id, command, version, flags, spec, values)
	local list, err, text = M.request(nil, id, flags, string.pack("=I1I1I2", command, version or 1, 0)
		.. attributes.build(spec, values or {}), "generic")
	local out = {}
	for i, message in ipairs(list or {}) do
		out[i] = attributes.parse(spec, message.payload, GENERIC + 1)
	end
	return list and out, err, text
end

-- Routes, neighbours and rules; what reads like ip(8), monitors, tun devices; and nftables
for _, name in ipairs { "nl_routes", "nl_objects", "nl_nftables" } do
	for key, value in pairs(require("syscall." .. name)(own)) do
		M[key] = value
	end
end
arguments.guard(M, arguments.functions, "")

return M
