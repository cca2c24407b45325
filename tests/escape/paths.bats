# paths.bats: names, links and mounts that are to lead out of a sandbox (rows.toml has the ids)
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	canary
	# Bats makes its own directories 0700; some programs here become another user.
	((EUID != 0)) || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
}

teardown() {
	canary_alive
}

# in_private COMMAND... - runs it where it may mount, and the host sees nothing of that
in_private() {
	local -a private=(unshare --mount --propagation private)
	((EUID == 0)) || private=(unshare --user --map-root-user --mount)
	run -0 "${private[@]}" "$@"
}

@test "a working directory behind links stays inside" {
	mkdir tree
	ln -s ../../../../../../../../.. tree/up
	ln -s "$CANARY" tree/away
	local place
	for place in up "up$CANARY" away up/tmp; do
		profile p <<-END
			return profile { extends = "base", mounts = { rw { "$WORK/tree", at = "/t" } },
				cwd = "/t/$place" }
		END
		launch run -p "$WORK/p.lua" -- sh -c 'pwd -P; cat file'
		[[ $status == 125 || ($output == /* && $output != *precious* && $output != *unreachable*) ]]
	done
	launch -0 run -p base --ro "$CANARY:/t" -- sh -c 'cd /t && cat file' # the control
	[[ $output == precious ]]
}

@test "a root tree whose sys is a link is refused" {
	mkdir -p tree/usr && ln -s "$CANARY/dir" tree/sys
	profile p <<-END
		return profile { mounts = { rw { '$WORK/tree', at = '/' }, ro '/usr', sysfs '/sys' } }
	END
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error mounts /sys
	rm tree/sys && mkdir -p tree/sys tree/bin tree/lib tree/lib64
	profile p <<-END
		return profile { mounts = { rw { '$WORK/tree', at = '/' }, ro '/usr', sysfs '/sys' } }
	END
	# The control: with a directory it is not refused for that.
	launch run -p "$WORK/p.lua" -- /usr/bin/true
	[[ $stderr != *"/sys"* ]]
}

@test "planted devices are not what masks and /dev are made of" {
	mkdir -p tree/dev/pts tree/usr tree/lib64 tree/lib tree/bin
	ln -s "$CANARY/file" tree/dev/null
	ln -s "$CANARY/file" tree/dev/console
	ln -s "$CANARY/file" tree/dev/pts/0
	ln -s "$CANARY/file" tree/dev/tty
	echo secret >tree/secret
	profile p <<-END
		return profile {
			mounts = { rw { "$WORK/tree", at = "/" }, ro "/usr", mask "/secret",
				dev { "/dev" }, same { "/lib64", on_symlink = "replace", optional = true } },
			env = { set = { PATH = "/usr/bin" } },
		}
	END
	cp /bin/busybox tree/busybox 2>/dev/null || skip "host: no static busybox"
	sed -i 's/, same { [^}]* }//' "$WORK/p.lua"
	launch -0 run -p "$WORK/p.lua" -- /busybox sh -c '/busybox cat /secret; echo gone >/dev/null;
			/busybox ls -la /dev/null; /busybox ls /dev/console 2>&1; echo end'
	[[ $output != *secret* && ${lines[0]} == c*"1,   3"* && $output == *end ]]
}

@test "a planted /proc gets none of the launcher's writes" {
	need_command python3
	# What the launcher writes to: uid_map, setgroups, max_user_namespaces, timens_offsets.
	mkdir -p tree/proc/self tree/proc/1 tree/proc/sys/user
	local name
	for name in self/uid_map self/gid_map self/setgroups self/timens_offsets 1/uid_map \
		sys/user/max_user_namespaces; do
		ln -s "$CANARY/file" "tree/proc/$name"
	done
	profile p <<-END
		return profile {
			namespaces = { "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time" },
			time = { monotonic = 10 },
			mounts = { rw { "$WORK/tree", at = "/" } },
		}
	END
	launch -127 run -p "$WORK/p.lua" -- /nothing
	[[ $(cat "$CANARY/file") == precious ]]
}

@test "a directory moved out of a bound tree leads nowhere" {
	mkdir -p tree/inner
	mkfifo tree/inner/go tree/inner/ready
	timeout 50 "$LUNETTE" run -p base --rw "$WORK/tree:/t" -- sh -c '
			cd /t/inner; echo x >ready; read -r _ <go;
			ls .. 2>&1; cat ../canary/file ../../canary/file 2>&1; echo end' >said 2>&1 </dev/null 3>&- &
	local launcher=$!
	timeout 10 cat tree/inner/ready >/dev/null
	mv tree/inner "$BATS_TEST_TMPDIR/inner"
	timeout 10 sh -c 'echo x >"$1"' sh "$BATS_TEST_TMPDIR/inner/go"
	wait "$launcher" || true
	[[ $(cat said) == *end && $(cat said) != *precious* ]]
	[[ $(cat said) == *"No such file"* ]]
}

# bats test_tags=root
@test "what the host mounts later does not appear inside" {
	need_root
	mkdir -p tree/later
	local command='mount --make-rshared "$1" 2>/dev/null
		mount --bind "$1" "$1"; mount --make-shared "$1"
		mkfifo "$1/go" "$1/ready"
		"$LUNETTE" run -p base --rw "$1:/t" -- \
			sh -c "echo x >/t/ready; read -r _ </t/go; ls -A /t/later; echo end" </dev/null &
		timeout 10 cat "$1/ready" >/dev/null
		mount -t tmpfs none "$1/later"; echo x >"$1/later/appeared"
		timeout 10 sh -c "echo x >\"\$1\"" sh "$1/go"
		wait; ls -A "$1/later"'
	in_private bash -c "$command" bash "$WORK/tree"
	# The control: outside it appeared.
	[[ $output == $'end\nappeared' ]]
}

@test "ro is read-only below mounts of odd names" {
	need_command unshare
	local name
	mkdir tree
	printf -v name 'a b\tc\nd\\e\\040'
	mkdir "tree/$name"
	profile p <<<"return profile { extends = 'base', mounts = { ro { '$WORK/tree', at = '/x' } } }"
	in_private bash -c 'mount -t tmpfs -o mode=777 none "$1" && echo control >"$1/file" &&
		chmod 666 "$1/file" && "$LUNETTE" run -p "$PWD/p.lua" -- sh -c \
			"cat /x/*/file; for d in /x/*; do touch \"\$d/file\" \"\$d/new\" 2>&1; done"; true' \
		bash "tree/$name"
	[[ ${lines[0]} == control && $(grep -c 'Read-only file system' <<<"$output") == 2 ]]
}

@test "noexec holds against the loader" {
	need_path /lib64/ld-linux-x86-64.so.2
	cp /bin/true prog
	profile p <<-END
		return profile { extends = "base", mounts = {
			ro { "$WORK", at = "/n", noexec = true }, ro { "$WORK", at = "/x" } } }
	END
	launch -0 run -p "$WORK/p.lua" -- /lib64/ld-linux-x86-64.so.2 /x/prog
	launch -127 run -p "$WORK/p.lua" -- /lib64/ld-linux-x86-64.so.2 /n/prog
	[[ $stderr == *"failed to map"* ]]
}

# bats test_tags=root
@test "an overlay brings no set-id file to life" {
	need_root
	need_probe
	mkdir lower && cp /usr/bin/id lower/id && chown 4321 lower/id && chmod 4755 lower/id
	run setpriv --reuid=1000 --regid=1000 --clear-groups lower/id -u
	[[ $output == 4321 ]] # the control
	profile p <<<"return profile { extends = 'base', mounts = {
		overlay { '$WORK/lower', at = '/o', upper = 'tmpfs' } } }"
	launch -0 run -p "$WORK/p.lua" -- sh -c '/o/id -u; id -u'
	[[ ${lines[0]} == "${lines[1]}" ]]
}

@test "an upper layer that became a link is refused" {
	mkdir -p lower upper work && echo old >lower/file
	profile p <<<"return profile { extends = 'base', mounts = {
		rw '$WORK', overlay { '$WORK/lower', at = '/o', upper = '$WORK/upper', work = '$WORK/work' } } }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'echo x >/o/new' # the control
	[[ -e upper/new ]]
	rm -rf upper && ln -s "$CANARY/dir" upper
	launch -125 run -p "$WORK/p.lua" -- sh -c 'echo x >/o/new2'
	[[ -z $(ls -A "$CANARY/dir") ]]
}

@test "Landlock holds on an overlay" {
	need_landlock 3
	mkdir lower && echo here >lower/file
	profile p <<-END
		return profile {
			extends = "base",
			mounts = { overlay { "$WORK/lower", at = "/o", upper = "tmpfs" } },
			landlock = { ro = { "/o", "/usr", "/etc", "/proc" }, rw = { "/dev" }, exec = { "/" } },
		}
	END
	launch run -p "$WORK/p.lua" -- sh -c 'cat /o/file; echo x >/o/file; echo x >/o/new; rm /o/file'
	[[ $output == here && $(grep -c 'Permission denied' <<<"$stderr") == 3 ]]
	sed -i '/landlock/d' "$WORK/p.lua"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'echo x >/o/file; echo x >/o/new; rm /o/file' # the control
}

@test "resolv.conf is a file of the sandbox" {
	[[ -e /etc/resolv.conf ]] || skip "host: no /etc/resolv.conf"
	local before
	before=$(tree_hash /etc/resolv.conf 2>/dev/null || sha256sum /etc/resolv.conf)
	launch run -p base -- sh -c 'echo x >/etc/resolv.conf; rm -f /etc/resolv.conf;
			mv /etc/resolv.conf /tmp/x'
	[[ $status != 0 ]]
	[[ $(tree_hash /etc/resolv.conf 2>/dev/null || sha256sum /etc/resolv.conf) == "$before" ]]
	profile p <<<'return profile { extends = "base", mounts = {
		file { "/etc/resolv.conf", text = "nameserver 192.0.2.1\n" } } }'
	launch -0 run -p "$WORK/p.lua" -- cat /etc/resolv.conf
	[[ $output == "nameserver 192.0.2.1" ]]
}

@test "links of a tree at / are its own" {
	[[ -z ${LUNETTE_FAULT-} ]] || skip "fallback: without openat2 no link of a tree is followed"
	need_command busybox
	mkdir -p tree/inner/sub && ln -s /inner tree/link && cp "$(command -v busybox)" tree/busybox
	profile p <<-END
		return profile { mounts = { rw { "$WORK/tree", at = "/" }, tmpfs "/link/sub",
			file { "/link/sub/file", text = "found" } } }
	END
	launch -0 run -p "$WORK/p.lua" -- /busybox cat /inner/sub/file
	[[ $output == found ]]
}

@test "magic links are no way to a source or a target" {
	local path
	# Root follows its own links by their text, one component at a time.
	for path in /proc/self/root/etc /proc/self/cwd; do
		if as_user test -e "$path/."; then
			as_user launch -125 run -p base --ro "$path:/x" -- true
		fi
		profile p <<<"return profile { extends = 'base', mounts = { tmpfs '$path' } }"
		launch -125 run -p "$WORK/p.lua" -- true
		[[ $stderr == "lunette: mounts: /proc/self"* ]]
	done
}

@test "a directory whose name begins like a writable one is another" {
	mkdir tree tree-b && echo here >tree-b/file
	launch -0 run -p base --rw "$WORK/tree:/a" --ro "$WORK/tree-b:/b" -- cat /b/file
	[[ $output == here ]]
}

@test "every mount is nosuid, and nodev but for devices" {
	mkdir -p tree/hidden lower && touch tree/file
	profile p <<-END
		return profile { extends = "base", mounts = {
			rw { "$WORK/tree", at = "/t" }, tmpfs "/t/hidden", mask "/t/hidden", tmpfs "/m",
			file { "/t/file", text = "x" }, sysfs "/sys", mqueue "/dev/mqueue",
			overlay { "$WORK/lower", at = "/o", upper = "tmpfs" } } }
	END
	launch -0 run -p "$WORK/p.lua" -- cut -d' ' -f5,6 /proc/self/mountinfo
	local place options count=0
	while read -r place options; do
		count=$((count + 1))
		[[ ,$options, == *,nosuid,* ]] || {
			echo "not nosuid: $place $options"
			return 1
		}
		case $place in
		/dev | /dev/pts | /dev/null | /dev/zero | /dev/full | /dev/random | /dev/urandom | /dev/tty) ;;
		*)
			[[ ,$options, == *,nodev,* ]] || {
				echo "not nodev: $place $options"
				return 1
			}
			;;
		esac
	done <<<"$output"
	((count > 15))
}

@test "an upper layer is a writable tree too" {
	mkdir -p lower upper work && ln -s "$CANARY" upper/planted
	profile p <<<"return profile { extends = 'base', mounts = {
		overlay { '$WORK/lower', at = '/o', upper = '$WORK/upper', work = '$WORK/work' },
		ro { '$WORK/upper/planted', at = '/x' } } }"
	launch -125 run -p "$WORK/p.lua" -- cat /x/file
	expect_error mounts planted
}

@test "a file over a tree is read-only" {
	mkdir tree && echo old >tree/file
	profile p <<<"return profile { extends = 'base', mounts = {
		rw { '$WORK/tree', at = '/t' }, file { '/t/file', text = 'new' } } }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'chmod 666 /t/file; echo x >/t/file; cat /t/file'
	[[ $output == new && $stderr == *"Read-only"* && $(cat tree/file) == old ]]
}

@test "a mask is read-only, also for who is 0 inside" {
	mkdir -p tree/hidden && echo secret >tree/hidden/file
	profile p <<<"return profile { extends = 'base', user = { uid = 0, gid = 0 }, mounts = {
		rw { '$WORK/tree', at = '/t' }, mask '/t/hidden' } }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'chmod 777 /t/hidden; touch /t/hidden/new;
			ls -A /t/hidden; echo end'
	[[ $output == end && $(grep -c Read-only <<<"$stderr") == 2 ]]
}

@test "a device that is none is refused" {
	need_command unshare
	local -a private=(unshare --mount --propagation private)
	((EUID == 0)) || private=(unshare --user --map-root-user --mount)
	local devices='mount -t tmpfs none /dev && cd /dev && touch null zero full random urandom tty'
	run --separate-stderr "${private[@]}" bash -c "$devices"' && "$LUNETTE" run -p base -- true' \
		</dev/null
	[[ $status == 125 && $stderr == "lunette: devices: /dev/null: "* ]]
}

@test "nothing can be put into /dev" {
	profile p <<<"return profile { extends = 'base', user = { uid = 0, gid = 0 } }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'touch /dev/new; rm -f /dev/fd; ln -s x /dev/new2;
			mkdir /dev/new3; ls /dev'
	[[ $output != *new* && $output == *fd* && $(grep -c Read-only <<<"$stderr") == 4 ]]
}

@test "no directory is made in a mounted tree" {
	mkdir tree
	local what
	for what in "tmpfs '/t/new'" "tmpfs '/t/new/sub'" "dir '/t/new'" \
		"file { '/t/new/x', text = 'x' }"; do
		profile p <<<"return profile { extends = 'base', mounts = {
			rw { '$WORK/tree', at = '/t' }, $what } }"
		launch -125 run -p "$WORK/p.lua" -- true
		expect_error mounts /t/new
		[[ -z $(ls -A tree) ]]
	done
}

@test "no link of a mounted tree is replaced" {
	mkdir -p tree/real && ln -s real tree/link
	profile p <<<"return profile { extends = 'base', mounts = {
		rw { '$WORK/tree', at = '/t' }, tmpfs { '/t/link', on_symlink = 'replace' } } }"
	launch -125 run -p "$WORK/p.lua" -- true
	[[ -L tree/link ]]
}

# bats test_tags=root
@test "as root a link of another user's is followed nowhere" {
	need_root
	ln -s "$CANARY" theirs && chown -h 1000:1000 theirs
	launch -125 run -p base --ro "$WORK/theirs:/x" -- cat /x/file
	[[ $stderr == *planted* ]]
	ln -s "$CANARY" ours # the control
	launch -0 run -p base --ro "$WORK/ours:/x" -- cat /x/file
	[[ $output == precious ]]
}

@test "nothing lies above the root" {
	launch -0 run -p base -- sh -c 'ls /; echo --; ls /..; echo --; cd / && cd .. && ls; echo --;
			stat -c %d:%i / /.. /proc/self/root/.'
	local first=${output%%--*} rest=${output#*--}
	[[ $rest == *"$first"*"$first"* && $first != *root* ]]
	[[ $(tail -n 3 <<<"$output" | sort -u | wc -l) == 1 ]]
}
