# shellcheck shell=bats
# library_fuzz.bats - the system-call library with random arguments, in a sandbox of our own
#
# tests/fuzz/library.lua says what it does; `scons fuzz-library` does it for longer.

bats_require_minimum_version 1.8.0

setup() {
	driven=(run -p ./tests/fuzz/confined.lua --set "tree=$PWD" --set "build=${LUNETTE%/*}"
		-- /build/lunette lua)
}

@test "random arguments to the library's functions end in answers or in errors for the caller" {
	run "$LUNETTE" "${driven[@]}" tests/fuzz/library.lua 6 1
	echo "$output"
	((status == 0))
	[[ "$output" =~ ([0-9]+)\ calls,\ 0\ failures ]]
	((BASH_REMATCH[1] > 500))
}

@test "control: a fault and an error that no caller can read are found" {
	cat >"$BATS_TEST_TMPDIR/broken.lua" <<-'END'
		S.getpgid = function() return require("syscall.unsafe").memory(8, 8):u8(0) end
		S.getsid = function() error {} end
	END
	sed "/^local seconds/r $BATS_TEST_TMPDIR/broken.lua" tests/fuzz/library.lua \
		>"$BATS_TEST_TMPDIR/library.lua"
	driven=(run --ro "$BATS_TEST_TMPDIR/library.lua:/library.lua" "${driven[@]:1}")
	run "$LUNETTE" "${driven[@]}" /library.lua 6 1
	echo "$output"
	((status == 1))
	[[ "$output" == *"SEGV getpgid("* && "$output" == *"error getsid("* ]]
}
