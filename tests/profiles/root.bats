# root.bats: user 0 inside, with ranges, on a tree of its own
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_command busybox
	((EUID == 0)) || grep -q "^\($(id -un)\|$EUID\):" /etc/subuid ||
			skip "host: no subordinate ids for uid $EUID"
	TREE=$WORK/tree
	mkdir -p "$TREE"/{bin,dev,etc,proc,root,run,tmp,var} &&
			cp "$(command -v busybox)" "$TREE/bin/busybox"
	ln -s busybox "$TREE/bin/sh"
	ldd "$TREE/bin/busybox" 2>&1 | grep -q 'not a dynamic' || skip "host: busybox is not static"
	((EUID != 0)) || chown -R 100000:100000 "$TREE"
}

inside() {
	launch "$1" run -p root --set root="$TREE" --set first=100000 -- /bin/busybox "${@:2}"
}

# bats test_tags=root
@test "user 0 inside is nobody on the host" {
	inside -0 sh -c 'busybox id -u; echo x >/root/made'
	[[ $output == 0 && $(stat -c %u "$TREE/root/made") == 100000 ]]
}

# bats test_tags=root
@test "package tools' calls work: other owners, set-uid bits, chroot" {
	inside -0 sh -c 'busybox touch /f && busybox chown 33:33 /f && busybox chmod 4755 /f &&
			busybox stat -c "%u %a" /f; busybox chroot / /bin/busybox echo in'
	[[ $output == $'33 4755\nin' && $(stat -c %u "$TREE/f") == 100033 ]]
}

# bats test_tags=root
@test "the whole range is there and nothing beyond" {
	inside -0 sh -c 'busybox touch /g && busybox chown 65535 /g && echo last;
			busybox chown 65536 /g 2>/dev/null || echo none'
	[[ $output == $'last\nnone' ]]
}

# bats test_tags=root
@test "a tree of the host's own root is out of reach" {
	mkdir -p "$TREE/host" && echo secret >"$TREE/host/file" && chmod 600 "$TREE/host/file"
	inside -1 cat /host/file
	inside -1 sh -c 'echo x >/host/new'
	[[ ! -e $TREE/host/new ]]
}

# bats test_tags=root
@test "no capability over the host: no mounts, no modules, no clock, no knobs" {
	inside -0 grep CapEff /proc/self/status
	[[ $output != *000001ffffffffff ]]
	inside -1 mount -t tmpfs none /tmp
	inside -0 date -s 2000-01-01
	[[ $stderr == *"not permitted"* && $(date +%Y) != 2000 ]]
	inside -0 sh -c '(echo -n >/proc/sys/kernel/core_pattern) 2>/dev/null || echo closed'
	[[ $output == closed ]]
}

@test "an ordinary user with subordinate ids" {
	((EUID != 0)) || skip "host: root has ranges of its own choice"
	inside -0 id -u
	[[ $output == 0 ]]
}

@test "without its tree the profile says what it needs" {
	launch -125 run -p root -- true
	[[ $(wc -l <<<"$stderr") == 1 && $stderr == *root* ]]
}
