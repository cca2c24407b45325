# network_publish.bats: ports of the host that lead into a sandbox
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
	cp "$BATS_TEST_DIRNAME/../lib/web.py" "$WORK"
	profile web <<END
return profile {
	extends = "base",
	mounts = { ro { "$WORK", at = "/srv" } },
	publish = { "8080:80", "[::1]:8080:80", "0.0.0.0:8081:80" },
	user = { uid = 0, gid = 0 }, caps = { keep = { "net_bind_service" } },
}
END
	profile datagrams <<'END'
return profile { extends = "base", publish = {
	"5353:53535/udp", "0.0.0.0:5354:53535/udp", "[::1]:5355:53535/udp" } }
END
}

# serve [OPTION...] - the web server in a sandbox; $! is its launcher
readonly SERVE='
serve() {
	"$LUNETTE" run -p "$WORK/web.lua" "$@" -- /usr/bin/python3 /srv/web.py 0.0.0.0 80 /srv &
	until_up curl --silent --max-time 1 http://127.0.0.1:8080/
}
'

@test "real clients reach a published port by IPv4, by IPv6 and by the host's address" {
	need_command git node
	git init --quiet repository
	git -C repository -c user.name=a -c user.email=a@b commit --quiet --allow-empty -m first
	git -C repository update-server-info
	on_host "$SERVE"'serve
		ip address add 192.0.2.1/32 dev lo
		curl --silent --max-time 5 http://127.0.0.1:8080/
		curl --silent --max-time 5 "http://[::1]:8080/"
		curl --silent --max-time 5 http://192.0.2.1:8081/
		/usr/bin/python3 -c "
import urllib.request
print(urllib.request.urlopen(\"http://127.0.0.1:8080/\", timeout=5).read().decode(), end=str())"
		node -e "fetch(\"http://127.0.0.1:8080/\").then(r => r.text()).then(console.log)"
		git clone --quiet http://127.0.0.1:8080/files/repository/.git clone &&
			git -C clone log --format=%s'
	[[ $status == 0 ]]
	[[ $(grep --count '^127.0.0.1$' <<<"$output") == 5 && ${lines[-1]} == first ]]
}

@test "it works with a pair of links too" {
	profile veth <<END
return profile { extends = "web", net = veth {} }
END
	sed -i "s|\"web\"|\"$WORK/web.lua\"|" veth.lua
	on_host "${SERVE//web.lua/veth.lua}"'serve; curl --silent --max-time 5 http://127.0.0.1:8080/'
	[[ $output == 127.0.0.1 ]]
}

@test "the outside reaches a published port, and so does the sandbox itself by the host's address" {
	profile veth <<END
return profile { extends = "$WORK/web.lua", net = veth { nat = true, forward = true } }
END
	on_host "${SERVE//web.lua/veth.lua}"'outside; serve
		ask="curl --silent --max-time 5"
		nsenter --net --target $OUTSIDE $ask http://198.51.100.1:8081/
		nsenter --net --target $OUTSIDE $ask http://198.51.100.1:8080/ || echo "on loopback only"
		nsenter --net --target "$(pgrep --parent "$(pgrep --full "run -p $WORK/veth.lua" |
			head --lines=1)" | sed --quiet 2p)" $ask http://198.51.100.1:8081/'
	[[ $output == $'127.0.0.1\non loopback only\n127.0.0.1' ]]
}

@test "datagrams come back to who sent them, from the address they were sent to" {
	on_host 'ip address add 192.0.2.1/32 dev lo
		"$LUNETTE" run -p "$WORK/datagrams.lua" -- /usr/bin/python3 -c "
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind((\"127.0.0.1\", 53535))
while True:
    data, address = one.recvfrom(65536)
    one.sendto(data.upper(), address)" &
		/usr/bin/python3 -c "
import socket, time
def ask(address, port, data):
    family = socket.AF_INET6 if \":\" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.settimeout(0.5)
    one.connect((address, port))
    for _ in range(10):
        try:
            one.send(data)
            return one.recv(65536)
        except OSError:
            time.sleep(0.1)
print(ask(\"127.0.0.1\", 5353, b\"one\"), ask(\"192.0.2.1\", 5354, b\"two\"),
      ask(\"::1\", 5355, b\"six\"))
print(len(ask(\"127.0.0.1\", 5353, b\"x\" * 60000)))"'
	[[ $output == $'b\'ONE\' b\'TWO\' b\'SIX\'\n60000' ]]
}

@test "two hundred connections at once" {
	on_host "$SERVE"'serve
		/usr/bin/python3 -c "
import socket
many = [socket.create_connection((\"127.0.0.1\", 8080), 10) for _ in range(200)]
for one in many:
    one.sendall(b\"GET / HTTP/1.0\\r\\n\\r\\n\")
print(sum(one.makefile(\"rb\").read().endswith(b\"127.0.0.1\\n\") for one in many))"'
	[[ $output == 200 ]]
}

@test "a connection that is silent is asked whether its client still lives" {
	need_command ss
	on_host "$SERVE"'serve
		exec 5<>/dev/tcp/127.0.0.1/8080
		until_up bash -c "ss --numeric --options state established \"( sport = :8080 )\" |
			grep timer:.keepalive" && echo asked'
	[[ $output == asked ]]
}

@test "the relay has nothing but sockets and pipes" {
	on_host "$SERVE"'serve
		relay=$(pgrep --parent $! | tail --lines=1)
		grep -E "^(Seccomp|NoNewPrivs|CapEff|CapPrm):" /proc/$relay/status | xargs
		grep -E "^(Uid|Gid):" /proc/$relay/status | xargs
		readlink /proc/$relay/fd/* 2>/dev/null | sed "s/:.*//" | sort --unique | xargs
		awk "/^Rss/ { print (\$2 < 2048) }" /proc/$relay/smaps_rollup'
	[[ ${lines[0]} == "CapPrm: 0000000000000000 CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2" ]]
	# An ordinary user may not look into a process that is not dumpable; root's is nobody.
	((EUID != 0)) || [[ ${lines[1]} == "Uid: 65534 65534 65534 65534 Gid: 65534 65534 65534 65534" &&
		${lines[2]} == "anon_inode pipe socket" && ${lines[3]} == 1 ]]
}

@test "the program neither sees nor signals the relay, nor the host's network" {
	on_host 'readlink /proc/self/ns/net
		"$LUNETTE" run -p "$WORK/web.lua" -- bash -c "
			echo /proc/[0-9]*; readlink /proc/self/ns/net; kill -KILL -1"'
	# pid 1 and bash
	[[ ${lines[0]} == net:* && ${lines[1]} == "/proc/1 /proc/2" ]]
	[[ ${lines[2]} == net:* && ${lines[2]} != "${lines[0]}" ]]
}

@test "the port is free again after the end, and after a kill of the launcher" {
	on_host "$SERVE"'serve; kill $!; wait $! 2>/dev/null; echo $?
		serve; kill -KILL $!; wait $! 2>/dev/null
		until_up bash -c "! pgrep --full \"run -p $WORK/web.lua\""
		serve; curl --silent --max-time 5 http://127.0.0.1:8080/'
	[[ $output == $'143\n127.0.0.1' ]]
}

@test "a port that is taken is named, with the line of the profile" {
	on_host '/usr/bin/python3 -m http.server --bind 127.0.0.1 8080 2>/dev/null &
		until_up curl --silent http://127.0.0.1:8080/
		"$LUNETTE" run -p "$WORK/web.lua" -- true'
	[[ $status == 125 ]]
	expect_error network "publish 127.0.0.1:8080/tcp at $WORK/web.lua:4 (host): Address "
	on_host '"$LUNETTE" run -p "$WORK/datagrams.lua" --publish 198.51.100.9:80:80 -- true'
	[[ $status == 125 ]]
	expect_error network "publish 198.51.100.9:80/tcp"
	[[ $stderr == *"no device of this host has that address"* ]]
}

@test "a low port is for root" {
	((EUID != 0)) || skip "host: root may"
	launch -125 run --publish 80:80 -- true
	expect_error network "publish 127.0.0.1:80/tcp"
	[[ $stderr == *"ip_unprivileged_port_start"* ]]
}

@test "the host's network has nothing to publish" {
	launch -125 run --net host --publish 8080:80 -- true
	expect_error usage "needs a network of the sandbox's own"
}

@test "a program that floods its ports slows only itself" {
	# It takes every connection and fills it; nobody reads. Its datagrams come unasked.
	cat >flood.py <<-'END'
		import os, selectors, socket
		ports, kept = selectors.DefaultSelector(), []
		listener = socket.create_server(("0.0.0.0", 80), backlog=512)
		listener.setblocking(False)
		ports.register(listener, selectors.EVENT_READ)
		while True:
		    for key, _ in ports.select():
		        if key.fileobj is listener:
		            one = listener.accept()[0]
		            one.setblocking(False)
		            kept.append(one)
		            ports.register(one, selectors.EVENT_WRITE)
		        else:
		            try:
		                key.fileobj.send(b"x" * 65536)
		            except OSError:
		                ports.unregister(key.fileobj)
	END
	on_host '"$LUNETTE" run -p "$WORK/web.lua" --wall 4s -- /usr/bin/python3 /srv/flood.py &
		launcher=$!
		until_up bash -c "exec 9<>/dev/tcp/127.0.0.1/8080"
		/usr/bin/python3 -c "
import socket, time
kept = [socket.create_connection((\"127.0.0.1\", 8080)) for _ in range(100)]
time.sleep(20)" &
		sleep 1
		for pid in "$launcher" $(cat /proc/$launcher/task/$launcher/children); do
			awk "\$1 == \"VmRSS:\" { print (\$2 < 16384) ? \"small\" : \$2 }" /proc/$pid/status
		done
		"$LUNETTE" run -p base -- echo another
		wait "$launcher"; echo "ended $?"'
	# The launcher, its relay and pid 1.
	[[ $output == $'small\nsmall\nsmall\nanother\nended 124' ]]
}
