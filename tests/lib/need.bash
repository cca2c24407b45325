# need.bash - skipping what a machine cannot do, with the reason
#
# A reason that begins with `host:` is a fact about the machine. The others say what would have to
# be installed or done; with STRICT=1 tests/run counts those as failures.
# shellcheck shell=bash

# need_command NAME... - programs that ./quickstart installs.
need_command() {
	local name
	for name; do
		command -v "$name" >/dev/null || skip "$name is not installed (./quickstart setup)"
	done
}

need_root() {
	((EUID == 0)) || skip "host: only as root"
}

# older_than MAJOR.MINOR - this kernel is
older_than() {
	local have
	have=$(uname -r)
	[[ $(printf '%s\n' "$1" "${have%%-*}" | sort -V | head -n 1) != "$1" ]]
}

# need_kernel MAJOR.MINOR
need_kernel() {
	! older_than "$1" || skip "host: Linux $1 is needed, this is $(uname -r)"
}

# need_userns - user namespaces for an ordinary user.
need_userns() {
	as_user unshare --user --map-current-user true 2>/dev/null ||
		skip "host: no user namespaces for ordinary users"
}

# need_landlock ABI
need_landlock() {
	local have
	# landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION); 444 on every architecture
	have=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
	((have >= $1)) || skip "host: Landlock ABI $1 is needed, there is $have"
}

# need_path PATH - a file that Debian's packages or the kernel provide.
need_path() {
	[[ -e $1 ]] || skip "host: no $1"
}
