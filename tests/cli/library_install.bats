# What an unmodified lua5.4 has of the system-call library once it is installed, and the rockspec
#
# Both are built in a copy of the tree, for the reason that build.bats gives; with glibc, as the
# rockspec does it, which is what Debian's lua5.4 is linked with.
bats_require_minimum_version 1.8.0

load ../lib/need

# Building takes longer than a test of behaviour may.
export BATS_TEST_TIMEOUT=300

setup_file() {
	need_command scons
	need_command lua5.4
	export COPY=$BATS_FILE_TMPDIR/copy HOME=$BATS_FILE_TMPDIR
	mkdir "$COPY"
	tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C "$COPY"
	cd "$COPY" || return
	scons -Q libc=glibc build/release-glibc/module/syscall/raw.so >&2
}

# same_files DIRECTORY - it has the library's Lua files, those that are made too, and no others
same_files() {
	local expected
	expected=$(cd "$COPY/lua" && find syscall -name '*.lua'
		cd "$COPY/build/release-glibc/generated" && find syscall -name '*.lua'
		echo syscall/meta.lua)
	((${#expected} > 1000))
	diff <(sort <<<"$expected") <(cd "$1" && find syscall -type f | sort)
	diff -r -x '*_*' -x arguments.lua -x meta.lua "$COPY/lua/syscall" "$1/syscall" |
		(! grep -v '^Only in .*: tables$')
}

# looked_up ROOT - run standard input by a lua5.4 that looks below ROOT, where it looks by itself
looked_up() {
	local paths
	# shellcheck disable=SC2016 # for Lua
	mapfile -t paths < <(ROOT=$1 env -u LUA_PATH -u LUA_CPATH lua5.4 -e '
		for _, list in ipairs { package.path, package.cpath } do
			print((list:gsub("%f[^;\0]/", os.getenv "ROOT" .. "/")))
		end')
	(cd / && LUA_PATH=${paths[0]} LUA_CPATH=${paths[1]} lua5.4 -)
}

# What a program does with it: that all modules load, and calls of several kinds.
use() {
	cat <<-'END'
		local S = require "syscall"
		assert(S.getpid() == tonumber(S.readlink "/proc/self"))
		local fd <close> = assert(S.open("/proc/self/status", "rdonly, cloexec"))
		assert(fd:read():find "^Name:\tlua5.4" and fd:stat().isreg)
		assert(select(2, S.open "/none").NOENT)
		S.load_all()
		local lfs, unsafe = require "syscall.lfs", require "syscall.unsafe"
		assert(lfs.attributes("/", "mode") == "directory" and unsafe.address(S.t.buffer(8)) ~= 0)
		assert(#S.nl.getlink() > 0 and S.c.KEY.ENTER == 28 and S.util.basename "/a/b" == "b")
		print(package.searchpath("syscall", package.path))
		print(package.searchpath("syscall.raw", package.cpath))
	END
}

@test "install-library puts everything where Debian's lua5.4 looks" {
	local sandbox=$BATS_TEST_TMPDIR/sandbox
	cd "$COPY"
	run -0 scons -Q libc=glibc install-library --install-sandbox="$sandbox"
	same_files "$sandbox/usr/local/share/lua/5.4"
	run -0 find "$sandbox" -type f -not -path '*/share/lua/5.4/*'
	[[ $output == "$sandbox/usr/local/lib/lua/5.4/syscall/raw.so" ]]
	run -0 looked_up "$sandbox" < <(use)
	[[ ${lines[0]} == "$sandbox/usr/local/share/lua/5.4/syscall/init.lua" ]]
	[[ ${lines[1]} == "$sandbox/usr/local/lib/lua/5.4/syscall/raw.so" ]]
	# The control: nothing of it comes from elsewhere.
	rm "$sandbox/usr/local/lib/lua/5.4/syscall/raw.so"
	run -1 looked_up "$sandbox" < <(use)
	[[ $output == *"module 'syscall.raw' not found"* ]]
}

# Where luarocks is not installed: its commands, with the directories that it would choose.
by_hand() {
	local tree=$1
	lua5.4 - "$tree" lua/lunette-syscall-scm-1.rockspec <<-'END' | sh -e
		local rock = {}
		assert(loadfile(arg[2], "t", rock))()
		assert(rock.package == "lunette-syscall" and rock.build.type == "command")
		local places = { LUADIR = arg[1] .. "/share/lua/5.4", LIBDIR = arg[1] .. "/lib/lua/5.4" }
		for _, command in ipairs { rock.build.build_command, rock.build.install_command } do
			print((command:gsub("%$%((%u+)%)", places)))
		end
	END
}

@test "the rockspec builds and installs the same" {
	local tree=$BATS_TEST_TMPDIR/tree
	cd "$COPY"
	if command -v luarocks >/dev/null; then
		run -0 luarocks --lua-version 5.4 make --deps-mode none --tree "$tree" \
			lua/lunette-syscall-scm-1.rockspec
	else
		run -0 by_hand "$tree"
	fi
	same_files "$tree/share/lua/5.4"
	export LUA_PATH="$tree/share/lua/5.4/?.lua;$tree/share/lua/5.4/?/init.lua"
	LUA_CPATH="$tree/lib/lua/5.4/?.so" run -0 lua5.4 - < <(use)
	[[ ${lines[1]} == "$tree/lib/lua/5.4/syscall/raw.so" ]]
}
