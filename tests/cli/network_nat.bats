# network_nat.bats: veth sandboxes that share a host: addresses, translation, bridges, shaping
#
# Each test makes a host of its own (tests/lib/network.bash).
# bats file_tags=rootless,net
# shellcheck shell=bats disable=SC2016,SC2154 # what is quoted is for the host or the program

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox
load ../lib/network

setup() {
	workspace
	need_command ip unshare curl
	profile nat <<'END'
return profile { extends = "base", net = veth { nat = true, ipv6 = true, forward = true } }
END
	profile open <<'END'
return profile { extends = "base", net = veth { nat = true, forward = true, isolate = false } }
END
	profile plain <<'END'
return profile { extends = "base", net = veth { nat = true } }
END
	profile bridge <<'END'
return profile { extends = "base", net = veth { bridge = "lab0", ipv6 = true } }
END
	profile together <<'END'
return profile { extends = "base", net = veth { bridge = "lab0", isolate = false } }
END
}

# The address inside of a sandbox that `sandbox` has started.
readonly ADDRESS='
address() {
	nsenter --net --target "$(pgrep --parent "$1" | tail --lines=1)" ip -4 -o address show dev eth0 |
		sed "s/.*inet //; s/[/ ].*//"
}
'

@test "real clients reach the outside under the host's address, by IPv4 and IPv6" {
	need_command git node
	mkdir web
	git init --quiet web/repository
	git -C web/repository -c user.name=a -c user.email=a@b commit --quiet --allow-empty -m first
	git -C web/repository update-server-info
	WEB=$WORK/web on_host 'export WEB; outside
		"$LUNETTE" run -p "$WORK/nat.lua" -- bash -c "
			curl --silent --max-time 10 http://198.51.100.2/
			curl --silent --max-time 10 http://[2001:db8:aa::2]/
			/usr/bin/python3 -c \"
import urllib.request
print(urllib.request.urlopen(\\\"http://198.51.100.2/\\\", timeout=10).read().decode(), end=str())\"
			node -e \"fetch(\\\"http://198.51.100.2/\\\").then(r => r.text()).then(console.log)\"
			git clone --quiet http://198.51.100.2/files/repository/.git /tmp/clone &&
				git -C /tmp/clone log --format=%s"'
	[[ $status == 0 ]]
	[[ $output == *"198.51.100.1"*"2001:db8:aa::1"*"198.51.100.1"*"198.51.100.1"*"first" ]]
}

@test "datagrams get out under the host's address, and their answers back" {
	cat >echo.py <<'END'
import socket
one = socket.create_server(("::", 999), family=socket.AF_INET6, dualstack_ipv6=True)
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", 999))
while True:
    data, address = server.recvfrom(100)
    server.sendto(address[0].removeprefix("::ffff:").encode(), address)
END
	on_host 'outside
		nsenter --net --target $OUTSIDE /usr/bin/python3 echo.py &
		until_up nsenter --net --target $OUTSIDE bash -c ">/dev/tcp/127.0.0.1/999"
		"$LUNETTE" run -p "$WORK/nat.lua" -- /usr/bin/python3 -c "
import socket
for address in \"198.51.100.2\", \"2001:db8:aa::2\":
    one = socket.socket(socket.AF_INET6 if \":\" in address else socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(10)
    one.connect((address, 999))
    one.send(b\"x\")
    print(one.recv(100).decode())"'
	[[ $output == $'198.51.100.1\n2001:db8:aa::1' ]]
}

@test "without nat the outside cannot answer" {
	profile bare <<'END'
return profile { extends = "base", net = veth {} }
END
	on_host 'outside
		echo 1 >/proc/sys/net/ipv4/ip_forward
		"$LUNETTE" run -p "$WORK/bare.lua" -- curl --silent --max-time 1 http://198.51.100.2/'
	[[ $status == 28 ]]
}

@test "the rules are these" {
	need_command nft
	profile named <<'END'
return profile {
	extends = "base",
	net = veth { address = { "192.0.2.2/24", "2001:db8::2/64" },
		gateway = { "192.0.2.1", "2001:db8::1" },
		nat = true, forward = true, host_name = "box7" },
}
END
	on_host 'sandbox named; nft list ruleset'
	[[ $output == 'table inet lunette-box7 { # progname lunette
	flags owner

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 192.0.2.2 oifname != "box7" masquerade
		ip6 saddr 2001:db8::2 oifname != "box7" masquerade
	}

	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname "box7" ip saddr != 192.0.2.2 drop
		iifname "box7" ip6 saddr != 2001:db8::2 drop
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname "box7" ct state invalid,new drop
	}
}' ]]
}

@test "nobody on the host gets what a sandbox sends under a forged address" {
	profile forger <<'END'
local nat = params { nat = flag { default = true } }.nat
return profile {
	extends = "base", net = veth { nat = nat, forward = nat },
	user = { uid = 0, gid = 0 }, caps = { keep = { "net_raw" } },
}
END
	cat >"$WORK/forge.py" <<'END'
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def send(source):
    data = struct.pack("!HHHH", 5, 999, 8 + len(source), 0) + source.encode()
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton("192.0.2.77"))
    s.sendto(head + data, ("192.0.2.77", 0))
send("198.51.100.9")
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.sendto(b"own", ("192.0.2.77", 999))
END
	cat >"$WORK/hear.py" <<'END'
import socket, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.77", 999))
s.settimeout(10)
subprocess.run([*sys.argv[1:], "--", "/usr/bin/python3", "-c", open("forge.py").read()], check=True)
while (got := s.recv(100)) != b"own":
    print(got.decode())
print("own")
END
	local hear='
		echo 0 | tee /proc/sys/net/ipv4/conf/{all,default}/rp_filter >/dev/null
		ip address add 192.0.2.77/32 dev lo
		/usr/bin/python3 hear.py "$LUNETTE" run -p "$WORK/forger.lua" --set nat="$1"'
	on_host "$hear" false # the control
	[[ $output == $'198.51.100.9\nown' ]]
	on_host "$hear" true
	[[ $output == own ]]
}

@test "a neighbour on a bridge gets nothing that is sent under a forged address" {
	profile port <<'END'
return profile {
	extends = "base", user = { uid = 0, gid = 0 }, caps = { keep = { "net_raw" } },
	seccomp = { guard = { remove { "no-odd-sockets" } } },
	net = veth { bridge = "lab0", isolate = false, mac = "02:00:00:00:00:01",
		address = { "192.0.2.2/24", "2001:db8::2/64" },
		gateway = { "192.0.2.1", "2001:db8::1" } },
}
END
	# Frames to everybody, each with its name at the end.
	cat >forge.py <<'END'
import ipaddress, socket, struct
def address(text):
    return ipaddress.ip_address(text).packed
own, other = b"\2\0\0\0\0\1", b"\2\0\0\0\0\7"
four, four2 = address("192.0.2.2"), address("192.0.2.7")
six, six2, local = address("2001:db8::2"), address("2001:db8::7"), address("fe80::ff:fe00:1")
def ip(source):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 120, 1, 0, 64, 17, 0, source, b"\xff" * 4)
    total = sum(struct.unpack("!10H", head))
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return head[:10] + struct.pack("!H", total) + head[12:]
def arp(hardware, source):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + hardware + source
def ip6(source, message=b"", kind=58):
    return struct.pack("!IHBB", 6 << 28, 80, kind, 255) + source + address("ff02::1") + message
def advert(kind, target=b""):
    return struct.pack("!BBHI", kind, 0, 0, 0) + target
frames = {
    "hardware": (other, 0x800, ip(four)), "ip": (own, 0x800, ip(four2)),
    "vlan": (own, 0x8100, b"\0\1\x08\0" + ip(four2)),
    "arp": (own, 0x806, arp(own, four2)), "arp-hardware": (own, 0x806, arp(other, four)),
    "ip6": (own, 0x86dd, ip6(six2, kind=59)),
    "neighbour": (own, 0x86dd, ip6(six, advert(136, six2))),
    "optioned": (own, 0x86dd, ip6(six, b"\x3a\0\1\4\0\0\0\0" + advert(136, six2), 60)),
    "router": (own, 0x86dd, ip6(local, advert(134))), "kind": (own, 0x88b5, b""),
    "own-ip": (own, 0x800, ip(four)), "own-arp": (own, 0x806, arp(own, four)),
    "own-ip6": (own, 0x86dd, ip6(six, kind=59)),
    "own-neighbour": (own, 0x86dd, ip6(six, advert(136, six))),
    "own-local": (own, 0x86dd, ip6(local, advert(136, local))), "end": (own, 0x800, ip(four)),
}
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
one.bind(("eth0", 0))
for name, (source, kind, payload) in frames.items():
    head = b"\xff" * 6 + source + struct.pack("!H", kind)
    one.send(head + payload + b"name:" + name.encode().ljust(115 - len(payload), b"."))
END
	cat >hear.py <<'END'
import socket, subprocess, sys
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
one.bind(("lab0", 0))
one.settimeout(10)
subprocess.run([*sys.argv[1:], "/usr/bin/python3", "-c", open("forge.py").read()], check=True)
heard = set()
while "end" not in heard:
    heard.add(one.recv(2000).partition(b"name:")[2].decode().rstrip("."))
print(*sorted(heard - {""}))
END
	on_host 'ip link add lab0 type bridge; ip link set lab0 up
		ip address add 192.0.2.1/24 dev lab0; ip -6 address add 2001:db8::1/64 dev lab0 nodad
		/usr/bin/python3 hear.py "$LUNETTE" run -p "$WORK/port.lua" --
		# The control: a port that lunette has not made.
		unshare --net sleep 50 & plain=$!
		until_up bash -c "! [ /proc/$plain/ns/net -ef /proc/self/ns/net ]"
		ip link add box7 master lab0 up type veth peer name eth0 address 02:00:00:00:00:01 \
			netns $plain
		nsenter --net --target $plain ip link set eth0 up
		/usr/bin/python3 hear.py nsenter --net --target $plain'
	own="own-arp own-ip own-ip6 own-local own-neighbour"
	[[ ${lines[0]} == "end $own" ]]
	forged="arp arp-hardware hardware ip ip6 kind neighbour optioned router vlan"
	[[ ${lines[1]} == "$(xargs --max-args=1 <<<"end $own $forged" | sort | xargs)" ]]
}

@test "the rules of a port are these" {
	need_command nft
	profile port <<'END'
return profile { extends = "base", net = veth {
	bridge = "lab0", isolate = false, host_name = "box7", mac = "02:00:00:00:00:01",
	address = "192.0.2.2/24", gateway = "192.0.2.1" } }
END
	on_host 'sandbox port; nft list ruleset; kill -KILL $!; wait $! 2>/dev/null; nft list ruleset'
	[[ $output == 'table netdev lunette-box7 { # progname lunette
	flags owner

	chain ingress {
		type filter hook ingress device "box7" priority filter; policy accept;
		@ll,48,48 != 0x20000000001 drop
		meta protocol != ip meta protocol != arp meta protocol != ip6 drop
		ip saddr != 192.0.2.2 drop
		arp saddr ip != 192.0.2.2 drop
		arp saddr ether != 02:00:00:00:00:01 drop
		meta protocol ip6 drop
	}
}' ]]
}

@test "the rules outlive a flush, and not their launcher" {
	need_command nft
	on_host 'sandbox nat
		nft flush ruleset
		nft list tables | grep --count lunette
		kill -KILL $!
		wait $! 2>/dev/null
		nft list tables | grep --count lunette'
	[[ $output == $'1\n0' ]]
}

@test "forwarding that is off is an error, unless the profile may turn it on" {
	on_host '"$LUNETTE" run -p "$WORK/plain.lua" -- true'
	[[ $status == 125 ]]
	expect_error network "net.ipv4.ip_forward (host): forwarding is off"
	[[ $stderr == *"net.veth.forward = true"* ]]
	on_host 'echo 1 >/proc/sys/net/ipv4/ip_forward; "$LUNETTE" run -p "$WORK/plain.lua" -- true &&
		cat /proc/sys/net/ipv4/ip_forward'
	[[ $output == 1 ]]
}

@test "forwarding goes back when the last one that needs it ends, and after a kill with the next" {
	on_host 'state() {
			cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | xargs
		}
		sandbox nat; first=$!; sandbox nat; second=$!; state
		kill $first; wait $first; state
		kill $second; wait $second; state
		sandbox nat; kill -KILL $!; wait $! 2>/dev/null; state
		"$LUNETTE" run -p "$WORK/bridge.lua" -- true; state'
	[[ $output == $'1 1\n1 1\n0 0\n1 1\n0 0' ]]
}

@test "what the launcher changed on the host, and another firewall, are told" {
	need_command nft
	on_host 'nft "add table ip wall; add chain ip wall fw {
			type filter hook forward priority 0; policy drop; }"
		"$LUNETTE" run -p "$WORK/nat.lua" -- true'
	[[ $status == 0 && $stderr == *"net.ipv4.ip_forward is on until the last sandbox"* ]]
	[[ $stderr == *"chain fw of table wall drops what is forwarded"* ]]
}

@test "another firewall is told of when it is iptables-legacy's, too" {
	profile given <<'END'
return profile { extends = "base", net = veth { nat = true, forward = true,
	address = { "192.0.2.2/24", "2001:db8::2/64" }, gateway = { "192.0.2.1", "2001:db8::1" } } }
END
	# As `iptables-legacy -P FORWARD DROP`: the table, with the verdict of one policy changed.
	cat >policy.py <<'END'
import ctypes, socket, struct, sys
six = sys.argv[1] == "6"
family, level, verdict = (socket.AF_INET6, 41, 200) if six else (socket.AF_INET, 0, 144)
libc = ctypes.CDLL(None)
one = socket.socket(family, socket.SOCK_DGRAM)
def get(option, given):
    data, size = ctypes.create_string_buffer(given, len(given)), ctypes.c_uint(len(given))
    if libc.getsockopt(one.fileno(), level, option, data, ctypes.byref(size)):
        sys.exit(77)
    return data.raw
name = b"filter".ljust(32, b"\0")
info = struct.unpack("32s13I", get(64, name + bytes(52)))
hooks, places, number, size = info[1], info[2:12], info[12], info[13]
entries = bytearray(get(65, name + struct.pack("I4x", size) + bytes(size))[40:])
struct.pack_into("i", entries, places[7] + verdict, -1)
counters = ctypes.create_string_buffer(16 * number)
one.setsockopt(level, 64, name + struct.pack("3I10IIQ", hooks, number, size, *places, number,
                                             ctypes.addressof(counters)) + entries)
END
	for family in 4 6; do
		on_host 'unshare --net bash -c "ip link set lo up
			\"\$LUNETTE\" run -p \"\$WORK/given.lua\" -- true
			/usr/bin/python3 policy.py $1 || exit
			\"\$LUNETTE\" run -p \"\$WORK/given.lua\" -- true"' "$family" "$family"
		((status != 77)) || skip "host: no ip_tables"
		[[ $status == 0 ]]
		wall='chain FORWARD of ip*tables-legacy drops what is forwarded'
		[[ $(grep --count "${wall/'*'/"${family/4/}"}" <<<"$stderr") == 1 ]]
	done
}

@test "two sandboxes with nat do not reach each other, unless they may" {
	local try='
		"$LUNETTE" run -p "$WORK/$1.lua" -- /usr/bin/python3 -c "
import socket
try:
    socket.create_connection((\"$(address "$!")\", 9), 2)
except OSError as error:
    print(error)"'
	on_host "$ADDRESS"'sandbox nat'"$try" nat
	[[ $output == "timed out" ]]
	on_host "$ADDRESS"'sandbox open'"$try" open
	[[ $output == *"Connection refused" ]]
}

@test "a launcher that is killed at any moment leaves nothing that stays" {
	profile all <<'END'
return profile {
	extends = "base", publish = { "8080:80" },
	net = veth { bridge = "lab0", nat = true, forward = true, ipv6 = true },
}
END
	need_command nft
	on_host 'for i in {1..30}; do
			"$LUNETTE" run -p "$WORK/$( ((i % 2)) && echo all || echo nat).lua" -- sleep 50 2>/dev/null &
			sleep "0.0$((i * 2 / 10))$((i * 2 % 10))"
			kill -KILL $! && wait $!
		done 2>/dev/null
		until_up bash -c "! pgrep lunette" # what the last one has made dies after it
		"$LUNETTE" run -p "$WORK/nat.lua" -- true 2>/dev/null
		until_up bash -c "(( \$(ip -o link | wc --lines) == 1 ))"; ip -o link | wc --lines
		nft list ruleset; cat /proc/sys/net/ipv4/ip_forward
		find /run/lunette -name "lease*" -o -name lab0
		until_up bash -c "! pgrep lunette"; pgrep --count lunette'
	[[ $output == $'1\n0\n0' ]]
}

@test "fifty launchers at once get fifty addresses" {
	LAUNCH_SECONDS=60 on_host 'for i in {1..50}; do
			"$LUNETTE" run -p "$WORK/nat.lua" -- bash -c "ip -4 -o address show dev eth0; sleep 2" &
		done | sed "s/.*inet //; s/ .*//" | sort --unique | wc --lines
		until_up bash -c "(( \$(ip -o link | wc --lines) == 1 ))"; ip -o link | wc --lines
		find /run/lunette -name "lease*"'
	[[ $output == $'50\n1' ]]
}

@test "a state directory that cannot be used is named, with its place" {
	on_host '"$LUNETTE" run -p "$WORK/bridge.lua" -- true || exit
		one=$(echo /run/lunette/net-*); chmod 777 "$one"
		"$LUNETTE" run -p "$WORK/bridge.lua" -- true
		chmod 700 "$one"; rm -f "$one/mutex"; ln -s /etc/passwd "$one/mutex"
		"$LUNETTE" run -p "$WORK/bridge.lua" -- true'
	[[ $status == 125 ]]
	[[ $stderr == *"state directory net-"*"/run/lunette"*"mutex of the state"*"/run/lunette"* ]]
}

@test "an address of the pool is not one that the host has a route to" {
	on_host 'ip route add 10.213.0.0/20 dev lo
		"$LUNETTE" run -p "$WORK/bridge.lua" -- ip -4 -o address show dev eth0
		ip route add 10.192.0.0/11 dev lo
		"$LUNETTE" run -p "$WORK/nat.lua" -- ip -4 -o address show dev eth0
		ip route add 172.16.0.0/12 dev lo; ip route add 10.0.0.0/9 dev lo
		"$LUNETTE" run -p "$WORK/nat.lua" -- true'
	[[ ${lines[0]} == *" 10.213."*/24* && ${lines[1]} == *" 172.29."*/32* ]]
	[[ $status == 125 && $stderr == *"pool of addresses: routes of this host lead into"* ]]
}

@test "a bridge is made by the first sandbox on it and removed with the last" {
	on_host 'link() { ip -o link show lab0 2>/dev/null | sed "s/.*ether //; s/ .*//"; }
		sandbox bridge; first=$!; one=$(link); sandbox bridge; second=$!; two=$(link)
		[[ $one == ??:*:?? && $one == "$two" ]] && echo "the same address"
		ip -o link | grep --count "master lab0"
		kill $first; wait $first; link | grep --count :
		kill $second; wait $second; link | grep --count :; find /run/lunette/net-*/bridges -type f'
	[[ $output == $'the same address\n2\n1\n0' ]]
}

@test "sandboxes on a bridge reach the host and each other only if they may" {
	local try='
		"$LUNETTE" run -p "$WORK/$1.lua" -- /usr/bin/python3 -c "
import socket
for address in (\"$(address "$!")\",
                \"$(ip -4 -o address show lab0 | sed "s/.*inet //; s/[/ ].*//")\"):
    try:
        socket.create_connection((address, 9), 2)
    except OSError as error:
        print(error)"'
	on_host "$ADDRESS"'echo 1 >/proc/sys/net/ipv4/ip_forward; sandbox bridge'"$try" bridge
	[[ ${lines[0]} == *"timed out" || ${lines[0]} == *"No route to host" ]]
	[[ ${lines[1]} == *"Connection refused" ]]
	on_host "$ADDRESS"'sandbox together'"$try" together
	[[ $output == *"Connection refused"*"Connection refused" ]]
}

@test "a bridge that was there stays, and one whose users were killed goes with the next launch" {
	on_host 'ip link add lab0 type bridge; ip link set lab0 up
		profile="return profile { extends = \"base\",
			net = veth { bridge = \"lab0\", address = \"192.0.2.2/24\" } }"
		echo "$profile" >"$WORK/given.lua"
		"$LUNETTE" run -p "$WORK/given.lua" -- ip -o link show dev eth0 | grep --count eth0
		ip -o link | grep --count " lab0:"; ip link delete lab0
		sandbox bridge; kill -KILL $!; wait $! 2>/dev/null; ip -o link | grep --count " lab0:"
		"$LUNETTE" run -p "$WORK/nat.lua" -- true; ip -o link | grep --count " lab0:"'
	[[ $output == $'1\n1\n1\n0' ]]
}

@test "the MTU is that of the way out, and name servers and routes are the profile's" {
	profile routes <<'END'
return profile { extends = "base", net = veth { routes = "198.51.100.0/24", dns = "192.0.2.53" } }
END
	on_host 'outside; "$LUNETTE" run -p "$WORK/routes.lua" -- bash -c "
			ip -o link show dev eth0; ip route; cat /etc/resolv.conf"'
	[[ $output == *"mtu 1420"* && $output == *"198.51.100.0/24 via 10.213.0.1 dev eth0"* ]]
	[[ $output != *"default via"* && $output == *"nameserver 192.0.2.53" ]]
}

@test "a rate is kept, both ways" {
	profile slow <<'END'
return profile { extends = "base", net = veth { rate = "1M" } }
END
	profile fast <<'END'
return profile { extends = "base", net = veth {} }
END
	on_host 'tc qdisc add dev lo root tbf rate 1mbit burst 10k latency 50ms || exit 77'
	((status != 77)) || skip "host: no sch_tbf"
	cat >"$WORK/serve.py" <<'END'
import socket, time
server = socket.create_server(("", 8080))
while True:
    one, _ = server.accept()
    begin, got = time.time(), 0
    while got < 1 << 20:
        got += len(one.recv(65536))
    print("out", time.time() - begin > 0.6, flush=True)
    one.sendall(bytes(1 << 20))
    one.close()
END
	on_host '/usr/bin/python3 "$WORK/serve.py" &
		until_up grep :1F90 /proc/net/tcp # 8080
		for profile in slow fast; do
			"$LUNETTE" run -p "$WORK/$profile.lua" -- /usr/bin/python3 -c "
import socket, time
one = socket.create_connection((\"10.213.0.1\", 8080), 10)
one.sendall(bytes(1 << 20))
begin = time.time()
while one.recv(65536):
    pass
print(\"in\", time.time() - begin > 0.6, flush=True)"
		done'
	[[ $output == *"out True"*"in True"*"out False"*"in False"* ]]
}

@test "a delay and a loss are kept, both ways" {
	profile far <<'END'
return profile { extends = "base", net = veth { delay = "200ms" } }
END
	profile lossy <<'END'
return profile { extends = "base", net = veth { loss = 50 } }
END
	profile near <<'END'
return profile { extends = "base", net = veth {} }
END
	on_host 'tc qdisc add dev lo root netem delay 1ms || exit 77'
	((status != 77)) || skip "host: no sch_netem"
	cat >"$WORK/echo.py" <<'END'
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 8080))
while True:
    server.sendto(*server.recvfrom(64))
END
	cat >"$WORK/ask.py" <<'END'
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.settimeout(1)
def took():
    begin = time.monotonic()
    try:
        one.sendto(b"ask", ("10.213.0.1", 8080))
        one.recv(64)
    except TimeoutError:
        return None
    return time.monotonic() - begin
took() # the neighbour's address has to be found
times = [took() for _ in range(int(sys.argv[1]))]
back = [time for time in times if time is not None]
print(len(back) >= len(times) - 1, 0 < len(back) <= 0.7 * len(times), min(back) >= 0.4, flush=True)
END
	on_host '/usr/bin/python3 "$WORK/echo.py" &
		until_up grep :1F90 /proc/net/udp # 8080
		for profile in "near 20" "far 5" "lossy 40"; do
			# shellcheck disable=SC2086 # two words
			set -- $profile
			"$LUNETTE" run -p "$WORK/$1.lua" --ro "$WORK/ask.py:/ask.py" -- /usr/bin/python3 /ask.py $2
		done'
	# all come, some are lost, they take their time: at most one may be lost otherwise
	[[ $output == *"True False False"*"True False True"*"False True False" ]]
}

@test "a delay without netem says so" {
	profile far <<'END'
return profile { extends = "base", net = veth { delay = "20ms" } }
END
	on_host '! tc qdisc add dev lo root netem delay 1ms 2>/dev/null || exit 77
		"$LUNETTE" run -p "$WORK/far.lua" -- true'
	((status != 77)) || skip "host: it has netem"
	[[ $status == 125 ]]
	expect_error network "rate, delay and loss of lune"
	[[ $stderr == *"sch_netem"* ]]
}
