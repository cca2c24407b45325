# build.bats: compilers and package trees
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	mkdir -p home/.cargo/bin home/.cargo/registry home/.rustup/toolchains home/.m2/repository project
	echo token >home/.cargo/credentials.toml
	echo cached >home/.cargo/registry/crate
	printf '#!/bin/sh\necho tool\n' >home/.cargo/bin/a-tool && chmod +x home/.cargo/bin/a-tool
	export HOME=$WORK/home
	cd project || return
}

@test "toolchains and fetched packages of the home are there, read-only" {
	launch -1 run -p build -- sh -c 'a-tool; cat ~/.cargo/registry/crate; touch ~/.cargo/registry/new'
	[[ $output == $'tool\ncached' && $stderr == *"Read-only"* ]]
}

@test "tokens beside them are not, and the directory between is writable and private" {
	launch -0 run -p build -- sh -c 'ls ~/.cargo; echo lock >~/.cargo/.package-cache &&
			cat ~/.cargo/.package-cache'
	[[ $output != *credentials* && $output == *lock* ]]
	[[ ! -e $HOME/.cargo/.package-cache ]]
}

@test "the working directory is writable at its own path" {
	launch -0 run -p build -- sh -c 'pwd; echo x >made'
	[[ $output == "$WORK/project" && $(cat made) == x ]]
}

@test "a home without any of the trees works" {
	mkdir "$WORK/bare" && export HOME=$WORK/bare
	launch -0 run -p build -- sh -c 'cd && ls -A'
	[[ -z $output ]]
}

@test "a compiler, a library and a program in several steps" {
	need_command gcc
	need_command make
	printf 'int twice(int x) { return 2 * x; }\n' >twice.c
	printf 'int twice(int);\nint main(void) { return twice(21); }\n' >main.c
	printf '%s\n' 'main: main.o libtwice.a; $(CC) -o $@ main.o -L. -ltwice' \
		'libtwice.a: twice.o; ar rcs $@ $^' >Makefile
	launch -42 run -p build -- sh -c 'make -s -j2 main && ./main'
	CFLAGS='-O2 -DX' launch -0 run -p build -- sh -c 'echo $CFLAGS'
	[[ $output == '-O2 -DX' ]]
}
