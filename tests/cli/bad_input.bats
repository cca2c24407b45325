# bad_input.bats: what a user gets wrong, and what is merely odd
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2154 # what is quoted is for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# refused STAGE TEXT... <<'END' - this profile is refused, in one line that holds all TEXTs
refused() {
	local stage=$1 text
	shift
	profile bad
	launch -125 run -p "$WORK/bad.lua" -- true
	for text; do
		expect_error "$stage" "$text"
	done
	[[ -z $output ]]
}

# --- profiles ---

@test "an unknown key is named with file, line and the nearest key" {
	refused profile "bad.lua:3" hostnam hostname <<-'END'
		return profile {
			extends = "base",
			hostnam = "x",
		}
	END
	launch -1 check "$WORK/bad.lua"
	[[ $output$stderr == *bad.lua:3*hostname* ]]
}

@test "an unknown key within a table is named by its path" {
	refused profile limits.wal '"wall"' <<-'END'
		return profile { extends = "base", limits = { wal = "1s" } }
	END
	refused profile optionl optional <<-'END'
		return profile { extends = "base", mounts = { ro { "/usr", optionl = true } } }
	END
}

@test "a value of the wrong type is named with what it must be" {
	refused profile hostname <<<'return profile { extends = "base", hostname = 7 }'
	refused profile mounts <<<'return profile { extends = "base", mounts = "usr" }'
	refused profile 'mounts[1]' <<<'return profile { extends = "base", mounts = { "/usr" } }'
	refused profile limits.pids <<<'return profile { extends = "base", limits = { pids = "many" } }'
	refused profile limits.pids <<<'return profile { extends = "base", limits = { pids = -1 } }'
	refused profile limits.pids <<<'return profile { extends = "base", limits = { pids = 1.5 } }'
	refused profile user.uid <<<'return profile { extends = "base", user = { uid = 4294967295 } }'
	refused profile user.uid <<<'return profile { extends = "base", user = { uid = "0" } }'
	refused profile process.init <<<'return profile { extends = "base", process = { init = 1 } }'
	refused profile env.keep <<<'return profile { extends = "base", env = { keep = { "A=B" } } }'
	refused profile env.set <<<'return profile { extends = "base", env = { set = { A = 1 } } }'
	refused profile limits.wall <<<'return profile { extends = "base", limits = {
			wall = "1 fortnight" } }'
	refused profile umask <<<'return profile { extends = "base", umask = "0899" }'
}

@test "a misspelt word is named with the nearest" {
	refused profile "bad.lua:1" tmpf tmpfs <<<'return profile { mounts = { tmpf "/tmp" } }'
	refused profile EPREM EPERM <<<'return profile { seccomp = { errno "EPREM" { "chroot" } } }'
	refused profile no-new-usrns no-new-userns <<<'return profile { seccomp = { guard = {
			"no-new-usrns" } } }'
	refused profile @file-sistem @file-system <<<'return profile { seccomp = { allow {
			"@file-sistem" } } }'
	refused profile net_raww net_raw <<<'return profile { caps = { keep = { "net_raww" } } }'
}

@test "an unknown system call, argument or flag is named with the nearest" {
	refused profile openatt openat <<<'return profile { seccomp = { kill { "openatt" } } }'
	refused profile flagz flags <<<'return profile { seccomp = { kill { sys.openat {
			flagz = has "creat" } } } }'
	refused profile crate CREAT <<<'return profile { seccomp = { kill { sys.openat {
			flags = has "crate" } } } }'
	refused profile 'seccomp.arch[1]: must be one of "x86_64"' <<<'return profile { seccomp = {
			arch = { "arm" } } }'
	profile good <<<'return profile { extends = "base", seccomp = { kill {
			optional "no_such_call" } } }'
	launch -0 run -p "$WORK/good.lua" -- true
}

@test "a file that does not return a profile" {
	refused profile bad.lua <<<''
	refused profile bad.lua <<<'return 1'
	refused profile bad.lua <<<'return { hostname = "x" }'
	refused profile bad.lua:3 <<<$'-- fine\nreturn profile {'
}

@test "what a profile has not of Lua is no misspelt name, and an error that is no text is one" {
	local name
	for name in io os print require load; do
		refused profile "bad.lua:1: \`$name\`" 'a profile can only compute' <<<"$name.x = 1"
		[[ $stderr != *"did you mean"* ]]
	done
	refused profile bad.lua 'an error that is no text' <<<'error {}'
}

@test "a profile that is not there, is a directory, a FIFO or a device" {
	launch -125 run -p "$WORK/none.lua" -- true
	expect_error profile none.lua
	mkdir dir.lua
	launch -125 run -p "$WORK/dir.lua" -- true
	expect_error profile dir.lua
	mkfifo fifo.lua
	launch -125 run -p "$WORK/fifo.lua" -- true
	expect_error profile fifo.lua
	launch -125 run -p /dev/zero -- true
	expect_error profile /dev/zero
}

@test "a key that another issue builds says so, and is skipped under prefer" {
	refused profile net <<<'return profile { extends = "base", net = pod "x" }'
	profile soft <<<'return profile { extends = "base", net = prefer(pod "x") }'
	launch -0 run -p "$WORK/soft.lua" --report "$WORK/report" -- true
	[[ $(json report '"pods are not built yet" in json.dumps(it["enforced"]["skipped"])') == true ]]
}

@test "check of a profile whose parameter is not given is misuse, and not a profile with a fault" {
	profile wants <<<'local arg = params { n = text {} }; return profile { doc = arg.n }'
	launch -2 check base "$WORK/wants.lua"
	expect_error usage '(--set n=...)'
	launch -0 check --set n=x "$WORK/wants.lua"
	launch -1 check "$WORK/none.lua"
}

@test "hostile bytes of a profile are escaped in the message" {
	refused profile 'x\x1b[2J' <<<$'return profile { ["x\\27[2J"] = 1 }'
	[[ $stderr != *$'\e'* ]]
	printf 'return profile { ["a\\nlunette: forged"] = 1 }' | refused profile 'a\x0alunette'
}

# --- mounts ---

@test "a source that is not there is an error, and not one where it is optional" {
	refused mounts /no/such/source bad.lua <<<'return profile { extends = "base", mounts = { ro {
			"/no/such/source", at = "/x" } } }'
	profile soft <<<'return profile { extends = "base", mounts = { ro { "/no/such/source", at = "/x",
			optional = true } } }'
	launch -0 run -p "$WORK/soft.lua" -- true
}

@test "a source that is a dangling symlink is an error that names it" {
	ln -s /no/such/target "$WORK/dangling"
	launch -125 run --ro "$WORK/dangling:/x" -- true
	expect_error mounts "$WORK/dangling"
}

@test "a source below a file is an error that names it" {
	echo x >file
	launch -125 run --ro "$WORK/file/below:/x" -- true
	expect_error mounts "$WORK/file/below: Not a directory (what is above it is a file"
}

@test "a target under a file is an error that names it" {
	refused mounts /etc/hostname <<<'return profile { extends = "base", mounts = {
			tmpfs "/etc/hostname/below" } }'
	[[ $stderr == *"(what is above it is a file: name another path)" ]]
}

@test "a target in a read-only tree that has no such directory is an error that names it" {
	refused mounts /usr/no-such-directory <<<'return profile { extends = "base", mounts = {
			tmpfs "/usr/no-such-directory" } }'
	[[ ! -e /usr/no-such-directory ]]
}

@test "a file over a directory and a directory over a file are errors" {
	echo x >file
	launch -125 run --ro "$WORK/file:/usr/share" -- true
	expect_error mounts /usr/share
	launch -125 run --ro "$WORK:/usr/bin/env" -- true
	expect_error mounts "/usr/bin/env: a directory cannot be mounted on a file (name a target of the"
}

@test "a path with .. or without a leading slash is refused" {
	refused profile '..' <<<'return profile { extends = "base", mounts = { tmpfs "/a/../etc" } }'
	refused profile '..' <<<'return profile { extends = "base", mounts = { ro { "/usr",
			at = "/../x" } } }'
	refused profile absolute <<<'return profile { extends = "base", mounts = { tmpfs "tmp" } }'
}

@test "a NUL byte in a text is refused" {
	refused profile NUL <<<'return profile { extends = "base", mounts = { tmpfs "/a\0b" } }'
	refused profile hostname <<<'return profile { extends = "base", hostname = "a\0b" }'
	refused profile env.set <<<'return profile { extends = "base", env = { set = { A = "b\0c" } } }'
}

@test "names with a newline, a space or bytes that are no text work" {
	local name
	for name in $'new\nline' 'a space' $'\xff\xfe' 'back\slash' 'comma,colon' "quote's"; do
		mkdir -p "$WORK/$name" && echo here >"$WORK/$name/file"
		launch -0 run --ro "$WORK/$name:/x" --tmpfs "/y/$name" -- sh -c 'cat /x/file;
				ls -d "/y/$1"' sh "$name"
		[[ ${lines[0]} == here ]]
		(cd "$WORK/$name" && launch -0 run -- cat file && [[ $output == here ]])
	done
}

@test "10,000 mounts work" {
	((SLOW == 1)) || skip "host: too slow to evaluate such a profile in half a second"
	profile many <<-'END'
		local mounts = {}
		for i = 1, 10000 do
			mounts[i] = ro { "/usr/share", at = "/many/" .. i }
		end
		return profile { extends = "base", mounts = mounts }
	END
	launch -0 run -p "$WORK/many.lua" -- sh -c 'ls /many | wc -l; test -d /many/10000/doc &&
			wc -l </proc/self/mountinfo'
	[[ ${lines[0]} == 10000 ]]
	((lines[1] >= 10000))
}

# --- the caller's own state ---

@test "closed standard files work" {
	launch -0 run -- true
	local outcome
	outcome=0
	"$LUNETTE" run -- sh -c 'ls -l /proc/self/fd >/dev/null; exit 5' <&- >&- 2>&- || outcome=$?
	[[ $outcome == 5 ]]
	outcome=$("$LUNETTE" run -- sh -c 'readlink /proc/self/fd/0' <&-)
	[[ $outcome == /dev/null ]]
}

@test "RLIMIT_NOFILE of 8 works on pipes, and on files says what it lacks" {
	run bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&-
		true | (ulimit -n 8; exec "$LUNETTE" run -- sh -c "ulimit -n; exit 6") 2>&1 | cat
		exit "${PIPESTATUS[1]}"'
	echo "$output"
	[[ $status == 6 && $output == 8 ]]
	status=0
	bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&-
		ulimit -n 8; exec "$LUNETTE" run -- sh -c "ulimit -n; exit 6"' \
		>out 2>err </dev/null || status=$?
	cat err
	[[ $status == 6 && $(cat out) == 8 ]] || [[ $status == 125 && $(cat err) == *RLIMIT_NOFILE* ]]
	# A file on standard input is to be opened once more; what is told is the same.
	status=0
	bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&-
		ulimit -n 8; exec "$LUNETTE" run -- sh -c "exit 6"' >out 2>err <"$LUNETTE" || status=$?
	cat err
	[[ $status == 6 ]] || [[ $status == 125 && $(cat err) == *RLIMIT_NOFILE* ]]
}

# shellcheck disable=SC2016 # for the shell there
@test "the caller's own limits hold, and a message says which is too small" {
	local limit
	for limit in '-t 1' '-v 300000'; do
		run as_user bash -c 'ulimit $1; exec "$LUNETTE" run -- sh -c "exit 4"' bash "$limit"
		[[ $status == 4 ]]
	done
	run as_user bash -c 'ulimit -u 1; exec "$LUNETTE" run -- true'
	[[ $status == 125 && $output == *"a limit of processes is reached"* ]]
	run as_user bash -c 'ulimit -f 0; exec "$LUNETTE" run -- true'
	[[ $status == 125 && $output == *"RLIMIT_FSIZE"* ]]
}

@test "a full disk under the report says so and keeps the program's status" {
	launch -4 run --report /dev/full -- sh -c 'exit 4'
	expect_error report /dev/full
}

@test "a report that can't be made is an error before anything runs" {
	launch run --report /no/such/directory/report -- sh -c 'echo ran; exit 4'
	[[ $status == 125 && $stderr == *"(lunette makes the file, not the directory that it is in)" ]]
	expect_error report "/no/such/directory/report: "
	launch -125 run --report "$WORK" -- sh -c 'echo ran'
	expect_error report "$WORK: Is a directory (name a file in it)"
	launch -125 run --report fd:77 -- sh -c 'echo ran'
	expect_error report "fd:77: Bad file descriptor (the caller has to open it: --report fd:3"
	[[ -z $output ]]
}

@test "a report path that is a symlink or FIFO does not write elsewhere or hang" {
	echo old >victim
	ln -s victim link
	launch -125 run --report "$WORK/link" -- true
	[[ $(cat victim) == old ]]
	mkfifo fifo
	launch -125 run --report "$WORK/fifo" -- true # one that hangs is killed, and so is timeout(1)
	expect_error report "$WORK/fifo"
}

@test "a working directory that was removed is an error that says so" {
	mkdir gone
	cd gone && rmdir ../gone
	launch -125 run -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == "lunette: "* ]]
}

@test "no user namespaces: one line with a remedy" {
	user_home
	cd "$USER_HOME" || return
	# The limit that is written belongs to the namespace that unshare has just made.
	run --separate-stderr as_user unshare --user --map-root-user sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh "$LUNETTE" run -p base -- true
	[[ $status == 125 && -z $output ]]
	expect_error ids ''
	[[ $stderr == *"("*")"* ]]
}

@test "a lunette inside a lunette works where the profile allows it" {
	cp "$LUNETTE" "$WORK/inner"
	profile outer <<-'END'
		return profile {
			extends = "default",
			user = { nested = true },
			seccomp = { guard = { remove { "no-new-userns" } }, remove { "@mount" } },
		}
	END
	launch -9 run -p "$WORK/outer.lua" -- ./inner run -p base -- sh -c 'hostname; exit 9'
	[[ $output == lunette ]]
}

@test "a lunette inside a lunette says why not where the profile forbids it" {
	cp "$LUNETTE" "$WORK/inner"
	launch -125 run -- ./inner run -p base -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == "lunette: ids: "* ]]
}

# --- plans ---

@test "a plan that is not one is refused with its line" {
	launch -0 plan -p base -- true
	printf '%s\n' "$output" >good.plan
	launch -0 run --plan good.plan
	sed '3i no.such.key 1' good.plan >unknown.plan
	launch -125 run --plan unknown.plan
	expect_error plan no.such.key
	head -c 100 good.plan >short.plan
	launch -125 run --plan short.plan
	expect_error plan ''
	head -c 3000 /dev/urandom >random.plan
	launch -125 run --plan random.plan
	expect_error plan ''
	: >empty.plan
	launch -125 run --plan empty.plan
	expect_error plan ''
	launch -125 run --plan /no/such/plan
	expect_error plan /no/such/plan
	launch -125 run --plan good.plan -- true
	expect_error usage ''
}
