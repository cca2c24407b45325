# identity.bats: who the program is: ids, groups, capabilities, namespaces
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

teardown() {
	end_jobs
}

# host_status - the lines of /proc/PID/status, seen from the host, of a sandboxed `sleep`; the
# launcher's options are the arguments. The name of the program is unique.
host_status() {
	local name=slp$BASHPID file pid='' word launcher # comm holds 15 bytes
	cp /bin/sleep "$WORK/$name"
	"$LUNETTE" run "$@" -- "./$name" 5 </dev/null 3>&- &
	launcher=$!
	for _ in {1..100}; do
		for file in /proc/[0-9]*/comm; do
			read -r word <"$file" && [[ $word == "$name" ]] && pid=${file//[!0-9]/}
		done 2>/dev/null
		[[ -z $pid ]] || break
		sleep 0.02
	done
	cat "/proc/$pid/status"
	kill -KILL "$launcher"
	wait "$launcher" || true
}

@test "ids inside are the profile's" {
	launch -0 run -p untrusted -- sh -c 'id -u; id -g; id -un; id -gn'
	[[ $output == $'1000\n1000\nuser\nuser' ]]
	launch -0 run -p ci -- id -u
	[[ $output == 1000 ]]
	profile own <<<'return profile { extends = "base", user = { uid = 7, gid = 8 } }'
	launch -0 run -p "$WORK/own.lua" -- sh -c 'id -u; id -g'
	[[ $output == $'7\n8' ]]
}

@test "the program is 0 inside only where the profile says so, and nobody's on the host even then" {
	profile zero <<<'return profile { extends = "default", user = { uid = 0, gid = 0 } }'
	launch -0 run -p "$WORK/zero.lua" -- id -u
	[[ $output == 0 ]]
	run host_status -p "$WORK/zero.lua"
	[[ $output == *$'Uid:\t'"$(outer_uid)"$'\t'"$(outer_uid)"$'\t'"$(outer_uid)"$'\t'* ]]
	[[ $output != *$'Uid:\t0'* && $output != *$'Gid:\t0'* ]]
}

# bats test_tags=root
@test "started by root the program is no one on the host" {
	local name
	for name in default untrusted; do
		run host_status -p "$name"
		grep -P '^Uid:\t65534\t65534\t65534\t65534$' <<<"$output"
		grep -P '^Gid:\t65534\t65534\t65534\t65534$' <<<"$output"
	done
	profile other <<<'return profile { extends = "default", user = { outer = { uid = 4321,
			gid = 4322 } } }'
	run host_status -p "$WORK/other.lua"
	grep -P '^Uid:\t4321\t4321' <<<"$output"
	grep -P '^Gid:\t4322\t4322' <<<"$output"
}

@test "what the program writes belongs to the owner of the mounted directory" {
	launch -0 run -- sh -c 'echo x >made; mkdir dir; ln -s made link; stat -c "%u" made dir link .'
	local inside
	inside=$(sort -u <<<"$output")
	launch -0 run -- id -u
	[[ $inside == "$output" ]]
	[[ $(stat -c %u made dir link | sort -u) == "$(stat -c %u "$WORK")" ]]
}

# bats test_tags=root
@test "as root a directory of another user's stays that user's" {
	mkdir theirs && chown 4321:4322 theirs
	launch -0 run --rw "$WORK/theirs:/theirs" -- sh -c 'echo x >/theirs/made'
	[[ $(stat -c %u:%g theirs/made) == 4321:4322 ]]
}

# bats test_tags=root
@test "as root a secret of the host's stays unreadable, and kernel knobs closed" {
	need_probe
	profile zero <<<'return profile { extends = "default", user = { uid = 0, gid = 0 }, mounts = {
			ro "/etc" } }'
	[[ -r /etc/shadow ]]
	launch run -p "$WORK/zero.lua" -- cat /etc/shadow
	[[ $status != 0 && $stderr == *"Permission denied"* ]]
	local knob before
	for knob in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger; do
		[[ -e $knob ]] || continue
		launch -0 run -p "$WORK/zero.lua" -- ./probe open "$knob"
		[[ $output == EACCES || $output == EROFS ]]
	done
}

@test "no capability in any set, neither of the program nor of its children" {
	local name
	for name in default untrusted ci build shell; do
		launch -0 run -p "$name" -- sh -c 'grep ^Cap /proc/self/status;
				sh -c "grep ^Cap /proc/self/status"'
		[[ $(grep -c 0000000000000000 <<<"$output") == 10 ]]
	done
	profile zero <<<'return profile { extends = "base", user = { uid = 0, gid = 0 } }'
	launch -0 run -p "$WORK/zero.lua" -- grep ^Cap /proc/self/status
	[[ $(grep -c 0000000000000000 <<<"$output") == 5 ]]
}

@test "caps.keep keeps exactly these" {
	profile some <<-'END'
		return profile {
			extends = "base", user = { uid = 0, gid = 0 },
			caps = { keep = { "net_bind_service", "chown" } },
		}
	END
	launch -0 run -p "$WORK/some.lua" -- grep ^Cap /proc/self/status
	expect_line $'CapPrm:\t0000000000000401'
	expect_line $'CapEff:\t0000000000000401'
	expect_line $'CapBnd:\t0000000000000401'
	expect_line $'CapAmb:\t0000000000000000'
	profile ambient <<-'END'
		return profile {
			extends = "base", user = { uid = 5, gid = 5 },
			caps = { keep = { "net_bind_service" }, ambient = { "net_bind_service" } },
		}
	END
	launch -0 run -p "$WORK/ambient.lua" -- grep ^Cap /proc/self/status
	expect_line $'CapEff:\t0000000000000400'
	expect_line $'CapAmb:\t0000000000000400'
}

@test "no new privileges, and a set-uid program gains none" {
	need_probe
	launch -0 run -- ./probe bits
	expect_line 'no_new_privs 1'
	launch -0 run -- sh -c 'su -c id root </dev/null; passwd --status root; exit 0'
	[[ $output != *uid=0* ]]
}

@test "securebits are the profile's" {
	need_probe
	profile bits <<<'return profile { extends = "default", caps = { securebits = { "noroot",
			"noroot_locked" } } }'
	launch -0 run -p "$WORK/bits.lua" -- ./probe bits
	expect_line 'securebits 3'
}

@test "supplementary groups of the caller's are dropped, or that they are kept is reported" {
	launch -0 run --report "$WORK/report" -- id -G
	local groups
	groups=$(wc -w <<<"$output")
	if ((groups > 1)); then
		[[ $(json report '"group" in json.dumps(it["enforced"]["skipped"])') == true ]]
	fi
}

# bats test_tags=root
@test "as root the caller's groups are gone" {
	run --separate-stderr setpriv --groups 0,4,24 "$LUNETTE" run -- id -G
	[[ $output == 1000 ]]
	echo secret >file && chown 0:24 file && chmod 640 file
	run --separate-stderr setpriv --groups 0,4,24 "$LUNETTE" run --ro "$WORK/file:/secret" -- cat \
			/secret
	[[ $status != 0 && -z $output ]]
}

@test "user.groups without prefer: dropped, or refused where the kernel does not let us" {
	profile strict <<<'return profile { extends = "base", user = { groups = {} } }'
	launch run -p "$WORK/strict.lua" -- id -G
	if ((status == 0)); then
		[[ $(wc -w <<<"$output") == 1 ]]
	else
		[[ $status == 125 && $(wc -l <<<"$stderr") == 1 && $stderr == *group* ]]
	fi
}

@test "user.groups with prefer: an ordinary user's program gets none, and the report says so" {
	((EUID != 0)) || skip "vacuous: root may give it any that are mapped"
	profile wish <<<'return profile { extends = "base", user = { groups = prefer { 7 } } }'
	launch -0 run -p "$WORK/wish.lua" --report report -- true
	[[ $(json report 'it["enforced"]["skipped"]') == *'"user.groups'*"needs user.map ranges"* ]]
	profile strict <<<'return profile { extends = "base", user = { groups = { 7 } } }'
	launch -125 run -p "$WORK/strict.lua" -- true
	expect_error ids "user.groups: Operation not permitted (an ordinary user needs user.map ranges"
}

@test "a range of ids that is not the caller's is told in one line" {
	((EUID != 0)) || skip "vacuous: root needs no helper"
	[[ -u /usr/bin/newuidmap ]] || skip "host: no newuidmap"
	profile range <<<'return profile { extends = "base", user = { uid = 0, gid = 0, map = {
			uid = { { 0, 4000000000, 9 } }, gid = { { 0, 4000000000, 9 } } } } }'
	launch -125 run -p "$WORK/range.lua" -- true
	expect_error ids "newuidmap: refuses the range from 4000000000 on, of 9 ids (give the caller"
}

@test "the program cannot make user namespaces, with the filter or without" {
	need_probe
	profile unfiltered <<-'END'
		return profile {
			mounts = { ro "/usr", same "/bin", same "/lib", same { "/lib64", optional = true }, proc
					"/proc", rw(host.cwd) },
			cwd = host.cwd,
		}
	END
	run ./probe unshare-user
	[[ $output == ok ]] || skip "vacuous: this host allows no user namespaces at all"
	launch -0 run -p "$WORK/unfiltered.lua" -- ./probe unshare-user
	[[ $output == ENOSPC ]]
	profile nested <<-'END'
		return profile {
			mounts = { ro "/usr", proc "/proc", rw(host.cwd) }, cwd = host.cwd, user = { nested = true },
		}
	END
	launch -0 run -p "$WORK/nested.lua" -- ./probe unshare-user
	[[ $output == ok ]]
}

@test "in a user namespace of its own the program undoes none of the mounts" {
	need_command unshare mount
	profile nested <<-'END'
		return profile {
			extends = "default", user = { nested = true },
			mounts = { ro { host.cwd, at = "/kept" }, tmpfs "/mnt", mask "/kept/hidden" },
			seccomp = { guard = { remove { "no-new-userns" } }, remove { "@mount" } },
		}
	END
	cat >inner <<-'END'
		# What it mounted itself it can change: the control.
		mount -t tmpfs own /mnt && mount -o remount,bind,ro /mnt && ! touch /mnt/x 2>/dev/null &&
			mount -o remount,bind,rw /mnt && touch /mnt/x && umount /mnt && echo own
		for place in /kept /usr /kept/hidden; do
			mount -o remount,bind,rw "$place" && echo "undone $place"
			umount "$place" && echo "taken away $place"
			touch "$place/x" && echo "written $place"
		done
		mount --bind /kept /mnt && cat /mnt/hidden
		mount --rbind /kept /mnt && cat /mnt/hidden && umount /mnt/hidden && cat /mnt/hidden
		mount -t sysfs sys /mnt && echo "sysfs"
		nsenter --mount=/proc/1/ns/mnt true && echo "entered pid 1"
		echo end
	END
	echo precious >hidden
	launch -0 run -p "$WORK/nested.lua" -- unshare -Urm sh inner
	[[ $output == $'own\nend' ]]
	[[ ! -e x ]]
}

@test "the program cannot raise the limit of user namespaces again" {
	need_probe
	profile zero <<<'return profile { extends = "default", user = { uid = 0, gid = 0 } }'
	launch -0 run -p "$WORK/zero.lua" -- ./probe open /proc/sys/user/max_user_namespaces
	[[ $output == EACCES || $output == EROFS || $output == ENOENT ]]
}

@test "each namespace is the program's own, but for those the profile leaves out" {
	local name host
	launch -0 run -- sh -c 'for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n;
			done'
	for name in user mnt pid net ipc uts cgroup; do
		host=$(readlink /proc/self/ns/"$name")
		[[ $output == *"$name:["* && $output != *"$host"* ]]
	done
	# With few descriptors a network is made another way.
	run -0 bash -c 'ulimit -n 15 && "$LUNETTE" run -- readlink /proc/self/ns/net'
	[[ $output == net:* && $output != "$(readlink /proc/self/ns/net)" ]]
	profile fewer <<-'END'
		return profile { extends = "base", namespaces = { "user", "mount", "pid", "net" }, hostname =
				none }
	END
	launch -0 run -p "$WORK/fewer.lua" -- readlink /proc/self/ns/uts /proc/self/ns/ipc
	[[ $output == "$(readlink /proc/self/ns/uts /proc/self/ns/ipc)" ]]
}

@test "a hostname without a uts namespace is refused, not set on the host" {
	local before
	before=$(hostname)
	profile wrong <<<'return profile { extends = "base", namespaces = { "user", "mount", "pid" },
			hostname = "stolen", net = "host" }'
	launch -125 run -p "$WORK/wrong.lua" -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == *hostname* ]]
	[[ $(hostname) == "$before" ]]
}

@test "clocks are offset in a time namespace" {
	need_probe
	need_path /proc/self/ns/time
	profile clock <<-'END'
		return profile {
			extends = "default",
			namespaces = { "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time" },
			time = { monotonic = 100000, boottime = 200000 },
		}
	END
	local outside inside
	read -r -a outside <<<"$(./probe clocks)"
	launch -0 run -p "$WORK/clock.lua" -- ./probe clocks
	read -r -a inside <<<"$output"
	((inside[0] - outside[0] >= 100000 && inside[0] - outside[0] < 100010))
	((inside[1] - outside[1] >= 200000 && inside[1] - outside[1] < 200010))
	launch -0 run -- ./probe clocks
	read -r -a inside <<<"$output"
	((inside[0] - outside[0] < 10))
}

@test "network none: a loopback that is up and nothing else; the host's ports out of reach" {
	need_command python3
	launch -0 run -- sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1; cat /proc/net/route | wc -l'
	[[ ${lines[0]// /} == lo && ${lines[1]} == 1 ]]
	launch -0 run -- /usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
print("loopback works")'
	[[ $output == "loopback works" ]]
	cat >listen.py <<-'END'
		import os, socket, subprocess, sys
		s = socket.create_server(("127.0.0.1", 0))
		port = s.getsockname()[1]
		probe = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
		for options in [["--net", "host"], []]:
		    ended = subprocess.run(
		        [os.environ["LUNETTE"], "run", *options, "--", "/usr/bin/python3", "-c", probe],
		        stderr=subprocess.PIPE, text=True)
		    print(options[-1] if options else "none", ended.returncode, "refused" in ended.stderr)
	END
	run /usr/bin/python3 listen.py
	expect_line "host 0 False"
	expect_line "none 1 True"
}

# listen_abstract - a listener in the background on the abstract socket $NAME; reach.py calls there
listen_abstract() {
	need_command python3
	NAME=lunette-test-$BASHPID-$RANDOM
	cat >reach.py <<-'END'
		import socket, sys
		socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1])
	END
	/usr/bin/python3 -c '
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("\0" + sys.argv[1])
listener.listen()
time.sleep(600)' "$NAME" </dev/null >/dev/null 2>&1 3>&- &
	within 10 /usr/bin/python3 reach.py "$NAME" 2>/dev/null
}

@test "abstract sockets of the host's are out of reach" {
	listen_abstract
	launch -0 run -p default --net host -- /usr/bin/python3 reach.py "$NAME"
	launch -1 run -p default -- /usr/bin/python3 reach.py "$NAME"
	[[ $stderr == *ConnectionRefusedError* ]]
}

@test "abstract sockets of the host's are out of reach in the host's network too" {
	need_landlock 6
	listen_abstract
	launch -1 run -p untrusted --net host -- /usr/bin/python3 reach.py "$NAME"
	[[ $stderr == *PermissionError* ]]
}
