# messages.bats: does what is said help who reads it? (values that cannot be meant, and places)
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2154 # Bats and lib/launch set what they read

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
