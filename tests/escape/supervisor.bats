# supervisor.bats: the launcher after the program's start, and what a hostile program makes of it
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2154 # what is quoted is for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# field PID NAME - a line of its status
field() {
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

confined() {
	[[ $(field "$PID" Seccomp) == 2 ]]
}

# cpu PID - hundredths of a second that it has used by itself
cpu() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# flood - what a program does to be a burden, in four processes, until it is ended
flood() {
	cat >"$WORK/flood.py" <<-END
		import os, signal, sys, time
		for _ in range(3):
		    if os.fork() == 0:
		        break
		print("ready", flush=True)
		def act(n):
		    $1
		n = 0
		while True:
		    n += 1
		    try:
		        act(n)
		    except OSError:
		        pass
	END
}

# bounded SECONDS - the flood in $PID begins, holds up no other sandbox, costs its launcher no more
# than one processor and 16 MiB, and is over in time with status 124.
bounded() {
	local start=$EPOCHSECONDS
	within 10 grep -q ready out
	launch -0 run -- true
	(($(field "$PID" VmHWM) < 16384))
	ended "$PID"
	[[ $status == 124 ]]
	((EPOCHSECONDS - start <= ($1 + 10) * SLOW))
}

@test "the supervisor keeps neither capability nor call" {
	# The control: who starts it has capabilities, if he is root, and no filter.
	((EUID != 0)) || [[ $(field $$ CapPrm) != 0000000000000000 ]]
	[[ $(field $$ Seccomp) == 0 ]] || skip "host: whatever runs here has a filter"
	local options leaf=0000000000000000
	# Nobody may write in the root cgroup: to take a leaf away there, root needs two capabilities.
	if ((EUID == 0)) && [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]] &&
		grep -qx 0::/ /proc/self/cgroup; then
		leaf=000000000000000a
	fi
	for options in '-p base' '-p untrusted' '-v' '--report report.json' '--cpu 5s' '--tty'; do
		# shellcheck disable=SC2086 # words
		start run $options -- sh -c 'echo ready; exec sleep 20'
		within 10 grep -q ready out
		within 10 confined
		[[ $(field "$PID" NoNewPrivs) == 1 ]]
		[[ $(field "$PID" CapPrm) == @(0000000000000000|"$leaf") ]]
		[[ $(field "$PID" CapEff) == @(0000000000000000|"$leaf") ]]
		kill -TERM "$PID"
		ended "$PID"
		[[ $status == 143 ]]
	done
}

@test "nobody of the same user traces the supervisor" {
	((EUID != 0)) || skip "vacuous: root may trace everything"
	need_command python3
	cat >trace.py <<-'END'
		import ctypes, os, sys
		libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
		def name(failed):
		    return os.strerror(ctypes.get_errno()) if failed else "ok"
		class Part(ctypes.Structure):
		    _fields_ = [("at", ctypes.c_void_p), ("length", ctypes.c_size_t)]
		try:
		    with open(f"/proc/{pid}/maps") as file:
		        at = int(file.readline().split("-")[0], 16)
		except OSError:
		    at = 0x400000
		here = ctypes.create_string_buffer(8)
		ours = Part(ctypes.cast(here, ctypes.c_void_p), 8)
		theirs = Part(at, 8)
		print(name(libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) < 0))
		for file in "mem", "environ", "fd", "cwd", "root":
		    try:
		        os.close(os.open(f"/proc/{pid}/{file}", os.O_RDONLY))
		        print("ok")
		    except OSError as error:
		        print(error.strerror)
		print(name(libc.ptrace(16, pid, None, None) < 0)) # PTRACE_ATTACH
	END
	sleep 20 &
	local other=$!
	run /usr/bin/python3 trace.py "$other"
	kill -KILL "$other"
	[[ $(grep -c '^ok$' <<<"$output") == 7 ]] || skip "host: an ordinary user traces nothing here"
	start run -- sleep 20
	within 10 confined
	run /usr/bin/python3 trace.py "$PID"
	echo "$output"
	kill -KILL "$PID"
	wait "$PID" || true
	[[ $output != *ok* ]]
	[[ $(grep -c denied <<<"$output") == 5 && $(grep -c 'not permitted' <<<"$output") == 2 ]]
}

@test "a flood of refused calls slows only the program" {
	need_command python3
	profile p <<<'return profile { extends = "base",
		seccomp = { on_denied = "report", guard = { errno "EPERM" { "umask" } } } }'
	flood 'os.umask(n % 512 if n % 2 else n % 7)'
	start run -p "$WORK/p.lua" --wall "$(wall 4)" --ro "$WORK:/w" --report "$WORK/report" -- \
		/usr/bin/python3 /w/flood.py
	bounded 4
	[[ $(json report 'len(it["denied"]) <= 513 and it["status"]') == timeout ]]
	(($(stat -c %s report) < 1 << 20))
}

@test "a flood of signals slows only the program" {
	need_command python3
	flood 'os.kill(1, 1 + n % 64); os.kill(-1, signal.SIGCONT); os.fork() or os._exit(0)'
	start run --wall "$(wall 4)" --pids 512 --ro "$WORK:/w" -- /usr/bin/python3 /w/flood.py
	local before
	within 10 confined
	before=$(cpu "$PID")
	within 10 grep -q ready out
	sleep 1
	(($(cpu "$PID") - before < 30 * SLOW)) # none of it is the supervisor's to deal with
	bounded 4
}

@test "the end of limits.wall comes under a launcher that is stopped, too" {
	launched() {
		start run "$@" -- sleep 20
		within 10 confined
		INSIDE=$(cat "/proc/$PID/task/$PID/children") # its pid 1
		kill -STOP "$PID"
	}
	gone() {
		[[ $(awk '{ print $3 }' "/proc/${INSIDE% }/stat") == Z ]]
	}
	# The control: only the limit ends it.
	launched
	if within 3 gone; then return 1; fi
	kill -KILL "$PID"
	ended "$PID"
	launched --wall 300ms --report report
	within 15 gone
	kill -CONT "$PID"
	ended "$PID"
	[[ $status == 124 ]]
	[[ $(json report 'it["status"], it["signal"]') == '["timeout", 9]' ]]
}

# bats test_tags=root
@test "a page that never comes holds up its reader, not the end of limits.wall" {
	need_root
	need_command python3
	need_path /dev/userfaultfd
	profile p <<<'return profile { extends = "base", process = { fds = { 9 } },
		mounts = { ro { "'"$WORK"'", at = "/w" } },
		seccomp = { on_denied = "report", guard = { errno "EPERM" { "chdir" } } } }'
	cat >wait.py <<-'END'
		import ctypes, fcntl, mmap, os, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		pages = mmap.mmap(-1, 4096)
		at = ctypes.addressof(ctypes.c_char.from_buffer(pages))
		uffd = fcntl.ioctl(9, 0xaa00, os.O_CLOEXEC) # USERFAULTFD_IOC_NEW
		fcntl.ioctl(uffd, 0xc018aa3f, struct.pack("QQQ", 0xaa, 0, 0)) # UFFDIO_API
		if sys.argv[1] == "never":
		    fcntl.ioctl(uffd, 0xc020aa00, struct.pack("QQQQ", at, 4096, 1, 0)) # UFFDIO_REGISTER
		print("ready", flush=True)
		libc.chdir(ctypes.c_void_p(at))
		print("answered", flush=True)
	END
	exec 9</dev/userfaultfd
	launch -0 run -p "$WORK/p.lua" --wall "$(wall 4)" -- /usr/bin/python3 /w/wait.py at once
	[[ $output == $'ready\nanswered' ]]
	launch -124 run -p "$WORK/p.lua" --wall "$(wall 4)" -- /usr/bin/python3 /w/wait.py never
	exec 9<&-
	[[ $output == ready && $stderr == *"limits.wall is over"* ]]
}

@test "a report that nobody takes is given up, and a slow reader gets all of it" {
	need_command python3
	profile p <<<'return profile { extends = "base", process = { stdout = "capture" } }'
	mkfifo pipe
	exec 8<>pipe
	{ sleep 1.5 && cat >taken; } <pipe 3>&- 8<&- &
	launch -0 run -p "$WORK/p.lua" --report pipe -- head -c 300000 /dev/zero
	exec 8<&-
	wait $!
	[[ $(json taken 'it["stdout"]["bytes"]') == 300000 ]]
	# The program has filled it, and who holds it open outside takes nothing.
	exec 8<>pipe
	local start=$EPOCHSECONDS
	launch -7 run -p "$WORK/p.lua" --rw "$WORK:/w" --report pipe -- /usr/bin/python3 -c '
import os, sys
fd = os.open("/w/pipe", os.O_WRONLY | os.O_NONBLOCK)
try:
    while True: os.write(fd, b"x" * 4096)
except BlockingIOError:
    sys.exit(7)'
	exec 8<&-
	expect_error report pipe
	((EPOCHSECONDS - start >= 4 && EPOCHSECONDS - start < 15 * SLOW))
}

@test "a flood of output slows only the program" {
	need_command python3
	flood 'os.write(1 + n % 2, b"x" * 65536)'
	mkfifo pipe
	tail -f /dev/null 3<pipe & # holds it open, and reads nothing of it
	local reader=$!
	# The reader of a pipe that is full holds up the program's writes, not the end of its time.
	env --default-signal=INT "$LUNETTE" run --wall "$(wall 2)" --output 1G,truncate \
		--ro "$WORK:/w" -- sh -c 'echo ready >&2; exec /usr/bin/python3 /w/flood.py' \
		</dev/null >pipe 2>out 3>&- &
	PID=$!
	bounded 2
	kill -KILL "$reader"
	wait "$reader" || true
}
