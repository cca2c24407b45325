# sandbox.bash - what tests of sandboxes share
#
#   workspace              in setup(): a fresh directory $WORK, which becomes the current one
#   end_jobs               in teardown(): kills what the test has left running in the background
#   profile NAME <<'END'   writes $WORK/NAME.lua; `launch run -p "$WORK/NAME.lua"` uses it
#   canary                 in setup(): a tree $CANARY outside of what is mounted; in teardown(),
#                          `canary_alive` says that it is as it was
#   need_probe             puts tests/lib/probe.c, compiled, into $WORK
#   json FILE EXPRESSION   a value of a JSON file, by a Python expression over `it`
#   wall SECONDS           a limit of so many, of more on a slow machine
#   start ARGUMENT...      `lunette ARGUMENT...` in the background; `ended $PID` waits for it
#
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # Bats sets status, output and stderr; tests read PID and status

# outer_uid - the host's id of the programs that the caller starts; as root they are nobody's
outer_uid() {
	if ((EUID == 0)); then
		echo 65534
	else
		echo "$EUID"
	fi
}

# Bats's own job watches BATS_TEST_TIMEOUT. Killed, it would leave a `sleep` that keeps the output
# open, so that the file ends no sooner than the time of its last test would have.
workspace() {
	JOBS_OF_BATS=$(jobs -p)
	WORK=$BATS_TEST_TMPDIR/work
	mkdir -p "$WORK"
	cd "$WORK" || return
}

end_jobs() {
	local pid
	for pid in $(jobs -p); do
		[[ " ${JOBS_OF_BATS//$'\n'/ } " == *" $pid "* ]] || kill -KILL "$pid" 2>/dev/null || true
	done
}

profile() {
	cat >"$WORK/$1.lua"
}

# need_probe - skips where there is no compiler. One compilation serves a file of tests, or all of
# them where PROBE names a program that is compiled already.
need_probe() {
	local made=${PROBE:-$BATS_FILE_TMPDIR/probe}
	if [[ ! -x $made ]]; then
		need_command cc
		cc -static -O1 -o "$made" "${BASH_SOURCE[0]%/*}/probe.c" || skip "host: no static C library"
	fi
	cp "$made" "$WORK/probe"
}

json() {
	/usr/bin/python3 -c 'import json, sys
it = json.load(open(sys.argv[1]))
value = eval(sys.argv[2])
print(value if isinstance(value, str) else json.dumps(value))' "$1" "$2"
}

# processes TOKEN - how many processes have TOKEN in their command line. Searching makes processes
# too: bash reads the files itself.
processes() {
	local file word found=0
	for file in /proc/[0-9]*/cmdline; do
		while IFS= read -r -d '' word; do
			if [[ $word == *"$1"* ]]; then
				found=$((found + 1))
				break
			fi
		done 2>/dev/null <"$file" || true
	done 2>/dev/null
	echo "$found"
}

wall() {
	echo "$(($1 * SLOW))s"
}

# within SECONDS COMMAND... - the command succeeds, at the latest after SECONDS (of a usual machine)
within() {
	local end=$((SECONDS + $1 * SLOW))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# gone TOKEN - nothing runs with TOKEN in its command line
gone() {
	[[ $(processes "$1") == 0 ]]
}

# tree_hash DIRECTORY - names, kinds, modes, owners and contents of all in it
tree_hash() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %s %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0r sha256sum) | sha256sum
}

canary() {
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir -p "$CANARY/dir" && echo precious >"$CANARY/file"
	chmod 777 "$CANARY" "$CANARY/dir" && chmod 666 "$CANARY/file"
	CANARY_BEFORE=$(tree_hash "$CANARY")
}

canary_alive() {
	[[ $(tree_hash "$CANARY") == "$CANARY_BEFORE" ]]
}

# start ARGUMENT... - `lunette ARGUMENT...` in the background; its pid is $PID. Nothing stands
# between, so that signals reach the launcher itself; what a shell has its background jobs ignore is
# undone.
start() {
	env --default-signal=INT,QUIT "$LUNETTE" "$@" </dev/null >"$WORK/out" 2>"$WORK/err" 3>&- &
	PID=$!
}

# ended PID - waits for it, at most ten seconds, and sets $status
ended() {
	within 10 finished "$1" || kill -KILL "$1"
	status=0
	wait "$1" || status=$?
}

finished() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ $stat == *") Z "* ]]
}
