# filters.bats: seccomp and Landlock: each guard, with the control that shows it guards something
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_probe
	# All that `default` gives, without its filter.
	profile unfiltered <<-'END'
		return profile {
			mounts = { ro "/usr", same "/bin", same "/lib", same { "/lib64", optional = true }, proc
					"/proc", dev "/dev", rw(host.cwd) },
			cwd = host.cwd,
			user = { nested = true },
		}
	END
}

# guarded GUARD PROBE WITHOUT WITH - in a sandbox without a filter PROBE says WITHOUT; with GUARD
# alone, and in `default`, it says WITH
guarded() {
	local guard=$1 probe=$2 without=$3 with=$4
	profile guarded <<-END
		return profile { extends = host.cwd .. "/unfiltered.lua", seccomp = { guard = { "$guard" } } }
	END
	launch -0 run -p "$WORK/unfiltered.lua" -- ./probe "$probe"
	if [[ ! $output =~ ^($without)$ ]]; then
		skip "vacuous: without a filter $probe says $output here"
	fi
	launch -0 run -p "$WORK/guarded.lua" -- ./probe "$probe"
	[[ $output =~ ^($with)$ ]]
	launch -0 run -p default -- ./probe "$probe"
	[[ $output =~ ^($with)$ ]]
}

@test "no-new-userns refuses unshare" {
	guarded no-new-userns unshare-user ok EPERM
}

@test "no-new-userns refuses clone" {
	guarded no-new-userns clone-user ok EPERM
}

@test "no-new-userns answers clone3 with ENOSYS, so that libraries use clone" {
	guarded no-new-userns clone3-user ok ENOSYS
}

@test "no-new-userns refuses setns" {
	guarded no-new-userns setns EBADF EPERM
}

@test "no-io-uring" {
	guarded no-io-uring io_uring ok 'EPERM|ENOSYS'
}

@test "no-keyring" {
	guarded no-keyring keyctl 'ok|ENOKEY' 'EPERM|ENOSYS'
}

@test "no-vsock refuses the socket itself" {
	guarded no-vsock vsock ok 'EPERM|EAFNOSUPPORT'
}

@test "no-odd-sockets refuses pairs of odd families too, before the kernel makes them" {
	guarded no-odd-sockets odd_pair 'EPERM|EOPNOTSUPP|EPROTONOSUPPORT' EAFNOSUPPORT
}

@test "no-ptrace" {
	guarded no-ptrace ptrace ok EPERM
}

@test "no-userfaultfd" {
	guarded no-userfaultfd userfaultfd ok 'EPERM|ENOSYS'
}

@test "no-bpf-perf refuses bpf" {
	guarded no-bpf-perf bpf EINVAL EPERM
}

@test "no-bpf-perf refuses perf" {
	guarded no-bpf-perf perf ok EPERM
}

# on_pty COMMAND... - runs it on a terminal of its own; afterwards, what the command pushed into the
# terminal's queue shows as "queue N"
on_pty() {
	/usr/bin/python3 - "$@" <<-'END'
		import fcntl, os, pty, struct, sys, termios, time
		pid, master = pty.fork()
		if pid == 0:
		    mode = termios.tcgetattr(0)
		    mode[3] &= ~(termios.ICANON | termios.ECHO)
		    termios.tcsetattr(0, termios.TCSANOW, mode)
		    slave = os.dup(0)
		    child = os.fork()
		    if child == 0:
		        os.execv(sys.argv[1], sys.argv[1:])
		    os.waitpid(child, 0)
		    count = struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, b"\0" * 4))[0]
		    print("queue", count, flush=True)
		    os._exit(0)
		text = b""
		try:
		    while True:
		        block = os.read(master, 4096)
		        if not block:
		            break
		        text += block
		except OSError:
		    pass
		os.waitpid(pid, 0)
		sys.stdout.write(text.decode(errors="backslashreplace").replace("\r\n", "\n"))
	END
}

@test "no-tty-injection: nothing can be typed into the caller's terminal" {
	need_command python3
	run on_pty "$WORK/probe" tiocsti
	[[ $output == $'ok\nqueue 1' ]] || skip "vacuous: this kernel refuses TIOCSTI by itself ($output)"
	profile typing <<<'return profile { extends = host.cwd .. "/unfiltered.lua", process = {
			tty = "inherit" } }'
	run on_pty "$LUNETTE" run -p "$WORK/typing.lua" -- ./probe tiocsti
	[[ $output == $'ok\nqueue 1' ]] || [[ $output == *"queue 0" ]]
	local probe name
	for name in shell default; do
		for probe in tiocsti tiocsti-high; do
			run on_pty "$LUNETTE" run -p "$name" -- ./probe "$probe"
			[[ $output == EPERM$'\n'"queue 0" ]]
		done
	done
}

@test "no-tty-injection: the terminal is not closed to others, and no line discipline is set" {
	need_command python3
	local program='import fcntl, struct, termios
for name, value in ("TIOCEXCL", 0), ("TIOCSETD", struct.pack("i", 0)):
    try:
        fcntl.ioctl(0, getattr(termios, name), value)
        print(name, "done")
    except OSError as error:
        print(name, error.strerror)
fcntl.ioctl(0, termios.TIOCNXCL)'
	run on_pty /usr/bin/python3 -c "$program"
	[[ $output == $'TIOCEXCL done\nTIOCSETD done\nqueue 0' ]]
	profile shared <<<'return profile { extends = "default", process = { tty = "inherit" } }'
	for name in default "$WORK/shared.lua"; do
		run on_pty "$LUNETTE" run -p "$name" -- /usr/bin/python3 -c "$program"
		[[ $output == *"TIOCEXCL Operation not permitted"* ]]
		[[ $output == *"TIOCSETD Operation not permitted"* ]]
	done
}

@test "no-tty-injection: TIOCLINUX is refused by the filter, not for want of a console" {
	need_command python3
	run on_pty "$WORK/probe" tioclinux
	[[ $output != EPERM* ]]
	run on_pty "$LUNETTE" run -p shell -- ./probe tioclinux
	[[ $output == EPERM* ]]
}

@test "a plan that lets other architectures through leaves the caller's session keyring behind" {
	need_arch_x86
	need_command cc
	cat >session.c <<'END'
#include <stdio.h>
int main(void)
{
	long id; /* keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) by the i386 entry */
	__asm__ volatile("int $0x80" : "=a"(id) : "a"(288), "b"(0), "c"(-3), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	printf("%d\n", (int)id);
	return (int)id <= 0;
}
END
	cc -static -o session session.c || skip "host: no static C library for x86_64"
	local join='import ctypes, os, sys
ctypes.CDLL(None).syscall(250, 1, None) # keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)
for command in ["./session"], sys.argv[1:]:
    if os.fork() == 0:
        os.execv(command[0], command)
    os.wait()'
	chmod 755 session
	run ./session
	[[ $status == 0 ]] || skip "vacuous: this kernel has no i386 entry, or no keys"
	launch -0 plan -p base --ro "$WORK:/w" -- /w/session
	sed 's/^seccomp.foreign kill/seccomp.foreign allow/' <<<"$output" >plan
	run /usr/bin/python3 -c "$join" "$LUNETTE" run --plan plan
	[[ ${#lines[@]} == 2 && ${lines[0]} -gt 0 && ${lines[1]} -gt 0 && ${lines[0]} != "${lines[1]}" ]]
}

@test "the i386 entry kills the process" {
	need_arch_x86
	run ./probe i386
	[[ $output == ok ]] || skip "vacuous: this kernel has no i386 entry"
	launch -0 run -p "$WORK/unfiltered.lua" -- ./probe i386
	[[ $output == ok ]]
	launch -159 run -p default -- ./probe i386
	[[ -z $output ]]
	launch -159 run -p untrusted -- ./probe i386
}

need_arch_x86() {
	[[ $(uname -m) == x86_64 ]] || skip "host: not x86_64"
}

@test "the host's own knobs cannot be opened for writing" {
	local knob
	for knob in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/modprobe; do
		[[ -e $knob ]] || continue
		launch -0 run -p untrusted -- ./probe open "$knob"
		[[ $output == EACCES || $output == EROFS ]]
	done
}

@test "no-write-execute refuses memory that is both" {
	need_command python3
	local code='import mmap
mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
print("mapped")'
	launch -0 run -- /usr/bin/python3 -c "$code"
	[[ $output == mapped ]]
	profile strict <<<'return profile { extends = "default", seccomp = { guard = {
			"no-write-execute" } } }'
	launch run -p "$WORK/strict.lua" -- /usr/bin/python3 -c "$code"
	[[ $status != 0 && $output != mapped ]]
	launch -0 run -p "$WORK/strict.lua" -- /usr/bin/python3 -c 'print("runs")'
}

# --- rules ---

@test "actions: errno by name and number, kill, log, allow" {
	profile acts <<-'END'
		return profile {
			extends = "default",
			seccomp = { errno "EXDEV" { "chroot" }, errno(99) { "pivot_root" }, log { "sync" } },
		}
	END
	launch run -p "$WORK/acts.lua" -- chroot / true
	[[ $stderr == *"Invalid cross-device link"* ]]
	launch -0 run -p "$WORK/acts.lua" -- sync .
}

@test "the first match decides: guards, then the child's rules, then its parents'" {
	profile parent <<<'return profile { extends = "default", seccomp = { errno "EXDEV" {
			"chroot" } } }'
	profile child <<<'return profile { extends = host.cwd .. "/parent.lua", seccomp = {
			errno "ESRCH" { "chroot" } } }'
	launch run -p "$WORK/child.lua" -- chroot / true
	[[ $stderr == *"No such process"* ]]
	profile guard <<<'return profile { extends = "default", seccomp = { guard = { errno "EXDEV" {
			"chroot" } } } }'
	profile loose <<<'return profile { extends = host.cwd .. "/guard.lua", seccomp = {
			errno "ESRCH" { "chroot" } } }'
	launch run -p "$WORK/loose.lua" -- chroot / true
	[[ $stderr == *"Invalid cross-device link"* ]]
}

@test "a rule tests arguments, at the kernel's own width" {
	profile typed <<-'END'
		return profile {
			extends = "default",
			seccomp = { errno "EXDEV" { sys.socket { domain = one_of { "inet", "inet6" }, type = masked(15,
					2) } } },
		}
	END
	local code='import socket, sys
for family, kind in [(socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_STREAM),
		(socket.AF_UNIX, socket.SOCK_DGRAM)]:
    try:
        socket.socket(family, kind).close(); print("ok")
    except OSError as e:
        print(e.errno)'
	need_command python3
	launch -0 run -p "$WORK/typed.lua" -- /usr/bin/python3 -c "$code"
	[[ $output == $'18\nok\nok' ]]
}

@test "calls newer than lunette answer ENOSYS even where the default kills, unless told otherwise" {
	local newer
	for newer in '' 'newer = errno "EXDEV",' 'newer = "default",'; do
		profile newer <<-END
			return profile {
				extends = "default",
				seccomp = { default = kill, $newer allow { "@untrusted", "@default" } },
			}
		END
		case $newer in
		*default*) launch -159 run -p "$WORK/newer.lua" -- ./probe call 1500 ;;
		*EXDEV*) launch -0 run -p "$WORK/newer.lua" -- ./probe call 1500 && [[ $output == EXDEV ]] ;;
		*) launch -0 run -p "$WORK/newer.lua" -- ./probe call 1500 && [[ $output == ENOSYS ]] ;;
		esac
	done
	# A known call that no rule names is not newer: the default is for it.
	launch -159 run -p "$WORK/newer.lua" -- setarch -R true
	sed -i 's/newer = "default",//' newer.lua
	launch -159 run -p "$WORK/newer.lua" -- setarch -R true
}

@test "an allow-list answers what it does not name" {
	profile few <<-'END'
		return profile {
			extends = "default",
			seccomp = { default = errno "EXDEV", allow { "@untrusted" }, errno "ESRCH" { "chroot" } },
		}
	END
	launch run -p "$WORK/few.lua" -- chroot / true
	[[ $stderr == *"No such process"* ]]
	launch -0 run -p "$WORK/few.lua" -- true
}

@test "a filter that forbids the launcher's own execve is refused" {
	profile shut <<<'return profile { extends = "default", seccomp = { errno "EPERM" { "execve" } } }'
	launch -125 run -p "$WORK/shut.lua" -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == *exec* ]]
	launch -1 check "$WORK/shut.lua"
}

@test "--verify compares the filter with its rules before it is installed" {
	launch -0 run --verify -p untrusted -- echo here
	[[ $output == here && -z $stderr ]]
	launch -0 plan -p untrusted -- echo there
	printf '%s\n' "$output" >saved.plan
	launch -0 run --verify --plan saved.plan
	[[ $output == there ]]
}

@test "filters of the caller's that leave no room are an error that says so" {
	need_command python3
	local code='import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
for size in (4096, 1024, 256, 64, 16):
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000) * size)
    header = struct.pack("HxxxxxxQ", size, ctypes.addressof(program))
    while libc.prctl(22, 2, header) == 0:
        pass
os.execv(sys.argv[1], sys.argv[1:])'
	launch -0 plan -p untrusted -- echo here
	printf '%s\n' "$output" >saved.plan
	launch -0 run --plan saved.plan
	run --separate-stderr /usr/bin/python3 -c "$code" "$LUNETTE" run --plan saved.plan
	[[ $status == 125 && -z $output ]]
	expect_error filters "the caller's own filters leave no room"
	# Nor is the profile evaluated without its filter.
	run --separate-stderr /usr/bin/python3 -c "$code" "$LUNETTE" run -p untrusted -- echo here
	[[ $status == 125 && -z $output ]]
	expect_error profile 'cannot be confined by seccomp'
}

# --- Landlock ---

@test "Landlock denies what is mounted and not listed" {
	need_landlock 3
	mkdir open shut && echo here >open/file && echo here >shut/file
	profile listed <<-'END'
		return profile {
			extends = "default",
			landlock = {
				ro = { "/usr", "/etc", "/proc", "/dev", host.cwd .. "/open" },
				exec = { "/usr", { "/lib64", optional = true } },
			},
		}
	END
	launch -0 run -p "$WORK/listed.lua" -- cat open/file
	[[ $output == here ]]
	launch run -p "$WORK/listed.lua" -- cat shut/file
	[[ $status != 0 && $stderr == *"Permission denied"* ]]
	launch run -p "$WORK/listed.lua" -- sh -c 'echo x >open/new'
	[[ $stderr == *"Permission denied"* && ! -e open/new ]]
	launch -126 run -p "$WORK/listed.lua" -- ./probe fds
	launch -0 run -- sh -c 'cat shut/file; echo x >open/new'
}

@test "Landlock denies ports" {
	need_landlock 4
	need_command python3
	profile ports <<<'return profile { extends = "default", landlock = { rw = { "/" }, exec = {
			"/" }, bind = { 4242 }, connect = { 4242 } } }'
	local code='import socket
for port in (4242, 4243):
    try:
        s = socket.create_server(("127.0.0.1", port)); print("bound")
    except PermissionError:
        print("refused")'
	launch -0 run -p "$WORK/ports.lua" -- /usr/bin/python3 -c "$code"
	[[ $output == $'bound\nrefused' ]]
}

@test "Landlock without prefer: an error where the kernel lacks what is asked for" {
	profile scoped <<<'return profile { extends = "default", landlock = { scope = { "signal" } } }'
	launch run -p "$WORK/scoped.lua" --report "$WORK/report" -- true
	if ((status == 0)); then
		[[ $(json report 'it["enforced"]["landlock_abi"] >= 6') == true ]]
	else
		[[ $status == 125 && $stderr == *andlock* ]]
	fi
}

@test "Landlock: a plan that asks for rights that no kernel has, refused by name or skipped" {
	need_landlock 3
	profile listed <<<'return profile { extends = "default", landlock = { rw = { "/" } } }'
	launch -0 plan -p "$WORK/listed.lua" -- true
	sed 's/^landlock.fs .*/landlock.fs 0x8000000000003fff/
		s/^\(landlock.path\) 0x[0-9a-f]*/\1 0x3fff/' <<<"$output" >strict.plan
	grep -q '^landlock.fs 0x8' strict.plan
	launch -125 run --plan strict.plan
	expect_error filters 'which lacks bit 63 (wrap the table in prefer())'
	awk '/^landlock.path/ { path = 1 } path && !/^landlock.path/ { print "landlock.prefer"; path = 0 }
		{ print }' strict.plan >soft.plan
	launch -0 run --report "$WORK/report" --plan soft.plan
	[[ $(json report '"lacks some" in json.dumps(it["enforced"]["skipped"])') == true ]]
	[[ $(json report 'it["enforced"]["landlock_abi"] >= 1') == true ]]
}

@test "Landlock: writing includes moving between directories and truncation" {
	need_landlock 3
	mkdir -p tree/one tree/two && echo text >tree/one/file
	profile rw <<<'return profile { extends = "default", landlock = { ro = { "/" },
			rw = { host.cwd .. "/tree" } } }'
	launch -0 run -p "$WORK/rw.lua" -- sh -c 'cd tree; mv one/file two/; : >two/file;
			ln two/file one/'
	[[ -e tree/two/file && ! -s tree/two/file ]]
	profile ro <<<'return profile { extends = "default", landlock = { ro = { "/" } } }'
	echo text >tree/two/file
	launch run -p "$WORK/ro.lua" -- sh -c ': >tree/two/file'
	[[ $stderr == *"Permission denied"* && $(cat tree/two/file) == text ]]
	launch run -p "$WORK/ro.lua" -- truncate -s 0 tree/two/file
	[[ $(cat tree/two/file) == text ]]
	launch -0 run -- sh -c 'cd tree; : >two/file; mv two/file one/other'
}

@test "needs: what this host lacks is an error before anything starts" {
	profile needy <<<'return profile { extends = "default", needs = { "landlock >= 99" } }'
	launch -125 run -p "$WORK/needy.lua" -- sh -c 'echo ran'
	[[ -z $output && $(wc -l <<<"$stderr") == 1 && $stderr == *"landlock >= 99"* ]]
}
