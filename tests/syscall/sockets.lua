-- sockets.lua - addresses, sockets, messages with descriptors and credentials, options

package.path = "tests/lib/?.lua;" .. package.path
local tap = require "tap"
local check = require "calls"
local S = require "syscall"
local t, c = S.t, S.c
local ok, is, fails, raises = tap.ok, tap.is, check.fails, check.raises

local before = check.open_fds()
local dir, remove = check.scratch()

-- Addresses

is(tostring(t.in_addr "1.2.3.4"), "1.2.3.4", "an IPv4 address from text and back")
is(t.in_addr("loopback").s_addr, 0x7f000001, "by name")
is(tostring(t.in_addr(0x0a000001)), "10.0.0.1", "from a number")
is(S.raw.memory.string(t.in_addr "1.2.3.4"), "\1\2\3\4", "its bytes are in network order")
local mask, broadcast = t.in_addr("192.168.7.9"):get_mask_bcast(24)
is(tostring(mask) .. " " .. tostring(broadcast), "255.255.255.0 192.168.7.255",
	"mask and broadcast")
raises(function() t.in_addr "1.2.3" end, "in_addr: an address expected, got \"1.2.3\"",
	"three numbers")
raises(function() t.in_addr "1.2.3.256" end, "in_addr", "a byte over 255")
for text, want in pairs {
	["::"] = "::", ["::1"] = "::1", ["fe80::1"] = "fe80::1", any = "::", loopback = "::1",
	["2001:db8:0:0:1:0:0:1"] = "2001:db8::1:0:0:1", ["1:2:3:4:5:6:7:8"] = "1:2:3:4:5:6:7:8",
	["1::"] = "1::", ["::ffff:1.2.3.4"] = "::ffff:1.2.3.4", ["1:0:3:4:5:6:7:8"] = "1:0:3:4:5:6:7:8",
} do
	is(tostring(t.in6_addr(text)), want, "the IPv6 address " .. text)
end
for _, text in ipairs { "1:2:3:4:5:6:7", "1::2::3", "12345::", ":1", "1:2:3:4:5:6:7:8::", "g::" } do
	raises(function() t.in6_addr(text) end, "in6_addr", "no IPv6 address: " .. text)
end
is(tostring(t.macaddr "02:00:0a:ff:00:01"), "02:00:0a:ff:00:01", "a MAC address")
raises(function() t.macaddr "02:00" end, "macaddr", "and one too short")

local addr = t.sockaddr_in(80, "127.0.0.1")
is(tostring(addr) .. " " .. addr.family, "127.0.0.1:80 2", "an IPv4 socket address")
is(addr.sin_addr.s_addr .. " " .. #addr, "2130706433 16", "C's names and its length")
is(tostring(t.sockaddr_in { port = 1, addr = "any" }), "0.0.0.0:1", "from a table")
is(tostring(t.sockaddr_in6(443, "fe80::2", 0, 3)), "[fe80::2%3]:443", "an IPv6 one with a scope")
is(#t.sockaddr_un "/tmp/x", 9, "a unix address is as long as its name and a NUL")
ok(t.sockaddr_un("\0abc").abstract and t.sockaddr_un("\0abc").name == "abc", "an abstract one")
raises(function() t.sockaddr_un(("x"):rep(109)) end, "at most 108 bytes", "a path too long")
is(t.sockaddr_nl(7, "link, ipv4_route").groups, 0x41, "netlink groups by name")
local ll = t.sockaddr_ll { protocol = "ip", ifindex = 3, macaddr = "02:00:00:00:00:01" }
is(("%x %d %d %s"):format(ll.protocol, ll.ifindex, ll.halen, tostring(ll.macaddr)),
	"800 3 6 02:00:00:00:00:01", "a link-layer address")
is(tostring(t.sockaddr_vm(1024, c.VMADDR.CID_ANY)), "vsock:4294967295:1024", "vsock")
is(t.sockaddr_alg("hash", "sha256").name, "sha256", "alg")
is(tostring(t.sockaddr { family = "inet", port = 5, addr = "10.0.0.1" }), "10.0.0.1:5",
	"a table with a family")
local storage = t.sockaddr_storage(addr)
is(storage.port .. " " .. #storage .. " " .. tostring(storage), "80 16 127.0.0.1:80",
	"a storage is the address in it")
storage.port = 81
is(storage.port, 81, "also to set")
raises(function() return addr.portt end, "did you mean \"port\"?", "a wrong field")

-- Packets

local ip = t.iphdr { version = 4, ihl = 5, tot_len = 0x54, ttl = 64, protocol = "icmp",
	saddr = "192.168.0.1", daddr = "192.168.0.2" }
ip:checksum()
local sum = 0
for i = 0, 18, 2 do
	sum = sum + S.raw.memory.u16be(ip, i)
end
is((sum >> 16) + (sum & 0xffff), 0xffff, "the checksum of an IP header adds up")
local udp = t.udphdr { source = 1, dest = 2, len = 9 }
ok(udp:checksum(ip, "x") ~= 0 and udp.check ~= 0, "that of UDP")
is(t.ethhdr { dest = "02:00:00:00:00:01", proto = "ipv6" }.proto, 0x86dd, "an Ethernet header")
is(t.ifreq({ name = "lo", flags = "up, running" }).flags, 0x41, "an interface's request")

-- Unix sockets

local path = dir .. "/socket"
local listener = assert(S.socket("unix", "stream, cloexec"))
ok(listener:bind(t.sockaddr_un(path)) and listener:listen(5), "bind() and listen()")
fails(function() return S.bind(listener, t.sockaddr_un(path)) end, "ADDRINUSE", "bound already")
local client = assert(S.socket("unix", "stream"))
fails(function() return client:connect(t.sockaddr_un(path .. "x")) end, "NOENT", "nobody there")
ok(client:connect { family = "unix", path = path }, "connect(), an address from a table")
local server, none, from = listener:accept(t.sockaddr_storage())
ok(server and none == nil and from.unnamed, "accept() gives fd, nil and the peer's address")
is(client:getpeername().name, path, "getpeername()")
ok(server:getsockname().path == path, "getsockname()")
fails(function() return listener:getpeername() end, "NOTCONN", "of one without a peer")
fails(function() return S.getsockname(S.open "/dev/null") end, "NOTSOCK", "of no socket")
is(client:send "hello", 5, "send()")
is(server:recv(nil, 100, "peek"), "hello", "recv() gives text")
local buffer = t.buffer(3)
is(server:recv(buffer), 3, "or fills memory")
is(tostring(buffer), "hel", "with what came")
is(server:recv(nil, 10, "dontwait"), "lo", "and the rest")
fails(function() return server:recv(nil, 10, "dontwait") end, "AGAIN", "nothing more")
local second = assert(S.socket("unix", "stream"))
ok(second:connect { family = "unix", path = path }, "another client")
local accepted = assert(S.accept4(listener, nil, nil, "cloexec"))
is(accepted:fcntl "getfd", S.c.FD.CLOEXEC, "accept4() with a flag")
accepted:close()
fails(function() return second:send("x", nil, "nosignal") end, "PIPE", "send(): nobody listens")
second:close()
ok(client:shutdown "wr" and server:read() == "", "shutdown()")
fails(function() return S.shutdown(S.socket("inet", "stream"), "rd") end, "NOTCONN",
	"of what is not connected")
fails(function() return S.accept(client) end, "INVAL", "accept() where nobody listens")
fails(function() return S.accept4(client) end, "INVAL", "accept4() where nobody listens")
for _, fd in ipairs { client, server, listener } do
	fd:close()
end

raises(function() S.socket "inett" end, "did you mean \"INET\"?", "a wrong domain")
raises(function() S.bind(0) end, "#2 (addr) to 'bind' (an address expected", "no address")
raises(function() S.bind(0, addr, 17) end, "from 0 to 16", "an address longer than its memory")
raises(function() S.connect(0, "x") end, "#2 (addr) to 'connect'", "a text is no address")
do
	local hidden <close> = S.mmap(nil, 8192, "none", "private, anonymous")
	raises(function() S.sendmmsg(0, hidden) end, "to 'sendmmsg' (memory of at least",
		"messages that cannot be read")
	local message = t.msghdr { iov = { "x" } }
	S.raw.memory.u64(message, 16, 4096)
	raises(function() S.sendmsg(0, message) end, "#2 (msg) to 'sendmsg'", "a message with an address")
end
raises(function() S.accept4(0, 1) end, "#2", "memory for an address")
fails(function() return S.socket("inet", "stream", 9999) end, "INVAL", "no such protocol")
fails(function() return S.socketpair("inet", "stream") end, "OPNOTSUPP", "socketpair(): inet")
fails(function() return S.listen(-1) end, "BADF", "listen(): no fd")

-- Datagrams, in a network namespace's worth of loopback: 127.0.0.1 needs none

local one = assert(S.socket("inet", "dgram"))
local two = assert(S.socket("inet", "dgram"))
assert(one:bind(t.sockaddr_in(0, "loopback")) and two:bind(t.sockaddr_in(0, "loopback")))
is(one:sendto("ping", nil, 0, two:getsockname()), 4, "sendto()")
local text, nothing, sender = two:recvfrom(nil, 100)
is(text, "ping", "recvfrom() gives text")
ok(nothing == nil and sender.port == one:getsockname().port, "and the sender's address")
one:sendto("pong", nil, 0, two:getsockname())
is(two:recvfrom(buffer, 3, "trunc", false), 4, "into memory, without the address")
one:sendto("pong", nil, 0, two:getsockname())
is(two:recv(nil, 2, "trunc"), "po", "text is as long as its room, whatever the call tells")
fails(function() return two:recvfrom(nil, 1, "dontwait") end, "AGAIN", "recvfrom(): nothing there")
fails(function() return one:sendto("x", nil, 0, t.sockaddr_in(0, "loopback")) end, "INVAL",
	"sendto(): port 0")
raises(function() one:sendto("x", nil, 0, 5) end, "#5", "sendto(): no address")

-- Messages

is(tostring(t.iovecs { "ab", "cd", { t.buffer(3), 1 } }), "abcd\0", "pieces and all their bytes")
is(#t.iovecs { 100, "x" }, 2, "how many")
is(one:sendmsg { name = two:getsockname(), iov = { "scat", "tered" } }, 9, "sendmsg() from a table")
local message = t.msghdr { name = t.sockaddr_storage(), iov = { 4, 100 }, control = 64 }
is(two:recvmsg(message), 9, "recvmsg()")
is(tostring(message.iov):sub(1, 9), "scattered", "into two pieces")
is(message.name.port .. " " .. message.namelen, one:getsockname().port .. " 16", "with the sender")
raises(function() message.namelen = 1000; two:recvmsg(message) end, "#2 (msg) to 'recvmsg'",
	"a length that is too large")
raises(function() message.namelen = 0; message.iovlen = 3; S.sendmsg(two, message) end,
	"#2 (msg) to 'sendmsg'", "more pieces than there are")
raises(function() two:recvmsg(t.buffer(10)) end, "#2", "memory that is no message")
raises(function() t.msghdr(5) end, "msghdr: a table expected", "a message of a number")
is(one:sendmmsg({
	{ name = two:getsockname(), iov = { "first" } }, { name = two:getsockname(), iov = { "second" } },
}), 2, "sendmmsg()")
local list = t.mmsghdrs { { iov = { 100 } }, { iov = { 100 } }, { iov = { 100 } } }
is(two:recvmmsg(list, "dontwait"), 2, "recvmmsg()")
is(list[1].len .. " " .. list[2].len, "5 6", "with the lengths of each")
is(tostring(list[2].hdr.iov):sub(1, 6), "second", "and their bytes")
fails(function() return two:recvmmsg(list, "dontwait") end, "AGAIN", "recvmmsg(): nothing there")
fails(function() return S.sendmmsg(-1, { { iov = { "x" } } }) end, "BADF", "sendmmsg(): no fd")
fails(function() return S.sendmsg(-1, { iov = { "x" } }) end, "BADF", "sendmsg(): no fd")
fails(function() return S.recvmsg(-1, { iov = { 1 } }) end, "BADF", "recvmsg(): no fd")

-- Descriptors and credentials

local _, _, left, right = S.socketpair("unix", "stream, cloexec")
local function send_fds(...)
	return left:sendmsg { iov = { "x" }, control = t.cmsghdr("socket", "rights", { ... }) }
end
local null = S.open "/dev/null"
is(send_fds(null, left), 1, "descriptors are sent")
local room = t.msghdr { iov = { 1 }, control = 256 }
right:recvmsg(room, "cmsg_cloexec")
local fds = {}
for n, cmsg in room:cmsgs() do
	is(n, 1, "one piece of control data")
	is(cmsg:len() .. " " .. cmsg:datalen() .. " " .. cmsg.cmsg_len, "24 8 24", "its length")
	for fd in cmsg:fds() do
		fds[#fds + 1] = fd
	end
	for fd in cmsg:fds() do
		ok(fd == fds[1] or fd == fds[2], "the same objects each time")
	end
	ok(not cmsg:credentials(), "no credentials")
end
is(#fds, 2, "two arrive")
ok(fds[1]:stat().rdev == null:stat().rdev and fds[2]:stat().issock, "which are what was sent")
local count = check.open_fds()
send_fds(null, null, null)
right:recvmsg(t.msghdr { iov = { 1 }, control = 256 })
is(check.open_fds(), count, "those that nobody took are closed with the message")
send_fds(null)
right:recvmsg(t.msghdr { iov = { 1 } })
is(check.open_fds(), count, "without room none arrives")
raises(function() send_fds "x" end, "cmsghdr: descriptor 1", "no descriptor")
ok(right:setsockopt("socket", "passcred", true), "credentials are asked for")
is(right:getsockopt("socket", "passcred"), 1, "as getsockopt() tells")
left:sendmsg()
room = t.msghdr { iov = { 1 }, control = 256 }
right:recvmsg(room)
for _, cmsg in room:cmsgs() do
	local pid, uid = cmsg:credentials()
	is(pid .. " " .. uid, S.getpid() .. " " .. right:getsockopt("socket", "peercred").uid,
		"credentials arrive")
end
ok(left:sendmsg { iov = { "x" }, control = t.cmsghdr("socket", "credentials",
	{ pid = S.getpid(), uid = left:getsockopt("socket", "peercred").uid,
		gid = left:getsockopt("socket", "peercred").gid }) }, "and are sent")

-- Options

is(one:getsockopt("socket", "type"), c.SOCK.DGRAM, "a number")
ok(one:setsockopt("socket", "reuseaddr", true) and one:getsockopt("socket", "reuseaddr") == 1,
	"a boolean")
ok(one:setsockopt("socket", "rcvtimeo", 1.5) and one:getsockopt("socket", "rcvtimeo").time == 1.5,
	"a time")
ok(one:setsockopt("socket", "linger", { onoff = 1, linger = 3 })
	and one:getsockopt("socket", "linger").linger == 3, "a structure from a table")
is(one:getsockopt("socket", "bindtodevice"), "", "text")
ok(one:setsockopt("ip", "ttl", 9) and one:getsockopt("ip", "ttl") == 9, "an option of IP")
local tcp = S.socket("inet", "stream")
ok(tcp:setsockopt("tcp", "nodelay", true) and tcp:getsockopt("ipproto_tcp", "nodelay") == 1,
	"an option of TCP")
is(tcp:getsockopt("tcp", "info").state, 7, "a structure")
ok(#tcp:getsockopt("tcp", "congestion") > 0, "the name of its congestion control")
local mine = t.buffer(4)
ok(tcp:getsockopt("socket", "type", mine) == mine and mine:u32(0) == 1, "memory of one's own")
fails(function() return tcp:setsockopt("socket", "bindtodevice", "none0") end, "NODEV",
	"setsockopt(): no such device")
fails(function() return null:getsockopt("socket", "type") end, "NOTSOCK", "getsockopt(): no socket")
raises(function() tcp:setsockopt("socket", "reuseadr", 1) end, "did you mean \"REUSEADDR\"?",
	"a wrong option")
raises(function() tcp:setsockopt("sockett", 1, 1) end, "did you mean \"SOCKET\"?", "a wrong level")
raises(function() tcp:setsockopt("socket", "reuseaddr", 1 << 40) end, "#4", "a number too large")
raises(function() tcp:getsockopt("socket", "type", mine, 5) end, "from 0 to 4",
	"a length too large")

for _, fd in ipairs { one, two, left, right, null, tcp, fds[1], fds[2] } do
	fd:close()
end
remove()
is(check.open_fds(), before, "no fd is left open")
tap.done()
