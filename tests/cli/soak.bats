# soak.bats: a short one of `scons soak`: random launches and kills, and what they leave behind
# shellcheck shell=bats disable=SC2154

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need

@test "some seconds of random launches and kills leave nothing behind" {
	need_command python3 ip unshare mount
	run /usr/bin/python3 "$BATS_TEST_DIRNAME/../soak/run.py" --lunette "$LUNETTE" --seconds 12
	grep -v '^ok' <<<"$output" || true
	grep '^ok 1 ' <<<"$output"
	[[ $status == 0 ]]
}
