# seccomp.bats: `lunette seccomp`, a profile's filter listed, tried and explained
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/sandbox

setup() {
	workspace
	profile="$BATS_TEST_TMPDIR/p.lua"
	cat > "$profile" <<-'END'
		return profile {
			mounts = { ro "/usr" },
			seccomp = {
				default = allow,
				errno "EACCES" { "mkdir", sys.openat { flags = has "creat" } },
				kill { sys.mkdir {}, "ptrace" },
			},
		}
	END
}

@test "sim says what a call gets and which line decides" {
	run -0 "$LUNETTE" seccomp sim "$profile" 'openat(-100, 0, O_CREAT | O_EXCL)'
	[[ $output == "errno EACCES  ; "*"p.lua:5 "* ]]
	run -0 "$LUNETTE" seccomp sim "$profile" 'openat(-100, 0, 0)'
	[[ $output == "allow  ; no rule"* ]]
	run -0 "$LUNETTE" seccomp sim "$profile" getpid
	[[ $output == *"bitmap"* ]]
	run -0 "$LUNETTE" seccomp sim "$profile" 'i386:1'
	[[ $output == kill* ]]
}

@test "sim refuses what is no call" {
	run -2 "$LUNETTE" seccomp sim "$profile" 'opneat()'
	[[ $output == *'did you mean "openat"?'* ]]
	run -2 "$LUNETTE" seccomp sim "$profile" 'openat(O_NOPE)'
	run -2 "$LUNETTE" seccomp sim "$profile" 'read(1,2,3,4,5,6,7)'
}

@test "why lists the rules of a call in order, and what they shadow" {
	run -0 "$LUNETTE" seccomp why "$profile" mkdir
	[[ ${lines[1]} == *"p.lua:5: errno EACCES" ]]
	[[ ${lines[2]} == *"p.lua:6: kill  (shadowed)" ]]
	run -0 "$LUNETTE" seccomp why "$profile" openat
	[[ ${lines[1]} == *"if (arg2 & 0x40) == 0x40" ]]
	[[ ${lines[2]} == *"otherwise: allow" ]]
}

@test "dump lists as many instructions as stats and compile say" {
	run -0 "$LUNETTE" seccomp stats "$profile"
	[[ ${lines[0]} =~ ^instructions\ +([0-9]+)$ ]]
	count=${BASH_REMATCH[1]}
	run -0 "$LUNETTE" seccomp dump "$profile"
	((${#lines[@]} == count))
	[[ $output == *"; ptrace"*"p.lua:6"* ]]
	"$LUNETTE" seccomp compile -o "$BATS_TEST_TMPDIR/bpf" "$profile"
	[[ $(stat -c %s "$BATS_TEST_TMPDIR/bpf") == "$((count * 8))" ]]
	"$LUNETTE" seccomp compile "$profile" | cmp - "$BATS_TEST_TMPDIR/bpf"
}

@test "groups lists groups, and the members of one" {
	run -0 "$LUNETTE" seccomp groups
	[[ $output == *"@io-uring"* ]]
	run -0 "$LUNETTE" seccomp groups @io-uring
	[[ $output == $'io_uring_enter\nio_uring_register\nio_uring_setup' ]]
	run -2 "$LUNETTE" seccomp groups @io-urin
	[[ $output == *'did you mean "@io-uring"?'* ]]
}

@test "a profile without rules, and wrong questions" {
	echo 'return profile { mounts = { ro "/usr" } }' > "$profile"
	run -1 "$LUNETTE" seccomp dump "$profile"
	[[ $output == *"has no seccomp rules"* ]]
	run -2 "$LUNETTE" seccomp
	run -2 "$LUNETTE" seccomp nope "$profile"
	run -2 "$LUNETTE" seccomp sim "$profile"
}

@test "check warns of rules that never decide and of holes" {
	launch -0 check "$profile"
	[[ $output == *"p.lua:6: the rule: rules before it decide all of its calls"* ]]
	sed -i 's/sys.mkdir {}, //' "$profile"
	launch -0 check "$profile"
	[[ $output != *"decide all of its calls"* ]]
	cat > "$profile" <<-'END'
		return profile { mounts = { ro "/usr" }, seccomp = {
			default = errno "EPERM",
			allow { "@default", "ptrace" },
			kill { "read" },
			allow { sys.shmget { key = all_of { lt(1), gt(5) } } },
		} }
	END
	launch -0 check "$profile"
	[[ $output == *"p.lua:4: the rule: rules before it decide all of its calls"* ]]
	[[ $output == *"p.lua:5: the rule: its test can never be true"* ]]
	[[ $output == *"p.lua:3: ptrace: processes can control each other"* ]]
}
