# limits.bats: limits that need no cgroup just under, at and just over their value, and without
# (output, the sizes of files and of tmpfs are in output.bats, CPU time in cputime.bats)
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

# limited LIMITS SCRIPT - what the Python script prints under these limits
limited() {
	echo "return profile { extends = \"default\", limits = { $1 } }" >"$WORK/limited.lua"
	launch run --wall "$(wall 60)" -p "$WORK/limited.lua" --report report -- /usr/bin/python3 -c "$2"
}

# Tries each of the calls in turn, and prints the names of the errors.
tries='import errno, os
def tries(*calls):
    for call in calls:
        try: call(); print("ok")
        except (OSError, MemoryError) as error:
            print(errno.errorcode[error.errno] if isinstance(error, OSError) else "ENOMEM")
'

@test "wall time: less is enough, more ends the run, and nothing is left running" {
	launch -0 run --wall 30s --report report -- sleep 0.2
	launch -124 run --wall 400ms --report report -- sleep 30
	[[ $(json report 'it["status"], it["exit_code"]') == '["timeout", null]' ]]
	[[ $(json report "400 <= it['wall_ms'] < 400 + 3000 * $SLOW") == true ]]
	# The control: it is the limit that ends it.
	launch -0 run --report report -- sleep 0.6
	[[ $(json report 'it["wall_ms"] >= 600') == true ]]
}

@test "grace: a program that ends in time says its last words, another does not" {
	local ends='trap "sleep 0.2; echo bye; exit 0" TERM; while :; do sleep 0.02; done'
	# Time enough for the shell to get as far as its trap.
	launch -124 run --wall "$((300 * SLOW))ms" --grace "$(wall 20)" --report report -- \
		sh -c "$ends"
	[[ $output == bye && $(json report 'it["status"]') == timeout ]]
	launch -124 run --wall 300ms --grace 50ms --report report -- sh -c "${ends/0.2/9}"
	[[ $output == "" && $(json report 'it["status"]') == timeout ]]
	launch -124 run --wall 300ms -- sh -c "$ends"
	[[ $output == "" ]]
}

@test "files: as many descriptors as the limit says" {
	local script="$tries"'tries(*[lambda to=to: os.dup2(0, to) for to in (18, 19, 20)])'
	limited 'files = 20' "$script"
	[[ $output == $'ok\nok\nEBADF' ]]
	limited '' "$script"
	[[ $output == $'ok\nok\nok' ]]
}

@test "memlock: as many bytes locked as the limit says" {
	local script="$tries"'import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
page = mmap.PAGESIZE
memory = mmap.mmap(-1, 20 * page)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
def lock(pages):
    if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(pages * page)) != 0:
        raise OSError(ctypes.get_errno(), "")
    libc.munlock(ctypes.c_void_p(address), ctypes.c_size_t(pages * page))
tries(lambda: lock(15), lambda: lock(16), lambda: lock(17))'
	limited "memlock = $((16 * $(getconf PAGESIZE)))" "$script"
	[[ $output == $'ok\nok\nENOMEM' ]]
	limited '' "$script"
	[[ $output == $'ok\nok\nok' ]]
}

@test "sigpending: as many queued signals as the limit says" {
	local script="$tries"'import signal, threading
it = signal.SIGRTMIN + 3
signal.pthread_sigmask(signal.SIG_BLOCK, [it])
send = lambda: signal.pthread_kill(threading.get_ident(), it)
tries(*[send] * 12)'
	limited 'sigpending = 10' "$script"
	[[ $output == "$(printf 'ok\n%.0s' {1..10})"$'\nEAGAIN\nEAGAIN' ]]
	limited '' "$script"
	[[ $output == "$(printf 'ok\n%.0s' {1..12})" ]]
}

@test "msgqueue: a queue within the limit, and one that is not" {
	local script="$tries"'import ctypes
libc = ctypes.CDLL(None, use_errno=True)
class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("flags", "most", "size", "now")] + [
        ("_", ctypes.c_long * 4)]
def queue(most):
    made = Attributes(0, most, 1024, 0)
    name = b"/queue"
    fd = libc.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, ctypes.byref(made))
    if fd < 0: raise OSError(ctypes.get_errno(), "")
    libc.mq_unlink(name); os.close(fd)
tries(lambda: queue(6), lambda: queue(7), lambda: queue(8))'
	# Of each message the kernel counts some bytes more.
	limited 'msgqueue = "8K"' "$script"
	[[ $output == $'ok\nok\nEMFILE' ]]
	limited '' "$script"
	[[ $output == $'ok\nok\nok' ]]
}

@test "stack: arguments may take a quarter of it" {
	local script="$tries"'import subprocess
def start(kib):
    subprocess.run(["/bin/true"] + ["x" * 1023] * kib, env={}, check=True)
tries(lambda: start(200), lambda: start(300))'
	limited 'stack = "1M"' "$script"
	[[ $output == $'ok\nE2BIG' ]]
	limited 'stack = "8M"' "$script"
	[[ $output == $'ok\nok' ]]
}

@test "address_space and data: memory within the limit, and a bomb that only harms itself" {
	need_probe
	local limit
	for limit in address_space data; do
		echo "return profile { extends = \"default\", limits = { $limit = \"64M\" } }" >bomb.lua
		launch -0 run -p ./bomb.lua -- ./probe memory 56
		launch run -p ./bomb.lua --report report -- ./probe memory 72
		[[ $output == ENOMEM && $(json report 'it["status"]') == exited ]]
	done
	launch -0 run -- ./probe memory 72
}

@test "address_space, data and stack: to the page" {
	need_probe
	local limit what
	for limit in address_space=2000K:space data=1500K:data stack=1M:deep; do
		what=${limit#*:}
		limit=${limit%:*}
		echo "return profile { extends = \"default\", limits = { ${limit%=*} = \"${limit#*=}\" } }" \
			>edge.lua
		limit=${limit#*=}
		limit=${limit/1M/1024}
		launch run -p ./edge.lua -- ./probe "$what" "${limit%K}"
		[[ $output == *$'under ok\nat ok\nover'* && $output != *"over ok" ]]
		[[ $what == deep && $status == 139 || $status == 0 && $output == *"over ENOMEM" ]]
		# The control: without the limit it is passed.
		launch -0 run -- ./probe "$what" "${limit%K}"
		[[ $output == *$'under ok\nat ok\nover ok' ]]
	done
}

@test "core: a dump of as many bytes as the limit says" {
	[[ $(cat /proc/sys/kernel/core_pattern) != *[/\|]* ]] || skip "host: dumps go elsewhere"
	dump() {
		echo "return profile { extends = \"default\", limits = { core = \"$1\" } }" >core.lua
		launch -0 run -p ./core.lua -- \
			sh -c 'cd /tmp; sh -c "kill -SEGV \$\$" 2>/dev/null; du -k core* | cut -f 1'
	}
	dump 0
	[[ $output == "" ]]
	dump 64K
	((output > 4 && output <= 64))
	dump 64M
	((output > 64))
}

# raised OPTION VALUE - this limit of ours, which no sandbox may exceed
raised() {
	ulimit "$1" "$2" 2>/dev/null || skip "host: the caller may not raise its own limit"
}

@test "nice: as high a priority as the limit says" {
	local script="$tries"'tries(*[lambda to=to: os.setpriority(os.PRIO_PROCESS, 0, to)
	for to in (-4, -5, -6)])'
	raised -e 30
	limited 'nice = 25' "$script"
	[[ $output == $'ok\nok\nEACCES' ]]
	limited 'nice = 30' "$script"
	[[ $output == $'ok\nok\nok' ]]
}

@test "rtprio: as high a real-time priority as the limit says" {
	local script="$tries"'tries(*[lambda to=to:
	os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(to)) for to in (4, 5, 6)])'
	raised -r 10
	limited 'rtprio = 5' "$script"
	[[ $output == $'ok\nok\nEPERM' ]]
	limited 'rtprio = 10' "$script"
	[[ $output == $'ok\nok\nok' ]]
}

@test "rttime: real-time work without a pause ends at the limit" {
	local script='import os, sys, time
def work(milliseconds):
    pid = os.fork()
    if pid == 0:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        while time.process_time() < milliseconds / 1000: pass
        os._exit(0)
    return os.waitpid(pid, 0)[1]
print(work(20), work(900))'
	raised -r 10
	limited 'rtprio = 1, rttime = "200ms"' "$script"
	[[ $output == "0 9" || $output == "0 24" ]] # SIGKILL, SIGXCPU
	limited 'rtprio = 1' "$script"
	[[ $output == "0 0" ]]
}

@test "process_cpu: each process has its own time" {
	need_probe
	echo 'return profile { extends = "default", limits = { process_cpu = "1s" } }' >burn.lua
	launch -0 run -p ./burn.lua -- ./probe burn 700
	launch run -p ./burn.lua -- ./probe burn 1600
	((status == 137 || status == 152))
	launch -0 run -p ./burn.lua -- sh -c './probe burn 700; ./probe burn 700'
	launch -0 run -- ./probe burn 1600
}

@test "a fork bomb stays within limits.pids, and the next sandbox has room" {
	local bomb='import os, time
made = 0
for round in range(200):
    try:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        made += 1
    except BlockingIOError: pass
print(made)'
	limited 'pids = 30' "$bomb"
	((output >= 27 && output <= 29))
	limited 'pids = 30' "$bomb"
	((output >= 27 && output <= 29))
	limited '' "$bomb"
	[[ $output == 200 ]]
}

@test "nproc, and pids where no cgroup counts: the lower of the two holds" {
	need_probe
	local limits
	# pid 1 and the program are two of them.
	for limits in 'nproc = 10' 'nproc = 10, pids = 30' 'nproc = 30, pids = 10'; do
		echo "return profile { extends = \"default\", limits = { $limits } }" >lower.lua
		launch -0 run -p ./lower.lua -- ./probe forks 7
		launch -0 run -p ./lower.lua -- ./probe forks 8
		launch -1 run -p ./lower.lua --report report -- ./probe forks 9
		[[ $output == "forked 8" ]]
	done
	launch -0 run -- ./probe forks 9
}

# bats test_tags=root
@test "the host's root, whose processes the kernel does not count, gets no limit of them" {
	need_root
	need_probe
	local root='user = { outer = 0, uid = 0, gid = 0 }'
	profile root <<<"return profile { extends = 'default', $root, limits = { nproc = 9 } }"
	launch -125 run -p "$WORK/root.lua" -- true
	expect_error limits "limits.nproc: no rlimit counts the processes of the host's root"
	profile root <<<"return profile { extends = 'default', $root, limits = { nproc = prefer(9) } }"
	launch -0 run -p "$WORK/root.lua" --report report -- ./probe forks 20
	[[ $(json report 'it["enforced"]["skipped"]') == *limits.nproc* ]]
	[[ $(json report 'it["enforced"]["rlimits"]') != *nproc* ]]
	# The control: any other id is held.
	profile user <<<"return profile { extends = 'default', limits = { nproc = prefer(9) } }"
	launch -1 run -p "$WORK/user.lua" --report report -- ./probe forks 20
	[[ $(json report 'it["enforced"]["rlimits"]') == *nproc* ]]
}

@test "what is only preferred and cannot be had does not stand among what is enforced" {
	profile above <<<'return profile { extends = "default", limits = { files = prefer(4000000000) } }'
	launch -0 run -p "$WORK/above.lua" --report report -- true
	[[ $(json report 'it["enforced"]["skipped"]') == *limits.files* ]]
	[[ $(json report 'it["enforced"]["rlimits"]') != *files* ]]
	profile within <<<'return profile { extends = "default", limits = { files = prefer(40) } }'
	launch -0 run -p "$WORK/within.lua" --report report -- true
	[[ $(json report 'it["enforced"]["rlimits"]["files"]') == 40 ]]
}

@test "what fills its disk fills nothing of the host's" {
	local before after
	profile filler <<-'END'
		return profile { extends = "default", mounts = { tmpfs { "/tmp", size = "8M", inodes = 100 } } }
	END
	before=$(df --output=used "$WORK" | tail -n 1)
	launch run --wall "$(wall 60)" -p "$WORK/filler.lua" -- /usr/bin/python3 -c 'import errno, os
files = total = 0
try:
    while True:
        with open(f"/tmp/{files}", "wb", 0) as file:
            files += 1
            while files > 50: total += file.write(bytes(65536))
except OSError as error: print(errno.errorcode[error.errno], files, total >> 20)
try:
    for i in range(200): open(f"/tmp/more{i}", "wb").close(); files += 1
except OSError as error: print(errno.errorcode[error.errno], files)'
	[[ ${lines[0]} == "ENOSPC 51 "[78] && ${lines[1]} == "ENOSPC "9? ]]
	after=$(df --output=used "$WORK" | tail -n 1)
	((after - before < 65536))
}
