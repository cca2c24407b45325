# base.bats: the profile that the others extend
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

@test "the system's programs are there, and read-only" {
	launch -0 run -p base -- sh -c 'ls /usr/bin/env /bin/sh &&
			touch /usr/new /bin/new /etc/passwd 2>&1; true'
	[[ $(grep -c 'Read-only file system\|Permission denied' <<<"$output") == 3 ]]
}

@test "nothing of the home, the working directory or the host's accounts is there" {
	launch -0 run -p base -- ls -A /home/user
	[[ -z $output ]]
	launch run -p base -- ls "$WORK"
	[[ $status != 0 ]]
	launch -2 run -p base -- ls /etc/shadow /etc/machine-id /root /var/lib/dpkg
	[[ -z $output ]]
	launch -0 run -p base -- wc -l /etc/passwd
	[[ $output == "3 "* ]]
}

@test "accounts are found by name and number" {
	launch -0 run -p base -- sh -c 'id -un; id -gn; getent passwd root | cut -d: -f1;
			getent hosts localhost | head -n 1; echo ~'
	[[ ${lines[0]} == user && ${lines[1]} == user && ${lines[2]} == root &&
			${lines[3]} == *localhost* ]]
	[[ ${lines[4]} == /home/user ]]
}

@test "the home, /tmp, /var/tmp and /dev/shm are writable, private and the program's own" {
	launch -0 run -p base -- sh -c 'for d in ~ /tmp /var/tmp /dev/shm; do echo x >$d/f && cat $d/f;
			done; stat -c "%u %a" ~; id -u'
	[[ ${lines[0]}${lines[1]}${lines[2]}${lines[3]} == xxxx && ${lines[4]} == "${lines[5]} 700" ]]
}

@test "libraries are found, certificates and time zone are the host's" {
	launch -0 run -p base -- sh -c 'date +%Z; ls /etc/ssl/certs 2>/dev/null | wc -l'
	[[ ${lines[0]} == "$(env -u TZ date +%Z)" ]]
	[[ ${lines[1]} == "$(find /etc/ssl/certs -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" ]]
}

@test "no core is dumped" {
	launch -0 run -p base -- sh -c 'ulimit -c; ulimit -Hc'
	[[ $output == $'0\n0' ]]
}

@test "its guards are all there but no-write-execute" {
	local call
	for call in 'unshare(0x10000000)' 'ioctl(0, 0x5412)' io_uring_setup keyctl 'socket(40)' ptrace \
		bpf userfaultfd 'chmod(0, 04755)' 'socket(17)'; do
		launch -0 seccomp sim base "$call"
		[[ $output == "errno "*"  ; profiles/base.lua:"* ]]
	done
	launch -0 seccomp sim base 'mmap(0, 0, 6)'
	[[ $output == "allow "* ]]
	launch -0 run -p base -- grep Seccomp: /proc/self/status
	[[ $output == *2 ]]
}

@test "it works where /usr is not merged and much of /etc is missing" {
	need_command unshare
	[[ -L /bin ]] || skip "host: /usr is not merged here, all tests show it"
	# A host of its own: / with real /bin, /sbin, /lib and an empty /etc.
	local -a private=(unshare --mount --propagation private)
	((EUID == 0)) || private=(unshare --user --map-root-user --mount)
	cat >unmerged.sh <<-'END'
		set -e
		mount -t tmpfs -o mode=755 none "$1"
		cd "$1"
		mkdir usr bin sbin lib proc dev tmp etc lunette sys old
		mount --rbind /usr usr
		for name in bin sbin lib; do mount --rbind /usr/$name $name; done
		for name in lib32 lib64 libx32; do
			[ ! -e /usr/$name ] || { mkdir $name; mount --rbind /usr/$name $name; }
		done
		mount --rbind /proc proc
		mount --rbind /dev dev
		mkdir -p work && chmod 777 tmp
		mount --bind "$2" work # a tmpfs can be idmapped from Linux 6.3 on
		cp "$LUNETTE" lunette/lunette
		pivot_root . old # in a chroot the kernel makes no user namespace
		cd /work
		umount -l /old
		run="/lunette/lunette run"
		$run -p default -- sh -c "test ! -L /bin && echo unmerged && id -un && pwd"
		$run -p untrusted -- sh -c "id -un && pwd"
		$run -p ci -- pwd
	END
	mkdir root work
	run "${private[@]}" sh unmerged.sh "$WORK/root" "$WORK/work"
	echo "$output"
	[[ $status == 0 && $output == $'unmerged\nuser\n/work\nuser\n/box\n/src' ]]
}
