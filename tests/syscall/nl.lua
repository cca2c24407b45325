-- nl.lua - netlink in a network namespace that the test makes: links of all kinds, addresses,
-- routes, neighbours, rules, queues, generic netlink, nftables, monitors

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local number = require("syscall.call").number
local nl, c = S.nl, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

-- Attributes, which need no kernel

local attributes, specs, memory = nl.attributes, nl.specs, S.raw.memory
local bytes = attributes.build(specs.link, { ifname = "x", mtu = 9,
	linkinfo = { "kind", "vlan", "data", { id = 7 } } })
local back = attributes.parse(specs.link, bytes)
is(back.ifname .. back.mtu .. back.linkinfo.kind .. back.linkinfo.data.id, "x9vlan7",
	"attributes there and back, nested ones by their neighbour")
back = attributes.parse(specs.link, attributes.attribute(4, "\1\2") .. attributes.attribute(4000,
	"z"))
is(back.mtu .. back[4000], "\1\2z", "one too short and one unknown are kept as bytes")
is(next(attributes.parse(specs.link, "\255\255\0\0")), nil, "one that is not whole is none")
is(attributes.parse(specs.link, attributes.build(specs.link, { linkinfo = { kind = "none",
	data = "abc" } })).linkinfo.data, "abc", "data of a kind that nobody knows is bytes")
raises(function() attributes.build(specs.link, { mtuu = 1 }) end, "did you mean \"MTU\"?",
	"a wrong attribute")
raises(function() attributes.build(specs.link, { mtu = 1 << 32 }) end, "mtu: a number of 32 bits",
	"a value too large")
is(attributes.build(specs.route, { via = S.t.in6_addr "fe80::1" }),
	attributes.attribute(S.c.RTA.VIA, string.pack("=I2", 10) .. memory.string(S.t.in6_addr "fe80::1")),
	"a gateway of another family is its family and address")
raises(function() attributes.build(specs.route, { dst = "x" }) end, "an address expected",
	"no address")

local outside = check.open_fds()
local outer = assert(S.open("/proc/self/ns/net", "cloexec"))
local made, why = S.raw.call(number "unshare", c.CLONE "newuser, newnet")
if not made then
	outer:close()
	tap.skip("netlink", "host: unshare() says " .. tostring(why))
	tap.done()
end
local before = check.open_fds()

-- A kind of link that this kernel lacks is left out.
local function kind(name, values)
	local done, err, text = nl.newlink(values)
	if not done and (err.OPNOTSUPP or err.NOENT) and (text or ""):find "Unknown device type"
		or err and err.OPNOTSUPP then
		tap.skip(name, "host: the kernel has no " .. name)
		return nil
	end
	ok(done, name .. " is made", err, text)
	return nl.interface(values.name)
end

-- Interfaces

is(nl.getlink().lo.index, 1, "getlink(): by name")
local all = assert(nl.interfaces())
ok(all.lo and all.lo.index == 1 and all[1].name == "lo",
	"interfaces(): loopback, by name and place")
ok(all.lo.flags.loopback and not all.lo.flags.up, "with flags")
local lo = assert(all.lo:up())
ok(lo.flags.up and lo.flags.running, "up()")
is(tostring(lo.inet[1].addr) .. "/" .. lo.inet[1].prefixlen, "127.0.0.1/8", "its address")
is(tostring(lo.inet6[1] and lo.inet6[1].addr or "::1"), "::1", "and that of IPv6")
local text = tostring(nl.interfaces())
ok(text:find("lo        Link encap:Local Loopback", 1, true)
	and text:find("inet addr:127.0.0.1/8", 1, true) and text:find("MTU:65536", 1, true),
	"print() reads like ifconfig", text)
fails(function() return nl.interface "none0" end, "NODEV", "interface(): none of that name")

-- veth, with its peer in another namespace

local veth = kind("veth", { name = "v0", kind = "veth", mtu = 1400, macaddr = "02:00:00:00:00:01",
	peer = { name = "v1", macaddr = "02:00:00:00:00:02" } })
if veth then
	is(tostring(veth.macaddr) .. veth.mtu .. veth.kind, "02:00:00:00:00:011400veth",
		"with mac, mtu, kind")
	local peer = nl.interface "v1"
	is(peer.link, veth.index, "joined with its peer")
	ok(veth:up() and peer:up() and veth:refresh().flags.running, "both up")
	ok(veth:setmtu(1300).mtu == 1300 and tostring(veth:setmac("02:00:00:00:00:03").macaddr)
		== "02:00:00:00:00:03", "setmtu() and setmac()")
	ok(veth:address("10.1.0.1/24", { broadcast = "10.1.0.255" }), "address()")
	is(tostring(veth.inet[1].addr) .. " " .. tostring(veth.inet[1].broadcast), "10.1.0.1 10.1.0.255",
		"which it has")
	ok(veth:address "fd00::1/64" and #veth.inet6 > 0, "an IPv6 address")
	local has, err = nl.newaddr("v0", "10.1.0.1/24")
	ok(has == nil and err.EXIST, "newaddr(): there already")
	fails(function() return nl.deladdr("v0", "10.9.9.9/8") end, "ADDRNOTAVAIL",
		"deladdr(): has it not")
	ok(nl.newaddr(veth.index, "inet", 24, "", "local", S.t.in_addr "10.2.0.1", "address",
		S.t.in_addr "10.2.0.1"), "newaddr() as in ljsyscall")
	ok(nl.deladdr(veth, "inet", 24, "local", S.t.in_addr "10.2.0.1")
		and nl.newaddr(veth, "inet", 24, 0, "local", S.t.in_addr "10.2.0.1"), "also of an object")
	ok(not all.v0 and all:refresh() == all and all.v0.index == veth.index,
		"refresh() of a list changes it")
	ok(#nl.routes("inet", "unspec") > #nl.routes "inet", "routes() of all types")
	local local_route = nl.routes("inet", "local"):match "10.1.0.1/32"[1]
	is(local_route.output .. " " .. tostring(local_route.source) .. " " .. local_route.oif,
		"v0 0.0.0.0 " .. veth.index, "ljsyscall's names of its fields")
	ok(veth:refresh() and #veth.inet == 2 and veth:deladdress "10.2.0.1/24" and #veth.inet == 1,
		"deladdress()")
	raises(function() nl.newaddr("v0", "10.1.0/24") end, "newaddr: an address expected", "no address")
	raises(function() nl.newaddr("v0", "10.1.0.1/33") end, "at most 32 bits", "a prefix too long")
	ok(peer:down() and peer:rename "v9" and nl.interface("v9").index == peer.index, "rename()")
	peer:up()

	-- Routes

	ok(nl.newroute { dst = "10.5.0.0/16", via = "10.1.0.2" }, "a route through a gateway")
	ok(nl.newroute { dst = "10.6.0.0/16", dev = "v0", metric = 5, src = "10.1.0.1" },
		"through a device")
	ok(nl.newroute { dst = "default", via = "10.1.0.9" }, "the default route")
	ok(nl.newroute { dst = "10.7.0.0/16", multipath = { { via = "10.1.0.2", dev = "v0", weight = 3 },
		{ via = "10.1.0.3", dev = "v0" } } }, "one of several hops")
	ok(nl.newroute { dst = "fd01::/32", via = "fd00::2", dev = "v0" }, "one of IPv6")
	ok(nl.newroute { dst = "10.8.0.0/16", type = "blackhole", table = 5000 }, "in a table of its own")
	ok(nl.newroute("create", { family = "inet", dst_len = 24, table = "main", type = "unicast",
		protocol = "static", scope = "link" }, "dst", S.t.in_addr "10.11.0.0", "oif", veth.index),
		"newroute() as in ljsyscall")
	local routes = assert(nl.routes())
	local one = routes:match("10.5.0.0/16")[1]
	is(tostring(one.gw) .. " " .. one.dst_len .. " " .. one.output .. " " .. one.oif,
		"10.1.0.2 16 v0 " .. veth.index, "match() finds one")
	is(tostring(routes:match("10.6.0.0/16")[1]), "10.6.0.0/16 dev " .. veth.index
		.. " src 10.1.0.1 metric 5", "and tostring() reads like ip")
	is(tostring(routes:match("default")[1].gateway), "10.1.0.9", "default")
	local hops = routes:match("10.7.0.0/16")[1].multipath
	is(#hops .. hops[1].weight .. tostring(hops[2].gateway), "2310.1.0.3",
		"the hops and their weights")
	is(nl.getroute("inet", 0, 0)[1] ~= nil, true, "getroute()")
	ok(tostring(routes):find("default via 10.1.0.9 dev v0", 1, true), "a list with names of devices")
	ok(nl.delroute { dst = "10.5.0.0/16", via = "10.1.0.2" }, "delroute()")
	is(#routes:refresh():match "10.5.0.0/16", 0, "refresh()")
	fails(function() return nl.delroute { dst = "10.5.0.0/16", via = "10.1.0.2" } end, "SRCH",
		"delroute(): there is none")
	local none, refused, said = nl.newroute { dst = "10.5.0.0/16", via = "172.16.0.1" }
	ok(none == nil and refused.NETUNREACH and said == "Nexthop has invalid gateway",
		"newroute(): the kernel's own words", tostring(refused), said)

	-- Neighbours

	ok(nl.newneigh("v0", { dst = "10.1.0.7", lladdr = "02:00:00:00:00:07", state = "permanent" }),
		"newneigh()")
	local found
	for _, neighbour in ipairs(nl.getneigh "v0") do
		found = tostring(neighbour.dst) == "10.1.0.7" and neighbour or found
	end
	is(tostring(found.lladdr) .. found.header.state, "02:00:00:00:00:07128", "getneigh()")
	ok(nl.delneigh("v0", { dst = "10.1.0.7" }), "delneigh()")
	fails(function() return nl.delneigh("v0", { dst = "10.1.0.7" }) end, "NOENT",
		"delneigh(): there is none")
	fails(function() return nl.newneigh("none0", {}) end, "NODEV", "newneigh(): no such device")

	-- Queues

	if nl.newqdisc("v0", { kind = "fq_codel", handle = "1:", options = { limit = 100 } }) then
		local queue = nl.getqdisc("v0")[1]
		is(queue.kind .. queue.options.limit .. queue.header.handle, "fq_codel10065536", "getqdisc()")
		ok(nl.delqdisc "v0", "delqdisc()")
	else
		tap.skip("newqdisc()", "host: the kernel has no fq_codel")
	end
	local fifo, why_not, said_so = nl.newqdisc("v0", { kind = "pfifo", handle = "2:",
		options = string.pack("=I4", 77) })
	if fifo then
		is(nl.getqdisc("v0")[1].options, string.pack("=I4", 77), "options of another kind are bytes")
		ok(nl.delqdisc "v0", "and it is taken away")
	else
		tap.skip("pfifo", "host: " .. tostring(why_not) .. " " .. tostring(said_so))
	end
	local bad = { nl.newqdisc("v0", { kind = "none" }) }
	ok(bad[1] == nil and bad[2].NOENT, "newqdisc(): no such kind")
	fails(function() return nl.getqdisc "none0" end, "NODEV", "getqdisc(): no such device")
	fails(function() return nl.delqdisc("none0") end, "NODEV", "delqdisc(): no such device")

	-- Another namespace: its socket, and a link that is moved there

	local here = assert(nl.socket())
	local home = assert(S.open("/proc/self/ns/net", "cloexec"))
	assert(S.raw.call(number "unshare", c.CLONE.NEWNET))
	local there = assert(S.open("/proc/self/ns/net", "cloexec"))
	is(#nl.interfaces() < #nl.on(here).interfaces(), true,
		"on(): functions on a socket of another namespace")
	ok(nl.on(here).newlink { name = "p0", kind = "veth", peer = { name = "p1", netns = there } },
		"a veth whose peer is born elsewhere")
	ok(nl.interface "p1", "where it is seen")
	local moved = nl.on(here).interface "v9"
	ok(nl.on(here).setlink(moved.index, { netns = there }) and nl.interface "v9",
		"one that moves there")
	ok(nl.interface("v9"):move_ns(home) and not nl.interface "v9", "and back: move_ns()")
	assert(S.raw.call(number "setns", home, c.CLONE.NEWNET))
	raises(function() nl.on(here).newaddr("v0", "10.1/8") end, "an address expected",
		"errors pass through on()")
	here:close()
	home:close()
	there:close()
end

-- Other kinds

local bridge = kind("bridge", { name = "br0", kind = "bridge", data = { stp_state = 1,
	vlan_filtering = 1 } })
if bridge then
	is(bridge.data.stp_state .. bridge.data.vlan_filtering, "11", "with data")
	if veth then
		veth:setmaster "br0"
		is(veth.master, bridge.index, "setmaster()")
		is(veth.attributes.linkinfo.slave_kind .. veth.attributes.linkinfo.slave_data.state, "bridge3",
			"which shows in the port")
		veth:setmaster()
	end
end
local base = kind("dummy", { name = "d0", kind = "dummy", up = true }) and "d0" or veth and "v0"
if base then
	local vlan = kind("vlan", { name = "d0.7", kind = "vlan", link = base, data = { id = 7 } })
	if vlan then
		is(vlan.data.id, 7, "vlan: its number")
		local other = nl.create_interface { name = "d0.8", type = "vlan", link = base, id = 8 }
		ok(other.data.id == 8 and other:delete(), "create_interface() and delete()")
	end
	local macvlan = kind("macvlan", { name = "mv0", kind = "macvlan", link = base,
		data = { mode = "bridge" } })
	if macvlan then
		is(macvlan.data.mode, c.MACVLAN_MODE.BRIDGE, "macvlan: its mode")
		local other = nl.create_interface { name = "mv1", type = "macvlan", link = base,
			mode = "private" }
		ok(other.data.mode == c.MACVLAN_MODE.PRIVATE and other:delete() and not nl.interface "mv1",
			"create_interface() and delete()")
	end
	local ipvlan = kind("ipvlan", { name = "iv0", kind = "ipvlan", link = base,
		data = { mode = "l3" } })
	if ipvlan then
		is(ipvlan.data.mode, c.IPVLAN_MODE.L3, "ipvlan: its mode")
	end
end
local vxlan = kind("vxlan", { name = "vx0", kind = "vxlan", data = { id = 42, port = 4789,
	["local"] = "127.0.0.1" } })
if vxlan then
	is(vxlan.data.id .. " " .. vxlan.data.port .. " " .. tostring(vxlan.data["local"]),
		"42 4789 127.0.0.1", "vxlan: its data")
end
local tun, name = nl.tun("tun7", "tun, no_pi")
if tun then
	ok(name == "tun7" and nl.interface(name).flags.pointopoint, "tun() makes a device")
	is(nl.interface(name).kind, "tun", "which says so")
	ok(tun:close() and not nl.interface(name), "and closing it takes it away")
	fails(function() return nl.tun("lo") end, "INVAL", "tun(): a name that is taken")
else
	tap.skip("tun", "host: no /dev/net/tun (" .. tostring(name) .. ")")
end
raises(function() nl.tun(("x"):rep(16)) end, "#1 to 'tun'", "tun(): a name too long")
ok(nl.newlink(0, "create", 0, 0, "linkinfo", { "kind", "veth" }, "ifname", "old0")
	and nl.dellink(0, "ifname", "old0") or not veth, "newlink() and dellink() as in ljsyscall")
local none, err, said = nl.newlink { name = "x0", kind = "nonesuch" }
ok(none == nil and err.OPNOTSUPP and said == "Unknown device type", "newlink(): no such kind")
fails(function() return nl.dellink "none0" end, "NODEV", "dellink(): no such link")
fails(function() return nl.setlink("none0", { up = true }) end, "NODEV", "setlink(): no such link")
fails(function() return nl.interface("lo"):rename "a/b" end, "INVAL",
	"rename(): no name of a device")

-- Rules

if nl.newrule { from = "10.3.0.0/16", table = 77, priority = 100 } then
	local rule
	for _, one in ipairs(nl.getrule "inet") do
		rule = one.priority == 100 and one or rule
	end
	is(tostring(rule.src) .. rule.header.src_len .. rule.table, "10.3.0.01677", "getrule()")
	ok(nl.delrule { from = "10.3.0.0/16", table = 77, priority = 100 }, "delrule()")
	fails(function() return nl.delrule { priority = 100, table = 77 } end, "NOENT", "delrule(): none")
else
	tap.skip("rules", "host: the kernel has no rules of routing")
end
raises(function() nl.newrule() end, "#1 to 'newrule' (a table", "newrule(): no table")

-- Generic netlink

local family = assert(nl.family "nlctrl")
ok(family.id == 16 and family.groups.notify, "family(): number and groups")
local list = nl.generic(family.id, c.CTRL_CMD.GETFAMILY, 2, "dump", specs.control)
ok(#list > 0 and list[1].family_name, "generic(): a dump")
fails(function() return nl.family "nonesuch" end, "NOENT", "family(): none of that name")
fails(function() return nl.generic(16, 250, 1, 0, specs.control) end, "OPNOTSUPP",
	"generic(): no such command")

-- A monitor

do
	local monitor <close> = assert(nl.monitor "link, ipv4_ifaddr, ipv4_route")
	assert(lo:address "127.9.0.1/32")
	local seen = {}
	for event in monitor:events "dontwait" do
		seen[event.event] = event
	end
	is(seen.newaddr and tostring(seen.newaddr["local"]), "127.9.0.1", "a monitor tells of addresses")
	ok(seen.newroute and tostring(seen.newroute.dst) == "127.9.0.1", "and of routes")
	local nothing, again = monitor:next "dontwait"
	ok(nothing == nil and again.AGAIN, "and when nothing has come")
end
fails(function() return nl.socket("route", S.t.sockaddr_nl(-1 & 0xffffffff, 0)) and nil,
	S.t.error(c.E.ADDRINUSE) end, "ADDRINUSE", "socket(): bound to a number")
fails(function() return nl.socket(99) end, "PROTONOSUPPORT", "socket(): no such protocol")

-- nftables

local batch = nl.nftables()
batch:table("inet", "t")
batch:chain("inet", "t", "in", { type = "filter", hook = "input", priority = -5,
	policy = "accept" })
batch:rule("inet", "t", "in", {
	{ "meta", { key = "iifname", dreg = 1 } },
	{ "cmp", { sreg = 1, op = "eq", data = "lo" .. ("\0"):rep(14) } },
	{ "counter" }, { "immediate", { verdict = "accept" } },
})
local committed, refused, words = batch:commit()
if committed then
	ok(true, "a batch is committed")
	is(nl.nftables_list("table", "inet")[1].name, "t", "its table")
	local chain = nl.nftables_list("chain", "inet")[1]
	is(chain.name .. chain.hook.hooknum .. chain.type, "in1filter", "its chain")
	local rule = nl.nftables_list("rule", "inet", { table = "t" })[1]
	is(#rule.expressions .. rule.expressions[1].name .. rule.expressions[3].data.packets, "4meta0",
		"its rule and the expressions")
	local failed = nl.nftables()
	failed:table("inet", "u")
	failed:chain("inet", "none", "x")
	local done, error_object, message = failed:commit()
	ok(done == nil and error_object.NOENT and message:find("message 2", 1, true),
		"a batch that is refused tells where", tostring(error_object), message)
	is(#nl.nftables_list("table", "inet"), 1, "and nothing of it is done")
	ok(nl.nftables():set("inet", "t", "s", { key_type = 7, key_len = 4 }, { "\1\2\3\4" }):commit(),
		"a set with an element")
	ok(nl.nftables():delrule("inet", "t", "in", rule.handle):commit(), "a rule is taken away")
	ok(nl.nftables():deltable("inet", "t"):commit() and #nl.nftables_list "table" == 0,
		"and all of it")
else
	tap.skip("nftables", "host: " .. tostring(refused) .. " " .. tostring(words))
end
ok(nl.nftables():commit() or not committed, "an empty batch")
raises(function() nl.nftables_list "tabel" end, "no kind \"tabel\"", "a wrong kind")
raises(function() nl.nftables():chain("inet", "t", "c", { hook = "inputt" }) end, "no NF_INET",
	"a wrong hook")

is(check.open_fds(), before, "no fd is left open")
outer:close()
is(check.open_fds(), outside, "nor the first namespace")
tap.done()
