# evaluator.bats: profiles that would harm the one who reads them, and how layers meet
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
}

# spent - hundredths of a second of processor time of this process's ended children
spent() {
	local stat
	read -r -a stat <"/proc/$BASHPID/stat"
	SPENT=$((stat[15] + stat[16]))
}

# ends_soon TEXT <<<PROFILE - the profile is refused within a second of processor time (others may
# keep the machine busy), in one line that holds TEXT
ends_soon() {
	profile bad
	local before most=$((100 * SLOW)) SLOW=1 # `launch` would try again where it is not ready
	spent
	before=$SPENT
	launch -125 run -p "$WORK/bad.lua" -- true
	spent
	((SPENT - before < most))
	expect_error profile "$1"
	launch -1 check "$WORK/bad.lua"
}

@test "an endless loop" {
	ends_soon bad.lua <<<'while true do end'
}

@test "an endless loop under pcall, in a coroutine, in a finaliser" {
	ends_soon bad.lua <<<'while true do pcall(function() while true do end end) end'
	ends_soon bad.lua <<<'xpcall(function() while true do end end, function() while true do end end)'
	ends_soon bad.lua <<<'local function f() return pcall(f) or f() end f() while true do end'
}

@test "a string-pattern bomb inside one C function" {
	ends_soon bad.lua <<<'("a"):rep(300000):find(".-.-.-.-.-b$")'
	ends_soon bad.lua <<-'END'
		local t = {}
		for i = 1, 100 do t[i] = i end
		while true do pcall(table.sort, t, function() return true end) end
	END
}

@test "a memory bomb" {
	ends_soon bad.lua <<<'local x = "x" while true do x = x .. x end'
	ends_soon bad.lua <<<'local x = ("x"):rep(1e10)'
	ends_soon bad.lua <<<'local t = {} for i = 1, 1e12 do t[i] = { i } end'
	ends_soon bad.lua \
			<<<'local t = {} while true do pcall(function() t[#t + 1] = ("x"):rep(1e6) end) end'
	ends_soon bad.lua <<<'return profile { hostname = ("%99d"):rep(1e8) }'
}

# Lua's own sort then asks what time it is, to choose by chance.
@test "a list that is hard to sort" {
	profile hard <<-'END'
		local t = {}
		for i = 1, 400 do t[i] = 1000 + i end
		t[1], t[100], t[400] = 1, 2, 3
		table.sort(t)
		return profile { extends = "base", hostname = t[1] == 1 and t[400] == 1399 and "sorted" or "not" }
	END
	launch -0 plan -p "$WORK/hard.lua" -- true
	[[ $output == *$'\nhostname sorted\n'* ]]
}

@test "a stack bomb" {
	ends_soon bad.lua <<<'local function f() return 1 + f() end return f()'
	ends_soon bad.lua <<<"local t = {} for i = 1, 1e5 do t = { t } end return profile { mounts = t }"
}

@test "a bytecode chunk, also behind a comment or a byte order mark" {
	need_command luac5.4
	echo 'return profile { extends = "base" }' >source.lua
	luac5.4 -o bad.lua source.lua
	launch -125 run -p "$WORK/bad.lua" -- true
	expect_error profile bad.lua
	[[ $stderr == *"compiled Lua"* ]]
	{ printf '#!/x\n'; cat bad.lua; } >behind.lua
	launch -125 run -p "$WORK/behind.lua" -- true
	expect_error profile behind.lua
}

@test "what a profile must not reach" {
	local word
	for word in io os debug package require load loadstring loadfile dofile getmetatable setmetatable \
		collectgarbage coroutine rawset string.dump _G native; do
		profile bad <<<"local x = $word return profile { doc = tostring(x.open) }"
		launch run -p "$WORK/bad.lua" -- true
		if [[ $word == string.dump || $word == _G || $word == coroutine || $word == rawset ||
				$word == setmetatable ]]; then
			[[ $status == 125 ]] || echo "# $word is there" >&3
		else
			[[ $status == 125 ]]
			expect_error profile "$word"
		fi
	done
	ends_soon bad.lua <<<'return profile { doc = io.open("/etc/passwd"):read("a") }'
	ends_soon bad.lua <<<'os.execute("touch /tmp/x")'
	ends_soon bad.lua <<<'("").dump(function() end) ; while true do end'
}

@test "a profile cannot change what another one sees" {
	profile parent <<<'string.format = nil; table.insert = error; ipairs = nil return profile {
			extends = "base", hostname = "p" }'
	profile child <<<'return profile { extends = host.cwd .. "/parent.lua",
			hostname = string.format("%s", "c") }'
	launch -0 run -p "$WORK/child.lua" -- hostname
	[[ $output == c ]]
	profile meta <<<'local s = "" ; s.x = 1 ; return profile {}'
	launch -125 run -p "$WORK/meta.lua" -- true
}

@test "nothing of an address is told" {
	profile p <<<'return profile { extends = "base", env = { set = { T = tostring({}),
			F = tostring(print), P = string.format("%p", {}) } } }'
	launch run -p "$WORK/p.lua" -- env
	! grep -E '0x[0-9a-f]{6,}' <<<"$output" || false
}

@test "two evaluations give the same plan" {
	profile p <<-'END'
		local set = {}
		for i = 1, 200 do set["V" .. i] = tostring(math.random(1000000)) end
		return profile { extends = "base", env = { set = set } }
	END
	launch plan -p "$WORK/p.lua" -- true
	local first=$output before=$status
	launch plan -p "$WORK/p.lua" -- true
	[[ $status == "$before" && $output == "$first" ]]
}

# --- the language ---

@test "the error of a profile's own says what it says" {
	profile p <<<$'-- a comment\nerror("this machine has no cheese")'
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error profile 'this machine has no cheese'
	[[ $stderr == *p.lua:2* ]]
}

@test "extends: a cycle, a missing parent, a parent with a fault" {
	profile a <<<'return profile { extends = host.cwd .. "/b.lua" }'
	profile b <<<'return profile { extends = host.cwd .. "/a.lua" }'
	launch -125 run -p "$WORK/a.lua" -- true
	expect_error profile a.lua
	profile c <<<'return profile { extends = host.cwd .. "/none.lua" }'
	launch -125 run -p "$WORK/c.lua" -- true
	expect_error profile none.lua
	profile d <<<'return profile { extends = "bsae" }'
	launch -125 run -p "$WORK/d.lua" -- true
	expect_error profile bsae
	profile bad <<<$'\nreturn profile { hostnam = 1 }'
	profile e <<<'return profile { extends = host.cwd .. "/bad.lua" }'
	launch -125 run -p "$WORK/e.lua" -- true
	expect_error profile bad.lua:2
}

@test "a deep line of parents works or is refused, and soon" {
	local i
	profile p0 <<<'return profile { extends = "base", hostname = "bottom" }'
	for i in {1..20}; do
		profile "p$i" <<<"return profile { extends = '$WORK/p$((i - 1)).lua' }"
	done
	launch run -p "$WORK/p20.lua" -- hostname
	[[ $output == bottom || $status == 125 ]]
}

@test "merging: scalars replace, lists add, none unsets, replace starts anew, remove takes away" {
	profile parent <<-'END'
		return profile {
			extends = "base", hostname = "parent",
			env = { keep = { "A" }, set = { X = "parent", Y = "parent" } },
			mounts = { tmpfs "/one", tmpfs "/two" }, limits = { files = 100, fsize = "1M" },
		}
	END
	profile child <<-END
		return profile {
			extends = "$WORK/parent.lua", hostname = "child",
			env = { keep = { "B" }, set = { Y = "child" } },
			mounts = { tmpfs "/three", remove "/one" }, limits = { files = none },
		}
	END
	export A=a B=b C=c
	launch -0 run -p "$WORK/child.lua" -- sh -c 'hostname; echo $A $B $C $X $Y;
			ls -d /one /two /three; ulimit -n; ulimit -f'
	[[ ${lines[0]} == child && ${lines[1]} == "a b parent child" ]]
	[[ ${lines[2]} == /three && ${lines[3]} == /two && ${lines[4]} != 100 && ${lines[5]} == 2048 ]]
	profile anew <<-END
		return profile {
			extends = "$WORK/child.lua", env = { keep = replace { "C" } },
			mounts = replace { ro "/usr", same "/bin", same "/lib", same { "/lib64", optional = true } },
			cwd = "/",
		}
	END
	launch -0 run -p "$WORK/anew.lua" -- /bin/sh -c 'echo $A $B $C $X; ls /'
	[[ ${lines[0]} == "c parent" && $output != *three* && $output != *proc* ]]
}

@test "remove of what is not there is an error" {
	profile p <<<'return profile { extends = "base", mounts = { remove "/no/such/mount" } }'
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error profile /no/such/mount
}

@test "a mount for the same target replaces the earlier one in place" {
	profile p <<<'return profile { extends = "base", mounts = { dir "/tmp/in", tmpfs { "/tmp",
			size = "1M", mode = "0700" } } }'
	launch -0 run -p "$WORK/p.lua" -- sh -c 'stat -c %a /tmp; ls /tmp'
	[[ $output == $'700\nin' ]]
}

@test "params: each type, its default, its check; unknown ones are named" {
	profile p <<-'END'
		local arg = params {
			where = path { default = "/tmp", doc = "a path" }, word = text { default = "w" },
			many = number { default = 3 }, big = size { default = "1K" }, long = time { default = "2s" },
			on = flag { default = false }, kind = choice { "a", "b", default = "b" },
		}
		return profile { extends = "base", env = { set = {
			R = ("%s %s %d %s %s %s %s"):format(arg.where, arg.word, arg.many, arg.big, arg.long, arg.on,
					arg.kind) } } }
	END
	launch -0 run -p "$WORK/p.lua" -- sh -c 'echo $R'
	[[ $output == "/tmp w 3 "*" false b" ]]
	launch -0 run -p "$WORK/p.lua" --set where=/usr --set word='x y' --set many=4 --set on=true \
			--set kind=a -- sh -c 'echo $R'
	[[ $output == "/usr x y 4 "*" true a" ]]
	local bad
	for bad in many=x kind=c on=perhaps big=huge long=soon wrod=x where=; do
		launch -125 run -p "$WORK/p.lua" --set "$bad" -- true
		[[ $(wc -l <<<"$stderr") == 1 && $stderr == *"${bad%%=*}"* ]]
	done
	profile q <<<"return profile { extends = { '$WORK/p.lua', word = 'from child' } }"
	launch -0 run -p "$WORK/q.lua" -- sh -c 'echo $R'
	[[ $output == "/tmp from child "* ]]
	profile r <<<"return profile { extends = { '$WORK/p.lua', wrod = 'from child' } }"
	launch -125 run -p "$WORK/r.lua" -- true
	expect_error profile wrod
}

@test "host tells what it should" {
	echo x >file && ln -s file link
	export LUNETTE_TEST_VALUE=seen
	profile p <<-'END'
		local d = host.cwd
		return profile { extends = "base", env = { set = { R = table.concat({
			tostring(host.uid), d, tostring(host.exists(d .. "/file")), tostring(host.exists(d)),
					tostring(host.exists(d .. "/none")),
			tostring(host.readlink(d .. "/link")), tostring(host.readlink(d .. "/file")),
					tostring(host.env.LUNETTE_TEST_VALUE),
			tostring(host.env.LUNETTE_TEST_NONE), host.arch, host.kernel, table.concat(host.command, "+"),
			tostring(host.feature("userns") ~= nil) }, "|") } } }
	END
	launch -0 run -p "$WORK/p.lua" -- env
	local kernel
	kernel=$(uname -r | sed 's/[^0-9.].*//')
	grep -E "^R=$EUID\|$WORK\|file\|dir\|nil\|file\|nil\|seen\|nil\|$(uname -m)\|$kernel" <<<"$output"
	[[ $output == *"|env|true"* ]]
}

@test "a name is looked up in the user's directory, never in the working one; none is shadowed" {
	mkdir -p config/lunette && export XDG_CONFIG_HOME=$WORK/config
	echo 'return profile { extends = "base", hostname = "mine" }' >config/lunette/mine.lua
	echo 'return profile { extends = "base", hostname = "shadow" }' >config/lunette/base.lua
	echo 'return profile { extends = "base", hostname = "here" }' >here.lua
	launch -0 run -p mine -- hostname
	[[ $output == mine ]]
	launch -0 run -p base -- hostname
	[[ $output == lunette ]]
	launch -125 run -p here -- hostname
	expect_error profile here
	launch -0 run -p ./here.lua -- hostname
	[[ $output == here ]]
	launch -125 run -p ../x -- true
	launch -125 run -p $'a\nb' -- true
	[[ $(wc -l <<<"$stderr") == 1 ]]
}

# bats test_tags=root
@test "as root a profile that others own or may write is not read" {
	profile p <<<'return profile { extends = "base" }'
	launch -0 run -p "$WORK/p.lua" -- true
	chmod 666 p.lua
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error profile p.lua
	chmod 644 p.lua && chown 1000 p.lua
	launch -125 run -p "$WORK/p.lua" -- true
	expect_error profile p.lua
}

@test "check: valid profiles, several at once, the first fault decides" {
	launch -0 check base default untrusted ci shell build
	profile good <<<'return profile { extends = "base" }'
	profile bad <<<'return profile { extend = "base" }'
	launch -0 check "$WORK/good.lua"
	launch -1 check "$WORK/good.lua" "$WORK/bad.lua"
	[[ $output$stderr == *bad.lua:1*extend* ]]
	launch -2 check
}

@test "check warns of a child that loosens its parent" {
	profile loose <<<'return profile { extends = "base", seccomp = { allow { "chroot" } } }'
	launch check "$WORK/loose.lua"
	[[ $output$stderr == *loose.lua:1*chroot* ]]
}

# The build fills one binary with the Lua state that another, the same but for that, makes anew.
@test "a snapshot of Lua and a Lua opened anew give the same plans and the same errors" {
	local bare=${LUNETTE%/*}/bare/lunette profile
	[[ -x $bare ]] || skip "vacuous: this build opens Lua anew each time"
	printf 'return profile { extends = "untrusted", hostnam = "x" }\n' >wrong.lua
	printf 'return profile { extends = "ci", seccomp = { deny { "openat" } } }\n' >refused.lua
	printf 'local t = {} for i = 1, 9 do t[i] = ro("/usr") end return profile { mounts = t }' >mine.lua
	for profile in base default untrusted ci build shell ./wrong.lua ./refused.lua ./mine.lua; do
		"$LUNETTE" plan -p "$profile" -- true >filled 2>&1 || true
		"$bare" plan -p "$profile" -- true >anew 2>&1 || true
		diff filled anew
		[[ -s filled ]]
	done
	run -1 cmp "$LUNETTE" "$bare"
	launch -2 --snapshot
}
