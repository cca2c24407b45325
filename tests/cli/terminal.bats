# terminal.bats: a terminal of the sandbox's own, and the user's, which is only lent
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

scene() {
	run timeout $((50 * SLOW)) /usr/bin/python3 "$BATS_TEST_DIRNAME/../lib/terminal.py" "$@"
	echo "$output"
}

@test "the program has a terminal by name, of the user's size, which is raw meanwhile" {
	scene own
	[[ $output == "/dev/pts/0 24 80 ready raw"$'\n'*"hello got hello 5" ]]
}

@test "the user's terminal has its modes back after any end" {
	scene restored
	[[ ${lines[0]} == "True 137" && ${lines[1]} == "True 3" && ${lines[2]} == "True 139" ]]
	[[ ${lines[3]} == "True 124 " && ${lines[5]} == "True 123 " ]]
	[[ ${lines[4]} == "True 123 1000" ]]
}

@test "the keys that make signals reach the program" {
	scene keys
	[[ $output == $'end y 0\n130' ]]
}

@test "the program hears of a new size" {
	scene size
	[[ $output == "50 132" ]]
}

@test "it is stopped by its key and continued by the user's shell" {
	scene job
	[[ $output == $'got again\n0' ]]
}

@test "on the user's own terminal it is stopped and continued too, and gets its keys back" {
	profile shared <<<'return profile { extends = "default", process = { tty = "inherit" } }'
	scene job "-p ./shared.lua"
	[[ $output == $'got again\n0' ]]
}

@test "a launcher with a terminal that is told to stop does so once" {
	scene told
	[[ $output == $'stopped\nwent on\nended' ]]
}

@test "a program that stops goes on where no shell could continue the launcher" {
	scene orphan
	[[ $output == 3 ]]
}

@test "what a program pushes into its terminal's queue does not reach the user's" {
	need_probe
	# Without the guard that refuses it.
	profile open <<-'END'
		return profile { extends = "default", process = { tty = "auto" },
			seccomp = { guard = { remove "no-tty-injection" } } }
	END
	scene injected ./probe
	[[ $output == "got() 0" ]]
}

@test "a program that closes its terminal is waited for" {
	scene closed
	[[ $output == "('x\\r\\n', 4)" ]]
}

@test "with auto only those standard files are replaced that are a terminal" {
	profile auto <<<'return profile { extends = "default", process = { tty = "auto" } }'
	scene auto
	[[ $output == "['in', 'err']" || $output == "['err', 'in']" || $output == "['in']" ]]
	launch -1 run -p "$WORK/auto.lua" -- tty
	[[ $output == "not a tty" ]]
}

@test "a terminal where the caller has none: its input ends as by a key" {
	run timeout 20 bash -c 'echo typed | "$LUNETTE" run --tty -- sh -c "tty; cat; echo end"'
	[[ $output == *"/dev/pts/0"* && $output == *typed*typed*end* ]]
}

@test "no terminal without a /dev" {
	profile bare <<-'END'
		return profile { mounts = { ro "/usr", same "/bin", same "/lib",
			same { "/lib64", optional = true }, proc "/proc" }, process = { tty = true } }
	END
	launch -125 run -p "$WORK/bare.lua" -- /bin/true
	expect_error devices 'mount a dev "/dev"'
}

@test "no way to the user's terminal leads around a limit on output" {
	profile shared <<<'return profile { extends = "default", process = { tty = "inherit" } }'
	scene aside
	[[ ${lines[0]} == "True 1" && ${lines[1]} == "5000 0" ]] # the second is the control
	[[ ${lines[2]} == 'lunette: limits: limits.output: does not hold where process.tty is '* ]]
	[[ ${lines[3]} == " 125" && ${lines[4]} == x* && ${lines[5]} == " 0" ]]
	# Where the caller has no terminal there is none to be opened.
	launch -0 run -p "$WORK/shared.lua" --output 1000 -- echo said
	[[ $output == said ]]
}

@test "what is written to a socket that is standard input is not let through by a limit on output" {
	run -0 /usr/bin/python3 -c '
import os, socket, subprocess, sys
for limit in ["--output=1000"], []:
    ours, its = socket.socketpair()
    ours.sendall(b"asked\n")
    ended = subprocess.run([os.environ["LUNETTE"], "run", *limit, "--", "sh", "-c",
                            "read x; echo $x >&2; echo answer >&0"], stdin=its,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    its.close()
    print(b"asked" in ended.stderr, ours.recv(100))'
	[[ $output == "True b'"*$'\n'"True b'answer"* && ${lines[0]} != *answer* ]]
}

# --- signals ---

# stopped PID - is it?
stopped() {
	local stat
	read -r stat <"/proc/$1/stat"
	[[ $stat == *") T "* ]]
}

@test "the second SIGINT in a second ends a program that is deaf to the first" {
	env --default-signal=INT "$LUNETTE" run -- sh -c 'trap "" INT; echo ready; sleep 20' \
		</dev/null >out 3>&- &
	local pid=$!
	within 5 grep -q ready out
	kill -INT "$pid"
	sleep 0.1
	kill -0 "$pid"
	kill -INT "$pid"
	local status=0
	wait "$pid" || status=$?
	[[ $status == 137 ]]
}

@test "a launcher that is stopped as a job has its program stop, and go on with it" {
	need_command python3
	run timeout 30 /usr/bin/python3 -c '
import os, signal, subprocess, sys, time
def count():
    with open("count") as file: return len(file.read())
open("count", "w").close()
child = subprocess.Popen([os.environ["LUNETTE"], "run", "--", "sh", "-c",
    "while :; do printf x >>count; sleep 0.02; done"], stdin=subprocess.DEVNULL, process_group=0
    if sys.version_info >= (3, 11) else None)
while count() < 3: time.sleep(0.01)
os.kill(child.pid, signal.SIGTSTP)
os.waitid(os.P_PID, child.pid, os.WSTOPPED)
time.sleep(0.2)
before = count(); time.sleep(0.3); print(count() - before)
os.kill(child.pid, signal.SIGCONT)
end = time.monotonic() + 10
while count() < before + 3 and time.monotonic() < end: time.sleep(0.01)
print(count() > before)
child.terminate(); child.wait()'
	[[ $output == $'0\nTrue' ]]
}

@test "a flood of output that nobody looks at ends with its time" {
	scene unread
	[[ $output == 124 ]]
}

@test "a flood of stops ends with its time" {
	scene stops
	[[ $output == 124 ]]
}

@test "a stop that is told of after the signal to go on stops nothing" {
	scene late
	[[ $output == 3 ]]
}

@test "a stopped job comes to its limits, too" {
	local limit
	for limit in --wall --cpu; do
		scene held "$limit"
		[[ $output == "runs False" ]]
	done
}

@test "in the background it reads nothing of what the user types, and comes to its limits" {
	scene background
	[[ $output == $'runs False\ngot again' ]]
}
