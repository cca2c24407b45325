-- nl_objects.lua - interfaces and routes as objects, monitors as iterators, tun devices
--
-- An interface has the fields of its link (name, index, mtu, macaddr, flags.up …), its addresses in
-- .inet and .inet6, and methods that change it and read it again; tostring() reads like
-- ifconfig(8).

local raw = require "syscall.raw"
local call = require "syscall.call"
local errors = require "syscall.errors"
local constants = require "syscall.constants"
local lists = require "syscall.lists"
local types = require "syscall.types.nl"
local attributes = require "syscall.nl_attributes"
local specs = require "syscall.nl_specs"
local addresses = require "syscall.types.addresses"

local c = constants.c
local check = call.check
local memory = raw.memory

return function(nl)
	local M = {}

	-- Names that ifconfig(8) prints for what a link carries.
	M.encapnames = {
		[c.ARPHRD.ETHER] = "Ethernet", [c.ARPHRD.LOOPBACK] = "Local Loopback",
		[c.ARPHRD.PPP] = "Point-to-Point Protocol", [c.ARPHRD.TUNNEL] = "IPIP Tunnel",
		[c.ARPHRD.SIT] = "IPv6-in-IPv4", [c.ARPHRD.NONE] = "UNSPEC",
	}

	-- flags.up, flags.running …
	local flags_metatable = {
		__index = function(flags, name)
			return flags.value & c.IFF[name] ~= 0
		end,
		__tostring = function(flags)
			return (constants.names("IFF", flags.value):gsub(",", ""))
		end,
	}

	-- @self with what @fresh has, or that reading it again failed.
	local function become(self, fresh, err, text)
		if not fresh then
			return nil, err, text
		end
		for key in pairs(self) do
			self[key] = nil
		end
		for key, value in pairs(fresh) do
			self[key] = value
		end
		return self
	end

	-- Interfaces

	local methods = {}

	local function size_of(bytes)
		local unit, value = 1, bytes
		local units = { "B", "KiB", "MiB", "GiB", "TiB" }
		while value >= 1024 and unit < #units do
			unit, value = unit + 1, value / 1024
		end
		return ("%.1f %s"):format(value, units[unit])
	end

	local function show(self)
		local lines = { ("%-9s Link encap:%s%s"):format(self.name,
			M.encapnames[self.type] or self.typename, self.macaddr and "  HWaddr "
			.. tostring(self.macaddr) or "") }
		for _, address in ipairs(self.inet) do
			lines[#lines + 1] = ("inet addr:%s/%d%s"):format(tostring(address.addr),
				address.prefixlen, address.broadcast and "  Bcast:" .. tostring(address.broadcast) or "")
		end
		for _, address in ipairs(self.inet6) do
			lines[#lines + 1] = ("inet6 addr: %s/%d  Scope:%s"):format(tostring(address.addr),
				address.prefixlen, (constants.name("RT_SCOPE", address.scope) or address.scope):lower())
		end
		lines[#lines + 1] = ("%s  MTU:%d"):format(tostring(self.flags), self.mtu)
		local s = self.stats
		if s then
			lines[#lines + 1] = ("RX packets:%d errors:%d dropped:%d"):format(s.rx_packets, s.rx_errors,
				s.rx_dropped)
			lines[#lines + 1] = ("TX packets:%d errors:%d dropped:%d"):format(s.tx_packets, s.tx_errors,
				s.tx_dropped)
			lines[#lines + 1] = ("RX bytes:%d (%s)  TX bytes:%d (%s)"):format(s.rx_bytes,
				size_of(s.rx_bytes), s.tx_bytes, size_of(s.tx_bytes))
		end
		return table.concat(lines, "\n          ") .. "\n"
	end

	local interface_metatable = { __index = methods, __tostring = show, __name = "interface" }

	-- The fields of @self from a decoded link.
	local function fill(self, link)
		for key in pairs(self) do
			self[key] = nil
		end
		local header = link.header
		self.attributes = link
		self.name, self.index, self.type = link.ifname, header.index, header.type
		self.family = header.family
		self.typename = constants.name("ARPHRD", header.type) or tostring(header.type)
		self.flags = setmetatable({ value = header.flags }, flags_metatable)
		self.change, self.mtu = header.change, link.mtu or 0
		self.macaddr = raw.ismemory(link.address) and link.address or nil
		self.addrlen = raw.ismemory(link.address) and memory.size(link.address)
			or #(link.address or "")
		self.broadcast, self.link, self.master = link.broadcast, link.link, link.master
		self.qdisc, self.stats = link.qdisc, link.stats64 or link.stats
		self.kind = link.linkinfo and link.linkinfo.kind
		self.data = link.linkinfo and link.linkinfo.data
		self.operstate = link.operstate
		self.inet, self.inet6 = {}, {}
		return setmetatable(self, interface_metatable)
	end

	local function add_address(self, one)
		local list = one.header.family == c.AF.INET and self.inet or self.inet6
		list[#list + 1] = { addr = one["local"] or one.address, prefixlen = one.header.prefixlen,
			broadcast = one.broadcast, label = one.label, scope = one.header.scope,
			flags = one.flags or one.header.flags, peer = one.address }
	end

	-- interfaces() - a list, and by name; tostring() of it is all of them
	function M.interfaces()
		local links, err, text = nl.getlink()
		if not links then
			return nil, err, text
		end
		local list, by_index = {}, {}
		for i, link in ipairs(links) do
			list[i] = fill({}, link)
			by_index[list[i].index] = list[i]
		end
		local all
		all, err, text = nl.getaddr()
		if not all then
			return nil, err, text
		end
		for _, one in ipairs(all) do
			if by_index[one.header.index] then
				add_address(by_index[one.header.index], one)
			end
		end
		for _, one in ipairs(table.move(list, 1, #list, 1, {})) do
			list[one.name] = one
		end
		return setmetatable(list, {
			__tostring = lists.lines,
			__index = { refresh = function(self)
				return become(self, M.interfaces())
			end },
		})
	end

	-- interface(name or index)
	function M.interface(device)
		local link, err, text = nl.getlink(device)
		if not link then
			return nil, err, text
		end
		local self = fill({}, link)
		local all
		all, err, text = nl.getaddr()
		for _, one in ipairs(all or {}) do
			if one.header.index == self.index then
				add_address(self, one)
			end
		end
		return all and self, err, text
	end

	-- Reads @self again.
	function methods.refresh(self)
		return become(self, M.interface(self.index))
	end

	local function set(self, values)
		local done, err, text = nl.link_of(values, 0, self.index)
		if not done then
			return nil, err, text
		end
		return self:refresh()
	end

	function methods.up(self)
		return set(self, { up = true })
	end

	function methods.down(self)
		return set(self, { up = false })
	end

	function methods.setflags(self, flags, changed)
		return set(self, { flags = flags, change = changed })
	end

	function methods.setmtu(self, mtu)
		return set(self, { mtu = mtu })
	end

	function methods.setmac(self, macaddr)
		return set(self, { macaddr = macaddr })
	end

	function methods.rename(self, name)
		return set(self, { name = name })
	end

	function methods.setmaster(self, master)
		return set(self, { master = master or 0 })
	end

	-- address("10.0.0.1/24" [, values])
	function methods.address(self, text, values)
		local done, err, said = nl.newaddr(self.index, text, values)
		if not done then
			return nil, err, said
		end
		return self:refresh()
	end

	function methods.deladdress(self, text)
		local done, err, said = nl.deladdr(self.index, text)
		if not done then
			return nil, err, said
		end
		return self:refresh()
	end

	function methods.delete(self)
		return nl.dellink(self.index)
	end

	-- move_ns(fd or pid) - into another network namespace, where it is no longer seen from here
	function methods.move_ns(self, netns)
		return nl.link_of({ netns = netns }, 0, self.index)
	end

	-- create_interface { name =, type =, link =, id =, … }: what has a place in the kind's data
	-- goes there
	function M.create_interface(values)
		local kind = values.type or values.kind
		local spec, out = specs.kinds[kind] or {}, {}
		for key, value in pairs(values) do
			if kind ~= "veth" and rawget(spec, tostring(key):upper()) and key ~= "link" then
				out.data = out.data or {}
				out.data[key] = value
			else
				out[key] = value
			end
		end
		local done, err, text = nl.link_of(out, "create, excl")
		if not done then
			return nil, err, text
		end
		return values.netns and true or M.interface(values.name)
	end

	function M.iplink(values)
		return nl.link_of(values, "create, excl")
	end

	-- Routes

	local route_methods = {}
	local names_of -- index → name, while a list is printed

	local function show_route(self)
		local parts = { self.dst and ("%s/%d"):format(tostring(self.dst), self.dst_len) or "default" }
		if self.gateway or self.via then
			parts[#parts + 1] = "via " .. tostring(self.gateway or self.via)
		end
		if self.oif then
			parts[#parts + 1] = "dev " .. (names_of and names_of[self.oif] or self.oif)
		end
		for _, hop in ipairs(self.multipath or {}) do
			parts[#parts + 1] = ("nexthop %s dev %s weight %d"):format(
				hop.gateway and "via " .. tostring(hop.gateway) or "",
				names_of and names_of[hop.ifindex] or hop.ifindex, hop.weight)
		end
		if self.prefsrc then
			parts[#parts + 1] = "src " .. tostring(self.prefsrc)
		end
		if self.priority then
			parts[#parts + 1] = "metric " .. self.priority
		end
		return table.concat(parts, " ")
	end

	local other_names = { dest = "dst", source = "src", gw = "gateway", output = "oif", input = "iif" }

	local route_metatable = {
		__tostring = show_route,
		-- ljsyscall's names: of what ip(8) calls otherwise, devices by name, and no address as one
		__index = function(self, key)
			local value = rawget(self, other_names[key] or key)
			if (key == "output" or key == "input") and value then
				local link = nl.getlink(value)
				return link and link.ifname or value
			elseif (key == "dest" or key == "source") and not value then
				return self.family == c.AF.INET6 and addresses.in6_addr() or addresses.in_addr()
			end
			return value
		end,
	}

	local function route_of(one)
		for _, name in ipairs { "family", "dst_len", "src_len", "tos", "protocol", "scope", "type" } do
			one[name] = one.header[name]
		end
		one.table = one.table or one.header.table
		return setmetatable(one, route_metatable)
	end

	-- routes([family [, type]]) - the unicast ones, or those of that type ("unspec": all), of all
	-- tables: .table tells
	function M.routes(af, kind)
		local number = c.RTN[kind or "unicast"]
		local list, err, text = nl.getroute(af or "inet", number)
		if not list then
			return nil, err, text
		end
		local out = {}
		for _, one in ipairs(list) do
			if number == 0 or one.header.type == number then
				out[#out + 1] = route_of(one)
			end
		end
		return setmetatable(out, {
			__index = route_methods,
			__tostring = function(self)
				names_of = {}
				for _, link in ipairs(nl.getlink() or {}) do
					names_of[link.header.index] = link.ifname
				end
				local shown = lists.lines(self)
				names_of = nil
				return shown
			end,
			af = af, kind = kind,
		})
	end

	-- Those whose destination is "1.2.3.0/24" (or "default").
	function route_methods.match(self, text)
		local out = {}
		local address, _, length
		if text ~= "default" then
			address, _, length = nl.prefix(text, "match")
		end
		for _, one in ipairs(self) do
			local dst = rawget(one, "dst")
			if one.dst_len == (length or 0) and (not address and not dst
				or address and dst and tostring(dst) == tostring(address)) then
				out[#out + 1] = one
			end
		end
		return setmetatable(out, getmetatable(self))
	end

	function route_methods.refresh(self)
		local metatable = getmetatable(self)
		return become(self, M.routes(metatable.af, metatable.kind))
	end

	-- Monitors

	local of_message = {}
	for _, row in ipairs {
		{ "LINK", types.ifinfomsg, specs.link }, { "ADDR", types.ifaddrmsg, specs.addr },
		{ "ROUTE", types.rtmsg, specs.route }, { "NEIGH", types.ndmsg, specs.neigh },
		{ "RULE", types.fib_rule_hdr, specs.rule }, { "QDISC", types.tcmsg, specs.queue },
	} do
		for _, verb in ipairs { "NEW", "DEL" } do
			of_message[c.RTM[verb .. row[1]]] = { event = (verb .. row[1]):lower(), header = row[2],
				spec = row[3] }
		end
	end

	local monitor_methods = {}
	local monitor_metatable = { __index = monitor_methods }

	-- monitor(groups [, socket's flags]) - groups by name: "link, ipv4_ifaddr, ipv4_route". It is
	-- closed by close() or as a variable with <close>.
	function M.monitor(groups)
		local fd, err = nl.socket("route", { groups = groups or "link" })
		if not fd then
			return nil, err
		end
		return setmetatable({ fd = fd, waiting = {} }, monitor_metatable)
	end

	-- The next event: { event = "newlink", header =, attributes by name }. A kernel that had no
	-- room for all says { event = "overrun" }: what is known must be asked for again. nil, err
	-- where the socket does not wait and nothing has come.
	function monitor_methods.next(self, flags)
		while #self.waiting == 0 do
			local messages, err = nl.read(self.fd, flags)
			if not messages then
				if err.NOBUFS then
					return { event = "overrun" }
				end
				return nil, err
			end
			for _, message in ipairs(messages) do
				local kind = of_message[message.type]
				if kind then
					local one = nl.decode({ message }, kind.header, kind.spec)[1]
					one.event = kind.event
					self.waiting[#self.waiting + 1] = one
				end
			end
		end
		return table.remove(self.waiting, 1)
	end

	-- for event in monitor:events([flags]) do; with "dontwait" until nothing more has come
	function monitor_methods.events(self, flags)
		return function()
			return (monitor_methods.next(self, flags))
		end
	end

	function monitor_methods.close(self)
		return self.fd:close()
	end

	function monitor_metatable.__close(self)
		self.fd:close()
	end

	-- Tun devices, which /dev/net/tun makes and netlink only shows

	-- tun([name [, flags]]) - an fd and the device's name; flags are "tun" or "tap", with "no_pi",
	-- "vnet_hdr", "multi_queue". The device lives as long as the fd.
	function M.tun(name, flags)
		local files = require "syscall"
		name = check.path("tun", 1, name or "")
		if #name > 15 then
			errors.complain("tun", 1, "a name of at most 15 bytes", name)
		end
		local fd, err = files.open("/dev/net/tun", "rdwr, cloexec")
		if not fd then
			return nil, err
		end
		local request = files.t.ifreq { name = name }
		memory.u16(request, 16, c.IFF_TUN[flags or "tun, no_pi"])
		local done
		done, err = fd:ioctl("TUNSETIFF", request)
		if not done then
			fd:close()
			return nil, err
		end
		return fd, request.name
	end

	-- Names of nested attributes that a monitor or a dump brought as bytes
	M.parse = attributes.parse

	return M
end
