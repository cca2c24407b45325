# capabilities.bats: the program's sets, for every combination of what a profile says of them
# bats file_tags=rootless
# shellcheck shell=bats disable=SC2016,SC2030,SC2031,SC2154 # quoted: for the program inside

bats_require_minimum_version 1.5.0
load ../lib/launch
load ../lib/need
load ../lib/sandbox

setup() {
	workspace
	need_probe
}

# By the rules of capabilities(7): what exec makes of the sets that lunette leaves. A uid 0 without
# noroot gets all of the bounding set, another one only what is ambient.
#
# expect UID KEEP AMBIENT SECUREBITS - the lines of /proc/self/status
expect() {
	local permitted=$3
	if (($1 == 0 && !($4 & 1))); then
		permitted=$2
	fi
	printf 'Cap%s:\t%016x\n' Inh "$3" Prm "$permitted" Eff "$permitted" Bnd "$2" Amb "$3"
	printf 'securebits %d\n' "$4"
}

# The kernel's last capability is known to the tables or not: all of theirs.
all_capabilities() {
	awk -F '\t' '/^[0-9]/ { printf "\"%s\", ", $2 }' \
		"$BATS_TEST_DIRNAME/../../policy/tables/capabilities.tsv"
}

# combine UID - every combination of keep, ambient and securebits
combine() {
	local keep ambient bits names both wanted last
	last=$(cat /proc/sys/kernel/cap_last_cap)
	((last == 40)) || skip "host: the kernel's last capability is $last, and the table's 40"
	both='noroot noroot_locked no_setuid_fixup no_setuid_fixup_locked keep_caps_locked'
	for keep in 0 $((1 << 10 | 1)) $(((1 << 41) - 1)); do
		for ambient in 0 1 $((1 << 10 | 1)); do
			(((keep & ambient) == ambient)) || continue
			for bits in 0 3 47 64 192; do
				case $keep in
				0) names='' ;;
				1025) names='"chown", "net_bind_service"' ;;
				*) names=$(all_capabilities) ;;
				esac
				cat >sets.lua <<-END
					local ambient = { [0] = {}, [1] = { "chown" }, [1025] = { "CAP_CHOWN", "net_bind_service" } }
					local bits = { [0] = {}, [3] = { "noroot", "noroot_locked" },
						[64] = { "no_cap_ambient_raise" },
						[192] = { "no_cap_ambient_raise", "no_cap_ambient_raise_locked" }, [47] = {} }
					for name in ("$both"):gmatch("%S+") do
						table.insert(bits[47], name)
					end
					return profile {
						extends = "base", mounts = { rw(host.cwd) }, cwd = host.cwd, user = { uid = $1, gid = $1 },
						caps = { keep = { $names }, ambient = ambient[$ambient], securebits = bits[$bits] },
					}
				END
				# A shell's child: a second exec must change nothing.
				launch -0 run -p "$WORK/sets.lua" -- sh -c \
					'grep ^Cap /proc/self/status; ./probe bits | grep ^securebits; exit 0'
				wanted=$(expect "$1" "$keep" "$ambient" "$bits")
				[[ $output == "$wanted" ]] || {
					printf 'uid %d keep %x ambient %x securebits %d\nwant:\n%s\n' "$1" "$keep" "$ambient" \
						"$bits" "$wanted"
					return 1
				}
			done
		done
	done
}

@test "uid 0 of a user namespace has exactly the planned sets" {
	combine 0
}

@test "uid 1000 has exactly the planned sets" {
	combine 1000
}

@test "control: in a new user namespace uid 0 has every capability" {
	need_userns
	run -0 unshare --user --map-root-user grep ^CapEff /proc/self/status
	[[ $output == $'CapEff:\t000001ffffffffff' ]] || skip "host: it gives $output"
}

@test "what is kept works, and what is not kept does not" {
	profile sets <<-'END'
		local arg = params { keep = text { default = "chown" } }
		return profile {
			extends = "base", user = { uid = 0, gid = 0 }, mounts = { tmpfs { "/t", mode = "1777" } },
			caps = { keep = { arg.keep } },
		}
	END
	launch -0 run -p "$WORK/sets.lua" --set keep=dac_override -- \
		sh -c ': >/t/f; chmod 0 /t/f; cat /t/f'
	launch run -p "$WORK/sets.lua" --set keep=kill -- sh -c ': >/t/f; chmod 0 /t/f; cat /t/f'
	((status != 0))
	[[ $stderr == *"Permission denied"* ]]
}

@test "ambient without keep, and unknown names, are errors that name the line" {
	profile sets <<<'return profile { extends = "base", caps = { ambient = { "chown" } } }'
	launch -125 run -p "$WORK/sets.lua" -- true
	expect_error profile 'sets.lua:1: caps.ambient: holds a capability that caps.keep does not'
	profile sets <<<'return profile { extends = "base", caps = { keep = { "net_bind_servic" } } }'
	launch -125 run -p "$WORK/sets.lua" -- true
	expect_error profile '(did you mean "net_bind_service"?)'
	profile sets <<<'return profile { extends = "base", caps = { securebits = { "noroots" } } }'
	launch -125 run -p "$WORK/sets.lua" -- true
	expect_error profile 'must be one of keep_caps'
}
