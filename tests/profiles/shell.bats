# shell.bats: looking around, on a terminal of the sandbox's own
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

# typed TEXT COMMAND... - runs the command on a terminal of its own, types TEXT, whose parts stand
# between |, each once the terminal is quiet, and prints what the terminal shows
typed() {
	/usr/bin/python3 - "$@" <<-'END'
		import os, pty, select, sys, time
		text, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
		parts = text.split(b"|")
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(command[0], command)
		shown, end = b"", time.monotonic() + 40
		try:
		    while time.monotonic() < end:
		        if select.select([master], [], [], 1.5)[0]:
		            block = os.read(master, 4096)
		            if not block:
		                break
		            shown += block
		        elif parts:
		            os.write(master, parts.pop(0))
		except OSError:
		    pass
		status = os.waitpid(pid, 0)[1]
		sys.stdout.write(shown.decode(errors="backslashreplace").replace("\r\n", "\n"))
		print("status", os.waitstatus_to_exitcode(status))
	END
}

@test "a shell on a terminal has job control and the terminal's size" {
	need_command bash
	run typed 'stty size\n|sleep 50\n|\x03|echo it was interrupted; shopt -op monitor\n|exit 7\n' \
		"$LUNETTE" run -p shell -- bash --norc -i
	[[ $output == *[$'\r\n']"it was interrupted"* ]]
	[[ $output == *"set -o monitor"* && $output == *"0 0"* && $output == *"status 7"* ]]
}

@test "the terminal can't be typed into" {
	need_probe
	run typed '' "$LUNETTE" run -p shell -- ./probe tiocsti
	[[ $output == *EPERM* ]]
	run typed '' "$LUNETTE" run -p shell -- ./probe tioclinux
	[[ $output == *EPERM* ]]
}

@test "it has a terminal and a session of its own; one that inherits has the caller's" {
	need_probe
	run typed '' "$LUNETTE" run -p shell -- sh -c './probe bits; tty'
	[[ $output == *"session own"* && $output == */dev/pts/0* ]]
	profile inherits <<<'return profile { extends = "shell", process = { tty = "inherit" } }'
	run typed '' "$LUNETTE" run -p ./inherits.lua -- ./probe bits
	[[ $output == *"session other"* ]]
}

@test "it is default in everything else" {
	launch -0 run -p shell -- sh -c 'pwd; echo x >made; hostname; echo $HISTFILE'
	[[ $output == "$WORK"$'\nlunette\n/dev/null' && $(cat made) == x ]]
}
