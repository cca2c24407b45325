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
}

# Uses CPU time until its own and that of its waited-for children is argv[1] seconds.
burn='import os, sys, time
limit = float(sys.argv[1])
while sum(os.times()[:4]) < limit: pass'

@test "a program may use up to its CPU time and no more" {
	launch -0 run --cpu 600ms --report report -- /usr/bin/python3 -c "$burn" 0.5
	[[ $(json report '400 < it["cpu_ms"] <= 600') == true ]]
	launch -123 run --cpu 600ms --report report -- /usr/bin/python3 -c "$burn" 0.7
	[[ $(json report 'it["status"]') == cpu-time && $(json report 'it["exit_code"]') == null ]]
	[[ $(json report '600 < it["cpu_ms"] < 650') == true ]]
	# The control: the clock on the wall is not what is measured.
	launch -0 run --cpu 300ms -- sleep 0.5
	launch -0 run -- /usr/bin/python3 -c "$burn" 0.7
}

@test "the time of all processes counts together" {
	launch -123 run --cpu 400ms --report report -- /usr/bin/python3 -c 'import os
for i in range(3): os.fork()
while True: pass'
	[[ $(json report 'it["cpu_ms"] < 500') == true ]]
}

@test "children that nobody waits for count where there is a counter" {
	local lost='import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for i in range(5):
    if os.fork() == 0:
        while sum(os.times()[:2]) < 0.2: pass
        os._exit(0)
    try: os.wait()
    except ChildProcessError: pass'
	launch run --cpu 600ms --report report -- /usr/bin/python3 -c "$lost"
	[[ $(json report 'it["cpu_exact"]') == true ]] || skip "host: counters are not for everyone"
	[[ $status == 123 ]]
}

@test "the program cannot stop the counter" {
	local stop='import ctypes, os, signal
print(ctypes.CDLL(None).prctl(31)) # PR_TASK_PERF_EVENTS_DISABLE
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for i in range(40):
    if os.fork() == 0:
        while sum(os.times()[:2]) < 0.02: pass
        os._exit(0)
    try: os.wait()
    except ChildProcessError: pass'
	launch run --cpu 400ms --report report -- sleep 0.1
	[[ $(json report 'it["cpu_exact"]') == true ]] || skip "host: counters are not for everyone"
	launch run --cpu 400ms --report report -- /usr/bin/python3 -u -c "$stop"
	[[ $output == 0 && $status == 123 ]]
}

@test "a program that executes what it may not read does not escape the limit" {
	need_command cc
	printf 'int main(void) { for (;;) ; }\n' >loop.c
	cc -static -o loop loop.c || skip "host: no static C library"
	chmod 0111 loop
	launch -123 run --cpu 500ms --wall 15s --report report -- sh -c './loop & ./loop'
	[[ $(json report 'it["status"], it["cpu_exact"]') == '["cpu-time", false]' ]]
	launch -123 run --cpu 500ms --wall 15s --report report -- ./loop
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
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 500ms --wall 15s --report report -- \
		/usr/bin/python3 -c 'import os
for i in range(3): os.fork()
while True: pass' </dev/null
	[[ $status == 123 && $(json report 'it["status"], it["cpu_exact"]') == '["cpu-time", false]' ]]
	[[ $(json report 'it["cpu_ms"] < 800') == true ]]
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 600ms --report report -- \
		/usr/bin/python3 -c "$burn" 0.4 </dev/null
	[[ $status == 0 && $(json report '300 < it["cpu_ms"] <= 600') == true ]]
}

@test "a limit that is only preferred does without a counter, which a launch would wait for" {
	echo 'return profile { extends = "default", limits = { cpu = prefer "600ms" } }' >p.lua
	echo 'return profile { extends = "default", limits = { cpu = "600ms" } }' >hard.lua
	launch -123 run -p ./p.lua --wall 15s --report report -- /usr/bin/python3 -c "$burn" 9
	[[ $(json report 'it["status"], it["cpu_exact"]') == '["cpu-time", false]' ]]
	launch -0 run -p ./hard.lua --report report -- true
	[[ $(json report 'it["cpu_exact"]') == true ]] || skip "host: counters are not for everyone"
}

@test "children shorter than the scan's pause may be lost, and the report says so" {
	need_probe
	without
	run /usr/bin/python3 without.py "$LUNETTE" run --cpu 5s --report report -- ./probe unseen 60 \
		</dev/null
	[[ $status == 0 && $(json report 'it["cpu_exact"], it["cpu_ms"] < 250') == '[false, true]' ]]
	# The control: a counter sees all of them.
	launch -0 run --cpu 5s --report report -- ./probe unseen 60
	[[ $(json report 'not it["cpu_exact"] or it["cpu_ms"] >= 300') == true ]]
}

@test "in the report the time is null where nobody asked" {
	launch -0 run --report report -- true
	[[ $(json report 'it["cpu_ms"], it["cpu_exact"]') == '[null, null]' ]]
	launch -0 run --cpu 1s --report report -- true
	[[ $(json report '0 < it["cpu_ms"] < 100') == true ]]
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
