# messages.bats: does what is said help who reads it? (values that cannot be meant, and places)
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # Bats and lib/launch set what they read

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/sandbox

setup() {
	workspace
}

@test "a check of a profile says what of it is the place's: it is valid, but not in the home" {
	local HOME=$WORK
	export HOME
	launch -125 run -p untrusted -- true
	[[ $stderr == *"is your home directory"* ]]
	launch -0 check untrusted
	[[ $output == "untrusted: valid
warning: not in this directory: "*"$WORK is your home directory"* ]]
	launch -0 seccomp why untrusted mount
	[[ $output == *"errno EPERM"* ]]
	# By another name than the directory's own, too.
	ln -s "$WORK" "$BATS_TEST_TMPDIR/other"
	HOME=$BATS_TEST_TMPDIR/other launch -0 check default
	[[ $output == *"warning: not in this directory: "* ]]
	# What was asked for by name is no matter of the place.
	launch -1 check untrusted --set "dir=$WORK"
	[[ $stderr == *"is your home directory"* ]]
	HOME=/ launch -0 check untrusted
	[[ $output == "untrusted: valid" ]]
}

@test "a value that cannot be meant is a wrong command line, and an error of a profile" {
	local option
	for option in '--wall 0' '--wall 0ms' '--cpu 0' '--pids 0' '--memory 0'; do
		# shellcheck disable=SC2086 # an option and its value
		launch -125 run $option -- true
		expect_error usage "${option% *}: must be more than 0"
	done
	profile none <<<'return profile { extends = "default", limits = { wall = 0 } }'
	launch -125 run -p "$WORK/none.lua" -- true
	[[ $stderr == *"none.lua:1: limits.wall: must be more than 0: with 0 nothing could run ("* ]]
	launch -125 run --pids 1 -- true
	expect_error usage "--pids: must be more than 1: pid 1 counts too"
	profile alone <<<'return profile { extends = "default", limits = { pids = 1 },
		process = { init = false, die_with_parent = false } }'
	launch -0 run -p "$WORK/alone.lua" -- true
	# 0 is meant where something is left: no time for an end, no output, no core.
	launch -0 run --grace 0 --wall 20 --output 0 -- true
	profile some <<<'return profile { extends = "untrusted", limits = { wall = none, fsize = 0 } }'
	launch -0 run -p "$WORK/some.lua" -- true
}

@test "a parent for a cgroup that nothing asks for is a wrong command line" {
	launch -125 run --cgroup-parent /nowhere -- true
	expect_error usage "--cgroup-parent: there is no limit that a cgroup would hold"
	# A profile may name it for its children.
	profile parent <<<'return profile { extends = "default", cgroup_parent = "/nowhere" }'
	launch -0 run -p "$WORK/parent.lua" -- true
	launch -0 plan -p "$WORK/parent.lua" --cgroup-parent /other --pids 9 -- true
	[[ $output == *"cgroup_parent /other"* ]]
}

@test "a grace for a limit of time that there is not is a wrong command line" {
	launch -125 run --grace 2s -- true
	expect_error usage "no limit of time at whose end it would be given (give --wall, too)"
	# A profile may name it for its children.
	profile patient <<<'return profile { extends = "default", limits = { grace = "2s" } }'
	launch -0 run -p "$WORK/patient.lua" -- true
	launch -0 run -p "$WORK/patient.lua" --grace 1s --wall 20s -- true
}

@test "an error of a plan names its file" {
	launch -0 plan true
	echo "$output" >right
	echo hello >wrong
	launch -125 run --plan wrong
	expect_error plan 'wrong: line 1: does not say "lunette-plan 1" ('
	sed 's/^hostname .*/hostname/' right >wrong
	launch -125 run --plan wrong
	expect_error plan 'wrong: line '
	grep -v '^arg' right >wrong
	launch -125 run --plan wrong
	expect_error plan "wrong: arg: the plan holds no command"
	launch -0 run --plan right
}

@test "a veth where the caller may not make one is told before anything else" {
	((EUID != 0)) || skip "vacuous: root may"
	local mode
	for mode in veth veth:192.0.2.2/24; do
		launch -125 run --net "$mode" -- true
		expect_error network "net.veth: only root may add to the host's network (CAP_NET_ADMIN)"
	done
	profile wish <<<'return profile { extends = "default", net = prefer(veth { nat = true }) }'
	launch -0 run -v -p "$WORK/wish.lua" -- true
	[[ $stderr == *"skipped: net: "* ]]
	launch doctor
	[[ $output == *"without veth"*"only root may add to the host's network"* ]]
}

@test "a sandbox in one that lets none be made says that, and not that a function is missing" {
	launch -125 run --ro "$LUNETTE:/lunette" -- /lunette run -- true
	expect_error ids "namespaces: Function not implemented (a filter around lunette refuses clone3"
	# The control: it is there and runs.
	launch -0 run --ro "$LUNETTE:/lunette" -- /lunette --version
}

@test "a misspelt profile is named where the home is another's, too" {
	((EUID != 0)) || skip "vacuous: root may look everywhere"
	export HOME=$WORK/shut
	mkdir -p "$HOME/.config/lunette"
	chmod 000 "$HOME"
	launch -125 run -p untrustd -- true
	chmod 700 "$HOME"
	expect_error profile 'Permission denied (did you mean "untrusted"? Others are looked for in'
}

@test "a misspelt parent is told with the nearest name" {
	profile child <<<'return profile { extends = "untrustd" }'
	launch -1 check "$WORK/child.lua"
	expect_error profile 'child.lua:1: extends: untrustd: no such profile; did you mean "untrusted"?'
}

@test "too small a limit of files is told with its name" {
	run --separate-stderr bash -c 'ulimit -n 4; exec "$LUNETTE" run true'
	expect_error profile "(raise RLIMIT_NOFILE"
	# At whatever step there is none left.
	local few
	for few in 5 6 7 8 9 10; do
		run --separate-stderr bash -c 'exec 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
			ulimit -n "$1"; exec "$LUNETTE" run --tty true' bash "$few"
		[[ $status == 0 || $stderr == *"(raise RLIMIT_NOFILE"* ]] || return 1
	done
}
