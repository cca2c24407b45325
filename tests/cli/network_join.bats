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

teardown() {
	end_jobs
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

@test "a sandbox that has a name is joined by it, and the name ends with it" {
	profile box <<'END'
return profile { extends = "base", process = { name = "box" } }
END
	on_host 'sandbox box
		nsenter --net --target "$(pgrep --parent $! | tail --lines=1)" \
			ip address add 192.0.2.7/32 dev lo
		"$LUNETTE" run --net join:sandbox:box -- ip -o address show dev lo | grep --count 192.0.2.7
		"$LUNETTE" run -p "$WORK/box.lua" -- true; echo $?
		kill $!; wait $! 2>/dev/null
		"$LUNETTE" run --net join:sandbox:box -- true; echo $?
		sandbox box; kill -KILL $!; wait $! 2>/dev/null
		"$LUNETTE" run -p "$WORK/box.lua" -- true; echo $?
		ls -A /run/lunette/names'
	[[ $output == $'1\n125\n125\n0\n.mutex' ]]
	[[ $stderr == *"network: name box: a sandbox of that name is running"* ]]
	[[ $stderr == *"network: join sandbox:box: no sandbox of that name is running"* ]]
}

# ordinary - the state directory is the test's own, and root has nothing to see here
ordinary() {
	((EUID != 0)) || skip "host: root may enter every network"
	export XDG_RUNTIME_DIR=$WORK
}

# web - a sandbox named web, whose program answers on port 8000 of its loopback; its launcher is
# $web
web() {
	[[ -p up ]] || mkfifo up
	"$LUNETTE" run -p base --name web -- /usr/bin/python3 -c "
import socket
server = socket.create_server(('127.0.0.1', 8000))
print('up', flush=True)
while True:
    server.accept()[0].sendall(b'of the sandbox')" >"$WORK/up" 2>/dev/null 3>&- &
	web=$!
	read -r _ <"$WORK/up"
}

readonly ASK='exec 5<>/dev/tcp/127.0.0.1/8000 && cat <&5'

@test "an ordinary user's sandbox joins another by name, and by its program's process" {
	ordinary
	web
	launch -0 run -p base --net join:sandbox:web --report "$WORK/report" -- bash -c "$ASK"
	[[ $output == "of the sandbox" ]]
	[[ $(json "$WORK/report" '"user" in it["enforced"]["namespaces"]') == false ]]
	inside=$(pgrep --parent "$(pgrep --delimiter , --parent "$web")")
	launch -0 run -p base --net "join:pid:$inside" -- bash -c "$ASK"
	[[ $output == "of the sandbox" ]]
	launch -0 run -p base --net join:sandbox:web -- bash -c 'ip link set lo down; id -u'
	[[ $output == "$EUID" && $stderr == *"Operation not permitted"* ]]
	launch -1 run -p base -- bash -c "$ASK" # the control
	kill "$web"
	wait "$web" || true
	launch -125 run -p base --net join:sandbox:web -- true
	expect_error network "join sandbox:web: no sandbox of that name is running"
}

@test "what would be power over the joined sandbox, or needs another map, is refused" {
	ordinary
	profile power <<'END'
return profile { extends = "base", net = join "sandbox:web", caps = { keep = { "net_admin" } } }
END
	web
	launch -125 run -p "$WORK/power.lua" -- true
	expect_error ids "caps.keep: needs a user namespace of its own"
	profile nested <<<'return profile { extends = "base", net = join "sandbox:web",
		user = { nested = true } }'
	launch -125 run -p "$WORK/nested.lua" -- true
	expect_error ids "user.nested: needs a user namespace of its own"
	launch -125 run -p base --net join:sandbox:web --uid 77 -- true
	expect_error ids "become 77:"
	[[ $stderr == *"give it the user.uid and user.gid of the other"* ]]
	kill "$web"
	wait "$web" || true
}

@test "in a user namespace that allows it, who joins has one below" {
	ordinary
	unshare --user --map-root-user --net bash -c 'ip link set lo up; exec sleep 30' 3>&- &
	other=$!
	within 5 bash -c "[[ \$(readlink /proc/$other/exe) == *sleep ]]"
	launch -0 run -p base --uid 77 --net "join:pid:$other" -- \
		bash -c 'id -u; ip -o link show lo; ip link set lo down; readlink /proc/self/ns/user'
	[[ ${lines[0]} == 77 && ${lines[1]} == *LOOPBACK,UP* ]]
	[[ ${lines[2]} == user:* && ${lines[2]} != "$(readlink "/proc/$other/ns/user")" ]]
	[[ $stderr == *"Operation not permitted"* ]]
	kill "$other"
}

@test "the process that keeps the way in can do nothing else, and ends with its launcher" {
	ordinary
	web
	read -r keeper _ <"$WORK/lunette/names/web"
	[[ $(grep -E '^(CapPrm|Seccomp):' "/proc/$keeper/status" | xargs) == \
		"CapPrm: 0000000000000000 Seccomp: 1" ]]
	[[ $(readlink "/proc/$keeper/fd/"* | sed 's/:.*//') == socket ]]
	kill -KILL "$web"
	wait "$web" 2>/dev/null || true
	within 5 bash -c "! grep --quiet . /proc/$keeper/cmdline"
	web # the name is free
	kill "$web"
	wait "$web" || true
}

@test "an entry is not believed: its lock and the namespace's number have to agree" {
	ordinary
	mkdir --parents lunette/names
	chmod 700 lunette lunette/names
	for text in '' 'x' '1 1' '-1 5' '99999999999 5' "$$ 0" "$$ 18446744073709551616"; do
		printf '%s\n' "$text" >lunette/names/web
		launch -125 run -p base --net join:sandbox:web -- true
		expect_error network "join sandbox:web: no sandbox of that name is running"
		printf '%s\n' "$text" >lunette/names/web
		exec 6<lunette/names/web
		flock 6
		launch -125 run -p base --net join:sandbox:web -- true
		expect_error network "join sandbox:web: it has"
		exec 6<&-
	done
	rm lunette/names/web
	ln -s "$WORK/elsewhere" lunette/names/web
	launch -125 run -p base --name web -- true
	expect_error network "name web: "
	[[ ! -e elsewhere ]]
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
