# network.bash - hosts made of namespaces, for tests that need one of their own
#
#   on_host 'SCRIPT' [ARGUMENT...]   bash runs SCRIPT as root of a new host: fills $status, $output
#                                    and $stderr. Everything that it starts ends with it.
#
# The host has a network, a pid and a mount namespace, a /run of its own, and lo. An ordinary user's
# is in a user namespace in which they are root. SCRIPT may call
#
#   outside           a second host behind the device up0: 198.51.100.2 and 2001:db8:aa::2, to which
#                     the default routes lead and which has none back. Its web server on port 80
#                     answers with the caller's address; below /files it has those of $WEB.
#   until_up COMMAND  tries until the command succeeds, for twenty seconds
#   sandbox NAME      starts a sandbox of the profile $WORK/NAME.lua that stays, and waits until its
#                     program runs; $! is its launcher
#
# Addresses are of the documentation ranges. Nothing of the machine's own network is touched.
# shellcheck shell=bash

# What SCRIPT begins with; in single quotes, as it is for the bash inside.
# shellcheck disable=SC2016
readonly HOST_FUNCTIONS='
set -u
mount -t tmpfs tmpfs /run
ip link set lo up
until_up() {
	local end=$((SECONDS + 20)) # a network namespace may wait for those that end
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}
in_another_network() { # what cannot be read is no answer: the link would be made for this one
	local own other
	own=$(readlink /proc/self/ns/net) && other=$(readlink "/proc/$1/ns/net") && [[ $own != "$other" ]]
}
outside() {
	unshare --net sleep 100 &
	OUTSIDE=$!
	until_up in_another_network "$OUTSIDE"
	ip link add up0 mtu 1420 up type veth peer name eth0 netns "$OUTSIDE"
	ip address add 198.51.100.1/24 dev up0
	ip -6 address add 2001:db8:aa::1/64 dev up0 nodad
	nsenter --net --target "$OUTSIDE" bash -c "
		ip link set lo up
		ip link set eth0 up
		ip address add 198.51.100.2/24 dev eth0
		ip -6 address add 2001:db8:aa::2/64 dev eth0 nodad"
	ip route add default via 198.51.100.2
	ip -6 route add default via 2001:db8:aa::2
	nsenter --net --target "$OUTSIDE" /usr/bin/python3 "$TESTS/web.py" :: 80 "${WEB-/nonexistent}" &
	until_up curl --silent --max-time 1 http://198.51.100.2/
	until_up curl --silent --max-time 1 "http://[2001:db8:aa::2]/"
}
sandbox() {
	rm -f "$WORK/up"
	mkfifo "$WORK/up" 2>/dev/null
	"$LUNETTE" run -p "$WORK/$1.lua" "${@:2}" -- bash -c "echo up; exec sleep 50" >"$WORK/up" &
	read -r -t 20 _ <"$WORK/up"
}
'

on_host() {
	local options=(--net --mount --pid --fork --kill-child --mount-proc)
	((EUID == 0)) || options+=(--user --map-root-user)
	TESTS=${BASH_SOURCE[0]%/*} WORK=$WORK LUNETTE=$LUNETTE \
		run --separate-stderr timeout --kill-after=5 "$LAUNCH_SECONDS" unshare "${options[@]}" \
		bash -c "$HOST_FUNCTIONS$1" bash "${@:2}" </dev/null
	# shellcheck disable=SC2154 # Bats sets them
	printf 'status %s\n%s\n%s\n' "$status" "$output" "$stderr"
}
