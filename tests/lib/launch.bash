# launch.bash - running lunette in a Bats test
#
#   load ../lib/launch
#   launch -0 run -p untrusted -- id -u       expects status 0; fills $status, $output, $lines
#   as_user launch -0 run -- id -u            the same as uid 1000, where the caller is root
#
# tests/run sets LUNETTE; a test that is run by bats alone takes the release build.
# shellcheck shell=bash

: "${LUNETTE:=$BATS_TEST_DIRNAME/../../build/release/lunette}"
export LUNETTE
: "${SLOW:=1}"                         # how many times slower than others this machine is
: "${LAUNCH_SECONDS:=$((30 * SLOW))}" # a launch that takes longer hangs; it is killed: status 124

# as_user COMMAND... - run a command, or one of the functions here, as an ordinary user. Root
# becomes uid 1000 without groups or capabilities, in a home of its own; others stay who they are.
as_user() {
	if ((EUID != 0)); then
		"$@"
	elif [[ $1 == launch ]]; then
		local LAUNCH_AS=1000
		"$@"
	else
		user_home
		setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all \
			env HOME="$USER_HOME" TMPDIR="$USER_HOME" USER=user LOGNAME=user "$@"
	fi
}

# user_home - sets USER_HOME to a directory of this test that uid 1000 owns and can reach.
user_home() {
	USER_HOME=$BATS_TEST_TMPDIR/home
	[[ -d $USER_HOME ]] && return
	mkdir "$USER_HOME"
	((EUID != 0)) || chown 1000:1000 "$USER_HOME"
	# Bats makes its own directories 0700.
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
}

# launch [-STATUS] ARGUMENT... - run lunette under a time limit with stdin from /dev/null unless
# LAUNCH_STDIN names a file; show what was run, and fail unless it ended with STATUS. stdout goes to
# $output and stderr to $stderr.
launch() {
	local expected=''
	if [[ $1 =~ ^-([0-9]+)$ ]]; then
		expected=${BASH_REMATCH[1]}
		shift
	fi
	local command=(timeout --kill-after=5 "$LAUNCH_SECONDS" "$LUNETTE" "$@")
	if [[ -n ${LAUNCH_AS-} ]]; then
		command=(as_user "${command[@]}")
	fi
	local known=() # Bats takes 127 for a slip unless told
	[[ $expected != 127 ]] || known=(-127)
	local tries=$SLOW # the evaluation of a profile has a second, which others may take from it
	while
		run --separate-stderr "${known[@]}" "${command[@]}" <"${LAUNCH_STDIN:-/dev/null}"
		((--tries > 0)) && [[ $stderr == *"not ready after"* ]]
	do :; done
	# shellcheck disable=SC2154 # Bats sets them
	printf '$ lunette %s\nstatus %s\n%s\n%s\n' "${*@Q}" "$status" "$output" "$stderr"
	[[ -z $expected || $status == "$expected" ]]
}

# expect_line TEXT - $output has a line that is exactly TEXT.
expect_line() {
	grep -Fqx -- "$1" <<<"$output" || {
		printf 'no line: %s\n' "$1"
		return 1
	}
}

# expect_error STAGE TEXT - stderr is one line of the form that design.md part 4 gives errors, of
# this stage, and holds TEXT.
expect_error() {
	# shellcheck disable=SC2154 # run --separate-stderr sets it
	[[ $(grep -c '' <<<"$stderr") == 1 && $stderr == "lunette: $1: "*"$2"* ]] || {
		printf 'not an error of stage %s with: %s\n' "$1" "$2"
		return 1
	}
}
