# untrusted.bats: a program that one does not trust
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "one directory, at /box, and no path tells of the user" {
	echo here >file
	launch -0 run -p untrusted -- sh -c 'pwd; cat file; echo x >made; env; cat /proc/self/mountinfo'
	[[ ${lines[0]} == /box && ${lines[1]} == here && $(cat made) == x ]]
	# The source of a mount shows the path within its file system: only the kernel's own do that.
	[[ $(grep -v '/box rw' <<<"$output") != *"$WORK"* ]]
}

@test "nothing of the home is there" {
	export HOME=$BATS_TEST_TMPDIR/home && mkdir -p "$HOME/.ssh" && echo key >"$HOME/.ssh/id"
	launch -0 run -p untrusted -- sh -c 'ls -A ~; cat '"$HOME"'/.ssh/id;
			find / -xdev -name id -path "*ssh*" 2>/dev/null'
	[[ -z $output ]]
}

@test "calls that are not on the list are refused" {
	need_probe
	local probe
	for probe in unshare-user clone-user setns io_uring keyctl vsock packet ptrace userfaultfd bpf \
			perf mount; do
		launch -0 run -p untrusted -- ./probe "$probe"
		[[ $output == EPERM || $output == ENOSYS || $output == EAFNOSUPPORT ]]
	done
	# One that only the list leaves out; the control is a profile without one.
	need_command python3
	local program='import os; os.nice(0)' # setpriority(2)
	launch -0 run -p base -- /usr/bin/python3 -c "$program"
	launch -1 run -p untrusted -- /usr/bin/python3 -c "$program"
	[[ $stderr == *PermissionError* ]]
}

@test "with the host's network abstract sockets of the host stay out of reach" {
	need_landlock 6
	need_command python3
	local program='import socket, sys
socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1])' name=untrusted-$BASHPID-$RANDOM
	/usr/bin/python3 -c 'import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("\0" + sys.argv[1]); listener.listen()
open("ready", "w").close()
time.sleep(60 * int(sys.argv[2]))' "$name" "$SLOW" 3>&- &
	within 10 test -e ready
	launch run -p untrusted --net host -- /usr/bin/python3 -c "$program" "$name"
	[[ $status == 1 && $stderr == *PermissionError* ]]
	launch -0 run --net host -- /usr/bin/python3 -c "$program" "$name" # the control
	kill $!
}

@test "only sockets of the internet and of unix" {
	need_command python3
	launch -0 run -p untrusted -- /usr/bin/python3 -c '
import socket
for family in (1, 2, 10, 16, 17, 38, 40):
    try:
        socket.socket(family, socket.SOCK_DGRAM).close(); print(family, "ok")
    except OSError as error:
        print(family, error.errno)'
	[[ $output == $'1 ok\n2 ok\n10 ok\n16 97\n17 97\n38 97\n40 97' ]]
}

@test "Landlock is on and reported, where the kernel has it" {
	need_landlock 1
	launch -0 run -p untrusted --report "$WORK/report" -- true
	[[ $(json report 'it["enforced"]["landlock_abi"] >= 1') == true ]]
	# The mount allows it, the list of places to execute from does not.
	mkdir extra && cp /bin/true extra/prog
	profile more <<-END
		return profile {
			extends = "untrusted",
			mounts = { ro { "$WORK/extra", at = "/opt" }, tmpfs { "/scratch", size = "1M" } },
		}
	END
	launch -126 run -p "$WORK/more.lua" -- /opt/prog
	# The mount allows it, the list of places to write to does not.
	launch run -p "$WORK/more.lua" -- sh -c 'echo x >/scratch/file'
	[[ $stderr == *"Permission denied"* ]]
	launch -0 run -p untrusted -- sh -c 'echo x >/tmp/file && ls /'
	# What the command line gives is to be used.
	launch -0 run -p untrusted --ro "$WORK/extra:/opt" --tmpfs /scratch -- \
		sh -c '/opt/prog && echo x >/scratch/file'
}

@test "limits hold: wall time, processes, files, size of a file" {
	launch -124 run -p untrusted --wall 200ms -- sleep 10
	launch -0 run -p untrusted --report "$WORK/report" -- grep '^Max' /proc/self/limits
	[[ $output =~ files\ +1024\ +1024 ]]
	# A cgroup counts the processes where there is one.
	[[ $output =~ processes\ +256\ +256 ||
		$(json report '(it["enforced"]["cgroup"] or {}).get("pids")') == 256 ]]
	[[ $output =~ core\ file\ size\ +0\ +0 ]]
	profile small <<<'return profile { extends = "untrusted", limits = { fsize = "64K" } }'
	launch run -p "$WORK/small.lua" -- sh -c 'head -c 1M /dev/zero >big'
	[[ $status != 0 && $(stat -c %s big) == 65536 ]]
}

@test "a fork bomb of 2,000 ends at the limit, and the host still forks" {
	need_probe
	local start=$SECONDS
	launch -0 run -p untrusted --wall 20s -- ./probe leave 2000
	[[ $output == "fork EAGAIN" ]]
	((SECONDS - start < 15 * SLOW))
	true | true
}

@test "kernel files are masked" {
	launch -0 run -p base -- cat /proc/key-users
	[[ -n $output ]] || skip "vacuous: this kernel shows no keys"
	launch run -p untrusted -- cat /proc/key-users /proc/keys
	[[ -z $output ]]
	launch run -p untrusted -- ls -A /proc/acpi /proc/scsi
	! grep -v '^/proc/.*:$' <<<"$output" | grep . || false
}

@test "the limits that need cgroups are enforced or reported as skipped, not imitated" {
	launch -0 run -p untrusted --report "$WORK/report" -- sh -c 'ulimit -v'
	[[ $output == unlimited ]]
	[[ $(json report '((it["enforced"]["cgroup"] or {}).get("memory") == 1 << 30 or
			"memory" in json.dumps(it["enforced"]["skipped"]))') == true ]]
}
