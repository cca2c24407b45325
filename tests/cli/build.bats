# What the build promises: the binary's kind and size, the targets, what install leaves
#
# These run in the checkout, which is where tests/run starts them; the build is up to date by then.
bats_require_minimum_version 1.8.0

load ../lib/need

: "${LUNETTE:=build/release/lunette}"
: "${LUNETTE_BUILD:=build/release}"

# Building a whole copy takes longer than a test of behaviour may.
export BATS_TEST_TIMEOUT=300

setup() {
	need_command scons
}

# The variables of the build under test, told from its directory's name.
variables() {
	local variant=${LUNETTE_BUILD##*/}
	printf 'build=%s\n' "${variant%-glibc}"
	[[ $variant != *-glibc ]] || printf 'libc=glibc\n'
}

@test "the binary is static, not position independent, its stack not executable" {
	[[ $LUNETTE_BUILD != */asan ]] || skip "host: the sanitizers' library is not static"
	run -0 readelf --wide --file-header --program-headers "$LUNETTE"
	grep -q 'Type:.*EXEC' <<<"$output"
	grep -Eq 'GNU_STACK .* RW ' <<<"$output"
	grep -q 'GNU_RELRO' <<<"$output"
	run -1 grep -E 'INTERP|DYNAMIC' <<<"$output"
}

@test "the binary is hardened, and nobody's but the caller's" {
	[[ $LUNETTE_BUILD != */asan && $LUNETTE_BUILD != */debug ]] || skip "host: not a release build"
	# No memory is both written and executed, and of what is read-only nothing is either.
	run -0 readelf --wide --program-headers "$LUNETTE"
	run -1 grep -E '^ *LOAD .* (RWE|WE) ' <<<"$output"
	[[ ! -u $LUNETTE && ! -g $LUNETTE ]]
	# Functions with arrays have a guard on their stack: that of what prints, say.
	run -0 nm "$LUNETTE"
	grep -q ' __stack_chk_fail$' <<<"$output"
	[[ $(objdump --disassemble=print_note "$LUNETTE" | grep -c '__stack_chk_fail') -ge 1 ]]
	# Indirect branches may land only where a function begins, for a processor that looks.
	if [[ $(uname -m) == x86_64 ]]; then
		objdump --disassemble=print_note "$LUNETTE" | grep -q endbr64
	fi
	# glibc checks lengths that the compiler knows.
	if [[ $LUNETTE_BUILD == *-glibc ]]; then
		grep -Eq ' __(snprintf|memcpy)_chk$' <<<"$output"
	fi
}

# The bytes of the system-call library's modules, which `lunette lua` alone loads.
library_bytes() {
	nm --print-size "$LUNETTE" | python3 -c 'import sys
print(sum(int(line.split()[1], 16) for line in sys.stdin if " embedded_library_" in line))'
}

@test "the launcher is no larger than 1.2 MiB without the library, and needs nothing but itself" {
	[[ $LUNETTE_BUILD == */release ]] || skip "host: not the release build"
	strip -o "$BATS_TEST_TMPDIR/lunette" "$LUNETTE"
	(($(library_bytes) > 10000))
	(($(stat -c %s "$BATS_TEST_TMPDIR/lunette") - $(library_bytes) <= 1258291))
	run -0 env -i "$BATS_TEST_TMPDIR/lunette" --version
}

@test "scons -h lists every target and variable" {
	run -0 scons -Q -h
	for word in test full unit lint man bench fuzz install uninstall \
		build: libc: CC: lua_source: prefix: STRICT: VERBOSE: FUZZ_SECONDS:; do
		grep -qw -- "$word" <<<"$output"
	done
}

@test "an unknown variable and a wrong value are errors" {
	run -2 scons -Q biuld=debug
	[[ $output == *biuld* ]]
	run -2 scons -Q build=fast
	[[ $output == *release* ]]
}

@test "a missing source of Lua is an error that says what to do" {
	run -2 scons -Q lua_source="$BATS_TEST_TMPDIR"
	[[ $output == *quickstart* && $output == *lua_source=* ]]
}

@test "install puts everything below prefix, and uninstall takes it all away" {
	local prefix=$BATS_TEST_TMPDIR/prefix copy=$BATS_TEST_TMPDIR/copy
	mapfile -t chosen < <(variables)
	# In a copy: the scons that runs this has not yet written down what it has built, so another one
	# here would link anew the binary that other tests are running.
	mkdir "$copy"
	tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$copy"
	cd "$copy"
	run -0 scons -Q "${chosen[@]}" install prefix="$prefix"
	run -0 "$prefix/bin/lunette" --version
	for file in share/man/man1/lunette.1 share/man/man5/lunette-profile.5 \
		share/bash-completion/completions/lunette share/zsh/site-functions/_lunette \
		share/lua/5.4/syscall/init.lua share/lua/5.4/syscall/meta.lua; do
		[[ -s $prefix/$file ]]
	done
	run -0 scons -Q "${chosen[@]}" uninstall prefix="$prefix"
	run -0 find "$prefix" -type f
	[[ -z $output ]]
	[[ -x build/${LUNETTE_BUILD##*/}/lunette ]]
}

@test "compile_commands.json names every file of ours" {
	run -0 python3 -c 'import json
print("\n".join(sorted(entry["file"] for entry in json.load(open("compile_commands.json")))))'
	local file
	for file in launcher/*/*.c policy/*.c; do
		grep -Fq -- "$file" <<<"$output"
	done
}

@test "quickstart names what it does not know, and says what it is" {
	run -2 ./quickstart nonsense
	run -0 ./quickstart --help
	[[ $output == *"./quickstart test"* ]]
}
