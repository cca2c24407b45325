# cputime.bats: the CPU time of all processes together
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_command python3
	need_probe
}

# What the kernel's clock and the launcher's looks at it may add, in milliseconds.
OVER=$((50 * SLOW))

@test "a program may use up to its CPU time and no more" {
	launch -0 run --cpu 600ms --report report -- ./probe burn 500
	[[ $(json report '400 < it["cpu_ms"] <= 600') == true ]]
	launch -123 run --cpu 600ms --report report -- ./probe burn 700
	[[ $(json report 'it["status"]') == cpu-time && $(json report 'it["exit_code"]') == null ]]
	[[ $(json report "600 < it['cpu_ms'] < 600 + $OVER") == true ]]
	# The control: the clock on the wall is not what is measured.
	launch -0 run --cpu 300ms -- sleep 0.5
	launch -0 run -- ./probe burn 700
}

# Four processes that use all the CPU time they get
four='./probe burn 2000 & ./probe burn 2000 & ./probe burn 2000 & ./probe burn 2000; wait'

@test "the time of all processes counts together" {
	launch -123 run --cpu 400ms --report report -- sh -c "$four"
	[[ $(json report "it['cpu_ms'] < 400 + 2 * $OVER") == true ]]
}

@test "children that nobody waits for count where there is a counter" {
	launch run --cpu 600ms --report report -- ./probe unseen 200
	[[ $(json report 'it["cpu_exact"]') == true ]] || skip "host: counters are not for everyone"
	[[ $status == 123 ]]
}

@test "the program cannot stop the counter" {
	launch run --cpu 400ms --report report -- sleep 0.1
	[[ $(json report 'it["cpu_exact"]') == true ]] || skip "host: counters are not for everyone"
	launch run --cpu 400ms --report report -- ./probe uncounted 160
	[[ $output == 0 && $status == 123 ]]
}

@test "a program that executes what it may not read does not escape the limit" {
	need_command cc
	printf 'int main(void) { for (;;) ; }\n' >loop.c
	cc -static -o loop loop.c || skip "host: no static C library"
	chmod 0111 loop
	launch -123 run --cpu 500ms --wall "$(wall 15)" --report report -- sh -c './loop & ./loop'
	[[ $(json report 'it["status"], it["cpu_exact"]') == '["cpu-time", false]' ]]
	launch -123 run --cpu 500ms --wall "$(wall 15)" --report report -- ./loop
}

# without - writes without.py, which runs a command as where kernel.perf_event_paranoid is 3: EACCES
# for perf_event_open
without() {
	cat >without.py <<-'END'
		import ctypes, os, struct, sys
		number = {"x86_64": 298, "aarch64": 241, "riscv64": 241}[os.uname().machine]
		code = struct.pack("<" + "HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, number,
		                   6, 0, 0, 0x0005000d, 6, 0, 0, 0x7fff0000)
		held = ctypes.create_string_buffer(code)
		program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", 4, ctypes.addressof(held)))
		libc = ctypes.CDLL(None, use_errno=True)
		assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
		os.execv(sys.argv[1], sys.argv[1:])
	END
}

@test "without a counter the scan holds the limit and says that it is approximate" {
	without
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 500ms --wall "$(wall 15)" --report report -- \
		sh -c "$four" </dev/null
	[[ $status == 123 && $(json report 'it["status"], it["cpu_exact"]') == '["cpu-time", false]' ]]
	[[ $(json report "it['cpu_ms'] < 500 + 6 * $OVER") == true ]]
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 600ms --report report -- \
		./probe burn 400 </dev/null
	[[ $status == 0 && $(json report '300 < it["cpu_ms"] <= 600') == true ]]
}

@test "children shorter than the scan's pause may be lost, and the report says so" {
	without
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 5s --report report -- ./probe unseen 60 \
		</dev/null
	# What it costs their parent to make them is seen, and more on a slow machine.
	[[ $status == 0 ]]
	[[ $(json report "it['cpu_exact'], it['cpu_ms'] < 250 * $SLOW") == '[false, true]' ]]
	# The control: a counter sees all of them.
	launch -0 run --cpu 5s --report report -- ./probe unseen 60
	[[ $(json report 'not it["cpu_exact"] or it["cpu_ms"] >= 300') == true ]]
}

@test "in the report the time is null where nobody asked" {
	launch -0 run --report report -- true
	[[ $(json report 'it["cpu_ms"], it["cpu_exact"]') == '[null, null]' ]]
	launch -0 run --cpu 1s --report report -- true
	[[ $(json report "0 < it['cpu_ms'] < 2 * $OVER") == true ]]
}

# bats test_tags=slow
@test "200 sandboxes at once, each with its limits, are independent" {
	local i pids=() # of these alone: Bats has a job too
	for i in {1..200}; do
		timeout 50 "$LUNETTE" run --cpu 5s --wall 40s --output 1K --report "report$i" -- \
			sh -c "echo $i; sleep 0.5" </dev/null >"out$i" 2>"err$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}" || true
	for i in {1..200}; do
		[[ $(cat "out$i") == "$i" && ! -s err$i ]]
		grep -q '"status": "exited"' "report$i"
	done
}
