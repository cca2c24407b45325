# refused.bats: what a launch must refuse before anything runs (rows.toml has the ids)
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# refuses TEXT FIELDS - a profile with these fields is an error of profile or plan that holds TEXT
refuses() {
	profile p <<<"return profile { extends = 'base', $2 }"
	launch -125 run -p "$WORK/p.lua" -- sh -c 'echo ran'
	[[ -z $output && $(grep -c '' <<<"$stderr") == 1 && $stderr == "lunette: "*"$1"* ]] || {
		printf 'not refused: %s\n' "$2"
		return 1
	}
}

@test "a value of a mount is no option of another" {
	refuses size "mounts = { tmpfs { '/t', size = '1M,mode=0777' } }"
	refuses mode "mounts = { tmpfs { '/t', mode = '0700,size=1G' } }"
	refuses inodes "mounts = { tmpfs { '/t', inodes = '1,size=1G' } }"
	refuses NUL 'mounts = { tmpfs { "/t\0/u" } }'
	# Commas and colons in paths are themselves: nothing is joined with them.
	mkdir -p 'low,er:x=y' && echo here >'low,er:x=y/file'
	profile p <<<"return profile { extends = 'base', mounts = {
		overlay { '$WORK/low,er:x=y', at = '/o,upperdir=', upper = 'tmpfs' } } }"
	launch -0 run -p "$WORK/p.lua" -- cat '/o,upperdir=/file'
	[[ $output == here ]]
}

@test "a name of a cgroup leads nowhere else" {
	refuses cgroup_parent "cgroup_parent = '../../x'"
	refuses cgroup_parent 'cgroup_parent = "/a/../b"'
	refuses cgroup_parent 'cgroup_parent = "a\nb"'
}

@test "a filter whose notifications nobody would get is refused" {
	refuses notify 'process = { init = false }, seccomp = { notify { "openat" } }'
}

@test "ids out of range or of odd forms are refused" {
	local id
	for id in 4294967295 4294967296 -1 0x0 1000: :0 1e3 ' 0' '' 18446744073709551616; do
		launch -125 run --uid "$id" -- sh -c 'echo ran'
		[[ -z $output && $stderr == "lunette: usage: "* ]]
		launch -125 run --gid "$id" -- sh -c 'echo ran'
		[[ -z $output ]]
	done
	launch -0 run --uid 4294967294 -- id -u # the control: the last one there is
	[[ $output == 4294967294 ]]
}

# bats test_tags=root
@test "a group that is denied a file stays denied" {
	need_root
	# Mode 0604 with a group: everyone may read but the group's members.
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	echo secret >file && chown 0:24 file && chmod 604 file && chown 1000:1000 "$WORK"
	run setpriv --reuid=1000 --regid=1000 --groups 24 cat file
	[[ $status != 0 ]]
	run setpriv --reuid=1000 --regid=1000 --clear-groups cat file # the control: without the group
	[[ $output == secret ]]
	run --separate-stderr setpriv --reuid=1000 --regid=1000 --groups 24 --inh-caps=-all \
		env HOME="$WORK" "$LUNETTE" run -p base --ro "$WORK/file:/secret" -- cat /secret
	[[ $status != 0 && $output != *secret* ]]
}

# bats test_tags=root
@test "who has ranges of ids gets no others, and his groups are dropped or kept" {
	need_root
	need_command unshare mount newuidmap
	getent passwd 1000 || skip "host: user 1000 has no account, which newuidmap asks for"
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	echo 1000:100000:1000 >ranges
	echo secret >file && chown 0:24 file && chmod 604 file && chown 1000:1000 "$WORK"
	# ranges MORE - id and the file, as the profile's user with MORE
	ranges() {
		profile p <<<"return profile { extends = 'base', user = { uid = 0, gid = 0, $1 } }"
		run --separate-stderr unshare --mount --propagation private sh -c '
			mount --bind ranges /etc/subuid && mount --bind ranges /etc/subgid && exec "$@"' sh \
			setpriv --reuid=1000 --regid=1000 --groups 24 --inh-caps=-all env HOME="$WORK" \
			"$LUNETTE" run -p "$WORK/p.lua" --ro "$WORK/file:/secret" -- sh -c 'id -u; cat /secret'
	}
	local own='{ 0, 1000, 1 }' first
	for first in 99999 100001; do # one before the range, and one behind it
		ranges "map = { uid = { $own, { 1, $first, 1000 } }, gid = { $own } }"
		[[ $status == 125 && -z $output && $stderr == *"lunette: ids: /usr/bin/newuidmap"* ]]
	done
	ranges "map = { uid = { $own, { 1, 100000, 1000 } }, gid = { $own, { 1, 100000, 1000 } } }"
	[[ $output == $'0\nsecret' ]] # SECURITY.md says so
	ranges "groups = 'keep', map = { uid = { $own, { 1, 100000, 1000 } },
		gid = { $own, { 1, 100000, 1000 } } }"
	[[ $output == 0 && $stderr == *"Permission denied"* ]]
}

# bats test_tags=root
@test "a set-id launcher refuses to run" {
	need_root
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	cp "$LUNETTE" setuid && chown 4321 setuid && chmod 4755 setuid
	findmnt -n -o OPTIONS -T . | grep -q nosuid && skip "host: $WORK is mounted nosuid"
	run --separate-stderr setpriv --reuid=1000 --regid=1000 --clear-groups ./setuid run -- echo ran
	[[ $status == 125 && -z $output && $stderr == "lunette: "*setuid* ]]
	chmod 755 setuid
	run setpriv --reuid=1000 --regid=1000 --clear-groups ./setuid --version # the control
	[[ $status == 0 ]]
}

@test "odd names of sandboxes and hosts are refused" {
	local name
	for name in '' . ../x /x -rf $'a\nb' $'\e[2J' "$(printf 'a%.0s' {1..300})"; do
		launch -125 run "--name=$name" -- sh -c 'echo ran'
		[[ -z $output ]]
	done
	for name in '' ../x /x $'a\nb' $'\e[2J' "$(printf 'a%.0s' {1..300})"; do
		launch -125 run "--hostname=$name" -- sh -c 'echo ran'
		[[ -z $output ]]
	done
}

@test "odd names of links are refused" {
	local name
	for name in ../x 'a b' '%d' . .. 'a/b' sixteen-letters-x 'ü'; do
		refuses "net.veth.name: must be a link's name" "net = veth { name = '$name' }"
	done
	refuses net "net = veth { name = ('x'):rep(70000) }"
}

@test "the directory of profiles is not given to a program" {
	mkdir -p home/.config/lunette/sub
	cd home/.config/lunette
	HOME=$WORK/home launch -125 run -- true
	[[ $stderr == *profiles* ]]
	cd sub
	HOME=$WORK/home launch -125 run -- true
	cd .. && cd ..
	HOME=$WORK/home launch -125 run -- true
	mkdir -p "$WORK/home/project" && cd "$WORK/home/project"
	HOME=$WORK/home launch -0 run -- true # the control
}

# bats test_tags=root
@test "groups that cannot be dropped are said" {
	need_root
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chown 1000:1000 "$WORK"
	profile p <<<'return profile { extends = "base", user = { groups = {} } }'
	local -a grouped=(setpriv --reuid=1000 --regid=1000 --groups 24 --inh-caps=-all env HOME="$WORK")
	run --separate-stderr "${grouped[@]}" "$LUNETTE" run -p "$WORK/p.lua" -- echo ran
	[[ $status == 125 && -z $output && $stderr == *groups* ]]
	run --separate-stderr "${grouped[@]}" "$LUNETTE" run -p base --report "$WORK/report" -- echo ran
	[[ $output == ran && $(cat report) == *"supplementary groups"* ]]
	run --separate-stderr setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
		env HOME="$WORK" "$LUNETTE" run -p "$WORK/p.lua" -- echo ran # the control
	[[ $status == 0 && $output == ran ]]
}

@test "a descriptor that only the launcher has cannot be named" {
	local fd
	for fd in {3..16}; do
		profile p <<<"return profile { extends = 'base', process = { fds = { $fd } } }"
		launch -125 run -p "$WORK/p.lua" -- true 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		expect_error exec "fd $fd"
	done
}

@test "a profile can neither dump code nor draw lots" {
	profile p <<<'error(tostring(("x").dump) .. tostring(string.dump) .. tostring(math.random) ..
			tostring(math.randomseed) .. tostring(("x").rep ~= nil))'
	launch -125 run -p "$WORK/p.lua" -- true
	[[ $stderr == *nilnilnilniltrue* ]]
}
