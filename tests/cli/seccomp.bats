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
	[[ $output == *"one argument too many: read takes 3"* ]]
	# Each says what of it is wrong: an answer about another call than was meant is worse than none.
	local call why
	while IFS=$'\t' read -r call why; do
		run -2 "$LUNETTE" seccomp sim "$profile" "$call"
		[[ $output == *"$why"* ]]
	done <<-'END'
		openat(-100, 0, O_CREAT	openat: its closing parenthesis is missing
		openat(-100, 0, O_CREATT)	no value of `flags` (did you mean "O_CREAT"?)
		kill(1, SIGKIL)	did you mean "SIGKILL"?
		ioctl(0, TIOCSTII)	did you mean "TIOCSTI"?
		read(1,)	an argument is missing here
		read(1) 2	2: stands behind the call
		read(one)	one: is no number (`fd` takes a number
		read(99999999999999999999)	is no number
		i38:5	i38: no such architecture (x86_64, i386
		x86_64:99999999999	is no number of a call
		aarch64:open	is no system call of aarch64
		(1)	has no name
	END
	# What is right still is.
	for call in 'getpid( )' ' openat ( AT_FDCWD , 0 , creat | O_EXCL ) ' 'kill(1, SIGKILL)' \
		'x86_64:257(1, 2)' 'rt_sigprocmask(SIG_BLOCK)'; do
		run -0 "$LUNETTE" seccomp sim "$profile" "$call"
	done
}

@test "sim says what decides where no rule does" {
	run -0 "$LUNETTE" seccomp sim "$profile" getpid
	[[ $output == "allow  ; no rule, so seccomp.default  "* ]]
	run -0 "$LUNETTE" seccomp sim "$profile" 9999
	[[ $output == "errno ENOSYS  ; no rule, so seccomp.newer  "* ]]
	run -0 "$LUNETTE" seccomp sim "$profile" aarch64:read
	[[ $output == "kill  ; no rule: seccomp.arch does not name aarch64  "* ]]
}

# why_of CALL TEST - `why` shows a rule with the arguments TEST of CALL; sets test to what it says
why_of() {
	echo "return profile { mounts = { ro '/usr' }, seccomp = { default = allow,
		kill { sys.$1 { $2 } } } }" >"$profile"
	run -0 "$LUNETTE" seccomp why "$profile" "$1"
	test=${lines[1]#*: kill  if }
}

@test "why shows tests as one reads them, with the names of arguments and values" {
	local call given wanted
	while IFS=$'\t' read -r call given wanted; do
		why_of "$call" "$given"
		[[ $test == "$wanted" ]]
	done <<-'END'
		socket	domain = one_of { "unix", "inet" }	domain == AF_UNIX or domain == AF_INET
		socket	domain = no "inet"	not (domain == AF_INET)
		clone	flags = has "newuser"	flags has CLONE_NEWUSER
		mmap	prot = without "exec", flags = 1	prot without PROT_EXEC and flags == MAP_SHARED
		open	flags = only "creat|wronly", mode = "0644"	flags only O_CREAT|O_WRONLY and mode == 0644
		openat	flags = masked("accmode", "wronly")	flags & O_ACCMODE == O_WRONLY
		chmod	mode = no(without "suid|sgid")	not (mode without 06000)
		kill	sig = one_of { "kill", 2 }, pid = lt(-1)	pid <= -2 and (sig == SIGINT or sig == SIGKILL)
		read	fd = 2, count = no(range(3, 9))	fd == 2 and not (3 <= count <= 9)
		ioctl	request = "TIOCSTI"	request == TIOCSTI
		setuid	uid = ge(5)	uid >= 5
		fcntl	cmd = any_of { "getfd", ge(1000) }	cmd == F_GETFD or cmd >= 1000
	END
	run -0 "$LUNETTE" seccomp why base chmod
	[[ ${lines[1]} == *"if mode has any of 06000" ]]
}

@test "why lists the rules of a call in order, and what they shadow" {
	run -0 "$LUNETTE" seccomp why "$profile" mkdir
	[[ ${lines[1]} == *"p.lua:5: errno EACCES" ]]
	[[ ${lines[2]} == *"p.lua:6: kill  (shadowed)" ]]
	run -0 "$LUNETTE" seccomp why "$profile" openat
	[[ ${lines[1]} == *"if flags has O_CREAT" ]]
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

@test "a question that is misspelt is told the nearest" {
	launch -2 seccomp dmp untrusted
	expect_error usage 'dmp: no such question (did you mean "dump"?)'
	launch -2 seccomp frobnicate untrusted
	expect_error usage 'frobnicate: no such question (`lunette seccomp --help` lists'
	launch -2 seccomp groups @process @basic-io
	expect_error usage "groups: wants one group, or none"
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

@test "check names each hole that matters with its guard, and none where the rules close it" {
	local what all='"no-ptrace", "no-tty-injection", "no-userfaultfd", "no-io-uring", "no-vsock",
		"no-odd-sockets", "no-new-userns", "no-bpf-perf", "no-keyring", "no-setuid-files"'
	echo 'return profile { mounts = { ro "/usr" }, seccomp = {} }' > "$profile"
	launch -0 check "$profile"
	for what in ptrace 'ioctl TIOCSTI' userfaultfd io_uring_setup 'socket AF_VSOCK' 'socket AF_ALG' \
		'clone CLONE_NEWUSER' bpf keyctl 'chmod of set-id bits'; do
		[[ $output == *"warning: seccomp: $what: "*' (guard = { "no-'* ]]
	done
	echo "return profile { mounts = { ro '/usr' }, seccomp = { guard = { $all } } }" > "$profile"
	launch -0 check "$profile"
	[[ $output != *"guard ="* && $output == *"init_module: it loads code"* ]]
	# What closes a hole need not be the guard.
	echo 'return profile { mounts = { ro "/usr" }, seccomp = { kill { "@debug", "pidfd_getfd" },
		errno "EPERM" { sys.socket { domain = no(one_of { "unix", "inet" }) } } } }' > "$profile"
	launch -0 check "$profile"
	[[ $output != *no-ptrace* && $output != *no-vsock* && $output == *no-keyring* ]]
	echo 'return profile { mounts = { ro "/usr" }, user = { nested = true }, seccomp = {} }' \
		> "$profile"
	launch -0 check "$profile"
	[[ $output != *no-new-userns* && $output == *no-keyring* ]]
}

@test "verify compares every shipped profile's filter with its rules, and so does check" {
	local name
	for name in base default untrusted ci build shell; do
		run -0 "$LUNETTE" seccomp verify "$name"
		[[ $output == "$name: the filter says what the rules say, for every call" ]]
		launch -0 check "$name"
		[[ $output != *"guard ="* ]]
	done
	mkdir tree
	run -0 "$LUNETTE" seccomp verify --set root="$PWD/tree" root
	run -0 "$LUNETTE" seccomp verify "$profile"
	sed -i 's/default = allow,/& arch = { "i386", "x32", "aarch64", "riscv64" },/' "$profile"
	run -0 "$LUNETTE" seccomp verify "$profile"
	[[ $output == *"for every call" ]]
}

# many COUNT RULE - a profile of COUNT rules, i being the number of each
many() {
	cat > "$profile" <<-END
		local rules = { default = allow }
		for i = 1, $1 do
			rules[i] = $2
		end
		return profile { mounts = { ro "/usr" }, seccomp = rules }
	END
}

# The evaluator has half a second of processor time for thousands of rules.
need_speed() {
	((${SLOW:-1} == 1)) || skip "host: it is too slow for so many rules"
}

@test "too many rules or too large a filter: an error that names a line" {
	need_speed
	local verb reason
	for reason in 'more than 10000 rules' 'too different' 'more than the 4096 instructions'; do
		case $reason in
		*rules) many 20000 'errno(1) { sys.close { fd = 2 * i } }' ;;
		*different) many 200 'errno(1) { sys.close { fd = has(2 * i + 1) } }' ;;
		*) many 2500 'errno(i) { sys.close { fd = 2 * i } }' ;;
		esac
		for verb in "check $profile" "run -p $profile -- true" "seccomp dump $profile"; do
			# shellcheck disable=SC2086
			run "$LUNETTE" $verb
			((status != 0))
			[[ $output == "lunette: "*"p.lua:3"*"$reason"* ]]
		done
	done
}

@test "many rules that come to little fit" {
	need_speed
	many 9000 'errno(1) { "read", "write" }'
	run -0 "$LUNETTE" seccomp stats "$profile"
	[[ ${lines[0]} =~ ^instructions\ +([0-9]+)$ ]]
	((BASH_REMATCH[1] < 20))
}
