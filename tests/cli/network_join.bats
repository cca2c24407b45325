# network_join.bats: sandboxes in a network that is there already
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
	need_command ip unshare
	profile named <<'END'
return profile { extends = "base", net = join "/run/net" }
END
}

# A network namespace with the address 192.0.2.9, held by $! and named /run/net.
readonly OTHER='
unshare --net bash -c "ip link set lo up; ip address add 192.0.2.9/32 dev lo; exec sleep 50" &
until_up bash -c "nsenter --net --target $! ip address | grep 192.0.2.9"
touch "/run/net"
mount --bind /proc/$!/ns/net "/run/net"
'

@test "a sandbox is in the network of a path, a process and a descriptor" {
	on_host "$OTHER"'show="ip -o address show dev lo"
		"$LUNETTE" run -p "$WORK/named.lua" -- $show | grep --count 192.0.2.9
		"$LUNETTE" run --net "join:pid:$!" -- $show | grep --count 192.0.2.9
		"$LUNETTE" run --net join:fd:7 -- $show 7<"/run/net" | grep --count 192.0.2.9
		"$LUNETTE" run -- $show | grep --count 192.0.2.9
		ip -o address show dev lo | grep --count 192.0.2.9'
	[[ $output == $'1\n1\n1\n0\n0' ]]
}

@test "the program has no power over the network that it is in" {
	on_host "$OTHER"'"$LUNETTE" run -p "$WORK/named.lua" -- ip link set lo down'
	[[ $status != 0 && $stderr == *"Operation not permitted"* ]]
	on_host "$OTHER"'nsenter --net="/run/net" ip link set lo down'
	[[ $status == 0 ]]
}

@test "root joins a running sandbox" {
	need_root
	profile box <<'END'
return profile { extends = "base" }
END
	on_host 'sandbox box
		inside=$(pgrep --parent $! | tail --lines=1)
		nsenter --net --target $inside ip address add 192.0.2.7/32 dev lo
		"$LUNETTE" run --net join:pid:$inside -- ip -o address show dev lo | grep --count 192.0.2.7'
	[[ $output == 1 ]]
}

@test "what is no network namespace is refused, and says so" {
	on_host 'echo >"/run/net"; "$LUNETTE" run -p "$WORK/named.lua" -- true'
	[[ $status == 125 ]]
	expect_error network "join /run/net:"
	on_host '"$LUNETTE" run --net join:/proc/self/ns/mnt -- true'
	expect_error network "join /proc/self/ns/mnt: is no network namespace"
	on_host '"$LUNETTE" run --net join:fd:9 -- true'
	expect_error network "join fd:9: Bad file descriptor"
	[[ $stderr == *"the caller must pass it on"* ]]
	launch -125 run --net join:pid:2147483647 -- true
	expect_error network "there is no such namespace or process"
}

@test "an ordinary user does not get into another user's network" {
	((EUID != 0)) || skip "host: root may"
	launch -125 run --net join:/proc/self/ns/net -- true
	expect_error network "join /proc/self/ns/net: Operation not permitted"
	[[ $stderr == *"belongs to another user"* ]]
}
