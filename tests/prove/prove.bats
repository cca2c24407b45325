# prove.bats: what `scons prove` and `scons bench` show, for the shipped profiles and a few policies
# shellcheck shell=bash disable=SC2154 # Bats sets status, output and lines

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need

setup() {
	root=$BATS_TEST_DIRNAME/../..
	build=${LUNETTE_BUILD:-$root/build/release}
	cd "$root" || return
}

# need_made PROGRAM - built by scons
need_made() {
	[[ -x $build/$1 ]] || skip "$1 is not built (scons test)"
}

@test "Z3 finds no call on which the filter of a shipped profile differs from its rules" {
	need_made tests/prove/policies
	/usr/bin/python3 -c 'import z3' || skip "python3-z3 is not installed (./quickstart setup)"
	run -0 /usr/bin/python3 tests/prove/prove.py "$build/tests/prove/policies" "$LUNETTE" 20
	[[ ${lines[-3]} =~ ^ok\ 1\ -\ ([0-9]+)\ of\ ([0-9]+)\ filters\ are\ proved,\ ([0-9]+) ]]
	((BASH_REMATCH[1] == BASH_REMATCH[2]))
	# Every shipped profile that has rules, which is every one.
	((BASH_REMATCH[3] == $(find profiles -name '*.lua' | wc -l)))
	[[ ${lines[-2]} =~ ^ok\ 2\ -\ ([0-9]+)\ of\ ([0-9]+)\ changed ]]
	((BASH_REMATCH[1] > 20))
}

@test "capability texts are read and written as libcap does" {
	need_made tests/prove/caps_text
	run -0 /usr/bin/python3 tests/prove/caps.py "$build/tests/prove/caps_text"
	[[ $output != *SKIP* ]] || skip "libcap2 is not installed (./quickstart setup)"
	[[ $output == *"as libcap"* ]]
}

@test "filters are as small as they should be and answer as libseccomp's" {
	need_made tests/bench/filter
	run -0 /usr/bin/python3 tests/bench/filters.py "$build/tests/bench/filter"
	[[ $output == *" 0 of "* ]] || skip "libseccomp2 is not installed (./quickstart setup)"
	(($(grep -c ' 0 of [0-9]' <<<"$output") == 6))
}
