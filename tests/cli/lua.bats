# shellcheck shell=bats
# lua.bats - `lunette lua`: scripts, their arguments and errors, and the embedded library
# bats file_tags=rootless

bats_require_minimum_version 1.8.0

setup() {
	script=$BATS_TEST_TMPDIR/script.lua
}

@test "a script has its name and arguments" {
	echo 'print(arg[0] == "'"$script"'", #arg, ..., -1)' >"$script"
	run -0 "$LUNETTE" lua "$script" --help "two words"
	[[ "$output" == $'true\t2\t--help\t-1' ]]
	echo 'print(select("#", ...), select(2, ...))' >"$script"
	run -0 "$LUNETTE" lua "$script" --help "two words"
	[[ "$output" == $'2\ttwo words' ]]
}

@test "a script on standard input finds the library, wherever it runs" {
	cd /
	run -0 "$LUNETTE" lua - <<<'print(require("syscall").getpid() > 1)'
	[[ "$output" == true ]]
}

@test "an error is told with its place, and is status 1" {
	echo 'error "wrong"' >"$script"
	run -1 "$LUNETTE" lua "$script"
	[[ "$output" == "lunette: "*"script.lua:1: wrong"* ]]
	run -1 "$LUNETTE" lua "$BATS_TEST_TMPDIR/none.lua"
	[[ "$output" == *"cannot open"* ]]
	run -1 "$LUNETTE" lua - <<<'return +'
	[[ "$output" == *"unexpected symbol"* ]]
	((${#lines[@]} == 1)) # where no call led, no traceback tells more
}

@test "a traceback is told a line each, indented" {
	echo 'local function inner() error "wrong" end inner()' >"$script"
	run -1 "$LUNETTE" lua "$script"
	[[ "$output" == *$'\nlunette:     '*"script.lua:1: in "* && "$output" != *x09* ]]
}

@test "os.exit gives the status, and what was printed is there" {
	run -7 "$LUNETTE" lua - <<<'io.write("out") os.exit(7)'
	[[ "$output" == out ]]
}

@test "a missing script is misuse" {
	run -2 "$LUNETTE" lua
	[[ "$output" == *"a script is missing"* ]]
}

@test "memory is given back: a script may run for long" {
	run -0 "$LUNETTE" lua - <<-'EOT'
		-- Huge pages come and go with time, 2 MiB at once.
		assert(require "syscall".prctl("set_thp_disable", 1, 0, 0, 0))
		local function resident()
			for line in io.lines "/proc/self/status" do
				local kib = line:match "^VmRSS:%s+(%d+)"
				if kib then return tonumber(kib) end
			end
		end
		for round = 1, 3 do
			local t = {}
			for i = 1, 200 do t[i] = ("x"):rep(i * 1000 + round) end
			t = nil
			collectgarbage()
		end
		local before = resident()
		for round = 1, 30 do
			local t = {}
			for i = 1, 200 do t[i] = ("x"):rep(i * 1000 + round) end
			t = nil
			collectgarbage()
		end
		print(resident() - before < 4096)
	EOT
	[[ "$output" == true ]]
}
