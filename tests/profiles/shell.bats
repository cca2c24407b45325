# shell.bats: looking around on the caller's terminal
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

# typed TEXT COMMAND... - runs the command on a terminal of its own, types TEXT, and prints what the
# terminal shows
typed() {
	/usr/bin/python3 - "$@" <<-'END'
		import os, pty, select, sys, time
		text, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(command[0], command)
		shown, end, asked = b"", time.monotonic() + 10, False
		try:
		    while time.monotonic() < end:
		        if select.select([master], [], [], 0.3)[0]:
		            block = os.read(master, 4096)
		            if not block:
		                break
		            shown += block
		        elif not asked:
		            os.write(master, text)
		            asked = True
		except OSError:
		    pass
		status = os.waitpid(pid, 0)[1]
		sys.stdout.write(shown.decode(errors="backslashreplace").replace("\r\n", "\n"))
		print("status", os.waitstatus_to_exitcode(status))
	END
}

@test "a shell on the caller's terminal has job control and the terminal's size" {
	need_command bash
	run typed 'tty\nsleep 50\n\x03echo interrupted\nset -o | grep monitor\nexit 7\n' "$LUNETTE" run -p shell -- bash --norc -i
	[[ $output == *"/dev/"* && $output == *interrupted* && $output == *"status 7"* ]]
	[[ $output =~ monitor[[:space:]]+on ]]
}

@test "the terminal can't be typed into" {
	need_probe
	run typed '' "$LUNETTE" run -p shell -- ./probe tiocsti
	[[ $output == *EPERM* ]]
	run typed '' "$LUNETTE" run -p shell -- ./probe tioclinux
	[[ $output == *EPERM* ]]
}

@test "it keeps the caller's session, the others have their own" {
	need_probe
	run typed '' "$LUNETTE" run -p shell -- ./probe bits
	[[ $output == *"session other"* ]]
	run typed '' "$LUNETTE" run -p default -- ./probe bits
	[[ $output == *"session own"* ]]
}

@test "it is default in everything else" {
	launch -0 run -p shell -- sh -c 'pwd; echo x >made; hostname; echo $HISTFILE'
	[[ $output == "$WORK"$'\nlunette\n/dev/null' && $(cat made) == x ]]
}
