# default.bats: what `lunette run COMMAND` uses
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "the working directory is writable at its own path" {
	launch -0 run -- sh -c 'pwd; echo x >made; cat made'
	[[ $output == "$WORK"$'\nx' && $(cat made) == x ]]
}

@test "what lies beside and above it is not there" {
	mkdir project && echo secret >beside
	cd project || return
	launch -0 run -- sh -c 'ls -A ..; cat ../beside; pwd'
	[[ $output == $'project\n'"$WORK/project" ]]
}

@test "it is refused where that is /, a system directory, the home or what holds it" {
	local place
	mkdir -p home/below/.config/lunette && export HOME=$WORK/home/below
	unset XDG_CONFIG_HOME
	for place in / /usr /usr/share /etc /proc /tmp /var /home /dev/shm "$WORK/home/below" \
		"$WORK/home" "$WORK/home/below/.config" "$WORK/home/below/.config/lunette"; do
		[[ -d $place ]] || continue
		cd "$place" || return
		local name
		for name in default untrusted ci build shell; do
			launch -125 run -p "$name" -- true
			expect_error profile "$place"
		done
	done
	mkdir -p "$WORK/home/below/project" && cd "$WORK/home/below/project" || return
	launch -0 run -- pwd
	[[ $output == "$WORK/home/below/project" ]]
}

@test "the refusal says why and what to do instead" {
	mkdir home && export HOME=$WORK/home && cd home || return
	launch -125 run -- true
	expect_error profile 'is your home directory'
	expect_error profile 'start in a project'
	launch -0 run --set dir="$WORK" --chdir / -- true || [[ $stderr == *"holds your home"* ]]
}

# bats test_tags=root
@test "as root it works in a directory that only root may enter" {
	mkdir -p closed/project && chmod 700 closed && cd closed/project || return
	launch -0 run -- sh -c 'echo x >made && cat made'
	[[ $output == x && $(stat -c %u made) == 0 ]]
}

@test "a file of mode 0600 in the working directory is its owner's to read inside" {
	echo mine >file && chmod 600 file
	launch -0 run -- cat file
	[[ $output == mine ]]
}
