# denied.bats: calls that are refused are told with their arguments and the line that refused them
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	profile told <<-'END'
		return profile {
			extends = "default",
			seccomp = {
				on_denied = "report",
				guard = {
					errno "EACCES" { "mkdir" },
					kill { "rmdir" },
					notify { "symlink" },
				},
			},
		}
	END
}

# denied EXPRESSION - of the list `denied` of the report, as `it`
denied() {
	/usr/bin/python3 -c 'import json, sys
it = json.load(open("report"))["denied"]
print(eval(sys.argv[1]))' "$1"
}

@test "a refused call is reported with its arguments, its process and its line" {
	launch -1 run -p "$WORK/told.lua" --report report -- mkdir -m 700 "some where"
	[[ $stderr == *"Permission denied"* ]]
	[[ $(denied 'len(it)') == 1 && $(denied 'it[0]["syscall"]') == mkdir ]]
	[[ $(denied 'it[0]["args"]') == "['some where', '0700']" ]]
	[[ $(denied 'it[0]["action"], it[0]["comm"], it[0]["pid"], it[0]["count"]') == \
		"('errno EACCES', 'mkdir', 2, 1)" ]]
	[[ $(denied 'it[0]["rule"]') == "$WORK/told.lua:6" ]]
}

@test "without on_denied nothing is reported, and the call is refused all the same" {
	profile silent <<-'END'
		return profile { extends = "default", seccomp = { guard = { errno "EACCES" { "mkdir" } } } }
	END
	launch -1 run -p "$WORK/silent.lua" --report report -- mkdir x
	[[ $(denied 'it') == '[]' && $stderr == *"Permission denied"* ]]
}

@test "run -v tells them on standard error, with control characters escaped" {
	profile silent <<-'END'
		return profile { extends = "default", seccomp = { guard = { errno "EACCES" { "mkdir" } } } }
	END
	launch -1 run -v -p "$WORK/silent.lua" -- mkdir $'a\e[31m\nb'
	[[ $stderr == *'lunette: denied: mkdir(a\x1b[31m\x0ab, 0777) errno EACCES, by mkdir'* ]]
	[[ $stderr == *', by mkdir (2), by the rule at '* ]]
	launch -1 run -v -p "$WORK/silent.lua" -- sh -c 'mkdir x; mkdir x'
	[[ $stderr == *'mkdir(x, 0777) errno EACCES, 2 times, by mkdir ('* ]]
}

@test "a call that a rule kills for is reported, and the process dies" {
	launch -159 run -p "$WORK/told.lua" --report report -- rmdir x
	[[ $(denied 'it[0]["syscall"], it[0]["action"]') == "('rmdir', 'kill')" ]]
	[[ $(json report 'it["status"], it["signal"], it["evidence"]') == '["denied", 31, "listener"]' ]]
	launch -0 run -p "$WORK/told.lua" --report report -- sh -c 'mkdir -p ok 2>&-; rmdir x; echo $?'
	[[ $output == 137 && $(json report 'it["status"]') == exited ]]
	[[ $(denied 'sorted(one["syscall"] for one in it)') == "['mkdir', 'rmdir']" ]]
}

@test "a killed thread takes its whole process along, and the call is not made" {
	need_command python3
	mkdir kept
	launch -159 run -p "$WORK/told.lua" -- /usr/bin/python3 -c 'import os, threading, time
thread = threading.Thread(target=os.rmdir, args=("kept",)); thread.start()
time.sleep(20)'
	[[ -d kept ]]
}

@test "kill_thread is reported too, and then ends its process" {
	need_command python3
	profile thread <<-'END'
		return profile { extends = "default",
			seccomp = { on_denied = "report", guard = { kill_thread { "rmdir" } } } }
	END
	mkdir kept
	launch -159 run -p "$WORK/thread.lua" --report report -- rmdir kept
	[[ -d kept && $(denied 'it[0]["args"], it[0]["action"], it[0]["rule"]') == \
		"(['kept'], 'kill_thread', '$WORK/thread.lua:2')" ]]
	[[ $(json report 'it["status"], it["evidence"]') == '["denied", "listener"]' ]]
	# The control: where nothing is reported only the thread goes.
	profile quiet <<-'END'
		return profile { extends = "default", seccomp = { guard = { kill_thread { "rmdir" } } } }
	END
	launch -0 run -p "$WORK/quiet.lua" -- /usr/bin/python3 -c 'import os, threading, time
threading.Thread(target=os.rmdir, args=("kept",), daemon=True).start()
time.sleep(0.3); print("alive", flush=True); os._exit(0)'
	[[ $output == alive && -d kept ]]
}

@test "a trap is told by the audit log, or the report says that it cannot be" {
	profile trapped <<-'END'
		return profile { extends = "default",
			seccomp = { on_denied = "report", guard = { trap(7) { "rmdir" } } } }
	END
	launch -159 run -p "$WORK/trapped.lua" --report report -- rmdir x
	[[ $(json report 'it["status"], it["evidence"]') == '["denied", "signal"]' ]]
	if ((EUID == 0)) && [[ ! $(json report 'it["enforced"]["skipped"]') == *audit* ]]; then
		[[ $(denied '[(one["syscall"], one["comm"], one["action"], one["rule"]) for one in it]') == \
			"[('rmdir', 'rmdir', 'trap 7', '$WORK/trapped.lua:2')]" ]]
	else
		[[ $(json report 'it["enforced"]["skipped"]') == *"audit log"* && $(denied it) == '[]' ]]
	fi
}

# auditing - prints "on" or "off", which the host's auditing is, or nothing where that is not told
auditing() {
	/usr/bin/python3 -c 'import socket, struct
link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)  # NETLINK_AUDIT
link.settimeout(5)
link.send(struct.pack("=IHHII", 16, 1000, 1, 1, 0))  # AUDIT_GET
answer = link.recv(9000)
if struct.unpack("=H", answer[4:6])[0] == 1000:
    print("on" if struct.unpack("=iI", answer[16:24])[1] else "off")
' 2>/dev/null
}

@test "what Landlock refuses is told by the audit log, or the report says that it cannot be" {
	need_landlock 1
	profile locked <<-'END'
		return profile { extends = "default", seccomp = { on_denied = "report" },
			landlock = prefer { ro = { "/usr", "/lib", { "/lib64", optional = true }, "/bin" },
				rw = { "/dev" } } }
	END
	# The second makes a domain of its own first, under the launcher's name.
	cat >both.py <<-'END'
		import ctypes, os, struct
		libc = ctypes.CDLL(None)
		libc.prctl(15, b"lunette", 0, 0, 0)
		rules = libc.syscall(444, struct.pack("=Q", 1 << 2), 8, 0)  # to read files
		assert rules >= 0 and libc.syscall(446, rules, 0) == 0
		for use, place in (open, "/usr/bin/env"), (os.listdir, "/var"):
		    try:
		        use(place)
		    except PermissionError:
		        print(place)
	END
	local state='' script
	((EUID != 0)) || state=$(auditing)
	script=$(<both.py)
	launch run -p "$WORK/locked.lua" --report report -- /usr/bin/python3 -I -c "$script"
	[[ $status == 0 && $output == $'/usr/bin/env\n/var' ]]
	if [[ $state == on ]] && ! older_than 6.15; then
		[[ $(denied '[(one["syscall"], one["action"]) for one in it if "/var" in one["args"]]') == \
			"[('landlock', 'errno EACCES')]" ]]
		[[ $(denied '[one["rule"] for one in it if "/var" in one["args"]]') == \
			"['$WORK/locked.lua:2']" ]]
	else
		[[ $(json report 'it["enforced"]["skipped"]') == *"ask \`lunette why\`"* ]]
		[[ $(denied it) == '[]' ]]
	fi
	# The control: where nothing of that is asked for, nothing is said.
	profile silent <<<'return profile { extends = "default", landlock = prefer { ro = { "/" } } }'
	launch -0 run -p "$WORK/silent.lua" --report report -- ls /var
	[[ $(json report 'it["enforced"]["skipped"]') != *"lunette why"* && $(denied it) == '[]' ]]
}

@test "notify lets a call be made and lists it apart" {
	launch -0 run -p "$WORK/told.lua" --report report -- \
		/usr/bin/python3 -c 'import os; os.symlink("a", "b")'
	[[ $(readlink b) == a && $(denied it) == '[]' ]]
	[[ $(json report '[[one["syscall"], one["args"], one["action"]] for one in it["notified"]]') == \
		'[["symlink", ["a", "b"], "notify"]]' ]]
}

@test "equal calls are counted, different ones kept apart, and there is an end to it" {
	need_command python3
	launch -0 run -p "$WORK/told.lua" --report report -- /usr/bin/python3 -c 'import os
def mkdir(name):
    try: os.mkdir(name)
    except PermissionError: pass
for i in range(100): mkdir("same")
for i in range(600): mkdir(f"other{i}")'
	[[ $(denied 'it[0]["args"][0], it[0]["count"]') == "('same', 100)" ]]
	[[ $(denied 'len(it)') == 513 && $(denied 'sum(one["count"] for one in it)') == 700 ]]
	[[ $(denied 'it[-1]["syscall"]') == None ]]
}

@test "calls that numbers tell apart are kept apart however often they come" {
	need_command python3
	profile numbers <<-'END'
		return profile { extends = "default", seccomp = { on_denied = "report",
			guard = { errno "EACCES" { sys.umask { mask = "01" } }, errno "EPERM" { "umask" } } } }
	END
	launch -0 run -p "$WORK/numbers.lua" --report report -- /usr/bin/python3 -c 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
umask = {"x86_64": 95}.get(os.uname().machine, 166)
for i in range(4000):
    libc.syscall(umask, i % 40)
    assert ctypes.get_errno() == (13 if i % 40 == 1 else 1)'
	[[ $(denied '{one["count"] for one in it}, len(it)') == '({100}, 40)' ]]
	[[ $(denied '[one["args"] for one in it if one["action"] == "errno EACCES"]') == "[['01']]" ]]
}

@test "addresses and flags are decoded; what cannot be read is a number" {
	need_command python3
	profile sockets <<-'END'
		return profile { extends = "default", seccomp = { on_denied = "report",
			guard = { errno "EACCES" { "connect", sys.openat { flags = has "path" }, "chdir" } } } }
	END
	launch -0 run -p "$WORK/sockets.lua" --report report -- /usr/bin/python3 -c '
import ctypes, os, socket
for family, address in ((socket.AF_INET, ("127.0.0.1", 80)), (socket.AF_INET6, ("::1", 443)),
                        (socket.AF_UNIX, "/run/x"), (socket.AF_UNIX, "\0name")):
    try: socket.socket(family, socket.SOCK_STREAM).connect(address)
    except PermissionError: pass
try: os.open("/etc", os.O_PATH | os.O_CLOEXEC)
except PermissionError: pass
libc = ctypes.CDLL(None)
libc.chdir(ctypes.c_void_p(4096))
libc.chdir(ctypes.c_char_p(b"x" * 4000))'
	[[ $(denied '[one["args"][1] for one in it[:4]]') == \
		"['inet 127.0.0.1:80', 'inet6 [::1]:443', 'unix /run/x', 'unix @name']" ]]
	[[ $(denied 'it[4]["args"][:3]') == "['AT_FDCWD', '/etc', 'O_CLOEXEC|O_PATH']" ]]
	[[ $(denied 'it[5]["args"]') == "['0x1000']" ]]
	[[ $(denied 'it[6]["args"][0][:3], it[6]["args"][0][-4:], len(it[6]["args"][0])') == \
		"('xxx', 'x...', 511)" ]]
}

@test "what no rule names is told with the line of the default" {
	profile listed <<-'END'
		return profile { extends = "untrusted", seccomp = { on_denied = "report" } }
	END
	launch run -p "$WORK/listed.lua" --report report -- /usr/bin/python3 -c 'import ctypes
ctypes.CDLL(None).syscall(9999)
ctypes.CDLL(None).acct(None)'
	[[ $(denied '[one["syscall"] for one in it]') == *"x86_64:9999"* ]] ||
		need_path /usr/lib64/ld-linux-x86-64.so.2
	[[ $(denied '[one["rule"] for one in it if one["syscall"] == "acct"]') == *profiles/*.lua:* ]]
}

@test "denials of several processes at once are all answered" {
	need_command python3
	launch -0 run --wall "$(wall 20)" -p "$WORK/told.lua" --report report -- /usr/bin/python3 -c '
import os
for i in range(20):
    if os.fork() == 0:
        for k in range(50):
            try: os.mkdir(f"d{k}")
            except PermissionError: pass
        os._exit(0)
for i in range(20): os.wait()'
	[[ $(denied 'sum(one["count"] for one in it)') == 1000 ]]
}

@test "a program that dies while its call waits leaves no trouble" {
	need_command python3
	launch -0 run --wall "$(wall 20)" -p "$WORK/told.lua" -- /usr/bin/python3 -c 'import os, signal
for i in range(100):
    pid = os.fork()
    if pid == 0:
        while True:
            try: os.mkdir("x")
            except PermissionError: pass
    os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)'
}

@test "what cannot be executed is explained under a listener too" {
	launch -127 run -p "$WORK/told.lua" -- no-such-command
	printf '#!/no/such\n' >script && chmod +x script
	launch -126 run -p "$WORK/told.lua" -- ./script
	expect_error exec 'its interpreter /no/such is not in the sandbox'
}

@test "the listener and the link to the launcher are out of the program's reach" {
	need_probe
	launch -0 run -p "$WORK/told.lua" --cpu 5s -- ./probe fds
	[[ $output == "0 1 2 " ]]
}

@test "SIGSYS that a program sends itself is not taken for a rule's where that can be known" {
	launch -159 run -p "$WORK/told.lua" --report report -- sh -c 'kill -SYS $$'
	[[ $(json report 'it["status"], it["evidence"]') == '["signaled", null]' ]]
	launch -159 run --report report -- sh -c 'kill -SYS $$'
	[[ $(json report 'it["status"], it["evidence"]') == '["denied", "signal"]' ]]
}

@test "the program and its pid 1 need each other for a report" {
	profile alone <<-'END'
		return profile { extends = "default", seccomp = { on_denied = "report" },
			process = { init = false, die_with_parent = false } }
	END
	launch -125 run -p "$WORK/alone.lua" -- true
	expect_error profile 'seccomp.on_denied: needs process.init'
}
