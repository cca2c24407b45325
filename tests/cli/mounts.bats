# mounts.bats: every kind of mount, and that none leads to the host
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	canary
}

teardown() {
	canary_alive
}

# with NAME <<<'MOUNTS' - writes a profile that adds these mounts to `base` and WORK at /here
with() {
	local text
	text=$(cat)
	profile "$1" <<-END
		return profile { extends = "base", mounts = { rw { "$WORK", at = "/here" }, $text } }
	END
}

# --- kinds ---

@test "ro is read-only and nosuid, nodev" {
	with p <<<"ro { '$CANARY', at = '/x' }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'cat /x/file;
			for c in "echo x >/x/file" "mkdir /x/new" "rm /x/file" "chmod 600 /x/file" "touch /x/file";
			do sh -c "$c" 2>/dev/null && echo "did: $c"; done; grep " /x " /proc/self/mountinfo'
	[[ ${lines[0]} == precious && ${lines[1]} == *" /x ro,nosuid,nodev"* && ${#lines[@]} == 2 ]]
}

@test "ro is read-only below nested mounts too" {
	need_command unshare
	mkdir -p tree/sub 'tree/a b'
	cat >inner.lua <<-END
		return profile { extends = "base", mounts = { ro { "$WORK/tree", at = "/x" } } }
	END
	local -a private=(unshare --mount --propagation private)
	((EUID == 0)) || private=(unshare --user --map-root-user --mount)
	run -0 "${private[@]}" bash -c 'mount -t tmpfs none tree/sub && mount -t tmpfs none "tree/a b" &&
			chmod 777 tree/sub "tree/a b" &&
		echo control >tree/sub/file &&
		"$LUNETTE" run -p "$PWD/inner.lua" -- sh -c \
				"cat /x/sub/file; for d in /x/sub \"/x/a b\"; do touch \"\$d/new\" 2>&1; done"; true'
	[[ ${lines[0]} == control ]]
	[[ $(grep -c 'Read-only file system' <<<"$output") == 2 ]]
}

@test "rw writes through; a writable mount of a single file too" {
	echo old >file
	with p <<<"rw { '$WORK/file', at = '/single' }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'echo new >/single; echo x >/here/made;
			ls -ld /single >/dev/null'
	[[ $(cat file) == new && $(cat made) == x ]]
}

@test "noexec forbids execution" {
	cp /bin/true prog
	with p <<<"ro { '$WORK', at = '/n', noexec = true }"
	launch -0 run -p "$WORK/p.lua" -- /here/prog
	launch -126 run -p "$WORK/p.lua" -- /n/prog
}

@test "tmpfs: size, mode, inodes, owner" {
	with p <<<'tmpfs { "/t", size = "1M", mode = "0750", inodes = 10 }'
	launch -0 run -p "$WORK/p.lua" -- sh -c 'stat -c "%a %u" /t; id -u; head -c 2M /dev/zero >/t/big;
			stat -c %s /t/big; rm /t/big; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do touch /t/$i; done;
			ls /t | wc -l'
	[[ ${lines[0]} == "750 ${lines[1]}" ]]
	[[ ${lines[2]} == 1048576 ]]
	((lines[3] < 12))
	[[ $stderr == *"No space left"* ]]
}

@test "every tmpfs has a bound" {
	launch -0 run -p untrusted -- grep ' - tmpfs ' /proc/self/mountinfo
	[[ $(grep -vc size= <<<"$output") == 0 ]]
}

@test "file holds its text, whatever it is" {
	profile p <<-'END'
		return profile { extends = "base", mounts = {
			file { "/a/b/text", text = "one\ntwo\xff", mode = "0640" }, file { "/empty", text = "" } } }
	END
	launch -0 run -p "$WORK/p.lua" -- sh -c 'od -An -c /a/b/text; stat -c %a /a/b/text;
			stat -c %s /empty'
	[[ ${lines[0]} == *'o   n   e  \n   t   w   o 377' && ${lines[1]} == 640 && ${lines[2]} == 0 ]]
}

@test "dir, with mode; symlink, relative and absolute" {
	with p <<-'END'
		dir { "/d/e", mode = "0711" }, symlink { "d/e", at = "/rel" },
		symlink { "/no/where", at = "/abs" }
	END
	launch -0 run -p "$WORK/p.lua" -- sh -c 'stat -c %a /d/e; readlink /rel /abs; test -d /rel/. &&
			echo through'
	[[ $output == $'711\nd/e\n/no/where\nthrough' ]]
}

@test "mask hides a file and a directory, by every name" {
	mkdir -p tree/secret && echo s >tree/secret/file && echo s >tree/plain
	with p <<-END
		ro { '$WORK/tree', at = '/t' }, mask '/t/secret', mask '/t/plain',
		mask { '/t/none', optional = true }
	END
	launch -0 run -p "$WORK/p.lua" -- sh -c 'ls -A /t/secret | wc -l; cat /t/plain;
			cat /proc/self/root/t/plain; ls -A /proc/1/root/t/secret 2>/dev/null; echo x >/t/plain;
			echo x >/t/secret/new; echo end'
	[[ $output == $'0\nend' ]]
	[[ $stderr == *[Rr]ead-only* || $stderr == *denied* ]]
}

@test "mask of what is not there is an error without optional" {
	with p <<<"mask '/usr/none'"
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error mounts /usr/none
}

@test "overlay on a tmpfs: writes are seen and gone, the lower tree is as it was" {
	mkdir -p lower/sub && echo old >lower/file && echo gone >lower/sub/victim
	local before
	before=$(tree_hash lower)
	with p <<<"overlay { '$WORK/lower', at = '/o', upper = 'tmpfs', size = '8M' }"
	launch -0 run -p "$WORK/p.lua" -- sh -ec 'echo new >/o/file; rm /o/sub/victim; echo x >/o/made;
			mkdir /o/dir; mv /o/made /o/dir/; chmod 700 /o/file; cat /o/file; ls /o /o/sub
			ls -A / | sed "s/^[.]/a layer is left in reach: ./"'
	[[ ${lines[0]} == new && $output == *dir* && $output != *victim* && $output != *reach* ]]
	[[ $(tree_hash lower) == "$before" ]]
}

@test "overlay on a directory of the host keeps what was written there" {
	mkdir -p lower upper work && echo old >lower/file
	with p <<<"overlay { '$WORK/lower', at = '/o', upper = '$WORK/upper', work = '$WORK/work' }"
	launch -0 run -p "$WORK/p.lua" -- sh -ec 'echo new >/o/file; cat /o/file'
	[[ $output == new && $(cat lower/file) == old && $(cat upper/file) == new ]]
}

# A file system without user.* attributes: a ramfs, and before Linux 6.6 a tmpfs too.
@test "an overlay whose own directories cannot be removed says so" {
	need_command unshare
	mkdir -p lower/sub ram && echo x >lower/sub/x
	with ram <<<"overlay { '$WORK/lower', at = '/o', upper = '$WORK/ram/u', work = '$WORK/ram/w' }"
	run unshare --user --map-root-user --mount sh -ec 'mount -t ramfs none ram; mkdir ram/u ram/w
			"$LUNETTE" run -v -p ./ram.lua --report report -- rm -r /o/sub 2>&1'
	[[ $output == *"mount /o: its directories can't be removed: upper's"* && -e lower/sub/x ]]
	[[ $output == *"Input/output error"* && $(json report "it['enforced']['skipped']") == *"/o"* ]]
	# Without -v only a program that fails is told why it may have.
	run unshare --user --map-root-user --mount sh -ec 'mount -t ramfs none ram; mkdir ram/u ram/w
			"$LUNETTE" run -p ./ram.lua -- true 2>&1
			"$LUNETTE" run -p ./ram.lua -- false 2>&1'
	[[ $output == "lunette: mount /o: its directories can't be removed: "* && ${#lines[@]} == 1 ]]
	with memory <<<"overlay { '$WORK/lower', at = '/o', upper = 'tmpfs' }"
	launch run -v -p "$WORK/memory.lua" -- rm -r /o/sub
	if older_than 6.6; then
		[[ $status == 1 && $stderr == *"mount /o: its directories can't be removed: tmpfs"* ]]
		launch doctor
		[[ $output == *"ok      overlay: "*"can't be removed over a tmpfs"* ]]
	else
		[[ $status == 0 && $stderr != *"can't be removed"* ]]
	fi
}

@test "an overlay over submounts names them" {
	with p <<<'overlay { "/", at = "/o", upper = "tmpfs" }'
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error mounts ''
	[[ $stderr == */proc* || $stderr == */sys* || $stderr == */dev* ]]
}

@test "the whole root of the host can be mounted" {
	launch -0 run -p base --ro /:/host -- ls /host
	[[ $output == "$(ls /)" ]]
}

@test "/proc is the sandbox's own" {
	launch -0 run -- sh -c 'ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm;
			cut -d" " -f1 /proc/self/mountinfo | wc -l'
	((lines[0] <= 6))
}

@test "/dev holds the minimum and works" {
	launch -0 run -p base -- ls /dev
	local all="fd full null ptmx pts random shm stderr stdin stdout tty urandom zero "
	[[ $(sort <<<"$output" | tr '\n' ' ') == "$all" ]]
	launch -0 run -p base -- sh -c 'echo x >/dev/null; head -c 4 /dev/zero | od -An -tx1;
			head -c 8 /dev/urandom | wc -c; echo x >/dev/shm/f && cat /dev/shm/f;
			head -c 1 /dev/zero >/dev/full; echo z >/dev/stderr'
	[[ ${lines[0]} == " 00 00 00 00" && ${lines[1]} == 8 && ${lines[2]} == x ]]
	[[ $stderr == *"No space left"*z* ]]
	launch -0 run -p base -- sh -c 'ls -A /dev/pts /dev/shm | wc -w'
	[[ ! -e /dev/shm/f ]]
}

@test "a pseudo-terminal can be made inside" {
	need_command python3
	launch -0 run -p base -- /usr/bin/python3 -c \
		'import os, pty; m, s = pty.openpty(); print(os.ttyname(s))'
	[[ $output == /dev/pts/0 ]]
}

@test "sysfs and mqueue where the profile wants them" {
	with p <<<'sysfs "/sys", mqueue "/dev/mqueue"'
	launch -0 run -p "$WORK/p.lua" -- sh -c 'ls /sys/class/net; touch /sys/class/net/lo/mtu 2>&1 |
			grep -c "Permission\|Read-only"; grep -c " - mqueue " /proc/self/mountinfo'
	[[ ${lines[0]} == lo && ${lines[-1]} == 1 ]]
}

@test "a private /tmp: two sandboxes share nothing, the host neither" {
	local place
	for place in /tmp /var/tmp /dev/shm /home/user; do
		launch -0 run -p base -- sh -c 'echo x >'"$place"'/lunette-canary && ls '"$place"
		[[ $output == lunette-canary ]]
		launch -0 run -p base -- ls -A "$place"
		[[ -z $output && ! -e $place/lunette-canary ]]
	done
}

# --- the root ---

@test "the root itself is read-only and small" {
	launch -0 run -p base -- sh -c 'mkdir /new 2>&1; echo x >/etc/new; ls /'
	[[ ! $output =~ (^|$'\n')new($|$'\n') ]]
	[[ $output != *work* && $output != *root* && $output != *srv* ]]
}

@test "no mount of the host is to be seen" {
	launch -0 run -p base -- cut -d' ' -f5 /proc/self/mountinfo
	local line
	while read -r line; do
		case $line in
		/ | /usr | /usr/* | /bin | /sbin | /lib | /lib32 | /lib64 | /libx32) ;;
		/proc | /dev | /dev/* | /tmp | /var/tmp | /home/user | /etc/*) ;;
		*)
			echo "stray: $line"
			false
			;;
		esac
	done <<<"$output"
	launch -0 run -p base -- sh -c 'cat /proc/1/mountinfo 2>/dev/null | wc -l;
			ls -A /oldroot /.old /mnt /.s 2>/dev/null | wc -l'
}

@test "a static program alone in an empty root" {
	need_probe
	profile p <<<'return profile { mounts = { ro { host.cwd .. "/probe", at = "/probe" } } }'
	launch -7 run -p "$WORK/p.lua" -- /probe exit 7
	launch -0 run -p "$WORK/p.lua" -- /probe fds
	[[ $output == "0 1 2 " ]]
}

@test "a dynamic program whose libraries are bound one by one" {
	need_command ldd
	{
		echo 'return profile { mounts = { ro { "/bin/ls", at = "/ls" },'
		ldd /bin/ls | grep -o '/[^ ]*' | sort -u | sed 's/.*/ro "&",/'
		echo '} }'
	} | profile p
	launch -0 run -p "$WORK/p.lua" -- /ls /
	expect_line ls
	[[ $output != *usr* || $output == *lib* ]]
}

# --- symlinks and escapes ---

@test "intermediate symlinks of a target are followed inside the new root" {
	with p <<-'END'
		dir "/real", symlink { "/real", at = "/link" }, symlink { "real", at = "/rel" },
		file { "/link/a", text = "a" }, file { "/rel/b", text = "b" }
	END
	launch -0 run -p "$WORK/p.lua" -- sh -c 'cat /real/a /real/b'
	[[ $output == ab ]]
}

@test "a target behind a symlink to the host creates nothing on the host (MT-01)" {
	mkdir tree
	ln -s "$CANARY" tree/data
	ln -s ../../../../../../../../../.. tree/up
	local op
	for op in "tmpfs '/t/data/x'" "dir '/t/data/x'" "file { '/t/data/x', text = 'x' }" \
		"symlink { 'x', at = '/t/data/x' }" "ro { '/usr', at = '/t/data/dir' }" \
		"file { '/t/data/file', text = 'overwritten' }" "file { '/t/up$CANARY/x', text = 'x' }" \
		"dir '/t/up$CANARY/dir/y'" "tmpfs '/t/up/oldroot/x'" "tmpfs '/t/up/.old$CANARY/x'"; do
		with p <<<"rw { '$WORK/tree', at = '/t' }, $op"
		launch run -p "$WORK/p.lua" -- true
		[[ $status == 0 || $status == 125 ]]
		canary_alive
	done
}

@test "a root tree whose proc, dev or tmp is a symlink is refused or stays inside (MT-07)" {
	local name
	for name in proc dev tmp; do
		rm -rf tree && mkdir -p tree/usr tree/elsewhere
		ln -s "$CANARY/dir" "tree/$name"
		profile p <<-END
			return profile { mounts = { rw { "$WORK/tree", at = "/" }, ro "/usr", $([[ $name == tmp ]] &&
					echo 'tmpfs "/tmp"' || echo "$name '/$name'") } }
		END
		launch -125 run -p "$WORK/p.lua" -- true
		expect_error mounts "/$name"
	done
}

@test "on_symlink: refuse, resolve, replace" {
	mkdir -p tree/real && echo old >tree/target && ln -s target tree/link && ln -s real tree/dirlink
	with p <<<"rw { '$WORK/tree', at = '/t' }, file { '/t/link', text = 'new' }"
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error mounts /t/link
	[[ $stderr == *on_symlink* || $stderr == *symlink* ]]
	with p <<<"rw { '$WORK/tree', at = '/t' }, tmpfs { '/t/dirlink', on_symlink = 'resolve' }"
	launch -0 run -p "$WORK/p.lua" -- sh -c 'echo x >/t/real/in-tmpfs; readlink /t/dirlink'
	[[ $output == real && ! -e tree/real/in-tmpfs ]]
	with p <<<"rw { '$WORK/tree', at = '/t' }, tmpfs { '/t/dirlink', on_symlink = 'replace' }"
	launch run -p "$WORK/p.lua" -- sh -c 'test ! -L /t/dirlink && echo x >/t/dirlink/in-tmpfs'
	[[ ! -e tree/real/in-tmpfs && $(cat tree/target) == old ]]
}

@test "a mount on a link to its own directory, or over that, is seen by the mounts that follow" {
	mkdir -p tree/below/{a,b} over && touch empty && ln -s . tree/link
	echo old >tree/file && echo secret >over/file
	with p <<<"rw { '$WORK/tree', at = '/t' },
		ro { '$WORK/over', at = '/t/link', on_symlink = 'resolve' },
		ro { '$WORK/empty', at = '/t/file' }"
	launch -0 run -p "$WORK/p.lua" -- cat /t/file
	[[ -z $output ]]
	with p <<<"rw { '$WORK/tree', at = '/t' }, tmpfs '/t/below/a', mask '/t/below',
		tmpfs '/t/below/b'"
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error mounts /t/below/b
}

@test "magic links of /proc are no way into the host" {
	local path
	for path in /proc/self/root/etc /proc/1/cwd/x /proc/self/cwd/x; do
		with p <<<"tmpfs '$path'"
		launch run -p "$WORK/p.lua" -- true
		[[ $status == 0 || $status == 125 ]]
		canary_alive
	done
}

@test "the program cannot mount, unmount, remount or change its root" {
	profile zero <<<'return profile { extends = "default", user = { uid = 0, gid = 0 } }'
	local name
	for name in default "$WORK/zero.lua"; do
		launch -1 run -p "$name" -- sh -c 'umount /usr; umount -l /tmp; mount -o remount,rw /usr;
				mount -o remount,bind,rw /usr; mount -t tmpfs none /tmp; chroot / true;
				mount --bind /tmp /usr; unshare -m true; echo end; touch /usr/new'
		[[ $output == end ]]
		[[ $stderr == *"Read-only"* ]]
	done
}

@test "device nodes cannot be made or used" {
	launch run -- sh -c 'mknod null c 1 3 && echo made; mknod disk b 8 0 && echo made;
			mknod pipe p && echo pipe'
	[[ $output == pipe ]]
}

@test "a directory exchanged for a symlink while launches run never leads outside (MT-04)" {
	need_command python3
	mkdir -p tree/a tree/b
	/usr/bin/python3 - "$WORK/tree/a" "$CANARY" <<-'END' 3>&- &
		import ctypes, os, sys, time
		path, canary = sys.argv[1:]
		libc, other = ctypes.CDLL(None), path + ".link"
		os.symlink(canary, other)
		end = time.monotonic() + 6
		while time.monotonic() < end:
		    libc.renameat2(-100, path.encode(), -100, other.encode(), 2)
	END
	local flipper=$!
	with p <<-END
		rw { '$WORK/tree', at = '/t' }, file { '/t/a/x/y', text = 'x' }, dir '/t/a/z',
		rw { '$WORK/tree/b', at = '/t/a/b' }
	END
	for _ in {1..60}; do
		run timeout 10 "$LUNETTE" run -p "$WORK/p.lua" -- true </dev/null
		[[ $status == 0 || $status == 125 ]]
	done
	kill "$flipper" || true # it may have ended by itself
	wait "$flipper" || true
	canary_alive
}

@test "a path below a merged /usr works as it is written" {
	launch -0 run -p base --ro "$WORK:/usr/share/doc" -- ls /usr/share/doc
	if [[ -L /lib ]]; then
		launch -0 run -p base --ro "$WORK:/lib/systemd" -- ls -A /usr/lib/systemd
	fi
}

@test "a bound socket of the host can be reached: what the documentation says of binds holds" {
	need_command python3
	/usr/bin/python3 - <<-'END'
		import os, socket, subprocess
		s = socket.socket(socket.AF_UNIX); s.bind("sock"); s.listen()
		code = "import socket; socket.socket(socket.AF_UNIX).connect('sock')"
		for profile, expected in ("default", 0), ("base", 1):
		    ended = subprocess.run(
		        [os.environ["LUNETTE"], "run", "-p", profile, "--", "/usr/bin/python3", "-c", code],
		        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		    assert ended.returncode == expected, (profile, ended.returncode)
	END
}
