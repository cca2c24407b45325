# launcher.bats: what a hostile program may do to its launcher, and what it may not (rows.toml)
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2154 # what is quoted is for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# What of a host a run could leave behind.
host_state() {
	cut -d' ' -f5 /proc/self/mountinfo | sort
	ls /sys/class/net /run/netns /run/lunette 2>/dev/null || true
	find "${TMPDIR:-/tmp}" -maxdepth 1 -name '*lunette*' 2>/dev/null | sort
}

@test "the end of the thread that started it changes nothing" {
	need_command python3
	run -0 /usr/bin/python3 - <<-'END'
		import os, subprocess, threading, time
		made = []
		def start():
		    made.append(subprocess.Popen([os.environ["LUNETTE"], "run", "--", "sh", "-c",
		                                  "sleep 0.3; echo lives"], stdin=subprocess.DEVNULL,
		                                 stdout=subprocess.PIPE, text=True))
		thread = threading.Thread(target=start)
		thread.start(); thread.join()
		print(made[0].communicate(timeout=20)[0].strip(), made[0].returncode)
	END
	[[ $output == "lives 0" ]]
}

@test "a full pipe of errors does not hold up the output" {
	need_command python3
	# Nobody reads standard error until standard output has ended.
	run -0 /usr/bin/python3 - <<-'END'
		import os, subprocess, sys
		code = ("import os, sys, threading\n"
		        "t = threading.Thread(target=lambda: os.write(2, b'x' * 300000)); t.start()\n"
		        "os.write(1, b'y' * 50000); os.close(1); t.join()\n")
		with open("out", "wb") as out, open("err", "wb") as err:
		    ended = subprocess.run([os.environ["LUNETTE"], "run", "--", "/usr/bin/python3", "-c", code],
		                           stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=20)
		print(ended.returncode, os.path.getsize("out"), os.path.getsize("err"))
	END
	[[ $output == "0 50000 300000" ]]
}

@test "many launches leave nothing behind" {
	local before after i
	before=$(host_state)
	for i in {1..40}; do
		"$LUNETTE" run --tmpfs /scratch -- sh -c 'echo x >/scratch/x; kill -9 $$' </dev/null \
			>/dev/null 2>&1 || true
		"$LUNETTE" run --ro "/no/such/$i" -- true </dev/null >/dev/null 2>&1 || true
	done
	after=$(host_state)
	[[ $before == "$after" ]]
}

# child - the last child of $PID: the evaluator, then pid 1
child() {
	local -a children
	for _ in {1..400}; do
		read -r -a children <"/proc/$PID/task/$PID/children" || true
		CHILD=${children[*]: -1}
		[[ -z $CHILD ]] || return 0
		sleep 0.005
	done
	return 1
}

@test "pid 1 has no capability and no descriptor" {
	profile p <<<'return profile { extends = "base", user = { uid = 0, gid = 0 }, caps = { keep = {
			"sys_admin" } } }'
	launch -0 run -p "$WORK/p.lua" -- sh -c 'sleep 0.1; grep "^Cap[PE]" /proc/1/status'
	[[ $(grep -c 0000000000000000 <<<"$output") == 2 ]]
	((EUID == 0)) || return 0 # its descriptors are not an ordinary user's to see
	start run -- sh -c 'echo ready; sleep 5'
	within 5 grep -q ready out
	child
	sleep 0.1
	run ls "/proc/$CHILD/fd"
	[[ -z $output ]]
	kill -KILL "$PID"
	wait "$PID" || true
}

# bats test_tags=root
@test "pid 1 keeps nothing of the caller's environment" {
	need_root
	SECRET=hunter2 start run -- sh -c 'echo ready; sleep 5'
	within 5 grep -q ready out
	child
	sleep 0.1
	grep -qz SECRET=hunter2 "/proc/$PID/environ" # the control: the launcher has it
	run grep -cz hunter2 "/proc/$CHILD/environ"
	[[ $output == 0 ]]
	kill -KILL "$PID"
	wait "$PID" || true
}

@test "a signal that only claims to come from outside is not passed on" {
	need_command python3
	# rt_sigqueueinfo may name any sender, but not the kernel's own codes.
	launch -0 run -- /usr/bin/python3 -c '
import ctypes, platform, signal, struct, time
number = {"x86_64": 129}.get(platform.machine(), 138)
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
for code in (-1, -2, -60):
    info = struct.pack("iiiiII", signal.SIGUSR1, 0, code, 0, 0, 0).ljust(128, b"\0")
    ctypes.CDLL(None).syscall(number, 1, signal.SIGUSR1, info)
time.sleep(0.3)
print("passed on" if got else "kept")'
	[[ $output == kept ]]
}

@test "a named pipe cannot be opened for the other direction" {
	mkdir "$BATS_TEST_TMPDIR/outside" && mkfifo -m 666 "$BATS_TEST_TMPDIR/outside/pipe"
	exec 9<>"$BATS_TEST_TMPDIR/outside/pipe"
	# The control: outside it can.
	bash -c 'echo injected >/proc/self/fd/0' <"$BATS_TEST_TMPDIR/outside/pipe"
	read -r -t 2 word <&9
	[[ $word == injected ]]
	LAUNCH_STDIN=$BATS_TEST_TMPDIR/outside/pipe launch run --wall 2 -p base -- \
		bash -c 'echo injected >/proc/self/fd/0'
	run bash -c 'read -r -t 0.3 word <&9 && echo "$word"'
	[[ -z $output ]]
	exec 9<&-
}

# Finds the evaluator, once it is confined: CHILD.
evaluates() {
	local -a children
	read -r -a children <"/proc/$PID/task/$PID/children" || true # no newline ends it
	for CHILD in "${children[@]}"; do
		! grep -q $'^Seccomp:\t[12]' "/proc/$CHILD/status" 2>/dev/null || return 0
	done
	return 1
}

# An evaluation that takes as long as it may, in CHILD. A slow machine takes its half second to look
# at it, and may come too late.
endless() {
	profile endless <<<'while true do end'
	for _ in {1..5}; do
		start run -p "$WORK/endless.lua" -- true
		! within 5 evaluates || ! kill -STOP "$CHILD" || return 0
		wait "$PID" || true
	done
	return 1
}

@test "the evaluator is confined" {
	endless
	cat "/proc/$CHILD/status" "/proc/$CHILD/limits" >status
	local owner
	owner=$(stat -c %u "/proc/$CHILD/environ")
	((EUID != 0)) || ls "/proc/$CHILD/fd" >fds
	kill -CONT "$CHILD"
	wait "$PID" || true
	grep -q $'^Seccomp:\t[12]' status # strict mode; glibc's has a filter
	grep -q $'^NoNewPrivs:\t1' status
	grep -q $'^CapEff:\t0000000000000000' status
	grep -q '^Max address space  *268435456 ' status
	grep -q '^Max cpu time  *2 ' status
	[[ $owner == 0 ]] # not dumpable
	((EUID != 0)) || [[ $(cat fds) == 0 ]]
}

@test "the evaluator dies with its launcher" {
	endless
	kill -KILL "$PID"
	wait "$PID" || true
	sleep 0.1
	[[ ! -e /proc/$CHILD ]] || grep -q $'^State:\tZ' "/proc/$CHILD/status"
}

@test "a limit cannot be raised again" {
	profile p <<<'return profile { extends = "default", limits = { files = 64 } }'
	launch -0 run -p "$WORK/p.lua" -- bash -c 'ulimit -n; ulimit -Hn; ulimit -n 128; ulimit -n'
	[[ $output == $'64\n64\n64' ]]
}

@test "a capability that is kept is not inheritable" {
	profile p <<<'return profile { extends = "base", user = { uid = 0, gid = 0 }, caps = { keep = {
			"chown" } } }'
	launch -0 run -p "$WORK/p.lua" -- grep '^Cap[IP]' /proc/self/status
	[[ $output == $'CapInh:\t0000000000000000\nCapPrm:\t0000000000000001' ]]
}

@test "pid 1 hides the launcher's arguments before the program can look" {
	local i
	# The program's first act: nothing may come after its start.
	for i in {1..30}; do
		launch -0 run --env SECRET=hunter2 -- cat /proc/1/cmdline
		[[ $output != *hunter2* ]]
	done
}
