# output.bats: how much a program may say, where it goes, and what the report tells of it
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# childless PID - no child of it is alive
childless() {
	! pgrep --parent "$1" --runstates D,R,S,T
}

# say N - a program that writes N bytes to its standard output
say='head -c "$1" /dev/zero'

# --- limits.output ---

@test "output up to the limit passes, one byte more ends the run" {
	local n
	for n in 999 1000; do
		launch -0 run --output 1000 --report report -- sh -c "$say | tr '\0' x" sh "$n"
		[[ ${#output} == "$n" && $(json report 'it["status"]') == exited ]]
	done
	launch -123 run --output 1000 --report report -- sh -c "$say | tr '\0' x" sh 1001
	[[ ${#output} == 1000 && $(json report 'it["status"]') == output ]]
	[[ $(json report 'it["exit_code"]') == null && $(json report 'it["stdout"]["over"]') == true ]]
	# The control: without the limit the same program says it all.
	launch -0 run -- sh -c "$say | tr '\0' x" sh 1001
	((${#output} == 1001))
}

@test "the limit holds for each of the two outputs by itself" {
	launch -0 run --output 5 -- sh -c 'printf 12345; printf abcde >&2'
	[[ $output == 12345 && $stderr == *abcde ]]
	launch -123 run --output 5 --report report -- sh -c 'printf 12345; printf abcdef >&2; sleep 9'
	[[ $(json report 'it["stderr"]["over"]') == true ]]
	[[ $(json report 'it["stdout"]["over"]') == false ]]
}

@test "two outputs that are one file count together" {
	run -123 "$LUNETTE" run --output 8 -- sh -c 'printf 12345; printf abcdef >&2; sleep 9' \
		2>&1 >both </dev/null
	"$LUNETTE" run --output 8 -- sh -c 'printf 12345; printf abcdef >&2; sleep 9' \
		>both 2>&1 </dev/null || [[ $? == 123 ]]
	[[ $(head -c 8 both) == 12345abc ]]
}

@test "truncated output is cut at the limit and the program goes on" {
	launch -7 run --output 4,truncate --report report -- \
		sh -c 'printf 123456789; printf done >mark; exit 7'
	[[ $output == 1234 && $(cat mark) == "done" ]]
	[[ $(json report 'it["stdout"]') == '{"bytes": 9, "over": true, "text": null}' ]]
	[[ $(json report 'it["status"]') == exited ]]
	local n
	for n in 3 4; do
		launch -0 run --output 4,truncate --report report -- sh -c "$say | tr '\0' x" sh "$n"
		((${#output} == n))
		[[ $(json report 'it["stdout"]["bytes"], it["stdout"]["over"]') == "[$n, false]" ]]
	done
	launch -0 run --output 4,truncate --report report -- sh -c "$say | tr '\0' x" sh 5
	[[ $output == xxxx && $(json report 'it["stdout"]["over"]') == true ]]
}

@test "on one terminal the outputs count together, stopped or truncated" {
	run timeout $((50 * SLOW)) /usr/bin/python3 "$BATS_TEST_DIRNAME/../lib/terminal.py" together
	[[ $output == $'12345abc 0\n12345abc 123\n12345abc 0' ]]
}

@test "a signal while a slow reader is waited for loses nothing, unless it ends the launcher" {
	local signal want
	mkfifo pipe
	for signal in WINCH CONT USR1 TERM; do
		rm -f "done"
		"$LUNETTE" run --output 1M -- sh -c 'head -c 90000 /dev/zero; : >done' >pipe 2>err &
		exec 7<pipe
		within 5 test -e "done"
		within 5 childless $!
		kill -"$signal" $!
		want=90000
		if [[ $signal == TERM ]]; then
			want=65536
			wait $! || true
		fi
		[[ $(wc -c <&7) -ge $want ]]
		exec 7<&-
		if [[ $signal == TERM ]]; then
			[[ $(cat err) == *"Interrupted system call"* ]]
		else
			wait $!
		fi
	done
}

@test "a signal that the caller ignores does not end a launcher that waits for its reader" {
	local how
	mkfifo pipe
	for how in '' HUP; do # the positive control first: nothing is ignored
		rm -f "done"
		(
			[[ -z $how ]] || trap "" "$how"
			exec "$LUNETTE" run --output 1M -- sh -c 'head -c 90000 /dev/zero; : >done'
		) </dev/null >pipe 2>err 3>&- &
		exec 7<pipe
		within 5 test -e "done"
		within 5 childless $!
		kill -HUP $!
		if [[ -z $how ]]; then
			wait $! || true
			[[ $(wc -c <&7) -lt 90000 && $(cat err) == *"Interrupted system call"* ]]
		else
			[[ $(wc -c <&7) == 90000 ]]
			wait $!
		fi
		exec 7<&-
	done
}

@test "a flood of 10 GB leaves no more than the limit, in a file, a pipe and a terminal" {
	local flood='exec dd if=/dev/zero bs=1M count=10000 status=none'
	"$LUNETTE" run --output 1M -- sh -c "$flood" >file </dev/null || [[ $? == 123 ]]
	[[ $(stat -c %s file) == 1048576 ]]
	run bash -c '"$LUNETTE" run --output 1M -- sh -c "$0" </dev/null 2>err | wc -c' "$flood"
	[[ $output == 1048576 ]]
	[[ $(cat err) == "lunette: ended: limits.output is reached" ]]
	run timeout $((50 * SLOW)) /usr/bin/python3 "$BATS_TEST_DIRNAME/../lib/terminal.py" flood
	[[ $output == "1048576 123" ]]
}

@test "a reader who is slow gets what a run has said when its limit ends it" {
	run bash -c '"$LUNETTE" run --output 300000 -- sh -c "exec cat /dev/zero" </dev/null 2>err |
		(head -c 200000 >begin; sleep 0.2; cat >rest)'
	[[ $(cat begin rest | wc -c) == 300000 ]]
	[[ $(cat err) == "lunette: ended: limits.output is reached" ]]
}

@test "a truncated flood is thrown away as fast as it comes" {
	launch -0 run --wall "$(wall 20)" --output 1K,truncate --report report -- \
		dd if=/dev/zero bs=1M count=500 status=none
	[[ $(json report 'it["stdout"]["bytes"]') == 524288000 ]]
}

@test "what is left in the pipe when the program has ended counts too" {
	for _ in 1 2 3 4 5; do
		launch -123 run --output 3 -- printf 1234
		[[ $output == 123 ]]
	done
}

@test "no output at all is the least limit" {
	launch -0 run --output 0 -- true
	launch -123 run --output 0 -- echo
}

@test "a reader that takes nothing does not hold up the limit of time" {
	need_command python3
	run --separate-stderr timeout "$(wall 20)" /usr/bin/python3 -c '
import os, socket, subprocess
a, b = socket.socketpair()
r, w = os.pipe()
for end in (b.fileno(), w):
    ended = subprocess.run([os.environ["LUNETTE"], "run", "--output", "1G", "--wall", "500ms", "--",
                            "yes"], stdin=subprocess.DEVNULL, stdout=end)
    print(ended.returncode)'
	[[ $output == $'124\n124' ]]
}

# --- where it goes ---

@test "captured output is in the report, with what would steer a terminal escaped" {
	profile captured <<-'END'
		return profile { extends = "default", process = { stdout = "capture", stderr = "capture" } }
	END
	launch -3 run -p "$WORK/captured.lua" --report report -- \
		sh -c 'printf "out \033]0;title\007 \377"; echo err >&2; exit 3'
	[[ -z $output && -z $stderr ]]
	[[ $(json report 'it["stdout"]["text"]') == $'out \e]0;title\a \\xff' ]]
	[[ $(json report 'it["stderr"]["text"]') == err ]]
	run ! grep -q $'\e' report
	launch -0 run -p "$WORK/captured.lua" --report report -- true
	[[ $(json report 'repr(it["stdout"]["text"])') == "''" ]]
}

@test "captured output without a limit is cut at 1 MiB" {
	profile captured <<-'END'
		return profile { extends = "default", process = { stdout = "capture" } }
	END
	launch -0 run -p "$WORK/captured.lua" --report report -- head -c 1048577 /dev/zero
	[[ $(json report 'len(it["stdout"]["text"])') == 1048576 ]]
	[[ $(json report 'it["stdout"]["over"]') == true ]]
	launch -123 run -p "$WORK/captured.lua" --output 5 --report report -- echo 123456789
	[[ $(json report 'it["stdout"]["text"]') == 12345 ]]
}

@test "standard error can go where standard output goes" {
	profile merged <<-'END'
		return profile { extends = "default", process = { stderr = "stdout" } }
	END
	local each='for i in 1 2 3; do echo o$i; echo e$i >&2; done'
	launch -0 run -p "$WORK/merged.lua" -- sh -c "$each"
	[[ $output == $'o1\ne1\no2\ne2\no3\ne3' && -z $stderr ]]
	"$LUNETTE" run -p "$WORK/merged.lua" -- sh -c "$each" >file </dev/null
	[[ $(cat file) == $'o1\ne1\no2\ne2\no3\ne3' ]]
	profile both <<-'END'
		return profile { extends = "default", process = { stdout = "capture", stderr = "stdout" } }
	END
	launch -0 run -p "$WORK/both.lua" --report report -- sh -c "$each"
	[[ $(json report 'it["stdout"]["text"]') == $'o1\ne1\no2\ne2\no3\ne3' ]]
	[[ $(json report 'it["stderr"]') == null ]]
}

# --- limits of a process ---

# rlimit NAME VALUE COMMAND - the soft and hard limit that a program sees
@test "every limit of a process is what the profile says" {
	need_command python3
	profile limits <<-'END'
		return profile { extends = "default", limits = {
			address_space = "8G", core = 4096, data = "4G", files = 100, fsize = "1M", memlock = "64K",
			msgqueue = 8192, nice = 0, nproc = 70, process_cpu = "1500ms", rtprio = 0, rttime = "2s",
			sigpending = 50, stack = "4M" } }
	END
	launch -0 run -p "$WORK/limits.lua" -- /usr/bin/python3 -c 'import resource
for name in ("AS CORE DATA NOFILE FSIZE MEMLOCK MSGQUEUE NICE NPROC CPU RTPRIO RTTIME SIGPENDING "
             "STACK").split():
    print(*resource.getrlimit(getattr(resource, "RLIMIT_" + name)))'
	[[ $output == "8589934592 8589934592
4096 4096
4294967296 4294967296
100 100
1048576 1048576
65536 65536
8192 8192
0 0
70 70
2 2
0 0
2000000 2000000
50 50
4194304 4194304" ]]
}

@test "a file may be as large as limits.fsize and no larger" {
	profile small <<<'return profile { extends = "default", limits = { fsize = 1000 } }'
	launch -0 run -p "$WORK/small.lua" -- sh -c 'head -c 1000 /dev/zero >file'
	launch -1 run -p "$WORK/small.lua" -- sh -c 'trap "" XFSZ; head -c 1001 /dev/zero >file'
	[[ $(stat -c %s file) == 1000 ]]
	launch -153 run -p "$WORK/small.lua" --report report -- \
		sh -c 'exec head -c 1001 /dev/zero >file'
	[[ $(json report 'it["signal"]') == 25 ]]
}

@test "processes up to limits.pids, and one more is refused" {
	need_command python3
	# The program itself is one, and the sandbox's pid 1 another.
	local forks='import os, sys, time
n = 0
try:
    while n < 40:
        if os.fork() == 0: time.sleep(20)
        n += 1
except BlockingIOError: pass
print(n)'
	local least
	launch -0 run --pids 10 -- /usr/bin/python3 -c "$forks"
	least=$output
	((least >= 8 && least <= 9))
	launch -0 run --pids 11 -- /usr/bin/python3 -c "$forks"
	((output == least + 1))
	launch -0 run -- /usr/bin/python3 -c "$forks"
	((output == 40))
}

@test "a tmpfs takes its size and its number of files, and no more" {
	local number
	mkdir "$WORK/lower"
	profile full <<-END
		return profile { extends = "default", mounts = {
			tmpfs { "/small", size = "64K" }, tmpfs { "/few", inodes = 10 },
			overlay { "$WORK/lower", at = "/over", upper = "tmpfs", size = "64K" } } }
	END
	launch -0 run -p "$WORK/full.lua" -- \
		sh -c 'head -c 65536 /dev/zero >/small/file; wc -c </small/file'
	[[ $output == 65536 ]]
	launch run -p "$WORK/full.lua" -- sh -c 'head -c 65537 /dev/zero >/small/file; wc -c </small/file'
	[[ $output == 65536 && $stderr == *"No space left"* ]]
	# The tmpfs's own directory is one of the ten.
	local touch='cd "$1"; for i in $(seq "$2"); do touch "$i" || break; done 2>/dev/null; ls | wc -l'
	for number in 8 9; do
		launch -0 run -p "$WORK/full.lua" -- sh -c "$touch" sh /few "$number"
		[[ $output == "$number" ]]
	done
	launch run -p "$WORK/full.lua" -- sh -c "$touch" sh /few 10
	[[ $output == 9 ]]
	launch -0 run --tmpfs /few -- sh -c "$touch" sh /few 10
	[[ $output == 10 ]]
	# Of an overlay all that is written counts together, what is copied up too.
	local write='cd /over; for i in $(seq "$1"); do head -c 4096 /dev/zero >"$i" || break; done;
		cat * | wc -c'
	for number in 15 16; do
		launch -0 run -p "$WORK/full.lua" -- sh -c "$write" sh "$number"
		((output == number * 4096))
	done
	launch run -p "$WORK/full.lua" -- sh -c "$write" sh 17
	[[ $output == 65536 && $stderr == *"No space left"* ]]
	head -c 70000 /dev/zero >"$WORK/lower/large"
	chmod 666 "$WORK/lower/large"
	launch run -p "$WORK/full.lua" -- sh -c 'echo x >>/over/large'
	[[ $stderr == *"No space left"* ]]
	profile free <<-END
		return profile { extends = "default",
			mounts = { overlay { "$WORK/lower", at = "/over", upper = "tmpfs" } } }
	END
	launch -0 run -p "$WORK/free.lua" -- sh -c "$write" sh 17
	launch -0 run -p "$WORK/free.lua" -- sh -c 'echo x >>/over/large'
	# The control: without a limit all of it fits.
	launch -0 run --tmpfs /small -- sh -c 'head -c 65537 /dev/zero >/small/file; wc -c </small/file'
	[[ $output == 65537 ]]
}
