# network.bats: what a program sees of the network: none, the host's, or one end of a pair
#
# Whatever makes a pair runs in a network namespace of its own, so that nothing of this machine's is
# touched; addresses are of the documentation ranges.
# bats file_tags=rootless,net
# shellcheck shell=bats disable=SC2016,SC2154 # what is quoted is for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox
load ../lib/network

setup() {
	workspace
	need_command ip unshare python3
	profile none <<'END'
return profile { extends = "base", net = "none" }
END
	profile host <<'END'
return profile { extends = "base", net = "host" }
END
	profile veth <<'END'
return profile {
	extends = "base",
	net = veth {
		address = { "192.0.2.2/24", "2001:db8::2/64" },
		gateway = { "192.0.2.1", "2001:db8::1" },
		mtu = 1400,
	},
}
END
}

# in_new_net COMMAND... - in a new network namespace. An ordinary user's has a new user namespace
# around it, in which they are root. Fills $status, $output and $stderr.
in_new_net() {
	local options=(--net)
	((EUID == 0)) || options+=(--user --map-root-user)
	run --separate-stderr timeout --kill-after=5 "$LAUNCH_SECONDS" unshare "${options[@]}" \
		"$@" </dev/null
	printf '%s\n' "$status" "$output" "$stderr"
}

# in_own_net COMMAND... - the same, and its lo is up
in_own_net() {
	in_new_net bash -c 'ip link set lo up && "$@"' bash "$@"
}

# Waits in bash until the only link is lo.
readonly ONLY_LO='
	for _ in {1..100}; do
		(($(ip -o link | wc -l) == 1)) && exit 0
		sleep 0.05
	done
	ip -o link
	exit 1'

@test "without a network there is lo, and it is up" {
	launch -0 run -p "$WORK/none.lua" -- ip -o link
	[[ ${#lines[@]} == 1 && $output == *" lo: "*"LOOPBACK,UP"* ]]
	launch -0 run -p "$WORK/none.lua" -- ip -o address
	[[ $output == *"127.0.0.1/8"*"::1/128"* ]]
}

@test "without a network nothing else is reachable" {
	launch -1 run -p "$WORK/none.lua" -- python3 -c '
import socket
socket.create_connection(("198.51.100.1", 80), 5)'
	[[ $stderr == *"Network is unreachable"* ]]
}

@test "without a network both loopback addresses answer, and the host's sockets are not there" {
	cat >"$WORK/try.py" <<'END'
import socket
for address in "127.0.0.1", "127.9.9.9", "::1":
    server = socket.create_server((address, 0), family=10 if ":" in address else 2)
    one = socket.create_connection(server.getsockname()[:2], 5)
    print(server.accept()[0].send(b"x"), one.recv(1).decode())
try:
    socket.socket(socket.AF_UNIX).connect("\0of-the-host")
    print("there")
except OSError as error:
    print(type(error).__name__)
END
	on_host '/usr/bin/python3 -c "
import socket, time
abstract = socket.socket(socket.AF_UNIX)
abstract.bind(\"\\0of-the-host\")
abstract.listen()
time.sleep(50)" &
		until_up grep of-the-host /proc/net/unix
		for profile in none host; do
			"$LUNETTE" run -p "$WORK/$profile.lua" --ro "$WORK/try.py:/try.py" -- \
				/usr/bin/python3 /try.py
		done'
	[[ $output == $'1 x\n1 x\n1 x\nConnectionRefusedError\n1 x\n1 x\n1 x\nthere' ]]
}

@test "not one packet leaves a sandbox without a network" {
	profile loud <<'END'
local net = params { net = text { default = "none" } }.net
return profile {
	extends = "base", user = { uid = 0, gid = 0 }, caps = { keep = { "net_raw" } },
	seccomp = { guard = { remove { "no-odd-sockets" } } }, net = net,
}
END
	# To the outside by IPv4 and IPv6, to everybody, to a group, by every device, and as a frame.
	cat >"$WORK/shout.py" <<'END'
import os, socket, struct
def attempt(what, *arguments):
    try:
        return what(*arguments)
    except OSError:
        pass
def datagram(family, address, device=None):
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if device:
        attempt(one.setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    attempt(one.sendto, b"shouted", (address, 9))
for device in [None] + [name for _, name in socket.if_nameindex()]:
    for address in "198.51.100.2", "198.51.100.255", "255.255.255.255", "224.0.0.1", "192.0.2.9":
        datagram(socket.AF_INET, address, device)
    for address in "2001:db8:aa::2", "ff02::1", "fe80::1":
        datagram(socket.AF_INET6, address, device)
def frame(device):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    one.bind((device, 0))
    one.send(b"\xff" * 6 + b"\2\0\0\0\0\1" + b"\x88\xb5" + b"shouted".ljust(60))
for _, name in socket.if_nameindex():
    attempt(frame, name)
END
	cat >"$WORK/hear.py" <<'END'
import socket, subprocess, sys
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
subprocess.run(sys.argv[1:], check=True)
one.settimeout(0.3)
heard = 0
try:
    while True:
        heard += b"shouted" in one.recv(2000)
except TimeoutError:
    print("heard" if heard else "nothing")
END
	on_host 'outside
		for net in none host; do
			/usr/bin/python3 "$WORK/hear.py" "$LUNETTE" run -p "$WORK/loud.lua" --set net=$net \
				--ro "$WORK/shout.py:/shout.py" -- /usr/bin/python3 /shout.py
		done'
	[[ $output == $'nothing\nheard' ]]
}

@test "with the host's network the host's links are there" {
	launch -0 run -p "$WORK/host.lua" -- ip -o link
	[[ ${#lines[@]} == $(ip -o link | wc -l) ]]
}

@test "with the host's network, TCP ports and abstract sockets can be closed" {
	need_landlock 6
	profile few <<'END'
return profile {
	extends = "base", net = "host",
	landlock = { rw = { "/" }, connect = { 8080 }, bind = {}, scope = { "abstract_unix" } },
}
END
	cat >"$WORK/try.py" <<'END'
import socket
def attempt(what, *arguments):
    try:
        what(*arguments)
        print("ok")
    except OSError as error:
        print(type(error).__name__)
for port in 8080, 8081:
    attempt(socket.create_connection, ("127.0.0.1", port), 5)
attempt(socket.create_server, ("127.0.0.1", 8082))
attempt(socket.socket(socket.AF_UNIX).connect, "\0of-the-host")
END
	local serve='/usr/bin/python3 -c "
import socket, time
servers = [socket.create_server((\"127.0.0.1\", port)) for port in (8080, 8081)]
abstract = socket.socket(socket.AF_UNIX)
abstract.bind(\"\\0of-the-host\")
abstract.listen()
time.sleep(50)" &
		until_up grep of-the-host /proc/net/unix
		"$LUNETTE" run -p "$WORK/$1.lua" --ro "$WORK/try.py:/try.py" -- /usr/bin/python3 /try.py'
	on_host "$serve" few
	[[ $output == $'ok\nPermissionError\nPermissionError\nPermissionError' ]]
	on_host "$serve" host
	[[ $output == $'ok\nok\nok\nok' ]]
}

@test "a pair has its addresses and routes before the program starts" {
	in_own_net "$LUNETTE" run -p "$WORK/veth.lua" -- bash -c '
		ip -o address show dev eth0
		ip -o link show dev eth0
		ip route
		ip -6 route show default'
	[[ $status == 0 ]]
	[[ $output == *"192.0.2.2/24 brd 192.0.2.255"* ]]
	[[ $output == *"2001:db8::2/64"* ]]
	[[ $output == *"mtu 1400"* ]]
	[[ $output == *"default via 192.0.2.1 dev eth0"* ]]
	[[ $output == *"default via 2001:db8::1 dev eth0"* ]]
}

@test "a program reaches the host's end, and is seen by its address" {
	in_own_net python3 -c '
import socket, subprocess, sys
server = socket.create_server(("", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
client = """
import socket
for address in "192.0.2.1", "2001:db8::1":
    with socket.create_connection((address, 8080), 10) as one:
        print(one.recv(9).decode(), end="")
"""
process = subprocess.Popen([*sys.argv[1:], "python3", "-c", client], stdout=subprocess.PIPE)
seen = []
for _ in range(2):
    one, address = server.accept()
    seen.append(address[0])
    one.sendall(b"hello")
    one.close()
print(process.communicate()[0].decode(), *seen, process.returncode)
' "$LUNETTE" run -p "$WORK/veth.lua" --
	[[ $output == "hellohello ::ffff:192.0.2.2 2001:db8::2 0" ]]
}

@test "a pair is lent its addresses where no link was up yet, and so no table of routes is" {
	profile lent <<<'return profile { extends = "base", net = veth {} }'
	mkdir -m 0700 state
	in_new_net unshare --mount bash -c 'mount --bind state /run && exec "$@"' bash \
		"$LUNETTE" run -p "$WORK/lent.lua" -- ip -o -4 address show dev eth0
	[[ $status == 0 && $output == *"eth0 "*"inet "* ]]
}

@test "the pair is gone after the run" {
	in_own_net bash -c '"$@" && '"$ONLY_LO" bash "$LUNETTE" run -p "$WORK/veth.lua" -- true
	[[ $status == 0 ]]
}

@test "the pair is gone after the launcher is killed" {
	in_own_net bash -c '
		"$@" 3>&- &
		until ip -o link | grep -q lune; do sleep 0.02; done
		kill -KILL $!
		wait
		'"$ONLY_LO" bash "$LUNETTE" run -p "$WORK/veth.lua" -- sleep 100
	[[ $status == 0 ]]
}

@test "an ordinary user gets no pair with the host's own network, and is told why" {
	((EUID != 0)) || skip "host: root may"
	launch -125 run -p "$WORK/veth.lua" -- true
	expect_error network "net.veth: only root may add to the host's network"
	[[ $stderr == *"CAP_NET_ADMIN"* ]]
}

@test "a link may have a name that is odd elsewhere" {
	local odd='-"{;$(x)'
	profile odd <<END
return profile { extends = "base", net = veth { address = "192.0.2.2/24", isolate = true,
	name = [[$odd]], host_name = [[$odd]] } }
END
	in_own_net "$LUNETTE" run -p "$WORK/odd.lua" -- ip -o link
	[[ $status == 0 && $output == *" $odd@"* ]]
}

@test "a link's name is not that of the settings which all links share" {
	local name all=/proc/sys/net/ipv6/conf/all/accept_ra
	[[ -e $all ]] || skip "host: no IPv6"
	for name in all default; do
		profile shared <<-END
			return profile { extends = "base", net = veth { address = "192.0.2.2/24",
				isolate = true, host_name = "$name" } }
		END
		in_own_net sh -c 'echo 1 >"$2" && echo 1 >"${2%/all/*}/default/accept_ra"
			"$LUNETTE" run -p "$1" -- true
			echo $?
			cat "$2" "${2%/all/*}/default/accept_ra"' sh "$WORK/shared.lua" "$all"
		[[ $output == $'125\n1\n1' ]]
	done
	# The control: another name's are set.
	sed -i 's/host_name = "default"/host_name = "own"/' shared.lua
	in_own_net "$LUNETTE" run -p "$WORK/shared.lua" -- true
	[[ $status == 0 ]]
}

@test "of a network namespace that is gone nothing is kept" {
	need_command unshare mount
	local options=(--mount)
	((EUID == 0)) || options+=(--user --map-root-user)
	profile lent <<<'return profile { extends = "base", net = veth {} }'
	run --separate-stderr timeout --kill-after=5 "$LAUNCH_SECONDS" unshare "${options[@]}" bash -c '
		mount -t tmpfs tmpfs /run
		launch() {
			exec unshare --net sh -c "ip link set lo up && exec \"\$@\"" sh \
				"$LUNETTE" run -p "$1" -- sleep "$2"
		}
		launch "$1" 60 & # one that is in use
		until ls /run/lunette/net-*/lease-* >/dev/null 2>&1; do sleep 0.01; done
		used=$(echo /run/lunette/net-*)
		for i in 1 2 3; do (launch "$1" 0); done
		ls -d /run/lunette/net-* | wc -l
		ls -d "$used"/lease-*
		kill -KILL $!' bash "$WORK/lent.lua" </dev/null
	printf '%s\n' "$output" "$stderr"
	[[ ${lines[0]} == 2 && ${lines[1]} == /run/lunette/net-*/lease-* ]]
}

@test "a name that is taken is named, with the side it is taken on" {
	profile taken <<'END'
return profile { extends = "base", net = veth { address = "192.0.2.2/24", name = "lo" } }
END
	in_own_net "$LUNETTE" run -p "$WORK/taken.lua" -- true
	[[ $status == 125 ]]
	expect_error network "veth lo (sandbox): File exists"
}
