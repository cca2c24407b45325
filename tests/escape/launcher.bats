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
