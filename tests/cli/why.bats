# why.bats: `lunette why` tries an access in the sandbox and names the line that decides
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_landlock 4
	mkdir box
	echo text >box/file
	chmod -R a+rwX box
	profile locked <<-'END'
		return profile {
			extends = "default",
			landlock = {
				ro = { "/usr", "/bin", "/lib", { "/lib64", optional = true }, "/etc", host.cwd },
				rw = { host.cwd .. "/box", "/dev" },
				connect = { 443 },
			},
		}
	END
}

@test "what Landlock refuses is told with the nearest rule, and the program meets the same" {
	touch file
	chmod a+rw file
	launch -1 why -p "$WORK/locked.lua" write_file "$WORK/file"
	[[ $output == "no: write_file $WORK/file (tried): Landlock refuses it,"* ]]
	[[ $output == *"the nearest rule is at $WORK/locked.lua:4" ]]
	launch run -p "$WORK/locked.lua" -- sh -c 'echo x >>file'
	[[ $stderr == *"Permission denied"* ]]
	# The control: without the section both can write.
	profile open <<<'return profile { extends = "default" }'
	launch -0 why -p "$WORK/open.lua" write_file "$WORK/file"
	[[ $output == "yes: write_file $WORK/file (tried): no Landlock is in force" ]]
	launch -0 run -p "$WORK/open.lua" -- sh -c 'echo x >>file'
}

@test "what a rule grants is told with that rule" {
	launch -0 why -p "$WORK/locked.lua" write_file "$WORK/box/file"
	[[ $output == "yes: write_file $WORK/box/file (tried): Landlock grants it by the rule "* ]]
	[[ $output == *" at $WORK/locked.lua:5" ]]
	launch -0 why -p "$WORK/locked.lua" read_dir "$WORK"
	launch -0 run -p "$WORK/locked.lua" -- sh -c 'ls . && echo x >>box/file'
}

@test "ports are tried, and nobody is called" {
	launch -0 why -p "$WORK/locked.lua" connect_tcp 443
	[[ $output == "yes: connect_tcp 443 (tried): Landlock grants it "*" $WORK/locked.lua:6; "* ]]
	[[ $output == *"; but net is none: only the sandbox's own loopback is there" ]]
	launch -0 why -p "$WORK/locked.lua" --net host connect_tcp 443
	[[ $output != *"net is none"* ]]
	launch -1 why -p "$WORK/locked.lua" connect_tcp 80
	[[ $output == "no: connect_tcp 80 (tried): Landlock refuses it, "* ]]
	launch -0 why -p "$WORK/locked.lua" bind_tcp 8080
	[[ $output == "yes: bind_tcp 8080 (tried): Landlock leaves it free; "* ]]
	launch -1 why -p "$WORK/locked.lua" bind_tcp 80
	[[ $output == *": Permission denied (a port below 1024 is for who has CAP_NET_BIND_SERVICE)" ]]
}

@test "a refusal that is not Landlock's is not called so" {
	launch -1 why -p "$WORK/locked.lua" read_file "$WORK/nothing"
	[[ $output == *"No such file or directory, and not by Landlock; it lies in the mount $WORK of "* ]]
	launch -1 why -p "$WORK/locked.lua" write_file "$WORK/box/new"
	[[ $output == *"(to make a file is the right make_reg of its directory)"* ]]
	launch -1 why -p "$WORK/locked.lua" write_file "$WORK/box"
	[[ $output == *": Is a directory (to make files in a directory is the right make_reg)"* ]]
	launch -1 why -p "$WORK/locked.lua" read_file /nothing
	[[ $output == *"; no mount of the profile is there" ]]
}

@test "what would change something is answered from the rules, and nothing is changed" {
	launch -1 why -p "$WORK/locked.lua" make_reg "$WORK"
	[[ $output == "no: make_reg $WORK (by the rules): Landlock refuses it, "*locked.lua:4 ]]
	launch -0 why -p "$WORK/locked.lua" remove_dir "$WORK/box"
	[[ $output == "yes: remove_dir $WORK/box (by the rules): "*locked.lua:5 ]]
	[[ $(cat box/file) == text ]]
	# What cannot be written to at all is no matter of rules.
	profile bare <<<'return profile { extends = "default", mounts = { ro { host.cwd, at = "/ro" } } }'
	launch -1 why -p "$WORK/bare.lua" make_reg /ro/box
	[[ $output == "no: make_reg /ro/box (tried): Read-only file system; "*" the mount /ro of "* ]]
	launch -1 why -p "$WORK/bare.lua" truncate /ro/box/file
	launch -0 why -p "$WORK/bare.lua" make_reg "$WORK/box"
	[[ $output == "yes: make_reg $WORK/box (by the rules): no Landlock is in force" ]]
}

@test "what the rules of seccomp refuse is told with their line, and the program meets the same" {
	profile ruled <<-'END'
		return profile {
			extends = "default",
			seccomp = {
				errno "EMFILE" { "socket" },
				errno "ENOSPC" { "mknod", "mknodat" },
				errno "EACCES" { "open", "creat" },
			},
		}
	END
	launch -1 why -p "$WORK/ruled.lua" connect_tcp 443
	[[ $output == "no: connect_tcp 443 "*"; seccomp refuses socket: errno EMFILE by the line "* ]]
	[[ $output == *" $WORK/ruled.lua:4" ]]
	launch -0 run -p "$WORK/ruled.lua" -- /usr/bin/python3 -c '
import errno, os, socket
for use in (socket.socket, lambda: os.mkfifo("/tmp/x")):
    try:
        use()
    except OSError as e:
        print(errno.errorcode[e.errno])'
	[[ $output == $'EMFILE\nENOSPC' ]]
	launch -1 why -p "$WORK/ruled.lua" make_fifo /tmp
	[[ $output == *"; seccomp refuses mknod"*": errno ENOSPC by the line $WORK/ruled.lua:5" ]]
	# One of several ways is left.
	launch -0 why -p "$WORK/ruled.lua" make_reg /tmp
	if [[ $(uname -m) == x86_64 ]]; then
		[[ $output == "yes: make_reg "*"; seccomp refuses open, creat: errno EACCES by the line "* ]]
	fi
	# A socket that cannot be connected is of no use either.
	profile unconnected <<<'return profile { extends = "default", seccomp = {
		errno "EPERM" { "connect" } } }'
	launch -1 why -p "$WORK/unconnected.lua" connect_tcp 443
	[[ $output == "no: connect_tcp 443 "*"; seccomp refuses connect: errno EPERM by the line "* ]]
	launch -0 why -p "$WORK/unconnected.lua" bind_tcp 8443
	# The control: without the rules.
	launch -0 why connect_tcp 443
	[[ $output != *seccomp* ]]
	launch -0 why make_fifo /tmp
}

@test "for each right it is known which calls it is used by" {
	local kind right rest place
	profile narrow <<<'return profile { extends = "default", seccomp = replace {
		default = errno "EPERM", allow { "execve", "execveat", "exit_group" } } }'
	while read -r kind right rest; do
		case $kind in
		fs) place=/tmp ;;
		net) place=80 ;;
		*) continue ;;
		esac
		[[ $right != execute ]] || continue
		launch -1 why -p "$WORK/narrow.lua" "$right" "$place"
		[[ $output == *"; seccomp refuses "*": errno EPERM by the line $WORK/narrow.lua:2" ]]
	done <"$BATS_TEST_DIRNAME/../../policy/tables/landlock.tsv"
}

@test "no right makes devices" {
	launch -1 why make_block /tmp
	[[ $output == *"Operation not permitted (in a user namespace no devices are made)"* ]]
	launch -0 why make_fifo /tmp
}

@test "options change the question as they change a run" {
	launch -0 why -p "$WORK/locked.lua" --rw "$WORK/box:/more" write_file /more/file
	launch -1 why -p "$WORK/locked.lua" write_file /more/file
}

@test "a wrong question is misuse, with the nearest right word" {
	launch -2 why -p "$WORK/locked.lua" write_fil /x
	expect_error usage 'write_fil: no such right of Landlock (did you mean "write_file"?)'
	launch -2 why -p "$WORK/locked.lua" write_file x
	expect_error usage "x: must be an absolute path"
	launch -2 why -p "$WORK/locked.lua" connect_tcp 65536
	expect_error usage "65536: is no port"
	launch -2 why read_file
	expect_error usage "why: wants a right"
}
