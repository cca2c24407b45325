# lifecycle.bats: how a run ends, and that nothing outlives it
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_probe
	# Stands in the command line of every process of this test, and in no other.
	TOKEN=token-$BATS_TEST_NUMBER-$BASHPID-$RANDOM
	mv probe "probe-$TOKEN"
	PROBE=./probe-$TOKEN
}

teardown() {
	end_jobs
}

running() {
	[[ $(processes "$TOKEN") -ge $1 ]]
}

host_state() {
	cut -d' ' -f5 /proc/self/mountinfo
	ls /sys/class/net /run/netns /run/lunette 2>/dev/null || true
	find "${TMPDIR:-/tmp}" -maxdepth 1 -name '*lunette*' | sort
}

@test "100 children left running are gone when the program ends" {
	launch -0 run -- "$PROBE" leave 100
	[[ $output == "left 100" ]]
	within 1 gone "$TOKEN"
}

@test "a daemon that is deaf to signals is gone when the program ends" {
	launch -0 run -- "$PROBE" daemon
	[[ $output == "daemon started" ]]
	within 1 gone "$TOKEN"
}

@test "the positive control: without a sandbox both outlive their parent" {
	"$PROBE" leave 3 3>&-
	"$PROBE" daemon 3>&-
	[[ $(processes "$TOKEN") == 4 ]]
	local file line
	for file in /proc/[0-9]*/cmdline; do
		line=$(tr '\0' ' ' 2>/dev/null <"$file") || continue
		if [[ $line == "$PROBE "* ]]; then
			line=${file#/proc/}
			kill -KILL "${line%/cmdline}"
		fi
	done
	within 1 gone "$TOKEN"
}

@test "2,000 orphans are reaped" {
	launch -0 run -- sh -c '"$1" orphans 1000; "$1" orphans 1000; sleep 0.1;
			grep -l "^State:.Z" /proc/[0-9]*/status | wc -l' sh "$PROBE"
	[[ ${lines[2]} == 0 ]]
}

@test "a program that is deaf and stopped is killed at its wall time" {
	local start=$SECONDS kind
	for kind in 0 1; do
		launch -124 run --wall 700ms -- "$PROBE" stubborn "$kind"
		[[ $output == deaf ]]
	done
	((SECONDS - start < 10 * SLOW))
	within 1 gone "$TOKEN"
}

@test "a stopped program stays until it is continued or killed" {
	start run -- "$PROBE" stubborn 1
	within 5 grep -q deaf "$WORK/out"
	sleep 0.2
	kill -0 "$PID"
	kill -KILL "$PID"
	ended "$PID"
	within 2 gone "$TOKEN"
}

@test "SIGTERM and SIGINT to the launcher reach the program" {
	local signal
	for signal in TERM INT HUP; do
		: >out
		start run -- sh -c "trap 'echo got; exit 33' $signal; echo ready; while :; do sleep 0.02; done" \
				"$TOKEN"
		within 5 grep -q ready out
		kill -"$signal" "$PID"
		ended "$PID"
		[[ $status == 33 && $(cat out) == *got* ]]
		within 2 gone "$TOKEN"
	done
}

@test "a program with default handlers dies of the signal it is sent" {
	start run -- sh -c "echo ready; exec sleep 99.$RANDOM"
	within 5 grep -q ready out
	kill -TERM "$PID"
	ended "$PID"
	[[ $status == 143 ]]
}

@test "SIGKILL to the launcher ends all of the sandbox" {
	start run -- sh -c '"$1" daemon; "$1" leave 10; exec "$1" stubborn 0' sh "$PROBE"
	within 5 grep -q deaf out
	running 12
	kill -KILL "$PID"
	ended "$PID"
	[[ $status == 137 ]]
	within 2 gone "$TOKEN"
}

@test "without die_with_parent the program outlives a killed launcher" {
	profile alone <<-'END'
		return profile { extends = "default", process = { die_with_parent = false }, limits = { wall =
				"5s" } }
	END
	start run -p "$WORK/alone.lua" -- sh -c 'echo ready; sleep 0.5; echo survived >survived' "$TOKEN"
	within 5 grep -q ready out
	kill -KILL "$PID"
	ended "$PID"
	within 3 test -e survived
}

@test "the program can't switch off that it dies with its launcher" {
	start run -- python3 -c "
import ctypes, sys, time
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG: none
print('ready', flush=True)
time.sleep(20)" "$TOKEN"
	within 5 grep -q ready out
	kill -KILL "$PID"
	ended "$PID"
	within 2 gone "$TOKEN"
}

# interrupt SIGNAL DELAY - after DELAY hundredths of a millisecond, SIGNAL to a launcher whose
# set-up takes a few milliseconds; then nothing of it may be left
interrupt() {
	local signal=$1 delay=$2
	start run --tmpfs /scratch --ro /usr:/copy -- "$PROBE" stubborn 0
	sleep "$(printf '0.%05d' "$delay")"
	kill -"$signal" "$PID" 2>/dev/null || true
	case $signal in
	KILL) ;;
	*) # deaf programs get it too and go on: the launcher's own end follows
		sleep 0.02
		kill -KILL "$PID" 2>/dev/null || true
		;;
	esac
	ended "$PID"
}

@test "a signal to the launcher at any moment leaves nothing behind" {
	local signal delay before after
	before=$(host_state)
	for signal in KILL TERM INT; do
		for delay in 0 30 60 100 140 180 230 300 400 600 1000 2000; do
			interrupt "$signal" "$delay"
		done
	done
	within 3 gone "$TOKEN"
	after=$(host_state)
	[[ $before == "$after" ]]
}

# Has the launcher two $CHILDREN, the evaluator and the set-up process? Without starting a process,
# which takes longer than an evaluation where there is no KVM.
evaluates() {
	CHILDREN=()
	read -r -a CHILDREN <"/proc/$PID/task/$PID/children" || finished "$PID"
	((${#CHILDREN[@]} == 2)) || finished "$PID"
}

@test "a signal while the profile is evaluated stops the launch at once" {
	profile slow <<-'END'
		while true do end
		return profile { extends = "base" }
	END
	local name try
	for name in TERM INT HUP; do
		# One that its evaluator's 0.5 s of a processor have ended before was not asked.
		for ((try = 0; try < 5; try++)); do
			start run -p "$WORK/slow.lua" -- sh -c 'echo ran' "$TOKEN"
			within 5 evaluates
			kill -STOP "${CHILDREN[@]}" || true # so that nothing but the signal ends it
			kill "-$name" "$PID"
			within 5 finished "$PID"
			ended "$PID"
			[[ $status == 125 && ! -s out ]]
			within 1 gone "$TOKEN"
			! grep -q "stopped before the program started" err || break
		done
		((try < 5))
	done
}

@test "the key that makes a signal stops the launch too, though the evaluator gets it as well" {
	profile slow <<<"while true do end"
	local name try
	for name in INT QUIT; do
		for ((try = 0; try < 5; try++)); do
			set -m # a group of processes of its own
			start run -p "$WORK/slow.lua" --report report -- sh -c 'echo ran' "$TOKEN"
			set +m
			within 5 evaluates
			kill "-$name" -- "-$PID"
			ended "$PID"
			! grep -q "not ready after" err || continue
			[[ $status == 125 && ! -s out && $(json report 'it["status"]') == setup-failed ]]
			grep -q "stopped before the program started" err
			within 1 gone "$TOKEN"
			break
		done
		((try < 5))
	done
}

# bats test_tags=root
@test "a launcher that waits for a file system which does not answer is stopped by a signal" {
	[[ -c /dev/fuse ]] || skip "host: no FUSE"
	profile asking <<-END
		return profile { extends = "base", hostname = host.exists "$WORK/silent/a" and "a" or "b" }
	END
	profile mounting <<<"return profile { extends = 'base', mounts = { ro '$WORK/silent/a' } }"
	mkdir silent
	cat >asks.py <<-'END'
		import ctypes, os, signal, subprocess, sys, time
		libc = ctypes.CDLL(None, use_errno=True)
		CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
		assert libc.unshare(CLONE_NEWNS) == 0
		assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
		device = os.open("/dev/fuse", os.O_RDWR)
		options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
		assert libc.mount(b"silent", b"silent", b"fuse", 0, options.encode()) == 0
		launch = subprocess.Popen([os.environ["LUNETTE"], "run", *sys.argv[1:]])

		def asks():
		    with open(f"/proc/{launch.pid}/wchan") as file:
		        return "fuse" in file.read()

		def until(there, seconds):
		    end = time.monotonic() + seconds
		    while not there() and time.monotonic() < end:
		        time.sleep(0.01)
		    return there()

		try:
		    assert until(asks, 20), "it never asked"
		    time.sleep(0.3)
		    assert launch.poll() is None, "it did not wait: the file system answers"
		    launch.send_signal(signal.SIGTERM)
		    assert until(lambda: launch.poll() is not None, 10), "SIGTERM did nothing"
		    print(launch.returncode)
		finally:
		    launch.kill()
	END
	local way
	for way in "-p $WORK/asking.lua" "-p $WORK/mounting.lua" "-p base --report silent/report"; do
		# shellcheck disable=SC2086 # an option and its value
		run -0 timeout 60 /usr/bin/python3 asks.py $way -- sh -c 'echo ran' "$TOKEN" <&-
		[[ $output == -15 ]]
		within 2 gone "$TOKEN"
	done
}

# pending SIGNAL DISPOSITION ARGUMENT... - lunette with a signal that waits for it already: it is
# among the first things that the launcher hears.
pending() {
	local tries=$SLOW # as launch has them
	while
		run timeout $((20 * SLOW)) /usr/bin/python3 -c '
import os, signal, sys
number = getattr(signal, sys.argv[1])
signal.signal(number, getattr(signal, sys.argv[2]))
signal.pthread_sigmask(signal.SIG_BLOCK, [number])
os.kill(os.getpid(), number)
os.execv(os.environ["LUNETTE"], ["lunette", *sys.argv[3:]])' "$@" </dev/null
		((--tries > 0)) && [[ $output == *"not ready after"* ]]
	do :; done
	printf '%s\n' "$output"
	[[ $status == "${WANTED:?}" ]]
}

@test "a signal that the caller ignores, by nohup or a script's &, does not end set-up" {
	local name
	for name in SIGHUP SIGINT SIGQUIT SIGTERM SIGUSR1 SIGTSTP; do
		WANTED=0 pending "$name" SIG_IGN run -- echo "ran, $TOKEN"
		[[ $output == "ran, $TOKEN" ]]
	done
	# The positive control: one that is not ignored does.
	WANTED=125 pending SIGHUP SIG_DFL run -- echo "ran, $TOKEN"
	[[ $output == "lunette: watch: signal 1: stopped before the program started" ]]
}

@test "a signal that the caller ignores is the program's to take, and no second one kills it" {
	cat >handler.py <<-'END'
		import signal, time
		got = 0
		def take(number, frame):
		    global got
		    got += 1
		assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
		signal.signal(signal.SIGINT, take)
		print("ready", flush=True)
		while not got:
		    time.sleep(0.01)
		print("one", flush=True)
		while got < 2:
		    time.sleep(0.01)
		print("two", flush=True)
	END
	"$LUNETTE" run -- /usr/bin/python3 handler.py "$TOKEN" </dev/null >out 2>err 3>&- &
	within 10 grep -q ready out
	kill -INT $!
	within 10 grep -q one out
	kill -INT $!
	wait $!
	grep -q two out
}

@test "a run leaves mounts, links and temporary files as they were" {
	local before after
	before=$(host_state)
	launch -0 run --tmpfs /scratch --ro /usr:/copy -- true
	launch -127 run --tmpfs /scratch -- no-such-command
	launch -125 run --ro /no/such/path -- true
	launch -124 run --wall 100ms -- sleep 5
	after=$(host_state)
	[[ $before == "$after" ]]
}

@test "20 launches at once are independent" {
	local i pids=()
	for i in {1..20}; do
		"$LUNETTE" run --hostname "h$i" -- sh -c 'sleep 0.05;
				echo $$ $(hostname)' </dev/null >"out$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in {1..20}; do
		wait "${pids[i - 1]}"
		[[ $(cat "out$i") == "2 h$i" ]]
	done
}

@test "pid 1 can be neither traced, read nor killed by the program" {
	launch run -- sh -c 'cat /proc/1/environ; echo $?; "$1" open /proc/1/mem; ls /proc/1/fd; echo $?;
			kill -KILL 1; kill -TERM 1; echo alive' sh "$PROBE"
	[[ ${lines[0]} == 1 && ${lines[1]} == EACCES && ${lines[2]} == 2 && ${lines[3]} == alive ]]
	[[ $stderr == *"Permission denied"* ]]
}

@test "without init the program is pid 1 itself and nothing outlives it" {
	profile bare <<<'return profile { extends = "default", process = { init = false,
			die_with_parent = false } }'
	launch -0 run -p "$WORK/bare.lua" -- sh -c 'echo $$; "$1" leave 5; "$1" daemon' sh "$PROBE"
	[[ ${lines[0]} == 1 ]]
	within 1 gone "$TOKEN"
}

@test "what ended the program is told where the status alone would not, and else nothing" {
	launch -124 run -p base --wall 1s -- sleep 5
	[[ $stderr == "lunette: ended: limits.wall is over" ]]
	launch -123 run -p base --cpu 100ms -- sh -c 'while :; do :; done'
	[[ $stderr == "lunette: ended: limits.cpu is used up" ]]
	profile killing <<<'return profile { extends = "base", seccomp = { kill { "mkdir", "mkdirat" } } }'
	launch -159 run -p "$WORK/killing.lua" -- mkdir /tmp/x
	[[ $stderr == "lunette: ended: by a rule of seccomp (run -v tells the call)" ]]
	launch -124 run -p base -- sh -c 'exit 124'
	[[ -z $stderr ]]
}

# The sandbox is made while the profile is evaluated (launch_ahead()).
@test "a sandbox that was made ahead goes with its profile, wrong or endless" {
	printf 'return profile { hostnam = "x" }\n' >wrong.lua
	launch -125 run -p ./wrong.lua -- "$PROBE" ids
	within 1 gone "$TOKEN"
	printf 'while true do end\n' >endless.lua
	launch -125 run -p ./endless.lua -- "$PROBE" ids
	[[ $stderr == *"not ready after"* ]]
	within 1 gone "$TOKEN"
}

@test "a launcher that is killed while it evaluates leaves nothing" {
	printf 'while true do end\n' >endless.lua
	for pause in 0.2 0.1 0.05; do
		start run -p ./endless.lua -- "$PROBE" ids
		sleep "$pause"
		kill -KILL "$PID" || true
		ended "$PID"
		within 1 gone "$TOKEN"
		((status != 137)) || return 0
	done
	false # it was never caught
}

@test "a profile and the plan made of it give the same sandbox" {
	local look='cat /proc/self/mountinfo /proc/self/status; ls -l /proc/self/fd /proc/self/ns | wc -l'
	local sift='s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/(master|shared):[0-9]+//
		/^(Pid|NSpid|PPid|NSsid|NSpgid|Tgid|.*ctxt_switches|Vm.*|Rss.*|Cpus.*):/d'
	launch -0 plan -p untrusted -- sh -c "$look"
	printf '%s\n' "$output" >saved
	launch -0 run -p untrusted -- sh -c "$look"
	sed -E "$sift" <<<"$output" | sort >ahead
	launch -0 run --plan saved
	sed -E "$sift" <<<"$output" | sort >planned
	diff ahead planned
	grep -q '/usr' ahead
}

# bats test_tags=root
@test "a launcher that waits for its reader signals no process that has its sandbox's number now" {
	need_root
	need_command python3 unshare
	run timeout 30 unshare --pid --fork --mount-proc /usr/bin/python3 -c '
import os, signal, subprocess, time
def stat(pid):
    try:
        with open(f"/proc/{pid}/stat") as file: return file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError): return ["gone", ""]
def children(parent):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and stat(pid)[1] == str(parent)]
def until(true):
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end: time.sleep(0.005)
    return true()
reader, writer = os.pipe()
launcher = subprocess.Popen([os.environ["LUNETTE"], "run", "--output", "1M", "--", "sh", "-c",
    "sleep 0.5; head -c 100000 /dev/zero"], stdin=subprocess.DEVNULL, stdout=writer,
    start_new_session=True)
def sandbox(): return [pid for pid in children(launcher.pid) if children(pid)]
until(sandbox)
pid = int(sandbox()[0])
until(lambda: not children(launcher.pid))
with open("/proc/sys/kernel/ns_last_pid", "w") as file: file.write(str(pid - 1))
other = subprocess.Popen(["sleep", "20"])
os.kill(other.pid, signal.SIGSTOP)
print("has its number", other.pid == pid, until(lambda: stat(other.pid)[0] == "T"))
os.kill(launcher.pid, signal.SIGTSTP)
time.sleep(0.5)
print("stopped", stat(other.pid)[0] == "T", "waits", launcher.poll() is None)
other.kill(); launcher.kill()'
	[[ $output == $'has its number True True\nstopped True waits True' ]]
}

@test "the launcher keeps nothing of what evaluated the profile" {
	start run -- sh -c 'echo ready; exec sleep 20'
	within 5 grep -q ready out
	[[ $(wc -w <"/proc/$PID/task/$PID/children") == 1 ]] # its pid 1
	kill -TERM "$PID"
	ended "$PID"
}
