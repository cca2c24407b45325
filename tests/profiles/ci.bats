# ci.bats: a test command on a clean tree
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "the run sees what it writes and the checkout never changes" {
	mkdir -p src/dir && echo one >src/file && echo x >src/dir/x && ln -s file src/link
	local before
	before=$(tree_hash src)
	cd src || return
	launch -0 run -p ci -- sh -ec 'pwd; echo two >file; rm dir/x; echo new >dir/new;
			chmod 700 file; mv link other; ls dir; cat file other dir/new'
	[[ $output == $'/src\nnew\ntwo\ntwo\nnew' ]]
	cd .. && [[ $(tree_hash src) == "$before" ]]
	cd src && launch -0 run -p ci -- cat file
	[[ $output == one ]]
}

@test "a directory of the checkout can be removed, and made again" {
	need_kernel 6.6 # tests/cli/mounts.bats has what is said before
	mkdir -p src/dir && echo x >src/dir/x && cd src || return
	launch -0 run -p ci -- sh -ec 'rm -r dir; mkdir dir; echo new >dir/new; ls dir'
	[[ $output == new && $(ls dir) == x ]]
}

@test "ids, host name, locale, zone, terminal and umask are fixed" {
	export LANG=de_DE.UTF-8 TZ=Asia/Tokyo TERM=xterm
	umask 077
	launch -0 run -p ci -- sh -c 'id -u; id -g; hostname; echo "$LANG $TZ $TERM $CI"; umask; date +%Z'
	[[ $output == $'1000\n1000\nci\nC.UTF-8 UTC dumb true\n0022\nUTC' ]]
}

@test "no environment of the caller's" {
	export COLORTERM=x NO_COLOR=1 SECRET=s
	launch -0 run -p ci -- env
	[[ $output != *COLORTERM* && $output != *NO_COLOR* && $output != *SECRET* ]]
}

@test "no network" {
	launch -0 run -p ci -- sh -c 'tail -n +3 /proc/net/dev | wc -l;
			cat /etc/resolv.conf 2>/dev/null | wc -l'
	[[ $output == $'1\n0' ]]
}

@test "the time limit is a parameter" {
	launch -124 run -p ci --set wall=200ms -- sleep 10
}

@test "the layer's size is a parameter" {
	launch run -p ci --set size=1M -- sh -c 'head -c 3M /dev/zero >big'
	[[ $status != 0 && $stderr == *"No space left"* && ! -e big ]]
}

# bats test_tags=root
@test "a checkout that others own is readable and stays theirs" {
	mkdir src && echo x >src/file && chown -R 4321:4321 src && cd src || return
	launch -0 run -p ci -- sh -c 'cat file && echo y >file && cat file'
	[[ $output == $'x\ny' && $(cat file) == x && $(stat -c %u file) == 4321 ]]
}
