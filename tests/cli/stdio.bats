# stdio.bats: standard files: usable as ever, and never a way to more than was given
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# --- usable ---

@test "python3 reads a script from standard input" {
	need_command python3
	printf 'import sys\nprint("from stdin", sys.version_info[0])\n' >script
	LAUNCH_STDIN=script launch -0 run -- /usr/bin/python3
	[[ $output == "from stdin 3" ]]
}

@test "git apply reads a patch from standard input" {
	need_command git
	mkdir repo && cd repo
	git init -q . && printf 'one\n' >file && git add file
	printf -- '--- a/file\n+++ b/file\n@@ -1 +1 @@\n-one\n+two\n' >../patch
	LAUNCH_STDIN=../patch launch -0 run -- git apply
	[[ $(cat file) == two ]]
}

@test "a program can seek in standard input" {
	need_command python3
	/usr/bin/python3 -c 'import zipfile
with zipfile.ZipFile("a.zip", "w") as z: z.writestr("m", "member")'
	LAUNCH_STDIN=a.zip launch -0 run -- /usr/bin/python3 -c 'import sys, zipfile
print(zipfile.ZipFile(sys.stdin.buffer).read("m").decode())'
	[[ $output == member ]]
}

@test "two programs share the offset of standard input" {
	printf 'one\ntwo\nthree\n' >text
	LAUNCH_STDIN=text launch -0 run -- sh -c 'head -n 1; head -n 1'
	[[ $output == $'one\ntwo' ]]
}

@test "an offset that the caller has read to is kept" {
	printf 'one\ntwo\nthree\n' >text
	{ read -r _; run "$LUNETTE" run -- cat; } <text
	[[ $output == $'two\nthree' ]]
}

@test "standard input that was removed or is beyond the caller's sight still reads" {
	printf 'kept\n' >text
	exec 9<text
	rm text
	LAUNCH_STDIN=/dev/fd/9 launch -0 run -- cat
	[[ $output == kept ]]
}

@test "pipes, sockets, terminals and devices are standard files" {
	run bash -c 'echo piped | "$LUNETTE" run -- cat | cat' 
	[[ $output == piped ]]
	LAUNCH_STDIN=/dev/null launch -0 run -- cat
	[[ -z $output ]]
	need_command python3
	run /usr/bin/python3 -c '
import os, socket, subprocess
a, b = socket.socketpair()
a.sendall(b"by socket"); a.shutdown(socket.SHUT_WR)
ended = subprocess.run([os.environ["LUNETTE"], "run", "--", "cat"], stdin=b, capture_output=True)
print(ended.stdout.decode())'
	[[ $output == "by socket" ]]
}

@test "output to a file arrives whole, in order and at its end" {
	"$LUNETTE" run -- sh -c 'seq 1 200000; echo done >&2' >out 2>err </dev/null
	[[ $(tail -n 1 out) == 200000 && $(wc -l <out) == 200000 && $(cat err) == "done" ]]
}

@test "appending output stays appending" {
	echo first >log
	"$LUNETTE" run -- sh -c 'echo second; echo third' >>log </dev/null
	[[ $(cat log) == $'first\nsecond\nthird' ]]
}

@test "output and errors in one file keep their order" {
	"$LUNETTE" run -- sh -c 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done' >both 2>&1 </dev/null
	[[ $(tr '\n' ' ' <both) == "o1 e1 o2 e2 o3 e3 o4 e4 o5 e5 " ]]
}

@test "a reader that goes away ends the program, not the launcher's patience" {
	run bash -c 'timeout 10 "$LUNETTE" run -- yes 2>/dev/null </dev/null | head -n 2;
			echo "${PIPESTATUS[0]}"'
	[[ ${lines[0]} == y && ${lines[1]} == y && ${lines[2]} != 124 ]]
}

@test "a full disk under standard output is the program's to see" {
	run bash -c '"$LUNETTE" run -- sh -c "echo x; sleep 0.05; echo y" >/dev/full 2>err </dev/null;
			echo $?'
	[[ $output != 0 ]] || [[ -s err ]]
}

@test "the program that only closes its output does not hang" {
	"$LUNETTE" run -- sh -c 'exec >&- 2>&-; exit 3' </dev/null >out 2>err || [[ $? == 3 ]]
}

@test "process.stdin = null and a path for standard output" {
	profile streams <<-'END'
		return profile {
			extends = "default",
			process = { stdin = "null", stdout = host.cwd .. "/given" },
		}
	END
	echo never >input
	LAUNCH_STDIN=input launch -0 run -p "$WORK/streams.lua" -- sh -c 'cat; echo to the file'
	[[ -z $output && $(cat given) == "to the file" ]]
}

# --- not more than was given ---

# What `probe reopen 0` may say of a regular file as standard input
refuses_all() {
	expect_line 'read ok'
	! grep -E '^(write|truncate|chmod|times) ok' <<<"$output" || false
}

@test "standard input cannot be re-opened with more rights" {
	need_probe
	mkdir "$BATS_TEST_TMPDIR/outside"
	echo precious >"$BATS_TEST_TMPDIR/outside/file"
	chmod 666 "$BATS_TEST_TMPDIR/outside/file"
	# The control: the same program without a sandbox can.
	run -0 ./probe reopen 0 <"$BATS_TEST_TMPDIR/outside/file"
	[[ $output == *"write ok"*"truncate ok"*"chmod ok"* ]]
	local name
	for name in default base untrusted; do
		LAUNCH_STDIN=$BATS_TEST_TMPDIR/outside/file launch -0 run -p "$name" --ro "$WORK/probe:/probe" \
				-- /probe reopen 0
		refuses_all
	done
	[[ $(cat "$BATS_TEST_TMPDIR/outside/file") == precious ]]
}

@test "a descriptor that the caller opened for both is still only for reading" {
	need_probe
	echo precious >file
	run "$LUNETTE" run -p base --ro "$WORK/probe:/probe" -- /probe reopen 0 0<>file
	[[ $output != *"write ok"* && $output != *"truncate ok"* && $output != *"chmod ok"* ]]
	run "$LUNETTE" run -p base -- sh -c 'echo overwritten >&0' 0<>file
	[[ $(cat file) == precious ]]
}

@test "standard output and error cannot be read, truncated or changed" {
	need_probe
	local fd
	for fd in 1 2; do
		echo precious >file
		chmod 666 file
		# The probe speaks through the standard file that is not looked at.
		if ((fd == 1)); then
			"$LUNETTE" run -p base --ro "$WORK/probe:/probe" -- sh -c '/probe reopen 3 3>&1 1>&2' \
				2>said >>file </dev/null
		else
			"$LUNETTE" run -p base --ro "$WORK/probe:/probe" -- sh -c '/probe reopen 3 3>&2' \
				2>>file >said </dev/null
		fi
		[[ $(cat said) == *times* ]]
		"$LUNETTE" run -p base -- sh -c ': >/proc/self/fd/'"$fd"'; chmod 600 /proc/self/fd/'"$fd" \
			1>>file 2>&1 </dev/null || true
		[[ $(head -n 1 file) == precious && $(stat -c %a file) == 666 ]]
	done
}

@test "the caller's terminal cannot be made others' by the program, and is used as ever" {
	need_command python3
	cat >program.py <<-'END'
		import os, sys
		for number in 0, 1, 2:
		    for change in (lambda: os.fchmod(number, 0o666),
		                   lambda: os.chmod(f"/proc/self/fd/{number}", 0o666),
		                   lambda: os.utime(number, (1, 1))):
		        try:
		            change()
		            print("CHANGED")
		        except OSError:
		            print("refused")
		    print(os.isatty(number))
		print(input(), "read", flush=True)
		os.write(2, b"also\n")
	END
	cat >caller.py <<-'END'
		import os, pty, subprocess, sys
		leader, terminal = pty.openpty()
		before = os.fstat(terminal)
		os.write(leader, b"typed\n")
		ended = subprocess.run(sys.argv[1:], stdin=terminal, stdout=terminal, stderr=terminal)
		after = os.fstat(terminal)
		print(os.read(leader, 65536).decode())
		print("same" if before.st_mode == after.st_mode and after.st_atime > 1
		      else "other", ended.returncode)
	END
	profile merged <<<'return profile { extends = "default", process = { stderr = "stdout" } }'
	profile shared <<<'return profile { extends = "default", process = { tty = "inherit" } }'
	for which in default "$WORK/merged.lua" "$WORK/shared.lua"; do
		run -0 timeout 30 /usr/bin/python3 caller.py "$LUNETTE" run -p "$which" -- \
			/usr/bin/python3 program.py
		echo "$output"
		[[ $(grep -c refused <<<"$output") == 9 && $(grep -c True <<<"$output") == 3 ]]
		[[ $output == *"typed read"*also*"same 0" && $output != *CHANGED* ]]
	done
	# The control: who runs without a sandbox can.
	run -0 timeout 30 /usr/bin/python3 caller.py /usr/bin/python3 program.py
	[[ $(grep -c CHANGED <<<"$output") == 9 && $output == *"other 0" ]]
}

@test "a terminal that cannot be opened again is used as it is" {
	need_command python3
	run -0 timeout 30 /usr/bin/python3 -c 'import os, pty, subprocess, sys
leader, terminal = pty.openpty()
os.fchmod(terminal, 0o440)
print(subprocess.run(sys.argv[1:], stdin=terminal, stdout=terminal, stderr=terminal).returncode)
print(os.read(leader, 4096).decode())' "$LUNETTE" run -- sh -c 'test -t 1 && echo is one'
	[[ $output == 0$'\n'*"is one"* ]]
}

@test "a directory or block device as a standard file is refused" {
	local fd
	mkdir place
	LAUNCH_STDIN=place launch -125 run -- true
	[[ $stderr == "lunette: "*directory* && $(wc -l <<<"$stderr") == 1 ]]
	run --separate-stderr bash -c '"$LUNETTE" run -- true 1<place </dev/null'
	[[ $status == 125 ]]
}

@test "no other descriptor of the caller reaches the program" {
	need_probe
	exec 5</ 7<"$WORK" 200</etc/passwd
	launch -0 run -- ./probe fds
	[[ $output == "0 1 2 " ]]
	exec 5<&- 7<&- 200<&-
}

@test "a descriptor that the profile names does" {
	need_probe
	profile fds <<<'return profile { extends = "default", process = { fds = { 7 } } }'
	echo seven >seven
	launch -0 run -p "$WORK/fds.lua" -- sh -c './probe fds; cat <&7' 5</ 7<seven
	[[ ${lines[0]} == "0 1 2 7 " && ${lines[1]} == seven ]]
	launch -125 run -p "$WORK/fds.lua" -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == *7* ]]
}

@test "no number leads to an internal descriptor" {
	launch -0 run -- sh -c 'for i in 3 4 5 6 7 8 9 10 11 12 20 64 100;
			do ls -d /proc/self/fd/$i/. 2>/dev/null; done; echo end'
	[[ $output == end ]]
	launch -127 run -- /proc/self/fd/3
	launch -127 run -- /proc/self/fd/7
}
