# run.bats: `lunette run`: statuses, arguments, environment, options, the report
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# --- exit status ---

@test "the status is the program's own" {
	launch -0 run -- true
	launch -1 run -- false
	launch -77 run -- sh -c 'exit 77'
	launch -255 run -- sh -c 'exit 255'
}

@test "a program that a signal killed has status 128+N" {
	launch -137 run -- sh -c 'kill -KILL $$'
	launch -143 run -- sh -c 'kill -TERM $$'
	launch -139 run -- sh -c 'kill -SEGV $$'
}

@test "a program that a filter killed has status 159" {
	profile killing <<-'END'
		return profile { extends = "base", seccomp = { kill { "chroot" } } }
	END
	launch -159 run -p "$WORK/killing.lua" -- chroot / true
	launch run -p base -- chroot / true
	[[ $status != 159 ]]
}

@test "a program that runs longer than its wall time has status 124" {
	local start=$SECONDS
	launch -124 run --wall "$((300 * SLOW))ms" -- sleep 20
	((SECONDS - start < 5 * SLOW))
	launch -0 run --wall 20s -- sleep 0.01
}

@test "a command that is not there has status 127" {
	launch -127 run -- no-such-command-at-all
	expect_error exec no-such-command-at-all
	launch -127 run -- /usr/bin/no-such-command-at-all
	expect_error exec /usr/bin/no-such-command-at-all
}

@test "a command that is there and cannot run has status 126" {
	mkdir directory
	echo text >plain
	printf '#!/no/such/interpreter\n' >orphan
	echo 'echo no magic' >formless
	chmod +x orphan formless
	local name
	for name in directory plain orphan formless; do
		launch -126 run -- "./$name"
		expect_error exec "./$name"
		[[ $stderr == *"("*")" ]] # a remedy
	done
}

@test "bare misuse has status 125 and says so in one line" {
	launch -125 run
	expect_error usage ''
	launch -125 run --
	expect_error usage ''
	launch -125 run --no-such-option -- true
	expect_error usage --no-such-option
	launch -125 run -p no-such-profile -- true
	expect_error profile no-such-profile
	launch -125 run -p
	expect_error usage '-p: a value is missing (-p PROFILE)'
	launch -125 run --wall
	expect_error usage '--wall: a value is missing (--wall TIME)'
}

@test "a program may use lunette's own numbers; the report tells them apart" {
	launch -125 run --report "$WORK/report" -- sh -c 'exit 125'
	[[ -z $stderr ]]
	[[ $(json report 'it["status"]') == exited ]]
	[[ $(json report 'it["exit_code"]') == 125 ]]
	launch -125 run --report "$WORK/report" --ro /no/such/path -- true
	[[ $(json report 'it["status"]') == setup-failed ]]
}

# --- what the program gets ---

@test "arguments arrive as they are" {
	launch -0 run -- printf '<%s>' '' ' ' $'a\nb' '*' '--ro' '-p' '--' "it's"
	[[ $output == $'<>< ><a\nb><*><--ro><-p><--><it\'s>' ]]
}

@test "options end at the command even without --" {
	launch -0 run echo --hostname -p x --help
	[[ $output == '--hostname -p x --help' ]]
}

@test "an argument that is not UTF-8 arrives as it is" {
	launch -0 run -- sh -c 'printf %s "$1" | od -An -tx1' sh $'\xff\xfe\x01'
	[[ $output == *"ff fe 01"* ]]
}

@test "of the environment the program gets what the profile names" {
	export SECRET_TOKEN=s3cret LD_PRELOAD='' SSH_AUTH_SOCK=/x AWS_SECRET=y LANG=C TERM=dumb
	launch -0 run -- env
	[[ $output != *s3cret* && $output != *SSH_AUTH_SOCK* && $output != *AWS_* ]]
	expect_line LANG=C
	expect_line HOME=/home/user
	launch -0 run --env SECRET_TOKEN --env ADDED='a b=c' -- env
	expect_line SECRET_TOKEN=s3cret
	expect_line 'ADDED=a b=c'
}

@test "env.keep of a variable that is not set gives none" {
	unset NOT_SET_AT_ALL
	launch -0 run --env NOT_SET_AT_ALL -- env
	[[ $output != *NOT_SET_AT_ALL* ]]
}

@test "a value that is not text of any locale is kept" {
	export ODD=$'\xff\n='
	launch -0 run --env ODD -- sh -c 'printf %s "$ODD" | od -An -tx1'
	[[ $output == *"ff 0a 3d"* ]]
}

@test "the program starts in its working directory" {
	launch -0 run -- pwd
	[[ $output == "$WORK" ]]
	launch -0 run --chdir /usr -- pwd
	[[ $output == /usr ]]
	launch -125 run --chdir /no/such -- true
	expect_error exec /no/such
}

@test "the host name is the profile's and not the host's" {
	launch -0 run -- hostname
	[[ $output == lunette ]]
	launch -0 run --hostname another -- hostname
	[[ $output == another ]]
	[[ $(hostname) != another ]]
}

@test "the program is pid 2 of a namespace of its own, in a session that pid 1 leads" {
	launch -0 run -- sh -c 'echo $$; ps -e 2>/dev/null | wc -l; cut -d" " -f6 /proc/self/stat'
	[[ ${lines[0]} == 2 ]]
	[[ ${lines[2]} == 1 ]]
}

@test "standard input, output and error are the program's" {
	echo in >input
	LAUNCH_STDIN=input launch -3 run -- sh -c 'cat; echo err >&2; exit 3'
	[[ $output == in && $stderr == err ]]
}

# --- options ---

@test "--ro shows a tree and refuses writes, at its own path or another" {
	mkdir -p "$BATS_TEST_TMPDIR/tree" && echo here >"$BATS_TEST_TMPDIR/tree/file"
	launch -0 run --ro "$BATS_TEST_TMPDIR/tree" -- cat "$BATS_TEST_TMPDIR/tree/file"
	[[ $output == here ]]
	launch -0 run --ro "$BATS_TEST_TMPDIR/tree:/data" -- cat /data/file
	[[ $output == here ]]
	launch run --ro "$BATS_TEST_TMPDIR/tree:/data" -- sh -c 'echo x >/data/file'
	[[ $status != 0 && $stderr == *"Read-only file system"* ]]
	[[ $(cat "$BATS_TEST_TMPDIR/tree/file") == here ]]
}

@test "--rw writes through" {
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	launch -0 run --rw "$BATS_TEST_TMPDIR/tree:/data" -- sh -c 'echo x >/data/file'
	[[ $(cat "$BATS_TEST_TMPDIR/tree/file") == x ]]
}

@test "a colon in a path is escaped" {
	mkdir -p "$WORK/a:b" && echo here >"$WORK/a:b/file"
	launch -0 run --ro "$WORK/a\\:b:/c" -- cat /c/file
	[[ $output == here ]]
}

@test "a relative path of the command line is relative to the working directory" {
	mkdir sub && echo here >sub/file
	launch -0 run --ro sub:/data -- cat /data/file
	[[ $output == here ]]
}

@test "--tmpfs is empty, writable and gone afterwards" {
	launch -0 run --tmpfs /scratch -- sh -c 'ls -A /scratch; echo x >/scratch/f && cat /scratch/f'
	[[ $output == x ]]
	[[ ! -e /scratch ]]
}

@test "--uid and --gid are the ids inside" {
	launch -0 run --uid 4242 --gid 4343 -- sh -c 'id -u; id -g'
	[[ $output == $'4242\n4343' ]]
	local bad
	for bad in -1 4294967295 4294967296 0x10 1e3 ' 0' '' 1000:; do
		launch -125 run "--uid=$bad" -- true
		expect_error usage uid
	done
}

@test "--pids holds" {
	launch run --pids 8 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done; echo all;
			wait'
	[[ $output != *all* ]]
	launch -0 run --pids 64 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.01 & done;
			echo all; wait'
	[[ $output == all ]]
}

@test "--set gives a profile's parameter, checked" {
	mkdir other && echo here >other/file
	launch -0 run -p untrusted --set dir="$WORK/other" -- cat /box/file
	[[ $output == here ]]
	launch -125 run -p untrusted --set dri="$WORK/other" -- true
	[[ $stderr == *dri* && $stderr == *dir* ]]
	launch -125 run -p ci --set wall=soon -- true
	[[ $stderr == *wall* ]]
}

@test "an option given twice: lists add up, single values keep the last" {
	mkdir a b
	launch -0 run --ro a:/a --ro b:/b --hostname one --hostname two -- sh -c 'ls -d /a /b; hostname'
	[[ $output == $'/a\n/b\ntwo' ]]
}

@test "an option of the wrong form is an error of usage that names it" {
	local option
	for option in --wall=soon --pids=many --pids=-1 --ro= --ro=:/x --hostname='a b' \
		--env== --net=wire; do
		launch -125 run "$option" -- true
		expect_error usage "${option%%=*}"
	done
}

# --- the report ---

@test "the report is one JSON object with every field" {
	launch -3 run --report "$WORK/report" -- sh -c 'exit 3'
	python3 -m json.tool "$WORK/report" >/dev/null
	[[ $(json report '" ".join(sorted(it))') == "cpu_exact cpu_ms denied enforced error evidence\
 exit_code lunette max_rss_kib memory_peak_kib notified pids_peak plan profile signal stage status\
 stderr stdout system_ms user_ms wall_ms" ]]
	[[ $(json report '[it["lunette"], it["status"], it["profile"]]') == '[1, "exited", "default"]' ]]
	[[ $(json report '[it[key] for key in ("exit_code", "signal", "stage", "error")]') == \
		'[3, null, null, null]' ]]
	[[ $(json report 'it["plan"][:7], len(it["plan"])') == '["sha256:", 71]' ]]
	[[ $(json report '0 < it["wall_ms"] < 30000 and it["max_rss_kib"] > 0') == true ]]
	[[ $(json report '" ".join(sorted(it["enforced"]))') == \
		"capabilities cgroup landlock_abi namespaces network rlimits seccomp_instructions skipped" ]]
	[[ $(json report '" ".join(it["enforced"]["namespaces"])') == \
		"user mount pid net ipc uts cgroup" ]]
	[[ $(json report 'it["enforced"]["capabilities"]') == none ]]
	[[ $(json report 'it["enforced"]["seccomp_instructions"] > 0') == true ]]
}

@test "the report of a signal, a timeout and a filter's kill" {
	launch -137 run --report "$WORK/report" -- sh -c 'kill -KILL $$'
	[[ $(json report '[it["status"], it["signal"], it["exit_code"]]') == '["signaled", 9, null]' ]]
	launch -124 run --wall 100ms --report "$WORK/report" -- sleep 20
	[[ $(json report 'it["status"]') == timeout ]]
	[[ $(json report '90 < it["wall_ms"] < 5000') == true ]]
	profile killing <<-'END'
		return profile { extends = "base", seccomp = { kill { "chroot" } } }
	END
	launch -159 run -p "$WORK/killing.lua" --report "$WORK/report" -- chroot / true
	[[ $(json report '[it["status"], it["signal"]]') == '["denied", 31]' ]]
}

@test "the report of a failed set-up names stage and error" {
	launch -125 run --report "$WORK/report" --ro /no/such/path -- true
	[[ $(json report '[it["status"], it["stage"], it["exit_code"]]') == \
		'["setup-failed", "mounts", null]' ]]
	[[ $(json report '"/no/such/path" in it["error"]') == true ]]
	launch -127 run --report "$WORK/report" -- no-such-command
	[[ $(json report '[it["status"], it["stage"]]') == '["setup-failed", "exec"]' ]]
}

@test "nothing that the program says controls the terminal of who reads the report" {
	profile kept <<<'return profile { extends = "base", process = { stdout = "capture" } }'
	# U+009B is an escape character with its bracket.
	launch -0 run -p "$WORK/kept.lua" --report "$WORK/report" -- \
		printf '\302\2331m \33[1m \177 \303\251'
	[[ $(json "$WORK/report" 'it["stdout"]["text"] == "\x9b1m \x1b[1m \x7f \xe9"') == true ]]
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2\x9b' "$WORK/report" || return 1
}

@test "a report of odd names is still JSON" {
	launch -125 run --report "$WORK/report" --ro $'/no\n\xff"\\such' -- true
	python3 -m json.tool "$WORK/report" >/dev/null
	[[ $(wc -l <<<"$stderr") == 1 ]]
}

@test "the report goes to a descriptor" {
	launch -0 run --report fd:7 -- true 7>"$WORK/seven"
	[[ $(json seven 'it["status"]') == exited ]]
	launch -125 run --report fd:77 -- true
	expect_error report 77
}

@test "what was preferred and not given is reported" {
	launch -0 run -p untrusted --report "$WORK/report" -- true
	# As root a cgroup may hold the limit.
	[[ $(json report '("limits.memory" in json.dumps(it["enforced"]["skipped"])) != bool(
			(it["enforced"]["cgroup"] or {}).get("memory"))') == true ]]
	[[ $(json report 'it["enforced"]["landlock_abi"] is not None') == true ]]
}

# --- the other verbs, shortly ---

@test "--version and --help of every verb" {
	launch -0 --version
	[[ $output =~ ^lunette\ [0-9] ]]
	launch -0 --help
	local verb
	for verb in run check plan doctor profiles; do
		[[ $output == *"$verb"* ]]
	done
	for verb in run check plan doctor profiles; do
		launch -0 "$verb" --help
		[[ $output == *"lunette $verb"* && -z $stderr ]]
	done
	launch run --help
	local option
	for option in --ro --rw --tmpfs --net --publish --memory --pids --cpus --wall --cpu --output \
		--env --chdir --hostname --uid --gid --tty --name --set --report --plan; do
		[[ $output == *"$option"* ]]
	done
}

@test "no verb and an unknown verb are misuse" {
	launch -2 --no-such
	launch -2 runn -- true
	[[ $stderr == *run* ]]
}

@test "profiles lists each shipped profile on a line, with its own doc" {
	launch -0 profiles
	local name
	for name in base default untrusted ci shell build root; do
		[[ $output =~ (^|$'\n')$name\  ]]
	done
	[[ ${#lines[@]} == 7 && $output == *$'\n'"default    Any command: "* ]]
}

@test "doctor answers and names what it looked at" {
	launch doctor
	((status == 0 || status == 1))
	[[ $output == *andlock* && $output == *seccomp* && $output == *"user namespace"* ]]
}

# spoilt COMMANDS - `lunette doctor` after COMMANDS, by root of a user namespace of the test's own
spoilt() {
	run -"${WANTED:?}" unshare --user --map-root-user --mount --pid --fork bash -c "$1"'
		exec "$LUNETTE" doctor' </dev/null
	printf '%s\n' "$output"
}

@test "doctor tells what keeps user namespaces away, and what of the rest that is" {
	local closed='echo 0 >/proc/sys/user/max_user_namespaces || exit 99;' kernel='mount -t tmpfs none \
			/proc/sys && mkdir /proc/sys/kernel || exit 99; cd /proc/sys/kernel;'
	WANTED=1 spoilt "$closed"
	[[ $output == *$'MISSING user namespaces\n          cause:  user.max_user_namespaces is 0\n'* ]]
	[[ $output == *"remedy: sysctl user.max_user_namespaces=10000"* ]]
	[[ $output == *$'MISSING a /proc of its own\n          cause:  cannot be tried without user'* ]]
	WANTED=1 spoilt "$closed $kernel echo 1 >apparmor_restrict_unprivileged_userns;"
	[[ $output == *"remedy: an AppArmor profile for lunette with \`userns,\`, or sysctl "* ]]
	WANTED=1 spoilt "$closed $kernel echo 0 >unprivileged_userns_clone;"
	[[ $output == *"remedy: sysctl kernel.unprivileged_userns_clone=1"* ]]
}

@test "doctor tells that /proc is covered in part, as in a container" {
	WANTED=1 spoilt 'mount -t proc proc /proc && mount --bind /dev/null /proc/keys || exit 99;'
	[[ $output == *$'MISSING a /proc of its own\n'*"remedy: /proc is covered in part"* ]]
	# The control: it is the cover.
	WANTED=0 spoilt 'mount -t proc proc /proc || exit 99;'
	[[ $output == *"ok      a /proc of its own"* ]]
}

@test "doctor inside a sandbox tells of the filter around it, and every verb that reads a profile" {
	launch -1 run -p untrusted --ro "$LUNETTE:/lunette" -- /lunette doctor
	[[ $output == *$'MISSING seccomp\n'*"remedy: a filter around lunette forbids it"* ]]
	[[ $output != *"modprobe nf_tables"* ]]
	launch -1 run -p untrusted --ro "$LUNETTE:/lunette" -- /lunette check untrusted
	expect_error profile "evaluator: cannot give up its capabilities: Operation not perm"
}
